"""How long the states of an order last on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.kernel.refusal import ensure
from sogdia.modules.market.records import RULES, MarketRules, Windows
from sogdia.modules.money import freeze_rest

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class MarketGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The windows from the start."""

    windows: Windows = Windows()


def load_genesis(context: GenesisContext, section: MarketGenesis) -> None:
    """Write the windows down. A network starts only if a freeze rests for longer than anybody has to pay."""
    longest, rest = max(section.windows.pay, section.windows.remit), freeze_rest(context.state)
    ensure(rest > longest, "genesis: freeze_rest is not longer than the windows pay and remit")
    RULES.put(context.state, None, MarketRules(windows=section.windows))
