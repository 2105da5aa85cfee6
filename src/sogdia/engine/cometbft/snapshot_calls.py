"""The four calls of ABCI about snapshots: what we offer to others, and what others offer to us."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.grammar import Call
from sogdia.engine.cometbft.restore import ChunkWrongError, Restore
from sogdia.engine.folders.kept_snapshots import name_of
from sogdia.engine.folders.snapshot_form import (
    FORMAT,
    FormatUnknownError,
    SnapshotWrongError,
    read_manifest,
    require_true,
    snapshot_hash,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.engine.cometbft.grammar import Grammar
    from sogdia.engine.cometbft.replica import Replica
    from sogdia.engine.folders.snapshot_form import Manifest

Offered = abci.ResponseOfferSnapshot
Applied = abci.ResponseApplySnapshotChunk

HEADERS_AFTER = 2

_log = logging.getLogger(__name__)


class SnapshotCalls:
    """Answers the engine about snapshots."""

    def __init__(self, replica: Replica, grammar: Grammar) -> None:
        """Answer for `replica`."""
        self._replica = replica
        self._grammar = grammar
        self._restore: Restore | None = None

    # ------------------------------------------------------------------------------------------------- ours to others

    def list_ours(self, _request: abci.RequestListSnapshots) -> abci.Response:
        """Name the snapshots that are at hand and that the engine of a new node can verify.

        It does so by the two headers after a snapshot's height, and never asks again for one that it has rejected.
        """
        self._replica.snapshots.is_under_way()
        last = self._replica.ledger.writer.durable_height - HEADERS_AFTER
        kept = {height: each for height, each in self._replica.snapshots.kept().items() if height <= last}
        named = [
            abci.Snapshot(
                height=height,
                format=FORMAT,
                chunks=len(each.manifest.chunks),
                hash=name_of(each),
                metadata=each.raw,
            )
            for height, each in sorted(kept.items())
        ]
        return abci.Response(list_snapshots=abci.ResponseListSnapshots(snapshots=named))

    def load(self, request: abci.RequestLoadSnapshotChunk) -> abci.Response:
        """Give a chunk, or an empty one when it is not at hand."""
        chunk = self._replica.snapshots.load(request.height, request.format, request.chunk)
        return abci.Response(load_snapshot_chunk=abci.ResponseLoadSnapshotChunk(chunk=chunk))

    # ------------------------------------------------------------------------------------------------- others' to us

    def offer(self, request: abci.RequestOfferSnapshot) -> abci.Response:
        """Take an offer, or refuse it with the reason in the log. An offer that lies bans who made it."""
        self._drop()
        ledger = self._replica.ledger
        if ledger.tip.height != ledger.beginning.height:
            _log.error(
                "the engine has lost its blocks and wants a snapshot, but this ledger has blocks up to %s: restore the"
                " engine's data, or set statesync.enable = false in its config.toml",
                ledger.tip.height,
            )
            return _offered(Offered.ABORT)
        self._grammar.hear(Call.OFFER_SNAPSHOT)
        offered = request.snapshot
        try:
            manifest = _checked(offered, request.app_hash, ledger.machine.network)
        except FormatUnknownError as error:
            _log.warning("a snapshot of height %s is refused: %s", offered.height, error)
            return _offered(Offered.REJECT_FORMAT)
        except SnapshotWrongError as error:
            _log.warning("a snapshot of height %s is refused, and its senders are banned: %s", offered.height, error)
            return _offered(Offered.REJECT_SENDER)
        self._restore = Restore(ledger, manifest, offered.metadata)
        return _offered(Offered.ACCEPT)

    def apply(self, request: abci.RequestApplySnapshotChunk) -> abci.Response:
        """Take a chunk of the snapshot that was accepted."""
        self._grammar.hear(Call.APPLY_SNAPSHOT_CHUNK)
        restore = self._restore
        if restore is None:
            _log.warning("a chunk came, and no snapshot is being restored")
            return _applied(Applied.REJECT_SNAPSHOT)
        try:
            is_whole = restore.apply(request.index, request.chunk, request.sender)
        except ChunkWrongError as error:
            _log.warning("%s is banned: %s", request.sender, error)
            return _applied(Applied.RETRY, refetch=(request.index,), ban=(request.sender,))
        except SnapshotWrongError as error:
            _log.warning("the snapshot of height %s is refused: %s", restore.manifest.height, error)
            self._drop()
            return _applied(Applied.REJECT_SNAPSHOT, ban=sorted({*restore.senders, request.sender}))
        if is_whole:
            self._restore = None
            self._replica.restored()
            self._grammar.restored(restore.manifest.height)
        return _applied(Applied.ACCEPT)

    def _drop(self) -> None:
        """Drop the restore that is under way."""
        if self._restore is not None:
            self._restore.close()
            self._restore = None

    def close(self) -> None:
        """End what is under way; it starts anew the next time."""
        self._drop()


def _checked(offered: abci.Snapshot, trusted: bytes, network: bytes) -> Manifest:
    """Read what is offered, and compare it with itself and with the app hash that was verified."""
    if offered.format != FORMAT:
        raise FormatUnknownError(f"it has format {offered.format}, and this release reads {FORMAT}")
    if snapshot_hash(offered.metadata) != offered.hash:
        raise SnapshotWrongError("its hash is not that of its manifest")
    manifest = read_manifest(offered.metadata, network)
    if (offered.height, offered.chunks) != (manifest.height, len(manifest.chunks)):
        raise SnapshotWrongError("height or number of chunks is not what its manifest says")
    require_true(manifest, trusted)
    return manifest


def _offered(result: abci.ResponseOfferSnapshot.Result) -> abci.Response:
    return abci.Response(offer_snapshot=Offered(result=result))


def _applied(
    result: abci.ResponseApplySnapshotChunk.Result, *, refetch: Iterable[int] = (), ban: Iterable[str] = ()
) -> abci.Response:
    senders = [each for each in ban if each]
    return abci.Response(apply_snapshot_chunk=Applied(result=result, refetch_chunks=refetch, reject_senders=senders))
