"""The API as a stranger uses it: real bytes to a real server beside a real node."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import pytest

from sogdia.client.proofs import check, trusted_by_genesis
from sogdia.kernel.genesis import genesis_type
from sogdia.kernel.proof import ProvenFace, ProvenHistory, ProvenReceipt, ProvenRecord
from sogdia.modules import ALL
from sogdia.modules.market.records import ORDERS
from sogdia.modules.money import Asset
from sogdia.modules.money.transfers import Transfer

if TYPE_CHECKING:
    from sogdia.client.envelopes import Signed

OCTETS = "application/octet-stream"
PROOF = "application/vnd.sogdia.proof"


def payment(town, units=100):
    asset = Asset("USD", town.account("bank"))
    return Transfer(to=town.account("bukhara"), asset=asset, units=units, purpose="GDDS", end_to_end="")


def answered(town, location):
    """Ask until an envelope is no longer under way; give what is said of it then."""
    until = time.monotonic() + 30
    while (found := town.ask(location)).status == 202 and time.monotonic() < until:
        time.sleep(0.02)
    return found


def trusted(town):
    return trusted_by_genesis(msgspec.json.decode(town.ask("/v1/genesis").raw, type=genesis_type(ALL)))


def test_the_same_bytes_again_get_the_same_receipt(town):
    raw = town.sign("nairobi", payment(town)).raw

    first = town.ask("/v1/envelopes", raw, content_type=OCTETS)
    again = town.ask("/v1/envelopes", raw, content_type=OCTETS)

    assert first.document["status"] == "applied"
    assert (again.status, again.raw) == (200, first.raw)


def test_who_does_not_wait_asks_by_the_id(town):
    signed = town.sign("nairobi", payment(town))

    sent = town.ask("/v1/envelopes", signed.raw, content_type=OCTETS, prefer="respond-async")

    assert (sent.status, sent.document) == (202, {"id": signed.id.hex(), "status": "under way"})
    assert sent.headers["preference-applied"] == "respond-async"
    assert sent.headers["location"] == f"/v1/envelopes/{signed.id.hex()}"
    found = answered(town, sent.headers["location"])
    assert found.document["status"] == "applied"


def test_what_nobody_waited_for_and_no_block_has_says_why(town):
    signed = town.sign("nairobi", payment(town), expiry=-90_000)

    sent = town.ask("/v1/envelopes", signed.raw, content_type=OCTETS, prefer="respond-async")
    told = answered(town, sent.headers["location"])
    assert (told.status, told.document["refusal"]["name"]) == (409, "ENVELOPE_EXPIRED")


def test_many_that_nobody_waits_for_are_each_asked_by_their_own_id(town):
    signed = [town.sign("nairobi", payment(town, units)) for units in (1, 2, 10**9)]
    signed.append(town.sign("nairobi", payment(town), expiry=-90_000))

    def send(each: Signed) -> int:
        said = town.ask("/v1/envelopes", each.raw, content_type=OCTETS, prefer="wait=5, Respond-Async")
        return int(said.status)

    with ThreadPoolExecutor(4) as senders:
        assert list(senders.map(send, signed)) == [202] * 4
    told = [answered(town, f"/v1/envelopes/{each.id.hex()}") for each in signed]
    assert [each.status for each in told] == [200, 200, 200, 409]
    assert [each.document["status"] for each in told[:3]] == ["applied", "applied", "refused"]


def test_a_refusal_says_its_number_rule_values_and_way_out(town):
    told = town.send("nairobi", payment(town, 10**9))["refusal"]
    problem = town.ask("/v1/envelopes", town.sign("nairobi", payment(town), expiry=-90_000).raw, content_type=OCTETS)

    assert told["name"] == "FUNDS_INSUFFICIENT" or told["number"].startswith("3")
    assert told["values"]
    assert problem.status == 409
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.document["refusal"]["number"] == "103"
    assert problem.document["status"] == 409
    assert problem.document["way_out"]


def test_many_are_sent_together_and_again(town):
    raws = [town.sign("nairobi", payment(town)).raw for _number in range(20)]
    body = msgspec.msgpack.encode([*raws, town.sign("nairobi", payment(town), expiry=-90_000).raw])

    first = town.ask("/v1/envelopes/batch", body, content_type="application/vnd.msgpack")
    again = town.ask("/v1/envelopes/batch", body, content_type="application/vnd.msgpack")

    results = first.document["results"]
    assert [each["status"] for each in results] == ["applied"] * 20 + ["not admissible"]
    assert again.document["results"][:20] == results[:20]
    # The expired one is refused again, perhaps a second later, and so with another time among its values.
    assert [each["refusal"]["name"] for each in (results[20], again.document["results"][20])] == [
        "ENVELOPE_EXPIRED"
    ] * 2


def test_an_order_is_built_from_json_signed_sealed_tried_and_sent(town):
    operation = {
        "operation": "place-order", "reference": "built", "merchant": town.account("bukhara").hex(),
        "lines": [{"listing": "tea", "variant": "0", "quantity": "1"}], "pay_at_most": "2000", "commitment": None,
    }  # fmt: skip
    frame = {"expiry": str(town.now + 80_000), "signers": [{"account": town.account("nairobi").hex(), "key": "0"}]}

    built = town.post("/v1/envelopes/build", {**frame, "operations": [operation]})
    assert built.status == 200, built.raw
    signature = {"scheme": "1", "value": town.parties["nairobi"].keys.sign(bytes.fromhex(built.document["sign"])).hex()}
    sealed = town.post("/v1/envelopes/seal", {"body": built.document["body"], "signatures": [signature]})
    tried = town.ask("/v1/envelopes/dry-run", sealed.raw, content_type=OCTETS)
    sent = town.ask("/v1/envelopes", sealed.raw, content_type="application/vnd.sogdia.envelope")

    assert tried.document["status"] == "applied"
    assert sent.document["id"] == built.document["id"] == tried.document["id"]
    assert [each["event"] for each in sent.document["events"]] == ["OrderPlaced"]


def test_proofs_are_the_bytes_that_anybody_checks(town):
    name, claim = town.order_name("o1"), town.token("nairobi")
    identity = town.send("nairobi", payment(town))["id"]

    record = town.ask(f"/v1/records/market/orders/{name}", accept=PROOF, authorization=claim)
    life = town.ask(f"/v1/records/market/orders/{name}?prove=life", authorization=claim)
    receipt = town.ask(f"/v1/envelopes/{identity}", accept=PROOF, authorization=claim)

    assert isinstance(check(record.raw, trusted(town)), ProvenRecord)
    assert isinstance(check(bytes.fromhex(life.document["proof"]), trusted(town)), ProvenHistory)
    assert isinstance(check(receipt.raw, trusted(town)), ProvenReceipt)


def test_an_order_is_whole_for_its_parties_only(town):
    address = f"/v1/records/market/orders/{town.order_name('o1')}"

    for who in ("nairobi", "bukhara", "bank"):
        assert town.ask(address, authorization=town.token(who)).document["record"]["merchant"]
    for claim in ({}, {"authorization": town.token("stranger")}):
        told = town.ask(address, **claim).document
        assert told["whole"] is False
        assert set(told["record"]) == {"state", "deadline", "history"}
    assert town.ask(f"{address}?prove=life").status == 401
    assert town.ask(f"{address}?prove=life", authorization=town.token("stranger")).status == 403
    assert town.ask(f"/v1/queries/order-lines?name={town.order_name('o1')}").status == 401


def test_a_stranger_gets_a_proof_that_an_order_is_there_and_of_its_state_and_nothing_else(town):
    address = f"/v1/records/market/orders/{town.order_name('o1')}?prove=1"
    private = [bytes.fromhex(town.account(name).hex()) for name in ("bukhara", "bank")]
    whole = town.ask(address, authorization=town.token("nairobi")).document

    assert isinstance(check(bytes.fromhex(whole["proof"]), trusted(town)), ProvenRecord)
    assert all(each.hex() in whole["proof"] for each in private)
    for claim in ({}, {"authorization": town.token("stranger")}):
        told = town.ask(address, **claim)
        raw = town.ask(address.partition("?")[0], accept=PROOF, **claim)
        assert (told.status, told.document["whole"], raw.status) == (200, False, 200)
        for proof in (bytes.fromhex(told.document["proof"]), raw.raw):
            proven = check(proof, trusted(town))
            assert isinstance(proven, ProvenFace)
            face = msgspec.structs.asdict(ORDERS.read_face(proven.face))
            assert proven.key == bytes.fromhex(town.order_name("o1"))
            assert face["history"].hex() == told.document["record"]["history"]
            assert str(face["state"]) == told.document["record"]["state"]
            assert not any(each in proof for each in private)


def test_balances_are_for_the_holder_and_the_issuer(town):
    bank, nairobi = town.account("bank").hex(), town.account("nairobi").hex()
    address = f"/v1/records/money/balances/{nairobi}/USD/{bank}"

    assert town.ask(address).status == 401
    assert town.ask(address, authorization=town.token("stranger")).status == 403
    assert int(town.ask(address, authorization=town.token("nairobi")).document["record"]["available"]) > 0
    assert town.ask("/v1/queries/balances").status == 401
    for who in ("nairobi", "bukhara", "stranger"):
        for asked in ("", f"?account={nairobi}"):
            assert town.ask(f"/v1/queries/balances{asked}", authorization=town.token(who)).status == 403


def test_a_quota_is_for_its_sponsor_and_what_the_ledger_keeps_for_itself_for_operators(town):
    bank = town.account("bank").hex()

    assert town.ask(f"/v1/records/kernel/quotas/{bank}").status == 401
    assert town.ask(f"/v1/queries/quota?account={bank}").status == 401
    assert town.ask(f"/v1/records/kernel/quotas/{bank}", authorization=town.token("bank")).status == 200
    assert town.ask("/v1/records/kernel/spent-total", authorization=town.token("stranger")).status == 403


def test_of_a_registrar_anybody_sees_for_which_countries_and_not_how_much_is_used(town):
    found = town.ask(f"/v1/records/identity/registrars/{town.account('bank').hex()}")

    told = found.document
    assert told["whole"] is False
    assert set(told["record"]) == {"countries", "parties_max", "attestations_max", "period"}


def test_pages_go_on_where_they_stopped_and_a_changed_cursor_is_refused(town):
    found, cursor = [], ""
    for _page in range(60):
        said = town.ask(f"/v1/events?limit=3{cursor}").document
        found += [each["id"] for each in said["events"]]
        cursor = f"&cursor={said['next']}"
        if not said["events"]:
            break
    whole = [each["id"] for each in town.ask("/v1/events?limit=100").document["events"]]

    assert found[: len(whole)] == whole
    assert len(found) == len(set(found))
    tampered = cursor[:-1] + ("0" if cursor[-1] != "0" else "1")
    assert town.ask(f"/v1/events?limit=3{tampered}").status == 404
    assert town.ask(f"/v1/blocks?{cursor[1:]}").status == 404


def test_events_are_filtered_and_hidden_from_strangers(town):
    account = town.account("bukhara").hex()

    mine = town.ask(f"/v1/events?event=OrderPlaced&account={account}", authorization=town.token("bukhara")).document
    theirs = town.ask("/v1/events?event=OrderPlaced").document

    assert mine["events"][0]["fields"]["merchant"] == account
    assert theirs["events"][0]["whole"] is False
    assert set(theirs["events"][0]["fields"]) == {"order"}
    assert town.ask("/v1/events?event=Nothing").status == 404


def test_what_the_asker_has_already_is_not_sent_again(town):
    first = town.ask("/v1/records/market/rules")

    again = town.ask("/v1/openapi.json", if_none_match=town.ask("/v1/openapi.json").headers["etag"])

    assert first.headers["etag"]
    assert (again.status, again.raw) == (304, b"")


def test_other_sites_read_only_where_they_are_named(town):
    named = town.ask("/v1/status", origin="https://shop.example").headers
    other = town.ask("/v1/status", origin="https://evil.example").headers

    assert named["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in other


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/nothing", 404), ("/v1/../etc/passwd", 404), ("/v1/blocks/%2e%2e", 400), ("//v1/status", 404),
        ("/v1/blocks/0", 400), ("/v1/blocks/99999999", 404), ("/v1/status/", 404), ("/v1/envelopes/zz", 400),
        ("/v1/queries/party", 400), ("/v1/queries/party?account=00&account=00", 400), ("/v1/blocks?x=%ff", 400),
        ("/v1/events?limit=101", 400), ("/v1/events?limit=100&surplus=1", 400), ("/v1/" + "a" * 5_000, 414),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_problem_and_nothing_else(town, path, status):
    said = town.ask(path)

    assert said.status == status
    assert said.document["status"] == status
    assert "Traceback" not in said.raw.decode()


def test_the_document_names_every_route_and_the_page_is_whole(town):
    described = json.loads(town.ask("/v1/openapi.json").raw)
    page = town.ask("/").raw.decode()

    assert described["openapi"] == "3.1.0"
    assert all(path in page for path in described["paths"])
    assert "http://" not in page
    assert "<script" not in page
