"""Deriving a ledger again, and comparing it with what is stored, to the last record.

It starts at the genesis. A folder whose blocks begin later starts at the snapshot of that height, which must lead to
the state root that the first block's header names; what was before, the archive and other nodes can show.

Nothing that is stored is believed: the stored state is not even opened. The blocks are executed over an empty state in
a temporary folder, every signature is verified again, and when the height is reached at which the stored records
stand, each of them is compared.
"""

from __future__ import annotations

import time
from contextlib import closing
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import lmdb
import msgspec

from sogdia.engine.folders.beginnings import ledger_at_beginning
from sogdia.engine.folders.following import Difference, DifferenceFoundError, follow_all
from sogdia.engine.folders.golden import open_file
from sogdia.engine.folders.progress import Progress, silent
from sogdia.engine.folders.snapshot_form import SnapshotWrongError
from sogdia.engine.ledger.ledger import stored_genesis
from sogdia.engine.storage.ledger_file import DamagedError
from sogdia.kernel.codec import NOT_DECODABLE
from sogdia.kernel.refusal import Broken
from sogdia.kernel.tree import Tree
from sogdia.kernel.tree_hashes import ENTRY_BYTES, FRONT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.engine.storage.writes import Flushed
    from sogdia.kernel.module import Module

RECORDS_BETWEEN_TRIMS = 100_000
HEIGHT_MAX = 2**48
HEX_DIGITS = frozenset("0123456789abcdef")

Record = tuple[bytes, bytes]
"""A record's full key and its stored value, with its blind."""

_pairs_of = msgspec.msgpack.Decoder(list[bytes]).decode


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger that came out exactly as it is stored."""

    network: bytes
    height: int
    envelopes: int
    exits: int
    signatures: int
    records: int
    """The records that were compared."""
    records_height: int
    """The height at which the stored records stand; the blocks after it were compared, their records are in no file."""
    state_root: bytes
    seconds: float
    begins_after: int = 0
    """Where it started: 0 for the genesis, else the height of the snapshot."""


def replay(
    folder: Path, modules: tuple[Module, ...], progress: Progress = silent, *, work_in: Path | None = None
) -> Replayed | Difference:
    """Derive the ledger in `folder` again and give what was compared, or the first difference.

    `progress` counts blocks; the temporary folder is made in `work_in`, or where the system keeps such.
    """
    began = time.monotonic()
    with closing(open_file(folder)) as file, TemporaryDirectory(prefix="sogdia-replay-", dir=work_in) as work:
        try:
            genesis = stored_genesis(file, modules)
        except DamagedError as error:
            return Difference(height=0, part="genesis", message=str(error))
        try:
            derived = ledger_at_beginning(file, Path(work) / "derived", modules, genesis)
        except (SnapshotWrongError, DamagedError) as error:
            return Difference(height=file.first_height() - 1, part="snapshot", message=str(error))
        try:
            return _Comparison(file, derived, progress).run(began)
        except DifferenceFoundError as error:
            return error.difference
        finally:
            derived.abandon()


class _Comparison:
    """What is stored on one side, what is derived on the other."""

    def __init__(self, file: LedgerFile, derived: Ledger, progress: Progress) -> None:
        """Hold both sides."""
        self._file = file
        self._derived = derived
        self._progress = progress

    def run(self, began: float) -> Replayed:
        """Go through all blocks; raises `DifferenceFoundError`."""
        file, derived = self._file, self._derived
        last = self._last_height()
        stand = file.flushed()
        begins_after = file.first_height() - 1
        records = self._compare_records(stand) if stand.height == begins_after else 0
        envelopes = exits = signatures = 0
        for followed in follow_all(derived, self._blocks(last)):
            derived.writer.already_durable(followed.sealed)
            derived.commit()
            envelopes += len(followed.sealed.results)
            exits += len(followed.sealed.exits)
            signatures += followed.signatures
            if followed.sealed.height == stand.height:
                records = self._compare_records(stand)
            self._progress(followed.sealed.height, last)
        if stand.height > last:
            raise _differs(last + 1, "block", f"the records stand at height {stand.height}; the last block is {last}")
        return Replayed(
            network=derived.machine.network,
            height=last,
            envelopes=envelopes,
            exits=exits,
            signatures=signatures,
            records=records,
            records_height=stand.height,
            state_root=derived.tree.root,
            seconds=time.monotonic() - began,
            begins_after=begins_after,
        )

    def _last_height(self) -> int:
        try:
            return self._file.height()
        except DamagedError:
            # Some block is missing, or one too many is there: the walk through them finds the first.
            return HEIGHT_MAX

    def _blocks(self, last: int) -> Iterator[bytes]:
        for height in range(self._file.first_height(), last + 1):
            try:
                yield self._file.block(height)
            except (DamagedError, lmdb.Error) as error:
                raise _differs(height, "block", str(error)) from error

    def _compare_records(self, stand: Flushed) -> int:
        """Compare every stored record with the derived one of the same key, in the order of the tree."""
        tree = self._derived.tree
        compared = 0
        for stored, wanted in zip_longest(self._stored_records(stand.height), tree.stored_items()):
            if stored != wanted:
                raise self._record_differs(stand.height, stored, wanted)
            compared += 1
            if compared % RECORDS_BETWEEN_TRIMS == 0:
                tree.trim(0)
        tree.trim(0)
        for root, whose in ((self._stored_root(), "that the stored hashes lead to"), (stand.root, "that is noted")):
            if root != tree.root:
                message = f"height {stand.height}: the records are the derived ones, and the state root {whose} is not"
                raise _differs(stand.height, "state root", message, tree.root, root)
        return compared

    def _stored_root(self) -> bytes | None:
        """Give the root of the stored hashes; nothing when the buckets do not make a tree."""
        try:
            return Tree(self._file.bucket).rebuild(self._file.all_buckets())
        except Broken:
            return None

    def _stored_records(self, height: int) -> Iterator[Record]:
        """Walk over the stored buckets: each must be readable and hold the hashes of its own records."""
        try:
            for prefix, raw in self._file.all_buckets():
                records = _records_in(raw)
                if records is None or not HEX_DIGITS.issuperset(prefix):
                    raise _differs(height, "record", f"height {height}: the stored bucket {prefix!r} cannot be read")
                yield from records
        except (lmdb.Error, UnicodeDecodeError) as error:
            raise _differs(height, "record", f"height {height}: the stored records cannot be read: {error}") from error

    def _record_differs(self, height: int, stored: Record | None, wanted: Record | None) -> DifferenceFoundError:
        """Tell which record is changed, missing or too many."""
        missing = stored is None or (wanted is not None and _order(wanted) < _order(stored))
        surplus = wanted is None or (stored is not None and _order(stored) < _order(wanted))
        expected = None if surplus else wanted
        found = None if missing else stored
        key = (expected or found or (b"\x00", b""))[0]
        table = self._derived.machine.tables.get(key[0])
        name = f"table {key[0]}" if table is None else table.name
        what = "is missing" if missing else "is too many" if surplus else "is not the derived one"
        return DifferenceFoundError(
            Difference(
                height=height,
                part="record",
                message=f"height {height}: the stored record of {name} under {key[1:].hex()} {what}",
                table=name,
                key=key[1:],
                expected=None if expected is None else expected[1][FRONT_BYTES:],
                found=None if found is None else found[1][FRONT_BYTES:],
            )
        )


def _records_in(raw: bytes) -> list[Record] | None:
    """Read a stored bucket; nothing when its bytes make no sense. Whether the records are right is not asked here."""
    try:
        pairs = _pairs_of(memoryview(raw)[1 + ENTRY_BYTES * raw[0] :])
    except (*NOT_DECODABLE, IndexError):
        return None
    if len(pairs) != 2 * raw[0] or not all(pairs[::2]):
        return None
    return list(zip(pairs[::2], pairs[1::2], strict=True))


def _order(record: Record) -> bytes:
    return sha256(record[0]).digest()


def _differs(
    height: int, part: str, message: str, expected: bytes | None = None, found: bytes | None = None
) -> DifferenceFoundError:
    return DifferenceFoundError(Difference(height=height, part=part, message=message, expected=expected, found=found))
