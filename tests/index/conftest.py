"""Databases for the tests of the index: each test that asks for `database` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.postgres_peer import Cluster, PeerError, cluster, find_programs
from sogdia.index import following
from tests.golden.script import Script, bad_bytes, money, orders, parties, shop
from tests.index.recorder import RecordedSource, RecordingLedger

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A real server of our own, on a Unix socket that everybody on this machine who sees it may use."""
    try:
        find_programs()
    except PeerError as error:
        pytest.skip(str(error))
    with cluster() as server:
        (server.folder / "data" / "pg_hba.conf").write_text("local all all trust\n")
        server.run("pg_ctl", "-D", "data", "reload")
        yield server


_made = 0


def new_database(server: Cluster) -> str:
    """Make an empty database; give its URL."""
    global _made  # noqa: PLW0603 - databases of one server need names of their own
    _made += 1
    name = f"index_{_made}"
    server.sql(f"CREATE DATABASE {name};")
    user = server.user or ""
    return f"postgresql://{user}@/{name}?host={server.socket}"


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real("PostgreSQL"))],
)
def database(request: Any, tmp_path: Any) -> str:  # noqa: ANN401 - what pytest gives
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'index.sqlite'}"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def played() -> RecordingLedger:
    """A ledger on which every operation was played, with refusals, deadlines and late refunds. Not to be changed."""
    script = Script()
    script.ledger = RecordingLedger()
    for part in (parties, money, shop, orders, bad_bytes):
        part(script)
    ledger = script.ledger
    assert isinstance(ledger, RecordingLedger)
    return ledger


@pytest.fixture
def indexed(database: str, played: RecordingLedger) -> str:
    """The URL of a database that holds the index of the played ledger."""
    following.build(RecordedSource(played), database)
    return database
