"""Two states compared, and a ledger put back to an earlier height."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from sogdia.engine.folders.differing import NotComparableError, compare
from sogdia.engine.folders.rollback import roll_back
from sogdia.engine.storage.folder_lock import FolderInUseError
from sogdia.engine.storage.ledger_file import FolderNotUsableError
from tests.engine.folders.ledgers import Book
from tests.engine.running_node import reopened
from tests.engine.tiny_module import MODULES, NOTES


def books(tmp_path: Path, *more: Any) -> tuple[Path, Path]:  # noqa: ANN401 - functions of name and book
    """Make two ledgers that agree for two blocks, then whatever each of `more` adds to its own."""
    for name in ("one", "other"):
        book = Book(tmp_path / name)
        book.block(book.aziz.note(1))
        book.block(book.aziz.note(2))
        for extra in more:
            extra(name, book)
        book.ledger.close()
    return tmp_path / "one", tmp_path / "other"


def a_note_of_its_own(name, book):
    book.block(book.aziz.note(3 if name == "one" else 4))


def test_the_same_state_has_no_difference(tmp_path):
    first, second = books(tmp_path)

    found = compare(first, second, MODULES)

    assert found.same
    assert found.height == 2
    assert found.first_root == found.second_root
    assert found.differences_by_table == {}


def test_the_first_record_that_differs_is_named_with_its_table_and_key(tmp_path):
    first, second = books(tmp_path, a_note_of_its_own)

    found = compare(first, second, MODULES)

    assert not found.same
    assert found.first_root != found.second_root
    assert found.differences_by_table[NOTES.name] == 2
    lowest = found.first_difference
    assert lowest is not None
    assert lowest.table == min(found.differences_by_table, key=number_of)
    assert lowest.first != lowest.second


def number_of(name):
    from sogdia.kernel.kernel_tables import KERNEL_TABLES  # noqa: PLC0415

    tables = (*KERNEL_TABLES, *(table for module in MODULES for table in module.tables))
    return next(table.number for table in tables if table.name == name)


def test_states_of_different_heights_are_not_compared(tmp_path):
    def one_is_ahead(name, book) -> None:
        if name == "one":
            book.block(book.aziz.note(3))

    first, second = books(tmp_path, one_is_ahead)

    with pytest.raises(NotComparableError, match=r"sogdia rollback .*one --to 2"):
        compare(first, second, MODULES)


def test_a_ledger_goes_back_and_is_the_one_that_it_was(tmp_path):
    first, second = books(tmp_path, a_note_of_its_own)

    done = roll_back(first, 2, MODULES)
    roll_back(second, 2, MODULES)

    assert (done.before, done.height) == (3, 2)
    assert compare(first, second, MODULES).same
    ledger = reopened(first)
    assert (ledger.tip.height, ledger.tree.root) == (2, done.state_root)
    ledger.close()


def test_what_was_rolled_back_is_kept_and_opens(tmp_path):
    first, _second = books(tmp_path, a_note_of_its_own)

    done = roll_back(first, 0, MODULES)

    kept = tmp_path / "kept"
    shutil.copytree(done.kept, kept)
    ledger = reopened(kept)
    assert ledger.tip.height == 3
    ledger.abandon()


@pytest.mark.parametrize("to", [2, 3])
def test_a_ledger_goes_back_only(tmp_path, to):
    first, _second = books(tmp_path)

    with pytest.raises(FolderNotUsableError, match="stands at height 2"):
        roll_back(first, to, MODULES)


def test_a_ledger_that_is_open_is_not_rolled_back(tmp_path):
    first, _second = books(tmp_path)
    ledger = reopened(first)

    with pytest.raises(FolderInUseError):
        roll_back(first, 1, MODULES)
    ledger.close()
