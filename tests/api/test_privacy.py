"""What the doors tell of others: nothing, neither in an answer nor by whether there is one."""

from __future__ import annotations

import pytest
from msgspec.structs import fields

from sogdia.api.visibility import Class, class_of_event, class_of_record
from sogdia.client.declared import tables
from sogdia.client.who_sees import Sees, public_part, sees
from sogdia.modules import ALL
from sogdia.modules.identity import Kind
from sogdia.modules.identity.events import KeysChanged
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.events import OrderClosed
from sogdia.modules.market.records import NOTHING
from sogdia.modules.money import Asset
from sogdia.modules.money.transfers import Transfer

OCTETS = "application/octet-stream"
PROOF = "application/vnd.sogdia.proof"


def payment(town, units):
    asset = Asset("USD", town.account("bank"))
    return Transfer(to=town.account("bukhara"), asset=asset, units=units, purpose="GDDS", end_to_end="")


def test_what_somebody_has_cannot_be_found_by_trying_payments_in_its_name(town):
    tried = town.sign("nairobi", payment(town, 10**9)).raw
    address = "/v1/envelopes/dry-run?signed=0"

    assert town.ask(address, tried, content_type=OCTETS).status == 401
    assert town.ask(address, tried, content_type=OCTETS, authorization=town.token("stranger")).status == 403
    own = town.ask(address, tried, content_type=OCTETS, authorization=town.token("nairobi")).document
    assert own["refusal"]["name"] == "FUNDS_INSUFFICIENT"


def test_the_values_of_a_refusal_are_for_whoever_signed(town):
    identity = town.send("nairobi", payment(town, 10**9))["id"]
    address = f"/v1/envelopes/{identity}"

    theirs = town.ask(address).document
    mine = town.ask(address, authorization=town.token("nairobi")).document

    assert theirs["refusal"]["name"] == "FUNDS_INSUFFICIENT"
    assert (theirs["refusal"]["values"], theirs["receipt"]) in (({}, None), ([], None))
    assert mine["refusal"]["values"]
    assert mine["receipt"]
    assert town.ask(address, accept=PROOF).status == 401
    assert town.ask(f"{address}?prove=1", authorization=town.token("stranger")).status == 403


def test_who_trades_with_whom_cannot_be_found_by_filters(town):
    town.send("nairobi", payment(town, 5))
    nairobi, bukhara = town.account("nairobi").hex(), town.account("bukhara").hex()
    paid = f"/v1/events?event=Transferred&limit=100&account={nairobi}"
    placed = "/v1/events?event=OrderPlaced&limit=100"

    assert town.ask(paid, authorization=town.token("nairobi")).document["events"]
    assert town.ask(paid).document["events"] == []
    assert town.ask(paid, authorization=town.token("stranger")).document["events"] == []
    assert town.ask(f"{placed}&account={bukhara}", authorization=town.token("bukhara")).document["events"]
    assert town.ask(f"{placed}&account={bukhara}").document["events"] == []
    assert town.ask(f"{placed}&account={nairobi}").document["events"]
    assert town.ask(f"{placed}&name={town.order_name('o1')}").document["events"]


def test_a_registrar_makes_nobody_an_authority_over_its_country(town):
    keys = town.parties["stranger"].keys
    spy = RegisterParty(
        reference="spy", kind=int(Kind.AUTHORITY), country="KE", roles=0, sponsor=town.account("bank"), scheme=1,
        public=keys.public,
    )  # fmt: skip
    entered = town.send("bank", spy)
    account = bytes.fromhex(entered["events"][0]["fields"]["account"])
    town.parties["spy"] = town.parties["stranger"]._replace(account=account)

    told = town.ask(f"/v1/records/market/orders/{town.order_name('o1')}", authorization=town.token("spy")).document

    assert told["whole"] is False


def test_storage_and_mandates_of_others_are_not_served(town):
    assert town.ask(f"/v1/records/kernel/quotas/{town.account('bank').hex()}").status == 401
    assert town.ask(f"/v1/queries/quota?account={town.account('bank').hex()}").status == 401


@pytest.mark.parametrize("table", tables().values(), ids=lambda table: table.name)
def test_a_table_is_open_only_where_all_its_rows_are(table):
    shape = table.codec.shape
    seen_by = {sees(shape.__name__, each.name) for each in fields(shape)}

    match class_of_record(shape):
        case Class.PUBLIC:
            assert seen_by == {Sees.PUBLIC}
        case Class.PARTIES | Class.ORDER:
            assert seen_by != {Sees.PUBLIC}
            assert Sees.VALIDATOR not in seen_by
        case Class.OPERATORS:
            assert seen_by == {Sees.VALIDATOR}


def test_an_event_is_open_when_all_its_rows_are_and_else_in_part():
    closed = OrderClosed(order=bytes(24), outcome=1, paid=NOTHING, refunded=NOTHING, payouts=())

    assert class_of_event(KeysChanged) is Class.PUBLIC
    assert class_of_event(OrderClosed) is Class.ORDER
    assert set(public_part(closed)) == {"order", "outcome"}
    for event in (event for module in ALL for event in module.events):
        assert {sees(event.__name__, each.name) for each in fields(event)} <= set(Sees)
