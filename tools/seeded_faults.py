"""Breaks the code on purpose, one fault at a time, and looks whether a test notices.

    python tools/seeded_faults.py            every fault of the table, in a copy of src that is thrown away
    python tools/seeded_faults.py WORD…      only those whose name or file has one of the words

The table is tests/faults_seeded/faults.py. The working copy is never touched. The exit code is 0 when at least 95 of
100 faults were caught; those that survived are listed, and each of them is a test that is missing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
SECONDS_MAX = 180
CAUGHT_PERCENT_MIN = 95
GREEN, RED = 0, 1
"""How pytest ends when all tests pass, and when one fails. Everything else is no answer."""


@dataclass(frozen=True)
class Fault:
    """One thing to break: `old` stands once in the file and is replaced by `new`; `tests` should notice."""

    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """Whether a fault was caught, and by what."""

    fault: Fault
    caught: bool
    by: str


class Copy:
    """A copy of the source in which faults are planted."""

    def __init__(self, folder: Path) -> None:
        """Copy the source and make sure that programs started here really run the copy."""
        self.source = folder / "src" / "sogdia"
        shutil.copytree(ROOT / "src" / "sogdia", self.source, ignore=shutil.ignore_patterns("__pycache__"))
        found = self._python("-c", "import sogdia; print(sogdia.__file__)").stdout.strip()
        if Path(found).parent.resolve() != self.source.resolve():
            message = f"the tests would run {found} instead of the copy in {self.source}"
            raise RuntimeError(message)

    def check(self, fault: Fault) -> Outcome:
        """Plant a fault, run the tests that should notice, and take it out again."""
        path = self.source / fault.file
        sound = path.read_text("utf-8")
        _write_source(path, planted(sound, fault))
        try:
            ended = self._python("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", *fault.tests)
        except subprocess.TimeoutExpired:
            return Outcome(fault, caught=True, by="a run that doesn't end")
        finally:
            _write_source(path, sound)
        if ended.returncode not in (GREEN, RED):
            message = f"{fault.breaks}: the tests could not be run ({ended.returncode})\n{ended.stdout}{ended.stderr}"
            raise RuntimeError(message)
        return Outcome(fault, caught=ended.returncode == RED, by=first_failure(ended.stdout))

    def _python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python on the copy."""
        environment = os.environ | {
            "PYTHONPATH": str(self.source.parent),
            "SOGDIA_FULL": "0",
            "CI": "",
        }
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )


def _write_source(path: Path, text: str) -> None:
    """Write a file of the source. What was compiled of it goes: a fault and its repair may fall into one second."""
    path.write_text(text, "utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def first_failure(report: str) -> str:
    """Give the test that failed first, as the summary at the end of a run names it."""
    for line in report.splitlines():
        for word in ("FAILED ", "ERROR "):
            if line.startswith(word):
                return line.removeprefix(word).split(" - ")[0]
    return ""


def planted(source: str, fault: Fault) -> str:
    """Give the source with the fault in it; say so when the text that it replaces isn't there, or stands twice."""
    if source.count(fault.old) != 1:
        message = f"{fault.breaks}: {fault.file} holds the text to replace {source.count(fault.old)} times, not once"
        raise ValueError(message)
    return source.replace(fault.old, fault.new)


def check_all(faults: Iterable[Fault]) -> Iterator[Outcome]:
    """Try faults in copies that are thrown away afterwards, one on each core; outcomes keep the order of the faults."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="sogdia-faults-") as folder, ThreadPoolExecutor(cores) as pool:
        idle: SimpleQueue[Copy] = SimpleQueue()
        for core in range(cores):
            idle.put(Copy(Path(folder) / str(core)))

        def check(fault: Fault) -> Outcome:
            copy = idle.get()
            try:
                return copy.check(fault)
            finally:
                idle.put(copy)

        yield from pool.map(check, faults)


def main() -> int:
    """Try the faults that were asked for and print what came of them."""
    sys.path.insert(0, str(ROOT))
    from tests.faults_seeded.faults import FAULTS, SURVIVORS  # noqa: PLC0415 - found only from the root of the project

    parser = argparse.ArgumentParser(description="Break the code on purpose and look whether a test notices.")
    parser.add_argument("words", nargs="*", help="only faults whose name or file has one of these words")
    words = parser.parse_args().words
    chosen = [each for each in FAULTS if not words or any(word in f"{each.breaks} {each.file}" for word in words)]
    outcomes = []
    for outcome in check_all(chosen):
        outcomes.append(outcome)
        known = f" (known: {SURVIVORS[outcome.fault.breaks]})" if outcome.fault.breaks in SURVIVORS else ""
        how = f"caught by {outcome.by}" if outcome.caught else f"SURVIVED{known}"
        print(f"{len(outcomes):3}/{len(chosen)} {outcome.fault.breaks}: {how}", flush=True)
    survived = [outcome for outcome in outcomes if not outcome.caught]
    print(f"{len(outcomes) - len(survived)} of {len(outcomes)} faults were caught.")
    for outcome in survived:
        print(f"survived: {outcome.fault.breaks} ({outcome.fault.file})")
    return 0 if 100 * len(survived) <= (100 - CAUGHT_PERCENT_MIN) * len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
