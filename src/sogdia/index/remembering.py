"""What books remember, kept in rows of the index: a writer's through its batch, a reader's beside what it reads.

    key = kind, 1 byte ‖ name of the object        said = MessagePack of what is remembered, or nothing once forgotten

What is forgotten leaves an empty row: names are used again, and a row that is written over needs no second statement.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from sogdia.modules.money import Asset
from sogdia.rails.memory import AtRate, Exchange, Held, Memory, Ordered, Original, Swap

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Kind(IntEnum):
    """Which shelf something lies on; numbers stand in the database."""

    HOLD = 1
    CARD = 2
    DIGEST = 3
    ORDER = 4
    RATE = 5
    SWAP = 6
    PAID = 7


def memory_key(kind: Kind, name: bytes) -> bytes:
    """Give the key of a row."""
    return bytes((kind,)) + name


class KeptShelf(Generic[T]):
    """A shelf whose things are rows."""

    def __init__(
        self, kind: Kind, shape: type[T], find: Callable[[bytes], bytes | None], put: Callable[[bytes, bytes], None]
    ) -> None:
        """Read with `find`, which gives nothing or no bytes for what is not remembered, and write with `put`."""
        self._kind = kind
        self._decode = msgspec.msgpack.Decoder(shape).decode
        self._find = find
        self._put = put

    def get(self, name: bytes, /) -> T | None:
        """Give what is remembered, or nothing."""
        said = self._find(memory_key(self._kind, name))
        return self._decode(said) if said else None

    def __getitem__(self, name: bytes, /) -> T:
        """Give what has to be remembered."""
        found = self.get(name)
        if found is None:
            raise KeyError(f"{self._kind.name.lower()} {name.hex()}")
        return found

    def __setitem__(self, name: bytes, said: T, /) -> None:
        """Remember something, in the place of what was there."""
        self._put(memory_key(self._kind, name), msgspec.msgpack.encode(said))

    def __delitem__(self, name: bytes, /) -> None:
        """Forget what is remembered."""
        self._put(memory_key(self._kind, name), b"")


def kept_memory(find: Callable[[bytes], bytes | None], put: Callable[[bytes, bytes], None]) -> Memory:
    """Give a memory whose shelves are rows."""

    def shelf(kind: Kind, shape: type[Any]) -> KeptShelf[Any]:
        return KeptShelf(kind, shape, find, put)

    return Memory(
        holds=shelf(Kind.HOLD, Held),
        cards=shelf(Kind.CARD, Asset),
        digests=shelf(Kind.DIGEST, bytes),
        orders=shelf(Kind.ORDER, Ordered),
        rates=shelf(Kind.RATE, AtRate),
        swaps=shelf(Kind.SWAP, Swap),
        paid=shelf(Kind.PAID, Original),
    )


_exchange = msgspec.msgpack.Decoder(Exchange).decode


def write_exchange(exchange: Exchange | None) -> bytes | None:
    """Write down what was paid in another money."""
    return None if exchange is None else msgspec.msgpack.encode(exchange)


def read_exchange(raw: bytes | None) -> Exchange | None:
    """Read what was paid in another money."""
    return None if raw is None else _exchange(raw)
