"""Cash on delivery over HTTP: a carrier finds what it owes, and what buyers did at the door is not for strangers."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any

import pytest

from sogdia.client.envelopes import Sender
from sogdia.client.keys import derive
from sogdia.kernel.values import account_of, name_of
from sogdia.modules.identity import Kind, Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.cash import CollectCash
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, OrderLine, PlaceOrder, ShipOrder
from sogdia.modules.market.records import Offer, Payment, RestPaid
from sogdia.modules.money import Asset

PRICE = 700


def done(said):
    """Look that it was applied."""
    assert said["status"] == "applied", said


@pytest.fixture(scope="module")
def courier(town):
    """A courier who has taken the cash of an order of Nairobi's, which it does not stake; gives the order's name."""
    bank = town.account("bank")
    keys = derive(b"sogdia tests", "courier")
    entry = RegisterParty(
        reference="courier", kind=int(Kind.CARRIER), country="EG", roles=int(Role.CARRIER), sponsor=bank, scheme=1,
        public=keys.public,
    )  # fmt: skip
    done(town.send("bank", entry))
    town.parties["courier"] = Sender(account_of(town.network, bank, "courier"), keys)
    done(town.send(
        "bukhara",
        PublishTerms(
            reference="door", asset=Asset("USD", bank), carrier=town.account("courier"), freight_per_order=0,
            tax_collector=None, platform=None, platform_fee=0, payment=Payment(0, RestPaid.ON_DELIVERY),
        ),
        OpenListing(reference="door-tea", terms="door", title="Tea", language="en", unit="C62",
                    hs_code="", origin="UZ"),
        AddVariant(listing="door-tea", variant=0, offer=Offer(price=PRICE), stock=9),
    ))  # fmt: skip
    lines = (OrderLine("door-tea", 0, 1),)
    asked = PlaceOrder(reference="door", merchant=town.account("bukhara"), lines=lines, pay_at_most=PRICE)
    done(town.send("nairobi", asked))
    name = name_of(town.account("nairobi"), "door")
    done(town.send("bukhara", AcceptOrder(order=name), ShipOrder(order=name)))
    done(town.send("courier", CollectCash(order=name, units=PRICE)))
    return name


def carried(town, who):
    """What the courier carries, as somebody is told."""
    address = f"/v1/index/parties/{town.account('courier').hex()}/orders?side=carrier"
    return town.ask(address) if who is None else town.ask(address, authorization=town.token(who))


def test_a_carrier_finds_what_it_owes(town, courier):
    until = monotonic() + 20
    while not (rows := carried(town, "courier").document["rows"]) or rows[0]["order"]["state"] != "collected":
        assert monotonic() < until, "the index has not caught up"
        sleep(0.05)

    (row,) = rows
    assert row["whole"]
    assert (row["order"]["order"], row["order"]["state"], row["order"]["balance_due"]) == (
        courier.hex(),
        "collected",
        str(PRICE),
    )
    assert row["order"]["carrier"] == town.account("courier").hex()


def test_what_a_carrier_carries_is_for_itself_and_its_overseers(town, courier):  # noqa: ARG001 - there is something to find
    assert carried(town, None).status == 401
    assert carried(town, "nairobi").status == 403
    assert carried(town, "bank").status == 200


def test_a_buyers_record_is_its_own_and_a_carriers_is_for_everybody(town, courier):  # noqa: ARG001 - it makes them
    def record(whose: str, who: str | None = None) -> Any:  # noqa: ANN401 - JSON
        address = f"/v1/queries/cash-record?account={town.account(whose).hex()}"
        return town.ask(address) if who is None else town.ask(address, authorization=town.token(who))

    own = record("nairobi", "nairobi").document["answer"]
    assert own["as_buyer"]["paid"] == "1"
    for who in (None, "bukhara", "courier"):
        told = record("nairobi", who)
        assert "as_buyer" not in (told.document.get("answer") or {})
    shown = record("courier").document["answer"]
    assert (shown["collected"], shown["remitted"], shown["kept"]) == ("1", "0", "0")
