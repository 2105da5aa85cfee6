"""The file of a ledger: an LMDB environment with the blocks, the records, the indexes, and where they stand.

    blocks ─▶ log (one sync)                          few and small
         └──▶ data file, with all that is in the log  many, or buckets and indexes with them, or the log is full

    meta     format, LMDB version, release, genesis, blinding secret, network, last height, where the buckets stand,
             and where the blocks begin unless it is after the genesis, see `beginning`
    buckets  "/" ‖ prefix               → bucket; the state root covers it
    blocks   height ‖ piece number      → piece of a stored block and its hash, see `block_pieces`
    ids      runs of the ids in blocks, see `stored_runs`
    steps    the same for the steps in the lives of objects
    lives    the steps of blocks that have gone to the archive, see `kept_lives`
    handovers  height, 8 bytes          → header that announces other validators, and who they are

A write is durable when it has returned: as a record of the log (`block_log`), or as a synced transaction, which takes
what is in the log along. The buckets are written now and then, in the transaction of some block, and `flushed` says to
which height they belong; the blocks after it are executed again when the file is opened.

LMDB has no checksums, so nothing that is read is believed unseen: buckets are checked against the state root, blocks
and runs against their hashes, and the first and last of each against what `meta` says.
"""

from __future__ import annotations

import errno
import os
from itertools import islice
from typing import TYPE_CHECKING, Any

import lmdb
import msgspec

from sogdia.engine.marks import mark
from sogdia.engine.storage.beginning import Beginning, NotHereError, decode_beginning
from sogdia.engine.storage.block_log import BlockLog, LogDamagedError, LoggedBlock
from sogdia.engine.storage.block_pieces import HEIGHT_BYTES, pieces_of
from sogdia.engine.storage.disk import free_bytes, sync_file, sync_folder
from sogdia.engine.storage.empty_file import make_empty_file
from sogdia.engine.storage.folder_lock import FolderLock
from sogdia.engine.storage.kept_lives import KeptLives
from sogdia.engine.storage.place_index import INDEXES
from sogdia.engine.storage.stored_blocks import BlockUnreadableError, drop_blocks, read_block, read_blocks
from sogdia.engine.storage.stored_runs import RunsDamagedError, StoredRuns
from sogdia.engine.storage.versions import lmdb_format, release
from sogdia.engine.storage.witness import Witness
from sogdia.engine.storage.writes import BlockWrite, Flush, Flushed
from sogdia.kernel.refusal import Broken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT = 1
DATA = "data.mdb"
MAP_STEP = 256 * 2**20
MAP_SLACK = 64 * 2**20
LIVES_AT_ONCE = 50_000
PAGE_BYTES = 4096
READERS_MAX = 64
FULL_BYTES = 8 * 2**20
"""With less than this left, a write that failed halfway failed for lack of room."""

DIGITS = b"0123456789abcdef"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

PAGES_A_BUCKET = 2
"""A changed bucket makes the page that it stands on new, and may need pages of its own."""

FORMATS_MIGRATED_BY: dict[int, str] = {}
"""Which release migrates a data folder of an older format."""


class DamagedError(Exception):
    """What stands in the file is not what was written. The node stops; the way out is a backup or an export."""


class FolderNotUsableError(Exception):
    """A data folder that cannot be opened as it is; the message says why and what to do."""


class StorageFullError(Exception):
    """The block could not be written for lack of room; nothing was changed, and it may be tried again."""


class MapTooSmallError(StorageFullError):
    """The map that LMDB works in was too small, not the disk; it will be larger when it is tried again."""


_decode_flushed = msgspec.msgpack.Decoder(Flushed).decode
_encode = msgspec.msgpack.Encoder().encode


class LedgerFile:
    """The open file of a ledger. One thread reads, one thread writes; other readers ask for a snapshot of their own."""

    def __init__(self, folder: Path) -> None:
        """Open the file in `folder`, which is made when it is not there, and hold its lock."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self._lock = FolderLock(folder)
        self._witness = Witness(folder)
        self._log = BlockLog(folder)
        self._logged: list[LoggedBlock] | None = None
        self._log_is_taken = False
        try:
            self._open_environment()
        except BaseException:
            self._lock.release()
            raise

    def _open_environment(self) -> None:
        path = self.folder / DATA
        if not path.exists():
            make_empty_file(path)
        self._map_size = (path.stat().st_size // MAP_STEP + 2) * MAP_STEP
        try:
            self._env = lmdb.open(
                os.fspath(path), subdir=False, max_dbs=8, map_size=self._map_size, max_readers=READERS_MAX, mode=0o600
            )
        except (lmdb.VersionMismatchError, lmdb.InvalidError, lmdb.CorruptedError) as error:
            raise FolderNotUsableError(
                f"{path} is not a ledger that LMDB {lmdb.version()} can read: {error}"
            ) from error
        self._env.reader_check()
        self._meta = self._env.open_db(b"meta")
        self._buckets = self._env.open_db(b"buckets")
        self._blocks = self._env.open_db(b"blocks")
        self._handovers = self._env.open_db(b"handovers")
        self._runs = {name: StoredRuns(self._env, name) for name in INDEXES}
        self.lives = KeptLives(self._env)
        self._reader: lmdb.Transaction | None = None
        self._held = 0
        self._short_of = 0
        self._beginning: Beginning | None = None

    # ------------------------------------------------------------------------------------------------ what it is

    def is_new(self) -> bool:
        """Tell whether no ledger has been written into the file yet."""
        return self._get(self._meta, b"format") is None

    def check_format(self) -> None:
        """Refuse a file that another format wrote, and say what to do."""
        if self.is_new():
            raise FolderNotUsableError(f"{self.folder} holds no ledger. Make one with 'sogdia node create'.")
        found = int(self._must(self._meta, b"format"))
        if found != FORMAT:
            written_by = self._must(self._meta, b"release").decode()
            way_out = FORMATS_MIGRATED_BY.get(found, "no release before this one")
            raise FolderNotUsableError(
                f"{self.folder} has format {found}, written by release {written_by}; this is release {release()}, which"
                f" reads format {FORMAT}. "
                + (f"Use release {written_by} or newer." if found > FORMAT else f"It is migrated by {way_out}.")
            )
        found_lmdb = self._must(self._meta, b"lmdb").decode()
        if found_lmdb != lmdb_format():
            raise FolderNotUsableError(
                f"{self.folder} was written by LMDB {found_lmdb} and this is LMDB {lmdb_format()}: export it with the"
                " release that wrote it, and import it here."
            )

    def begin(
        self, genesis: bytes, secret: bytes, network: bytes, flush: Flush, beginning: Beginning | None = None
    ) -> None:
        """Write a new ledger: its genesis, its blinding secret, the network's hash, the buckets of its first state.

        With a `beginning` the first state is that of a later height, and there are no blocks up to it.
        """
        self._witness.forget()
        self._log.forget()
        self.make_room(BlockWrite([], flush, []))
        with self._env.begin(write=True) as transaction:
            for key, value in (
                (b"format", str(FORMAT).encode()),
                (b"lmdb", lmdb_format().encode()),
                (b"release", release().encode()),
                (b"genesis", genesis),
                (b"secret", secret),
                (b"network", network),
                (b"height", bytes(HEIGHT_BYTES)),
            ):
                transaction.put(key, value, db=self._meta)
            if beginning is not None:
                self._put_beginning(transaction, beginning)
            self._put_buckets(transaction, flush)
        self._log_is_taken = True
        self.refresh()

    def genesis(self) -> bytes:
        """Give the genesis, as JSON."""
        return self._must(self._meta, b"genesis")

    def secret(self) -> bytes:
        """Give the network's blinding secret, which goes wherever this file goes and is served by no door."""
        return self._must(self._meta, b"secret")

    def network(self) -> bytes:
        """Give the hash of the genesis, as it was when the ledger was made."""
        return self._must(self._meta, b"network")

    def flushed(self) -> Flushed:
        """Give where the stored buckets stand."""
        return _decode_flushed(self._must(self._meta, b"flushed"))

    def beginning(self) -> Beginning | None:
        """Give where the blocks begin; nothing when they do with the genesis."""
        if self._beginning is None:
            raw = self._get(self._meta, b"beginning")
            try:
                self._beginning = None if raw is None else decode_beginning(raw)
            except msgspec.MsgspecError as error:
                raise DamagedError(f"{self.folder / DATA}: where the blocks begin cannot be read: {error}") from error
        return self._beginning

    def first_height(self) -> int:
        """Give the height of the first block that is here, or will be."""
        beginning = self.beginning()
        return 1 if beginning is None else beginning.height + 1

    # --------------------------------------------------------------------------------------------------- reading

    def bucket(self, prefix: str) -> bytes | None:
        """Read a bucket; the tree checks it."""
        return self._get(self._buckets, b"/" + prefix.encode("ascii"))

    def all_buckets(self) -> Iterator[tuple[str, bytes]]:
        """Read all buckets as they are now, in the order of their prefixes; any thread may go on with it."""
        return self._buckets_in(self._env.begin())

    def _buckets_in(self, reading: lmdb.Transaction[bytes]) -> Iterator[tuple[str, bytes]]:
        with reading as transaction, transaction.cursor(db=self._buckets) as cursor:
            for key, raw in cursor:
                if key.strip(DIGITS) != b"/":
                    raise DamagedError(f"{self.folder / DATA} has a bucket at {key!r}, where none can be")
                yield key[1:].decode("ascii"), raw

    def height(self) -> int:
        """Give the height of the last stored block, 0 when there is none."""
        known = self._height_in_data()
        if (self._last_height(self._blocks) or self.first_height() - 1) != known:
            raise DamagedError(f"{self.folder / DATA} lacks blocks below its last height, {known}")
        known += len(self._in_log())
        seen = self._witness.read()
        if seen > known:
            raise DamagedError(
                f"{self.folder} ends with block {known}, but block {seen} had been written: its files have gone back,"
                f" and what was acknowledged since is missing. {self._ways_out()}"
            )
        return known

    def _height_in_data(self) -> int:
        return int.from_bytes(self._must(self._meta, b"height"), "big")

    def _in_log(self) -> list[LoggedBlock]:
        """Give the blocks that are in the log alone."""
        if self._logged is None:
            try:
                self._logged = self._log.read(self._height_in_data())
            except LogDamagedError as error:
                raise DamagedError(f"{error}: it is damaged, or {DATA} has gone back. {self._ways_out()}") from error
        return self._logged

    def _ways_out(self) -> str:
        return (
            "Restore a backup or import an export. If you have put older files there yourself, and want them, remove"
            f" {self._witness.path} and {self._log.path}."
        )

    def block(self, height: int) -> bytes:
        """Read the stored block of a height up to the last."""
        logged = self._in_log()
        if logged and height >= logged[0].height:
            return logged[height - logged[0].height].raw
        if height < self.first_height():
            raise NotHereError(height, self.first_height() - 1)
        try:
            return read_block(self._reading(), self._blocks, height)
        except BlockUnreadableError as error:
            raise DamagedError(f"{self.folder / DATA}: {error}") from error

    def blocks_in_data(self, first: int, last: int) -> Iterator[bytes]:
        """Read blocks that the data file has by now; any thread may go on with it, and blocks may come meanwhile."""
        return read_blocks(self._env.begin(), self._blocks, first, last)

    def indexed_height(self, index: str) -> int:
        """Give the height up to which stored runs of an index reach, or up to which there is nothing for it."""
        return max(self._runs[index].height(), 0 if self._runs[index].height() else self.first_height() - 1)

    def runs(self, index: str) -> Iterator[memoryview]:
        """Give the stored runs of an index, the newest first; each is valid only until the next is asked for."""
        try:
            yield from self._runs[index].newest_first(self.first_height() - 1)
        except RunsDamagedError as error:
            raise DamagedError(f"{self.folder / DATA}: {error}") from error

    def handovers(self) -> list[tuple[int, bytes]]:
        """Give the headers that announced other validators, with their heights, in order."""
        logged = [(block.height, block.handover) for block in self._in_log() if block.handover is not None]
        with self._env.begin() as transaction, transaction.cursor(db=self._handovers) as cursor:
            return [(int.from_bytes(key, "big"), bytes(raw)) for key, raw in cursor] + logged

    def _last_height(self, database: lmdb._Database) -> int:
        with self._env.begin() as transaction, transaction.cursor(db=database) as cursor:
            return int.from_bytes(cursor.key()[:HEIGHT_BYTES], "big") if cursor.last() else 0

    def refresh(self) -> None:
        """Let the reading thread see what has been written since, and the log begin again if the data file has it."""
        if self._log_is_taken:
            self._log_is_taken = False
            self._logged = []
            self._log.restart()
        if self._reader is not None:
            self._reader.abort()
            self._reader = None

    def _reading(self) -> lmdb.Transaction:
        if self._reader is None:
            self._reader = self._env.begin()
        return self._reader

    def _get(self, database: lmdb._Database, key: bytes) -> bytes | None:
        found: Any = self._reading().get(key, db=database)
        return None if found is None else bytes(found)

    def _must(self, database: lmdb._Database, key: bytes) -> bytes:
        found = self._get(database, key)
        if found is None:
            raise DamagedError(f"{self.folder / DATA} lacks its entry {key!r}")
        return found

    # --------------------------------------------------------------------------------------------------- writing

    def write(self, what: BlockWrite, entered: Callable[[], None] | None = None) -> None:
        """Write durably, all or nothing. `entered` is called when `what` has been read and only the disk is waited for.

        Raises `StorageFullError` when there is no room; then nothing was written and it may be tried again.
        """
        try:
            if self.is_for_log(what):
                self._write_to_log(what.blocks, entered)
            else:
                self._write_to_data(what, entered)
        except lmdb.MapFullError as error:
            self._short_of = 2 * self._short_of + MAP_STEP
            raise MapTooSmallError(f"no room to write in {self.folder}: {error}") from error
        except (lmdb.Error, OSError) as error:
            if self._is_for_lack_of_room(error):
                raise StorageFullError(f"no room to write in {self.folder}: {error}") from error
            raise Broken(f"{self.folder} cannot be written: {error}") from error

    def is_for_log(self, what: BlockWrite) -> bool:
        """Tell whether a write goes to the log: a few small blocks and nothing else."""
        return bool(what.blocks) and what.flush is None and not what.runs and self._log.has_room(what.size())

    def _write_to_log(self, blocks: list[LoggedBlock], entered: Callable[[], None] | None) -> None:
        logged = self._in_log()
        self._log.append(blocks, entered)
        logged += blocks
        self._witness.write(blocks[-1].height)

    def _write_to_data(self, what: BlockWrite, entered: Callable[[], None] | None) -> None:
        """Write a transaction with everything that is in the log; `refresh` then lets the log begin again."""
        blocks = [*self._in_log(), *what.blocks]
        with self._env.begin(write=True) as transaction:
            self._put_blocks(transaction, blocks)
            for name, run in what.runs:
                self._runs[name].put(transaction, run, self.first_height() - 1)
            if what.flush is not None:
                mark("before-flush")
                self._put_buckets(transaction, what.flush)
                mark("after-flush")
            if entered is not None:
                entered()
            mark("before-commit")
        mark("after-commit")
        self._log_is_taken = True
        if blocks:
            self._witness.write(blocks[-1].height)

    def _is_for_lack_of_room(self, error: lmdb.Error | OSError) -> bool:
        """Tell a full disk from a broken one."""
        if isinstance(error, OSError):
            return error.errno in NO_ROOM
        # A disk that fills up in the middle of a write gives LMDB half of it, which it calls an input/output error.
        return isinstance(error, lmdb.DiskError) or (type(error) is lmdb.Error and free_bytes(self.folder) < FULL_BYTES)

    def _put_blocks(self, transaction: lmdb.Transaction, blocks: list[LoggedBlock]) -> None:
        with transaction.cursor(db=self._blocks) as cursor:
            for height, raw, handover in blocks:
                pieces = pieces_of(height, raw)
                _taken, added = cursor.putmulti(pieces, append=True)
                if added != len(pieces):
                    raise Broken(f"{self.folder / DATA}: there are blocks above {height}, which was to be the last")
                key = height.to_bytes(HEIGHT_BYTES, "big")
                transaction.put(b"height", key, db=self._meta)
                if handover is not None:
                    transaction.put(key, handover, db=self._handovers)

    def _put_beginning(self, transaction: lmdb.Transaction, beginning: Beginning) -> None:
        transaction.put(b"beginning", _encode(beginning), db=self._meta)
        if int.from_bytes(transaction.get(b"height", b"", db=self._meta), "big") < beginning.height:
            transaction.put(b"height", beginning.height.to_bytes(HEIGHT_BYTES, "big"), db=self._meta)

    def _put_buckets(self, transaction: lmdb.Transaction, flush: Flush) -> None:
        database = self._buckets
        for prefix, bucket in sorted(flush.buckets.items()):
            key = b"/" + prefix.encode("ascii")
            if bucket is None:
                transaction.delete(key, db=database)
            else:
                transaction.put(key, bucket.to_bytes(), db=database)
        transaction.put(b"flushed", _encode(flush.stand), db=self._meta)

    def begin_after(self, beginning: Beginning, steps: list[tuple[bytes, bytes]]) -> None:
        """Let the blocks begin later: keep the `steps` of those that go. When it raises, nothing was changed."""
        self._keep(steps, beginning)
        self._beginning = beginning
        self.refresh()

    def take_lives(self, other: LedgerFile) -> None:
        """Keep all steps that another file has kept, some at a time."""
        kept = other.lives.all()
        while portion := list(islice(kept, LIVES_AT_ONCE)):
            self._keep(portion)
        self.refresh()

    def _keep(self, steps: list[tuple[bytes, bytes]], beginning: Beginning | None = None) -> None:
        self._enlarge(MAP_SLACK + 4 * sum(len(key) + len(value) for key, value in steps))
        try:
            with self._env.begin(write=True) as transaction:
                self.lives.put(transaction, steps)
                if beginning is not None:
                    drop_blocks(transaction, self._blocks, beginning.height)
                    self._put_beginning(transaction, beginning)
        except (lmdb.MapFullError, lmdb.DiskError, OSError) as error:
            raise StorageFullError(f"no room to write in {self.folder}: {error}") from error

    def make_room(self, what: BlockWrite) -> None:
        """Enlarge the map when `what` might not fit; to be called while no transaction is under way."""
        if self.is_for_log(what):
            return
        wanted = self._short_of + MAP_SLACK + 2 * (what.size() + sum(len(block.raw) for block in self._logged or ()))
        if what.flush is not None:
            wanted += 2 * what.flush.size + PAGES_A_BUCKET * PAGE_BYTES * len(what.flush.buckets)
        wanted += 2 * sum(len(run.entries) for _name, run in what.runs)
        self._enlarge(wanted)

    def _enlarge(self, wanted: int) -> None:
        used = (int(self._env.info()["last_pgno"]) + 1) * int(self._env.stat()["psize"])
        if used + wanted <= self._map_size:
            return
        if self._held:
            raise StorageFullError("the file cannot grow until the copy that is being made of it is done")
        if self._reader is not None:
            self._reader.abort()
            self._reader = None
        self._map_size = ((used + wanted) // MAP_STEP + 2) * MAP_STEP
        self._short_of = 0
        self._env.set_mapsize(self._map_size)

    # ---------------------------------------------------------------------------------------------------- copies

    def hold(self) -> None:
        """Begin a long reading: the map gets room enough to do without growing until `let_go`."""
        self._enlarge(MAP_STEP + self.used_bytes())
        self._held += 1

    def let_go(self) -> None:
        """End a long reading."""
        self._held -= 1

    def take_log(self) -> None:
        """Let the data file take what the log alone has, so that a copy of it is whole."""
        if self._in_log():
            self.make_room(BlockWrite([], None, []))
            self.write(BlockWrite([], None, []))
            self.refresh()

    def copy_to(self, folder: Path) -> None:
        """Write a compact copy of the data file into a new folder; any thread, between `hold` and `let_go`."""
        folder.mkdir(parents=True, exist_ok=False, mode=0o700)
        path = folder / DATA
        self._env.copy(os.fspath(path), compact=True)
        sync_file(path)
        sync_folder(folder)
        sync_folder(folder.parent)

    def used_bytes(self) -> int:
        """Give the size of the file's used part."""
        return (int(self._env.info()["last_pgno"]) + 1) * int(self._env.stat()["psize"])

    def close(self) -> None:
        """Close the file and let go of the folder."""
        if self._reader is not None:
            self._reader.abort()
            self._reader = None
        self._env.close()
        self._witness.close()
        self._log.close()
        self._lock.release()
