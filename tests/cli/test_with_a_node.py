"""The command line beside a running node: signing, trying, sending, asking, proving."""

from __future__ import annotations

import msgspec
import pytest

from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.finding import nearest
from sogdia.cli.happened import check_block
from sogdia.client.connection import Connection
from sogdia.client.declared import queries
from sogdia.client.running_nodes import RunningNode
from tests.cli.conftest import place

OUTCOME_KEYS = ["id", "expiry", "height", "time", "outcome", "refusal", "events"]
REFUSAL_KEYS = ["number", "name", "rule", "facts", "way_out", "operation"]


# ------------------------------------------------------------------------------------------------ signing and sending


def test_an_order_goes_from_placed_to_settled_and_is_shown_in_words(sogdia, shop):
    placed = sogdia(*place(shop, "life"))
    asked = sogdia(*shop.words("query", "order", "nairobi/life"))
    for who, what in (("bukhara", "accept-order"), ("bukhara", "ship-order"), ("nairobi", "confirm-delivery")):
        assert sogdia(*shop.words("tx", what, "--from", who, "--order", "nairobi/life")).status == Exit.DONE
    settled = sogdia(*shop.words("tx", "settle-order", "--from", "nairobi", "--order", "nairobi/life"))
    lived = sogdia(*shop.words("query", "steps", "nairobi/life", "--json"))

    assert placed.status == Exit.DONE
    assert "Applied in block" in placed.out
    assert "179.80 USD (price 150.00 USD, freight 5.00 USD, tax 24.80 USD)" in placed.out
    assert "nairobi buys of bukhara" in asked.out
    assert "unless the merchant accepts it until then, it is cancelled" in asked.out
    assert "12  179.80 USD" in asked.out
    assert "179.80 USD to bukhara" in settled.out
    events = [event["event"] for step in lived.document["steps"] for event in step["events"]]
    assert events == ["OrderPlaced", "OrderAccepted", "OrderShipped", "OrderDelivered", "OrderClosed", "OrderDigested"]


def test_what_was_done_is_one_document_of_a_stable_form(sogdia, shop):
    said = sogdia(*place(shop, "form", "--json"))

    document = said.document
    assert list(document) == OUTCOME_KEYS
    assert (document["outcome"], document["refusal"]) == ("applied", None)
    (event,) = document["events"]
    assert list(event) == ["event", "number", "order", "merchant", "asset", "paid", "balance_due", "deadline", "lines"]
    assert list(event["order"]) == ["code", "hex", "owner", "reference"]
    assert list(event["merchant"]) == ["code", "hex"]
    assert event["paid"] == {"price": 15_000, "freight": 500, "tax": 2_480}


def test_a_refused_operation_ends_with_status_1_its_number_and_the_way_out(sogdia, shop):
    sogdia(*place(shop, "twice"))

    words = sogdia(*place(shop, "twice"))
    document = sogdia(*place(shop, "twice", "--json"))

    assert words.status == document.status == Exit.REFUSED
    assert "420 ORDER_EXISTS: The sender has used this reference for an order (order nairobi/twice)" in words.out
    assert document.document["outcome"] == "refused"
    assert list(document.document["refusal"]) == REFUSAL_KEYS
    assert document.document["refusal"]["number"] == 420


def test_what_is_not_admissible_ends_with_status_1_and_is_in_no_block(sogdia, shop):
    said = sogdia(*place(shop, "late", "--expires", "60d", "--json"))

    assert said.status == Exit.REFUSED
    refusal = said.document["error"]["refusal"]
    assert (refusal["number"], refusal["name"]) == (104, "VALIDITY_TOO_LONG")
    assert sogdia(*shop.words("query", "order", "nairobi/late")).status == Exit.NOT_FOUND


def test_a_dry_run_shows_what_would_come_of_it_and_changes_nothing(sogdia, shop):
    before = sogdia(*shop.words("query", "balances", "--json")).document["balances"]

    words = sogdia(*place(shop, "tried", "--dry-run"))
    said = sogdia(*place(shop, "tried", "--dry-run", "--json"))

    document = said.document
    assert list(document) == ["dry_run", *OUTCOME_KEYS, "money", "deadlines", "quota"]
    (move,) = document["money"]
    assert (move["currency"], move["available"], move["held"]) == ("USD", -17_980, 17_980)
    (deadline,) = document["deadlines"]
    assert deadline["table"] == "market/orders"
    assert deadline["key"]["name"]["reference"] == "tried"
    (charge,) = document["quota"]
    assert (charge["operations"], charge["stored_bytes"]) == (1, 700)
    assert "nairobi: −179.80 USD, +179.80 USD set aside" in words.out
    assert "order nairobi/tried" in words.out
    assert sogdia(*shop.words("query", "balances", "--json")).document["balances"] == before


def test_a_dry_run_needs_no_passphrase(sogdia, shop, monkeypatch, tmp_path):
    monkeypatch.setenv("SOGDIA_PASSPHRASE", "silk")
    sogdia("keys", "derive", "nairobi", "--seed", "x", "--keys", tmp_path)
    monkeypatch.delenv("SOGDIA_PASSPHRASE")

    said = sogdia(
        "tx", "change-sponsor", "--from", "nairobi=@bank/nairobi", "--sponsor", "@bank", "--dry-run",
        "--node", shop.folder, "--keys", tmp_path,
    )  # fmt: skip

    # It says that this is not the key of that account, and does not ask for its passphrase first.
    assert said.status == Exit.USAGE
    assert "is no key of" in said.err


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("--lines", "tea:0:5000"), 415),
        (("--lines", "cup:0:1"), 405),
        (("--pay-at-most", "1.00"), 418),
        (("--expires", "60d"), 104),
        (("--not-before", "+5m"), 105),
        (("--after", f"{'ab' * 32}:4000000000"), 106),
    ],
)
def test_a_dry_run_says_with_status_1_what_would_stand_against_it(sogdia, shop, words, number):
    said = sogdia(*place(shop, "against", "--dry-run", "--json"), *words)

    assert said.status == Exit.REFUSED
    assert said.document["refusal"]["number"] == number


def test_an_amount_without_a_currency_is_in_the_money_of_what_it_is_about(sogdia, shop):
    sogdia(*place(shop, "split"))
    for who, what in (("bukhara", "accept-order"), ("bukhara", "ship-order")):
        sogdia(*shop.words("tx", what, "--from", who, "--order", "nairobi/split"))

    split = ["tx", "propose-split", "--from", "nairobi", "--order", "nairobi/split", "--to-buyer"]

    right = sogdia(*shop.words(*split, "20.00", "--json"))
    wrong = sogdia(*shop.words(*split, "20.00 EUR"))

    assert right.document["events"][0]["to_buyer"] == 2_000
    assert wrong.status == Exit.USAGE
    assert "is in EUR, but this is about USD" in wrong.err


def test_a_hold_is_captured_in_its_own_money(sogdia, shop):
    hold = ["place-hold", "--from", "nairobi", "--reference", "h1", "--payee", "bukhara", "--asset", "USD@bank"]
    sogdia(*shop.words("tx", *hold, "--units", "30.00", "--deadline", "+2d", "--purpose", "GDDS"))

    said = sogdia(
        *shop.words("tx", "capture-hold", "--from", "bukhara", "--hold", "nairobi/h1", "--units", "12.50", "--json")
    )

    assert said.document["events"][0]["captured"] == 1_250


def test_an_envelope_written_for_later_is_applied_once_however_often_it_is_sent(sogdia, shop, tmp_path):
    assert sogdia(*place(shop, "later", "--out", tmp_path / "envelope")).status == Exit.DONE

    first = sogdia(*shop.words("tx", "send", str(tmp_path / "envelope"), "--json"))
    second = sogdia(*shop.words("tx", "send", str(tmp_path / "envelope"), "--json"))

    assert first.status == second.status == Exit.DONE
    assert first.document == second.document


@pytest.mark.parametrize("content", [b"", b"zz", b"\x92", b"00", b"{}", b'{"envelope": 5}', b"\xff" * 70_000])
def test_a_file_that_is_no_envelope_is_refused(sogdia, shop, tmp_path, content):
    (tmp_path / "envelope").write_bytes(content)

    said = sogdia(*shop.words("tx", "send", str(tmp_path / "envelope")))

    assert said.status in (Exit.USAGE, Exit.REFUSED)


def test_an_envelope_waits_for_the_one_that_must_go_before(sogdia, shop):
    first = sogdia(*place(shop, "before", "--json")).document

    said = sogdia(*place(shop, "afterwards", "--after", first["id"], "--json"))
    found = sogdia(*shop.words("query", "tx", said.document["id"], "--json")).document

    assert found["envelope"]["after"] == [{"id": first["id"], "expiry": first["expiry"]}]
    assert found["envelope"]["operations"][0]["operation"] == "place-order"


def test_a_key_is_put_in_the_place_of_another(sogdia, shop):
    for name in ("ali", "ali-new"):
        sogdia("keys", "new", name, "--unprotected", "--keys", shop.keys)
    register = ["register-party", "--from", "bank", "--reference", "ali", "--kind", "person", "--country", "UZ"]
    sogdia(*shop.words("tx", *register, "--sponsor", "bank", "--public", "ali"))
    account = sogdia("keys", "show", "ali", "--keys", shop.keys, "--json").document["account"]

    add = "ed25519:ali-new:ali-new"
    rotated = sogdia(*shop.words("tx", "change-keys", "--from", "ali", "--remove", "0", "--add", add))
    new = sogdia("keys", "show", "ali-new", "--keys", shop.keys, "--json").document["account"]
    pay = ["tx", "transfer", "--to", "bukhara", "--asset", "USD@bank", "--units", "1", "--purpose", "GDDS", "--dry-run"]
    old_signs = sogdia(*shop.words(*pay, "--from", "ali"))
    new_signs = sogdia(*shop.words(*pay, "--from", "ali-new", "--json"))

    assert rotated.status == Exit.DONE
    assert account is not None
    assert new == account
    assert old_signs.status == Exit.USAGE
    assert new_signs.document["refusal"]["name"] == "FUNDS_INSUFFICIENT"


def test_the_node_key_endorses_its_successor_by_its_file(sogdia, shop):
    sogdia("keys", "new", "next-node", "--unprotected", "--keys", shop.keys)
    node_key = str(shop.folder / "keys" / "node.key")

    said = sogdia(
        *shop.words("tx", "rotate-node-key", "--from", "bank", "--old", node_key, "--new", "next-node"),
        "--endorsement", node_key, "--acceptance", "next-node", "--dry-run", "--json",
    )  # fmt: skip

    assert said.document["outcome"] == "applied", said.document


# -------------------------------------------------------------------------------------------------------------- asking


def test_a_p256_key_signs_and_its_owner_lets_another_act(sogdia, shop):
    sogdia("keys", "new", "chip", "--scheme", "p256", "--unprotected", "--keys", shop.keys)
    register = ["register-party", "--from", "bank", "--reference", "chip", "--kind", "person", "--country", "UZ"]
    entered = sogdia(*shop.words("tx", *register, "--sponsor", "bank", "--public", "chip", "--scheme", "p256"))
    sogdia(*shop.words("tx", "mint", "--from", "bank", "--to", "chip", "--currency", "USD", "--units", "9.00 USD"))
    terms = ["--operations", "transfer", "--caps", "USD@bank:500:700", "--period", "1d", "--consent-needed", "no"]
    times = ["--valid-from", "1", "--valid-until", "2100-01-01T00:00:00Z"]
    grant = ["grant-mandate", "--from", "chip", "--reference", "helper", "--agent", "nairobi"]

    granted = sogdia(*shop.words("tx", *grant, *terms, *times))
    pay = ["tx", "transfer", "--to", "bukhara", "--asset", "USD@bank", "--purpose", "GDDS", "--from", "nairobi"]
    mandate = ["--mandate", "chip/helper", "--json"]
    paid = sogdia(*shop.words(*pay, *mandate, "--units", "500"))
    too_much = sogdia(*shop.words(*pay, *mandate, "--units", "201"))
    tried = sogdia(*shop.words(*pay[:-1], "chip", "--units", "4.00 USD", "--dry-run", "--json"))

    assert (entered.status, granted.status, paid.status) == (Exit.DONE,) * 3, (entered.err, granted.err, paid.err)
    assert too_much.document["refusal"]["name"] == "MANDATE_CAP_OF_PERIOD"
    assert tried.document["outcome"] == "applied"


NOT_THERE = (
    *("hold", "guardians", "recovery", "mandate", "consents", "passkeys", "attestation", "appeal", "handle"),
    *("handle-of", "file", "authorities", "proposal", "rate-card", "quote", "lock"),
    *("swapped", "bond", "worst-cases", "cash-record"),
    *("obligation", "netting-batch", "freeze", "measure", "redemption", "standing", "limit-offer", "purse"),
    "reference-rate",
)


def test_every_declared_query_is_asked_by_words_or_by_options(sogdia, shop):
    sogdia(*place(shop, "asked"))
    words = {
        "party": ["nairobi"],
        "quota": ["@bank"],
        "balance": ["nairobi", "USD", "@bank"],
        "currency": ["USD", "@bank"],
        "hold": ["nairobi/none"],
        "terms": ["bukhara/t"],
        "listing": ["bukhara/tea"],
        "order": ["nairobi/asked"],
        "order-lines": ["nairobi/asked"],
        "guardians": ["nairobi"],
        "recovery": ["nairobi", "bukhara"],
        "mandate": ["nairobi/none"],
        "consents": ["nairobi/none"],
        "registrar": ["@bank"],
        "attestation": ["bank/none"],
        "appeal": ["nairobi"],
        "handle": ["nairobi"],
        "handle-of": ["nairobi"],
        "encryption-key": ["00" * 20],
        "file": ["order:nairobi/asked"],
        "authorities": ["KE"],
        "document": ["nairobi/none"],
        "documents": ["order:nairobi/asked"],
        "may-read": ["nairobi", "nairobi/none"],
        "recipients": ["nairobi/none"],
        "proposal": ["nairobi/none"],
        "rate-card": ["nairobi/none"],
        "rate-cards": ["USD@bank", "USD@bank"],
        "quote": ["nairobi/none"],
        "lock": ["nairobi/none"],
        "swapped": ["nairobi/none"],
        "bond": ["nairobi", "USD@bank"],
        "cash-record": ["nairobi"],
        "worst-cases": ["nairobi/none", "100"],
        "issuance": ["USD", "@bank", "2026-12-31"],
        "allowance": ["nairobi", "USD", "@bank", "2026-12-31"],
        "freeze": ["nairobi", "USD", "@bank"],
        "measure": ["nairobi/none"],
        "redemption": ["nairobi/none"],
        "standing": ["nairobi"],
        "limit-offer": ["nairobi/none"],
        "depth": ["USD@bank", "USD@bank"],
        "paths": ["USD@bank", "USD@bank", "--payer", "nairobi"],
        "reference-rate": ["USD", "KES"],
        "rate-reports": ["USD", "KES"],
        "quotes": ["USD@bank", "--listing", "bukhara/tea", "--quantity", "2", "--payer", "nairobi"],
        "purse": ["nairobi/none"],
        "payer": ["nairobi"],
        "obligation": ["nairobi/none"],
        "obligations": ["nairobi"],
        "netting-pools": ["nairobi"],
        "netting-pool": ["nairobi", "USD@bank", "2026-12-31"],
        "netting-batch": ["nairobi/none"],
    }

    for name in queries():
        said = sogdia(*shop.words("query", name, *words.get(name, []), "--json"))
        assert said.status == (Exit.NOT_FOUND if name in NOT_THERE else Exit.DONE), (name, said)
        assert said.status == Exit.NOT_FOUND or "height" in said.document
    by_options = sogdia(
        *shop.words("query", "balance", "--account", "nairobi", "--currency", "USD", "--issuer", "@bank", "--json")
    )
    by_words = sogdia(*shop.words("query", "balance", "nairobi", "USD", "@bank", "--json"))
    assert by_options.document == by_words.document


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("party", "nobody"), Exit.USAGE),
        (("party", "@nobody"), Exit.NOT_FOUND),
        (("party", "ab" * 20), Exit.NOT_FOUND),
        (("party",), Exit.USAGE),
        (("party", "nairobi", "nairobi"), Exit.USAGE),
        (("balance", "nairobi", "DOLLAR", "@bank"), Exit.USAGE),
        (("paths", "USD@bank", "USD@bank", "--payer", "@bank"), Exit.USAGE),
        (("paths", "USD@bank", "USD@bank", "--payer", "somebody"), Exit.NOT_FOUND),
        (("paths", "USD@bank", "USD@bank", "--payer", "nairobi=@bank"), Exit.USAGE),
        (("order", "nairobi/none"), Exit.NOT_FOUND),
        (("order", "o1"), Exit.USAGE),
        (("steps", "nairobi/none"), Exit.NOT_FOUND),
        (("tx", "00"), Exit.USAGE),
        (("tx", "00" * 32), Exit.NOT_FOUND),
        (("block", "0"), Exit.NOT_FOUND),
        (("block", "99999999"), Exit.NOT_FOUND),
        (("block", "-1"), Exit.USAGE),
        (("events", "--from", "2", "--to", "1"), Exit.USAGE),
        (("events", "--from", "0", "--to", "1"), Exit.NOT_FOUND),
        (("events", "--from", "1", "--to", "1", "--kind", "OrderEaten"), Exit.USAGE),
        (("order-lines", "nairobi/none", "--first", "0"), Exit.USAGE),
    ],
)
def test_a_question_about_nothing_is_answered_with_a_status_and_words(sogdia, shop, words, status):
    said = sogdia(*shop.words("query", *words))

    assert said.status == status
    assert said.out == ""
    assert said.err.startswith("sogdia: ")


def test_a_block_its_header_and_its_results_belong_together(sogdia, shop):
    done = sogdia(*place(shop, "block", "--json")).document

    block = sogdia(*shop.words("query", "block", str(done["height"]), "--json")).document
    header = sogdia("query", "header", str(done["height"]), "--node", shop.folder, "--json").document
    result = sogdia(*shop.words("query", "tx", done["id"], "--json")).document

    assert [each["id"] for each in block["envelopes"]] == [done["id"]]
    assert {name: block[name] for name in header} == header
    assert result["events"] == done["events"]
    assert result["envelope"]["signers"][0]["account"]["code"].startswith("acct-")


def test_what_happened_is_told_from_checked_receipts(sogdia, shop):
    done = sogdia(*place(shop, "told", "--json")).document
    height = str(done["height"])

    all_of_it = sogdia(*shop.words("query", "events", "--from", "1", "--to", height, "--json")).document
    orders = sogdia(*shop.words("query", "events", "--from", height, "--to", height, "--kind", "OrderPlaced", "--json"))
    in_words = sogdia(*shop.words("query", "events", "--from", height, "--to", height))

    assert [block["height"] for block in all_of_it["blocks"]] == list(range(1, int(height) + 1))
    assert all_of_it["checked"] is True
    (receipt,) = orders.document["blocks"][0]["receipts"]
    assert receipt["events"] == done["events"]
    assert "every receipt fits its header" in in_words.out


def test_a_receipt_that_does_not_fit_its_header_ends_with_status_4(sogdia, shop):
    height = sogdia(*place(shop, "forged", "--json")).document["height"]
    sogdia(*place(shop, "next"))
    with Connection(shop.folder) as node:
        block, following = node.block(height), node.header(height + 1)
    forged = [result._replace(receipt=result.receipt + b"\x00") for result in block.results]

    check_block(block, following)
    with pytest.raises(Stopped) as stopped:
        check_block(msgspec.structs.replace(block, results=forged), following)

    assert stopped.value.status == Exit.DAMAGED


def test_balances_add_up_to_what_was_minted(sogdia, shop):
    found = sogdia(*shop.words("query", "balances", "--json")).document["balances"]

    dollar = sogdia(*shop.words("query", "currency", "USD", "@bank", "--json")).document["answer"]
    assert sum(each["available"] + each["held"] for each in found) == dollar["supply"] >= 900_000
    assert "set aside" in sogdia(*shop.words("query", "balances")).out


# ------------------------------------------------------------------------------------------------------ finding a node


def test_the_only_node_that_runs_is_the_one_that_is_meant(tmp_path):
    only = RunningNode(str(tmp_path / "a"))

    assert nearest([only], tmp_path / "elsewhere") == only


def test_of_several_nodes_the_one_around_is_meant(tmp_path):
    here, there = RunningNode(str(tmp_path / "a" / "node")), RunningNode(str(tmp_path / "b" / "node"))

    assert nearest([here, there], tmp_path / "a") == here
    assert nearest([here, there], tmp_path / "b" / "node" / "keys") == there


def test_of_several_nodes_one_has_to_be_named(tmp_path):
    here, there = RunningNode(str(tmp_path / "a")), RunningNode(str(tmp_path / "b"))

    with pytest.raises(Stopped) as stopped:
        nearest([here, there], tmp_path / "c")

    assert str(tmp_path / "b") in stopped.value.message
