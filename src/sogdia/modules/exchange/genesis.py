"""The rules of the exchange on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.modules.exchange.records import RULES, ExchangeRules, Tenor

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class ExchangeGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How old terms may get, in seconds, and by how long a lock outlives the time for shipping."""

    age_max: Tenor = 900
    """A stale rate can cost its provider what is left of the card: the shorter, the less can have moved."""
    lock_margin: Tenor = 3_600


def load_genesis(context: GenesisContext, section: ExchangeGenesis) -> None:
    """Write the rules down."""
    RULES.put(context.state, None, ExchangeRules(age_max=section.age_max, lock_margin=section.lock_margin))
