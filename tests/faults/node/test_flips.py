"""One bit of a real data folder is turned over: the ledger refuses, crashes or is right, and never answers wrongly."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from bench.work import Maker
from sogdia.engine.ledger import writing
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.block_log import NAME as LOG
from sogdia.engine.storage.ledger_file import DATA
from sogdia.engine.storage.witness import NAME as WITNESS
from sogdia.kernel.envelope import Envelope
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.market.records import LISTINGS, ORDERS
from sogdia.modules.money import BALANCES, Asset
from tests.faults.commands import Ended
from tests.faults.flips.harness import (
    FAILURES,
    Answers,
    Flip,
    Flipped,
    Outcome,
    _compared,
    every_bit_of,
    failures,
    flips,
    outcome_of,
    table_of,
)
from tests.faults.flips.pages import PAGE_BYTES, DataFile, Kind
from tests.faults.node.answers import OUT_OF_TIME, Questions
from tests.faults.node.world import ADDITIONS, NODE_KEYS, World

READER = (sys.executable, str(Path(__file__).parent / "answers.py"))
QUICK_PER_KIND = 2
FULL_PER_KIND = 80
QUICK_BITS = 8
FULL_META_BITS = 600
METAS = {Kind.META_NEWEST, Kind.META_OLDER}
TRANSACTION_NUMBER = 16 + 24 + 2 * 48 + 8
NUMBER_BITS = 64
LIVES, OPEN_LIVES, LATER_BLOCKS = 40, 10, 4
SAMPLE = 40


class Story:
    """A folder with closed and open orders, stored indexes, buckets, blocks after them, and questions about it all."""

    def __init__(self, world: World) -> None:
        """Write the story into `world`, and end as a killed node would."""
        self.folder = world.folder
        self._maker = world.maker()
        self._now = int(time.time())
        self._ledger = Ledger.open(world.folder, ALL, NODE_KEYS)
        self._ids: list[bytes] = []
        for first in range(0, LIVES, 10):
            self._play(range(first, first + 10), steps=5)
        self._ledger.commit(flush=True)
        self._play(range(LIVES, LIVES + OPEN_LIVES), steps=2)
        self.questions = self._make_questions(self._maker)
        self._ledger.abandon()

    def _play(self, orders: Iterable[int], steps: int) -> None:
        lives = [self._maker.life(number) for number in orders]
        for step in range(steps):
            raws = [life[step] for life in lives]
            built = self._ledger.build_block(self._now, self._opened(raws))
            assert built.block is not None
            self._ids += [result.id for result in built.block.results]

    def _opened(self, raws: list[bytes]) -> list[Envelope]:
        return [self._ledger.machine.envelopes.open(raw, self._ledger.limits()) for raw in raws]

    def _make_questions(self, maker: Maker) -> Questions:
        orders = [name_of(maker.account(maker.people.buyers[number]), f"o{number}") for number in range(LIVES + 12)]
        listings = [name_of(maker.account(maker.people.merchants[number]), "l3") for number in range(10)]
        accounts = [maker.account(name) for name in maker.people.names()[100 : 100 + SAMPLE]]
        issuer = maker.account("bank")
        keys = [key for key, _value in self._ledger.tree.items()]
        drawn = random.Random(len(keys))
        there = drawn.sample(keys, SAMPLE)
        not_there = [key[:-1] + bytes([key[-1] ^ 1]) for key in there[: SAMPLE // 2]]
        lives = [maker.life(number) for number in range(LIVES + 20, LIVES + 20 + LATER_BLOCKS)]
        return Questions(
            ids=[*drawn.sample(self._ids, SAMPLE), *(bytes([number]) * 32 for number in range(SAMPLE // 2))],
            keys=[*there, *(key for key in not_there if key not in keys)],
            lives=[ORDERS.full_key(name) for name in orders[::4]],
            orders=orders[::2],
            listings=[*listings, name_of(issuer, "none")],
            accounts=accounts,
            issuer=issuer,
            blocks=[[life[0] for life in lives], *([life[step] for life in lives] for step in range(1, 5))],
            time=self._now + 1,
        )


class LedgerReader:
    """The program that reads folders, and what it says of the undamaged one."""

    def __init__(self, story: Story, scratch: Path) -> None:
        """Start the program, and read the folder as it is."""
        self.folder = story.folder
        self._copy, self._answers = scratch / "copy", scratch / "answers"
        scratch.mkdir()
        (scratch / "questions").write_bytes(msgspec.msgpack.encode(story.questions))
        self._errors = (scratch / "program-errors").open("wb")
        self._program = subprocess.Popen(
            [*READER, str(scratch / "questions")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={"PATH": "/usr/bin:/bin", **ADDITIONS},
        )
        ended = self._read(None)
        assert ended.status == 0, ended.errors
        said = json.loads(ended.lines[0])["answers"]
        assert said["audit"] == "nothing found"
        self.undamaged = Answers(said, frozenset())

    def _read(self, flip: Flip | None, file: str = DATA, *, witnessed: bool = True) -> Ended:
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self.folder, self._copy, ignore=shutil.ignore_patterns("*-lock"))
        if not witnessed:
            (self._copy / WITNESS).unlink()
            (self._copy / LOG).unlink()
        if flip is not None:
            content = bytearray((self.folder / file).read_bytes())
            flip.turn(content)
            (self._copy / file).write_bytes(content)
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{self._copy} {self._answers}\n".encode())
        self._program.stdin.flush()
        status = int(self._program.stdout.readline())
        errors = self._answers.with_suffix(".errors").read_text(errors="replace")
        return Ended(status, (self._answers.read_text(),), errors, out_of_time=status == OUT_OF_TIME)

    def after(self, flip: Flip, file: str = DATA, *, witnessed: bool = True) -> Flipped:
        """What becomes of the reader when one bit of a file is turned over, perhaps without witness and log."""
        ended = self._read(flip, file, witnessed=witnessed)
        outcome, words = outcome_of(ended, self.undamaged)
        if ended.status != 0:
            # It may have said something wrong before it ended; what it wasn't asked any more counts as refused.
            said = json.loads(ended.lines[0])["answers"]
            not_asked = frozenset(self.undamaged.answers) - frozenset(said)
            unfinished = _compared(Answers(said, not_asked), self.undamaged)
            outcome, words = unfinished if unfinished[0] in FAILURES else (outcome, words)
        return Flipped(flip, outcome, words)

    def close(self) -> None:
        """End the program."""
        self._program.kill()
        self._program.communicate()
        self._errors.close()


@pytest.fixture(scope="module")
def reader(made_world: World, tmp_path_factory) -> Iterator[LedgerReader]:
    """A reader of a folder with a story."""
    scratch = tmp_path_factory.mktemp("flips")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "RUN_BLOCKS", 6)
        story = Story(made_world.copied_to(scratch / "node"))
    made = LedgerReader(story, scratch / "reader")
    yield made
    made.close()


def data_file(reader: LedgerReader) -> Path:
    return reader.folder / DATA


def transaction_number_flips(reader: LedgerReader) -> list[Flip]:
    metas = DataFile(data_file(reader).read_bytes()).metas
    return [
        Flip(kind, meta.number * PAGE_BYTES + TRANSACTION_NUMBER + bit // 8, bit % 8)
        for kind, meta in zip((Kind.META_OLDER, Kind.META_NEWEST), metas, strict=True)
        for bit in range(NUMBER_BITS)
    ]


def test_the_folder_has_a_few_thousand_records_and_every_kind_of_page(reader):
    records = reader.undamaged.answers["before: root and records"]

    assert int(str(records).split()[1]) > 3_000
    assert {page.kind for page in DataFile(data_file(reader).read_bytes()).pages()} == set(Kind)
    assert sum(answer is None for answer in reader.undamaged.answers.values()) > 30


@pytest.mark.slow
def test_a_flipped_bit_on_any_kind_of_page_gives_no_wrong_answer(reader, rotation, full_run):
    per_kind = FULL_PER_KIND if full_run else QUICK_PER_KIND

    results = [reader.after(flip) for flip in flips(data_file(reader), per_kind, rotation)]

    assert failures(results) == []
    outcomes = table_of(results)
    assert any(Outcome.REFUSED in outcomes[kind] for kind in (Kind.BRANCH, Kind.LEAF, Kind.OVERFLOW))


@pytest.mark.slow
def test_a_flipped_bit_of_a_meta_page_gives_no_wrong_answer(reader, rotation, full_run):
    every = [flip for kind in METAS for flip in every_bit_of(data_file(reader), kind)]
    count = FULL_META_BITS if full_run else QUICK_BITS

    results = [reader.after(flip) for flip in random.Random(rotation).sample(every, count)]

    assert failures(results) == []


@pytest.mark.slow
def test_a_flipped_transaction_number_never_brings_the_state_before_back(reader, rotation, full_run):
    every = transaction_number_flips(reader)
    # High bits of the older page's number make it the newest for sure; the others take turns.
    some = [*every[NUMBER_BITS - 2 : NUMBER_BITS], *random.Random(rotation).sample(every, QUICK_BITS)]

    results = [reader.after(flip) for flip in (every if full_run else some)]

    assert failures(results) == []
    assert sum("gone back" in result.words for result in results) >= 2


def test_without_witness_and_log_a_flipped_transaction_number_goes_unnoticed(reader):
    """The check can fail: it is these two, and nothing else, that notice."""
    lowest_set_bits = [flip for flip in transaction_number_flips(reader) if flip.kind == Kind.META_NEWEST][:6]

    results = [reader.after(flip, witnessed=False) for flip in lowest_set_bits]

    assert failures(results) != []


@pytest.mark.slow
def test_a_flipped_bit_of_the_log_gives_no_wrong_answer(reader, rotation, full_run):
    used = len((reader.folder / LOG).read_bytes().rstrip(b"\0"))
    every = [Flip(Kind.LEAF, bit // 8, bit % 8) for bit in range(8 * used)]
    count = FULL_META_BITS if full_run else QUICK_BITS

    in_the_first_record = Flip(Kind.LEAF, PAGE_BYTES + 100, 0)  # the others may all meet what is no longer in use

    some = random.Random(rotation).sample(every, count)
    results = [reader.after(flip, LOG) for flip in (in_the_first_record, *some)]

    assert used > 2 * PAGE_BYTES
    assert failures(results) == []
    assert any(result.outcome == Outcome.REFUSED for result in results)


def test_a_flipped_bit_of_the_witness_is_as_good_as_none(reader, tmp_path):
    folder = tmp_path / "node"
    for offset in (0, 7, 20):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(reader.folder, folder)
        raw = bytearray((folder / WITNESS).read_bytes())
        raw[offset] ^= 4
        (folder / WITNESS).write_bytes(raw)

        ledger = Ledger.open(folder, ALL, NODE_KEYS)

        assert ledger.tip.height == int(str(reader.undamaged.answers["before: height"]))
        ledger.abandon()


def test_the_values_of_all_records_asked_for_belong_to_what_is_sold(reader):
    """What the reader asks is worth asking: balances, listings and orders are all there before and after."""
    questions = msgspec.msgpack.decode((reader._answers.parent / "questions").read_bytes(), type=Questions)
    ledger = Ledger.open(reader.folder, ALL, NODE_KEYS)
    state = ledger.state()

    balances = [BALANCES.find(state, (each, Asset("USD", questions.issuer))) for each in questions.accounts]
    listings = [LISTINGS.find(state, name) for name in questions.listings]

    assert all(balance is not None for balance in balances[:10])
    assert all(listing is not None for listing in listings[:-1])
    ledger.abandon()
