"""Flipped bits: one bit of a data file is turned over, and a reader in a process of its own says what it then sees.

The reader prints one line of JSON, `{"answers": {question: answer or null}, "refused": [question, …]}`, null being
"not there". It may write first, to see what damage does to later writes: all that it does, it does to a copy.
"""

import json
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

from tests.faults.commands import Ended, run
from tests.faults.flips.pages import PAGE_BYTES, DataFile, Kind, Page

# A damaged tree may send a reader round in circles; this long is enough for an honest one.
SECONDS_MAX = 20.0


class Outcome(StrEnum):
    """What became of the reader; only the last two are failures of what it reads through."""

    SAME = "same answers"
    REFUSED = "refused"
    CRASHED = "crashed"
    HUNG = "hung"
    FALSE_ABSENCE = "FALSE ABSENCE"
    WRONG_ANSWER = "WRONG ANSWER"


FAILURES = frozenset({Outcome.FALSE_ABSENCE, Outcome.WRONG_ANSWER})


@dataclass(frozen=True, slots=True)
class Flip:
    """One bit of the file, and the kind of page that it is on."""

    kind: Kind
    offset: int
    bit: int

    def __str__(self) -> str:
        """The flip in words, to be said again by whoever reads a failure."""
        page, within = divmod(self.offset, PAGE_BYTES)
        return f"bit {self.bit} of byte {within} on page {page} ({self.kind})"

    def turn(self, content: bytearray) -> None:
        """Turn the bit over."""
        content[self.offset] ^= 1 << self.bit


@dataclass(frozen=True, slots=True)
class Answers:
    """What a reader said."""

    answers: Mapping[str, str | None]
    refused: frozenset[str]


@dataclass(frozen=True, slots=True)
class Flipped:
    """A flip and what became of the reader; `words` say why, for the report."""

    flip: Flip
    outcome: Outcome
    words: str


class BadReaderError(Exception):
    """The reader doesn't answer on an undamaged file, so that nothing can be compared."""


def flips(data_file: Path, per_kind: int, seed: int, kinds: Collection[Kind] = tuple(Kind)) -> Iterator[Flip]:
    """For each kind of page in the file, so many bits at random, first of a page's head and then of its body by turns.

    The head (header and pointers) is small, and most of what can go wrong goes wrong there; even draws would miss it.
    """
    by_kind: dict[Kind, list[Page]] = defaultdict(list)
    for page in DataFile(data_file.read_bytes()).pages():
        by_kind[page.kind].append(page)
    for kind in (kind for kind in Kind if kind in kinds):
        drawn = random.Random(f"{seed}/{kind}")
        for turn in range(per_kind if by_kind[kind] else 0):
            page = drawn.choice(by_kind[kind])
            start, end = page.ranges[0] if turn % 2 == 0 else page.ranges[-1]
            yield Flip(kind, page.number * PAGE_BYTES + drawn.randrange(start, end), drawn.randrange(8))


def every_bit_of(data_file: Path, kind: Kind) -> Iterator[Flip]:
    """Every bit that means something on the pages of one kind; for meta pages, where a whole state hangs on one."""
    for page in DataFile(data_file.read_bytes()).pages():
        for start, end in page.ranges if page.kind == kind else ():
            for offset in range(start, end):
                for bit in range(8):
                    yield Flip(kind, page.number * PAGE_BYTES + offset, bit)


class Reader:
    """A command that reads a folder, and what it says of the undamaged one."""

    def __init__(
        self, argv: Sequence[str], additions: Mapping[str, str], folder: Path, scratch: Path, name: str = "data.mdb"
    ) -> None:
        """`argv` must read the folder `scratch/"copy"`, which is made from `folder` before each run."""
        self._argv = tuple(argv)
        self._additions = additions
        self._folder = folder
        self._scratch = scratch
        self._name = name
        scratch.mkdir(parents=True, exist_ok=True)
        ended = self._read(None)
        undamaged = _answers_of(ended)
        if ended.status != 0 or undamaged is None or undamaged.refused:
            raise BadReaderError(f"status {ended.status}, said {ended.lines}. {ended.errors}")
        self.undamaged = undamaged

    @property
    def data_file(self) -> Path:
        """The undamaged file."""
        return self._folder / self._name

    def _read(self, flip: Flip | None) -> Ended:
        copy = copy_folder(self._scratch)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self._folder, copy, ignore=shutil.ignore_patterns("lock.mdb"))
        if flip is not None:
            content = bytearray(self.data_file.read_bytes())
            flip.turn(content)
            (copy / self._name).write_bytes(content)
        return run(self._argv, self._additions, self._scratch / "errors", SECONDS_MAX)

    def after(self, flip: Flip) -> Flipped:
        """Run the reader on a copy with one bit turned over, and say what became of it."""
        ended = self._read(flip)
        outcome, words = outcome_of(ended, self.undamaged)
        return Flipped(flip, outcome, words)


def copy_folder(scratch: Path) -> Path:
    """The folder that a reader's command must name."""
    return scratch / "copy"


def outcome_of(ended: Ended, undamaged: Answers) -> tuple[Outcome, str]:
    """Sort the end of a reader into one class, with the reason."""
    if ended.out_of_time:
        return Outcome.HUNG, f"no end after {SECONDS_MAX} s"
    if ended.signal is not None:
        return Outcome.CRASHED, f"signal {ended.signal}"
    if ended.status != 0:
        return Outcome.REFUSED, ended.errors.strip().rpartition("\n")[2]
    said = _answers_of(ended)
    if said is None:
        return Outcome.WRONG_ANSWER, f"success, but the words were {ended.lines}"
    return _compared(said, undamaged)


def _compared(said: Answers, undamaged: Answers) -> tuple[Outcome, str]:
    """Sort what a reader said; an answer that it should not have given outweighs all else."""
    wrong = sorted(question for question in said.answers if _is_wrong(question, said, undamaged))
    if wrong:
        return Outcome.WRONG_ANSWER, f"{wrong[0]}: {said.answers[wrong[0]]}"
    absent = sorted(question for question in undamaged.answers if _is_absent(question, said, undamaged))
    if absent:
        return Outcome.FALSE_ABSENCE, absent[0]
    return (Outcome.REFUSED, min(said.refused)) if said.refused else (Outcome.SAME, "")


def _is_wrong(question: str, said: Answers, undamaged: Answers) -> bool:
    answer = said.answers[question]
    return answer is not None and answer != undamaged.answers.get(question)


def _is_absent(question: str, said: Answers, undamaged: Answers) -> bool:
    """Whether the reader says "not there", or nothing at all, of what is there."""
    if question in said.refused or said.answers.get(question) is not None:
        return False
    return undamaged.answers[question] is not None


def _answers_of(ended: Ended) -> Answers | None:
    try:
        said = json.loads(ended.lines[-1])
        answers = cast("dict[str, str | None]", dict(said["answers"]))
        return Answers(answers, frozenset(said["refused"]))
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def failures(results: Iterable[Flipped]) -> list[str]:
    """The results that must not be, in words."""
    return [f"{result.flip}: {result.outcome}, {result.words}" for result in results if result.outcome in FAILURES]


def table_of(results: Iterable[Flipped]) -> dict[Kind, Counter[Outcome]]:
    """How many of each outcome, by kind of page, for the report of a full run."""
    table: dict[Kind, Counter[Outcome]] = defaultdict(Counter)
    for result in results:
        table[result.flip.kind][result.outcome] += 1
    return dict(table)
