"""Permanent numbers: added to, never changed, taken away or used twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sogdia.kernel.refusals import KernelRefusal
from sogdia.modules import ALL
from tests.golden.permanent import refusal_lines, tag_lines
from tests.golden.places import REFUSALS, TAGS

if TYPE_CHECKING:
    from sogdia.kernel.refusal import RefusalCode

FILES = [(REFUSALS, refusal_lines), (TAGS, tag_lines)]
HUNDREDS: list[tuple[type[RefusalCode], int]] = [
    (KernelRefusal, 100),
    *((module.refusals, module.number) for module in ALL),
]


def names(file: object) -> str:
    """A short name for a file or nothing."""
    return file.name if isinstance(file, Path) else ""


@pytest.mark.parametrize(("file", "lines"), FILES, ids=names)
def test_no_permanent_number_changes_or_goes(file, lines):
    gone = set(file.read_text("utf-8").splitlines()) - set(lines())

    assert not gone, "these lines are permanent; give what is new a new number instead"


@pytest.mark.parametrize(("file", "lines"), FILES, ids=names)
def test_every_new_number_is_written_down(file, lines):
    new = set(lines()) - set(file.read_text("utf-8").splitlines())

    assert not new, "python -m tests.golden writes them down; from then on they are permanent"


@pytest.mark.parametrize(("file", "lines"), FILES, ids=names)
def test_no_number_stands_for_two_things(file, lines):
    def subject(line: str) -> object:
        words = line.removeprefix("operation reserved").removeprefix("operation").split()
        if line.startswith("word"):
            return tuple(words[:3])
        return tuple(words[:2]) if line.startswith(("event", "query", "table")) else words[0]

    for source in (lines(), file.read_text("utf-8").splitlines()):
        assert [each for each, count in Counter(map(subject, source)).items() if count > 1] == []


@pytest.mark.parametrize(("refusals", "first"), HUNDREDS, ids=lambda value: getattr(value, "__name__", ""))
def test_refusals_lie_in_their_hundred_and_say_the_rule_and_the_way_out(refusals, first):
    for code in refusals:
        assert first <= code < first + 100
        assert code.name == code.name.upper()
        assert code.rule[0].isupper()
        assert not code.rule.endswith(".")
        assert code.way_out.endswith(".")


SECOND_RUNS = {200: 250}
"""Where numbers begin anew within a hundred: in identity, those of registrars."""


def test_every_hundred_is_filled_without_gaps():
    for refusals, first in HUNDREDS:
        second = SECOND_RUNS.get(first, first + 100)
        for start, end in ((first, second), (second, first + 100)):
            numbers = sorted(int(code) for code in refusals if start <= code < end)
            assert numbers == list(range(start, start + len(numbers)))
