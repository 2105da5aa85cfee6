"""The one canonical encoding: every value has exactly one spelling in bytes.

MessagePack by `msgspec`, structs as arrays. What was decoded is encoded again and compared, which refuses every
other spelling: long integers, repeated or missing fields, trailing bytes.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, dataclass_transform

import msgspec

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder(order="deterministic")

encode = _encoder.encode
"""Encode a value canonically."""


NOT_DECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)
"""What reading hostile bytes can raise: no or other values, text that is not UTF-8, nesting, numbers beyond 64 bits."""


class NotCanonicalError(ValueError):
    """The bytes are not the canonical spelling of a value of the expected type."""


class Codec(Generic[T]):
    """Decodes canonical bytes into one type."""

    def __init__(self, shape: Any) -> None:  # noqa: ANN401 - a union of types is not a type
        """Prepare a decoder for `shape`, a struct type or a union of them."""
        self.shape = shape
        self._decode = msgspec.msgpack.Decoder(shape, strict=True).decode

    def decode(self, raw: bytes) -> T:
        """Read `raw`, or raise `NotCanonicalError` saying what is wrong with it."""
        try:
            value: T = self._decode(raw)
        except NOT_DECODABLE as error:
            raise NotCanonicalError(str(error)) from error
        if _encoder.encode(value) != raw:
            message = "the bytes are a second spelling of the same value"
            raise NotCanonicalError(message)
        return value

    def decode_trusted(self, raw: bytes) -> T:
        """Read bytes that we wrote ourselves and whose hash has been checked."""
        value: T = self._decode(raw)
        return value


class FrozenMeta(msgspec.StructMeta):
    """Makes every class below a frozen array whose fields come in the order in which they are declared, bases first.

    Values of the wire hold no cycles, so the garbage collector need not look at them (a tenth of a block's time).
    """

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:  # noqa: ANN401
        """Create the class with the settings that all of the wire has in common."""
        return super().__new__(mcls, name, bases, namespace, **{"frozen": True, "kw_only": True, "gc": False, **config})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Frozen(msgspec.Struct, metaclass=FrozenMeta, frozen=True):
    """A value that never changes."""


class Record(Frozen, array_like=True, tag=1):
    """A row of the ledger's state. Its tag is the schema number, the first element of its bytes.

    A record that changes shape gets a new class with the next number; decoders of old numbers stay.
    """


class Face(Frozen, array_like=True):
    """The last fields of a record by the same names and types: what anybody may see, proved without the rest.

    On the wire it is the end of the record's own bytes, an array without its first byte. Its fields never change.
    """


class Event(Frozen, array_like=True):
    """A fact that came of an operation, in the past tense. Its tag is its permanent number."""
