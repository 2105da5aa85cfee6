"""Runs all tests in two parts of about the same length beside each other, so that two cores have work.

    python tools/run_tests.py [PYTEST'S OPTIONS]

What the first part says comes as it happens, what the second says after it. Each ends with the real parts that it used
and left out. The exit code is 0 when both are green.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ("network", "faults", "soak", "properties", "faults_seeded", "modules", "rails", "simulate")
"""Folders whose tests wait for processes of their own most of the time, and others, so that both parts take as long."""


def main() -> int:
    """Run both parts and give the worse of their exit codes."""
    pytest = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    others = ["tests", *(f"--ignore=tests/{name}" for name in BESIDE)]
    with TemporaryFile() as said:
        beside = subprocess.Popen(
            [*pytest, *(f"tests/{name}" for name in BESIDE)],
            cwd=ROOT,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | {"SOGDIA_TEST_PART": "1"},
        )
        try:
            first = subprocess.run([*pytest, *others], cwd=ROOT, check=False).returncode
            second = beside.wait()
        except BaseException:
            beside.terminate()
            beside.wait()
            raise
        said.seek(0)
        print(said.read().decode("utf-8", "replace"), flush=True)
    return first or second


if __name__ == "__main__":
    sys.exit(main())
