"""The rules of netting on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.modules.netting.records import RULES, Count, NettingRules, Period

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class NettingGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a batch may hold its obligations, and how long they rest after one that lapsed, in seconds."""

    batch_period: Period = 900
    rest_period: Period = 900
    pool_max: Count = 500_000
    """So many obligations of one coordinator, money and date."""


def load_genesis(context: GenesisContext, section: NettingGenesis) -> None:
    """Write the rules down."""
    rules = NettingRules(batch_period=section.batch_period, rest_period=section.rest_period, pool_max=section.pool_max)
    RULES.put(context.state, None, rules)
