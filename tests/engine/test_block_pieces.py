"""Blocks are stored in pieces; whatever becomes of the pieces, a block is read as it was written or not at all."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import lmdb
import pytest

from sogdia.engine.storage.block_log import LoggedBlock
from sogdia.engine.storage.block_pieces import PIECE_BYTES, block_of, pieces_of
from sogdia.engine.storage.ledger_file import DATA, DamagedError, LedgerFile
from sogdia.engine.storage.writes import BlockWrite
from sogdia.kernel.refusal import Broken
from tests.engine.folders.ledgers import HEIGHT, Surgeon, stored_story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Pieces = list[tuple[bytes, bytes]]

LONG, LONG_TOO = 6, HEIGHT + 1
FIRST_ROOM = PIECE_BYTES - 32


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> Path:
    """A folder with blocks of one piece, and two of several pieces."""
    folder = stored_story(tmp_path_factory.mktemp("story") / "ledger")
    file = LedgerFile(folder)
    write_to_data(file, (LONG_TOO, file.block(LONG)[::-1]))
    file.close()
    return folder


def write_to_data(file: LedgerFile, *blocks: tuple[int, bytes]) -> None:
    file._write_to_data(BlockWrite([LoggedBlock(height, raw, None) for height, raw in blocks], None, []), None)


def piece(height: int, number: int, value: bytes) -> tuple[bytes, bytes]:
    return height.to_bytes(8, "big") + number.to_bytes(4, "big"), value


def values(pieces: Pieces) -> list[bytes]:
    return [value for _key, value in pieces]


def numbered(height: int, *some: bytes) -> Pieces:
    return [piece(height, number, value) for number, value in enumerate(some)]


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


DAMAGES: dict[str, Callable[[Pieces, Pieces], Pieces]] = {
    "the first is missing": lambda own, _other: own[1:],
    "one in the middle is missing": lambda own, _other: [own[0], *own[2:]],
    "the last is missing": lambda own, _other: own[:-1],
    "one in the middle is missing and the numbers close up": lambda own, _other: numbered(
        LONG, *values([own[0], *own[2:]])
    ),
    "two are swapped": lambda own, _other: numbered(LONG, own[0][1], own[2][1], own[1][1], *values(own[3:])),
    "one is there twice": lambda own, _other: numbered(LONG, *values(own[:2]), *values(own[1:])),
    "one is of another block": lambda own, other: numbered(LONG, own[0][1], other[1][1], *values(own[2:])),
    "all but the first are of another block": lambda own, other: numbered(LONG, own[0][1], *values(other[1:])),
    "all are of another block": lambda _own, other: numbered(LONG, *values(other)),
    "one too many": lambda own, _other: [*own, piece(LONG, len(own), b"\0")],
    "one too many, and empty": lambda own, _other: [*own, piece(LONG, len(own), b"")],
    "one too many, and far off": lambda own, _other: [*own, piece(LONG, 2**32 - 1, b"\0")],
    "one without a number": lambda own, _other: [(LONG.to_bytes(8, "big"), b""), *own],
    "a gap in the numbers": lambda own, _other: [*own[:-1], piece(LONG, len(own), own[-1][1])],
    "the last is shorter": lambda own, _other: [*own[:-1], piece(LONG, len(own) - 1, own[-1][1][:-1])],
    "the last is longer": lambda own, _other: [*own[:-1], piece(LONG, len(own) - 1, own[-1][1] + b"\0")],
    "the cut is elsewhere": lambda own, _other: [
        piece(LONG, 0, own[0][1][:-1]),
        piece(LONG, 1, own[0][1][-1:] + own[1][1]),
        *own[2:],
    ],
    "a bit of the hash is wrong": lambda own, _other: [
        piece(LONG, 0, flipped(own[0][1][:32]) + own[0][1][32:]),
        *own[1:],
    ],
    "a bit in the middle is wrong": lambda own, _other: [own[0], piece(LONG, 1, flipped(own[1][1])), *own[2:]],
    "all but the hash are missing": lambda own, _other: [piece(LONG, 0, own[0][1][:32])],
    "even the hash is cut": lambda own, _other: [piece(LONG, 0, own[0][1][:31])],
    "the only one is empty": lambda _own, _other: [piece(LONG, 0, b"")],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_block_whose_pieces_are_not_what_was_written_is_damaged_and_its_neighbours_are_not(story, tmp_path, damage):
    folder = shutil.copytree(story, tmp_path / "ledger")
    surgeon = Surgeon(folder)
    own = surgeon.pieces(LONG)
    assert len(own) > 3
    before, after = (Surgeon(story).block(height) for height in (LONG - 1, LONG + 1))

    surgeon.put_pieces(LONG, damage(own, surgeon.pieces(LONG_TOO)))

    file = LedgerFile(folder)
    with pytest.raises(DamagedError, match="block 6 is damaged"):
        file.block(LONG)
    file.close()
    assert (Surgeon(folder).block(LONG - 1), Surgeon(folder).block(LONG + 1)) == (before, after)


def test_a_block_without_pieces_is_missing(story, tmp_path):
    folder = shutil.copytree(story, tmp_path / "ledger")
    Surgeon(folder).put_pieces(LONG, [])

    file = LedgerFile(folder)
    with pytest.raises(DamagedError, match="block 6 is missing"):
        file.block(LONG)
    file.close()


def test_the_last_block_without_its_last_piece_is_there_and_damaged(story, tmp_path):
    folder = shutil.copytree(story, tmp_path / "ledger")
    surgeon = Surgeon(folder)
    surgeon.put_pieces(LONG_TOO, surgeon.pieces(LONG_TOO)[:-1])

    file = LedgerFile(folder)
    assert file.height() == LONG_TOO
    with pytest.raises(DamagedError, match="block 13 is damaged"):
        file.block(LONG_TOO)
    file.close()


def test_pieces_above_the_last_block_are_noticed_when_the_file_is_opened_and_before_a_block_is_lost(story, tmp_path):
    folder = shutil.copytree(story, tmp_path / "ledger")
    Surgeon(folder).put_pieces(LONG_TOO + 2, [piece(LONG_TOO + 2, 3, b"stale")])

    file = LedgerFile(folder)
    with pytest.raises(DamagedError):
        file.height()
    with pytest.raises(Broken, match="blocks above 14"):
        write_to_data(file, (LONG_TOO + 1, b"block"))
    file.close()


@pytest.mark.parametrize(
    ("length", "count"),
    [(0, 1), (1, 1), (FIRST_ROOM, 1), (FIRST_ROOM + 1, 2), (FIRST_ROOM + PIECE_BYTES, 2), (10**6, 497)],
)
def test_a_block_comes_back_from_its_pieces_whatever_its_length(length, count):
    raw = bytes(number % 251 for number in range(length))

    pieces = pieces_of(7, raw)

    assert len(pieces) == count
    assert block_of(7, pieces) == raw
    assert block_of(8, [(piece(8, number, b"")[0], value) for number, (_key, value) in enumerate(pieces)]) is None


def test_two_pieces_fill_a_page_and_none_has_pages_of_its_own(tmp_path):
    file = LedgerFile(tmp_path / "ledger")
    file._logged = []
    raw = bytes(200 * PIECE_BYTES - 32)

    write_to_data(file, *((height, raw) for height in range(1, 4)))

    file.close()
    with lmdb.open(str(tmp_path / "ledger" / DATA), subdir=False, max_dbs=8) as environment:
        blocks = environment.open_db(b"blocks")
        with environment.begin() as transaction:
            stat = transaction.stat(blocks)
    assert (stat["entries"], stat["leaf_pages"], stat["overflow_pages"]) == (600, 300, 0)
