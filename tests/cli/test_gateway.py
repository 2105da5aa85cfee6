"""`sogdia gateway` with a node: killed at every kind of place, asked by programs, and stopped by what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from sogdia.cli.exits import Exit
from sogdia.engine import marks

RUNS_MAX = 60
RAILS = ("--rail", "bank=bank:KE-100:90000.00", "--rail", "card=card:merchant-7", "--rail", "wallet=wallet:till-9")


@pytest.fixture
def desk(sogdia, house, tmp_path):
    """Make a gateway on the house's node; gives its folder."""
    folder = tmp_path / "desk"
    words = (
        "gateway",
        "create",
        str(folder),
        "--from",
        "bank",
        "--currency",
        "USD",
        "--owner",
        "treasury",
        "--emulated",
    )
    said = sogdia(*house.words(*words), *RAILS)
    assert said.status == Exit.DONE, said.err
    return folder


@pytest.fixture
def gateway(sogdia, house, desk):
    """Give the command on that gateway."""

    def call(*words, status=Exit.DONE):
        at = 2 if words[0] == "emulate" else 1
        said = sogdia(*house.words("gateway", *words[:at], str(desk), *words[at:], "--json"))
        assert said.status == status, said
        return said.document

    return call


def owned(sogdia, house, name):
    words = ("query", "balance", "--account", name, "--currency", "USD", "--issuer", "bank", "--json")
    return sogdia(*house.words(*words)).document["answer"]["available"]


def killed_run(house, desk, mark):
    """Run a pass in a process that is killed at a mark; gives whether it was."""
    command = [sys.executable, "-m", "sogdia.cli.main", *house.words("gateway", "run", str(desk), "--from", "bank")]
    environment = {**os.environ, marks.VARIABLE: mark}
    ended = subprocess.run(command, env=environment, capture_output=True, check=False).returncode
    assert ended in (Exit.DONE, -signal.SIGKILL)
    return ended != Exit.DONE


@pytest.mark.parametrize(
    "mark", ["gateway-before-commit:2", "gateway-after-commit:1", "gateway-after-send:1", "gateway-after-order:1"]
)
def test_a_process_that_is_killed_again_and_again_mints_and_pays_once(sogdia, house, desk, gateway, mark):
    before = owned(sogdia, house, "nairobi"), owned(sogdia, house, "bukhara")
    for name in ("nairobi", "bukhara"):
        reference = gateway("reference", name)["reference"]
        gateway("emulate", "pay-in", "--rail", "bank", "--amount", "25.00", "--text", reference)
    gateway("payee", "nairobi", "--payout", "RF-out", "--rail", "bank", "--to", "KE-1", "--name", "Nairobi")
    words = ("--reference", f"k{mark[8:14]}", "--asset", "USD@bank", "--units", "10.00", "--payout", "RF-out")
    assert sogdia(*house.words("tx", "request-redemption", "--from", "nairobi", *words)).status == Exit.DONE

    runs = 0
    while killed_run(house, desk, mark):
        runs += 1
        assert runs < RUNS_MAX
    gateway("emulate", "answer", "yes")
    while killed_run(house, desk, mark):
        runs += 1
        assert runs < RUNS_MAX

    assert runs > 0
    after = owned(sogdia, house, "nairobi"), owned(sogdia, house, "bukhara")
    assert after == (before[0] + 1_500, before[1] + 2_500)
    gateway("emulate", "close-day")
    gateway("run", "--from", "bank")
    report = gateway("reconcile")
    assert report["adds_up"], report


def test_a_dry_run_says_what_would_be_done_and_does_nothing(sogdia, house, desk, gateway):
    reference = gateway("reference", "nairobi")["reference"]
    gateway("emulate", "pay-in", "--rail", "bank", "--amount", "25.00", "--text", reference)
    before = owned(sogdia, house, "nairobi")
    files = sorted(desk.rglob("*"))

    tried = gateway("run", "--from", "bank", "--dry-run")

    assert [each["name"] for each in tried["mint"]] == ["bank/bank-1"]
    assert owned(sogdia, house, "nairobi") == before
    assert sorted(desk.rglob("*")) == files
    assert gateway("suspense") == {"credits": []}


def test_suspense_is_listed_and_decided_on_with_a_yes(sogdia, house, desk, gateway):
    gateway("emulate", "pay-in", "--rail", "wallet", "--amount", "25.00", "--text", "\u202eeert")
    gateway("run", "--from", "bank", status=Exit.REFUSED)
    gateway("emulate", "pay-in", "--rail", "bank", "--amount", "30.00", "--text", "for the \u202e shop")
    gateway("run", "--from", "bank")
    (credit,) = gateway("suspense")["credits"]
    assert (credit["why"], credit["owner"], credit["units"]) == (
        "the payer gave no funding reference",
        "treasury",
        3_000,
    )

    words = ("gateway", "assign", str(desk), credit["name"], "--to", "nairobi", "--because", "her receipt")
    said = sogdia(*house.words(*words))
    assert (said.status, "--yes" in said.err) == (Exit.USAGE, True)
    before = owned(sogdia, house, "nairobi")
    assert sogdia(*house.words(*words), "--yes").status == Exit.DONE
    gateway("run", "--from", "bank")

    assert owned(sogdia, house, "nairobi") == before + 3_000
    assert sogdia(*house.words(*words), "--yes").status == Exit.REFUSED


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("reference", "DESK", "@nobody"), Exit.NOT_FOUND, "names no party"),
        (("run", "DESK", "--from", "nairobi"), Exit.USAGE, "this gateway is another's"),
        (("run", "NONE", "--from", "bank"), Exit.USAGE, "is no gateway"),
        (("assign", "DESK", "bank/x", "--to", "nairobi", "--because", "x", "--yes"), Exit.REFUSED, "There is no credit"),
        (("own", "DESK", "bank/x", "--because", "x", "--yes"), Exit.REFUSED, "There is no credit"),
        (("pay", "DESK", "SGD1", "--yes"), Exit.REFUSED, "no pay-out"),
        (("emulate", "pay-in", "DESK", "--rail", "none", "--amount", "1.00", "--text", "x"), Exit.USAGE, "no rail"),
        (("emulate", "pay-in", "DESK", "--rail", "bank", "--amount", "1.001", "--text", "x"), Exit.USAGE, "3 digits"),
        (("emulate", "take-back", "DESK", "bank/none"), Exit.NOT_FOUND, "Nobody has paid in"),
        (("create", "NEW", "--from", "bank", "--currency", "USD", "--owner", "x", "--rail", "b=cheque:1"), Exit.USAGE, "is no rail"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_changes_nothing(sogdia, house, desk, words, status, told):
    places = {"DESK": str(desk), "NONE": str(desk / "none"), "NEW": str(desk / "new")}

    said = sogdia(*house.words("gateway", *(places.get(each, each) for each in words)))

    assert (said.status, told in said.err) == (status, True), said


def test_a_second_command_waits_for_nobody(sogdia, house, desk):
    from sogdia.gateway.journal import FILE, Journal

    with Journal(desk / FILE):
        said = sogdia(*house.words("gateway", "suspense", str(desk)))

    assert (said.status, "another command is using" in said.err) == (Exit.UNREACHABLE, True)


def test_a_gateway_of_another_network_is_not_run(sogdia, house, desk):
    path = desk / "gateway.toml"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([f'network = "{"0" * 64}"', *lines[1:]]), "utf-8")

    said = sogdia(*house.words("gateway", "run", str(desk), "--from", "bank"))

    assert (said.status, "another network" in said.err) == (Exit.USAGE, True)


def test_a_life_is_played_and_survived(gateway):
    reference = gateway("reference", "nairobi")["reference"]
    played = gateway("emulate", "play", "--seed", "3", "--steps", "25")

    done = gateway("run", "--from", "bank")

    assert len(played["steps"]) == 25
    assert json.dumps(done["did"]).count("minted") > 0, reference
    assert done["figures"]["difference"] == 0
