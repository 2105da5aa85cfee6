"""The worked example of docs/reference/wire.md: an envelope, a bucket and a proof, every byte beside what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.proofs import own_anchor, proof_bytes
from sogdia.kernel.blinding import commitment_to
from sogdia.kernel.codec import encode
from sogdia.kernel.envelope import Body, Signature
from sogdia.kernel.tree_hashes import ENTRY_BYTES, FRONT_BYTES, HASH_BYTES, bucket_hash, root_from_proof
from tools.vector_damage import digest
from tools.vector_ledger import SECRET

if TYPE_CHECKING:
    from tools.vector_story import Story

BEGIN = "<!-- The worked example is written by `python -m tools.vectors`. -->"
END = "<!-- The worked example ends here. -->"
LINE_BYTES = 32
COLUMN = 80


class _Signed(msgspec.Struct, array_like=True):
    """A signed envelope, with names for its parts."""

    body: Body
    signatures: tuple[Signature, ...]


def with_example(page: str, text: str) -> str:
    """Put the example in its place on the page."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def example(story: Story) -> str:
    """Write the example."""
    payment, proof = story.envelopes["a payment"], story.states["a balance"]
    signed = msgspec.msgpack.decode(payment.raw, type=_Signed)
    names = {
        "operations 0": ("tag (Transfer)", "signer index", "mandate", "to", "asset", "units", "purpose", "end_to_end"),
        "asset": ("currency", "issuer"),
    }
    key_hash = digest(bytes((proof.table,)) + proof.key)
    root = root_from_proof(key_hash, proof.entries, proof.levels)
    validator = story.sealed.trusted.validators[0]
    return f"""### An envelope

A payment on the network `{story.ledger.network.hex()}`, {len(payment.raw)} bytes:

{_block(annotated(signed, "signed envelope", names))}

Its id is `{payment.id.hex()}`.

### A bucket

The record of the payer's balance has the full key

    {proof.table:02x}{proof.key.hex()}

whose SHA-256 begins with the digit {key_hash.hex()[0]}. The blinding secret of this network is

    {SECRET.hex()}

so the genesis says `{commitment_to(SECRET)}`, and the
record is stored as face length, blind and value:

{_block(_stored(proof.stored or b""))}

One node lies above its bucket, which holds:

{_block(_entries(proof.entries))}

The bucket's hash is `{bucket_hash(proof.entries).hex()}`. With the 15 other hashes
that the proof shows it leads to the state root `{root.hex()}`.

### A state proof

The proof of that balance, {len(proof_bytes(proof))} bytes:

{_block(annotated(proof, "state proof", {}))}

The hash of its header, over which the signature is, is
`{own_anchor(proof).header.header.hash().hex()}`. The one validator has the key
`{validator.public.hex()}` and the weight {validator.power}.
"""


def annotated(value: Any, label: str, names: dict[str, tuple[str, ...]], depth: int = 0) -> list[str]:  # noqa: ANN401
    """Lay a value's bytes out, one part a line, each with its name; `names` has those of lists that are no classes."""
    if isinstance(value, bytes):
        return _bytes_lines(value, label, depth)
    if not isinstance(value, msgspec.Struct | tuple | list):
        return [_line(encode(value), label if value is None else f"{label}: {value}", depth)]
    parts = _parts(value, label, names)
    # Up to 15 parts, the head of an array is one byte; no array of the example has more.
    lines = [_line(encode([None] * len(parts))[:1], f"{label}: array of {len(parts)}", depth)]
    for name, part in parts:
        lines += annotated(part, name, names, depth + 1)
    return lines


def _parts(value: Any, label: str, names: dict[str, tuple[str, ...]]) -> list[tuple[str, Any]]:  # noqa: ANN401
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        fields = [(name, getattr(value, name)) for name in value.__struct_fields__]
        return fields if tag is None else [("format", tag), *fields]
    known = names.get(label, tuple(f"{label} {place}" for place in range(len(value))))
    return list(zip(known, value, strict=True))


def _entries(entries: bytes) -> list[str]:
    lines = []
    for number, at in enumerate(range(0, len(entries), ENTRY_BYTES)):
        lines.append(_line(entries[at : at + HASH_BYTES], f"entry {number}: key hash", 0))
        lines.append(_line(entries[at + HASH_BYTES : at + ENTRY_BYTES], "hash of the stored value", 0))
    return lines


def _stored(stored: bytes) -> list[str]:
    parts = ((stored[:1], "length of the face"), (stored[1:FRONT_BYTES], "blind"), (stored[FRONT_BYTES:], "value"))
    return [_line(raw, label, 0) for raw, label in parts]


def _bytes_lines(value: bytes, label: str, depth: int) -> list[str]:
    head = encode(value)[: len(encode(value)) - len(value)]
    pieces = [value[at : at + LINE_BYTES] for at in range(0, len(value), LINE_BYTES)] or [b""]
    if len(pieces) == 1:
        return [_line(head + value, label, depth)]
    return [_line(head, f"{label}, {len(value)} bytes", depth), *(_line(piece, "", depth + 1) for piece in pieces)]


def _line(raw: bytes, label: str, depth: int) -> str:
    """Write bytes and, behind a sign that no hexadecimal has, what they are."""
    return f"{'  ' * depth + raw.hex():{COLUMN}} # {label}" if label else "  " * depth + raw.hex()


def _block(lines: list[str]) -> str:
    return "\n".join(["```text", *lines, "```"])
