"""What is asked of a ledger's past and proved of its present: blocks, receipts, the lives of objects, proofs.

Only durable blocks are looked at. A proof of the present leads to the newest durable header, whose state is that of the
height before. What has changed since then is proved by the next header, which may not exist yet: so a proof is made in
two steps, and whoever serves it can wait between them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from sogdia.engine.folders.archive import FOLDER as ARCHIVE
from sogdia.engine.folders.archive import Archive
from sogdia.engine.folders.archive_places import ArchivePlaces
from sogdia.engine.storage.beginning import NotHereError
from sogdia.engine.storage.ledger_file import DamagedError
from sogdia.engine.storage.place_index import IDS, STEPS, search
from sogdia.kernel.proof import (
    Anchor,
    AnyAnchor,
    AnyBlock,
    BlockTrees,
    Handover,
    HistoryProof,
    LifeStep,
    OwnBlock,
    ReceiptProof,
    StateProof,
    block_trees,
    history_proof,
    receipt_proof,
    state_proof,
)
from sogdia.kernel.stored_block import StoredBlock, decode_block, decode_signed_header
from sogdia.kernel.tree_hashes import stored_hash_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.storage.place_index import Place
    from sogdia.kernel.header import SignedHeader
    from sogdia.kernel.machine import Result

RECENT_BLOCKS = 8
NO_HEADER = "the header that proves it does not exist yet"

T = TypeVar("T")

_decode_handover = msgspec.msgpack.Decoder(Handover).decode


class Found(NamedTuple):
    """A result and where it stands."""

    height: int
    number: int
    result: Result
    block: StoredBlock


class Anchored(NamedTuple):
    """What a proof leads to, and the block before its header, whose results and time can be proved with it."""

    anchor: AnyAnchor
    before: AnyBlock | None


class OpenStateProof(NamedTuple):
    """A proof of the present state that waits for the header of `height` + 1 to be durable."""

    height: int
    full_key: bytes
    proven: tuple[bytes | None, bytes, tuple[bytes, ...]]

    @property
    def is_there(self) -> bool:
        """Whether there is such a record."""
        return self.proven[0] is not None


class Lookups:
    """Reads the durable part of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Look into `ledger`."""
        self._ledger = ledger
        self._archive = Archive(ledger.folder / ARCHIVE, ledger.machine.network)
        self._archive_places = ArchivePlaces(ledger.folder / ARCHIVE)
        self._recent: dict[int, StoredBlock] = {}
        self._recent_headers: dict[int, SignedHeader] = {}
        self._recent_trees: dict[int, BlockTrees] = {}

    def height(self) -> int:
        """Give the last durable height."""
        return self._ledger.writer.durable_height

    def raw_block(self, height: int) -> bytes:
        """Give the bytes of a stored block, from the archive when it has gone there; raises `NotHereError`."""
        try:
            return self._ledger.file.block(height)
        except NotHereError:
            found = self._archive.block(height)
            if found is None:
                raise
            return found

    def block(self, height: int) -> StoredBlock:
        """Give a stored block."""
        known = self._recent.get(height)
        if known is None:
            known = self._read(height, decode_block)
            _check_height(height, known.height)
            _remember(self._recent, height, known)
        return known

    def header(self, height: int) -> SignedHeader:
        """Give the signed header of a height, without reading the rest of its block."""
        known = self._recent_headers.get(height)
        beginning = self._ledger.beginning
        if known is None and height == beginning.height and beginning.header is not None:
            return beginning.header
        if known is None:
            known = self._read(height, decode_signed_header)
            _check_height(height, known.header.height)
            _remember(self._recent_headers, height, known)
        return known

    def _read(self, height: int, decode: Callable[[bytes], T]) -> T:
        try:
            return decode(self.raw_block(height))
        except msgspec.MsgspecError as error:
            raise DamagedError(f"block {height} cannot be read: {error}") from error

    def results_root(self, height: int) -> bytes:
        """Give the root over the results of a height up to the last."""
        tip = self._ledger.tip
        if height == tip.height:
            return tip.results_root
        beginning = self._ledger.beginning
        return beginning.results_root if height == beginning.height else self.header(height + 1).header.results_root

    def find(self, result_id: bytes) -> Found | None:
        """Find how an envelope or an exit ended, or nothing when no block has it."""
        for place in self._places(IDS, result_id):
            block = self.block(place.height)
            results = block.all_results()
            if place.number < len(results) and results[place.number].id == result_id:
                return Found(place.height, place.number, results[place.number], block)
        return None

    def life(self, full_key: bytes, up_to: int | None = None) -> list[LifeStep]:
        """Give the steps in the last life of an object up to a height, oldest first; its name can have had others."""
        last = self.height() if up_to is None else up_to
        life_key = self._ledger.machine.tables[full_key[0]].life_key(full_key)
        kept = list(self._kept_steps(life_key))
        known = {step.height for _first, step in kept}
        places = {place for place in self._places(STEPS, sha256(life_key).digest()) if place.height not in known}
        found = kept + list(self._steps_at(life_key, sorted(places)))
        steps: list[LifeStep] = []
        for first, step in sorted(found, key=lambda each: each[1].height):
            if step.height > last:
                break
            if first:
                steps.clear()
            steps.append(step)
        return steps

    def _kept_steps(self, life_key: bytes) -> Iterator[tuple[bool, LifeStep]]:
        """Give an object's steps that were kept when their blocks went to the archive, and whether each begins a life.

        All steps of a height are kept, or none.
        """
        for height, kept in self._ledger.file.lives.of(life_key):
            yield (
                kept.first,
                LifeStep(
                    id=kept.id,
                    operation=kept.operation,
                    receipt_hash=kept.receipt_hash,
                    height=height,
                    time=kept.time,
                ),
            )

    def _steps_at(self, life_key: bytes, places: Iterable[Place]) -> Iterator[tuple[bool, LifeStep]]:
        """Give an object's steps that stand in blocks which are here or in the archive."""
        for place in places:
            try:
                block = self.block(place.height)
            except NotHereError:
                continue  # a block that the node handed on and whose segment is gone: its steps are kept
            step = block.steps[place.number] if place.number < len(block.steps) else None
            results = block.all_results()
            # No hash covers the steps of a fetched block. What makes no sense is passed over; the life does not prove.
            if step is None or step.object != life_key or not 0 <= step.result < len(results):
                continue
            result_id, receipt = results[step.result]
            yield (
                step.first,
                LifeStep(
                    id=result_id,
                    operation=step.operation,
                    receipt_hash=sha256(receipt).digest(),
                    height=place.height,
                    time=block.header.header.time,
                ),
            )

    def _places(self, index: str, whole: bytes) -> Iterator[Place]:
        """Give the places where something with this hash may stand, in durable blocks."""
        durable = self.height()
        for place in self._ledger.writer.indexes[index].pending(whole):
            if place.height <= durable:
                yield place
        for entries in self._ledger.file.runs(index):
            yield from list(search(entries, whole))
        yield from self._archive_places.find(index, whole)

    # ------------------------------------------------------------------------------------------------------ proofs

    def anchored(self, height: int) -> Anchored:
        """Give the header of `height` with the handovers that lead to whoever signed it, and the header before."""
        handovers = (_decode_handover(raw) for raw in self._ledger.writer.handovers)
        anchor = Anchor(
            handovers=tuple(each for each in handovers if each.header.header.height < height),
            header=self.header(height),
        )
        return Anchored(anchor, OwnBlock(self.header(height - 1).header) if height > 1 else None)

    def open_state_proof(self, full_key: bytes) -> OpenStateProof:
        """Make the proof of the present record under a key, or of its absence, but for the header that it leads to.

        That is the newest durable header if the record has not changed since the state that stands in it; else the
        next header, which may not exist yet.
        """
        ledger, tree, durable = self._ledger, self._ledger.tree, self.height()
        since = ledger.tip.height - durable + 1
        if durable and tree.remembers(since):
            earlier = tree.prove(full_key, since)
            key_hash = sha256(full_key).digest()
            if stored_hash_in(earlier[1], key_hash) == stored_hash_in(tree.prove(full_key)[1], key_hash):
                return OpenStateProof(durable - 1, full_key, earlier)
        return self.open_proof_of_the_tip(full_key)

    def open_proof_of_the_tip(self, full_key: bytes) -> OpenStateProof:
        """Make the proof of a record, or of its absence, at the height of the last executed block."""
        ledger, tree = self._ledger, self._ledger.tree
        header = ledger.tip.header
        # When the last block has changed nothing, its own header carries the root of the present state already.
        same = header is not None and header.header.state_root == tree.root
        height = ledger.tip.height - 1 if same else ledger.tip.height
        return OpenStateProof(height, full_key, tree.prove(full_key))

    def state_proof(self, opened: OpenStateProof, at: Anchored | None = None) -> StateProof:
        """Finish a proof with the anchor of the header after its height: our own, unless another engine's is given."""
        at = at or self.anchored(opened.height + 1)
        return state_proof(at.anchor, opened.full_key, opened.proven)

    def history_proof(self, opened: OpenStateProof, at: Anchored | None = None) -> HistoryProof:
        """Finish a proof with the whole life of the record, and the anchor of the header after its height."""
        return history_proof(self.state_proof(opened, at), self.life(opened.full_key, opened.height))

    def receipt_proof(self, found: Found, at: Anchored | None = None) -> ReceiptProof:
        """Prove a result with the anchor of the header after its block."""
        at = at or self.anchored(found.height + 1)
        return receipt_proof(
            at.anchor,
            found.block.all_results(),
            found.number,
            exits_after=found.block.exits_after,
            block=at.before,
            envelopes=found.block.envelopes,
            trees=self._trees(found),
        )

    def _trees(self, found: Found) -> BlockTrees:
        """Give the trees of a block, which takes as long as hashing all of it the first time."""
        known = self._recent_trees.get(found.height)
        if known is None:
            known = block_trees(found.block.all_results(), found.block.exits_after, found.block.envelopes)
            _remember(self._recent_trees, found.height, known)
        return known


def _check_height(height: int, found: int) -> None:
    if found != height:
        raise DamagedError(f"in place of block {height} the file gives block {found}")


def _remember(recent: dict[int, T], height: int, found: T) -> None:
    """Keep what was read, and let the oldest go."""
    while len(recent) >= RECENT_BLOCKS:
        del recent[next(iter(recent))]
    recent[height] = found
