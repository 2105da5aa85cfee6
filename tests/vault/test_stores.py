"""Stores: what was put is there, whole or not at all; a full one says so; a killed writer leaves nothing half done."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from sogdia.vault.faults import StoreFailedError, StoreFullError
from sogdia.vault.stores import FolderStore, store_at
from tests.faults.disk.harness import missing, small_disk
from tests.vault import s3_server

if TYPE_CHECKING:
    from sogdia.vault.stores import Store

KEY, OTHER = "blobs/" + "ab" * 32, "blobs/" + "cd" * 32
KILLS = 6

WRITER = """
import sys
from hashlib import sha256
from pathlib import Path
from sogdia.vault.stores import FolderStore
store = FolderStore(Path(sys.argv[1]))
for number in range(1_000_000):
    data = number.to_bytes(4, "big") * 100_000
    store.put("blobs/" + sha256(data).hexdigest(), data)
    print(sha256(data).hexdigest(), flush=True)
"""


def test_what_is_put_is_there_until_it_is_deleted(store: Store):
    store.put(KEY, b"one")
    store.put(OTHER, b"")
    store.put(KEY, b"two")

    assert store.get(KEY) == b"two"
    assert store.get(OTHER) == b""
    assert sorted(each.key for each in store.keys("blobs")) == [KEY, OTHER]
    assert all(-5 < each.age_seconds < 60 for each in store.keys("blobs"))
    store.delete(KEY)
    store.delete(KEY)
    assert store.get(KEY) is None
    assert [each.key for each in store.keys("blobs")] == [OTHER]
    assert list(store.keys("wraps")) == []


def test_a_large_blob_is_kept_whole(store: Store):
    data = bytes(range(256)) * 65_536

    store.put(KEY, data)

    assert store.get(KEY) == data


@pytest.mark.parametrize("key", ["../x", "blobs/../../etc/passwd", "blobs/AB", "blobs/", "other/abcd", "blobs/ab\n"])
def test_a_key_leads_nowhere_outside_the_folder(tmp_path, key):
    store = FolderStore(tmp_path / "vault")

    with pytest.raises(ValueError, match="no key of the vault"):
        store.put(key, b"")


def test_only_the_owner_s_login_can_look_into_the_folder(tmp_path):
    store = FolderStore(tmp_path / "vault")
    store.put(KEY, b"one")

    modes = {path.stat().st_mode & 0o077 for path in [store.folder, *store.folder.rglob("*")]}

    assert modes == {0}


def test_a_place_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StoreFailedError, match="cannot be used as a vault"):
        FolderStore(tmp_path / "file")


def test_a_draft_that_a_killed_writer_left_is_taken_away_once_it_is_old(tmp_path, monkeypatch):
    store = FolderStore(tmp_path / "vault")
    store.put(KEY, b"one")
    draft = store.folder / "blobs" / "ab" / ".draft-0011"
    draft.write_bytes(b"half")

    FolderStore(store.folder)
    young = draft.exists()
    later = time.time() + 3_700
    monkeypatch.setattr("sogdia.vault.stores.time.time", lambda: later)
    FolderStore(store.folder)

    assert young
    assert not draft.exists()
    assert [each.key for each in store.keys("blobs")] == [KEY]


def test_after_kill_9_every_blob_that_was_said_to_be_kept_is_there_and_none_is_half(tmp_path):
    folder, said = tmp_path / "vault", []
    for number in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said.append(process.stdout.readline().strip())
            time.sleep(0.003 * number)
            process.send_signal(signal.SIGKILL)
            said += [line.strip() for line in process.stdout if len(line.strip()) == 64]
        store = FolderStore(folder)
        kept = {each.key.partition("/")[2] for each in store.keys("blobs")}
        assert set(said) <= kept
        for name in kept:
            data = store.get(f"blobs/{name}")
            assert data is not None
            assert sha256(data).hexdigest() == name


@pytest.mark.real("a small file system")
def test_a_full_disk_keeps_nothing_says_so_and_works_again_once_there_is_room(tmp_path):
    refusal = missing()
    if refusal is not None:
        pytest.skip(refusal)
    with small_disk(tmp_path / "disk", 2**20) as disk:
        store = FolderStore(disk.folder / "vault")
        store.put(KEY, b"one")
        disk.fill(40_000)

        with pytest.raises(StoreFullError, match="is full; nothing was kept"):
            store.put(OTHER, bytes(200_000))
        with pytest.raises(StoreFullError):
            store.put(KEY, bytes(200_000))

        assert store.get(KEY) == b"one"
        assert store.get(OTHER) is None
        assert not list(store.folder.rglob(".draft*"))
        disk.free()
        store.put(OTHER, bytes(200_000))
        assert store.get(OTHER) == bytes(200_000)


# ------------------------------------------------------------------------------------------------------------ S3 alone


@pytest.mark.real("an S3 server")
def test_wrong_keys_and_a_missing_bucket_are_named(s3, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    url = s3.bucket("refused")

    with pytest.raises(StoreFailedError, match="cannot do it"):
        store_at(url).put(KEY, b"one")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.SECRET_KEY)
    nowhere = store_at(f"{s3.url}/nowhere")
    for call in (lambda: nowhere.put(KEY, b"one"), lambda: nowhere.get(KEY), lambda: list(nowhere.keys("blobs"))):
        with pytest.raises(StoreFailedError, match="no such bucket"):
            call()


@pytest.mark.real("an S3 server")
def test_a_bucket_is_found_by_the_environment_and_divided_by_a_prefix(s3, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.SECRET_KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
    url = s3.bucket("shared")
    first, second = store_at("s3://shared/first"), store_at(f"{url}/second")

    first.put(KEY, b"one")
    second.put(OTHER, b"two")

    assert first.get(OTHER) is None
    assert [each.key for each in first.keys("blobs")] == [KEY]
    assert [each.key for each in store_at("s3://shared/second").keys("blobs")] == [OTHER]
    assert (s3.folder / "shared" / "first" / KEY).read_bytes() == b"one"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("s3://", "names no bucket"),
        ("http://127.0.0.1:1/", "names no bucket"),
        ("https://a:b@c/d", "Keys don't belong"),
    ],
)
def test_a_url_that_cannot_be_used_is_named(place, words):
    with pytest.raises(StoreFailedError, match=words):
        store_at(place)
