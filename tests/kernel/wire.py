"""Envelopes with any part wrong that a test wants wrong, and the same envelope in other spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from sogdia.kernel.envelope import NETWORK_BYTES, Body, Signature, Signer
from sogdia.kernel.signature import ED25519
from sogdia.modules.money.transfers import Transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sogdia.kernel.operation import Operation
    from sogdia.testing.ledger import Ledger

NOBODY = bytes(20)
HOUR = 3_600
_salts = iter(range(2**62))


def pay(ledger: Ledger, units: int = 1, **changes: Any) -> Transfer:  # noqa: ANN401 - any field
    """A payment of Nairobi's to Bukhara."""
    fields: dict[str, Any] = {
        "to": ledger.account("bukhara"),
        "asset": ledger.asset(),
        "units": units,
        "purpose": "GDDS",
        "end_to_end": "17",
    }
    return Transfer(**(fields | changes))


def body_of(ledger: Ledger, *operations: Operation, who: Sequence[str] = ("nairobi",), **changes: Any) -> Body:  # noqa: ANN401 - any field
    """A body that is right but for the changes; without operations it asks for a payment."""
    body = Body(
        network=ledger.network[:NETWORK_BYTES],
        expiry=ledger.time + HOUR,
        not_before=None,
        after=(),
        salt=next(_salts).to_bytes(8, "big"),
        signers=tuple(Signer(ledger.account(name), ledger.sender(name).key_number) for name in who),
        operations=operations or (pay(ledger),),
    )
    return structs.replace(body, **changes)


def seal(
    ledger: Ledger,
    body: Body,
    who: Sequence[str] = ("nairobi",),
    signatures: Callable[[bytes], Sequence[Signature]] | None = None,
) -> bytes:
    """The bytes that travel: signed by `who`, or with other signatures, made from the envelope's id."""
    raw, identity = ledger.maker.codec.build(body)
    made = signed_by(ledger, *who)(identity) if signatures is None else signatures(identity)
    return ledger.maker.codec.seal(raw, tuple(made))


def signed_by(ledger: Ledger, *who: str) -> Callable[[bytes], list[Signature]]:
    """Make the signatures of parties, in order, from an envelope's id."""
    return lambda identity: [Signature(ED25519, ledger.sender(name).keys.sign(identity)) for name in who]


def envelope(ledger: Ledger, *operations: Operation, who: Sequence[str] = ("nairobi",), **changes: Any) -> bytes:  # noqa: ANN401 - any field
    """A signed envelope that is right but for the changes of its body."""
    return seal(ledger, body_of(ledger, *operations, who=who, **changes), who)


# ------------------------------------------------------------------------------------------------------ other spellings


def tree_of(raw: bytes) -> Any:  # noqa: ANN401 - lists of lists
    """Take an envelope apart into plain lists."""
    return msgspec.msgpack.decode(raw)


def pack(tree: Any) -> bytes:  # noqa: ANN401 - lists of lists
    """Put plain lists together again."""
    return msgspec.msgpack.encode(tree)


def other_spellings(tree: Any) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 - lists of lists
    """Give every encoding of the same values in which one of them is not spelled in the shortest form."""
    for name, raw in _other_forms(tree):
        yield name, raw
    if isinstance(tree, list):
        for at, child in enumerate(tree):
            before, behind = b"".join(map(pack, tree[:at])), b"".join(map(pack, tree[at + 1 :]))
            head = pack(tree)[: len(pack(tree)) - len(before) - len(pack(child)) - len(behind)]
            for name, raw in other_spellings(child):
                yield f"{at}/{name}", head + before + raw + behind


def _other_forms(value: Any) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 - lists of lists
    shortest = pack(value)
    for name, raw in _all_forms(value):
        if raw != shortest:
            yield name, raw


def _forms_of_number(value: int) -> Iterator[tuple[str, bytes]]:
    for mark, size in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
        if 0 <= value < 256**size:
            yield f"unsigned {8 * size}", bytes((mark,)) + value.to_bytes(size, "big")
    for mark, size in ((0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8)):
        if -(256**size) // 2 <= value < 256**size // 2:
            yield f"signed {8 * size}", bytes((mark,)) + value.to_bytes(size, "big", signed=True)
    yield "float", pack(float(value))
    yield "text", pack(str(value))


def _all_forms(value: Any) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 - lists of lists
    """Give every form that MessagePack knows for a value."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        yield from _forms_of_number(value)
        return
    if isinstance(value, bytes):
        marks, content = [(0xC4, 1), (0xC5, 2), (0xC6, 4), (0xD9, 1)], value
    elif isinstance(value, str):
        marks, content = [(0xD9, 1), (0xDA, 2), (0xDB, 4), (0xC4, 1)], value.encode()
    else:
        marks, content = [(0xDC, 2), (0xDD, 4)], b"".join(map(pack, value))
    for mark, size in marks:
        yield f"length {8 * size}", bytes((mark,)) + len(value).to_bytes(size, "big") + content
    if isinstance(value, list):
        yield "map", bytes((0x80 + len(value),)) + b"".join(pack(at) + pack(each) for at, each in enumerate(value))
