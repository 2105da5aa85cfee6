"""The generated pages of the reference say what the declarations say."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.tidy import repository


def test_the_generated_pages_are_up_to_date():
    command = [sys.executable, "tools/reference.py", "--check"]

    answer = subprocess.run(command, cwd=repository.ROOT, capture_output=True, text=True, check=False)

    assert answer.stdout == ""
    assert answer.returncode == 0, answer.stderr


def test_the_pages_come_out_alike_whatever_the_hash_seed():
    program = "import runpy; print(runpy.run_path('tools/reference.py')['pages']())"
    command = [sys.executable, "-c", program]

    made = [
        subprocess.run(
            command, cwd=repository.ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]

    assert made[0] == made[1]
