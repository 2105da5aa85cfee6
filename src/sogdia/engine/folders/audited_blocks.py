"""The blocks of a ledger as an audit sees them: a chain of signed headers, each over what it says it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import lmdb
import msgspec

from sogdia.engine.folders.finding import Finding
from sogdia.engine.ledger.sealing import results_root, transactions_root
from sogdia.engine.storage.ledger_file import DamagedError
from sogdia.engine.storage.place_index import INDEXES
from sogdia.kernel.codec import NOT_DECODABLE
from sogdia.kernel.header import Validator, digest_of
from sogdia.kernel.merkle import EMPTY_ROOT
from sogdia.kernel.proof import Handover
from sogdia.kernel.signature import ED25519, verify
from sogdia.kernel.stored_block import StoredBlock, decode_block, encode_block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.kernel.envelope import EnvelopeCodec

_parts_of_envelope = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw]).decode
_handover_of = msgspec.msgpack.Decoder(Handover, strict=True).decode


class _Before(NamedTuple):
    """What a block is compared with: the one before it."""

    hash: bytes
    time: int
    results_root: bytes


class AuditedBlocks:
    """All blocks of a file, looked at in their order."""

    def __init__(self, file: LedgerFile, genesis: Any, envelopes: EnvelopeCodec) -> None:  # noqa: ANN401 - depends on the modules
        """Begin before the first block."""
        self._file = file
        self._network = envelopes.network
        self._envelopes = envelopes
        self._stand = file.flushed()
        self._before: _Before | None = _Before(envelopes.network, genesis.time, EMPTY_ROOT)
        beginning = file.beginning()
        if beginning is not None:
            self._before = _Before(beginning.hash, beginning.time, beginning.results_root)
        self._signs = genesis.engine == "solo"
        self._validators = tuple(Validator(bytes.fromhex(each.public), each.power) for each in genesis.validators)
        self._handovers: dict[int, tuple[Validator, ...]] = {}

    def findings(self, last: int, looked_at: Callable[[], None]) -> Iterator[Finding]:
        """Look at the blocks up to `last` and give what is wrong."""
        yield from self._read_handovers()
        for height in range(self._file.first_height(), last + 1):
            try:
                raw = self._file.block(height)
                block = decode_block(raw)
            except (DamagedError, lmdb.Error, *NOT_DECODABLE) as error:
                yield Finding(part="block", message=f"block {height} cannot be read: {error}", height=height)
                self._before = None
            else:
                yield from self._in_block(height, block)
                if encode_block(block) != raw:
                    yield Finding(part="block", message=f"block {height} has a second spelling", height=height)
            looked_at()

    def _read_handovers(self) -> Iterator[Finding]:
        for height, raw in self._file.handovers():
            try:
                self._handovers[height] = _handover_of(raw).validators
            except NOT_DECODABLE as error:
                message = f"the handover to other validators at height {height} cannot be read: {error}"
                yield Finding(part="header", message=message, height=height)

    def _in_block(self, height: int, block: StoredBlock) -> Iterator[Finding]:
        for message in self._in_header(height, block):
            yield Finding(part="header", message=f"block {height}: {message}", height=height)
        for message in self._in_contents(block):
            yield Finding(part="block", message=f"block {height}: {message}", height=height)
        header = block.header.header
        self._before = _Before(header.hash(), header.time, results_root(block.all_results(), block.exits_after))

    def _in_header(self, height: int, block: StoredBlock) -> Iterator[str]:
        header, before = block.header.header, self._before
        if header.height != height:
            yield f"the header says height {header.height}"
        if header.network != self._network:
            yield f"the header is of network {header.network.hex()}"
        if before is not None:
            if header.previous != before.hash:
                yield "the header is not linked to the one before"
            if header.time < before.time:
                yield f"its time, {header.time}, is before that of the block before, {before.time}"
            if header.results_root != before.results_root:
                yield "the results of the block before do not lead to the results root"
        if self._stand.height == height - 1 and self._stand.root != header.state_root:
            yield f"the state root is not that of the records, which stand at height {self._stand.height}"
        yield from self._in_signatures(height, block)

    def _in_signatures(self, height: int, block: StoredBlock) -> Iterator[str]:
        header, signatures, validators = block.header.header, block.header.signatures, self._validators
        if not self._signs:
            # Under CometBFT its own header is signed in place of ours, and the state says who signs.
            if signatures:
                yield "the header is signed, which it is on no network of several organisations"
            return
        if header.validators != digest_of(validators):
            yield "the header is for other validators than those whose turn it was"
        message = header.hash()
        if len(signatures) != len(validators) or not all(
            verify(ED25519, validator.public, message, signature)
            for validator, signature in zip(validators, signatures, strict=True)
        ):
            yield "the header is not signed by the validators whose turn it was"
        following = self._handovers.get(height, validators)
        if header.next_validators != digest_of(following):
            yield "the header announces validators of whom no handover has been kept"
        self._validators = following

    def _in_contents(self, block: StoredBlock) -> Iterator[str]:
        if transactions_root(block.envelopes) != block.header.header.transactions_root:
            yield "the envelopes do not lead to the transactions root"
        if len(block.results) != len(block.envelopes):
            yield f"it has {len(block.envelopes)} envelopes and {len(block.results)} results"
        for number, (raw, result) in enumerate(zip(block.envelopes, block.results, strict=False)):
            try:
                body, _signatures = _parts_of_envelope(raw)
            except NOT_DECODABLE as error:
                yield f"envelope {number} cannot be read: {error}"
                continue
            if self._envelopes.id_of(bytes(body)) != result.id:
                yield f"result {number} is not that of envelope {number}"
        results = len(block.results) + len(block.exits)
        if not all(step.result < results for step in block.steps):
            yield "a step names a result that the block does not have"


def index_findings(file: LedgerFile) -> Iterator[Finding]:
    """Look at every stored run of every index."""
    for index in INDEXES:
        try:
            for _entries in file.runs(index):
                pass
        except (DamagedError, lmdb.Error) as error:
            yield Finding(part="index", message=str(error))
