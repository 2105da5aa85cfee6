"""Proofs: bytes by which whoever trusts a header can check a record, a receipt or a whole life, offline.

    state proof   = [1, anchor, table, key, stored value | nil, entries, [level, …]]
    receipt proof = [2, anchor, id, receipt, place, envelope | nil, block | nil, place | nil]
    history proof = [3, state proof | face proof, [[id, operation index, receipt hash, height, time], …]]
    face proof    = [4, anchor, table, key, face, hash of the rest, entries, [level, …]]
    anchor        = [1, [[signed header, [validator, …]], …], signed header]                   the embedded engine
                  | [2, [light block, …], [state root, results height, results root]]         CometBFT, see `comet`
    block         = [1, header] | [2, CometBFT's header]
    place         = [index, size, [neighbour, …]]

A stored value (`tree`) holds blind and value; a face proof shows only what anybody may see of a record, and nothing by
which the rest could be tried out.

The first number says what follows and in which shape; a shape that changes gets a new number. The roots of height H
stand in header H+1, which is the anchor's. Checking has two halves: whether that header is to be trusted, and what it
says, depends on the engine that made it (`client.proofs`, `client.light`); whether a proof fits the roots in a trusted
header is settled here, the same for all.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import Codec, NotCanonicalError, encode
from sogdia.kernel.comet import NANOSECONDS, CometAnchor, CometHeader, header_hash
from sogdia.kernel.envelope import DOMAIN, Body, Signature
from sogdia.kernel.header import Header, Height, SignedHeader, Validators
from sogdia.kernel.merkle import path, root, root_from_path
from sogdia.kernel.receipt import NO_HISTORY, fold, result_leaf
from sogdia.kernel.roots import TrustedRoots
from sogdia.kernel.tree import (
    BUCKET_ENTRIES_MAX,
    ENTRY_BYTES,
    FACE_BYTES_MAX,
    FRONT_BYTES,
    HASH_BYTES,
    face_in,
    hash_from_face,
    rest_hash,
    root_from_proof,
    stored_hash,
    stored_hash_in,
)
from sogdia.kernel.values import Hash, Seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

PROOF_BYTES_MAX = 4 * 1024 * 1024
"""The longest proof that is looked at; a record is proved in about 3 kB, an exit of 2,000 lines in 200 kB."""

HANDOVERS_MAX = 64
LEVELS_MAX = 64
NEIGHBOURS_MAX = 32
KEY_BYTES_MAX = 255
_HISTORY_HEAD = b"\xc4\x20"

TableNumber = Annotated[int, Meta(ge=1, le=255)]
Level = Annotated[bytes, Meta(min_length=15 * HASH_BYTES, max_length=15 * HASH_BYTES)]
"""The hashes of a node's 15 other children, in their order."""

TableKey = Annotated[bytes, Meta(max_length=KEY_BYTES_MAX)]
Levels = Annotated[tuple[Level, ...], Meta(max_length=LEVELS_MAX)]
Entries = Annotated[bytes, Meta(max_length=BUCKET_ENTRIES_MAX * ENTRY_BYTES)]
Stored = Annotated[bytes, Meta(min_length=FRONT_BYTES + 1)]
FaceBytes = Annotated[bytes, Meta(min_length=1, max_length=FACE_BYTES_MAX)]
OperationIndex = Annotated[int, Meta(ge=0, le=2**16 - 1)]


class ProofFault(StrEnum):
    """Which part of a proof does not fit."""

    FORM = "form"
    NETWORK = "network"
    HEIGHT = "height"
    VALIDATORS = "validators"
    SIGNATURES = "signatures"
    HANDOVER = "handover"
    BUCKET = "bucket"
    VALUE = "value"
    STATE_ROOT = "state root"
    ENVELOPE = "envelope"
    HEADER = "header"
    RESULTS_ROOT = "results root"
    TRANSACTIONS_ROOT = "transactions root"
    HISTORY = "history"


class ProofWrong(Exception):  # noqa: N818 - reads as what it says
    """A proof that proves nothing: which part of it does not fit, and to what."""

    def __init__(self, fault: ProofFault, message: str) -> None:
        """Remember the fault."""
        super().__init__(message)
        self.fault = fault


class Handover(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A header that announces other validators, and who they are: they sign from the next height on."""

    header: SignedHeader
    validators: Validators


class Anchor(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=1):
    """The header that a proof leads to, and how validators that may be trusted handed over to those that signed it."""

    handovers: Annotated[tuple[Handover, ...], Meta(max_length=HANDOVERS_MAX)] = ()
    header: SignedHeader


AnyAnchor = Anchor | CometAnchor
"""What a proof leads to, by the engine of its network."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """Where a leaf stands in a list of `size`, and the neighbours, lowest first, that lead from it to the root.

    Index and size only say how the neighbours are laid out. The root does not bind them, so they prove nothing.
    """

    index: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    size: Annotated[int, Meta(ge=1, le=2**32 - 1)]
    path: Annotated[tuple[Hash, ...], Meta(max_length=NEIGHBOURS_MAX)]


class StateProof(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=1):
    """That a record stands in the state after height H, or that there is none under its key."""

    anchor: AnyAnchor
    table: TableNumber
    key: TableKey
    stored: Stored | None
    entries: Entries
    levels: Levels

    @property
    def value(self) -> bytes | None:
        """The record's bytes, as they are shown."""
        return None if self.stored is None else self.stored[FRONT_BYTES:]


class OwnBlock(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    """A block by its header of the embedded engine."""

    header: Header

    def hash(self) -> bytes:
        """Give what the next header links back to."""
        return self.header.hash()

    @property
    def time(self) -> int:
        """When the block was made, in seconds."""
        return self.header.time

    @property
    def transactions_root(self) -> bytes:
        """The root over its signed envelopes."""
        return self.header.transactions_root


class CometBlock(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=2):
    """A block by its header of CometBFT."""

    header: CometHeader

    def hash(self) -> bytes:
        """Give what the next header links back to."""
        return header_hash(self.header)

    @property
    def time(self) -> int:
        """When the block was made, in whole seconds: what the rules knew of it."""
        return self.header.time // NANOSECONDS

    @property
    def transactions_root(self) -> bytes:
        """The root over its transactions, which are signed envelopes unless several came as one batch."""
        return self.header.data_hash


AnyBlock = OwnBlock | CometBlock


class ReceiptProof(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=2):
    """That an envelope or an exit ended at height H with a receipt.

    `envelope` shows what the id stands for, `block` (of height H) when it happened, `included` (which needs both)
    that the block held the envelope with these very signatures.
    """

    anchor: AnyAnchor
    id: Hash
    receipt: bytes
    place: Place
    envelope: bytes | None = None
    block: AnyBlock | None = None
    included: Place | None = None


class LifeStep(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """One step of a life: which operation of which envelope, with which receipt, at which height and time."""

    id: Hash
    operation: OperationIndex
    receipt_hash: Hash
    height: Height
    time: Seconds


class FaceProof(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=4):
    """That a record stands in the state after height H, and what of it anybody may see: its face."""

    anchor: AnyAnchor
    table: TableNumber
    key: TableKey
    face: FaceBytes
    rest: Hash
    """The hash of blind and what is not shown."""
    entries: Entries
    levels: Levels


class HistoryProof(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=3):
    """That a record stands in the state after height H, and that these are all steps of its life up to then."""

    state: StateProof | FaceProof
    steps: Annotated[tuple[LifeStep, ...], Meta(min_length=1)]


Proof = StateProof | ReceiptProof | HistoryProof | FaceProof

_PROOFS: Codec[Proof] = Codec(StateProof | ReceiptProof | HistoryProof | FaceProof)
_ENVELOPES: Codec[tuple[Body, tuple[Signature, ...]]] = Codec(
    tuple[Body, Annotated[tuple[Signature, ...], Meta(max_length=16)]]
)


class ProvenRecord(NamedTuple):
    """What a state proof proves: the value under a key (none: no record) after `height`, and still so at `time`."""

    network: bytes
    table: int
    key: bytes
    value: bytes | None
    height: int
    time: int
    root: bytes


class ProvenFace(NamedTuple):
    """What a face proof proves: that there is a record after `height`, and still at `time`, and the end of its value.

    `rest` is the hash of what is not shown: two proofs with the same one are of a record that has not changed there.
    """

    network: bytes
    table: int
    key: bytes
    face: bytes
    rest: bytes
    height: int
    time: int
    root: bytes


class ProvenReceipt(NamedTuple):
    """What a receipt proof proves: how an envelope or exit ended at `height`.

    `time` is the block's, when the proof shows it; it is never later than `sealed_at`, the time of the header after.
    """

    network: bytes
    id: bytes
    receipt: bytes
    height: int
    time: int | None
    sealed_at: int
    root: bytes
    envelope: bytes | None
    included: bool


class ProvenHistory(NamedTuple):
    """What a history proof proves: a record, and every step of its life."""

    record: ProvenRecord | ProvenFace
    steps: tuple[LifeStep, ...]


Proven = ProvenRecord | ProvenReceipt | ProvenHistory | ProvenFace


# ------------------------------------------------------------------------------------------------------------ making


def state_proof(
    anchor: AnyAnchor, full_key: bytes, proven: tuple[bytes | None, bytes, tuple[bytes, ...]]
) -> StateProof:
    """Join what `Tree.prove` gives for a full key with the header that carries the tree's root."""
    stored, entries, levels = proven
    return StateProof(anchor=anchor, table=full_key[0], key=full_key[1:], stored=stored, entries=entries, levels=levels)


def face_proof(proof: StateProof) -> FaceProof | None:
    """Keep of a state proof what anybody may see; nothing when the record has no face, or is not there."""
    stored = proof.stored
    if stored is None or not stored[0]:
        return None
    return FaceProof(
        anchor=proof.anchor,
        table=proof.table,
        key=proof.key,
        face=face_in(stored),
        rest=rest_hash(stored),
        entries=proof.entries,
        levels=proof.levels,
    )


def whole(proof: HistoryProof) -> StateProof:
    """Give the state proof in the proof of a life; one that stands on a face alone is refused."""
    state = proof.state
    if isinstance(state, FaceProof):
        _wrong(ProofFault.FORM, "the whole record is needed, and it shows the face alone")
    return state


def receipt_proof(
    anchor: AnyAnchor,
    results: Sequence[tuple[bytes, bytes]],
    index: int,
    *,
    block: AnyBlock | None = None,
    envelopes: Sequence[bytes] = (),
) -> ReceiptProof:
    """Prove result `index` of a block's `results`, each (id, receipt): envelopes in block order, then exits.

    With the `block` itself the proof shows the time, with its `envelopes` (raw, all of them) what was signed.
    """
    leaves = [result_leaf(identity, receipt) for identity, receipt in results]
    identity, receipt = results[index]
    has_envelope = index < len(envelopes)
    signed = [sha256(raw).digest() for raw in envelopes] if has_envelope and block else []
    if isinstance(block, CometBlock) and root(signed) != block.transactions_root:
        signed = []  # its transactions were batches of envelopes
    return ReceiptProof(
        anchor=anchor,
        id=identity,
        receipt=receipt,
        place=_place(leaves, index),
        envelope=envelopes[index] if has_envelope else None,
        block=block,
        included=_place(signed, index) if signed else None,
    )


def history_proof(state: StateProof | FaceProof, steps: Sequence[LifeStep]) -> HistoryProof:
    """Join the proof of a record with a life and all steps of that life, oldest first."""
    return HistoryProof(state=state, steps=tuple(steps))


def _place(leaves: list[bytes], index: int) -> Place:
    return Place(index=index, size=len(leaves), path=path(leaves, index))


# ---------------------------------------------------------------------------------------------------------- checking


def decode_proof(raw: bytes) -> Proof:
    """Read a proof of any kind; only its form is checked."""
    if len(raw) > PROOF_BYTES_MAX:
        _wrong(ProofFault.FORM, f"it has {len(raw)} bytes; at most {PROOF_BYTES_MAX} are read")
    try:
        return _PROOFS.decode(raw)
    except NotCanonicalError as error:
        raise ProofWrong(ProofFault.FORM, f"the bytes are not the canonical form of a proof: {error}") from error


def roots_of(header: Header) -> TrustedRoots:
    """Say what a trusted header of ours says of the state and the results before it."""
    height = header.height - 1
    return TrustedRoots(
        network=header.network,
        height=height,
        time=header.time,
        state_root=header.state_root,
        results_height=height,
        results_root=header.results_root,
        previous=header.previous,
    )


def check_state(proof: StateProof, roots: TrustedRoots) -> ProvenRecord:
    """Check a state proof against the roots in a trusted header and say what it proves."""
    stored = proof.stored
    if stored is not None and FRONT_BYTES + stored[0] >= len(stored):
        _wrong(ProofFault.FORM, f"a value of {len(stored) - FRONT_BYTES} bytes has a face of {stored[0]}")
    root = _check_in_tree(proof, None if stored is None else stored_hash(stored), roots)
    return ProvenRecord(
        network=roots.network,
        table=proof.table,
        key=proof.key,
        value=proof.value,
        height=roots.height,
        time=roots.time,
        root=root,
    )


def check_face(proof: FaceProof, roots: TrustedRoots) -> ProvenFace:
    """Check a face proof against the roots in a trusted header and say what it proves."""
    root = _check_in_tree(proof, hash_from_face(proof.face, proof.rest), roots)
    return ProvenFace(
        network=roots.network,
        table=proof.table,
        key=proof.key,
        face=proof.face,
        rest=proof.rest,
        height=roots.height,
        time=roots.time,
        root=root,
    )


def _check_in_tree(proof: StateProof | FaceProof, shown: bytes | None, roots: TrustedRoots) -> bytes:
    """Refuse unless the key's entry has the hash of what is shown (none: no entry) and leads to the state root."""
    key_hash = sha256(bytes((proof.table,)) + proof.key).digest()
    _check_bucket(proof.entries, key_hash, len(proof.levels))
    told = stored_hash_in(proof.entries, key_hash)
    if shown is None and told is not None:
        _wrong(ProofFault.VALUE, "it says that there is no record, but the bucket has an entry for the key")
    if shown is not None and told is None:
        _wrong(ProofFault.VALUE, "it shows a record, but the bucket has no entry for the key")
    if shown != told:
        _wrong(ProofFault.VALUE, "the record's bytes are not those that the bucket's entry is the hash of")
    root = root_from_proof(key_hash, proof.entries, proof.levels)
    _require_root(ProofFault.STATE_ROOT, root, roots.state_root, "bucket and levels")
    return root


def check_receipt(proof: ReceiptProof, roots: TrustedRoots) -> ProvenReceipt:
    """Check a receipt proof against the roots in a trusted header and say what it proves."""
    if proof.envelope is not None:
        _check_envelope(proof.envelope, proof.id, roots.network)
    root = _root_of(proof.place, result_leaf(proof.id, proof.receipt))
    _require_root(ProofFault.RESULTS_ROOT, root, roots.results_root, "id, receipt and path")
    block = proof.block
    if block is not None and (roots.results_height != roots.height or block.hash() != roots.previous):
        _wrong(ProofFault.HEADER, "the block's own header is not the one that the trusted header links back to")
    if proof.included is not None:
        if block is None or proof.envelope is None:
            _wrong(ProofFault.FORM, "a place among the block's transactions needs the envelope and the block's header")
        root_of_block = _root_of(proof.included, sha256(proof.envelope).digest())
        _require_root(ProofFault.TRANSACTIONS_ROOT, root_of_block, block.transactions_root, "envelope and path")
    return ProvenReceipt(
        network=roots.network,
        id=proof.id,
        receipt=proof.receipt,
        height=roots.results_height,
        time=None if block is None else block.time,
        sealed_at=roots.time,
        root=roots.results_root,
        envelope=proof.envelope,
        included=proof.included is not None,
    )


def check_history(proof: HistoryProof, roots: TrustedRoots) -> ProvenHistory:
    """Check a history proof against the roots in a trusted header and say what it proves."""
    record: ProvenRecord | ProvenFace
    if isinstance(proof.state, FaceProof):
        record = check_face(proof.state, roots)
        shown: bytes | None = record.face
    else:
        record = check_state(proof.state, roots)
        shown = record.value
    if shown is None:
        _wrong(ProofFault.HISTORY, "there is no record, hence no history")
    told = shown[-len(_HISTORY_HEAD) - HASH_BYTES :]
    folded = NO_HISTORY
    for step in proof.steps:
        folded = fold(folded, step.id, step.operation, step.receipt_hash, step.height, step.time)
    if told != _HISTORY_HEAD + folded:
        _wrong(ProofFault.HISTORY, f"the steps fold to {folded.hex()}, and the record does not end with that history")
    return ProvenHistory(record, proof.steps)


def check_against(proof: Proof, roots: TrustedRoots) -> Proven:
    """Check a proof of any kind against the roots in a trusted header."""
    match proof:
        case StateProof():
            return check_state(proof, roots)
        case ReceiptProof():
            return check_receipt(proof, roots)
        case HistoryProof():
            return check_history(proof, roots)
        case FaceProof():
            return check_face(proof, roots)


def anchor_of(proof: Proof) -> AnyAnchor:
    """Give the anchor of a proof of any kind."""
    return proof.state.anchor if isinstance(proof, HistoryProof) else proof.anchor


def height_of(anchor: AnyAnchor) -> int:
    """Give the height of the header that an anchor leads to; the state that it proves is that of the height before."""
    return anchor.header.header.height if isinstance(anchor, Anchor) else anchor.blocks[-1].header.height


def _check_bucket(entries: bytes, key_hash: bytes, depth: int) -> None:
    """Refuse a bucket that no tree has at this depth on the way to the key."""
    if len(entries) % ENTRY_BYTES:
        _wrong(ProofFault.BUCKET, f"the bucket has {len(entries)} bytes, and entries have {ENTRY_BYTES} each")
    way = key_hash.hex()[:depth]
    before = b""
    for at in range(0, len(entries), ENTRY_BYTES):
        entry_key = entries[at : at + HASH_BYTES]
        if entry_key <= before:
            _wrong(ProofFault.BUCKET, "the bucket's entries are not in order")
        if not entry_key.hex().startswith(way):
            _wrong(ProofFault.BUCKET, f"entry {at // ENTRY_BYTES} does not belong into the bucket at {way!r}")
        before = entry_key


def _check_envelope(raw: bytes, identity: bytes, network: bytes) -> None:
    """Refuse an envelope that is malformed or has another id. Its signatures are not checked: the keys are not here."""
    try:
        body, signatures = _ENVELOPES.decode(raw)
    except NotCanonicalError as error:
        raise ProofWrong(ProofFault.ENVELOPE, f"the envelope is not in canonical form: {error}") from error
    if len(signatures) != len(body.signers):
        _wrong(ProofFault.ENVELOPE, f"the envelope has {len(body.signers)} signers and {len(signatures)} signatures")
    if sha256(DOMAIN + network + encode(body)).digest() != identity:
        _wrong(ProofFault.ENVELOPE, "the envelope has another id than the proof says")


def _root_of(place: Place, leaf: bytes) -> bytes | None:
    return root_from_path(leaf, place.index, place.size, place.path)


def _require_root(fault: ProofFault, found: bytes | None, wanted: bytes, what: str) -> None:
    """Refuse unless what was computed is what the header says."""
    if found is None:
        _wrong(fault, "the number of neighbours does not fit index and size")
    if found != wanted:
        _wrong(fault, f"{what} lead to {found.hex()}, and the header's {fault} is {wanted.hex()}")


def _wrong(fault: ProofFault, message: str) -> NoReturn:
    raise ProofWrong(fault, message)
