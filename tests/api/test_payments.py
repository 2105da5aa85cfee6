"""A payment by its UETR over HTTP: found by whoever has it, shown to whom it concerns."""

from __future__ import annotations

import pytest

from sogdia.modules.market.listings import PublishTerms
from sogdia.modules.money import Asset
from sogdia.modules.money.holds import PlaceHold
from sogdia.modules.money.transfers import Transfer
from sogdia.rails.uetr import HEIGHT_BITS, NUMBER_BITS, Position, position_in, uetr_of


@pytest.fixture
def paid(town):
    """A payment, with its UETR."""
    asset = Asset("USD", town.account("bank"))
    told = town.send(
        "nairobi",
        Transfer(to=town.account("bukhara"), asset=asset, units=7, purpose="GDDS", end_to_end="silk-17"),
    )
    position = Position(int(told["height"]), int(told["place"]), 0)
    return uetr_of(town.network, bytes.fromhex(told["id"]), position), told


def test_a_payment_is_found_by_its_uetr_and_shown_whole_to_its_parties(town, paid):
    uetr, told = paid

    for who in ("nairobi", "bukhara"):
        found = town.ask(f"/v1/payments/{uetr}", authorization=town.token(who)).document
        assert (found["uetr"], found["status"], found["id"]) == (uetr, "ACCC", told["id"])
        assert (found["height"], found["place"]) == (told["height"], told["place"])
        assert found["event"]["event"] == "Transferred"
        assert found["event"]["fields"]["end_to_end"] == "silk-17"


def test_others_are_told_that_it_was_settled_and_not_what_it_was(town, paid):
    uetr, _told = paid

    for headers in ({}, {"authorization": town.token("stranger")}):
        found = town.ask(f"/v1/payments/{uetr}", **headers).document
        assert found["status"] == "ACCC"
        assert found["event"]["whole"] is False
        assert "end_to_end" not in found["event"]["fields"]
        assert "units" not in found["event"]["fields"]


def test_a_uetr_that_is_made_up_is_not_found(town, paid):
    uetr, _told = paid
    position = position_in(town.network, uetr)
    beside = [
        uetr_of(town.network, bytes(32), position),
        uetr_of(town.network, bytes(32), position._replace(height=2**HEIGHT_BITS - 1)),
        uetr_of(town.network, bytes(32), position._replace(height=0)),
        uetr_of(town.network, bytes(32), position._replace(place=2**20 - 1)),
        "4e6f2c1a-93d4-4b7e-8c05-1f2a3b4c5d6e",
    ]

    for each in beside:
        answer = town.ask(f"/v1/payments/{each}")
        assert (answer.status, answer.document["status"]) == (404, 404)


def test_a_number_of_a_fact_that_is_not_there_is_not_found(town, paid):
    uetr, told = paid
    position = position_in(town.network, uetr)._replace(number=2**NUMBER_BITS - 1)

    made = uetr_of(town.network, bytes.fromhex(told["id"]), position)

    assert town.ask(f"/v1/payments/{made}").status == 404


def test_a_fact_that_moves_no_money_has_no_uetr(town):
    told = town.send("bukhara", PublishTerms(
        reference="uetr", asset=Asset("USD", town.account("bank")), carrier=None, freight_per_order=0,
        tax_collector=None, platform=None, platform_fee=0,
    ))  # fmt: skip
    position = Position(int(told["height"]), int(told["place"]), 0)

    made = uetr_of(town.network, bytes.fromhex(told["id"]), position)

    assert told["events"]
    assert town.ask(f"/v1/payments/{made}").status == 404


def test_money_that_is_only_set_aside_is_not_told_as_paid(town):
    told = town.send("nairobi", PlaceHold(
        reference="uetr", payee=town.account("bukhara"), asset=Asset("USD", town.account("bank")), units=7,
        deadline=town.now + 80_000, purpose="GDDS",
    ))  # fmt: skip
    position = Position(int(told["height"]), int(told["place"]), 0)

    made = uetr_of(town.network, bytes.fromhex(told["id"]), position)

    assert town.ask(f"/v1/payments/{made}").document["status"] == "INFO"


@pytest.mark.parametrize("text", ["x", "4E6F2C1A-93D4-4B7E-8C05-1F2A3B4C5D6E", "4e6f2c1a-93d4-1b7e-8c05-1f2a3b4c5d6e"])
def test_what_is_no_uetr_is_not_looked_for(town, text):
    assert town.ask(f"/v1/payments/{text}").status == 400
