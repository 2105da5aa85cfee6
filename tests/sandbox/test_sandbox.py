"""What a sandbox does for everybody who asks, and how it says what it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest

from sogdia.cli.exits import Exit
from sogdia.client.proofs import SandboxRefused, trusted_by_genesis
from sogdia.kernel.genesis import genesis_type
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.market.orders import OrderLine, PlaceOrder
from sogdia.modules.money import Asset
from sogdia.modules.money.transfers import Transfer
from sogdia.sandbox import SandboxFolderError
from sogdia.sandbox.kept_clock import KeptClock
from sogdia.sandbox.stage import FUNDS_MAX, PEOPLE, open_stage
from tests import rotation
from tests.sandbox.conftest import running_in

FULL = bool(os.environ.get("SOGDIA_FULL"))
CASES = 50 if FULL else 5
PHASES = "coverage,fuzzing" if FULL else "fuzzing"
FORCED = "by the sandbox's door; no rule of the ledger was tried, and no block has it"


def transfer(trial, units: int) -> Transfer:
    asset = Asset("USD", trial.account("bank"))
    return Transfer(to=trial.account("bukhara"), asset=asset, units=units, purpose="GDDS", end_to_end="i7")


def order(trial, reference: str) -> PlaceOrder:
    lines = (OrderLine("ikat", 0, 2),)
    return PlaceOrder(reference=reference, merchant=trial.account("bukhara"), lines=lines, pay_at_most=10_000)


@pytest.mark.parametrize("path", ["/", "/v1/status", "/sandbox/v1", "/v1/nothing", "/v1/envelopes/batch"])
def test_every_answer_says_that_it_is_a_sandbox(trial, path):
    assert trial.ask(path).headers["sogdia-sandbox"] == "true"


def test_every_page_says_that_it_is_a_sandbox(trial):
    assert b"where nothing is worth anything" in trial.ask("/").raw
    for path in ("/", "/blocks", "/health"):
        assert b"Sandbox: a network for trials." in trial.ask(trial.explorer + path).raw


@pytest.mark.parametrize(
    "words",
    [
        ["query", "balance", "--account", "@bukhara", "--currency", "USD", "--issuer", "@bank"],
        ["query", "status"],
        ["node", "status"],
    ],
)
def test_every_command_says_that_it_is_a_sandbox(trial, words):
    folder = ["--node", str(trial.folder)] if words[0] == "query" else [str(trial.folder)]
    command = [sys.executable, "-m", "sogdia.cli.main", *words, *folder]

    said = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "SANDBOX" in (said.stderr + said.stdout).splitlines()[0]


def test_its_genesis_is_trusted_only_by_who_means_a_trial(trial):
    genesis = msgspec.json.decode(trial.ask("/v1/genesis").raw, type=genesis_type(ALL))

    with pytest.raises(SandboxRefused, match="'sandbox' is a sandbox"):
        trusted_by_genesis(genesis)

    assert trusted_by_genesis(genesis, sandbox=True).network == trial.maker.network


def test_a_party_is_admitted_funded_and_orders_from_the_merchant_who_is_there(trial):
    sana = trial.admit("sana")
    funded = trial.fund(sana.account, 50_000)

    said = trial.send(trial.sign(sana, order(trial, "o1")))

    assert funded.status == 200
    assert said.status == 200
    assert said.document["status"] == "applied"
    assert [each["event"] for each in said.document["events"]].count("OrderPlaced") == 1


def test_a_reference_is_admitted_once(trial):
    first = trial.admit("twice")

    again = trial.ask("/sandbox/v1/admit", {"reference": "twice", "public": first.keys.public.hex()})

    assert again.status == 409
    assert again.document["refusal"]["name"] == "PARTY_EXISTS"


def test_an_account_is_given_its_quota_and_not_a_unit_more(trial):
    rich = trial.admit("rich").account

    assert trial.fund(rich, FUNDS_MAX - 1).status == 200
    refused = trial.fund(rich, 2)
    assert trial.fund(rich, 1).status == 200
    assert trial.fund(rich, FUNDS_MAX, "JPY").status == 200

    assert refused.status == 409
    assert refused.document["left"] == "1"


def test_what_the_ledger_does_not_mint_is_given_back_to_the_quota(trial):
    nobody = b"\x07" * 20

    first = trial.fund(nobody, FUNDS_MAX)
    again = trial.fund(nobody, FUNDS_MAX)

    assert first.document["refusal"]["name"] == again.document["refusal"]["name"] == "PAYEE_UNKNOWN"


def test_time_moves_when_it_is_told_to_and_never_back(trial):
    before = trial.now()

    moved = trial.ask("/sandbox/v1/time", {"advance": "60"})
    to = trial.ask("/sandbox/v1/time", {"to": str(before + 120)})
    back = trial.ask("/sandbox/v1/time", {"to": str(before + 119)})
    stays = trial.ask("/sandbox/v1/time", {})
    never = trial.ask("/sandbox/v1/time", {"advance": str(2**32 - 1)})

    assert moved.document["time"] == str(before + 60)
    assert to.document["time"] == str(before + 120)
    assert (back.status, stays.status, never.status) == (409, 200, 409)
    assert trial.now() == before + 120


def test_a_frozen_account_is_refused_by_the_ledger_until_it_is_unfrozen(trial):
    aizada = trial.admit("aizada")
    trial.fund(aizada.account, 5_000)
    holder = {"account": aizada.account.hex(), "currency": "USD"}

    trial.ask("/sandbox/v1/failures/freeze", holder)
    frozen = trial.send(trial.sign(aizada, transfer(trial, 100)))
    trial.ask("/sandbox/v1/failures/unfreeze", holder)
    free = trial.send(trial.sign(aizada, transfer(trial, 100)))

    assert frozen.document["refusal"]["name"] == "HOLDER_FROZEN"
    assert frozen.document["receipt"]
    assert free.document["status"] == "applied"


def test_an_order_whose_deadline_is_made_to_pass_ends_as_if_nobody_had_acted(trial):
    buyer = trial.admit("buyer")
    trial.fund(buyer.account, 50_000)
    trial.send(trial.sign(buyer, order(trial, "late")))
    name = name_of(buyer.account, "late").hex()
    placed = trial.ask(f"/v1/records/market/orders/{name}", authorization=trial.token(buyer))
    deadline = int(placed.document["record"]["deadline"])

    expired = trial.ask("/sandbox/v1/failures/expire", {"order": name})
    again = trial.ask("/sandbox/v1/failures/expire", {"order": name})
    closed = trial.ask(f"/v1/records/market/closed-orders/{name}", authorization=trial.token(buyer))

    assert expired.document["deadline"] == str(deadline)
    assert trial.now() == deadline + 1
    assert again.status == 404
    assert closed.document["record"]["outcome"] == "2"


def test_a_refusal_is_forced_once_says_so_and_leaves_the_ledger_alone(trial):
    payer = trial.admit("payer")
    trial.fund(payer.account, 5_000)
    signed = trial.sign(payer, transfer(trial, 100))
    other = trial.sign(trial.admit("other"), transfer(trial, 1))
    trial.ask("/sandbox/v1/failures/refuse", {"account": payer.account.hex(), "number": "103"})

    others = trial.send(other)
    refused = trial.send(signed)
    unknown = trial.ask(f"/v1/envelopes/{signed.id.hex()}")
    sent_again = trial.send(signed)

    assert others.status == 200
    assert refused.status == 409
    assert refused.document["refusal"]["name"] == "ENVELOPE_EXPIRED"
    assert refused.document["refusal"]["values"] == {"forced": FORCED}
    assert unknown.status == 404
    assert sent_again.document["status"] == "applied"


def test_a_forced_refusal_meets_one_of_a_batch_and_never_what_is_in_a_block(trial):
    payer = trial.admit("batch")
    trial.fund(payer.account, 5_000)
    known, *fresh = (trial.sign(payer, transfer(trial, units)) for units in (1, 2, 3))
    trial.send(known)
    trial.ask("/sandbox/v1/failures/refuse", {"account": payer.account.hex(), "number": "104"})

    said = trial.ask("/v1/envelopes/batch", msgspec.msgpack.encode([each.raw for each in (known, *fresh)]))

    assert [each["status"] for each in said.document["results"]] == ["applied", "not admissible", "applied"]
    assert said.document["results"][1]["refusal"]["number"] == "104"
    assert trial.ask("/sandbox/v1").document["refusals_ordered"] == {}


def test_a_number_that_is_no_refusal_cannot_be_ordered(trial):
    account = trial.account("bukhara").hex()

    assert trial.ask("/sandbox/v1/failures/refuse", {"account": account, "number": "99"}).status == 404


def test_refusals_wait_up_to_a_limit(trial):
    asked = {"account": ("ee" * 20), "number": "103"}

    statuses = [trial.ask("/sandbox/v1/failures/refuse", asked).status for _ in range(17)]

    assert statuses == [200] * 16 + [409]


def test_webhooks_reach_ones_own_machine_and_are_sent_again(trial):
    heard: list[bytes] = []
    enough = threading.Semaphore(0)

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()
            enough.release()

        def log_message(self, *_words: object) -> None:
            """Stay silent."""

    owner = trial.admit("listener")
    token = trial.token(owner)
    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        height = trial.ask("/v1/status").document["height"]
        url = f"http://127.0.0.1:{server.server_port}/hook"
        made = trial.ask("/v1/webhooks", {"url": url, "event": "Minted"}, authorization=token)
        trial.fund(owner.account, 700)
        first = enough.acquire(timeout=20)
        trial.ask(f"/v1/webhooks/{made.document['id']}/replay", {"from": height}, authorization=token)
        second = enough.acquire(timeout=20)
        server.shutdown()

    assert made.status == 201
    assert first
    assert second
    assert heard[0] == heard[1]
    assert b'"units":"700"' in heard[0]


def test_a_sandbox_goes_on_where_it_was_stopped(tmp_path):
    with running_in(tmp_path / "trial", "--no-explorer") as trial:
        account = trial.admit("stays").account
        trial.fund(account, FUNDS_MAX)
        trial.ask("/sandbox/v1/time", {"advance": "86400"})
        network, now = trial.maker.network, trial.now()

    with running_in(tmp_path / "trial", "--no-explorer") as again:
        assert again.maker.network == network
        assert again.now() == now
        assert again.fund(account, 1).document["left"] == "0"


def test_two_sandboxes_are_two_networks(trial, tmp_path):
    assert open_stage(tmp_path / "other").network != trial.maker.network


def test_the_people_of_a_sandbox_keep_their_keys(tmp_path):
    made = open_stage(tmp_path / "trial")

    again = open_stage(tmp_path / "trial")

    assert {name: made.keys[name].public for name in PEOPLE} == {name: again.keys[name].public for name in PEOPLE}


def test_a_network_that_means_it_is_never_run_as_a_sandbox(tmp_path):
    made = open_stage(tmp_path / "trial")
    genesis = made.folder / "genesis.json"
    genesis.write_text(genesis.read_text("utf-8").replace('"name": "sandbox"', '"name": "bukhara"'), "utf-8")

    with pytest.raises(SandboxFolderError, match=r"'bukhara' in .* is no sandbox"):
        open_stage(tmp_path / "trial")


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Bukhara", "utf-8")

    with pytest.raises(SandboxFolderError, match="is no whole sandbox"):
        open_stage(tmp_path)

    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]


def test_an_address_that_is_taken_is_said_with_a_way_out(trial, tmp_path):
    taken = trial.api.removeprefix("http://")
    command = [sys.executable, "-m", "sogdia.cli.main", "sandbox", "start", "--no-explorer", "--listen", taken]
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}

    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert said.returncode == int(Exit.UNREACHABLE)
    assert "Choose another address: --listen." in said.stderr
    assert list(tmp_path.glob("sogdia-sandbox-*")) == []


@pytest.mark.slow
def test_every_check_of_schemathesis_holds_on_what_only_a_sandbox_has(tmp_path):
    with running_in(tmp_path / "trial", "--no-explorer") as trial:
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", f"{trial.api}/v1/openapi.json",
            "--include-path-regex", "^/sandbox/", "--phases", PHASES, "--max-examples", str(CASES),
            "--seed", str(rotation.seed()), "--request-timeout", "10", "--no-color", "--suppress-health-check", "all",
        ]  # fmt: skip

        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

        assert ended.returncode == 0, ended.stdout[:16_000]
        assert trial.ask("/v1/status").status == 200


@pytest.mark.parametrize(("text", "kept"), [("1795394624", 1_795_394_624), ("12345678901", 0), ("", 0), ("ten", 0)])
def test_a_clock_file_is_believed_only_when_it_holds_a_time(tmp_path, text, kept):
    (tmp_path / "clock").write_text(text, "utf-8")

    assert KeptClock(tmp_path / "clock").kept() == kept


def test_without_a_clock_file_time_is_that_of_the_ledger(tmp_path):
    assert KeptClock(tmp_path / "clock").kept() == 0
