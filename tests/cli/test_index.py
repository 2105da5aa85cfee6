"""`sogdia index`: built from a folder at rest, followed by a process of its own, and said how far it is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sogdia.cli.exits import Exit

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "folder-0.1.0"


@pytest.fixture
def folder(tmp_path):
    """A ledger at rest."""
    return Path(shutil.copytree(GOLDEN, tmp_path / "house"))


def test_an_index_is_made_anew_from_a_folder_at_rest_and_says_how_far_it_is(sogdia, folder):
    assert sogdia("index", "status", "--node", folder).status == Exit.NOT_FOUND

    made = sogdia("index", "rebuild", "--node", folder, "--json")
    again = sogdia("index", "rebuild", "--node", folder)
    said = sogdia("index", "status", "--node", folder, "--json").document

    assert made.status == again.status == Exit.DONE
    assert said["height"] == made.document["height"] == said["node_height"] > 0
    assert (said["heights_behind"], said["seconds_behind"]) == (0, 0)
    assert f"height {said['height']}" in again.out
    assert "lag       0 heights, 0 s" in sogdia("index", "status", "--node", folder).out


def test_a_database_of_somebody_else_is_refused_and_kept(sogdia, folder, tmp_path):
    letter = tmp_path / "letter.sqlite"
    letter.write_text("Dear reader, " * 300)

    said = sogdia("index", "rebuild", "--node", folder, "--database", f"sqlite:///{letter}")

    assert said.status == Exit.USAGE
    assert "no SQLite file" in said.err
    assert letter.read_text().startswith("Dear reader")


def test_an_address_nobody_knows_is_refused(sogdia, folder):
    said = sogdia("index", "rebuild", "--node", folder, "--database", "oracle://somewhere")

    assert said.status == Exit.USAGE
    assert "Traceback" not in said.err


def test_following_waits_for_a_node_and_ends_in_order(folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sogdia", "index", "run", "--node", str(folder)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    waiting = process.stderr.readline()
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _out, rest = process.communicate(timeout=20)

    assert "trying again" in waiting
    assert process.returncode == 0
    assert "has stopped" in rest
