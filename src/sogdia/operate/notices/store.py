"""What notices remember, in one SQLite file: subscriptions, open objects, the place reached, and the outbox.

Addresses are personal data. They are encrypted with a key that lies in a file of its own, so that a copy of the
database alone tells nobody's address; they are on no ledger; and `forget` overwrites them. A delivery that is under
way keeps the number of its subscription only, so that nothing of it stays when the subscription goes.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sogdia.operate.notices.watched import Stand

FILE = "notices.db"
KEY_FILE = "notices.key"
VERSION = 1
BUSY_SECONDS = 30
SUBSCRIPTIONS_PER_ACCOUNT_MAX = 10
CONFIRM_SECONDS = 3 * 86_400
CONFIRM_ATTEMPTS_MAX = 10
CONFIRM_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
CONFIRM_CHARACTERS = 8

_SCHEMA = """
CREATE TABLE place (one INTEGER PRIMARY KEY CHECK (one = 1), network BLOB NOT NULL, height INTEGER NOT NULL) STRICT;
CREATE TABLE subscriptions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, account BLOB NOT NULL, channel TEXT NOT NULL, address BLOB NOT NULL,
    language TEXT NOT NULL, since INTEGER NOT NULL, confirm TEXT, attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX subscriptions_by_account ON subscriptions (account);
CREATE TABLE objects (object BLOB PRIMARY KEY, deadline INTEGER NOT NULL, parties BLOB NOT NULL, warned BLOB NOT NULL,
    warned_for INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX objects_to_warn_of ON objects (deadline) WHERE warned_for IS NOT deadline;
CREATE TABLE told (
    subscription INTEGER NOT NULL REFERENCES subscriptions ON DELETE CASCADE, object BLOB NOT NULL, what TEXT NOT NULL,
    mark INTEGER NOT NULL, PRIMARY KEY (object, what, mark, subscription)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    id TEXT PRIMARY KEY, subscription INTEGER NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
    text TEXT NOT NULL, object BLOB NOT NULL, due INTEGER, attempts INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_next ON outbox (next);
"""


class Subscription(NamedTuple):
    """Somebody's wish to be told: which account's matters, by which channel, where, in which language."""

    number: int
    account: bytes
    channel: str
    address: str
    language: str
    confirm: str | None


class Waiting(NamedTuple):
    """A notice in the outbox: to which subscription, which text, of which object, until when it is of use."""

    id: str
    subscription: int
    text: str
    object: bytes
    due: int | None
    attempts: int


class StoreWrongError(Exception):
    """The file of notices cannot be used; the message says why."""


class TooManyError(Exception):
    """An account has as many subscriptions as it may have."""


class Store:
    """The file."""

    def __init__(self, folder: Path) -> None:
        """Open the file in `folder`, or make it and its key."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._box = SecretBox(_key(folder / KEY_FILE))
        path = folder / FILE
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        # A deleted address is overwritten with zeros, and no log of pages outlives a transaction.
        self._db.executescript(
            "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
            " PRAGMA foreign_keys = ON;"
        )
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self.changing():
                if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'place'").fetchone():
                    for statement in _SCHEMA.split(";"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            self._db.close()
            raise StoreWrongError(f"{path} is of version {version}; this program knows {VERSION}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Do everything within, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # ------------------------------------------------------------------------------------------------------ the place

    def place(self, network: bytes) -> int:
        """Give the height up to which blocks have been followed; refuses another network's blocks."""
        row = self._db.execute("SELECT network, height FROM place").fetchone()
        if row is None:
            return 0
        if row[0] != network:
            raise StoreWrongError(
                f"these notices belong to the network {row[0].hex()}, and the node to {network.hex()}; name another"
                " notices.folder"
            )
        return int(row[1])

    def reach(self, network: bytes, height: int) -> None:
        """Write the place down; within `changing`. News up to there are told, and need no marks any more."""
        self._db.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?)", (network, height))
        self._db.execute("DELETE FROM told WHERE what = 'news'")

    # --------------------------------------------------------------------------------------------------- subscriptions

    def subscribe(  # noqa: PLR0913 - what makes a subscription
        self, account: bytes, channel: str, address: str, language: str, now: int, *, consented: bool
    ) -> Subscription:
        """Enter a wish; unless consent is known already, it waits for the code that is sent to the address."""
        sealed = bytes(self._box.encrypt(address.encode()))
        confirm = None if consented else "".join(secrets.choice(CONFIRM_ALPHABET) for _ in range(CONFIRM_CHARACTERS))
        with self.changing():
            self._drop_unconfirmed(now)
            have = self.of_accounts([account], confirmed=False)
            for each in have:
                if (each.channel, each.address) == (channel, address):
                    self._db.execute("DELETE FROM subscriptions WHERE number = ?", (each.number,))
            if len([each for each in have if (each.channel, each.address) != (channel, address)]) >= (
                SUBSCRIPTIONS_PER_ACCOUNT_MAX
            ):
                raise TooManyError(f"an account has at most {SUBSCRIPTIONS_PER_ACCOUNT_MAX} subscriptions")
            row = self._db.execute(
                "INSERT INTO subscriptions (account, channel, address, language, since, confirm)"
                " VALUES (?, ?, ?, ?, ?, ?) RETURNING number",
                (account, channel, sealed, language, now, confirm),
            ).fetchone()
            if confirm is not None:
                self._put(int(row[0]), "confirm", b"", None, now)
            else:
                self._warn_again()
        return Subscription(int(row[0]), account, channel, address, language, confirm)

    def confirm(self, account: bytes, code: str, now: int) -> bool:
        """Take the code as consent; only so many attempts are allowed."""
        with self.changing():
            self._drop_unconfirmed(now)
            found = [each for each in self.of_accounts([account], confirmed=False) if each.confirm is not None]
            for each in found:
                if secrets.compare_digest(str(each.confirm).encode(), code.strip().lower().encode()):
                    self._db.execute("UPDATE subscriptions SET confirm = NULL WHERE number = ?", (each.number,))
                    self._warn_again()
                    return True
            self._db.execute(
                "UPDATE subscriptions SET attempts = attempts + 1 WHERE account = ? AND confirm IS NOT NULL", (account,)
            )
            self._db.execute(
                "DELETE FROM subscriptions WHERE confirm IS NOT NULL AND attempts >= ?", (CONFIRM_ATTEMPTS_MAX,)
            )
        return False

    def _drop_unconfirmed(self, now: int) -> None:
        self._db.execute("DELETE FROM subscriptions WHERE confirm IS NOT NULL AND since < ?", (now - CONFIRM_SECONDS,))

    def forget(self, account: bytes) -> int:
        """Erase all subscriptions of an account, and all that waits for them; gives how many there were."""
        with self.changing():
            count = self._db.execute("DELETE FROM subscriptions WHERE account = ?", (account,)).rowcount
        self._db.execute("VACUUM")
        return int(count)

    def drop(self, number: int) -> None:
        """Erase one subscription, say because its address does not exist any more."""
        with self.changing():
            self._db.execute("DELETE FROM subscriptions WHERE number = ?", (number,))

    def of_accounts(self, accounts: Iterable[bytes], *, confirmed: bool = True) -> list[Subscription]:
        """Give the subscriptions of some accounts; only those with consent, unless told otherwise."""
        found = []
        for account in accounts:
            rows = self._db.execute(
                "SELECT number, account, channel, address, language, confirm FROM subscriptions WHERE account = ?",
                (account,),
            )
            found += [self._subscription(row) for row in rows]
        return [each for each in found if each.confirm is None or not confirmed]

    def subscription(self, number: int) -> Subscription | None:
        """Give one subscription."""
        row = self._db.execute(
            "SELECT number, account, channel, address, language, confirm FROM subscriptions WHERE number = ?", (number,)
        ).fetchone()
        return None if row is None else self._subscription(row)

    def count(self) -> dict[str, int]:
        """Count what is there, without naming anybody."""
        queries = {
            "subscriptions": "SELECT count(*) FROM subscriptions WHERE confirm IS NULL",
            "unconfirmed": "SELECT count(*) FROM subscriptions WHERE confirm IS NOT NULL",
            "objects": "SELECT count(*) FROM objects",
            "waiting": "SELECT count(*) FROM outbox",
        }
        return {name: int(self._db.execute(query).fetchone()[0]) for name, query in queries.items()}

    def _subscription(self, row: Sequence[object]) -> Subscription:
        number, account, channel, sealed, language, confirm = row
        try:
            address = self._box.decrypt(bytes(sealed)).decode()  # type: ignore[call-overload]
        except CryptoError as error:
            raise StoreWrongError(f"{KEY_FILE} is not the key of these addresses; put the right one back") from error
        return Subscription(int(number), account, channel, address, language, confirm)  # type: ignore[call-overload,arg-type]

    # --------------------------------------------------------------------------------------------------------- objects

    def stands(self, object_key: bytes, stand: Stand) -> None:
        """Take note of how an object stands; one that has ended is not watched any more; within `changing`."""
        if stand.deadline is None:
            self._db.execute("DELETE FROM objects WHERE object = ?", (object_key,))
            self._db.execute("DELETE FROM told WHERE object = ?", (object_key,))
            return
        row = (object_key, stand.deadline, msgspec.msgpack.encode(stand.parties), msgspec.msgpack.encode(stand.warned))
        self._db.execute(
            "INSERT INTO objects (object, deadline, parties, warned) VALUES (?, ?, ?, ?) ON CONFLICT (object) DO UPDATE"
            " SET deadline = excluded.deadline, parties = excluded.parties, warned = excluded.warned",
            row,
        )

    def parties_of(self, object_key: bytes) -> tuple[bytes, ...]:
        """Give whom a watched object concerns."""
        row = self._db.execute("SELECT parties FROM objects WHERE object = ?", (object_key,)).fetchone()
        return () if row is None else msgspec.msgpack.decode(row[0], type=tuple[bytes, ...])

    def deadlines(self) -> dict[bytes, int]:
        """Give the deadline of every watched object."""
        return {bytes(row[0]): int(row[1]) for row in self._db.execute("SELECT object, deadline FROM objects")}

    def to_warn_of(self, until: int, now: int, most: int) -> list[tuple[bytes, int, tuple[bytes, ...]]]:
        """Give objects that are due between `now` and `until` and were not warned of, and who is to be warned."""
        rows = self._db.execute(
            "SELECT object, deadline, warned FROM objects"
            " WHERE warned_for IS NOT deadline AND deadline > ? AND deadline <= ? ORDER BY deadline LIMIT ?",
            (now, until, most),
        )
        return [(bytes(row[0]), int(row[1]), msgspec.msgpack.decode(row[2], type=tuple[bytes, ...])) for row in rows]

    def warned_of(self, object_key: bytes, deadline: int) -> None:
        """Take note that whoever subscribed has been warned; within `changing`."""
        self._db.execute("UPDATE objects SET warned_for = ? WHERE object = ?", (deadline, object_key))

    def deadline_of(self, object_key: bytes) -> int | None:
        """Give the deadline of a watched object."""
        row = self._db.execute("SELECT deadline FROM objects WHERE object = ?", (object_key,)).fetchone()
        return None if row is None else int(row[0])

    def _warn_again(self) -> None:
        """Look at every deadline once more for a new subscriber; who was told already is not told again."""
        self._db.execute("UPDATE objects SET warned_for = NULL WHERE warned_for IS NOT NULL")

    # ---------------------------------------------------------------------------------------------------------- outbox

    def tell(  # noqa: PLR0913 - what makes a notice
        self, subscription: int, text: str, what: str, object_key: bytes, mark: int, due: int | None, now: int
    ) -> bool:
        """Put a notice into the outbox, once for one mark (a deadline, a height); within `changing`."""
        told = (subscription, object_key, what, mark)
        if self._db.execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?)", told).rowcount:
            self._put(subscription, text, object_key, due, now)
            return True
        return False

    def _put(self, subscription: int, text: str, object_key: bytes, due: int | None, now: int) -> None:
        row = (secrets.token_hex(16), subscription, text, object_key, due, now)
        self._db.execute(
            "INSERT INTO outbox (id, subscription, text, object, due, next) VALUES (?, ?, ?, ?, ?, ?)", row
        )

    def waiting(self, now: int, most: int) -> list[Waiting]:
        """Give notices that may be sent now, the oldest first."""
        rows = self._db.execute(
            "SELECT id, subscription, text, object, due, attempts FROM outbox"
            " WHERE next <= ? ORDER BY next, id LIMIT ?",
            (now, most),
        )
        return [Waiting(*row) for row in rows]

    def begin(self, notice: str, again_at: int) -> None:
        """Write down that an attempt begins and when the next may; if we end in between, it is made again then."""
        with self.changing():
            self._db.execute("UPDATE outbox SET attempts = attempts + 1, next = ? WHERE id = ?", (again_at, notice))

    def done(self, notice: str) -> None:
        """Take a notice out of the outbox: it is sent, or given up."""
        with self.changing():
            self._db.execute("DELETE FROM outbox WHERE id = ?", (notice,))


def _key(path: Path) -> bytes:
    """Read the key of the addresses, or make one."""
    try:
        opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != SecretBox.KEY_SIZE:
            raise StoreWrongError(f"{path} is no key of {SecretBox.KEY_SIZE} bytes; put the right one back") from None
        return key
    key = secrets.token_bytes(SecretBox.KEY_SIZE)
    with os.fdopen(opened, "wb") as stream:
        stream.write(key)
        stream.flush()
        os.fsync(stream.fileno())
    return key
