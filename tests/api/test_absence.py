"""That there is nothing: told of what is public to anybody, and of all else to those who had a part in it."""

from __future__ import annotations

import pytest

from sogdia.api.state import PARTS
from sogdia.client.declared import key_parts, tables
from sogdia.client.who_sees import has_public_part
from sogdia.kernel.values import name_of
from sogdia.modules.money import Asset
from sogdia.modules.money.holds import PlaceHold, ReleaseHold

PROOF = "application/vnd.sogdia.proof"
CLOSED = [table for table in tables().values() if key_parts(table) and not has_public_part(table.codec.shape)]
SAMPLES = {"account": "07" * 20, "issuer": "07" * 20, "currency": "USD", "name": "07" * 22, "number": "7"}


def address_of_nothing(table):
    parts = key_parts(table)
    known = set(parts) <= set(PARTS)
    words = [SAMPLES[part] for part in parts] if known else ["07" * 24]
    return f"/v1/records/{table.name}" + "".join(f"/{word}" for word in words)


def hold(town, reference):
    return PlaceHold(
        reference=reference, payee=town.account("bukhara"), asset=Asset("USD", town.account("bank")), units=7,
        deadline=town.now + 80_000, purpose="GDDS",
    )  # fmt: skip


@pytest.fixture(scope="module")
def placed(town):
    """A hold of Nairobi's for Bukhara, and its name in hexadecimal."""
    town.send("nairobi", hold(town, "there"))
    return name_of(town.account("nairobi"), "there").hex()


@pytest.mark.parametrize("table", CLOSED, ids=lambda table: table.name)
def test_a_stranger_is_not_told_that_a_record_is_absent_of_which_nothing_is_public(town, table):
    address = address_of_nothing(table)

    for asked in (address, f"{address}?prove=1", *([f"{address}?prove=life"] if table.life else [])):
        assert town.ask(asked).status == 401
        assert town.ask(asked, authorization=town.token("stranger")).status == 403
    assert town.ask(address, accept=PROOF).status == 401
    assert town.ask(address, authorization=town.token("bank")).status == 404
    assert town.ask(f"{address}?prove=1", authorization=town.token("bank")).document["record"] is None


def test_a_stranger_is_answered_alike_whether_there_is_a_record_or_not(town, placed):
    absent = name_of(town.account("nairobi"), "gone").hex()
    pairs = [
        (f"/v1/records/money/holds/{placed}", f"/v1/records/money/holds/{absent}"),
        (f"/v1/records/money/holds/{placed}?prove=1", f"/v1/records/money/holds/{absent}?prove=1"),
        (f"/v1/records/money/holds/{placed}?prove=life", f"/v1/records/money/holds/{absent}?prove=life"),
        (f"/v1/queries/hold?name={placed}", f"/v1/queries/hold?name={absent}"),
        (f"/v1/records/market/lines/{town.order_name('o1')}/0", f"/v1/records/market/lines/{town.order_name('o1')}/9"),
        (f"/v1/records/kernel/quotas/{town.account('bank').hex()}", f"/v1/records/kernel/quotas/{'07' * 20}"),
    ]

    for there, gone in pairs:
        for who in ({}, {"authorization": town.token("stranger")}):
            first, second = town.ask(there, **who), town.ask(gone, **who)
            assert first.status in (401, 403)
            assert (first.status, first.raw) == (second.status, second.raw)


def test_of_what_is_public_anybody_is_told_that_it_is_not_there(town):
    assert town.ask(f"/v1/records/kernel/parties/{'07' * 20}").status == 404
    assert town.ask(f"/v1/records/market/orders/{'07' * 22}").status == 404
    assert town.ask(f"/v1/records/market/orders/{'07' * 22}?prove=1").document["record"] is None
    assert town.ask(f"/v1/queries/party?account={'07' * 20}").status == 404


def test_an_owner_and_the_parties_of_an_order_are_told_that_nothing_is_left(town):
    nairobi, bukhara = town.token("nairobi"), town.token("bukhara")
    absent = name_of(town.account("nairobi"), "gone").hex()
    line = f"/v1/records/market/lines/{town.order_name('o1')}/9"
    file = f"/v1/records/documents/files/2c{town.order_name('o1')}"

    assert town.ask(f"/v1/records/money/holds/{absent}", authorization=nairobi).status == 404
    assert town.ask(f"/v1/queries/hold?name={absent}", authorization=nairobi).status == 404
    assert town.ask(f"/v1/records/money/holds/{absent}", authorization=bukhara).status == 403
    for address in (line, file):
        assert town.ask(address, authorization=nairobi).status == 404
        assert town.ask(address, authorization=bukhara).status == 404
        assert town.ask(address, authorization=town.token("stranger")).status == 403


def test_the_payee_of_an_ended_hold_is_told_by_the_receipt_of_its_placing(town):
    receipt = town.send("nairobi", hold(town, "p10"))["id"]
    name = name_of(town.account("nairobi"), "p10")
    town.send("bukhara", ReleaseHold(hold=name))
    address = f"/v1/records/money/holds/{name.hex()}"
    other = f"/v1/records/money/holds/{name_of(town.account('nairobi'), 'p1').hex()}"
    payee, stranger = town.token("bukhara"), town.token("stranger")

    assert town.ask(address, authorization=payee).status == 403
    assert town.ask(f"{address}?receipt={receipt}", authorization=payee).status == 404
    proved = town.ask(f"{address}?prove=1&receipt={receipt}", authorization=payee).document
    assert proved["record"] is None
    assert proved["proof"]
    assert town.ask(f"{address}?receipt={receipt}", authorization=stranger).status == 403
    assert town.ask(f"{address}?receipt={receipt}").status == 401
    assert town.ask(f"{other}?receipt={receipt}", authorization=payee).status == 403
    assert town.ask(f"{address}?receipt={'07' * 32}", authorization=payee).status == 403
