"""How long the states of an order last on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.modules.market.records import RULES, MarketRules, Windows

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class MarketGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The windows from the start."""

    windows: Windows = Windows()


def load_genesis(context: GenesisContext, section: MarketGenesis) -> None:
    """Write the windows down."""
    RULES.put(context.state, None, MarketRules(windows=section.windows))
