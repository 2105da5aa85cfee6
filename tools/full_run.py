"""Runs a full matrix of tests and writes down what came of it, in docs/results/<date>-<name>.md.

    python tools/full_run.py soak       long runs, every case
    python tools/full_run.py faults     every point to die at, every kind of page to damage

The run on every commit tries a core and a slice of these; this tries all of it. A page is written whatever the
outcome, so that a red run is on record, too. The exit code is that of the tests.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MATRICES = {
    "soak": "Long runs, long random sequences and faults planted in the code, every case.",
    "faults": "Faults of power, disk, process, wire and member, every case.",
}
FOLDERS = {
    "soak": (
        "tests/soak",
        "tests/properties",
        "tests/faults_seeded",
        "tests/network/test_simulation.py",
        "tests/index/test_projections.py",
        "tests/network/test_same_everywhere.py",
        "tests/client/light",
    ),
    "faults": ("tests/faults", "tests/network/test_state_sync.py"),
}
OUTCOMES = {
    pytest.ExitCode.OK: "green",
    pytest.ExitCode.TESTS_FAILED: "RED",
    pytest.ExitCode.INTERRUPTED: "interrupted, so it proves nothing",
    pytest.ExitCode.NO_TESTS_COLLECTED: "RED: no test was found",
}
REASON_CHARACTERS_MAX = 200


class Tally:
    """Listens to a run of tests: counts what came of them and keeps the names of those that failed."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.counts: Counter[str] = Counter()
        self.failed: list[str] = []
        self.seed = ""
        self.real_parts: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once: by its body, or by what kept its body from running or went wrong after it."""
        if report.when == "call" or report.outcome != "passed":
            self.counts[report.outcome] += 1
        if report.failed:
            self.failed.append(f"`{report.nodeid}`: {reason_of(report)}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the name of a file that could not be read."""
        if report.failed:
            self.failed.append(f"`{report.nodeid}`: could not be collected")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Ask the project's own plugins for the seed and the real parts, which they know best."""
        rotation = session.config.pluginmanager.get_plugin("tests.rotation")
        real_parts = session.config.pluginmanager.get_plugin("tests.real_parts")
        if rotation is not None and real_parts is not None:
            self.seed = str(rotation.seed())
            self.real_parts = real_parts.lines()


@dataclass(frozen=True)
class Run:
    """One run of a matrix: what was tried, on which code, and how it ended."""

    name: str
    code: str
    began: datetime
    seconds: int
    outcome: str


def reason_of(report: pytest.TestReport) -> str:
    """Say in one line why a test failed."""
    crash = getattr(report.longrepr, "reprcrash", None)
    words = crash.message if crash is not None else report.longreprtext
    return (words.strip().splitlines() or ["no reason was given"])[0][:REASON_CHARACTERS_MAX]


def git(*words: str) -> str:
    """Ask git something about the working copy; give nothing where it has no answer."""
    answer = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def state_of_the_code() -> str:
    """Name the commit, and say so when the files differ from it, since others can't repeat such a run."""
    commit = git("rev-parse", "HEAD") or "none"
    # Pages of earlier runs change nothing about this one.
    changed = git("status", "--porcelain", "--", ".", ":!docs/results")
    return f"{commit}, with changes that are not committed" if changed else commit


def page(run: Run, tally: Tally) -> str:
    """Write the result of a run as a page."""
    counts = ", ".join(f"{number} {what}" for what, number in sorted(tally.counts.items())) or "no test ran"
    lines = [
        f"# {run.name.capitalize()}, {run.began:%Y-%m-%d}: {run.outcome}",
        "",
        MATRICES[run.name],
        "",
        "| | |",
        "|---|---|",
        f"| commit | {run.code} |",
        f"| seed | {tally.seed or 'none: the run did not get that far'} |",
        f"| began | {run.began:%Y-%m-%d %H:%M:%S} UTC |",
        f"| took | {run.seconds // 60} min {run.seconds % 60} s |",
        f"| tests | {counts} |",
        f"| Python | {platform.python_implementation()} {platform.python_version()} |",
        f"| machine | {platform.system()} {platform.machine()}, {os.cpu_count()} cores |",
        "",
        *(f"* {line}" for line in tally.real_parts),
    ]
    if tally.failed:
        lines += ["", "## What failed", "", *(f"* {line}" for line in tally.failed)]
    lines += ["", f"To repeat it: `SOGDIA_SEED={tally.seed} make {run.name}` on that commit."]
    return "\n".join(lines) + "\n"


def execute(name: str) -> int:
    """Run the matrix called `name`, write its page, and give the exit code of the tests."""
    os.environ["SOGDIA_FULL"] = "1"
    os.chdir(ROOT)
    code = state_of_the_code()
    began = datetime.now(UTC)
    clock = time.monotonic()
    tally = Tally()
    # In a full run no single test has a limit: it is as long as its matrix.
    exit_code = pytest.main(["-o", "timeout=0", "--durations=10", *FOLDERS[name]], plugins=[tally])
    seconds = round(time.monotonic() - clock)
    outcome = OUTCOMES.get(pytest.ExitCode(exit_code), "RED: the tests could not be run")

    results = ROOT / "docs" / "results"
    results.mkdir(parents=True, exist_ok=True)
    result = results / f"{began:%Y-%m-%d}-{name}.md"
    result.write_text(page(Run(name, code, began, seconds, outcome), tally), encoding="utf-8")
    print(f"{outcome}; written to {result.relative_to(ROOT)}")
    return int(exit_code)


def main() -> int:
    """Read the name of the matrix from the command line and run it."""
    parser = argparse.ArgumentParser(description="Run a full matrix of tests and write its result down.")
    parser.add_argument("name", choices=sorted(MATRICES), help="which matrix")
    return execute(parser.parse_args().name)


if __name__ == "__main__":
    sys.exit(main())
