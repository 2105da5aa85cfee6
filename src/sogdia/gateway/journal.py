"""The gateway's journal: one SQLite file in which everything that happened outside stands once.

Each step is one transaction, on the disk when it ends, and a process that dies at any point finds itself where its last
transaction ended. What was to be done next is done then: an envelope that stands here is sent as it is, a document is
written again under the same name with the same bytes. One process at a time has the file.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from sogdia.engine.marks import mark
from sogdia.gateway.happenings import Entry, Kind
from sogdia.gateway.records import Act, Credit, Inside, Outside, Payee, Payout, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILE: Final = "journal.sqlite"
SCHEMA: Final = """
create table if not exists marks (name text primary key, value integer not null) strict;
create table if not exists documents (
    rail text not null, digest blob not null, name text not null, refused text not null,
    primary key (rail, digest)
) strict;
create table if not exists entries (
    rail text not null, reference text not null, kind text not null, units integer not null check (units <> 0),
    booked integer not null, about text not null, texts text not null, payer text not null, reason text not null,
    explained integer not null, primary key (rail, reference)
) strict;
create index if not exists entries_about on entries (rail, about);
create table if not exists credits (
    rail text not null, reference text not null, units integer not null check (units > 0),
    taken integer not null check (taken between 0 and units), stage text not null, account blob not null,
    due integer not null, why text not null, owner text not null, deadline integer not null, payer text not null,
    noted text not null, primary key (rail, reference)
) strict;
create table if not exists payouts (
    id text primary key, redemption blob not null, rail text not null, credit text not null, units integer not null,
    destination text not null, called text not null, deadline integer not null, inside text not null,
    outside text not null, why text not null, made integer not null, surplus integer not null,
    settled integer not null
) strict;
create table if not exists acts (
    key text primary key, id blob not null, envelope blob not null, expiry integer not null, done integer not null
) strict;
create table if not exists minted (salt blob primary key, account blob not null, units integer not null) strict;
create table if not exists funding (reference text primary key, account blob not null unique) strict;
create table if not exists payees (
    account blob not null, payout text not null, rail text not null, destination text not null, called text not null,
    primary key (account, payout)
) strict;
create table if not exists own (
    place text not null, reference text not null, units integer not null, why text not null,
    primary key (place, reference, why)
) strict;
create table if not exists closings (rail text primary key, units integer not null, until integer not null) strict;
create table if not exists measures (
    name blob primary key, rail text not null, credit text not null, units integer not null, taken integer not null,
    stage text not null
) strict;
"""


class JournalBusyError(Exception):
    """Another process has the journal, or it cannot be read."""


class Journal:
    """An open journal."""

    def __init__(self, path: Path) -> None:
        """Open the journal, or begin it."""
        self._db = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            self._db.execute("pragma locking_mode = exclusive")
            self._db.execute("pragma synchronous = extra")
            self._db.execute("begin exclusive")
            for each in SCHEMA.split(";\n"):
                self._db.execute(each)
            self._db.execute("commit")
        except sqlite3.OperationalError as error:
            self._db.close()
            if "locked" in str(error):
                raise JournalBusyError(f"another command is using {path}: wait for its end") from error
            raise JournalBusyError(f"{path} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise JournalBusyError(f"{path} is no journal of a gateway: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self._db.close()

    def copy(self) -> Journal:
        """Give a copy in memory, to try things on; nothing of it is kept."""
        made = Journal(Path(":memory:"))
        self._db.backup(made._db)
        return made

    @contextmanager
    def step(self) -> Iterator[None]:
        """Do what is inside wholly or not at all; a step inside another is a part of it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("begin")
        try:
            yield
            mark("gateway-before-commit")
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")
        mark("gateway-after-commit")

    def _rows(self, words: str, *values: object) -> list[Any]:
        return self._db.execute(words, values).fetchall()

    def _one(self, words: str, *values: object) -> Any:  # noqa: ANN401 - a row has what was asked for
        return self._db.execute(words, values).fetchone()

    def _sum(self, words: str, *values: object) -> int:
        # Added up here: SQLite's own sum stops at 64 bits, and an audit must not.
        return sum(int(row[0]) for row in self._db.execute(words, values))

    # ------------------------------------------------------------------------------------------------------- marks

    def place(self, name: str) -> int:
        """Give how far something has come; nothing is 0."""
        found = self._one("select value from marks where name = ?", name)
        return 0 if found is None else int(found[0])

    def move(self, name: str, value: int) -> None:
        """Remember how far something has come."""
        self._db.execute("insert or replace into marks values (?, ?)", (name, value))

    # --------------------------------------------------------------------------------------------------- documents

    def knows_document(self, rail: str, digest: bytes) -> bool:
        """Tell whether a document was taken before. One that was refused may be tried again, under other settings."""
        words = "select 1 from documents where rail = ? and digest = ? and refused = ''"
        return self._one(words, rail, digest) is not None

    def note_document(self, rail: str, digest: bytes, name: str, refused: str = "") -> None:
        """Remember a document."""
        self._db.execute("insert or replace into documents values (?, ?, ?, ?)", (rail, digest, name, refused))

    def refused_documents(self) -> list[tuple[str, str, str]]:
        """Give the documents that were refused: rail, name and why."""
        return self._rows("select rail, name, refused from documents where refused <> '' order by rail, name")

    # ----------------------------------------------------------------------------------------------------- entries

    def entry(self, rail: str, reference: str) -> Entry | None:
        """Give what a rail told under a reference."""
        found = self._one("select * from entries where rail = ? and reference = ?", rail, reference)
        return None if found is None else _entry(found)

    def note_entry(self, rail: str, entry: Entry, *, explained: bool) -> None:
        """Write down what a rail told."""
        texts = msgspec.json.encode(entry.texts).decode()
        self._db.execute(
            "insert into entries values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                rail,
                entry.reference,
                entry.kind,
                entry.units,
                entry.booked,
                entry.about,
                texts,
                entry.payer,
                entry.reason,
                int(explained),
            ),
        )

    def explain(self, rail: str, reference: str) -> None:
        """Say that an entry has had its effect."""
        self._db.execute("update entries set explained = 1 where rail = ? and reference = ?", (rail, reference))

    def unexplained(
        self, rail: str | None = None, kind: Kind | None = None, about: str | None = None
    ) -> list[tuple[str, Entry]]:
        """Give what nothing explains yet, with its rail: all of it, or of a rail, of a kind, about something."""
        words = """
            select * from entries where explained = 0 and (?1 is null or rail = ?1) and (?2 is null or kind = ?2)
            and (?3 is null or about = ?3) order by rail, booked, reference
        """
        return [(row[0], _entry(row)) for row in self._rows(words, rail, kind, about)]

    def unexplained_units(self) -> int:
        """Add up what nothing explains."""
        return self._sum("select units from entries where explained = 0 and kind <> 'swept'")

    def between_rails(self) -> int:
        """Add up what has left a rail for another of ours and not come there; below nothing, as it has left."""
        return self._sum("select units from entries where explained = 0 and kind = 'swept'")

    def at_rail(self, rail: str, until: int | None = None) -> int:
        """Add up what came to a rail and left it, as far as it was booked before a moment."""
        return self._sum("select units from entries where rail = ?1 and (?2 is null or booked < ?2)", rail, until)

    # ----------------------------------------------------------------------------------------------------- credits

    def credit(self, rail: str, reference: str) -> Credit | None:
        """Give a credit."""
        found = self._one("select * from credits where rail = ? and reference = ?", rail, reference)
        return None if found is None else _credit(found)

    def credits(self, *stages: Stage) -> list[Credit]:
        """Give the credits at some stages, the most urgent first."""
        words = "select * from credits where stage = ? order by deadline, rail, reference"
        return [_credit(row) for stage in stages for row in self._rows(words, stage)]

    def put_credit(self, credit: Credit) -> None:
        """Write a credit, or what has become of it."""
        self._db.execute("insert or replace into credits values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", credit)

    # ----------------------------------------------------------------------------------------------------- payouts

    def payout(self, identity: str) -> Payout | None:
        """Give a pay-out."""
        found = self._one("select * from payouts where id = ?", identity)
        return None if found is None else _payout(found)

    def payouts(self, *, settled: bool) -> list[Payout]:
        """Give the pay-outs whose end has, or has not, been written down; the most urgent first."""
        words = "select * from payouts where settled = ? order by deadline, id"
        return [_payout(row) for row in self._rows(words, int(settled))]

    def open_payouts(self, redemption: bytes) -> list[Payout]:
        """Give the pay-outs of a redemption that has not ended on the ledger; one at most."""
        words = "select * from payouts where redemption = ? and inside = 'open'"
        return [_payout(row) for row in self._rows(words, redemption)]

    def sent_back(self, rail: str, credit: str) -> int:
        """Say how often it was tried to send a credit back."""
        return len(self._rows("select 1 from payouts where rail = ? and credit = ?", rail, credit))

    def put_payout(self, payout: Payout) -> None:
        """Write a pay-out, or what has become of it."""
        self._db.execute("insert or replace into payouts values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", payout)

    # -------------------------------------------------------------------------------------------------------- acts

    def acts(self) -> list[Act]:
        """Give the envelopes of which it is not known what became of them."""
        return [
            Act(*row) for row in self._rows("select key, id, envelope, expiry from acts where not done order by key")
        ]

    def note_act(self, act: Act) -> None:
        """Write an envelope down before it is sent; an earlier one for the same that came to nothing makes room."""
        self._db.execute("insert or replace into acts values (?, ?, ?, ?, 0)", act)

    def end_act(self, key: str) -> None:
        """Remember that it is known what became of an envelope."""
        self._db.execute("update acts set done = 1 where key = ?", (key,))

    def knows_act(self, envelope_id: bytes) -> bool:
        """Tell whether an envelope is one of ours."""
        return self._one("select 1 from acts where id = ?", envelope_id) is not None

    def note_minted(self, salt: bytes, account: bytes, units: int) -> None:
        """Remember a mint that stands on the ledger, by the salt of its envelope."""
        self._db.execute("insert or ignore into minted values (?, ?, ?)", (salt, account, units))

    def minted(self, salt: bytes) -> tuple[bytes, int] | None:
        """Give for whom and how much was minted by an envelope with this salt."""
        found: tuple[bytes, int] | None = self._one("select account, units from minted where salt = ?", salt)
        return found

    # --------------------------------------------------------------------------------------------- people and rules

    def give_reference(self, reference: str, account: bytes) -> None:
        """Give an account its funding reference; raises when the reference is another's."""
        self._db.execute("insert or ignore into funding values (?, ?)", (reference, account))
        if self.funded_by(reference) != account:
            raise ValueError("two accounts have the same funding reference: tell one of them by hand")

    def funded_by(self, reference: str) -> bytes | None:
        """Say whose funding reference it is."""
        found = self._one("select account from funding where reference = ?", reference)
        return None if found is None else bytes(found[0])

    def references(self) -> list[tuple[str, bytes]]:
        """Give all references that were given out, with their accounts."""
        return self._rows("select reference, account from funding order by reference")

    def put_payee(self, payee: Payee) -> None:
        """Remember where a holder wants to be paid."""
        self._db.execute("insert or replace into payees values (?, ?, ?, ?, ?)", payee)

    def payee(self, account: bytes, payout: str) -> Payee | None:
        """Say where a holder wants to be paid under a reference."""
        found = self._one("select * from payees where account = ? and payout = ?", account, payout)
        return None if found is None else Payee(*found)

    def bear(self, place: str, reference: str, units: int, why: str) -> None:
        """Add to the issuer's own money, or take from it, with the reason."""
        if units:
            self._db.execute("insert into own values (?, ?, ?, ?)", (place, reference, units, why))

    def own_units(self) -> int:
        """Add up what was added to the issuer's own money and taken from it, deposits included."""
        return self._sum("select units from own") + self._sum("select units - taken from credits where stage = 'own'")

    def own_rows(self) -> list[tuple[str, str, int, str]]:
        """Give what the issuer has borne and got, with the reasons."""
        return self._rows("select place, reference, units, why from own order by place, reference, why")

    def put_closing(self, rail: str, units: int, until: int) -> None:
        """Remember the newest closing balance of a rail."""
        self._db.execute(
            "insert into closings values (?, ?, ?) on conflict (rail) do update set units = excluded.units,"
            " until = excluded.until where excluded.until >= until",
            (rail, units, until),
        )

    def closing(self, rail: str) -> tuple[int, int] | None:
        """Give the newest closing balance of a rail and its moment."""
        found: tuple[int, int] | None = self._one("select units, until from closings where rail = ?", rail)
        return found

    def put_measure(self, name: bytes, rail: str, credit: str, units: int, taken: int, stage: str) -> None:  # noqa: PLR0913 - a row
        """Write down a claw back that the panel is asked for, or what became of it."""
        row = (name, rail, credit, units, taken, stage)
        self._db.execute("insert or replace into measures values (?, ?, ?, ?, ?, ?)", row)

    def measures(self) -> list[tuple[bytes, str, str, int, int, str]]:
        """Give the claw backs: name, rail, credit, units, how much was taken, and the stage."""
        return self._rows("select * from measures order by name")


def _entry(row: Sequence[Any]) -> Entry:
    _rail, reference, kind, units, booked, about, texts, payer, reason, _explained = row
    told = msgspec.json.decode(texts, type=tuple[str, ...])
    return Entry(reference, Kind(kind), units, booked, about, told, payer, reason)


def _credit(row: Sequence[Any]) -> Credit:
    found = Credit(*row)
    return found._replace(stage=Stage(found.stage))


def _payout(row: Sequence[Any]) -> Payout:
    found = Payout(*row)
    return found._replace(inside=Inside(found.inside), outside=Outside(found.outside), settled=bool(found.settled))
