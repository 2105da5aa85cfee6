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
from msgspec.structs import replace

from sogdia.kernel.codec import Codec, NotCanonicalError
from sogdia.kernel.comet import NANOSECONDS, CometAnchor, CometHeader, header_hash
from sogdia.kernel.envelope import Body, Signature
from sogdia.kernel.faults import FaultError
from sogdia.kernel.header import Header, Height, SignedHeader, Validators
from sogdia.kernel.merkle import levels, path_in
from sogdia.kernel.receipt import result_leaves
from sogdia.kernel.tree_hashes import (
    BUCKET_ENTRIES_MAX,
    ENTRY_BYTES,
    FACE_BYTES_MAX,
    FRONT_BYTES,
    HASH_BYTES,
    face_in,
    rest_hash,
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
HISTORY_HEAD = b"\xc4\x20"

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


class ProofWrong(FaultError[ProofFault]):
    """A proof that proves nothing: which part of it does not fit, and to what."""


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
ENVELOPES: Codec[tuple[Body, tuple[Signature, ...]]] = Codec(
    tuple[Body, Annotated[tuple[Signature, ...], Meta(max_length=16)]]
)


class BlockTrees(NamedTuple):
    """The list trees of a block by their levels, each over hashes: its results and its envelopes."""

    results: list[list[bytes]]
    envelopes: list[list[bytes]]


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
        wrong(ProofFault.FORM, "the whole record is needed, and it shows the face alone")
    return state


def receipt_proof(  # noqa: PLR0913 - what a block holds, and what is known of it already
    anchor: AnyAnchor,
    results: Sequence[tuple[bytes, bytes]],
    index: int,
    *,
    exits_after: Sequence[int],
    block: AnyBlock | None = None,
    envelopes: Sequence[bytes] = (),
    trees: BlockTrees | None = None,
) -> ReceiptProof:
    """Prove result `index` of a block's `results`, each (id, receipt): envelopes in block order, then exits.

    `exits_after` says after how many envelopes each exit came. With the `block` itself the proof shows the time, with
    its `envelopes` (raw, all of them) what was signed. Whoever proves several results of a block hands its `trees` in.
    """
    trees = trees or block_trees(results, exits_after, envelopes)
    identity, receipt = results[index]
    has_envelope = index < len(envelopes)
    # Under another engine a transaction can be a batch of envelopes; then no path leads from one envelope to the root.
    batched = isinstance(block, CometBlock) and trees.envelopes[-1:] != [[block.transactions_root]]
    return ReceiptProof(
        anchor=anchor,
        id=identity,
        receipt=receipt,
        place=_place(trees.results, index),
        envelope=envelopes[index] if has_envelope else None,
        block=block,
        included=_place(trees.envelopes, index) if has_envelope and block and not batched else None,
    )


def block_trees(
    results: Sequence[tuple[bytes, bytes]], exits_after: Sequence[int], envelopes: Sequence[bytes]
) -> BlockTrees:
    """Hash the trees of a block that has results; without envelopes there is no tree of theirs."""
    return BlockTrees(
        results=levels(result_leaves(results, exits_after)),
        envelopes=levels([sha256(raw).digest() for raw in envelopes]) if envelopes else [],
    )


def history_proof(state: StateProof | FaceProof, steps: Sequence[LifeStep]) -> HistoryProof:
    """Join the proof of a record with a life and all steps of that life, oldest first."""
    return HistoryProof(state=state, steps=tuple(steps))


def _place(tree: list[list[bytes]], index: int) -> Place:
    return Place(index=index, size=len(tree[0]), path=path_in(tree, index))


# ----------------------------------------------------------------------------------------------------------- reading


def decode_proof(raw: bytes) -> Proof:
    """Read a proof of any kind; only its form is checked."""
    if len(raw) > PROOF_BYTES_MAX:
        wrong(ProofFault.FORM, f"it has {len(raw)} bytes; at most {PROOF_BYTES_MAX} are read")
    try:
        return _PROOFS.decode(raw)
    except NotCanonicalError as error:
        raise ProofWrong(ProofFault.FORM, f"the bytes are not the canonical form of a proof: {error}") from error


def anchor_of(proof: Proof) -> AnyAnchor:
    """Give the anchor of a proof of any kind."""
    return proof.state.anchor if isinstance(proof, HistoryProof) else proof.anchor


def with_anchor(proof: Proof, anchor: AnyAnchor) -> Proof:
    """Give a proof of any kind with another anchor to the same header."""
    if isinstance(proof, HistoryProof):
        return replace(proof, state=replace(proof.state, anchor=anchor))
    return replace(proof, anchor=anchor)


def height_of(anchor: AnyAnchor) -> int:
    """Give the height of the header that an anchor leads to; the state that it proves is that of the height before."""
    return anchor.header.header.height if isinstance(anchor, Anchor) else anchor.blocks[-1].header.height


def wrong(fault: ProofFault, message: str) -> NoReturn:
    """Say that a proof proves nothing."""
    raise ProofWrong(fault, message)
