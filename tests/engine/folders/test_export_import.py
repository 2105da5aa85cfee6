"""A ledger goes through an export and back without a difference, and a damaged export leaves nothing behind."""

from __future__ import annotations

import shutil

import pytest

from sogdia.engine.folders import importing
from sogdia.engine.folders.export import export_folder
from sogdia.engine.folders.importing import ExportRefusedError, import_export
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.folder_lock import FolderInUseError
from sogdia.engine.storage.ledger_file import DamagedError, FolderNotUsableError
from tests.engine.folders.ledgers import HEIGHT, NEXT_NODE_KEY, Surgeon, stored_story, write_story
from tests.engine.tiny_module import MODULES, NODE_KEY


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return stored_story(tmp_path_factory.mktemp("story") / "ledger")


@pytest.fixture(scope="module")
def export(story):
    export_folder(story, story.parent / "story.export")
    return story.parent / "story.export"


def what_is_in(folder):
    return sorted(each.name for each in folder.iterdir())


def test_an_imported_export_exports_to_the_same_bytes(export, tmp_path):
    imported = import_export(export, tmp_path / "second", MODULES)

    export_folder(tmp_path / "second", tmp_path / "second.export")

    assert (tmp_path / "second.export").read_bytes() == export.read_bytes()
    assert imported.height == HEIGHT


def test_an_imported_ledger_holds_what_the_first_one_held(story, export, tmp_path):
    imported = import_export(export, tmp_path / "second", MODULES)

    first, second = Ledger.open(story, MODULES), Ledger.open(tmp_path / "second", MODULES)
    assert dict(second.base.items()) == dict(first.base.items())
    assert second.tree.root == first.tree.root == imported.state_root
    assert second.tip == first.tip
    assert second.file.handovers() == first.file.handovers()
    assert [second.file.block(each) for each in range(1, HEIGHT + 1)] == [
        first.file.block(each) for each in range(1, HEIGHT + 1)
    ]
    first.abandon()
    second.abandon()


def test_an_import_counts_what_it_verified(export, tmp_path):
    imported = import_export(export, tmp_path / "second", MODULES)

    assert imported.envelopes == imported.signatures == 53
    assert f'"network":"{imported.network.hex()}"'.encode() in export.read_bytes()


def test_an_export_says_how_far_it_is(story, tmp_path):
    steps = []

    exported = export_folder(story, tmp_path / "a.export", lambda done, total: steps.append((done, total)))

    assert steps == [(done, HEIGHT) for done in range(1, HEIGHT + 1)]
    assert exported.size == (tmp_path / "a.export").stat().st_size


def test_an_import_says_how_far_it_is(export, tmp_path):
    steps = []

    import_export(export, tmp_path / "second", MODULES, lambda done, total: steps.append((done, total)))

    size = export.stat().st_size
    assert len(steps) == HEIGHT + 1
    assert steps[-1] == (size, size)
    assert steps == sorted(steps)


def test_a_ledger_without_blocks_is_exported_too(tmp_path):
    ledger = Ledger.create(tmp_path / "first", MODULES, Ledger.open(stored_story(tmp_path / "s"), MODULES).genesis)
    ledger.close()

    export_folder(tmp_path / "first", tmp_path / "a.export")

    assert import_export(tmp_path / "a.export", tmp_path / "second", MODULES).height == 0


def test_an_export_never_overwrites(story, tmp_path):
    (tmp_path / "a.export").write_text("precious")

    with pytest.raises(FolderNotUsableError, match="nothing is ever overwritten"):
        export_folder(story, tmp_path / "a.export")

    assert (tmp_path / "a.export").read_text() == "precious"


def test_an_import_never_overwrites(export, tmp_path):
    (tmp_path / "ledger").mkdir()

    with pytest.raises(FolderNotUsableError, match="nothing is ever overwritten"):
        import_export(export, tmp_path / "ledger", MODULES)

    assert what_is_in(tmp_path) == ["ledger"]


def test_a_ledger_in_use_is_not_exported(tmp_path):
    book = write_story(tmp_path / "ledger")

    with pytest.raises(FolderInUseError):
        export_folder(tmp_path / "ledger", tmp_path / "a.export")

    book.ledger.close()
    assert what_is_in(tmp_path) == ["ledger"]


def test_a_folder_without_a_ledger_is_not_exported_nor_made(tmp_path):
    with pytest.raises(FolderNotUsableError, match="holds no ledger"):
        export_folder(tmp_path / "nothing", tmp_path / "a.export")

    assert what_is_in(tmp_path) == []


def block_starts(raw):
    """Where each block of an export begins, and the end of the last one."""
    at = raw.index(b"\n") + 1
    starts = []
    while length := int.from_bytes(raw[at : at + 4], "big"):
        starts.append(at)
        at += 4 + length
    return [*starts, at]


def refused(raw, tmp_path):
    """Import bytes that must be refused, look that nothing is left, and give the refusal."""
    (tmp_path / "bad.export").write_bytes(raw)
    with pytest.raises(ExportRefusedError) as caught:
        import_export(tmp_path / "bad.export", tmp_path / "ledger", MODULES)
    assert what_is_in(tmp_path) == ["bad.export"]
    assert f"byte {caught.value.position}: " in str(caught.value)
    return caught.value


def test_a_truncated_export_is_refused_where_it_ends(export, tmp_path):
    raw = export.read_bytes()
    starts = block_starts(raw)

    for end in (0, 10, starts[0] - 1, starts[0], starts[3] + 2, starts[-1] - 1, starts[-1], len(raw) - 1):
        error = refused(raw[:end], tmp_path)

        assert error.position <= end


@pytest.mark.parametrize("share", range(12))
def test_an_export_with_one_flipped_bit_is_refused_at_its_block(export, tmp_path, share):
    raw = bytearray(export.read_bytes())
    starts = block_starts(raw)
    at = starts[0] + (len(raw) - starts[0]) * share // 12 + 7 * share
    raw[at] ^= 1 << share % 8

    error = refused(bytes(raw), tmp_path)

    block = max((start for start in starts if start <= at), default=0)
    following = min((start for start in starts if start > at), default=len(raw))
    assert block <= error.position <= following


def test_a_flipped_bit_in_the_header_line_is_refused(export, tmp_path):
    raw = export.read_bytes()

    assert "not that of network" in refused(raw.replace(b'"name":"tiny"', b'"name":"tinz"'), tmp_path).reason
    assert "format 2" in refused(raw.replace(b'"format":1', b'"format":2'), tmp_path).reason
    assert refused(b"\xff" + raw[1:], tmp_path).position == 0


def test_something_after_the_closing_line_is_refused(export, tmp_path):
    raw = export.read_bytes()

    assert refused(raw + b"x", tmp_path).position == len(raw)


def test_another_count_or_hash_in_the_closing_line_is_refused(export, tmp_path):
    raw = export.read_bytes()
    at = block_starts(raw)[-1] + 4

    assert refused(raw.replace(b'{"blocks":12', b'{"blocks":13'), tmp_path).position == at
    assert refused(raw[:-4] + (b"0" if raw[-4:-3] != b"0" else b"1") + raw[-3:], tmp_path).position == at


def test_a_block_left_out_is_refused_at_the_next_one(export, tmp_path):
    raw = export.read_bytes()
    starts = block_starts(raw)

    error = refused(raw[: starts[4]] + raw[starts[5] :], tmp_path)

    assert error.position == starts[4]
    assert error.difference is not None
    assert (error.difference.height, error.difference.part) == (5, "header")


@pytest.mark.parametrize(("height", "number", "key"), [(3, 1, NODE_KEY), (HEIGHT, 0, NEXT_NODE_KEY)])
def test_a_wrong_signature_is_refused_though_all_else_fits(tmp_path, height, number, key):
    folder = stored_story(tmp_path / "forged" / "ledger")
    forged = Surgeon(folder).forge_signature(height, number, key)
    export_folder(folder, tmp_path / "forged" / "a.export")
    raw = (tmp_path / "forged" / "a.export").read_bytes()
    shutil.rmtree(tmp_path / "forged")

    error = refused(raw, tmp_path)

    assert error.position == block_starts(raw)[height - 1]
    assert error.difference is not None
    assert (error.difference.part, error.difference.number, error.difference.id) == ("signature", number, forged)


def test_an_export_of_a_damaged_ledger_leaves_nothing(tmp_path):
    folder = stored_story(tmp_path / "ledger")
    Surgeon(folder).drop_block(6)

    with pytest.raises(DamagedError, match="block 6 is missing"):
        export_folder(folder, tmp_path / "a.export")

    assert what_is_in(tmp_path) == ["ledger"]


def test_an_interrupted_import_leaves_nothing(export, tmp_path):
    def interrupt(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_export(export, tmp_path / "ledger", MODULES, interrupt)

    assert what_is_in(tmp_path) == []


def test_an_import_after_a_killed_one_cleans_up(export, tmp_path):
    left = tmp_path / ".ledger.unfinished-abc"
    left.mkdir()
    (left / "lock").write_text("123\n")
    (left / "built").mkdir()

    import_export(export, tmp_path / "ledger", MODULES)

    assert what_is_in(tmp_path) == ["ledger"]


def test_a_long_import_is_written_in_parts(export, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "BYTES_IN_COMMIT", 1)

    import_export(export, tmp_path / "ledger", MODULES)

    export_folder(tmp_path / "ledger", tmp_path / "again.export")
    assert (tmp_path / "again.export").read_bytes() == export.read_bytes()
