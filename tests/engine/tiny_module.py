"""The smallest module there can be, for tests of the engine: notes that may lapse. And what one needs to send some."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from sogdia.client.keys import KeyPair
from sogdia.kernel import calendar
from sogdia.kernel.accounts import PARTIES, Key, Party, Thresholds
from sogdia.kernel.codec import Event, Record
from sogdia.kernel.envelope import Body, EnvelopeCodec, Signature, Signer
from sogdia.kernel.genesis import GenesisBase, GenesisContext, GenesisValidator, genesis_type
from sogdia.kernel.header import Validator, set_validators
from sogdia.kernel.module import Module
from sogdia.kernel.operation import Context, Exit, Operation, Query
from sogdia.kernel.quota import QUOTAS, Quota
from sogdia.kernel.receipt import NO_HISTORY
from sogdia.kernel.refusal import RefusalCode, ensure, require
from sogdia.kernel.state import Reader, State, Table
from sogdia.kernel.values import NO_ACCOUNT, Hash, NodeKey, Reference, Seconds, account_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

START = 1_750_000_000
LOST = "lost"


class TinyRefusal(RefusalCode):
    """Why a note is refused."""

    NOTE_EXISTS = 900, "There is a note of that name", "Choose another name."
    NOTE_UNKNOWN = 901, "There is no note of that name", "Correct the name."


class Note(Record, kw_only=True):
    """A text under a name, perhaps with a time at which it lapses."""

    text: str
    deadline: Seconds | None
    history: Hash = NO_HISTORY


class NoteWritten(Event, tag=910):
    """A note was written."""

    reference: str


class NoteLapsed(Event, tag=911):
    """A note lapsed."""

    name: bytes


def _show(key: bytes) -> dict[str, Any]:
    return {"name": key}


NOTES: Table[bytes, Note] = Table("tiny/notes", 90, Note, show_key=_show, life=True)


class WriteNote(Operation, tag=901):
    """Write a note under a new name."""

    reference: Reference
    text: Annotated[str, Meta(max_length=20_000)]
    deadline: Seconds | None = None

    def apply(self, ctx: Context) -> None:
        """Write it and enter its deadline."""
        name = name_of(ctx.sender, self.reference)
        require(NOTES.find(ctx.state, name) is None, TinyRefusal.NOTE_EXISTS, name=name)
        NOTES.put(ctx.state, name, Note(text=self.text, deadline=self.deadline))
        if self.deadline is not None:
            calendar.schedule(ctx.state, self.deadline, NOTES.full_key(name))
        ctx.emit(NoteWritten(reference=self.reference))


class ChangeNote(Operation, tag=902):
    """Change the text of a note."""

    reference: Reference
    text: Annotated[str, Meta(max_length=20_000)]

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the note."""
        return ((NOTES, name_of(sender, self.reference)),)

    def apply(self, ctx: Context) -> None:
        """Write the new text."""
        name = name_of(ctx.sender, self.reference)
        note = NOTES.get(ctx.state, name, TinyRefusal.NOTE_UNKNOWN, name=name)
        NOTES.put(ctx.state, name, msgspec.structs.replace(note, text=self.text))
        ctx.emit(NoteWritten(reference=self.reference))


class ChangeNodeKey(Operation, tag=903):
    """Let another key sign the headers."""

    public: NodeKey

    def apply(self, ctx: Context) -> None:
        """Name the new key."""
        set_validators(ctx.state, ctx.height, (Validator(self.public, 1),))


class NoteText(Query, tag="note-text"):
    """Ask for a note's text."""

    name: bytes

    def answer(self, state: Reader) -> str | None:
        """Give the text."""
        found = NOTES.find(state, self.name)
        return None if found is None else found.text


class Stumble(Query, tag="stumble"):
    """A question with a fault in it."""

    def answer(self, state: Reader) -> str | None:  # noqa: ARG002 - it doesn't get so far
        """Stumble."""
        raise KeyError("stumble")


def _lapse(context: Context, name: bytes, note: Note, _writes_max: int) -> None:
    key = NOTES.full_key(name)
    ensure(note.deadline is not None, "only notes with a deadline lapse")
    calendar.unschedule(context.state, note.deadline or 0, key)
    NOTES.drop(context.state, name)
    context.emit(NoteLapsed(name=name))


class TinyParty(msgspec.Struct, frozen=True, kw_only=True):
    """A party that is there from the start."""

    reference: str
    public: str


class TinyGenesis(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes part."""

    parties: tuple[TinyParty, ...] = ()


def _load(context: GenesisContext, section: TinyGenesis) -> None:
    for each in section.parties:
        account = context.account(each.reference)
        key = Key(0, 1, bytes.fromhex(each.public))
        PARTIES.put(
            context.state,
            account,
            Party(
                registrar=NO_ACCOUNT,
                reference=each.reference,
                kind=1,
                country="UZ",
                roles=0,
                sponsor=account,
                suspended=False,
                keys=(key,),
                thresholds=Thresholds(),
                next_key=1,
            ),
        )
        QUOTAS.put(
            context.state,
            account,
            Quota(operations_max=10**9, bytes_max=10**12, reserved_operations_max=10, stored_bytes_max=10**12),
        )


def no_note_is_overlong(state: Reader) -> None:
    """Look at every note."""
    for _name, note in NOTES.items(state):
        ensure(len(note.text) <= 20_000, "a note is too long")


def no_note_is_lost(state: State) -> None:
    """Look at the notes that a block changes; one of this text stands for a rule that is wrong."""
    texts = [note.text for table, note in state.changes.values() if table is NOTES and isinstance(note, Note)]
    ensure(LOST not in texts, "a block loses a note")


TINY = Module(
    name="tiny",
    number=900,
    operations=(WriteNote, ChangeNote, ChangeNodeKey),
    tables=(NOTES,),
    events=(NoteWritten, NoteLapsed),
    refusals=TinyRefusal,
    queries=(NoteText, Stumble),
    invariants=(no_note_is_overlong,),
    keeps=(no_note_is_lost,),
    exits=(Exit(NOTES, deadline_of=lambda note: note.deadline, apply=_lapse),),
    genesis=TinyGenesis,
    load_genesis=_load,
)
MODULES = (TINY,)

NODE_KEY = KeyPair(sha256(b"node").digest())
AZIZ = KeyPair(sha256(b"aziz").digest())
WANJIKU = KeyPair(sha256(b"wanjiku").digest())


def tiny_genesis(*, clock: str = "manual", **more: Any) -> GenesisBase:  # noqa: ANN401 - any part of a genesis
    """Make a genesis with two parties."""
    parties = (
        TinyParty(reference="aziz", public=AZIZ.public.hex()),
        TinyParty(reference="wanjiku", public=WANJIKU.public.hex()),
    )
    shape: Any = genesis_type(MODULES)
    validators = (GenesisValidator(NODE_KEY.public.hex()),)
    made: GenesisBase = shape(
        **{
            "name": "tiny",
            "time": START,
            "clock": clock,
            "validators": validators,
            "tiny": TinyGenesis(parties=parties),
            **more,
        }
    )
    return made


class Wallet:
    """Makes signed envelopes for one of the parties."""

    def __init__(self, network: bytes, reference: str = "aziz", keys: KeyPair = AZIZ) -> None:
        """Prepare for a network."""
        self.codec = EnvelopeCodec(network, TINY.operations)
        self.network = network
        self.account = account_of(network, NO_ACCOUNT, reference)
        self.keys = keys
        self.salt = 0

    def sign(self, *operations: Operation, expiry: int = START + 3_600) -> bytes:
        """Sign operations."""
        self.salt += 1
        body, identity = self.codec.build(
            Body(
                network=self.network[:8],
                expiry=expiry,
                not_before=None,
                after=(),
                salt=self.salt.to_bytes(8, "big"),
                signers=(Signer(self.account, 0),),
                operations=operations,
            )
        )
        return self.codec.seal(body, (Signature(1, self.keys.sign(identity)),))

    def note(
        self, number: int, text: str = "saffron", *, deadline: int | None = None, expiry: int = START + 3_600
    ) -> bytes:
        """Sign the writing of a note."""
        return self.sign(WriteNote(reference=f"n{number}", text=text, deadline=deadline), expiry=expiry)

    def name(self, number: int) -> bytes:
        """Give the name of a note."""
        return name_of(self.account, f"n{number}")
