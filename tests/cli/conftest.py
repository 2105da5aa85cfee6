"""What the tests of the command line have at hand: a home of their own, the command itself, and a running node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sogdia.cli.exits import Exit
from sogdia.cli.running import run
from sogdia.client.connection import Connection, NodeNotRunningError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

START_SECONDS = 30.0
PAUSE_SECONDS = 0.05


class Said(NamedTuple):
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """The one JSON document on standard output."""
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from whatever the user has at home."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("SOGDIA_NODE", "SOGDIA_KEYS", "SOGDIA_PASSPHRASE", "_SOGDIA_COMPLETE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sogdia(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Give the command: called with its words, it says how it ended. Standard input is not a terminal."""

    def call(*words: str) -> Said:
        status = int(run([str(word) for word in words]))
        out, err = capfd.readouterr()
        return Said(status, out, err)

    return call


class House(NamedTuple):
    """A running node of one organisation called bank, with two registered parties, and everybody's keys."""

    folder: Path
    keys: Path

    def words(self, *words: str) -> list[str]:
        """Add to a command where the node and the keys are."""
        return [*words, "--node", str(self.folder), "--keys", str(self.keys)]


def silently(*words: str) -> None:
    """Run a command in a process of its own; it must succeed."""
    subprocess.run([sys.executable, "-m", "sogdia.cli.main", *words], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Start a node in a process of its own, with a clock that is moved by hand."""
    place = tmp_path_factory.mktemp("house")
    made = House(place / "node", place / "keys")
    silently(
        "node", "create", str(made.folder), "--organisation", "bank", "--country", "KZ", "--clock", "manual",
        "--unprotected", "--keys", str(made.keys),
    )  # fmt: skip
    environment = {**os.environ, "HOME": str(place)}
    command = [sys.executable, "-m", "sogdia.cli.main", "node", "start", str(made.folder)]
    with (place / "node.log").open("wb") as log, subprocess.Popen(command, env=environment, stderr=log) as process:
        wait_until_it_answers(made.folder)
        for name in ("bukhara", "nairobi"):
            silently("keys", "new", name, "--unprotected", "--keys", str(made.keys))
            silently(*made.words(
                "tx", "register-party", "--from", "bank", "--reference", name, "--kind", "person", "--country", "KE",
                "--sponsor", "bank", "--public", name,
            ))  # fmt: skip
        silently(
            *made.words("tx", "mint", "--from", "bank", "--currency", "USD", "--to", "nairobi", "--units", "9000.00")
        )
        yield made
        process.terminate()


def wait_until_it_answers(folder: Path) -> None:
    """Wait until a node that was started can be connected to."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            Connection(folder).close()
        except NodeNotRunningError:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


@pytest.fixture
def shop(sogdia: Callable[..., Said], house: House) -> House:
    """Let Bukhara sell tea, once for all tests."""
    known = sogdia(*house.words("query", "listing", "bukhara/tea"))
    if known.status == Exit.NOT_FOUND:
        for words in (
            (
                "publish-terms",
                "--reference",
                "t",
                "--asset",
                "USD@bank",
                "--freight-per-order",
                "5.00",
                "--platform-fee",
                "0",
            ),
            (
                "open-listing",
                "--reference",
                "tea",
                "--terms",
                "t",
                "--title",
                "Green tea",
                "--language",
                "en",
                "--unit",
                "KGM",
            ),
            ("add-variant", "--listing", "tea", "--variant", "0", "--offer", "12.50:tax=16%", "--stock", "1000"),
        ):
            assert sogdia(*house.words("tx", *words, "--from", "bukhara")).status == Exit.DONE
    return house


def place(shop: House, reference: str, *words: str) -> list[str]:
    """Give the words with which Nairobi orders twelve packets of tea from Bukhara."""
    return shop.words(
        "tx", "place-order", "--from", "nairobi", "--reference", reference, "--merchant", "bukhara",
        "--lines", "tea:0:12", "--pay-at-most", "200.00", *words,
    )  # fmt: skip
