"""Folders and nodes on the command line: created, started, stopped, audited, copied, and never overwritten."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from sogdia.cli.exits import Exit
from sogdia.client.connection import Connection
from sogdia.engine.storage.ledger_file import DATA
from tests.cli.conftest import wait_until_it_answers


@pytest.fixture
def folder(sogdia, tmp_path):
    """Make the folder of a node that does not run."""
    said = sogdia(
        "node", "create", tmp_path / "node", "--unprotected", "--keys", tmp_path / "keys", "--clock", "manual"
    )
    assert said.status == Exit.DONE
    return tmp_path / "node"


# ------------------------------------------------------------------------------------------------------------ creating


def test_a_new_network_has_an_organisation_a_currency_and_two_keys(sogdia, tmp_path):
    said = sogdia(
        "node", "create", tmp_path / "house", "--organisation", "bank", "--country", "kz", "--currency", "kzt",
        "--passkey-site", "https://ledger.example", "--passkey-site", "https://trade.ledger.example:8443",
        "--name", "Almaty", "--unprotected", "--keys", tmp_path / "keys", "--json",
    )  # fmt: skip

    assert said.status == Exit.DONE
    assert list(said.document) == ["folder", "network", "name", "node_key", "has_key"]
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["bank.key"]
    assert (tmp_path / "house" / "keys" / "node.key").stat().st_mode & 0o077 == 0
    genesis = (tmp_path / "house" / "genesis.json").read_text("utf-8")
    assert '"KZT"' in genesis
    assert '"Almaty"' in genesis
    passkeys = json.loads(genesis)["passkeys"]
    assert passkeys["rp_id"] == "ledger.example"
    assert passkeys["origins"] == ["https://ledger.example", "https://trade.ledger.example:8443"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--organisation", "a b"),
        ("--country", "Kenya"),
        ("--country", "XX"),
        ("--currency", "DOLLAR"),
        ("--currency", "XXX"),
        ("--name", "x" * 41),
        ("--node-key", "somewhere"),
        ("--passkey-site", "ledger.example"),
    ],
)
def test_a_network_that_cannot_be_is_not_begun(sogdia, tmp_path, words):
    unprotected = ["--unprotected"] if words else []

    said = sogdia("node", "create", tmp_path / "house", *words, *unprotected, "--keys", tmp_path / "keys")

    assert said.status == Exit.USAGE, said
    assert not (tmp_path / "house" / DATA).exists()


def test_nothing_that_is_there_is_overwritten(sogdia, folder, tmp_path):
    before = (folder / "genesis.json").read_bytes()

    again = sogdia("node", "create", folder, "--organisation", "other", "--unprotected", "--keys", tmp_path / "keys")
    same_key = sogdia("node", "create", tmp_path / "second", "--unprotected", "--keys", tmp_path / "keys")

    assert again.status == same_key.status == Exit.USAGE
    assert "is not empty" in again.err
    assert "--organisation" in same_key.err
    assert (folder / "genesis.json").read_bytes() == before
    assert not (tmp_path / "second").exists()


def test_a_genesis_of_others_needs_the_key_that_it_names(sogdia, folder, tmp_path):
    genesis, key = folder / "genesis.json", folder / "keys" / "node.key"

    with_key = sogdia("node", "create", tmp_path / "a", "--genesis", genesis, "--node-key", key, "--json")
    without = sogdia("node", "create", tmp_path / "b", "--genesis", genesis)
    wrong = sogdia(
        "node", "create", tmp_path / "c", "--genesis", genesis, "--node-key", tmp_path / "keys" / "house.key"
    )

    assert with_key.document["has_key"] is True
    assert (tmp_path / "a" / "keys" / "node.key").read_bytes() == key.read_bytes()
    assert without.status == Exit.DONE
    assert "Put the file of the key" in without.out
    assert wrong.status == Exit.USAGE


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"name": 5}', b"[" * 50_000])
def test_a_file_that_is_no_genesis_is_refused(sogdia, tmp_path, content):
    (tmp_path / "genesis.json").write_bytes(content)

    said = sogdia("node", "create", tmp_path / "house", "--genesis", tmp_path / "genesis.json")

    assert said.status == Exit.USAGE
    assert "genesis" in said.err


# ------------------------------------------------------------------------------------------------------------- running


def test_a_node_starts_is_found_moves_its_clock_and_stops(sogdia, folder, tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    command = [sys.executable, "-m", "sogdia.cli.main", "node", "start", str(folder)]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE, text=True) as process:
        wait_until_it_answers(folder)

        status = sogdia("query", "status", "--json")
        advanced = sogdia("node", "advance", "+1d", "--json")
        backwards = sogdia("node", "advance", "0")
        second = sogdia("node", "start", folder)
        stopped = sogdia("node", "stop", "--json")
        _out, said = process.communicate(timeout=30)

    assert status.document["clock"] == "manual"
    assert status.document["waits_for"] is None
    assert advanced.status == Exit.DONE
    assert backwards.status == Exit.USAGE
    assert second.status == Exit.UNREACHABLE
    assert "in use by process" in second.err
    assert stopped.document == {"stopping": True}
    assert process.returncode == 0
    assert "all that was acknowledged is written" in said
    assert sogdia("query", "status").status == Exit.UNREACHABLE


def test_an_interrupted_node_ends_in_order(folder):
    command = [sys.executable, "-m", "sogdia.cli.main", "node", "start", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_until_it_answers(folder)
        process.send_signal(signal.SIGINT)
        _out, said = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "Traceback" not in said


def test_a_node_whose_key_is_missing_says_where_it_belongs(sogdia, folder):
    (folder / "keys" / "node.key").unlink()

    said = sogdia("node", "start", folder)

    assert said.status == Exit.USAGE
    assert str(folder / "keys") in said.err


@pytest.mark.parametrize("command", ["start", "scrub"])
def test_a_folder_without_a_ledger_is_no_node(sogdia, tmp_path, command):
    empty = tmp_path / "empty"
    empty.mkdir()

    said = sogdia("node", command, empty)

    assert said.status in (Exit.USAGE, Exit.UNREACHABLE)


# ---------------------------------------------------------------------------------------------------- looking, copying


def test_a_sound_folder_is_found_sound(sogdia, folder):
    audit = sogdia("audit", folder, "--json")
    replay = sogdia("replay", folder, "--json")
    scrub = sogdia("node", "scrub", folder, "--json")

    assert audit.document == {"sound": True, "findings": []}
    assert replay.document["same"] is True
    assert scrub.document["running"] is False


def test_a_ledger_moves_by_export_and_by_backup(sogdia, house, tmp_path):
    exported = sogdia("export", house.folder, tmp_path / "file", "--json")
    imported = sogdia("import", tmp_path / "file", tmp_path / "imported", "--json")
    backed_up = sogdia("backup", house.folder, tmp_path / "copy", "--json")
    restored = sogdia("restore", tmp_path / "copy", tmp_path / "restored", "--json")

    assert exported.status == backed_up.status == Exit.DONE
    assert imported.document["network"] == exported.document["network"]
    assert imported.document["height"] == exported.document["blocks"]
    assert restored.document["state_root"] == imported.document["state_root"]
    for folder in (tmp_path / "imported", tmp_path / "restored"):
        assert sogdia("audit", folder).status == Exit.DONE


def test_a_running_node_is_audited_and_replayed_on_a_copy_that_does_not_stay(sogdia, house):
    before = sorted(path.name for path in house.folder.parent.iterdir())

    audit = sogdia("audit", house.folder)
    replay = sogdia("replay", house.folder)

    assert audit.status == replay.status == Exit.DONE
    assert sorted(path.name for path in house.folder.parent.iterdir()) == before
    with Connection(house.folder) as node:
        assert node.status().waits_for is None


@pytest.mark.parametrize("command", ["export", "import", "backup", "restore"])
def test_what_is_there_is_never_overwritten(sogdia, folder, tmp_path, command):
    sogdia("export", folder, tmp_path / "file")
    sogdia("backup", folder, tmp_path / "copy")
    source = {"export": folder, "import": tmp_path / "file", "backup": folder, "restore": tmp_path / "copy"}[command]
    target = tmp_path / "target"
    target.mkdir()

    said = sogdia(command, source, target)

    assert said.status == Exit.USAGE
    assert "nothing is ever overwritten" in said.err
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("audit",),
        ("replay",),
        ("export", "file"),
        ("backup", "copy"),
        ("node", "scrub"),
        ("restore", "copy"),
        ("import", "x"),
    ],
    ids=" ".join,
)
def test_a_folder_that_is_not_there_is_said_to_be_missing(sogdia, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    first = 1 + (words[0] == "node")

    said = sogdia(*words[:first], tmp_path / "nowhere", *words[first:])

    assert said.status == Exit.NOT_FOUND, said
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_export_is_refused_with_status_4_and_leaves_nothing(sogdia, folder, tmp_path):
    sogdia("export", folder, tmp_path / "file")
    raw = bytearray((tmp_path / "file").read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "file").write_bytes(raw)

    said = sogdia("import", tmp_path / "file", tmp_path / "imported")

    assert said.status == Exit.DAMAGED
    assert "byte" in said.err
    assert not (tmp_path / "imported").exists()


def test_damage_in_a_folder_is_found_with_status_4(sogdia, folder):
    data = bytearray((folder / DATA).read_bytes())
    at = data.find(b'"organisation"') if b'"organisation"' in data else data.find(b"house")
    data[at] ^= 1
    (folder / DATA).write_bytes(data)

    audit = sogdia("audit", folder, "--json")

    assert audit.status == Exit.DAMAGED
    assert audit.document["sound"] is False
    assert audit.document["findings"]


# ------------------------------------------------------------------------------------------------------------ real data

INVOICES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
C536379,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-2,2010-12-01 09:41:00,2.55,17850,United Kingdom
"""


def test_invoices_are_replayed_and_reported(sogdia, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "invoices.csv").write_text(INVOICES, "utf-8")

    said = sogdia(
        "simulate", "online-retail", "invoices.csv", "--report", "report.json", "--folder", "ledger", "--json"
    )
    again = sogdia("simulate", "online-retail", "invoices.csv", "--folder", "ledger", "--json")
    other = sogdia("simulate", "online-retail", "invoices.csv", "--folder", "ledger", "--seed", "another")

    assert said.status == Exit.DONE, said
    assert said.document["lines"] == 2
    assert sum(said.document["lines_by_class"].values()) == 2
    assert again.document["money_by_country"] == said.document["money_by_country"]
    assert other.status == Exit.USAGE
    assert (tmp_path / "report.json").is_file()


BEGUN_BYTES = 1 << 18
"""So much has been written once the replay is under way."""


def size_of(path):
    return path.stat().st_size if path.exists() else 0


def test_an_interrupted_replay_ends_with_status_130_and_leaves_a_sound_ledger(sogdia, tmp_path):
    ledger = tmp_path / "ledger"
    command = [sys.executable, "-m", "sogdia.cli.main", "simulate", "online-retail", "--folder", str(ledger)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and size_of(ledger / DATA) < BEGUN_BYTES:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _out, said = process.communicate(timeout=60)

    assert process.returncode == Exit.INTERRUPTED
    assert "Traceback" not in said
    assert sogdia("audit", ledger).status == Exit.DONE


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1,2\n"])
def test_a_file_of_another_format_is_refused(sogdia, tmp_path, content):
    (tmp_path / "invoices.csv").write_bytes(content)

    said = sogdia("simulate", "online-retail", tmp_path / "invoices.csv", "--folder", tmp_path / "ledger")

    assert said.status == Exit.USAGE
    assert "invoices.csv" in said.err
