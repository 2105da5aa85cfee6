"""A small store of numbered batches in one LMDB file: what the fault harnesses prove themselves on.

    batches.py write FOLDER COUNT [--sync no] [--acknowledge early] [--tries N]
    batches.py read FOLDER
    batches.py answers FOLDER [--checked yes] [--more N]

Batch n, in one write transaction: replaces 40 hot records (so that pages are freed and used again), adds 12 records
of its own, one of them on overflow pages, removes those of batch n - 8, and writes n under `last`. `write` prints
`n` once the batch is committed. `read` prints the last batch, or what is wrong with it. `answers` prints one answer
a question; unchecked it believes the file, checked it refuses when the digest of all records isn't the written one.
With `--more` it writes so many batches first.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator

import lmdb

from sogdia.engine.marks import mark

HOT_RECORDS = 40
OWN_RECORDS = 12
KEPT_BATCHES = 8
MAP_BYTES = 1 << 28
# Status of an answer that was refused because the file doesn't hold what was written.
REFUSED = 3
# Between two tries of a refused batch.
PAUSE_SECONDS = 0.02


def hot_key(number: int) -> bytes:
    """The key of a hot record."""
    return b"hot/%03d" % number


def own_key(batch: int, number: int) -> bytes:
    """The key of a batch's own record."""
    return b"own/%08d/%02d" % (batch, number)


def value_of(key: bytes, batch: int) -> bytes:
    """The value under `key` as of `batch`: its number, then bytes that depend on both."""
    seed = hashlib.sha256(b"%d/" % batch + key).digest()
    size = 9000 if key.endswith(b"/00") and key.startswith(b"own/") else 60 + seed[0]
    return b"%08d" % batch + (seed * (size // 32 + 1))[:size]


def records_at(batch: int) -> Iterator[tuple[bytes, bytes]]:
    """Everything that the store holds after `batch`, in order of its keys."""
    if batch == 0:
        return
    for number in range(HOT_RECORDS):
        yield hot_key(number), value_of(hot_key(number), batch)
    for earlier in range(max(1, batch - KEPT_BATCHES + 1), batch + 1):
        for number in range(OWN_RECORDS):
            key = own_key(earlier, number)
            yield key, value_of(key, earlier)


def digest_of(records: Iterator[tuple[bytes, bytes]]) -> str:
    """One digest over keys and values, each with its length."""
    digest = hashlib.sha256()
    for key, value in records:
        digest.update(b"%d:%d:" % (len(key), len(value)) + key + value)
    return digest.hexdigest()


class Store:
    """The open file and its two tables."""

    def __init__(self, folder: str, *, synced: bool = True, writes: bool = True) -> None:
        """Open the folder, which `write` makes if it isn't there."""
        self.environment = lmdb.open(folder, map_size=MAP_BYTES, max_dbs=2, sync=synced, readonly=not writes)
        self.records = self.environment.open_db(b"records", create=writes)
        self.heads = self.environment.open_db(b"heads", create=writes)

    def last(self) -> int:
        """The number of the last batch; nought when there is none."""
        with self.environment.begin() as transaction:
            head = transaction.get(b"last", db=self.heads)
        return 0 if head is None else int(json.loads(bytes(head))["batch"])

    def write(self, batch: int) -> None:
        """Commit one batch."""
        head = json.dumps({"batch": batch, "digest": digest_of(records_at(batch))}).encode()
        with self.environment.begin(write=True) as transaction:
            for number in range(HOT_RECORDS):
                transaction.put(hot_key(number), value_of(hot_key(number), batch), db=self.records)
            for number in range(OWN_RECORDS):
                transaction.put(own_key(batch, number), value_of(own_key(batch, number), batch), db=self.records)
                transaction.delete(own_key(batch - KEPT_BATCHES, number), db=self.records)
            transaction.put(b"last", head, db=self.heads)
            mark("batch_filled")
        mark("batch_committed")

    def found(self) -> list[tuple[bytes, bytes]]:
        """All records that the file shows, in its order."""
        with self.environment.begin() as transaction, transaction.cursor(db=self.records) as cursor:
            return [(bytes(key), bytes(value)) for key, value in cursor]


def say(line: str) -> None:
    """Write one line to the standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def write_until_taken(store: Store, batch: int, tries: int) -> None:
    """Commit one batch; say when it is refused and try again, as there may be room by then."""
    for left in range(tries - 1, -1, -1):
        try:
            store.write(batch)
        except lmdb.Error as refused:
            if left == 0:
                raise
            say(f"refused {batch}: {refused}")
            time.sleep(PAUSE_SECONDS)
        else:
            return


def write(options: argparse.Namespace) -> int:
    """Commit the next batches; acknowledge each after it, or before it when the test of tests asks for that."""
    store = Store(options.folder, synced=options.sync == "yes")
    first = store.last() + 1
    for batch in range(first, first + options.count):
        if options.acknowledge == "early":
            say(str(batch))
        write_until_taken(store, batch, options.tries)
        if options.acknowledge == "late":
            say(str(batch))
    return 0


def read(options: argparse.Namespace) -> int:
    """Print the last batch and whether the store holds exactly what it should after it."""
    store = Store(options.folder)
    last = store.last()
    whole = store.found() == list(records_at(last))
    say(json.dumps({"last": last, "whole": whole}))
    return 0 if whole else REFUSED


def answers(options: argparse.Namespace) -> int:
    """Print what the file says to a fixed set of questions."""
    if options.more:
        grown = Store(options.folder)
        for batch in range(grown.last() + 1, grown.last() + options.more + 1):
            grown.write(batch)
        grown.environment.close()
    store = Store(options.folder, writes=False)
    if options.checked == "yes" and store_is_wrong(store):
        return REFUSED
    last = store.last()
    replies: dict[str, str | None] = {"last": str(last)}
    with store.environment.begin() as transaction:
        for key, _ in records_at(options.expected or last):
            value = transaction.get(key, db=store.records)
            replies[key.decode()] = None if value is None else hashlib.sha256(bytes(value)).hexdigest()
        replies["own/none"] = None if transaction.get(b"own/none", db=store.records) is None else "there"
    say(json.dumps({"answers": replies, "refused": []}))
    return 0


def store_is_wrong(store: Store) -> bool:
    """Whether what can be walked and what can be looked up differ from the written digest; says so."""
    with store.environment.begin() as transaction:
        head = json.loads(bytes(transaction.get(b"last", b"", db=store.heads)))
        found = store.found()
        looked_up = [(key, bytes(transaction.get(key, b"", db=store.records))) for key, _ in found]
    expected = digest_of(records_at(head["batch"]))
    if digest_of(iter(found)) == head["digest"] == digest_of(iter(looked_up)) == expected:
        return False
    sys.stderr.write(f"the records are not those of batch {head['batch']}\n")
    return True


def main() -> int:
    """Read the arguments and do one of the three."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["write", "read", "answers"])
    parser.add_argument("folder")
    parser.add_argument("count", type=int, nargs="?", default=0)
    parser.add_argument("--sync", choices=["yes", "no"], default="yes")
    parser.add_argument("--acknowledge", choices=["early", "late"], default="late")
    parser.add_argument("--tries", type=int, default=1)
    parser.add_argument("--checked", choices=["yes", "no"], default="no")
    parser.add_argument("--more", type=int, default=0)
    parser.add_argument("--expected", type=int, default=0)
    options = parser.parse_args()
    return {"write": write, "read": read, "answers": answers}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
