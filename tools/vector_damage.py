"""Proofs damaged in one place each: by somebody on the way, or by a node that signs what is not so.

Every function gives (what was done, the bytes) for one proof; whoever checks them must refuse every single one.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from sogdia.client.proofs import own_anchor, proof_bytes
from sogdia.kernel.codec import encode
from sogdia.kernel.header import SignedHeader, Validator, digest_of
from sogdia.kernel.proof import Anchor, Handover, OwnBlock
from sogdia.kernel.tree_hashes import ENTRY_BYTES, root_from_proof, stored_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.client.keys import KeyPair
    from sogdia.kernel.header import Header
    from sogdia.kernel.proof import FaceProof, HistoryProof, ReceiptProof, StateProof

Damaged = tuple[str, bytes]
Signing = Callable[["Header"], "SignedHeader"]

LEVEL = bytes(480)
SIGNATURES_BYTES = 70
"""How long the list of signatures is when there is one."""


def digest(raw: bytes) -> bytes:
    """Hash bytes."""
    return sha256(raw).digest()


def flipped(raw: bytes) -> bytes:
    """Flip the lowest bit of the first byte."""
    return bytes((raw[0] ^ 1,)) + raw[1:]


def changed(value: Any, where: str, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any part of a proof
    """Give a copy in which the part at `where`, names and places joined by dots, has been changed."""
    if not where:
        return change(value)
    first, _, rest = where.partition(".")
    if isinstance(value, tuple):
        place = int(first)
        return (*value[:place], changed(value[place], rest, change), *value[place + 1 :])
    return structs.replace(value, **{first: changed(getattr(value, first), rest, change)})


def put(proof: Any, where: str, value: object) -> bytes:  # noqa: ANN401 - any proof
    """Give the bytes of a proof with another value at `where`."""
    return proof_bytes(changed(proof, where, lambda _before: value))


def flip(proof: Any, where: str) -> bytes:  # noqa: ANN401 - any proof
    """Give the bytes of a proof with one bit flipped at `where`."""
    return proof_bytes(changed(proof, where, flipped))


def elsewhere(proof: StateProof) -> bytes:
    """Give the bytes of a proof with one bit of its key flipped, so that the record would lie in another bucket."""
    own = digest(bytes((proof.table,)) + proof.key)
    for bit in range(8 * len(proof.key)):
        key = (int.from_bytes(proof.key, "big") ^ (1 << bit)).to_bytes(len(proof.key), "big")
        if digest(bytes((proof.table,)) + key)[0] >> 4 != own[0] >> 4:
            return proof_bytes(structs.replace(proof, key=key))
    raise AssertionError("no bit of the key leads to another bucket")


def more(proof: Any, where: str) -> bytes:  # noqa: ANN401 - any proof
    """Give the bytes of a proof with a number at `where` that is larger by one."""
    return proof_bytes(changed(proof, where, lambda before: before + 1))


def damaged_form(raw: bytes) -> Iterator[Damaged]:
    """Spell a proof in ways that are not canonical, or are no proof at all."""
    parts = msgspec.msgpack.decode(raw)
    yield "no bytes at all", b""
    yield "the last byte is missing", raw[:-1]
    yield "one byte too many at the end", raw + b"\x00"
    yield "a field too many", encode([*parts, None])
    yield "a field too few", encode(parts[:-1])
    yield "the first two fields have changed places", encode([parts[1], parts[0], *parts[2:]])
    yield "a format that does not exist", encode([9, *parts[1:]])
    yield "the format number is negative", encode([-1, *parts[1:]])
    yield "the format number takes two bytes", raw[:1] + b"\xcc" + raw[1:]
    yield "the format number is a float", encode([1.0, *parts[1:]])
    yield "the format number is a truth value", encode([True, *parts[1:]])
    yield "the outer array's length takes two bytes", bytes((0xDC, 0, len(parts))) + raw[1:]
    yield "a map in place of the array", encode({str(at): part for at, part in enumerate(parts)})
    yield "a hash's length takes two bytes", raw.replace(b"\xc4\x20", b"\xc5\x00\x20", 1)
    yield "a hash written as text", raw.replace(b"\xc4\x20", b"\xd9\x20", 1)
    yield "a hash short by a byte", raw.replace(b"\xc4\x20", b"\xc4\x1f", 1)
    yield "nil in place of the proof", b"\xc0"
    for at, part in enumerate(parts):
        longer = _longer(part)
        if at and longer is not None:
            yield (
                f"part {at} is spelled longer than it needs",
                b"".join((raw[:1], *map(encode, parts[:at]), longer, *map(encode, parts[at + 1 :]))),
            )


def _longer(part: object) -> bytes | None:
    """Spell a small number, short bytes or a short list with a byte more than it needs."""
    raw = encode(part)
    match part:
        case int():
            return b"\xcc" + raw
        case bytes() if raw[0] == 0xC4:  # noqa: PLR2004 - as the page says
            return b"\xc5\x00" + raw[1:]
        case list():
            return bytes((0xDC, 0, len(part))) + raw[1:]
        case _:
            return None


def damaged_anchor(proof: Any, other: SignedHeader) -> Iterator[Damaged]:  # noqa: ANN401 - any proof
    """Change the header that a proof leads to, without its signer."""
    signed = "anchor.header."
    header = signed + "header."
    for name in ("height", "time"):
        yield f"the header's {name} is larger by one", more(proof, header + name)
    for name in (
        "network",
        "previous",
        "transactions_root",
        "state_root",
        "results_root",
        "validators",
        "next_validators",
    ):
        yield f"a bit of the header's {name}", flip(proof, header + name)
    yield "a bit of the signature's first half", flip(proof, signed + "signatures.0")
    yield (
        "a bit of the signature's second half",
        proof_bytes(changed(proof, signed + "signatures.0", lambda value: value[:32] + flipped(value[32:]))),
    )
    yield "the signature is missing", put(proof, signed + "signatures", ())
    yield "the signature stands there twice", proof_bytes(changed(proof, signed + "signatures", lambda all_: all_ * 2))
    yield "the signature is of another header", put(proof, signed + "signatures", other.signatures)
    yield "the signature is short by a byte", proof_bytes(changed(proof, signed + "signatures.0", lambda v: v[:-1]))
    yield "another header of the same ledger", put(proof, "anchor.header", other)


def damaged_state(proof: StateProof, absent: StateProof, sign: Signing) -> Iterator[Damaged]:
    """Change what a state proof says of a record, and its way to the root."""
    entries, levels = proof.entries, proof.levels
    cut = [entries[at : at + ENTRY_BYTES] for at in range(0, len(entries), ENTRY_BYTES)]
    (own,) = (at for at, entry in enumerate(cut) if entry[:32] == digest(bytes((proof.table,)) + proof.key))
    without_own = b"".join(cut[:own] + cut[own + 1 :])
    yield "another table", more(proof, "table")
    yield "table 0", put(proof, "table", 0)
    yield "table 256", put(proof, "table", 256)
    yield "a bit of the key", flip(proof, "key")
    yield "a byte more in the key", put(proof, "key", proof.key + b"\x00")
    yield "a key of 256 bytes", put(proof, "key", bytes(256))
    yield "a face where there is none", flip(proof, "stored")
    yield "a bit of the blind", proof_bytes(changed(proof, "stored", lambda told: told[:1] + flipped(told[1:])))
    yield "a bit of the value", proof_bytes(changed(proof, "stored", lambda told: told[:17] + flipped(told[17:])))
    yield "the value without its blind", put(proof, "stored", proof.value)
    yield "an empty value", put(proof, "stored", (proof.stored or b"")[:17])
    yield "nothing at all in place of the stored value", put(proof, "stored", b"")
    yield "the stored value is text", put(proof, "stored", "text of the length that it must have at least")
    yield "it says that the record is not there", put(proof, "stored", None)
    yield "an entry is left out", put(proof, "entries", entries[:-ENTRY_BYTES])
    yield "the entries' order is reversed", put(proof, "entries", b"".join(reversed(cut)))
    yield "an entry stands there twice", put(proof, "entries", entries + cut[-1])
    yield "the entries end in the middle of one", put(proof, "entries", entries[:-1])
    yield "seventeen entries", put(proof, "entries", b"".join(bytes((n,)) + bytes(63) for n in range(17)))
    yield (
        "a bit of an entry's value hash",
        put(proof, "entries", b"".join([*cut[:-1], cut[-1][:32] + flipped(cut[-1][32:])])),
    )
    yield "the record and its entry are left out", proof_bytes(structs.replace(proof, stored=None, entries=without_own))
    yield "record and entries are left out", proof_bytes(structs.replace(proof, stored=None, entries=b""))
    yield "a record where there is none", put(absent, "stored", proof.stored)
    yield (
        "a record where there is none, with an entry",
        proof_bytes(structs.replace(absent, stored=proof.stored, entries=_entry(absent, proof.stored or b""))),
    )
    yield (
        "another proof's bucket and levels",
        proof_bytes(structs.replace(proof, entries=absent.entries, levels=absent.levels)),
    )
    yield "the lowest level is left out", put(proof, "levels", levels[1:])
    yield "the highest level is left out", put(proof, "levels", levels[:-1])
    yield "the levels' order is reversed", put(proof, "levels", levels[::-1])
    yield "a level too many", put(proof, "levels", (*levels, LEVEL))
    yield "sixty-five levels", put(proof, "levels", (LEVEL,) * 65)
    yield "a bit of a level", flip(proof, "levels.0")
    yield "a level of fourteen hashes", proof_bytes(changed(proof, "levels.0", lambda level: level[:-32]))
    yield from _signed_lies(proof, absent, sign)


def _signed_lies(proof: StateProof, absent: StateProof, sign: Signing) -> Iterator[Damaged]:
    """Sign roots over buckets that no tree has, and headers that no chain has."""
    header = own_anchor(proof).header.header

    def over(told: StateProof) -> bytes:
        key_hash = digest(bytes((told.table,)) + told.key)
        root = root_from_proof(key_hash, told.entries, told.levels)
        return put(told, "anchor.header", sign(structs.replace(header, state_root=root)))

    cut = [proof.entries[at : at + ENTRY_BYTES] for at in range(0, len(proof.entries), ENTRY_BYTES)]
    yield "signed: entries out of order", over(structs.replace(proof, entries=b"".join(reversed(cut))))
    yield "signed: an entry twice", over(structs.replace(proof, entries=cut[0] + proof.entries))
    foreign = b"".join(sorted([*cut, absent.entries[:ENTRY_BYTES]]))
    yield "signed: an entry that belongs into another bucket", over(structs.replace(proof, entries=foreign))
    yield "signed: half an entry", over(structs.replace(proof, entries=proof.entries + bytes(32)))
    yield "signed: another value", over(structs.replace(proof, stored=flipped(proof.stored or b"")))
    yield "signed: a record without an entry", over(structs.replace(absent, stored=proof.stored))
    yield "signed: no record, but an entry", over(structs.replace(proof, stored=None))
    yield "signed: height 0", put(proof, "anchor.header", sign(structs.replace(header, height=0)))
    yield "signed: a height beyond 2^48", put(proof, "anchor.header", sign(structs.replace(header, height=2**48 + 1)))
    other_network = structs.replace(header, network=flipped(header.network))
    yield "signed: another network", put(proof, "anchor.header", sign(other_network))
    others = structs.replace(header, validators=header.state_root)
    yield "signed: for other validators", put(proof, "anchor.header", sign(others))
    later = structs.replace(header, time=2**32)
    yield "signed: a time beyond 32 bits", put(proof, "anchor.header", sign(later))


def damaged_faced(proof: StateProof, sign: Signing) -> Iterator[Damaged]:
    """Change how much of a record is its face."""
    stored = proof.stored or b""
    key_hash = digest(bytes((proof.table,)) + proof.key)

    def faced(length: int, told: bytes = stored) -> StateProof:
        return structs.replace(proof, stored=bytes((length,)) + told[1:])

    def over(told: StateProof) -> bytes:
        entry = key_hash + stored_hash(told.stored or b"")
        root = root_from_proof(key_hash, entry, ())
        header = structs.replace(own_anchor(proof).header.header, state_root=root)
        return proof_bytes(structs.replace(told, entries=entry, levels=(), anchor=Anchor(header=sign(header))))

    yield "no face where there is one", proof_bytes(faced(0))
    yield "a face shorter by a byte", proof_bytes(faced(stored[0] - 1))
    yield "a face longer by a byte", proof_bytes(faced(stored[0] + 1))
    yield "a bit of the face", proof_bytes(changed(proof, "stored", lambda told: told[:-1] + bytes((told[-1] ^ 1,))))
    yield "signed: a face as long as the value", over(faced(20, stored[:17] + stored[-20:]))
    yield "signed: a face that is longer than the value", over(faced(21, stored[:17] + stored[-20:]))


def damaged_face(proof: FaceProof, other: FaceProof) -> Iterator[Damaged]:
    """Change what a face proof shows, or take it for what it is not."""
    parts = msgspec.msgpack.decode(proof_bytes(proof))
    face, rest = proof.face, proof.rest
    yield "another table", more(proof, "table")
    yield "a bit of the key", flip(proof, "key")
    yield "a bit of the face", flip(proof, "face")
    yield "a byte more in the face", put(proof, "face", proof.face + b"\x00")
    yield "a face short by a byte", put(proof, "face", proof.face[1:])
    yield "no face", put(proof, "face", b"")
    yield "a face of 256 bytes", put(proof, "face", bytes(256))
    yield "the face of another time of the same life", put(proof, "face", other.face)
    yield "face and rest of another time", proof_bytes(structs.replace(proof, face=other.face, rest=other.rest))
    yield "a bit of the rest's hash", flip(proof, "rest")
    yield "a byte goes from the face to the rest", encode([*parts[:4], face[:-1], face[-1:] + rest[:-1], *parts[6:]])
    yield "nil in place of the face", put(proof, "face", None)
    yield "the rest's hash is short by a byte", put(proof, "rest", proof.rest[:-1])
    yield "the entry is left out", put(proof, "entries", b"")
    yield "a bit of an entry", flip(proof, "entries")
    stored = bytes((len(face),)) + face + rest
    yield "face and rest as a state proof's stored value", encode([1, *parts[1:4], stored, *parts[6:]])
    yield "the lowest level is left out", put(proof, "levels", proof.levels[1:])
    yield "a level too many", put(proof, "levels", (*proof.levels, LEVEL))


def damaged_handovers(proof: Any, liar: KeyPair, last: KeyPair) -> Iterator[Damaged]:  # noqa: ANN401 - has two handovers
    """Change how validators handed over; `last` is the key that the second handover names."""
    first, second = own_anchor(proof).handovers
    own = (Validator(liar.public, 1),)

    def for_liar(header: Header) -> SignedHeader:
        told = structs.replace(header, validators=digest_of(own), next_validators=digest_of(own))
        return SignedHeader(header=told, signatures=(liar.sign(told.hash()),))

    lie = for_liar(own_anchor(proof).header.header)
    to_liar = Handover(header=first.header, validators=own)
    by_liar = Handover(header=for_liar(first.header.header), validators=own)
    yield "a handover to the liar, who signs the rest", put(proof, "anchor", Anchor(handovers=(to_liar,), header=lie))
    yield "a handover that the liar signed, too", put(proof, "anchor", Anchor(handovers=(by_liar,), header=lie))
    yield "the liar's header without a handover", put(proof, "anchor", Anchor(handovers=(), header=lie))
    early = structs.replace(own_anchor(proof).header.header, height=second.header.header.height)
    signed_early = SignedHeader(header=early, signatures=(last.sign(early.hash()),))
    yield "the new key signs a header of the handover's own height", put(proof, "anchor.header", signed_early)
    yield "both handovers are left out", put(proof, "anchor.handovers", ())
    yield "the first handover is left out", put(proof, "anchor.handovers", (second,))
    yield "the second handover is left out", put(proof, "anchor.handovers", (first,))
    yield "the handovers' order is reversed", put(proof, "anchor.handovers", (second, first))
    yield "a handover to a key of the liar's own", flip(proof, "anchor.handovers.0.validators.0.public")
    yield "a handover to another weight", more(proof, "anchor.handovers.0.validators.0.power")
    yield "a handover to nobody", put(proof, "anchor.handovers.0.validators", ())
    yield (
        "a handover to two",
        proof_bytes(changed(proof, "anchor.handovers.1.validators", lambda validators: validators * 2)),
    )
    yield "a bit of a handover's signature", flip(proof, "anchor.handovers.1.header.signatures.0")
    yield "a handover's header announces others", flip(proof, "anchor.handovers.0.header.header.next_validators")
    yield "a header in place of a handover", put(proof, "anchor.handovers.0.header", own_anchor(proof).header)
    yield "sixty-five handovers", put(proof, "anchor.handovers", (first,) * 65)


def damaged_receipt(proof: ReceiptProof, other: ReceiptProof) -> Iterator[Damaged]:
    """Change what a receipt proof says, and its ways to the roots."""
    place, envelope = proof.place, proof.envelope or b""
    yield "a bit of the id", flip(proof, "id")
    yield "a bit of the receipt", flip(proof, "receipt")
    yield "a byte more in the receipt", put(proof, "receipt", proof.receipt + b"\x00")
    yield "the receipt of another result", put(proof, "receipt", other.receipt)
    yield (
        "id and receipt of another result",
        proof_bytes(structs.replace(proof, id=other.id, receipt=other.receipt, envelope=other.envelope)),
    )
    yield "another index", more(proof, "place.index")
    yield "an index beyond the list", put(proof, "place.index", place.size)
    yield "a size that needs more neighbours", put(proof, "place.size", place.size * 2 + 1)
    yield "a size of nothing", put(proof, "place.size", 0)
    yield "a neighbour is left out", put(proof, "place.path", place.path[1:])
    yield "a neighbour too many", put(proof, "place.path", (*place.path, bytes(32)))
    yield "the neighbours' order is reversed", put(proof, "place.path", place.path[::-1])
    yield "a bit of a neighbour", flip(proof, "place.path.0")
    yield "thirty-three neighbours", put(proof, "place.path", (bytes(32),) * 33)
    yield "another envelope", put(proof, "envelope", other.envelope)
    yield "no envelope, but a place for it", put(proof, "envelope", None)
    yield "an empty envelope", put(proof, "envelope", b"")
    yield "a byte too many in the envelope", put(proof, "envelope", envelope + b"\x00")
    yield "a bit of the envelope's salt", put(proof, "envelope", _with_other_salt(envelope))
    yield "a bit of the envelope's signature", put(proof, "envelope", envelope[:-2] + bytes((envelope[-2] ^ 1, 0xC0)))
    alone = structs.replace(proof, included=None)
    yield "an envelope without its signatures", put(alone, "envelope", envelope[:-SIGNATURES_BYTES] + b"\x90")
    yield (
        "a signature scheme that does not exist",
        put(alone, "envelope", envelope.replace(b"\x91\x93\x01\xc4\x40", b"\x91\x93\x04\xc4\x40")),
    )
    yield "no header of the block, but a place in it", put(proof, "block", None)
    yield "the block's header has another time", more(proof, "block.header.time")
    yield "the header of another block", put(proof, "block", OwnBlock(own_anchor(proof).header.header))
    yield "another index among the transactions", more(proof, "included.index")
    yield "a bit of a neighbour among the transactions", flip(proof, "included.path.0")
    yield (
        "a neighbour left out among the transactions",
        proof_bytes(changed(proof, "included.path", lambda path: path[1:])),
    )


def damaged_history(proof: HistoryProof, other: HistoryProof, absent: StateProof) -> Iterator[Damaged]:
    """Change the steps of a life, or the record that they lead to."""
    steps = proof.steps
    swapped = (steps[1], steps[0], *steps[2:])
    yield "no steps", put(proof, "steps", ())
    yield "the first step is left out", put(proof, "steps", steps[1:])
    yield "a step in the middle is left out", put(proof, "steps", (*steps[:2], *steps[3:]))
    yield "the last step is left out", put(proof, "steps", steps[:-1])
    yield "two steps have changed places", put(proof, "steps", swapped)
    yield "a step stands there twice", put(proof, "steps", (*steps, steps[-1]))
    yield "the steps of another life", put(proof, "steps", other.steps)
    yield "a bit of a step's id", flip(proof, "steps.1.id")
    yield "a bit of a step's receipt hash", flip(proof, "steps.1.receipt_hash")
    for name in ("operation", "height", "time"):
        yield f"a step's {name} is larger by one", more(proof, f"steps.1.{name}")
    yield "a step's operation beyond 16 bits", put(proof, "steps.1.operation", 2**16)
    yield "a step's height is negative", put(proof, "steps.1.height", -1)
    yield (
        "a bit of the record's history",
        proof_bytes(changed(proof, "state.stored", lambda value: value[:-1] + bytes((value[-1] ^ 1,)))),
    )
    yield "a record from another time of the same life", put(proof, "state", other.state)
    yield "no record, hence no life", put(proof, "state", absent)


def _entry(proof: StateProof, stored: bytes) -> bytes:
    return digest(bytes((proof.table,)) + proof.key) + digest(stored)


def _with_other_salt(envelope: bytes) -> bytes:
    body, signatures = msgspec.msgpack.decode(envelope)
    body[4] = flipped(body[4])
    return encode([body, signatures])
