"""What the tests of the vault have at hand: a ledger with a file, a real S3 server, both kinds of stores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sogdia.vault.stores import FolderStore, store_at
from tests import real_parts
from tests.go_programs import VERSITYGW, program
from tests.modules.documents.archive import archive
from tests.vault import s3_server
from tests.vault.room import Room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.testing.ledger import Ledger
    from sogdia.vault.stores import Store

PART = "an S3 server"


@pytest.fixture
def ledger() -> Ledger:
    """A ledger with an order under way and an authority admitted for Kenya."""
    return archive()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3_server.S3Server]:
    """Start the server once for all tests."""
    found = program(VERSITYGW)
    if not isinstance(found, Path):
        real_parts.left_out(PART, found)
        pytest.skip(found)
    with s3_server.running(found, tmp_path_factory.mktemp("s3") / "buckets") as server:
        real_parts.used(PART)
        yield server


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Give an empty store: a folder, then a bucket of the server."""
    if request.param == "folder":
        return FolderStore(tmp_path / "vault")
    server: s3_server.S3Server = request.getfixturevalue("s3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.SECRET_KEY)
    return store_at(server.bucket(tmp_path.name.replace("_", "-").lower()[:60].strip("-")))


@pytest.fixture
def room(ledger: Ledger, store: Store) -> Room:
    """A vault beside the ledger."""
    return Room(ledger, store)


@pytest.fixture
def folder_room(ledger: Ledger, tmp_path: Path) -> Room:
    """A vault in a folder beside the ledger, for what has nothing to do with the store."""
    return Room(ledger, FolderStore(tmp_path / "vault"))
