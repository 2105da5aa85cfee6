"""Stored blocks as the index reads them: results with decoded receipts, envelopes opened as far as is needed.

The node has checked every envelope before it was in a block, so nothing is checked here again. Operations are decoded
one by one and only when a projection asks for them: most facts say enough.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from sogdia.index.errors import IndexStoppedError
from sogdia.kernel.codec import NOT_DECODABLE
from sogdia.kernel.envelope import Body
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.stored_block import StoredBlock, decode_block
from sogdia.kernel.values import ACCOUNT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.module import Module
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt

Asked = TypeVar("Asked", bound="Operation")


class _Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How every operation begins."""

    tag: int
    signer: int
    mandate: bytes | None


_body = msgspec.defstruct(
    "OpenBody", [("operations", list[msgspec.Raw])], bases=(Body,), frozen=True, array_like=True, kw_only=True
)
_sealed = msgspec.defstruct("Sealed", [("body", _body), ("signatures", msgspec.Raw)], frozen=True, array_like=True)
_open = msgspec.msgpack.Decoder(_sealed).decode
_head = msgspec.msgpack.Decoder(_Head).decode


class OpenedEnvelope:
    """An envelope of a block: who signed it and what it asks."""

    __slots__ = ("_decode", "_heads", "_raw_operations", "body")

    def __init__(self, raw: bytes, decode: Any) -> None:  # noqa: ANN401 - a decoder of any operation
        """Open the bytes of an envelope."""
        opened: Any = _open(raw)
        self.body: Body = opened.body
        self._raw_operations: list[msgspec.Raw] = list(self.body.operations)
        self._heads = [_head(each) for each in self._raw_operations]
        self._decode = decode

    def tags(self) -> list[int]:
        """Give the numbers of the operations."""
        return [head.tag for head in self._heads]

    def signers(self) -> list[bytes]:
        """Give the accounts that signed, each once."""
        return list(dict.fromkeys(signer.account for signer in self.body.signers))

    def asker(self, index: int) -> bytes:
        """Give the account that asks for an operation: its signer, or who granted the mandate that it names."""
        head = self._heads[index]
        return head.mandate[:ACCOUNT_BYTES] if head.mandate is not None else self.body.signers[head.signer].account

    def operations(self, kind: type[Asked]) -> Iterator[tuple[bytes, Asked]]:
        """Give the operations of one kind, each with who asks for it."""
        tag = kind.__struct_config__.tag
        for index, head in enumerate(self._heads):
            if head.tag == tag:
                yield self.asker(index), self._decode(self._raw_operations[index])


class BlockReader:
    """Reads the blocks of a set of modules."""

    def __init__(self, modules: tuple[Module, ...]) -> None:
        """Prepare the decoders."""
        self._receipt = receipt_decoder(modules).decode
        operations = tuple(each for module in modules for each in module.operations)
        self._operation = msgspec.msgpack.Decoder(reduce(or_, operations), strict=True).decode
        self._names = {each.__struct_config__.tag: each.__name__ for each in operations}

    def block(self, raw: bytes) -> StoredBlock:
        """Read the bytes of a block."""
        try:
            return decode_block(raw)
        except NOT_DECODABLE as error:
            raise IndexStoppedError(
                f"a block cannot be read ({error}). Run 'sogdia audit' on the node's folder"
            ) from error

    def receipt(self, raw: bytes) -> Receipt:
        """Read a receipt."""
        try:
            receipt: Receipt = self._receipt(raw)
        except NOT_DECODABLE as error:
            raise IndexStoppedError(
                f"a receipt cannot be read ({error}): a later release wrote it. Update this program"
            ) from error
        return receipt

    def envelope(self, raw: bytes) -> OpenedEnvelope:
        """Open an envelope."""
        try:
            return OpenedEnvelope(raw, self._operation)
        except NOT_DECODABLE as error:
            raise IndexStoppedError(
                f"an envelope cannot be read ({error}): a later release wrote it. Update this program"
            ) from error

    def names(self, tags: list[int]) -> str:
        """Name operations by their numbers."""
        return " ".join([self._names.get(tag, str(tag)) for tag in tags])
