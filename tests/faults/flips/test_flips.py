"""The flip harness proves itself: it finds every kind of page, and tells a careless reader from a careful one."""

import json
import sys
from pathlib import Path

import pytest

from tests.faults.commands import Ended, run
from tests.faults.flips.harness import (
    FAILURES,
    Answers,
    Flip,
    Outcome,
    Reader,
    copy_folder,
    every_bit_of,
    failures,
    flips,
    outcome_of,
    table_of,
)
from tests.faults.flips.pages import DataFile, Kind, NotLmdbError
from tests.faults.workers import ADDITIONS, BATCHES

QUICK_PER_KIND = 6
FULL_PER_KIND = 120

COUNTS_PAGES = """
import json, lmdb, sys
environment = lmdb.open(sys.argv[1], max_dbs=2)
tables = [environment.open_db(name) for name in (None, b"records", b"heads")]
with environment.begin() as transaction:
    counts = [transaction.stat(table) for table in tables]
print(json.dumps([sum(count[kind] for count in counts) for kind in ("branch_pages", "leaf_pages")]))
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with every kind of page in it."""
    folder = tmp_path / "store"
    ended = run([*BATCHES, "write", str(folder), "20"], ADDITIONS, tmp_path / "errors")
    assert ended.status == 0, ended.errors
    return folder


def reader_of(store: Path, *options: str, expected: int = 20) -> Reader:
    scratch = store.parent / "flips"
    argv = [*BATCHES, "answers", str(copy_folder(scratch)), "--expected", str(expected), *options]
    return Reader(argv, ADDITIONS, store, scratch)


def test_every_kind_of_page_is_found_and_every_page_once(store):
    content = (store / "data.mdb").read_bytes()

    pages = list(DataFile(content).pages())

    assert {page.kind for page in pages} == set(Kind)
    numbers = [page.number + turn for page in pages for turn in range(-(-(page.ranges[-1][1]) // 4096))]
    assert sorted(numbers) == list(range(DataFile(content).metas[-1].last_page + 1))


def test_the_pages_agree_with_what_lmdb_counts(store):
    pages = list(DataFile((store / "data.mdb").read_bytes()).pages())
    asked = run([sys.executable, "-c", COUNTS_PAGES, str(store)], {}, store.parent / "errors")

    assert [sum(page.kind == kind for page in pages) for kind in (Kind.BRANCH, Kind.LEAF)] == json.loads(asked.lines[0])


def test_a_file_of_another_format_is_refused():
    with pytest.raises(NotLmdbError, match="magic 0"):
        DataFile(bytes(8192))


def test_the_same_seed_gives_the_same_flips(store):
    data_file = store / "data.mdb"

    first, again, other = (list(flips(data_file, 4, seed)) for seed in (1, 1, 2))

    assert first == again != other
    assert [flip.kind for flip in first] == [kind for kind in Kind for _ in range(4)]


def test_a_careless_reader_is_caught(store):
    reader = reader_of(store)
    in_values = [
        Flip(page.kind, page.number * 4096 + offset, 0)
        for page in DataFile(reader.data_file.read_bytes()).pages()
        if page.kind in {Kind.LEAF, Kind.OVERFLOW}
        for offset in (page.ranges[-1][1] - 20,)
    ][:6]

    results = [reader.after(flip) for flip in in_values]

    assert any(result.outcome == Outcome.WRONG_ANSWER for result in results)


def test_a_lost_key_is_a_false_absence(store):
    reader = reader_of(store)
    where = reader.data_file.read_bytes()
    keys = [offset for offset in range(len(where)) if where.startswith(b"hot/000", offset)]

    results = [reader.after(Flip(Kind.LEAF, offset + 6, 6)) for offset in keys]

    assert Outcome.FALSE_ABSENCE in {result.outcome for result in results}


def test_a_checking_reader_gives_no_wrong_answer_on_tree_pages(store, rotation, full_run):
    reader = reader_of(store, "--checked", "yes")
    per_kind = FULL_PER_KIND if full_run else QUICK_PER_KIND

    results = [
        reader.after(flip)
        for flip in flips(reader.data_file, per_kind, rotation, set(Kind) - {Kind.META_NEWEST, Kind.META_OLDER})
    ]

    assert failures(results) == []
    outcomes = table_of(results)
    assert set(outcomes[Kind.UNUSED]) == {Outcome.SAME}
    assert any(Outcome.REFUSED in outcomes[kind] for kind in (Kind.BRANCH, Kind.LEAF, Kind.OVERFLOW))


def test_a_checking_reader_notices_what_a_damaged_free_list_does_to_later_writes(store, rotation, full_run):
    reader = reader_of(store, "--checked", "yes", "--more", "3", expected=23)
    per_kind = FULL_PER_KIND if full_run else QUICK_PER_KIND

    results = [reader.after(flip) for flip in flips(reader.data_file, per_kind, rotation, {Kind.FREE_LIST})]

    assert failures(results) == []


def test_an_older_meta_page_taken_for_the_newest_is_noticed(store):
    """LMDB takes the greater transaction number, so a bit of it brings the state before the last batch back, whole."""
    reader = reader_of(store, "--checked", "yes")
    transaction = 16 + 24 + 2 * 48 + 8
    newest = DataFile(reader.data_file.read_bytes()).metas[-1]

    result = reader.after(Flip(Kind.META_NEWEST, newest.number * 4096 + transaction, 4))

    assert result.outcome in FAILURES
    assert result.words.startswith(("hot/", "last"))


def test_every_bit_of_a_meta_page_can_be_named(store):
    bits = list(every_bit_of(store / "data.mdb", Kind.META_NEWEST))

    assert len(bits) == len(set(bits)) == 152 * 8


SAID = Answers({"there": "a", "also": "b", "nothing": None}, frozenset())


@pytest.mark.parametrize(
    ("status", "line", "outcome"),
    [
        (0, '{"answers": {"there": "a", "also": "b", "nothing": null}, "refused": []}', Outcome.SAME),
        (0, '{"answers": {"there": "a", "nothing": null}, "refused": ["also"]}', Outcome.REFUSED),
        (0, '{"answers": {"there": "a", "also": null, "nothing": null}, "refused": []}', Outcome.FALSE_ABSENCE),
        (0, '{"answers": {"there": "a", "nothing": null}, "refused": []}', Outcome.FALSE_ABSENCE),
        (0, '{"answers": {"there": "a", "also": "c", "nothing": null}, "refused": []}', Outcome.WRONG_ANSWER),
        (0, '{"answers": {"there": "a", "also": "b", "nothing": "c"}, "refused": []}', Outcome.WRONG_ANSWER),
        (0, '{"answers": {"there": null, "also": "c"}, "refused": ["nothing"]}', Outcome.WRONG_ANSWER),
        (0, "all is well", Outcome.WRONG_ANSWER),
        (3, "", Outcome.REFUSED),
        (-11, "", Outcome.CRASHED),
    ],
)
def test_each_end_of_a_reader_falls_into_one_class(status, line, outcome):
    found, _ = outcome_of(Ended(status, (line,), ""), SAID)

    assert found == outcome


def test_a_reader_that_never_ends_is_hung():
    found, _ = outcome_of(Ended(-9, (), "", out_of_time=True), SAID)

    assert found == Outcome.HUNG
