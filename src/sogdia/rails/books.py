"""The blocks of a ledger read as books: every fact with its moment, its movements, and the UETR of each payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.stored_block import decode_block
from sogdia.modules import ALL
from sogdia.rails.movements import Fold, Movement
from sogdia.rails.uetr import NUMBER_BITS, Position, uetr_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sogdia.kernel.machine import Result
    from sogdia.modules.money import Asset
    from sogdia.rails.memory import Memory

LEGS_MAX: Final = 8
"""So many payments one fact can tell of: an order closes with five at most."""

FACTS_MAX: Final = (1 << NUMBER_BITS) // LEGS_MAX
"""So many facts of one receipt can be told apart. Sixteen operations that each meet fifty offers state half of them."""

_receipt = receipt_decoder(ALL).decode


class Leg(NamedTuple):
    """One payment, or one change between available and set aside: the movements of its two sides, or of the one."""

    uetr: str
    movements: tuple[Movement, ...]


class Told(NamedTuple):
    """A fact of the ledger with what it moved."""

    position: Position
    time: int
    result: bytes
    """The id of the envelope or exit that brought it about."""
    fact: Any
    legs: tuple[Leg, ...]


class Book:
    """Reads blocks in order, from the first on or from where another book has come to."""

    def __init__(self, network: bytes, memory: Memory | None = None, height: int = 0) -> None:
        """Begin before the first block of the network with this genesis hash; or behind `height`, with its memory."""
        self.network = network
        self.fold = Fold(memory)
        self.height = height

    def read(self, blocks: Iterable[bytes]) -> Iterator[Told]:
        """Read stored blocks, as a node or an archive gives them."""
        for raw in blocks:
            block = decode_block(raw)
            yield from self.block(block.height, block.header.header.time, block.as_it_happened())

    def block(self, height: int, time: int, results: Iterable[tuple[int, Result]]) -> Iterator[Told]:
        """Read the results of the next block, each with its number, in the order in which they happened."""
        if height != self.height + 1:
            raise ValueError(f"block {height} does not follow block {self.height}: books are read in order")
        self.height = height
        for place, result in results:
            for number, fact in enumerate(_receipt(result.receipt).events):
                yield self.tell(Position(height, place, number), time, result.id, fact)

    def tell(self, position: Position, time: int, result: bytes, fact: Any) -> Told:  # noqa: ANN401 - any event
        """Take the next fact of the ledger; say what it moved."""
        legs = self.legs(fact)
        if legs and (position.number >= FACTS_MAX or len(legs) > LEGS_MAX):
            raise ValueError(f"more payments in one receipt than a UETR can tell apart, at height {position.height}")
        height, place, first = position.height, position.place, position.number * LEGS_MAX
        return Told(
            position,
            time,
            result,
            fact,
            tuple(
                Leg(uetr_of(self.network, result, Position(height, place, number)), movements)
                for number, movements in enumerate(legs, first)
            ),
        )

    def legs(self, fact: Any) -> list[tuple[Movement, ...]]:  # noqa: ANN401 - as above
        """Take the next fact; give its payments, without what they are called."""
        return list(pairs(self.fold.take(fact)))


def pairs(movements: Iterable[Movement]) -> Iterator[tuple[Movement, ...]]:
    """Put the two sides of each payment together; what has no other side stays alone."""
    waiting: Movement | None = None
    for each in movements:
        if waiting is not None and _are_sides(waiting, each):
            yield waiting, each
            waiting = None
            continue
        if waiting is not None:
            yield (waiting,)
        waiting = each
    if waiting is not None:
        yield (waiting,)


def _are_sides(payer: Movement, payee: Movement) -> bool:
    crossed = (payer.account, payer.other) == (payee.other, payee.account)
    return crossed and payer.asset == payee.asset and payer.booked + payee.booked == 0


class Balances(NamedTuple):
    """What an account has of an asset: free to spend, and set aside."""

    available: int = 0
    held: int = 0

    @property
    def booked(self) -> int:
        """All that it owns."""
        return self.available + self.held

    def after(self, movement: Movement) -> Balances:
        """Give what it has once a movement has happened."""
        return Balances(self.available + movement.available, self.held + movement.held)


Holding = tuple[bytes, "Asset"]
"""An account and what it has."""


def add_up(told: Iterable[Told], holdings: dict[Holding, Balances]) -> None:
    """Add what facts moved to what everybody has."""
    for each in told:
        for leg in each.legs:
            for movement in leg.movements:
                key = (movement.account, movement.asset)
                holdings[key] = holdings.get(key, Balances()).after(movement)
