"""A folder is built beside its place: it is there as a whole or not at all."""

from __future__ import annotations

import pytest

from sogdia.engine.folders.workplace import give_name, workplace
from sogdia.engine.storage.ledger_file import FolderNotUsableError


def what_is_in(folder):
    return sorted(each.name for each in folder.iterdir())


def build(folder):
    """Build a folder with one file in it."""
    with workplace(folder) as place:
        place.mkdir()
        (place / "file").write_text("content")
        give_name(place, folder)


def test_a_built_folder_takes_its_name_and_nothing_else_is_left(tmp_path):
    build(tmp_path / "deep" / "folder")

    assert what_is_in(tmp_path / "deep") == ["folder"]
    assert what_is_in(tmp_path / "deep" / "folder") == ["file"]


def test_a_folder_that_appears_meanwhile_is_not_overwritten(tmp_path):
    with workplace(tmp_path / "folder") as place:
        place.mkdir()
        (tmp_path / "folder").mkdir()
        with pytest.raises(FolderNotUsableError):
            give_name(place, tmp_path / "folder")

    assert what_is_in(tmp_path) == ["folder"]
    assert what_is_in(tmp_path / "folder") == []


def test_no_work_is_begun_for_a_folder_that_is_there(tmp_path):
    (tmp_path / "folder").mkdir()

    with pytest.raises(FolderNotUsableError), workplace(tmp_path / "folder"):
        pytest.fail("work was begun")


def test_a_dangling_link_is_something_too(tmp_path):
    (tmp_path / "folder").symlink_to(tmp_path / "nowhere")

    with pytest.raises(FolderNotUsableError):
        build(tmp_path / "folder")


def test_work_that_is_under_way_elsewhere_is_left_alone(tmp_path):
    with workplace(tmp_path / "folder") as place:
        place.mkdir()
        build(tmp_path / "folder")

        assert place.is_dir()

    assert what_is_in(tmp_path) == ["folder"]


@pytest.mark.parametrize("name", ["folder", "a[b]c*?"])
def test_work_that_was_abandoned_is_removed(tmp_path, name):
    left = tmp_path / f".{name}.unfinished-x"
    left.mkdir()
    other = tmp_path / ".other.unfinished-x"
    other.mkdir()

    build(tmp_path / name)

    assert what_is_in(tmp_path) == [".other.unfinished-x", name]
