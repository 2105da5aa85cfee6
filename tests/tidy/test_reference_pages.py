"""The generated pages of the reference say what the declarations say."""

from __future__ import annotations

import subprocess
import sys

from tests.tidy import repository


def test_the_generated_pages_are_up_to_date():
    command = [sys.executable, "tools/reference.py", "--check"]

    answer = subprocess.run(command, cwd=repository.ROOT, capture_output=True, text=True, check=False)

    assert answer.stdout == ""
    assert answer.returncode == 0, answer.stderr


def test_the_pages_come_out_alike_whatever_the_hash_seed():
    program = "import runpy; made = runpy.run_path('tools/reference.py')['pages'](); print(hash(str(made)) and made)"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=repository.ROOT, env={"PATH": "", "PYTHONPATH": "src", "PYTHONHASHSEED": seed},
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip

    assert len(outputs) == 1
