"""The frame of the tests itself: the register of real parts and the seed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests import rotation as rotation_module
from tests.tidy import repository

if TYPE_CHECKING:
    from pathlib import Path

USES_ONE_PART_LACKS_ANOTHER = """
import pytest
from tests.real_parts import left_out, used

@pytest.mark.real("PostgreSQL")
def test_a_marked_part_is_used():
    pass

@pytest.mark.real("strace")
def test_a_marked_part_is_missing():
    pytest.skip("strace is not installed")

def test_parts_are_named_by_hand():
    used("tmpfs")
    left_out("cc", "no compiler was found.")
"""
SKIPS_FOR_NO_NAMED_PART = "import pytest\n\ndef test_hidden():\n    pytest.skip('not today')\n"
LACKS_A_PROGRAM = """
import pytest
from tests import real_parts

@pytest.mark.real("a program")
def test_a_program_is_missing():
    real_parts.program("no-such-program")
"""
USES_ALL = "def test_plain():\n    pass\n"


def run(folder: Path, source: str, *options: str, ci: str, full: str = "") -> subprocess.CompletedProcess[str]:
    """Run `source` as a test file of its own, under the project's configuration."""
    (folder / "test_sample.py").write_text(source, "utf-8")
    plugins = ["-p", "tests.real_parts", "-p", "tests.rotation", "-c", str(repository.ROOT / "pyproject.toml")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", *options, str(folder)],
        cwd=repository.ROOT,
        env={**os.environ, "CI": ci, "SOGDIA_FULL": full, "SOGDIA_SEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_ends_with_the_real_parts_it_used_and_left_out(tmp_path):
    ended = run(tmp_path, USES_ONE_PART_LACKS_ANOTHER, ci="")

    assert "Real parts used: PostgreSQL, tmpfs." in ended.stdout
    assert "Left out: cc, because no compiler was found." in ended.stdout
    assert "Left out: strace, because strace is not installed." in ended.stdout
    assert ended.returncode == pytest.ExitCode.OK


def test_where_others_rely_on_the_run_a_missing_part_fails_it(tmp_path):
    ended = run(tmp_path, USES_ONE_PART_LACKS_ANOTHER, ci="true")

    assert "This run FAILS" in ended.stdout
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED


def test_where_others_rely_on_the_run_a_complete_one_passes(tmp_path):
    ended = run(tmp_path, USES_ALL, ci="true")

    assert "Left out: nothing." in ended.stdout
    assert ended.returncode == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("ci", "said", "status"),
    [
        ("", "Left out: a program, because there is no program `no-such-program`.", pytest.ExitCode.OK),
        ("true", "FAILED test_sample.py::test_a_program_is_missing", pytest.ExitCode.TESTS_FAILED),
    ],
)
def test_a_test_whose_program_is_missing_is_skipped_and_fails_by_itself_where_others_rely_on_it(
    tmp_path, ci, said, status
):
    ended = run(tmp_path, LACKS_A_PROGRAM, ci=ci)

    assert said in ended.stdout.replace(f"{tmp_path}/", "")
    assert ended.returncode == status


def test_in_a_full_run_a_missing_part_fails_it(tmp_path):
    ended = run(tmp_path, USES_ONE_PART_LACKS_ANOTHER, ci="", full="1")

    assert "This run FAILS" in ended.stdout
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_test_skipped_for_no_named_part_is_listed_by_its_own_name(tmp_path):
    ended = run(tmp_path, SKIPS_FOR_NO_NAMED_PART, ci="true")

    assert "test_sample.py::test_hidden, because not today." in ended.stdout
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_part_deselected_by_hand_is_left_out(tmp_path):
    ended = run(tmp_path, USES_ONE_PART_LACKS_ANOTHER, "-m", "not real", ci="true")

    assert "Left out: PostgreSQL, because test_a_marked_part_is_used was deselected." in ended.stdout
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED


def test_the_seed_is_printed_and_can_be_repeated(tmp_path):
    source = "import hypothesis\n\ndef test_seed(rotation):\n    assert rotation == 7\n"
    source += "    assert hypothesis.core.global_force_seed == 7\n"

    ended = run(tmp_path, source, ci="")

    assert "rotation: seed 7" in ended.stdout
    assert ended.returncode == pytest.ExitCode.OK


def test_the_seed_follows_the_commit(monkeypatch):
    monkeypatch.delenv("SOGDIA_SEED")

    monkeypatch.setattr(rotation_module, "commit", lambda: "0000000a" + "0" * 32)
    one = rotation_module.seed()
    monkeypatch.setattr(rotation_module, "commit", lambda: "0000000b" + "0" * 32)
    other = rotation_module.seed()

    assert (one, other) == (10, 11)


def test_a_seed_that_is_no_number_is_refused(monkeypatch):
    monkeypatch.setenv("SOGDIA_SEED", "seven")

    with pytest.raises(pytest.UsageError, match="whole number"):
        rotation_module.seed()
