"""Figures, health, reload, and what the service manager hears, from a real node in a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sogdia.cli.running import run
from sogdia.client.connection import Connection
from sogdia.operate import service_notify
from sogdia.operate.figures import FIGURES, HISTOGRAMS
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

SECONDS_MAX = 30.0
PASSPHRASE = "silk-road-1"  # noqa: S105 - of keys that are worth nothing


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def until(condition):
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a node whose keys have a passphrase."""
    place = tmp_path_factory.mktemp("watched")
    os.environ["SOGDIA_PASSPHRASE"] = PASSPHRASE
    try:
        assert run(["node", "create", str(place / "node"), "--keys", str(place / "keys"), "--clock", "manual"]) == 0
    finally:
        del os.environ["SOGDIA_PASSPHRASE"]
    return place


class Started:
    """A node's process with its settings file, its log, and a socket on which it tells how it is."""

    def __init__(self, place: Path, folder: Path) -> None:
        """Start the node of `place`; what is its own lies in `folder`."""
        self.place = place
        self.port = free_port()
        self.settings = folder / "node.toml"
        self.log = folder / "node.log"
        self.told: list[str] = []
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "n"))
        self.manager.settimeout(0.05)
        self.write('level = "info"')
        environment = {
            **os.environ,
            "HOME": str(folder),
            "SOGDIA_PASSPHRASE": PASSPHRASE,
            "NOTIFY_SOCKET": str(folder / "n"),
            "WATCHDOG_USEC": "1000000",
        }
        command = [sys.executable, "-m", "sogdia", "node", "start", "--config", str(self.settings)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stderr=log)

    def write(self, log: str, node: str = "") -> None:
        """Write the settings."""
        text = f'[node]\nfolder = "{self.place / "node"}"\n{node}\n[log]\nformat = "json"\n{log}\n'
        self.settings.write_text(f'{text}[metrics]\nlisten = "127.0.0.1:{self.port}"\n', "utf-8")

    def hears(self, word: str) -> bool:
        """Tell whether the service manager has been told."""
        try:
            while True:
                self.told.append(self.manager.recv(4096).decode())
        except TimeoutError:
            return any(word in each for each in self.told)

    def says(self, words: str) -> bool:
        """Tell whether the log says it."""
        return words in self.log.read_text("utf-8")


@contextmanager
def started(place, folder):
    node = Started(place, folder)
    try:
        until(lambda: node.hears("READY=1") and ask(node.port, "/health/ready")[0] == 200)
        yield node
    finally:
        node.hears("")  # what nobody reads fills the socket, and then the last word is lost
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(SECONDS_MAX) == 0
        assert node.hears("STOPPING=1")
        node.manager.close()


@pytest.fixture(scope="module")
def node(made, tmp_path_factory):
    with started(made, tmp_path_factory.mktemp("run")) as running:
        yield running


def test_the_figures_are_what_was_declared_and_prometheus_reads_them(node):
    status, text = ask(node.port, "/metrics")

    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert status == 200
    for figure in FIGURES:
        family = families[figure.name.removesuffix("_total")]
        assert family.documentation == figure.help
        assert family.type == figure.kind("x", "").type
    for name, words in HISTOGRAMS:
        assert (families[name].type, families[name].documentation) == ("histogram", words)
    assert families["sogdia_verifier_up"].samples[0].value == 1
    assert families["process_resident_memory_bytes"].samples[0].value > 0


def test_names_follow_the_custom():
    for figure in FIGURES:
        assert figure.name.startswith("sogdia_")
        assert figure.name.endswith("_total") == (figure.kind("x", "").type == "counter")
        assert not any(part in figure.name for part in ("_ms", "_kb", "millis", "percent"))


def test_figures_and_status_say_the_same(node):
    with Connection(node.place / "node") as client:
        said = client.status()
    time.sleep(1.1)

    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(ask(node.port, "/metrics")[1])
        for sample in family.samples
    }

    assert samples["sogdia_records"] == said.records
    assert samples["sogdia_live_ids"] == said.live_ids
    assert samples["sogdia_durable_height"] >= said.durable_height


def test_a_node_that_runs_is_live_and_ready(node):
    assert ask(node.port, "/health/live") == (200, '{"live":true}\n')
    assert ask(node.port, "/health/ready") == (200, '{"ready":true,"because":[]}\n')
    assert ask(node.port, "/health/ready", "HEAD") == (200, "")


def test_a_node_without_its_verifier_is_live_and_not_ready(node):
    with Connection(node.place / "node") as client:
        found = client.status().verifier
        assert found is not None
        os.kill(found["process"], signal.SIGKILL)

    until(lambda: ask(node.port, "/health/ready")[0] == 503)
    assert "verifier" in ask(node.port, "/health/ready")[1]
    assert ask(node.port, "/health/live")[0] == 200
    until(lambda: ask(node.port, "/health/ready")[0] == 200)


def test_what_is_not_there_and_what_is_no_request_are_turned_away(node):
    assert ask(node.port, "/")[0] == 404
    assert ask(node.port, "/metrics", "POST")[0] == 405
    for raw in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET /metrics\r\n\r\n", b"G" * 20_000, b""):
        with socket.create_connection(("127.0.0.1", node.port)) as channel:
            channel.sendall(raw)
            channel.shutdown(socket.SHUT_WR)
            channel.settimeout(10)
            with suppress(ConnectionResetError):
                assert not channel.recv(100).startswith(b"HTTP/1.1 200")
    assert ask(node.port, "/health/ready")[0] == 200


def test_those_who_connect_and_say_nothing_keep_nobody_out_for_long(node):
    silent = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(40)]
    began = time.monotonic()

    def answers() -> bool:
        try:
            return ask(node.port, "/health/live")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    until(answers)
    assert time.monotonic() - began < 10
    for channel in silent:
        channel.close()


def test_a_reload_takes_over_what_may_change_and_says_what_may_not(node):
    node.hears("")
    node.write('level = "debug"', 'connections_max = 2\nverifier = "off"')
    node.process.send_signal(signal.SIGHUP)
    until(lambda: node.hears("RELOADING=1") and node.says("settings were read again"))

    assert node.says("changed: node.connections_max, log.level")
    assert node.says("node.verifier needs a new start; it stays 'auto'")

    node.write('level = "lound"')
    node.process.send_signal(signal.SIGHUP)
    until(lambda: node.says("settings are not taken over"))
    assert ask(node.port, "/health/ready")[0] == 200


def test_the_manager_hears_that_it_is_alive_again_and_again(node):
    node.told.clear()

    until(lambda: node.hears("WATCHDOG=1") and len(node.told) >= 2)


def test_no_line_of_the_log_holds_a_secret(node):
    log = node.log.read_text("utf-8")

    assert PASSPHRASE not in log
    for key in (node.place / "node" / "keys").glob("*.key"):
        for word in key.read_text("utf-8").split('"'):
            assert len(word) < 30 or word not in log
    for line in log.splitlines():
        assert json.loads(line)["time"].endswith("Z")


def test_a_second_node_of_the_folder_is_never_ready(node, made, tmp_path):
    assert ask(node.port, "/health/live")[0] == 200
    other = Started(made, tmp_path)

    assert other.process.wait(SECONDS_MAX) != 0
    assert not other.hears("READY=1")
    other.manager.close()


def test_without_a_manager_nothing_is_told(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)

    assert not service_notify.notify("READY=1")
    assert service_notify.watchdog_seconds() is None


def test_a_watchdog_meant_for_another_process_is_not_ours(monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "3000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert service_notify.watchdog_seconds() is None

    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert service_notify.watchdog_seconds() == 1.5
