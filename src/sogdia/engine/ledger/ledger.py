"""A ledger in a data folder: executes blocks over the state, seals their headers and makes them durable.

Executing and committing are apart, so that one block can be written while the next is executed. Whoever gives out a
receipt, a proof or an answer waits until the height that it comes from is durable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.engine.ledger.committed import CommittedState, UsedIds
from sogdia.engine.ledger.sealing import (
    Built,
    DifferenceError,
    KeyMissingError,
    SealedBlock,
    Tip,
    check_header,
    check_results,
    next_header,
    results_root,
    sealed_from,
    stored_form,
    tip_after,
    transactions_root,
)
from sogdia.engine.ledger.writing import Writer
from sogdia.engine.marks import mark
from sogdia.engine.storage.beginning import genesis_beginning
from sogdia.engine.storage.in_place import put_in_place
from sogdia.engine.storage.ledger_file import DamagedError, FolderNotUsableError, LedgerFile
from sogdia.engine.storage.place_index import IDS, NUMBERS_MAX, STEPS
from sogdia.engine.storage.writes import Flush, Flushed
from sogdia.kernel import calendar, spent
from sogdia.kernel.admission import direct
from sogdia.kernel.blinding import NO_SECRET, is_secret_of
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.header import SignedHeader, validators_at
from sogdia.kernel.machine import Block, Machine
from sogdia.kernel.merkle import EMPTY_ROOT
from sogdia.kernel.parameters import PARAMETERS
from sogdia.kernel.refusal import Refused, ensure
from sogdia.kernel.signature import self_test
from sogdia.kernel.state import State
from sogdia.kernel.stored_block import StoredBlock, decode_block, encode_block
from sogdia.kernel.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sogdia.engine.ledger.sealing import NodeKey
    from sogdia.engine.storage.beginning import Beginning
    from sogdia.kernel.admission import Verifier
    from sogdia.kernel.envelope import Envelope
    from sogdia.kernel.genesis import GenesisBase
    from sogdia.kernel.header import Validator
    from sogdia.kernel.machine import Result
    from sogdia.kernel.module import Module
    from sogdia.kernel.parameters import Limits


BLINDING_DIFFERS = (
    "the blinding secret is not the one to which the genesis is committed: without the right one no block can be"
    " executed again. It comes with every export and backup of the network."
)


def trusted(scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:  # noqa: ARG001 - a `Verifier`
    """Take every signature as valid: for blocks of our own, whose signed headers cover their envelopes."""
    return True


class Ledger:
    """An open ledger. Not for several threads."""

    def __init__(self, file: LedgerFile, modules: tuple[Module, ...], genesis: GenesisBase, secret: bytes) -> None:
        """Set up an empty state over an open file; `create` and `open` are the ways in."""
        self.folder = file.folder
        self.genesis: Any = genesis
        self.machine = Machine(network_of(genesis), modules)
        self.keys: dict[bytes, NodeKey] = {}
        self.valid: Verifier = direct
        self.writer: Writer
        self._take_file(file, secret)

    def _take_file(self, file: LedgerFile, secret: bytes) -> None:
        """Begin with a file and nothing in memory yet."""
        self.file = file
        self._secret = secret
        self._tree = Tree(file.bucket, secret)
        self._base = CommittedState(self._tree)
        self._ids = UsedIds(())
        self._tip = Tip(0, self.genesis.time, self.machine.network, EMPTY_ROOT, None)
        self._unsettled: tuple[Block, SealedBlock] | None = None

    @classmethod
    def create(
        cls,
        folder: Path,
        modules: tuple[Module, ...],
        genesis: GenesisBase,
        keys: Iterable[NodeKey] = (),
        *,
        secret: bytes = NO_SECRET,
    ) -> Ledger:
        """Make a new ledger in `folder`, which must not hold one; `secret` is the one that its genesis commits to."""
        self_test()
        if genesis.engine == "solo" and len(genesis.validators) != 1:
            raise FolderNotUsableError("the embedded engine has one validator; this genesis names several")
        if not is_secret_of(secret, genesis.blinding):
            raise FolderNotUsableError(BLINDING_DIFFERS)
        file = LedgerFile(folder)
        try:
            _require_new(file)
            ledger = cls(file, modules, genesis, secret)
            state = State(ledger.base)
            ledger.machine.begin(state, genesis)
            tree = ledger.tree
            tree.update(state.encoded_changes())
            ledger._base.apply(state)
            flush = Flush(tree.changed, tree.changed_bytes, Flushed(0, tree.root, tree.count))
            file.begin(msgspec.json.encode(genesis), secret, ledger.machine.network, flush)
            tree.flushed()
            ledger.writer = Writer(file, tree, 0)
            ledger.hold_keys(keys)
        except BaseException:
            file.close()
            raise
        return ledger

    @classmethod
    def open(cls, folder: Path, modules: tuple[Module, ...], keys: Iterable[NodeKey] = ()) -> Ledger:
        """Open the ledger in `folder`: check what is stored, and execute again what came after the stored buckets."""
        self_test()
        if not folder.is_dir():
            raise FolderNotUsableError(f"there is no folder {folder}")
        file = LedgerFile(folder)
        try:
            file.check_format()
            ledger = cls(file, modules, stored_genesis(file, modules), file.secret())
            ledger._recover()
            ledger.hold_keys(keys)
        except BaseException:
            file.close()
            raise
        return ledger

    def become(self, place: Path) -> None:
        """Go on as the ledger of the same network that was built in `place`, in place of this one, which is dropped."""
        self.writer.close()
        secret = self.file.secret()
        self.file.close()
        put_in_place(place, self.folder)
        file = LedgerFile(self.folder)
        self._take_file(file, secret)
        file.check_format()
        ensure(
            file.network() == self.machine.network and file.secret() == secret, "the new ledger is another network's"
        )
        self._recover()

    def hold_keys(self, keys: Iterable[NodeKey]) -> None:
        """Hold node keys: each header is signed with the one that the state names for its height."""
        for key in keys:
            self.keys[key.public] = key

    # -------------------------------------------------------------------------------------------------- executing

    def build_block(self, time: int, envelopes: Iterable[Envelope] = (), *, empty: bool = False) -> Built:
        """Execute a block and make it durable."""
        built = self.execute(time, envelopes, empty=empty)
        self.commit()
        return built

    def execute(self, time: int, envelopes: Iterable[Envelope] = (), *, empty: bool = False) -> Built:
        """Execute what is admissible and due as one block and seal it; it is not durable yet.

        Envelopes that are not admissible are in no block. When nothing remains there is a block only if `empty` asks
        for one.
        """
        ensure(time >= self.tip.time, "a block cannot be earlier than the one before it")
        mark("before-execute")
        key = self.signing_key()
        block = self.begin_block(time)
        included: list[bytes] = []
        outcomes: list[Result | Refused] = []
        for envelope in envelopes:
            try:
                block.include(envelope)
            except Refused as refused:
                outcomes.append(refused)
            else:
                included.append(envelope.raw)
                outcomes.append(block.results[-1])
        if not included and not empty and not self.is_due(time):
            return Built(None, outcomes)
        block.close()
        sealed = self.seal(block, included, key)
        mark("after-execute")
        return Built(sealed, outcomes)

    def seal(self, block: Block, envelopes: list[bytes], key: NodeKey | None) -> SealedBlock:
        """Take a closed block over the present state as the next one; without a `key` others sign for it elsewhere."""
        root = transactions_root(envelopes)
        header = next_header(self.machine.network, self.tip, State(self.base), self.tree.root, block.time, root)
        header_hash = header.hash()
        signatures = () if key is None else (key.sign(header_hash),)
        signed = SignedHeader(header=header, signatures=signatures)
        sealed = sealed_from(signed, header_hash, block, stored_form(signed, envelopes, block), State(self.base))
        self._take(block, sealed)
        self.writer.add(sealed)
        return sealed

    def follow(self, stored: StoredBlock, valid: Verifier) -> SealedBlock:
        """Execute a block that is there already and compare; raises `DifferenceError` when it comes out otherwise."""
        header = stored.header.header
        before = State(self.base)
        root = transactions_root(stored.envelopes)
        expected = next_header(self.machine.network, self.tip, before, self.tree.root, header.time, root)
        check_header(stored, expected, self.tip, self.signers(header.height))
        block = Block(
            self.machine,
            self.base,
            self.ids,
            height=header.height,
            time=header.time,
            valid=valid,
            misbehaviour=stored.misbehaviour,
            secret=self._secret,
        )
        for number, raw in enumerate(stored.envelopes):
            try:
                block.include(self.machine.envelopes.open(raw, block.limits))
            except Refused as refused:
                raise DifferenceError(header.height, f"an envelope is not admissible: {refused}", number) from refused
        block.close()
        check_results(stored, block)
        raw_block = stored_form(stored.header, stored.envelopes, block)
        if raw_block != encode_block(stored):
            raise DifferenceError(header.height, "the steps in the lives of objects are not those that are stored")
        sealed = sealed_from(stored.header, header.hash(), block, raw_block, before)
        self._take(block, sealed)
        return sealed

    def begin_block(self, time: int, misbehaviour: Sequence[bytes] = ()) -> Block:
        """Begin a block over the present state: to be sealed, or to be thrown away after a dry run."""
        return Block(
            self.machine,
            self.base,
            self.ids,
            height=self.tip.height + 1,
            time=time,
            valid=self.valid,
            misbehaviour=misbehaviour,
            secret=self._secret,
        )

    def _take(self, block: Block, sealed: SealedBlock) -> None:
        """Take a block as the newest; the memory moves on to the state after it when it settles."""
        ensure(
            len(block.results) + len(block.exits) < NUMBERS_MAX, "a block has more results than the index can number"
        )
        self._unsettled = block, sealed

    def settle(self) -> bool:
        """Let the memory move on to the state after the newest block; tell whether it had not yet.

        The root of that state stands in the next header only, so receipts need not wait for it. Whatever reads the
        state or the tip comes through a property below, and finds it settled.
        """
        if self._unsettled is None:
            return False
        block, sealed = self._unsettled
        self._unsettled = None
        self._tree.update(block.state.encoded_changes())
        self._base.apply(block.state)
        self._ids.apply(block.ids.own(), block.forgotten)
        self._tip = tip_after(sealed)
        self.writer.settled(sealed.height)
        return True

    @property
    def tree(self) -> Tree:
        """The authenticated state after the newest block."""
        self.settle()
        return self._tree

    @property
    def base(self) -> CommittedState:
        """The records after the newest block."""
        self.settle()
        return self._base

    @property
    def ids(self) -> UsedIds:
        """The ids that have been used up to the newest block."""
        self.settle()
        return self._ids

    @property
    def tip(self) -> Tip:
        """The newest block."""
        self.settle()
        return self._tip

    @property
    def beginning(self) -> Beginning:
        """Where the blocks that are here begin: after the genesis, or after a later height."""
        return self.file.beginning() or genesis_beginning(self.genesis, self.machine.network)

    def signers(self, height: int) -> tuple[Validator, ...]:
        """Give who signs the stored header of a height: under CometBFT its own header is signed in place of ours."""
        return validators_at(State(self.base), height) if self.genesis.engine == "solo" else ()

    def signing_key(self) -> NodeKey:
        """Give the key that the state names for the next header, or say that it is missing."""
        (validator,) = validators_at(State(self.base), self.tip.height + 1)
        key = self.keys.get(validator.public)
        if key is None:
            raise KeyMissingError(
                f"the header of height {self.tip.height + 1} has to be signed with the key {validator.public.hex()},"
                f" which is not in {self.folder / 'keys'}. Put its file there and start the node again."
            )
        return key

    # -------------------------------------------------------------------------------------------------- durability

    def commit(self, *, flush: bool = False) -> None:
        """Make all executed blocks durable; raises `StorageFullError` when there is no room, and may be tried again."""
        if flush:
            self.settle()
        self.writer.commit(flush=flush)

    def close(self) -> None:
        """Write what is left and close the file."""
        self.writer.close()
        self.commit(flush=True)
        self.file.close()

    def abandon(self) -> None:
        """Close the file without writing anything."""
        self.writer.close()
        self.file.close()

    # ----------------------------------------------------------------------------------------------------- looking

    def state(self) -> State:
        """Give the state after the last executed block, for reading."""
        return State(self.base)

    def limits(self) -> Limits:
        """Give the limits in force."""
        return PARAMETERS.must(self.state(), None).limits

    def earliest_due(self) -> tuple[int, bytes] | None:
        """Give the earliest deadline and its object; it is handled by a block whose time is later than the deadline."""
        return calendar.earliest(self.state())

    def next_due(self) -> int | None:
        """Give the time at which the next block is needed for a deadline, or nothing when nothing is scheduled."""
        due = self.earliest_due()
        return None if due is None else due[0] + 1

    def is_due(self, time: int) -> bool:
        """Tell whether a block at `time` has a deadline to handle."""
        due = self.earliest_due()
        return due is not None and due[0] < time

    def needs_empty_block(self) -> bool:
        """Tell whether the present state or the last results stand in no header yet, so that nothing proves them."""
        header = self.tip.header
        return header is None or header.header.state_root != self.tree.root or self.tip.results_root != EMPTY_ROOT

    # ---------------------------------------------------------------------------------------------------- recovery

    def _recover(self) -> None:
        """Bring the memory to the last stored block."""
        stand = self.file.flushed()
        if self.tree.rebuild(self.file.all_buckets()) != stand.root or self.tree.count != stand.count:
            raise DamagedError(f"the records in {self.folder} do not match the state root of height {stand.height}")
        self._ids = UsedIds(spent.remembered(self.state()))
        last = self.file.height()
        if self.file.indexed_height(IDS) != self.file.indexed_height(STEPS):
            # They are always stored together: one that ends earlier would say of late steps that they never were.
            raise DamagedError(f"the indexes of ids and of steps in {self.folder} do not end at the same height")
        if stand.height:
            self._tip = self._tip_at(stand.height)
        self.writer = Writer(self.file, self.tree, stand.height)
        for height in range(self.file.indexed_height(IDS) + 1, stand.height + 1):
            block = self._read(height)
            self.writer.enter(height, block.all_results(), [step.object for step in block.steps])
        for height in range(stand.height + 1, last + 1):
            try:
                sealed = self.follow(self._read(height), trusted)
            except DifferenceError as error:
                raise DamagedError(
                    f"a stored block in {self.folder} does not come out as it was written: {error}"
                ) from error
            self.writer.already_durable(sealed)
        self.tree.trim(0)

    def _tip_at(self, height: int) -> Tip:
        """Give the tip that a stored height was."""
        beginning = self.beginning
        if height < beginning.height:
            raise DamagedError(
                f"the records in {self.folder} stand at height {height}, before its blocks begin ({beginning.height})"
            )
        if height == beginning.height:
            return Tip(height, beginning.time, beginning.hash, beginning.results_root, beginning.header)
        block = self._read(height)
        header = block.header.header
        return Tip(
            header.height,
            header.time,
            header.hash(),
            results_root(block.all_results(), block.exits_after),
            block.header,
        )

    def _read(self, height: int) -> StoredBlock:
        try:
            return decode_block(self.file.block(height))
        except msgspec.MsgspecError as error:
            raise DamagedError(f"block {height} in {self.folder} cannot be read: {error}") from error


def stored_genesis(file: LedgerFile, modules: tuple[Module, ...]) -> GenesisBase:
    """Read the genesis of a ledger: the one from which it was made, and the one to which its secret belongs."""
    try:
        genesis: GenesisBase = msgspec.json.decode(file.genesis(), type=genesis_type(modules))
    except msgspec.MsgspecError as error:
        raise DamagedError(f"the genesis in {file.folder} cannot be read: {error}") from error
    if network_of(genesis) != file.network():
        raise DamagedError(f"the genesis in {file.folder} is not the one that the ledger was made from")
    if not is_secret_of(file.secret(), genesis.blinding):
        raise DamagedError(f"in {file.folder}: {BLINDING_DIFFERS}")
    return genesis


def _require_new(file: LedgerFile) -> None:
    if not file.is_new():
        raise FolderNotUsableError(f"{file.folder} holds a ledger already. Choose another folder.")
