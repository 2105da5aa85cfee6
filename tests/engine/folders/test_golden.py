"""Every release opens the golden folders of all releases before it, or says which one migrates them."""

from __future__ import annotations

import shutil
import tomllib

import msgspec
import pytest

from sogdia.engine.folders.audit import audit
from sogdia.engine.folders.export import export_folder
from sogdia.engine.folders.golden import folder_problem, open_file
from sogdia.engine.folders.importing import import_export
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage import ledger_file
from sogdia.engine.storage.ledger_file import FORMAT, FolderNotUsableError
from sogdia.engine.storage.versions import lmdb_format
from sogdia.modules import ALL
from tests.engine.folders.ledgers import Surgeon, stored_story
from tools.golden_folder import GOLDEN, Expected, write

RELEASES = ("0.1.0",)


def expected(release):
    return msgspec.json.decode((GOLDEN / f"folder-{release}.json").read_bytes(), type=Expected)


def this_version():
    return tomllib.loads((GOLDEN.parent.parent / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def test_every_golden_folder_is_looked_at_and_this_version_has_one():
    assert sorted(each.name for each in GOLDEN.glob("*.export")) == [f"folder-{release}.export" for release in RELEASES]
    assert this_version() == RELEASES[-1]


@pytest.mark.parametrize("release", RELEASES)
def test_a_golden_export_is_imported_to_its_state_root_and_exported_again(release, tmp_path):
    imported = import_export(GOLDEN / f"folder-{release}.export", tmp_path / "ledger", ALL)

    export_folder(tmp_path / "ledger", tmp_path / "again.export")

    assert imported.state_root.hex() == expected(release).state_root
    assert (imported.height, imported.records) == (expected(release).height, expected(release).records)
    assert imported.network.hex() == expected(release).network
    assert (tmp_path / "again.export").read_bytes() == (GOLDEN / f"folder-{release}.export").read_bytes()


@pytest.mark.parametrize("release", RELEASES)
def test_a_golden_folder_opens_to_its_state_root_or_names_the_way_out(release, tmp_path):
    folder = tmp_path / "ledger"
    shutil.copytree(GOLDEN / f"folder-{release}", folder)

    problem = folder_problem(folder)

    if problem is not None:
        # The file is bound to the library that wrote it. Under another one its export, above, is the way.
        assert f"this is LMDB {lmdb_format()}: export it with the release that wrote it" in problem
        return
    ledger = Ledger.open(folder, ALL)
    assert ledger.tree.root.hex() == expected(release).state_root
    assert ledger.tip.height == expected(release).height
    ledger.abandon()
    assert audit(folder, ALL) == []
    assert isinstance(replay(folder, ALL), Replayed)


def test_the_same_story_gives_the_golden_bytes_of_this_version_again(tmp_path):
    """Red after a change that reaches the bytes: such a change needs a new number of its own, or an unreleased version.

    While a version is not released yet: python -m tools.golden_folder
    """
    written = write(tmp_path, "again")

    golden = GOLDEN / f"folder-{this_version()}.export"
    assert written == expected(this_version())
    assert (tmp_path / "again.export").read_bytes() == golden.read_bytes()


def test_a_folder_of_a_newer_format_names_the_release_that_opens_it(tmp_path):
    folder = stored_story(tmp_path / "ledger")
    Surgeon(folder).put_meta(b"format", str(FORMAT + 1).encode())
    Surgeon(folder).put_meta(b"release", b"7.0.0")

    with pytest.raises(
        FolderNotUsableError, match=r"format 2, written by release 7\.0\.0.*Use release 7\.0\.0 or newer"
    ):
        open_file(folder)


def test_a_folder_of_an_older_format_names_the_release_that_migrates_it(tmp_path, monkeypatch):
    folder = stored_story(tmp_path / "ledger")
    monkeypatch.setattr(ledger_file, "FORMAT", FORMAT + 1)
    monkeypatch.setitem(ledger_file.FORMATS_MIGRATED_BY, FORMAT, "release 0.9.0")

    assert "It is migrated by release 0.9.0" in str(folder_problem(folder))


def test_a_folder_that_another_library_wrote_is_not_opened(tmp_path):
    folder = stored_story(tmp_path / "ledger")
    Surgeon(folder).put_meta(b"lmdb", b"9.9")

    assert "written by LMDB 9.9" in str(folder_problem(folder))


def test_looking_for_a_ledger_makes_no_folder(tmp_path):
    assert "holds no ledger" in str(folder_problem(tmp_path / "nothing"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_file_is_no_ledger_is_not_opened(tmp_path):
    (tmp_path / "data.mdb").write_bytes(b"not a ledger" * 1_000)

    assert folder_problem(tmp_path) is not None
