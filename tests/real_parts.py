"""The register of real parts: which pieces of the outside world a run used, and which it had to leave out.

A test that uses PostgreSQL, strace or a compiler either carries the mark `real("PostgreSQL")`, which keeps the
register by itself, or calls `used` and `left_out`. Any other test that is skipped is listed by its own name. The run
ends with the list. With `CI=true`, and in a full run, nothing may be left out: the run fails, so that a machine which
lacks a part can't look like one on which everything passed.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NoReturn, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_used: set[str] = set()
_left_out: dict[str, str] = {}


def used(part: str) -> None:
    """Note that this run uses the real `part`."""
    _used.add(part)


def left_out(part: str, reason: str) -> None:
    """Note that something which needs the real `part` was not run, and why. The first reason stays."""
    _left_out.setdefault(part, reason)


def nothing_may_be_left_out() -> bool:
    """Say whether this run is one that others rely on, where a missing part is a failure."""
    return os.environ.get("CI", "").lower() == "true" or os.environ.get("SOGDIA_FULL") == "1"


def leave_out(reason: str) -> NoReturn:
    """End a marked test whose real part is missing: it is skipped, and fails where nothing may be left out."""
    if nothing_may_be_left_out():
        pytest.fail(f"{reason}, and in this run nothing may be left out", pytrace=False)
    pytest.skip(reason)


def program(name: str) -> str:
    """Give a program that a marked test needs, or leave the test out."""
    found = shutil.which(name)
    if found is None:
        leave_out(f"there is no program `{name}`")
    return found


def lines() -> list[str]:
    """Give the list that ends the run, one line per statement."""
    report = ["Real parts used: " + (", ".join(sorted(_used)) or "none") + "."]
    report += [f"Left out: {part}, because {reason.rstrip('.')}." for part, reason in sorted(_left_out.items())]
    if not _left_out:
        report.append("Left out: nothing.")
    elif nothing_may_be_left_out():
        report.append("This run FAILS: with CI=true, and in a full run, nothing may be left out.")
    return report


def _parts_of(item: pytest.Item) -> list[str]:
    """Give the real parts that the marks of `item` name."""
    return [str(part) for mark in item.iter_markers("real") for part in mark.args]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Register the parts of a test once it is known whether it ran or was skipped."""
    report = yield
    parts = _parts_of(item)
    if report.skipped and isinstance(report.longrepr, tuple):
        for part in parts or [item.nodeid]:
            left_out(part, report.longrepr[2].removeprefix("Skipped: "))
    elif report.when == "call":
        for part in parts:
            used(part)
    return report


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Register the parts of marked tests that the caller chose not to run."""
    for item in items:
        for part in _parts_of(item):
            left_out(part, f"{item.name} was deselected")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that others rely on when a real part was left out."""
    if _left_out and nothing_may_be_left_out() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = cast("int", pytest.ExitCode.TESTS_FAILED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End the run with the plain list."""
    terminalreporter.ensure_newline()
    terminalreporter.section("real parts")
    for line in lines():
        terminalreporter.line(line)
