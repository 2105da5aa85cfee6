"""Small ledgers in folders for tests of whole folders, and ways to plant damage in them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import lmdb
import msgspec

from sogdia.client.keys import KeyPair
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.ledger.sealing import transactions_root
from sogdia.engine.storage.block_pieces import pieces_of
from sogdia.engine.storage.ledger_file import DATA, LedgerFile
from sogdia.engine.storage.writes import Flushed
from sogdia.kernel.header import SignedHeader
from sogdia.kernel.stored_block import StoredBlock, decode_block, encode_block
from sogdia.kernel.tree_hashes import FRONT_BYTES, stored_hash
from tests.engine.tiny_module import (
    MODULES,
    NODE_KEY,
    NOTES,
    START,
    WANJIKU,
    ChangeNodeKey,
    ChangeNote,
    Wallet,
    tiny_genesis,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.kernel.header import Header
    from sogdia.kernel.operation import Operation

NEXT_NODE_KEY = KeyPair(sha256(b"the node's next key").digest())
LAPSE_HEIGHT = 5
ROTATION_HEIGHT = 7
HEIGHT = 12
DATABASES = 8


class Book:
    """A ledger of notes in a folder, with two writers."""

    def __init__(self, folder: Path) -> None:
        """Make the ledger."""
        self.ledger = Ledger.create(folder, MODULES, tiny_genesis(), [NODE_KEY, NEXT_NODE_KEY])
        network = self.ledger.machine.network
        self.aziz = Wallet(network)
        self.wanjiku = Wallet(network, "wanjiku", WANJIKU)
        self.time = START

    def block(self, *raw: bytes, seconds: int = 1) -> None:
        """Make a durable block of envelopes, all of which must be admissible."""
        self.time += seconds
        limits = self.ledger.limits()
        envelopes = [self.ledger.machine.envelopes.open(each, limits) for each in raw]
        built = self.ledger.build_block(self.time, envelopes, empty=True)
        assert built.block is not None
        assert len(built.block.results) == len(raw)

    def operations(self, *operations: Operation) -> None:
        """Make a durable block of operations by Aziz."""
        self.block(self.aziz.sign(*operations))


def write_story(folder: Path) -> Book:
    """Write twelve blocks: notes by two writers, a refusal, a note that lapses, a change of the node's key."""
    book = Book(folder)
    book.block(book.aziz.note(1), book.wanjiku.note(2, "pepper"))
    book.block(book.aziz.note(3, "silk", deadline=START + 4))
    book.block(book.aziz.note(4, "jade"), book.aziz.sign(ChangeNote(reference="n4", text="lapis")))
    book.block(book.aziz.note(1), book.wanjiku.sign(ChangeNote(reference="n9", text="nothing")))
    book.block()
    book.block(*(book.wanjiku.note(number, f"bale {number}") for number in range(20, 60)))
    book.operations(ChangeNodeKey(public=NEXT_NODE_KEY.public))
    for number in range(60, 65):
        book.block(book.aziz.note(number))
    return book


def stored_story(folder: Path) -> Path:
    """Write the story, close it, and give its folder."""
    write_story(folder).ledger.close()
    return folder


class Surgeon:
    """Changes what stands in the closed file of a ledger, as no program would."""

    def __init__(self, folder: Path) -> None:
        """Work on the file in `folder`, which takes over first what the log alone has."""
        self._path = str(folder / DATA)
        file = LedgerFile(folder)
        file.take_log()
        file._log.forget()
        file.close()

    def _change(self, database: bytes, *changes: tuple[bytes, bytes | None]) -> None:
        with lmdb.open(self._path, subdir=False, max_dbs=DATABASES) as environment:
            named = environment.open_db(database)
            with environment.begin(write=True) as transaction:
                for key, value in changes:
                    if value is None:
                        transaction.delete(key, db=named)
                    else:
                        transaction.put(key, value, db=named)

    def _read(self, database: bytes) -> dict[bytes, bytes]:
        with lmdb.open(self._path, subdir=False, max_dbs=DATABASES) as environment:
            named = environment.open_db(database)
            with environment.begin() as transaction, transaction.cursor(db=named) as cursor:
                return {bytes(key): bytes(value) for key, value in cursor}

    def pieces(self, height: int) -> list[tuple[bytes, bytes]]:
        """Read the pieces of a block, with their keys."""
        prefix = height.to_bytes(8, "big")
        return [(key, value) for key, value in self._read(b"blocks").items() if key.startswith(prefix)]

    def put_pieces(self, height: int, pieces: list[tuple[bytes, bytes]]) -> None:
        """Put pieces in the place of those of a block."""
        self._change(b"blocks", *((key, None) for key, _value in self.pieces(height)), *pieces)

    def block(self, height: int) -> StoredBlock:
        """Read a block."""
        return decode_block(b"".join(value for _key, value in self.pieces(height))[32:])

    def put_raw_block(self, height: int, raw: bytes) -> None:
        """Write a block's bytes with their right hash."""
        self.put_pieces(height, pieces_of(height, raw))

    def put_block(self, height: int, **changes: Any) -> None:  # noqa: ANN401 - any part of a block
        """Change parts of a block, and write it with its right hash."""
        self.put_raw_block(height, encode_block(msgspec.structs.replace(self.block(height), **changes)))

    def forge_block(self, height: int, key: KeyPair = NODE_KEY, **changes: Any) -> None:  # noqa: ANN401 - as above
        """Change parts of a block as the node's operator could: its header fits them and is signed."""
        block = msgspec.structs.replace(self.block(height), **changes)
        header = msgspec.structs.replace(block.header.header, transactions_root=transactions_root(block.envelopes))
        self.put_block(height, **changes, header=signed(header, key))

    def forge_signature(self, height: int, number: int, key: KeyPair) -> bytes:
        """Change a bit of an envelope's signature in a block that the node signs; all else fits. Give its id."""
        block = self.block(height)
        forged = bytearray(block.envelopes[number])
        forged[-2] ^= 1
        envelopes = [*block.envelopes[:number], bytes(forged), *block.envelopes[number + 1 :]]
        self.forge_block(height, key, envelopes=envelopes)
        return block.results[number].id

    def drop_block(self, height: int) -> None:
        """Remove a block."""
        self.put_pieces(height, [])

    def put_meta(self, key: bytes, value: bytes) -> None:
        """Change an entry of the file about itself."""
        self._change(b"meta", (key, value))

    def buckets(self) -> dict[str, bytes]:
        """Read all buckets."""
        return {key[1:].decode(): raw for key, raw in self._read(b"buckets").items()}

    def put_bucket(self, prefix: str, raw: bytes) -> None:
        """Write a bucket's bytes."""
        self._change(b"buckets", (b"/" + prefix.encode(), raw))

    def put_record(self, full_key: bytes, value: bytes | None, *, with_hash: bool = False) -> None:
        """Change or remove a record in its bucket, with the hash beside it or without."""
        for prefix, raw in self.buckets().items():
            pairs = msgspec.msgpack.decode(raw[1 + 64 * raw[0] :], type=list[bytes])
            records = dict(zip(pairs[::2], pairs[1::2], strict=True))
            if full_key in records:
                front = records.pop(full_key)[:FRONT_BYTES]
                changed = records if value is None else {**records, full_key: front + value}
                left = dict(sorted(changed.items(), key=lambda record: sha256(record[0]).digest()))
                hashes = b"".join(sha256(key).digest() + stored_hash(new) for key, new in left.items())
                entries = hashes if with_hash else raw[1 : 1 + 64 * raw[0]]
                body = msgspec.msgpack.encode([part for pair in left.items() for part in pair])
                self.put_bucket(prefix, bytes((len(entries) // 64,)) + entries + body)
                return
        message = "no bucket holds the record"
        raise AssertionError(message)

    def note_root(self, root: bytes, count: int) -> None:
        """Change where the buckets are said to stand."""
        stand = msgspec.msgpack.decode(self._read(b"meta")[b"flushed"], type=Flushed)
        self.put_meta(b"flushed", msgspec.msgpack.encode(msgspec.structs.replace(stand, root=root, count=count)))


def signed(header: Header, key: KeyPair) -> SignedHeader:
    """Sign a header."""
    return SignedHeader(header=header, signatures=(key.sign(header.hash()),))


def note_key(book: Book, number: int) -> bytes:
    """Give the full key of one of Aziz's notes."""
    return NOTES.full_key(book.aziz.name(number))
