"""The state machine: envelopes and a time in, receipts and changed records out. Pure: no clock, no files, no threads.

An engine gives a block's time and envelopes, takes the changes and stores them. The same `Block` serves the door, the
dry run and the block itself, over a state that is kept or thrown away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import structs

from sogdia.kernel import calendar, heights, mandates, protocol, spent
from sogdia.kernel.admission import SpentIds, Verifier, admit, direct
from sogdia.kernel.blinding import NO_SECRET, receipt_blind
from sogdia.kernel.envelope import Envelope, EnvelopeCodec
from sogdia.kernel.genesis import load
from sogdia.kernel.header import validator_updates
from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.kernel.module import Module, check_declarations, tag_of
from sogdia.kernel.operation import Context, Exit, Turn
from sogdia.kernel.parameters import PARAMETERS
from sogdia.kernel.receipt import (
    NO_HISTORY,
    Receipt,
    accusation_id,
    encode_receipt,
    exit_id,
    fold,
    receipt_hash,
    turn_id,
)
from sogdia.kernel.refusal import Broken, Refused, ensure
from sogdia.kernel.state import Reader, State, Table
from sogdia.kernel.values import NO_ACCOUNT, owner_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sogdia.kernel.genesis import GenesisBase
    from sogdia.kernel.state import Base

APPLIED_CODE = 0
SWEEP_WRITES_MAX = 500


class Result(NamedTuple):
    """How one envelope or exit ended."""

    id: bytes
    receipt: bytes


class Step(NamedTuple):
    """One step in the life of an object: which record, what went into its history, and whether a life begins with it.

    A name can be used for a second object once the first has ended, as a hold's can; its life begins anew.
    """

    object: bytes
    id: bytes
    operation: int
    receipt_hash: bytes
    first: bool


class Machine:
    """The rules of one network: its modules and its genesis hash."""

    def __init__(self, network: bytes, modules: tuple[Module, ...]) -> None:
        """Check the modules' declarations and prepare the codecs."""
        check_declarations(modules)
        self.network = network
        self.modules = modules
        self.envelopes = EnvelopeCodec(network, tuple(each for module in modules for each in module.operations))
        tables = (*KERNEL_TABLES, *(table for module in modules for table in module.tables))
        ensure(len({table.number for table in tables}) == len(tables), "a module declares a table of the kernel's")
        self.tables: dict[int, Table[Any, Any]] = {table.number: table for table in tables}
        self.exits: dict[int, Exit] = {each.table.number: each for module in modules for each in module.exits}
        self.turns: dict[int, Turn] = {each.table.number: each for module in modules for each in module.turns}
        self.accuse = next((module.accuse for module in modules if module.accuse is not None), None)
        self.version = max(
            protocol.VERSION, *(operation.since for module in modules for operation in module.operations)
        )
        self.heirs: dict[int, Table[Any, Any]] = {
            table.life_prefix[0]: table for table in tables if table.life_prefix != table.prefix
        }

    def begin(self, state: State, genesis: GenesisBase) -> None:
        """Write the genesis into an empty state."""
        known = genesis.protocol <= self.version
        ensure(known, f"genesis begins with protocol version {genesis.protocol}; this software knows {self.version}")
        load(state, genesis, self.modules)
        self.check_invariants(state)

    def check_invariants(self, state: Reader) -> None:
        """Run every module's invariants over the whole state; a breach raises `Broken`."""
        for module in self.modules:
            for invariant in module.invariants:
                invariant(state)


class BlockIds:
    """The used ids as a block sees them: those before it and its own."""

    __slots__ = ("_before", "_own")

    def __init__(self, before: SpentIds) -> None:
        """Start from the ids used before the block."""
        self._before = before
        self._own: dict[bytes, int] = {}

    def outcome(self, envelope_id: bytes) -> int | None:
        """Give how the envelope ended, or nothing when it has not been used."""
        own = self._own.get(envelope_id)
        return self._before.outcome(envelope_id) if own is None else own

    def live(self) -> int:
        """Give how many ids are remembered."""
        return self._before.live() + len(self._own)

    def add(self, envelope_id: bytes, outcome: int) -> None:
        """Remember an id of the block's own."""
        self._own[envelope_id] = outcome

    def own(self) -> dict[bytes, int]:
        """Give the block's own ids."""
        return self._own


class Block:
    """A block being built or replayed: envelopes are included one by one, then it handles deadlines and is closed."""

    def __init__(  # noqa: PLR0913 - everything that decides is named
        self,
        machine: Machine,
        base: Base,
        ids: SpentIds,
        *,
        height: int,
        time: int,
        valid: Verifier = direct,
        misbehaviour: Sequence[bytes] = (),
        secret: bytes = NO_SECRET,
    ) -> None:
        """Start an empty block at `height` and `time` over committed state; raises `UpgradeNeededError`.

        The network's `secret` blinds the receipts. A block that is thrown away needs none.

        `misbehaviour` holds the addresses of keys that have provably signed two blocks of one height. What comes of
        it comes before the first envelope.
        """
        self.state = State(base, time)
        self.version = protocol.version_for(self.state, height, machine.version)
        self.ids = BlockIds(ids)
        self.height = height
        self.time = time
        self.results: list[Result] = []
        self.exits: list[Result] = []
        self.exits_after: list[int] = []
        self.steps: list[Step] = []
        self.forgotten: list[bytes] = []
        self._machine = machine
        self._valid = valid
        self._secret = secret
        self._spent: list[tuple[int, bytes, int]] = []
        self.limits = PARAMETERS.must(self.state, None).limits
        self.misbehaviour = tuple(misbehaviour)
        for address in dict.fromkeys(misbehaviour):
            self._accuse(address)

    def include(self, envelope: Envelope) -> Receipt:
        """Apply an envelope and give its receipt; one that is not admissible raises `Refused` and leaves no trace."""
        state = self.state
        start = state.savepoint()
        try:
            admit(
                state,
                envelope,
                time=self.time,
                version=self.version,
                limits=self.limits,
                spent=self.ids,
                valid=self._valid,
            )
        except Refused:
            state.undo(start)
            raise
        for operation in envelope.body.operations:
            mandate = operation.mandate
            sender = envelope.body.signers[operation.signer].account if mandate is None else owner_of(mandate)
            for table, key in operation.touches(sender):
                self._exit_if_overdue(table, table.full_key(key))
        receipt, lives = self._apply(envelope)
        raw = encode_receipt(receipt)
        self._fold(lives, envelope.id, raw)
        outcome = spent.APPLIED if receipt.code == APPLIED_CODE else spent.REFUSED
        self.ids.add(envelope.id, outcome)
        self._spent.append((envelope.body.expiry, envelope.id, outcome))
        self.results.append(Result(envelope.id, raw))
        return receipt

    def close(self) -> None:
        """Handle what is due, let the next height come, forget expired ids and write down the block's own.

        Bounded work. Raises `Broken` when the block's changes do not keep what every block keeps.
        """
        state = self.state
        start = state.writes
        while (left := self.limits.exit_writes_max - (state.writes - start)) > 0:
            due = calendar.earliest(state)
            if due is None or due[0] >= self.time:
                break
            self._come_up(due[1], due[0], left)
        self._let_height_come(self.height + 1)
        self.forgotten = spent.sweep(state, self.time, SWEEP_WRITES_MAX)
        spent.remember(state, self._spent)
        for module in self._machine.modules:
            for kept in module.keeps:
                kept(state)

    def all_results(self) -> list[Result]:
        """Give the block's results: envelopes in order, then exits in order."""
        return self.results + self.exits

    def validator_updates(self) -> list[tuple[bytes, int]]:
        """Give the keys whose power the block changes from two heights later on; 0 for those that sign no more."""
        return validator_updates(self.state, self.height)

    def _apply(self, envelope: Envelope) -> tuple[Receipt, list[tuple[int, dict[bytes, Table[Any, Any]]]]]:
        """Run the operations: all of them, or none."""
        state = self.state
        start = state.savepoint()
        signers = tuple([signer.account for signer in envelope.body.signers])
        context = Context(
            state=state,
            network=self._machine.network,
            height=self.height,
            time=self.time,
            limits=self.limits,
            sender=signers[0],
            signers=signers,
        )
        blind = receipt_blind(self._secret, envelope.id)
        lives = []
        index = 0
        try:
            for index, operation in enumerate(envelope.body.operations):
                context.sender = signers[operation.signer]
                if operation.mandate is not None:
                    context.sender = mandates.use(context, operation, tag_of(type(operation)), operation.mandate)
                operation.apply(context)
                if state.lives:
                    lives.append((index, state.lives))
                    state.lives = {}
        except Refused as refused:
            state.undo(start)
            return Receipt(int(refused.code), index, refused.facts, (), blind), []
        return Receipt(APPLIED_CODE, 0, (), tuple(context.events), blind), lives

    def _fold(self, lives: Iterable[tuple[int, dict[bytes, Table[Any, Any]]]], envelope_id: bytes, raw: bytes) -> None:
        """Fold the receipt into the history of every object with a life that the operations wrote, in their order."""
        state = self.state
        hashed = receipt_hash(raw)
        for operation, touched in lives:
            for key, (table, record) in self._now(touched).items():
                history = fold(record.history, envelope_id, operation, hashed, self.height, self.time)
                state.write(table, key, structs.replace(record, history=history))
                first = record.history == NO_HISTORY
                self.steps.append(Step(table.life_key(key), envelope_id, operation, hashed, first))
        state.lives = {}

    def _now(self, touched: dict[bytes, Table[Any, Any]]) -> dict[bytes, tuple[Table[Any, Any], Any]]:
        """Give where touched lives go on: a later operation may have moved one to the table that continues its own."""
        find, heirs = self.state.find, self._machine.heirs
        living: dict[bytes, tuple[Table[Any, Any], Any]] = {}
        for key, table in touched.items():
            at, holder, record = key, table, find(table, key)
            if record is None and table.number in heirs:
                holder = heirs[table.number]
                at = holder.prefix + key[1:]
                record = find(holder, at)
            if record is not None:
                living[at] = holder, record
        return living

    def _exit_if_overdue(self, table: Table[Any, Any], full_key: bytes) -> None:
        """Let an object leave a state whose deadline has passed; this stays whatever becomes of the operation."""
        way_out = self._machine.exits.get(table.number)
        record = self.state.find(table, full_key)
        if way_out is None or record is None:
            return
        deadline = way_out.deadline_of(record)
        if deadline is not None and deadline < self.time:
            self._exit(full_key, deadline, self.limits.exit_writes_max)

    def _come_up(self, due_object: bytes, place: int, writes_max: int) -> None:
        """Let the first object of the calendar leave its state, or move it up when its deadline is a later one."""
        state = self.state
        table, way_out = self._machine.tables[due_object[0]], self._machine.exits[due_object[0]]
        record = state.find(table, due_object)
        ensure(record is not None, "the calendar names an object that does not exist")
        deadline = way_out.deadline_of(record)
        if deadline is None or deadline <= place or way_out.moved is None:
            self._exit(due_object, place, writes_max)
            return
        calendar.move(state, place, deadline, due_object)
        # Nothing has happened to the object, so its history has no step for this.
        state.write(table, due_object, way_out.moved(record, deadline))
        state.lives = {}

    def _exit(self, due_object: bytes, deadline: int, writes_max: int) -> None:
        """Apply one object's exit; it has a receipt and a place in the history like an envelope."""
        record = self._record_of(due_object)
        apply = self._machine.exits[due_object[0]].apply
        self._by_rule(exit_id(due_object, deadline), lambda context: apply(context, due_object[1:], record, writes_max))

    def _let_height_come(self, height: int) -> None:
        """Do what is scheduled for the next height, in order: then the state that its block begins with holds it."""
        while coming := heights.scheduled_at(self.state, height):
            heights.unschedule_at(self.state, height, coming[0])
            self._turn(coming[0], height)

    def _turn(self, due_object: bytes, height: int) -> None:
        record = self._record_of(due_object)
        apply = self._machine.turns[due_object[0]].apply
        self._by_rule(turn_id(due_object, height), lambda context: apply(context, due_object[1:], record))

    def _accuse(self, address: bytes) -> None:
        """Let a module say what becomes of whoever holds a key that has signed two blocks of one height."""
        accuse = self._machine.accuse
        if accuse is not None:
            self._by_rule(accusation_id(address, self.height), lambda context: accuse(context, address))

    def _record_of(self, due_object: bytes) -> Any:  # noqa: ANN401 - typed by its table
        record = self.state.find(self._machine.tables[due_object[0]], due_object)
        ensure(record is not None, "something is scheduled for an object that does not exist")
        return record

    def _by_rule(self, identity: bytes, work: Callable[[Context], None]) -> None:
        """Do what no envelope asks for; it has a receipt and a place in the history like an envelope."""
        state = self.state
        context = Context(
            state=state,
            network=self._machine.network,
            height=self.height,
            time=self.time,
            limits=self.limits,
            sender=NO_ACCOUNT,
        )
        state.savepoint()
        try:
            work(context)
        except Refused as refused:
            message = f"what a rule does by itself was refused: {refused}"
            raise Broken(message) from refused
        touched, state.lives = state.lives, {}
        blind = receipt_blind(self._secret, identity)
        raw = encode_receipt(Receipt(APPLIED_CODE, 0, (), tuple(context.events), blind))
        self._fold([(0, touched)], identity, raw)
        self.exits.append(Result(identity, raw))
        self.exits_after.append(len(self.results))


def receipt_decoder(modules: tuple[Module, ...]) -> msgspec.msgpack.Decoder[Any]:
    """Make a decoder for the receipts that a set of modules gives."""
    events = tuple(event for module in modules for event in module.events)
    union: Any = events[0]
    for event in events[1:]:
        union = union | event
    shape = msgspec.defstruct(
        "Receipt", [("events", tuple[union, ...])], bases=(Receipt,), frozen=True, array_like=True
    )
    return msgspec.msgpack.Decoder(shape, strict=True)


__all__ = ["NO_HISTORY", "Block", "BlockIds", "Machine", "Result", "Step", "receipt_decoder"]
