"""Payments over a path: one money is sent and another received, by way of up to three hops, in one transaction.

One of the two amounts is exact, the other has a bound, and the way is named: the monies, and of a route also whether a
book or which rate card leads from one to the next. Nothing is searched for here (`finding` does that, off the ledger,
with the same code). What is in between goes from offer to offer and never rests.
"""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, NamedTuple

from msgspec import Meta

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Account, Hash, Name, PositiveUnits
from sogdia.modules.book.crossing import CROSSINGS_MAX
from sogdia.modules.book.events import PaidAcross
from sogdia.modules.book.hops import Hop, Leg, Taker, getting, giving, go
from sogdia.modules.book.refusals import BookRefusal as Refuse
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
    from collections.abc import Sequence

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

MONIES_MAX = 4
"""Three hops lie between so many monies."""


class Way(NamedTuple):
    """A path that has been worked out: what each of its hops does, in order, and the two amounts."""

    legs: tuple[Leg, ...]
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

    def hops(self) -> list[Hop]:
        """Give the hops: all by books, unless a kind says otherwise."""
        return hops_of(self.path, (None,) * (len(self.path) - 1))

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
        way = receive_exactly(ctx.state, self.hops(), self.receive, Taker(ctx.sender, ctx.time))
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
        way = send_exactly(ctx.state, self.hops(), self.send, Taker(ctx.sender, ctx.time))
        least = self.receive_at_least
        require(way.received >= least, Refuse.PATH_BRINGS_TOO_LITTLE, received=way.received, least=least)

        _pay(ctx, self, way)


class RouteStrictReceive(PayStrictReceive, tag=1005):
    """Let a payee receive exactly so much, over a path of which each step is a book (none) or the rate card named.

    A card is taken as it stands, within the bound of the whole: what it costs in the end is at most `send_at_most`.
    """

    cards: Annotated[tuple[Name | None, ...], Meta(min_length=1, max_length=MONIES_MAX - 1)]

    def hops(self) -> list[Hop]:
        """Give the hops as they are named."""
        return hops_of(self.path, self.cards)

    def check(self) -> None:
        """Refuse what no state could make right."""
        _check(self.path, self.end_to_end)
        _check_cards(self.path, self.cards)


class RouteStrictSend(PayStrictSend, tag=1006):
    """Send exactly so much over a path of which each step is a book (none) or the rate card named.

    A card is taken as it stands, within the bound of the whole: at least `receive_at_least` arrives. What suffices for
    no whole unit more of what a card gives is its provider's.
    """

    cards: Annotated[tuple[Name | None, ...], Meta(min_length=1, max_length=MONIES_MAX - 1)]

    def hops(self) -> list[Hop]:
        """Give the hops as they are named."""
        return hops_of(self.path, self.cards)

    def check(self) -> None:
        """Refuse what no state could make right."""
        _check(self.path, self.end_to_end)
        _check_cards(self.path, self.cards)


def receive_exactly(state: Reader, hops: Sequence[Hop], units: int, taker: Taker) -> Way:
    """Work out what has to be sent for exactly so much to arrive, from the last hop to the first, or refuse."""
    legs: list[Leg] = []
    needed, most = units, CROSSINGS_MAX
    for hop in reversed(hops):
        leg = getting(state, hop, needed, taker, most)
        needed, most = leg.given, most - leg.crossings
        legs.append(leg)
    return Way(tuple(reversed(legs)), sent=needed, received=units)


def send_exactly(state: Reader, hops: Sequence[Hop], units: int, taker: Taker) -> Way:
    """Work out what arrives when exactly so much is sent, from the first hop to the last, or refuse."""
    legs: list[Leg] = []
    had, most = units, CROSSINGS_MAX
    for hop in hops:
        leg = giving(state, hop, had, taker, most)
        had, most = leg.got, most - leg.crossings
        legs.append(leg)
    return Way(tuple(legs), sent=units, received=had)


def hops_of(path: Sequence[Asset], cards: Sequence[bytes | None]) -> list[Hop]:
    """Give the hops of a path; `cards` names one, or none for the book, for each."""
    return [Hop(gives, gets, card) for (gives, gets), card in zip(pairwise(path), cards, strict=True)]


def _check(path: tuple[Asset, ...], end_to_end: str) -> None:
    require(len({asset_key(each) for each in path}) == len(path), Refuse.PATH_REPEATS)
    check_text(end_to_end)


def _check_cards(path: tuple[Asset, ...], cards: tuple[bytes | None, ...]) -> None:
    require(len(cards) == len(path) - 1, Refuse.CARDS_NOT_ONE_A_STEP)


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

    for leg in way.legs[:-1]:
        go(ctx, leg, None)
    go(ctx, way.legs[-1], to)
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
