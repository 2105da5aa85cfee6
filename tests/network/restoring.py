"""The calls by which a new node takes a snapshot from a member, as the engines of both make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.folders.snapshot_form import read_manifest
from sogdia.kernel.comet import app_hash

if TYPE_CHECKING:
    from tests.network.chain import Member

OFFER = abci.ResponseOfferSnapshot
APPLY = abci.ResponseApplySnapshotChunk


def offers(member: Member) -> list[abci.Snapshot]:
    """Give the snapshots that a member offers."""
    return list(member.ask(list_snapshots=abci.RequestListSnapshots()).snapshots)


def chunk(member: Member, snapshot: abci.Snapshot, index: int) -> bytes:
    """Ask a member for a chunk."""
    call = abci.RequestLoadSnapshotChunk(height=snapshot.height, format=snapshot.format, chunk=index)
    raw: bytes = member.ask(load_snapshot_chunk=call).chunk
    return raw


def offer(member: Member, snapshot: abci.Snapshot, trusted: bytes) -> int:
    """Offer a snapshot whose app hash the engine has verified."""
    call = abci.RequestOfferSnapshot(snapshot=snapshot, app_hash=trusted)
    result: int = member.ask(offer_snapshot=call).result
    return result


def apply(member: Member, index: int, raw: bytes, sender: str = "peer") -> abci.ResponseApplySnapshotChunk:
    """Hand over a chunk."""
    answer: abci.ResponseApplySnapshotChunk = member.ask(
        apply_snapshot_chunk=abci.RequestApplySnapshotChunk(index=index, chunk=raw, sender=sender)
    )
    return answer


def trusted_hash(snapshot: abci.Snapshot, network: bytes) -> bytes:
    """Give the app hash that the engine's light client would have verified: here the honest snapshot's."""
    return app_hash(read_manifest(snapshot.metadata, network).state)


def restore(newcomer: Member, giver: Member, snapshot: abci.Snapshot, network: bytes) -> None:
    """Let a new node take a whole snapshot from a member."""
    assert offer(newcomer, snapshot, trusted_hash(snapshot, network)) == OFFER.ACCEPT
    for index in range(snapshot.chunks):
        assert apply(newcomer, index, chunk(giver, snapshot, index)).result == APPLY.ACCEPT
