"""`sogdia archive`, `replay`, `audit` and `export` on a folder whose old blocks have gone."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.cli.exits import Exit
from sogdia.cli.running import run
from sogdia.engine.folders.archive import FOLDER
from sogdia.engine.storage.folder_lock import FolderLock
from sogdia.index.sources import FolderSource
from sogdia.kernel.stored_block import decode_block
from tests.network.test_pruning import chain, grow, wallet  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folders(chain, wallet):  # noqa: F811 - fixtures
    """The folders at rest of two nodes that have archived blocks 1 to 8 and have 9 to 14."""
    grow(chain, wallet, 14)
    for member in chain.members:
        member.close()
    yield [member.folder for member in chain.members]
    for member in chain.members:
        member.open()


def told(capsys: Any, *words: object) -> tuple[int, Any]:  # noqa: ANN401 - what the command says
    """Run a command with --json; gives its status and what it said."""
    status = run([*map(str, words), "--json"])
    return status, json.loads(capsys.readouterr().out or "null")


def test_list_says_which_segments_there_are_and_what_is_missing(folders, capsys):
    status, document = told(capsys, "archive", "list", folders[0])
    assert (status, document["first_height"], document["missing"]) == (0, 9, [])
    assert [(each["first"], each["last"]) for each in document["segments"]] == [(1, 4), (5, 8)]

    (folders[0] / FOLDER / "1-4.segment").unlink()
    _status, document = told(capsys, "archive", "list", folders[0])

    assert document["missing"] == [[1, 4]]


def test_verify_follows_segments_to_the_nodes_own_first_block(folders, capsys):
    status, document = told(capsys, "archive", "verify", folders[0])
    assert (status, document["wrong"]) == (0, [])

    path = folders[0] / FOLDER / "5-8.segment"
    path.write_bytes(path.read_bytes()[:-1])
    status, document = told(capsys, "archive", "verify", folders[0])

    assert status == Exit.DAMAGED
    assert "5-8.segment" in document["wrong"][0]


def test_verify_against_a_header_that_is_named_needs_no_node(folders, capsys, tmp_path):
    _status, document = told(capsys, "archive", "verify", folders[0])
    alone = tmp_path / "alone"
    shutil.copytree(folders[0] / FOLDER, alone)
    (alone / "genesis.json").write_bytes(_genesis_of(folders[0]))

    right = told(capsys, "archive", "verify", alone, "--header", document["header"])
    wrong = told(capsys, "archive", "verify", alone, "--header", "00" * 32)

    assert (right[0], wrong[0]) == (Exit.DONE, Exit.DAMAGED)


def _genesis_of(folder: Path) -> bytes:
    source = FolderSource(folder)
    raw = source.genesis()
    source.close()
    return raw


def test_fetch_takes_what_leads_to_the_own_first_block_and_leaves_what_is_wrong(folders, capsys):
    for name in ("1-4", "5-8"):
        (folders[1] / FOLDER / f"{name}.segment").unlink()
    path = folders[0] / FOLDER / "1-4.segment"
    whole = path.read_bytes()
    path.write_bytes(whole[:300] + b"?" + whole[301:])

    status, document = told(capsys, "archive", "fetch", folders[0], folders[1])
    assert (status, document["fetched"]) == (Exit.DAMAGED, ["5-8.segment"])
    path.write_bytes(whole)
    status, document = told(capsys, "archive", "fetch", folders[0], folders[1])

    assert (status, document["fetched"], document["begins"]) == (0, ["1-4.segment"], 1)
    assert told(capsys, "archive", "verify", folders[1])[0] == 0
    assert not (folders[1] / FOLDER / "fetched").exists()


def test_own_segments_are_followed_and_what_is_still_missing_is_said(folders, capsys, tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    (folders[0] / FOLDER / "1-4.segment").rename(given / "1-4.segment")
    assert run(["archive", "fetch", str(tmp_path), str(folders[0])]) == Exit.DONE
    assert "The blocks 1 to 4 are not here yet" in capsys.readouterr().out

    assert told(capsys, "archive", "fetch", given, folders[0])[1]["fetched"] == ["1-4.segment"]

    for name in ("1-4", "5-8"):
        (folders[0] / FOLDER / f"{name}.segment").unlink()
    assert run(["archive", "fetch", str(tmp_path), str(folders[0])]) == Exit.NOT_FOUND
    assert "has no segment that leads to block 9" in capsys.readouterr().err


def test_a_second_fetch_at_once_is_turned_away(folders, capsys):
    drafts = folders[0] / FOLDER / "fetched"
    drafts.mkdir()
    with FolderLock(drafts):
        assert run(["archive", "fetch", str(folders[1]), str(folders[0])]) == Exit.UNREACHABLE
    assert "is in use by process" in capsys.readouterr().err


def test_replay_says_where_it_started_and_audit_finds_nothing(folders, capsys):
    status, document = told(capsys, "replay", folders[0])
    assert (status, document["same"], document["begins_after"]) == (0, True, 8)

    assert told(capsys, "audit", folders[0]) == (0, {"sound": True, "findings": []})


def test_an_export_is_whole_with_the_archive_and_is_refused_without(folders, capsys, tmp_path):
    status, document = told(capsys, "export", folders[0], tmp_path / "whole")
    assert (status, document["blocks"]) == (0, 14)
    shutil.rmtree(folders[0] / FOLDER)

    status = run(["export", str(folders[0]), str(tmp_path / "part")])

    assert status == Exit.NOT_FOUND
    assert "archive fetch" in capsys.readouterr().err
    assert not (tmp_path / "part").exists()


def test_an_index_is_made_from_segments_and_the_own_blocks(folders):
    source = FolderSource(folders[0])

    heights = [decode_block(raw).height for raw in source.blocks(1, source.height())]
    source.close()

    assert heights == list(range(1, 15))
