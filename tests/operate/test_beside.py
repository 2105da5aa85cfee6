"""Doors beside a node: begun with it, begun again when they die, ended with it however it ends, never in its way."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from sogdia.client.connection import Connection
from sogdia.operate.beside import doors_of
from sogdia.settings.sections import NodeSettings, Settings
from tests.cli.conftest import silently

SECONDS = 60.0
OWN = {"SOGDIA_PASSPHRASE": "silk", "NOTIFY_SOCKET": "/nowhere"}
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class Running:
    """A node that was started by its command, with the lines that it says."""

    def __init__(self, process) -> None:
        """Read what a process says."""
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stderr:
            self.lines.put(line)

    def hears(self, words):
        """Give the first line to come that holds some words."""
        until = time.monotonic() + SECONDS
        heard = []
        while time.monotonic() < until:
            try:
                line = self.lines.get(timeout=0.2)
            except queue.Empty:
                continue
            heard.append(line)
            if words in line:
                return line
        raise AssertionError(heard)

    def children(self, words):
        """Give the processes whose command has some words and that this node has started."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                parent = int((path / "stat").read_text("utf-8").rpartition(") ")[2].split()[1])
            except (OSError, ValueError):
                continue
            if words in command and parent == self.process.pid:
                found.append(int(path.name))
        return found

    def end(self):
        """Ask the node to end, and give its exit status."""
        self.process.terminate()
        return self.process.wait(SECONDS)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "house"
    silently("node", "create", str(place), "--unprotected", "--keys", str(tmp_path / "keys"))
    return place


@contextmanager
def started(folder, *options: str, **environment: str):
    command = [sys.executable, "-m", "sogdia", "node", "start", str(folder), *options]
    known = {**os.environ, "HOME": str(folder.parent), **environment}
    with subprocess.Popen(command, env=known, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        node = Running(process)
        try:
            yield node
        finally:
            process.kill()
            node.reader.join(SECONDS)


def address_in(line):
    found = ADDRESS.search(line)
    assert found is not None, line
    return found[0]


def answers(address, path="/v1/status"):
    try:
        with urlopen(address + path, timeout=SECONDS) as answer:  # noqa: S310 - our own server
            return answer.status == 200
    except (URLError, ConnectionError):
        return False


def in_time(condition):
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_api_and_explorer_begin_with_the_node_say_where_they_are_and_end_with_it(folder):
    with started(folder, "--http", "127.0.0.1:0", "--explorer", "127.0.0.1:0") as node:
        said = [node.hears("http://") for _door in range(2)]
        api = next(address_in(line) for line in said if line.startswith("The API"))
        explorer = next(address_in(line) for line in said if line.startswith("The explorer"))
        assert answers(api)
        assert in_time(lambda: answers(explorer, "/health"))  # its index is made first
        status = node.end()

    assert status == 0
    assert not answers(api)
    assert not answers(explorer, "/health")


def test_a_door_that_is_killed_is_started_again_and_the_node_goes_on(folder):
    with started(folder, "--http", "127.0.0.1:0") as node:
        node.hears("API")
        (door,) = node.children("api start")
        os.kill(door, signal.SIGKILL)
        told = node.hears("started again")
        again = address_in(node.hears("API"))

        assert answers(again)
        assert "status -9" in told
        with Connection(folder) as connection:
            assert connection.status().waits_for is None
        assert node.end() == 0


def test_a_door_does_not_outlive_a_node_that_is_killed(folder):
    with started(folder, "--http", "127.0.0.1:0") as node:
        address = address_in(node.hears("API"))
        assert answers(address)
        node.process.kill()

        assert in_time(lambda: not answers(address))


def test_a_door_that_cannot_begin_is_tried_again_ever_later_and_hinders_nobody(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with started(folder, "--http", address) as node:
            pauses = [node.hears("started again").split()[-2] for _time in range(2)]
            with Connection(folder) as connection:
                assert connection.status().waits_for is None
            status = node.end()

    assert pauses == ["1", "2"]
    assert status == 0


def test_a_door_is_not_given_the_nodes_passphrase(folder):
    with started(folder, "--http", "127.0.0.1:0", **OWN) as node:
        node.hears("API")
        (door,) = node.children("api start")
        given = Path(f"/proc/{door}/environ").read_bytes()

    assert b"silk" not in given
    assert b"NOTIFY_SOCKET" not in given


def test_a_door_reads_the_settings_that_the_node_reads(tmp_path):
    settings = Settings(node=NodeSettings(http="127.0.0.1:8080", explorer="[::1]:8081"))

    commands = doors_of(settings, tmp_path, tmp_path / "house.toml")

    assert commands["api"][3:] == [
        "api", "start", str(tmp_path), "--listen", "127.0.0.1:8080", "--until-input-ends", "--config",
        str(tmp_path / "house.toml"),
    ]  # fmt: skip
    assert commands["explorer"][3:7] == ["explorer", "start", str(tmp_path), "--listen"]
    assert doors_of(Settings(), tmp_path, None) == {}
