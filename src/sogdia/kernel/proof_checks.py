"""Checking proofs against the roots in a trusted header: the half of the check that is the same for all engines."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.kernel.codec import NotCanonicalError, encode
from sogdia.kernel.envelope import DOMAIN
from sogdia.kernel.merkle import root_from_path
from sogdia.kernel.proof import (
    ENVELOPES,
    HISTORY_HEAD,
    FaceProof,
    HistoryProof,
    Place,
    Proof,
    ProofFault,
    ProofWrong,
    Proven,
    ProvenFace,
    ProvenHistory,
    ProvenReceipt,
    ProvenRecord,
    ReceiptProof,
    StateProof,
    wrong,
)
from sogdia.kernel.receipt import NO_HISTORY, fold, result_leaf
from sogdia.kernel.roots import TrustedRoots
from sogdia.kernel.tree_hashes import (
    ENTRY_BYTES,
    FRONT_BYTES,
    HASH_BYTES,
    hash_from_face,
    root_from_proof,
    stored_hash,
    stored_hash_in,
)

if TYPE_CHECKING:
    from sogdia.kernel.header import Header


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
        wrong(ProofFault.FORM, f"a value of {len(stored) - FRONT_BYTES} bytes has a face of {stored[0]}")
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
        wrong(ProofFault.VALUE, "it says that there is no record, but the bucket has an entry for the key")
    if shown is not None and told is None:
        wrong(ProofFault.VALUE, "it shows a record, but the bucket has no entry for the key")
    if shown != told:
        wrong(ProofFault.VALUE, "the record's bytes are not those that the bucket's entry is the hash of")
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
        wrong(ProofFault.HEADER, "the block's own header is not the one that the trusted header links back to")
    if proof.included is not None:
        if block is None or proof.envelope is None:
            wrong(ProofFault.FORM, "a place among the block's transactions needs the envelope and the block's header")
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
        wrong(ProofFault.HISTORY, "there is no record, hence no history")
    told = shown[-len(HISTORY_HEAD) - HASH_BYTES :]
    folded = NO_HISTORY
    for step in proof.steps:
        folded = fold(folded, step.id, step.operation, step.receipt_hash, step.height, step.time)
    if told != HISTORY_HEAD + folded:
        wrong(ProofFault.HISTORY, f"the steps fold to {folded.hex()}, and the record does not end with that history")
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


def _check_bucket(entries: bytes, key_hash: bytes, depth: int) -> None:
    """Refuse a bucket that no tree has at this depth on the way to the key."""
    if len(entries) % ENTRY_BYTES:
        wrong(ProofFault.BUCKET, f"the bucket has {len(entries)} bytes, and entries have {ENTRY_BYTES} each")
    way = key_hash.hex()[:depth]
    before = b""
    for at in range(0, len(entries), ENTRY_BYTES):
        entry_key = entries[at : at + HASH_BYTES]
        if entry_key <= before:
            wrong(ProofFault.BUCKET, "the bucket's entries are not in order")
        if not entry_key.hex().startswith(way):
            wrong(ProofFault.BUCKET, f"entry {at // ENTRY_BYTES} does not belong into the bucket at {way!r}")
        before = entry_key


def _check_envelope(raw: bytes, identity: bytes, network: bytes) -> None:
    """Refuse an envelope that is malformed or has another id. Its signatures are not checked: the keys are not here."""
    try:
        body, signatures = ENVELOPES.decode(raw)
    except NotCanonicalError as error:
        raise ProofWrong(ProofFault.ENVELOPE, f"the envelope is not in canonical form: {error}") from error
    if len(signatures) != len(body.signers):
        wrong(ProofFault.ENVELOPE, f"the envelope has {len(body.signers)} signers and {len(signatures)} signatures")
    if sha256(DOMAIN + network + encode(body)).digest() != identity:
        wrong(ProofFault.ENVELOPE, "the envelope has another id than the proof says")


def _root_of(place: Place, leaf: bytes) -> bytes | None:
    return root_from_path(leaf, place.index, place.size, place.path)


def _require_root(fault: ProofFault, found: bytes | None, wanted: bytes, what: str) -> None:
    """Refuse unless what was computed is what the header says."""
    if found is None:
        wrong(fault, "the number of neighbours does not fit index and size")
    if found != wanted:
        wrong(fault, f"{what} lead to {found.hex()}, and the header's {fault} is {wanted.hex()}")
