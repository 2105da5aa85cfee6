"""`sogdia gateway` with a node: killed at every kind of place, asked by programs, and stopped by what is wrong."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from itertools import count, pairwise, takewhile
from typing import Any

import pytest

from sogdia.cli.exits import Exit
from sogdia.engine import marks
from sogdia.gateway.journal import FILE, Journal

NUMBERS = count(1)


@pytest.fixture
def number():
    """Number the rails of each test: a credit's rail and reference are minted once on a ledger, whoever asks."""
    return next(NUMBERS)


@pytest.fixture
def desk(sogdia, house, tmp_path, number):
    """Make a gateway on the house's node; gives its folder."""
    folder = tmp_path / "desk"
    rails = (f"bank{number}=bank:KE-100:90000.00", f"card{number}=card:merchant-7", f"wallet{number}=wallet:till-9")
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
    said = sogdia(*house.words(*words), *(each for rail in rails for each in ("--rail", rail)))
    assert said.status == Exit.DONE, said.err
    path = folder / "gateway.toml"
    path.write_text(path.read_text("utf-8").replace('kind = "card"', 'kind = "card"\nhold_hours = 72'), "utf-8")
    return folder


@pytest.fixture
def gateway(sogdia, house, desk, number):
    """Give the command on that gateway; a rail is called by its kind."""

    def call(*words: str, status: Exit = Exit.DONE) -> Any:  # noqa: ANN401 - JSON
        at = 2 if words[0] == "emulate" else 1
        named = [f"{each}{number}" if before == "--rail" else each for before, each in pairwise(("", *words))]
        said = sogdia(*house.words("gateway", *named[:at], str(desk), *named[at:], "--json"))
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


AFTER_EVERY_STEP = ("gateway-after-commit:1",) * 40
ONCE_EACH = ("gateway-before-commit:2", "gateway-after-send:1", "gateway-after-order:1", "gateway-after-send:2")


@pytest.mark.slow
@pytest.mark.parametrize("places", [AFTER_EVERY_STEP, ONCE_EACH], ids=["after every step", "once each"])
def test_a_process_that_is_killed_again_and_again_mints_and_pays_once(sogdia, house, desk, gateway, places):
    before = owned(sogdia, house, "nairobi"), owned(sogdia, house, "bukhara")
    for name in ("nairobi", "bukhara"):
        reference = gateway("reference", name)["reference"]
        gateway("emulate", "pay-in", "--rail", "bank", "--amount", "25.00", "--text", reference)
    gateway("payee", "nairobi", "--payout", "RF-out", "--rail", "bank", "--to", "KE-1", "--name", "Nairobi")
    words = ("--reference", f"k{len(places)}", "--asset", "USD@bank", "--units", "10.00", "--payout", "RF-out")
    assert sogdia(*house.words("tx", "request-redemption", "--from", "nairobi", *words)).status == Exit.DONE

    killed = list(takewhile(bool, (killed_run(house, desk, mark) for mark in places)))
    gateway("run", "--from", "bank")
    gateway("emulate", "answer", "yes")
    killed += list(takewhile(bool, (killed_run(house, desk, mark) for mark in places)))
    gateway("run", "--from", "bank")

    assert len(killed) > 3
    after = owned(sogdia, house, "nairobi"), owned(sogdia, house, "bukhara")
    assert after == (before[0] + 1_500, before[1] + 2_500)
    gateway("emulate", "close-day")
    gateway("run", "--from", "bank")
    report = gateway("reconcile")
    assert report["adds_up"], report


def test_a_dry_run_says_what_would_be_done_and_does_nothing(sogdia, house, desk, gateway, number):
    reference = gateway("reference", "nairobi")["reference"]
    gateway("emulate", "pay-in", "--rail", "bank", "--amount", "25.00", "--text", reference)
    before = owned(sogdia, house, "nairobi")
    files = sorted(desk.rglob("*"))

    tried = gateway("run", "--from", "bank", "--dry-run")

    assert [each["name"] for each in tried["mint"]] == [f"bank{number}/bank{number}-1"]
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


NEW = ("create", "NEW", "--from", "bank", "--currency", "USD", "--owner", "x")
PAYS = ("emulate", "pay-in", "DESK", "--text", "x")
BECAUSE = ("--because", "x", "--yes")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("reference", "DESK", "@nobody"), Exit.NOT_FOUND, "names no party"),
        (("run", "DESK", "--from", "nairobi"), Exit.USAGE, "this gateway is another's"),
        (("run", "NONE", "--from", "bank"), Exit.USAGE, "is no gateway"),
        (("assign", "DESK", "b/x", "--to", "nairobi", *BECAUSE), Exit.REFUSED, "There is no credit"),
        (("send-back", "DESK", "b/x", *BECAUSE), Exit.REFUSED, "There is no credit"),
        (("hand-over", "DESK", "b/x", "--owner", "x", "--yes"), Exit.REFUSED, "There is no credit"),
        (("own", "DESK", "b/x", *BECAUSE), Exit.REFUSED, "There is no credit"),
        (("pay", "DESK", "SGD1", "--yes"), Exit.REFUSED, "no pay-out"),
        ((*PAYS, "--rail", "none", "--amount", "1.00"), Exit.USAGE, "'none' is no rail"),
        ((*PAYS, "--rail", "BANK", "--amount", "1.001"), Exit.USAGE, "3 digits"),
        (("emulate", "take-back", "DESK", "b/none"), Exit.NOT_FOUND, "Nobody has paid in"),
        ((*NEW, "--rail", "b=cheque:1"), Exit.USAGE, "is no rail"),
    ],
)
def test_what_is_wrong_is_said(sogdia, house, desk, number, words, status, told):  # noqa: PLR0913 - fixtures and a row
    places = {"DESK": str(desk), "NONE": str(desk / "none"), "NEW": str(desk / "new"), "BANK": f"bank{number}"}

    said = sogdia(*house.words("gateway", *(places.get(each, each) for each in words)))

    assert (said.status, told in said.err) == (status, True), said


def test_a_webhook_comes_over_http_and_waits_for_its_minting(gateway, desk, number):
    reference = gateway("reference", "nairobi")["reference"]
    rail = f"card{number}"
    moment = int(time.time())
    body = {"id": "p-1", "type": "payment.settled", "account": "merchant-7", "time": moment, "amount": "25.00"}
    raw = json.dumps(body | {"currency": "USD", "reference": reference}).encode()
    secret = (desk / "secrets" / rail).read_bytes()
    head = f"t={moment},v1={hmac.new(secret, b'%d.%s' % (moment, raw), hashlib.sha256).hexdigest()}"
    command = [sys.executable, "-m", "sogdia.cli.main", "gateway", "listen", str(desk), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as door:
        try:
            assert door.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:([0-9]+)/RAIL", door.stdout.readline())
            assert found is not None
            statuses = [posted(int(found[1]), rail, raw, each) for each in (head, head, head.replace("v1=", "v1=00"))]
        finally:
            door.terminate()

    assert statuses == [200, 200, 401]
    gateway("run", "--from", "bank")
    (credit,) = gateway("suspense")["credits"]
    assert (credit["stage"], credit["units"]) == ("ready", 2_500)


def posted(port, rail, raw, head):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", f"/{rail}", raw, {"Sogdia-Signature": head})
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_second_command_waits_for_nobody(sogdia, house, desk):
    with Journal(desk / FILE):
        said = sogdia(*house.words("gateway", "suspense", str(desk)))

    assert (said.status, "another command is using" in said.err) == (Exit.UNREACHABLE, True)


def test_a_gateway_of_another_network_is_not_run(sogdia, house, desk):
    path = desk / "gateway.toml"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([f'network = "{"0" * 64}"', *lines[1:]]), "utf-8")

    said = sogdia(*house.words("gateway", "run", str(desk), "--from", "bank"))

    assert (said.status, "another network" in said.err) == (Exit.USAGE, True)


def test_an_agent_runs_it_under_a_mandate_within_its_caps(sogdia, house, gateway):
    grant = ("tx", "grant-mandate", "--from", "bank", "--reference", "desk", "--agent", "bukhara")
    allowed = ("--operations", "mint", "--caps", "USD@bank:4000:4000", "--period", "1d")
    valid = ("--valid-from", "+0d", "--valid-until", "+9d", "--consent-needed", "no")
    assert sogdia(*house.words(*grant, *allowed, *valid)).status == Exit.DONE
    reference = gateway("reference", "nairobi")["reference"]
    before = owned(sogdia, house, "nairobi")
    gateway("emulate", "pay-in", "--rail", "bank", "--amount", "40.00", "--text", reference)
    gateway("emulate", "pay-in", "--rail", "bank", "--amount", "0.01", "--text", reference)

    gateway("run", "--from", "bukhara", "--mandate", "bank/desk")

    assert owned(sogdia, house, "nairobi") == before + 4_000
    (credit,) = gateway("suspense")["credits"]
    assert "MANDATE_CAP_OF_PERIOD" in credit["why"]


def test_a_life_is_played_and_survived(gateway):
    reference = gateway("reference", "nairobi")["reference"]
    played = gateway("emulate", "play", "--seed", "3", "--steps", "25")

    done = gateway("run", "--from", "bank")

    assert len(played["steps"]) == 25
    assert json.dumps(done["did"]).count("minted") > 0, reference
    assert done["figures"]["difference"] == 0
