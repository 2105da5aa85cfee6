"""Bonds: what a merchant sets aside to stand for orders that are paid in another money.

    free ──an order is placed at a rate──▶ bound ──its share of a refund, or of a premium──▶ paid out
      ▲                                      └──what is left when the order is over──▶ free
      └──post ── withdraw, what is free

How much of an order a bond stands for is in the merchant's terms, so everybody knows it before anybody orders. It is in
the merchant's own money: what it can cost him is a number that he has chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.exact import up
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import PositiveUnits
from sogdia.modules.exchange.events import BondPosted, BondWithdrawn
from sogdia.modules.exchange.rates import BASIS
from sogdia.modules.exchange.records import BONDS, Bond
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.money import Asset, asset_key, keep_promise, set_aside

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State

BOND_BYTES = 250
"""What a bond counts for in the sponsor's storage, its share of the tree included."""


class PostBond(Operation, tag=705):
    """Set money aside that stands for orders at a rate, or more of it. What is free can be withdrawn at any time."""

    asset: Asset
    units: PositiveUnits

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is set aside."""
        return asset_key(self.asset), self.units

    def apply(self, ctx: Context) -> None:
        """Set the money aside."""
        state = ctx.state
        set_aside(state, self.asset, self.units, ctx.sender, ())
        known = BONDS.find(state, (ctx.sender, self.asset))
        if known is None:
            sponsor = PARTIES.must(state, ctx.sender).sponsor
            quota.occupy(state, sponsor, BOND_BYTES)
            known = Bond(free=0, bound=0, sponsor=sponsor)
        BONDS.put(state, (ctx.sender, self.asset), structs.replace(known, free=known.free + self.units))

        ctx.emit(BondPosted(account=ctx.sender, asset=self.asset, units=self.units))


class WithdrawBond(Operation, tag=706):
    """Take back what stands for no order."""

    asset: Asset
    units: PositiveUnits

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Let the money be the sender's to spend again."""
        state = ctx.state
        known = BONDS.get(state, (ctx.sender, self.asset), Refuse.BOND_UNKNOWN, currency=self.asset.currency)
        require(self.units <= known.free, Refuse.BOND_NOT_FREE, free=known.free, asked=self.units)

        keep_promise(state, self.asset, self.units, ctx.sender, ((ctx.sender, self.units),))
        _store(state, ctx.sender, self.asset, structs.replace(known, free=known.free - self.units))

        ctx.emit(BondWithdrawn(account=ctx.sender, asset=self.asset, units=self.units))


def bond_for(units: int, points: int) -> int:
    """Give how much of a bond stands for an order of so many units."""
    return up(units * points, BASIS)


def require_bond(ctx: Context, merchant: bytes, asset: Asset, units: int) -> None:
    """Refuse unless a merchant's bond has so much left for another order. Writes nothing."""
    known = BONDS.find(ctx.state, (merchant, asset))
    require(units == 0 or (known is not None and units <= known.free), Refuse.BOND_SPENT, merchant=merchant)


def bind(ctx: Context, merchant: bytes, asset: Asset, units: int) -> None:
    """Let so much of a bond, which there is, stand for an order."""
    if units:
        known = BONDS.must(ctx.state, (merchant, asset))
        changed = structs.replace(known, free=known.free - units, bound=known.bound + units)
        BONDS.put(ctx.state, (merchant, asset), changed)


def release(ctx: Context, merchant: bytes, asset: Asset, units: int, *, used: int) -> None:
    """Let what stood for an order be free again, but for what was used and has been paid out."""
    if units or used:
        known = BONDS.must(ctx.state, (merchant, asset))
        changed = structs.replace(known, free=known.free + units - used, bound=known.bound - units)
        _store(ctx.state, merchant, asset, changed)


def _store(state: State, account: bytes, asset: Asset, changed: Bond) -> None:
    """Write a bond, or drop its record when nothing is left of it."""
    if changed.free or changed.bound:
        BONDS.put(state, (account, asset), changed)
    else:
        BONDS.drop(state, (account, asset))
        quota.give_back(state, changed.sponsor, BOND_BYTES)
