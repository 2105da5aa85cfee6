"""What a reader of facts has to remember, since later facts leave it out: holds, cards, orders, rates, what was paid.

Each kind lies on a shelf of its own, by the name of its object. A shelf is a dictionary, unless somebody keeps it
elsewhere: the index does, so that books can go on from any block without the ones before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar

from sogdia.modules.money import Asset  # noqa: TC001 - the index decodes what is remembered by these types

T = TypeVar("T")


class Shelf(Protocol[T]):
    """What is remembered of one kind of object, by its name."""

    def get(self, name: bytes, /) -> T | None:
        """Give what is remembered, or nothing."""

    def __getitem__(self, name: bytes, /) -> T:
        """Give what has to be remembered."""

    def __setitem__(self, name: bytes, said: T, /) -> None:
        """Remember something, in the place of what was there."""

    def __delitem__(self, name: bytes, /) -> None:
        """Forget what is remembered."""


class Held(NamedTuple):
    """A hold that is open: for whom it is, and in which money."""

    payee: bytes
    asset: Asset


class Ordered(NamedTuple):
    """An order that was placed. It is remembered after its end, as its merchant may refund lines later."""

    merchant: bytes
    asset: Asset


class AtRate(NamedTuple):
    """An order whose rate is kept, or was until its goods left."""

    card: bytes
    swapped: bool


class Exchange(NamedTuple):
    """What was paid in another money for what arrived, and by which terms."""

    asset: Asset
    units: int
    digest: bytes = b""
    """The digest of the provider's card; nothing where offers of the book gave what arrived."""


class Swap(NamedTuple):
    """What an order's money was swapped for when the goods left: for so many units of the merchant's money."""

    exchange: Exchange
    units: int


class Original(NamedTuple):
    """The payment of which something is returned."""

    uetr: str
    units: int
    time: int


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Everything that is remembered between blocks."""

    holds: Shelf[Held] = field(default_factory=dict)
    cards: Shelf[Asset] = field(default_factory=dict)
    """In which money a card gives."""
    digests: Shelf[bytes] = field(default_factory=dict)
    """The digest of a card's terms."""
    orders: Shelf[Ordered] = field(default_factory=dict)
    rates: Shelf[AtRate] = field(default_factory=dict)
    swaps: Shelf[Swap] = field(default_factory=dict)
    paid: Shelf[Original] = field(default_factory=dict)
    """What a merchant got when its order was settled."""
