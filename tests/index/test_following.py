"""The index follows, breaks off, goes on, and always ends with the rows of an index that was built in one go."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sogdia.index import following
from sogdia.index.blocks import BlockReader
from sogdia.index.database import open_engine
from sogdia.index.errors import (
    IndexForeignError,
    IndexFullError,
    IndexStoppedError,
    IndexUnreachableError,
    IndexUnusableError,
)
from sogdia.index.migrations import SCHEMA, migrate
from sogdia.index.reading import series
from sogdia.index.reading.stand import read_stand
from sogdia.index.sources import FolderSource, NodeSource
from sogdia.index.writer import IndexWriter, clear
from sogdia.modules import ALL
from tests.faults.disk.harness import missing, small_disk
from tests.index.conftest import new_database
from tests.index.following_process import PACE_VARIABLE
from tests.index.recorder import RecordedSource, RecordingLedger, dump
from tests.index.running_trade import Trade

ROOT = Path(__file__).parents[2]


def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Give everything that an index says of the ledger."""
    engine = open_engine(url)
    found = dump(engine)
    engine.dispose()
    return found


def test_an_index_that_followed_block_by_block_equals_one_that_was_rebuilt(database, played, tmp_path):
    with closing(IndexWriter(database, played.genesis_json())) as writer:
        for raw in played.raws:
            writer.write([raw], now=played.time)
    anew = f"sqlite:///{tmp_path / 'anew.sqlite'}"

    following.build(RecordedSource(played), anew)

    assert rows_of(database) == rows_of(anew)


def test_rebuilding_gives_the_same_rows_again(indexed, played):
    before = rows_of(indexed)

    clear(indexed)

    assert read_stand(indexed) is None
    assert following.build(RecordedSource(played), indexed) == len(played.raws)
    assert rows_of(indexed) == before


def test_a_batch_that_fails_leaves_no_row_and_goes_on_afterwards(database, played, monkeypatch):
    half = len(played.raws) // 2
    with closing(IndexWriter(database, played.genesis_json())) as writer:
        writer.write(played.raws[:half])
        before = rows_of(database)

        def fail(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(writer, "_move", fail)
        with pytest.raises(KeyboardInterrupt):
            writer.write(played.raws[half : half + 5])
        assert rows_of(database) == before
        monkeypatch.undo()
        writer.write(played.raws[half:])

    whole = rows_of(database)
    clear(database)
    following.build(RecordedSource(played), database)
    assert rows_of(database) == whole


def test_two_writers_of_one_index_double_nothing(database, played):
    with (
        closing(IndexWriter(database, played.genesis_json())) as one,
        closing(IndexWriter(database, played.genesis_json())) as other,
    ):
        one.write(played.raws[:3])
        before = rows_of(database)

        with pytest.raises(IndexStoppedError):
            other.write(played.raws[:3])

        assert rows_of(database) == before


def write_one_by_one(writer: IndexWriter, raws: list[bytes]) -> None:
    """Write blocks, each in a transaction of its own."""
    for raw in raws:
        writer.write([raw])


def test_it_notes_how_far_it_ran_behind_at_most_in_an_hour(database, played):
    with closing(IndexWriter(database, played.genesis_json())) as writer:
        for at, late in enumerate((7, 90, 3)):
            time_of_block = BlockReader(ALL).block(played.raws[at]).header.header.time
            writer.write([played.raws[at]], now=time_of_block + late)

    engine = open_engine(database)
    with engine.connect() as connection:
        behind = series.lag(connection, until=played.time, span="day", buckets=400)
    engine.dispose()

    assert max(behind.units) == 90
    assert len([units for units in behind.units if units]) == 1


# ------------------------------------------------------------------------------------------------- what does not fit


def test_a_block_that_does_not_follow_is_not_written(database, played):
    other = RecordingLedger()
    other.block()
    other.time += 5
    other.block()
    with closing(IndexWriter(database, played.genesis_json())) as writer:
        writer.write(played.raws[:1])
        before = rows_of(database)
        for raws, said in (
            (played.raws[2:3], "came where 2 was wanted"),
            (played.raws[:1], "came where 2 was wanted"),
            (other.raws[1:2], "rolled back, or is another"),
        ):
            with pytest.raises(IndexForeignError, match=said):
                writer.write(raws)

    assert rows_of(database) == before


def test_a_node_of_another_network_is_refused_by_both_names(database, played):
    following.build(RecordedSource(played), database)
    stranger = RecordingLedger(name="stranger")

    with pytest.raises(IndexForeignError, match=r"'test'.*'stranger'"):
        following.build(RecordedSource(stranger), database)


@pytest.mark.parametrize(("kept", "said"), [(3, "has no such block"), (None, "there: the ledger was rolled back")])
def test_a_ledger_that_was_rolled_back_is_noticed_at_the_start(database, played, kept, said):
    following.build(RecordedSource(played), database)
    again = RecordingLedger()
    for _block in range(kept or len(played.raws)):
        again.block()

    with pytest.raises(IndexForeignError, match=said):
        following.build(RecordedSource(again), database)


def test_a_database_of_somebody_else_is_left_alone(database, played):
    engine = open_engine(database, writing=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE customers (name text)"))
        connection.execute(text("INSERT INTO customers VALUES ('Aziz')"))

    for attempt in (lambda: IndexWriter(database, played.genesis_json()), lambda: clear(database)):
        with pytest.raises(IndexUnusableError, match=r"not an index \(customers\)"):
            attempt()

    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM customers")).scalar() == "Aziz"
    engine.dispose()


def test_a_file_that_is_no_database_is_refused_kindly(tmp_path, played):
    file = tmp_path / "index.sqlite"
    file.write_bytes(b"Dear reader, this is a letter. " * 200)

    with pytest.raises(IndexUnusableError, match="Remove it and rebuild"):
        IndexWriter(f"sqlite:///{file}", played.genesis_json())


def test_a_damaged_file_is_refused_kindly(tmp_path, played):
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    following.build(RecordedSource(played), url)
    file = tmp_path / "index.sqlite"
    content = bytearray(file.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    file.write_bytes(content)

    with pytest.raises((IndexUnusableError, IndexStoppedError)):
        following.build(RecordedSource(played), url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not a url", "no URL of a database"),
        ("mysql://somebody@nowhere/index", "SQLite or PostgreSQL"),
        ("sqlite:////nowhere/at/all/index.sqlite", "cannot be opened"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_kindly(url, said, played):
    with pytest.raises(IndexUnusableError, match=said):
        IndexWriter(url, played.genesis_json())


def test_an_absent_server_is_one_to_wait_for(played):
    with pytest.raises(IndexUnreachableError, match="does not answer"):
        IndexWriter("postgresql://somebody:secret@127.0.0.1:9/index", played.genesis_json())


# -------------------------------------------------------------------------------------------------------- migrations


def test_an_index_is_migrated_step_by_step(indexed):
    engine = open_engine(indexed, writing=True)
    steps = {
        SCHEMA + 1: lambda connection: connection.execute(text("CREATE TABLE second (one integer)")),
        SCHEMA + 2: lambda connection: connection.execute(text("INSERT INTO second VALUES (3)")),
    }

    migrate(engine, steps=steps, newest=SCHEMA + 2)
    migrate(engine, steps=steps, newest=SCHEMA + 2)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT one FROM second")).scalars().all() == [3]
        assert connection.execute(text("SELECT schema FROM index_state")).scalar() == SCHEMA + 2
    engine.dispose()


def test_a_step_that_fails_leaves_the_schema_before_it(indexed):
    def fail(connection) -> None:
        connection.execute(text("CREATE TABLE half (one integer)"))
        raise KeyboardInterrupt

    engine = open_engine(indexed, writing=True)

    with pytest.raises(KeyboardInterrupt):
        migrate(engine, steps={SCHEMA + 1: fail}, newest=SCHEMA + 1)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT schema FROM index_state")).scalar() == SCHEMA
        assert not engine.dialect.has_table(connection, "half")
    engine.dispose()


def test_an_index_of_a_later_release_or_of_one_too_old_is_refused(indexed):
    engine = open_engine(indexed, writing=True)

    with pytest.raises(IndexUnusableError, match="Rebuild it"):
        migrate(engine, steps={}, newest=SCHEMA + 1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE index_state SET schema = 9"))
    with pytest.raises(IndexUnusableError, match=f"schema 9, and this release knows {SCHEMA}"):
        migrate(engine)
    engine.dispose()


# ------------------------------------------------------------------------------------------------------ breaking off


def follower(folder: Path, url: str, pace: str = "") -> subprocess.Popen[bytes]:
    """Start a process that follows the node of a folder."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), PACE_VARIABLE: pace}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.index.following_process", str(folder), url],
        env=environment,
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )


def wait_for(url: str, height: int, seconds: float = 30.0) -> None:
    """Wait until an index has come to a height."""
    until = time.monotonic() + seconds
    stand = None
    while time.monotonic() < until:
        try:
            stand = read_stand(url)
        except (IndexStoppedError, IndexUnreachableError):
            stand = None
        if stand is not None and stand.height >= height:
            return
        time.sleep(0.05)
    raise AssertionError(f"the index has not come to {height} but to {stand}")


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_without_gaps_or_doubles(database, tmp_path, rotation):
    trade = Trade(tmp_path / "node")
    chance = random.Random(rotation)
    with trade.running():
        for _round in range(4):
            process = follower(trade.folder, database, pace="0.002")
            trade.play(6)
            time.sleep(chance.uniform(0.3, 1.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = follower(trade.folder, database)
        trade.play(6)
        height = trade.height()
        wait_for(database, height)
        process.terminate()
        assert process.wait(20) == 0
    anew = f"sqlite:///{tmp_path / 'anew.sqlite'}"

    with closing(FolderSource(trade.folder)) as source:
        following.build(source, database)
        following.build(source, anew)

    assert rows_of(database) == rows_of(anew)


def test_a_node_that_starts_again_is_followed_again(tmp_path):
    trade = Trade(tmp_path / "node")
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    stop = threading.Event()
    thread = threading.Thread(target=following.follow, args=(trade.folder, url, stop))
    with trade.running():
        thread.start()
        trade.play(2)
        wait_for(url, trade.height())
    with trade.running():
        trade.play(2)
        wait_for(url, trade.height())

    stop.set()
    thread.join(20)

    assert not thread.is_alive()


@pytest.mark.real("PostgreSQL")
def test_a_server_that_starts_again_is_written_to_again(tmp_path, postgres, monkeypatch):
    monkeypatch.setattr(following, "WAIT_SECONDS_MAX", 0.5)
    trade = Trade(tmp_path / "node")
    url = new_database(postgres)
    stop = threading.Event()
    thread = threading.Thread(target=following.follow, args=(trade.folder, url, stop))
    with trade.running():
        thread.start()
        trade.play(2)
        wait_for(url, trade.height())
        options = f"-c listen_addresses='' -c unix_socket_directories='{postgres.socket}'"
        postgres.run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        trade.play(2)
        postgres.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")
        wait_for(url, trade.height())

        stop.set()
        thread.join(20)
        with closing(NodeSource(trade.folder)) as source:
            anew = f"sqlite:///{tmp_path / 'anew.sqlite'}"
            following.build(source, anew)
            following.build(source, url)

    assert rows_of(url) == rows_of(anew)


@pytest.mark.real("small disk (tmpfs, root)")
def test_a_full_disk_stops_it_and_nothing_is_lost(tmp_path, played):
    if reason := missing():
        pytest.skip(reason)
    half = len(played.raws) // 2
    with small_disk(tmp_path / "small", 2_000_000) as disk:
        url = f"sqlite:///{disk.folder / 'index.sqlite'}"
        with closing(IndexWriter(url, played.genesis_json())) as writer:
            writer.write(played.raws[:half])
            before = rows_of(url)
            disk.fill()

            with pytest.raises(IndexFullError, match="Make room"):
                write_one_by_one(writer, played.raws[half:])

            disk.free()
        following.build(RecordedSource(played), url)
        after = rows_of(url)
    anew = f"sqlite:///{tmp_path / 'anew.sqlite'}"
    following.build(RecordedSource(played), anew)
    assert len(before["blocks"]) == half
    assert after == rows_of(anew)
