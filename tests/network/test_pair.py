"""The two processes of a node kept together, with small programs in their place: who ends whom, what is tried again.

Each program is told by a word what to do; what it did is written into the node's folder.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sogdia.network import pair
from sogdia.network.pair import ENGINE_ENDED, FAILED, Pair, PairStoppedError

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = 4
SECONDS = 60

APPLICATION = """
import signal, sys, time
from pathlib import Path

folder = Path(sys.argv[3])
with (folder / "starts").open("a") as starts:
    starts.write("application\\n")
if {ends}:
    # It is ending already, as after an error, while the engine has heard of it and is gone.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
(folder / "abci.sock").touch()
time.sleep({seconds})
sys.exit({status})
"""

ENGINE = """#!/bin/sh
{first}
echo engine >> {folder}/starts
echo "{says}"
exec sleep {seconds}
"""


class Programs:
    """Writes the two programs, and runs them as a pair."""

    def __init__(self, folder: Path) -> None:
        """Work in a folder."""
        self.folder = folder
        self.ready = 0

    def application(self, *, ends: bool = False, seconds: float = 300, status: int = 0) -> None:
        """Let the application be ready, and end after so long with a status."""
        text = APPLICATION.format(ends=ends, seconds=seconds, status=status)
        (self.folder / "application.py").write_text(text)

    def engine(self, says: str = "all is well", seconds: float = 300, first: str = "") -> None:
        """Let the engine do something first, say something, and end after so long."""
        path = self.folder / "engine.sh"
        path.write_text(ENGINE.format(folder=self.folder, says=says, seconds=seconds, first=first))
        path.chmod(0o755)

    def starts(self) -> list[str]:
        """What was started, in that order."""
        return (self.folder / "starts").read_text().split()

    def run(self, times: int = 1, seconds: float = SECONDS) -> None:
        """Run them until they have been ready so many times and the last pair was asked to end."""
        program = (sys.executable, str(self.folder / "application.py"))

        async def both() -> None:
            made = Pair(self.folder, self.folder / "engine.sh", final=frozenset({DAMAGED}), program=program)

            def ready() -> None:
                self.ready += 1
                if self.ready >= times:
                    asyncio.get_running_loop().call_later(0.3, made.stop)

            await asyncio.wait_for(made.run(ready), seconds)

        asyncio.run(both())


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    made = Programs(tmp_path)
    made.application()
    made.engine()
    return made


def test_both_run_until_they_are_asked_to_end(programs):
    programs.run()

    assert programs.starts() == ["application", "engine"]


def test_an_engine_that_ends_takes_the_application_along_and_both_begin_anew(programs):
    programs.engine(seconds=0.1)

    programs.run(times=2)

    assert programs.starts() == ["application", "engine"] * 2


def test_what_an_engine_said_last_is_repeated_where_the_node_speaks(programs, caplog):
    programs.engine(says="ERROR: failed to start node: address already in use", seconds=0.1)

    with caplog.at_level(logging.ERROR):
        programs.run(times=2)

    assert "the engine's last word: ERROR: failed to start node: address already in use" in caplog.text


def test_an_engine_whose_deciding_part_has_failed_is_ended_though_it_stays(programs, caplog):
    programs.engine(says=f"E[time] {FAILED} module=consensus err=disk")

    with caplog.at_level(logging.ERROR):
        programs.run(times=2)

    assert programs.starts()[:2] == ["application", "engine"]
    assert "decides nothing any more and is ended" in caplog.text
    assert "err=disk" in (programs.folder / "engine.log").read_text()


def test_what_the_application_ends_with_counts_though_the_engine_is_gone_first(programs):
    programs.application(ends=True, seconds=3, status=DAMAGED)
    programs.engine(seconds=0.1)

    with pytest.raises(PairStoppedError, match="status 4"):
        programs.run(times=5)

    assert programs.starts() == ["application", "engine"], "it was tried again though a person is needed"
    assert ENGINE_ENDED != DAMAGED


def test_an_engine_that_waits_for_an_application_which_has_died_holds_nothing_up(programs, monkeypatch):
    monkeypatch.setattr(pair, "ORPHAN_SECONDS", 0.5)
    programs.application(seconds=0.3, status=9)
    programs.engine(first="trap '' TERM")
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        programs.run(times=99, seconds=8)

    assert programs.starts().count("application") >= 2
    assert time.monotonic() - began < pair.END_SECONDS


def test_on_a_full_disk_nothing_is_begun_and_nothing_is_final(programs, caplog, monkeypatch):
    rooms = iter([10, 10, 10])
    monkeypatch.setattr(pair, "free_bytes", lambda _folder: next(rooms, 2**30))
    monkeypatch.setattr(pair, "ROOM_SECONDS", 0.05)

    with caplog.at_level(logging.ERROR):
        programs.run()

    assert "is full: 10 bytes are left" in caplog.text
    assert programs.starts() == ["application", "engine"]


def test_an_end_that_needs_a_person_needs_none_when_the_disk_was_full(programs, monkeypatch):
    programs.application(seconds=1.5, status=DAMAGED)
    rooms = iter([2**30, 10, 10])
    monkeypatch.setattr(pair, "free_bytes", lambda _folder: next(rooms, 2**30))
    monkeypatch.setattr(pair, "ROOM_SECONDS", 0.05)

    with pytest.raises(PairStoppedError):
        programs.run(times=5)

    assert programs.starts() == ["application", "engine"] * 2
