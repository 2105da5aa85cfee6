"""The rules of vouchers on a network."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.refusal import ensure
from sogdia.modules.vouchers.records import RULES, Length, PurseCap, VoucherRules

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class GenesisCap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much a purse may hold at most of one currency, in minor units."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
    units: Annotated[int, Meta(ge=1, le=2**62 - 1)]


class VouchersGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a purse may last and be redeemed afterwards, in seconds; how many a payer may have; how large."""

    life_max: Length = 90 * 86_400
    grace: Length = 30 * 86_400
    """So long a payee may be without a connection and still be paid what it took on the last day."""
    purses_max: Annotated[int, Meta(ge=1, le=1_000)] = 16
    caps: Annotated[tuple[GenesisCap, ...], Meta(max_length=64)] = ()
    """By currency; one that is not listed has no cap of its own."""


def load_genesis(context: GenesisContext, section: VouchersGenesis) -> None:
    """Write the rules down."""
    caps = tuple(PurseCap(each.currency, each.units) for each in section.caps)
    ensure(all(a.currency < b.currency for a, b in pairwise(caps)), "caps of purses are named once each, in order")
    rules = VoucherRules(life_max=section.life_max, grace=section.grace, purses_max=section.purses_max, caps=caps)
    RULES.put(context.state, None, rules)
