"""Nodes that run are found by what they have written down; what is left of others is passed over."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sogdia.client.running_nodes import RunningNode, announced, running_nodes


@pytest.fixture
def notes(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".sogdia" / "running"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "node"
    made.mkdir()
    (made / "node.sock").touch()
    return made


def test_a_node_is_found_while_it_runs(notes, folder, tmp_path):
    before = running_nodes()
    with announced(folder, tmp_path / "people"):
        during = running_nodes()
    after = running_nodes()

    assert before == after == []
    assert during == [RunningNode(str(folder), str(tmp_path / "people"))]
    assert list(notes.iterdir()) == []


def test_a_node_without_its_socket_does_not_answer_and_is_passed_over(notes, folder):
    (folder / "node.sock").unlink()

    with announced(folder):
        found = running_nodes()

    assert notes.is_dir()
    assert found == []


def test_the_note_of_a_process_that_is_gone_is_removed(notes, folder):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    with announced(folder):
        content = (notes / f"{os.getpid()}.json").read_bytes()
    (notes / f"{gone.pid}.json").write_bytes(content)

    assert running_nodes() == []
    assert list(notes.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 20_000, b'{"folder": 5}'])
def test_a_note_that_cannot_be_read_is_passed_over(notes, folder, content):
    with announced(folder):
        (notes / "1.json").write_bytes(content)
        (notes / "letters.json").write_bytes(content)

        assert running_nodes() == [RunningNode(str(folder))]


def test_a_node_is_announced_once_for_each_folder(notes, folder):
    with announced(folder):
        content = (notes / f"{os.getpid()}.json").read_bytes()
        (notes / f"{os.getppid()}.json").write_bytes(content)

        assert running_nodes() == [RunningNode(str(folder))]
