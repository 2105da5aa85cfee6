"""Payments over a path: one money is sent and another received, by way of up to three books, in one transaction.

One of the two amounts is exact, the other has a bound, and both monies' way is named; nothing is searched for here
(`finding` does that, off the ledger, with the same code). What is in between goes from offer to offer and never rests.
"""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, NamedTuple

from msgspec import Meta

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Account, Hash, PositiveUnits
from sogdia.modules.book.crossing import CROSSINGS_MAX, Stop, Sweep, Wish, sweep
from sogdia.modules.book.events import PaidAcross
from sogdia.modules.book.records import Pair
from sogdia.modules.book.refusals import BookRefusal as Refuse
from sogdia.modules.book.settling import carry_out
from sogdia.modules.money import (
    NO_REFERENCE,
    Asset,
    asset_key,
    require_may_receive,
    require_travel_reference,
    set_aside,
)
from sogdia.modules.money.records import EndToEnd, Purpose
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.modules.money.texts import check_text

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

MONIES_MAX = 4
"""Three books lie between so many monies."""


class Way(NamedTuple):
    """A path that has been worked out: what each of its books does, in order, and the two amounts."""

    sweeps: tuple[Sweep, ...]
    sent: int
    received: int


class PathPayment(Operation):
    """What payments over a path have in common. What follows the amounts on the wire is declared by each kind."""

    to: Account
    path: Annotated[tuple[Asset, ...], Meta(min_length=2, max_length=MONIES_MAX)]

    if TYPE_CHECKING:
        purpose: Purpose
        end_to_end: EndToEnd
        travel_reference: Hash | None

    @property
    @abstractmethod
    def most_sent(self) -> int:
        """Give the most that may be sent of the first money."""

    def check(self) -> None:
        """Refuse what no state could make right."""
        _check(self.path, self.end_to_end)

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what may be paid."""
        return asset_key(self.path[0]), self.most_sent


class PayStrictReceive(PathPayment, tag=1002):
    """Let a payee receive exactly so much of the path's last money, for at most so much of its first."""

    receive: PositiveUnits
    send_at_most: PositiveUnits
    purpose: Purpose
    end_to_end: EndToEnd
    travel_reference: Hash | None
    """A salted hash of the document that says who pays whom, for monies that ask for one (`money/limits.py`)."""

    @property
    def most_sent(self) -> int:
        """Give the bound."""
        return self.send_at_most

    def apply(self, ctx: Context) -> None:
        """Pay over the path."""
        way = receive_exactly(ctx.state, self.path, self.receive, ctx.sender, ctx.time)
        require(way.sent <= self.send_at_most, Refuse.PATH_TOO_DEAR, sent=way.sent, at_most=self.send_at_most)

        _pay(ctx, self, way)


class PayStrictSend(PathPayment, tag=1003):
    """Send exactly so much of the path's first money; the payee receives at least so much of its last."""

    send: PositiveUnits
    receive_at_least: PositiveUnits
    purpose: Purpose
    end_to_end: EndToEnd
    travel_reference: Hash | None
    """A salted hash of the document that says who pays whom, for monies that ask for one (`money/limits.py`)."""

    @property
    def most_sent(self) -> int:
        """Give the exact amount."""
        return self.send

    def apply(self, ctx: Context) -> None:
        """Pay over the path."""
        way = send_exactly(ctx.state, self.path, self.send, ctx.sender, ctx.time)
        least = self.receive_at_least
        require(way.received >= least, Refuse.PATH_BRINGS_TOO_LITTLE, received=way.received, least=least)

        _pay(ctx, self, way)


def receive_exactly(state: Reader, path: tuple[Asset, ...], units: int, taker: bytes, time: int) -> Way:
    """Work out what has to be sent for exactly so much to arrive, from the last book to the first, or refuse."""
    sweeps: list[Sweep] = []
    needed, most = units, CROSSINGS_MAX
    for gives, gets in reversed(list(pairwise(path))):
        wish = wish_for(gives, gets, needed, exact_gets=True)
        met = _served(sweep(state, wish, taker, time, most))
        needed = met.quote if wish.buys else met.base
        most -= len(met.fills) + len(met.ended)
        sweeps.append(met)
    return Way(tuple(reversed(sweeps)), sent=needed, received=units)


def send_exactly(state: Reader, path: tuple[Asset, ...], units: int, taker: bytes, time: int) -> Way:
    """Work out what arrives when exactly so much is sent, from the first book to the last, or refuse."""
    sweeps: list[Sweep] = []
    had, most = units, CROSSINGS_MAX
    for gives, gets in pairwise(path):
        wish = wish_for(gives, gets, had, exact_gets=False)
        met = _served(sweep(state, wish, taker, time, most))
        had = met.base if wish.buys else met.quote
        most -= len(met.fills) + len(met.ended)
        sweeps.append(met)
    return Way(tuple(sweeps), sent=units, received=had)


def wish_for(gives: Asset, gets: Asset, units: int, *, exact_gets: bool) -> Wish:
    """Give what is wished of the book between two monies: exactly so much of one of them."""
    buys = asset_key(gets) < asset_key(gives)
    pair = Pair(gets, gives) if buys else Pair(gives, gets)
    return Wish(pair, buys, exact_base=buys == exact_gets, amount=units)


def _served(met: Sweep) -> Sweep:
    require(met.stop != Stop.OWN, Refuse.OWN_OFFER_MET)
    require(met.stop != Stop.LIMIT, Refuse.CROSSINGS_TOO_MANY)
    require(met.stop != Stop.SMALL, Refuse.PATH_TOO_SMALL)
    require(met.left == 0, Refuse.NOT_ALL_TO_EXCHANGE, missing=met.left)
    return met


def _check(path: tuple[Asset, ...], end_to_end: str) -> None:
    require(len({asset_key(each) for each in path}) == len(path), Refuse.PATH_REPEATS)
    check_text(end_to_end)


def _pay(ctx: Context, asked: PathPayment, way: Way) -> None:
    """Carry out a path that has been worked out."""
    path, to = asked.path, asked.to
    require(PARTIES.find(ctx.state, to) is not None, MoneyRefusal.PAYEE_UNKNOWN, account=to)
    reference = asked.travel_reference or NO_REFERENCE
    if to != ctx.sender:
        require_travel_reference(ctx.state, path[0], way.sent, reference)
        require_travel_reference(ctx.state, path[-1], way.received, reference)
    require_may_receive(ctx.state, path[-1], to, way.received)
    set_aside(ctx.state, path[0], way.sent, ctx.sender, ())

    for met in way.sweeps[:-1]:
        carry_out(ctx, met, ctx.sender, None)
    carry_out(ctx, way.sweeps[-1], ctx.sender, to)
    ctx.emit(
        PaidAcross(
            payer=ctx.sender,
            payee=to,
            sent=path[0],
            sent_units=way.sent,
            received=path[-1],
            received_units=way.received,
            purpose=asked.purpose,
            end_to_end=asked.end_to_end,
            travel_reference=asked.travel_reference,
        )
    )
