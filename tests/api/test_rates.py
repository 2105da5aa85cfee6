"""Who is served the money of an order at a rate: its buyer, its merchant and the provider; a bond its owner alone."""

from __future__ import annotations

from time import time

import pytest

from sogdia.client.envelopes import Sender
from sogdia.client.keys import derive
from sogdia.kernel.values import account_of, name_of
from sogdia.modules.exchange.bonds import PostBond
from sogdia.modules.exchange.cards import PostCard
from sogdia.modules.exchange.rates import digest_of
from sogdia.modules.exchange.records import Cover, Premium, Rate, RateTerms, Tier
from sogdia.modules.identity import Kind, Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, OrderLine, PlaceOrderAtRate, ShipOrder
from sogdia.modules.market.records import Offer
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint, OpenCurrency

DAY = 86_400
SIDES = ("nairobi", "bukhara", "bureau")


@pytest.fixture(scope="module")
def placed(town):
    """An order of Nairobi's, paid in dinars, from a merchant with a bond; gives its name and its card's."""
    bank = town.account("bank")
    dollars, dinars = Asset("USD", bank), Asset("KWD", bank)
    keys = derive(b"sogdia tests", "bureau")
    entry = RegisterParty(
        reference="bureau", kind=int(Kind.PAYMENT_INSTITUTION), country="KW", roles=int(Role.LIQUIDITY_PROVIDER),
        sponsor=bank, scheme=1, public=keys.public,
    )  # fmt: skip
    town.send("bank", entry)
    town.parties["bureau"] = Sender(account_of(town.network, bank, "bureau"), keys)
    money = (
        OpenCurrency(currency="KWD", supply_max=10**9, holder_max=10**9, by_authorisation=False),
        Mint(currency="KWD", to=town.account("nairobi"), units=10**6),
        Mint(currency="USD", to=town.account("bureau"), units=10**6),
        Mint(currency="USD", to=town.account("bukhara"), units=1_000),
    )
    for each in money:
        town.send("bank", each)
    town.send(
        "bukhara",
        PublishTerms(reference="bonded", asset=dollars, carrier=None, freight_per_order=0, tax_collector=None,
                     platform=None, platform_fee=0, bond=500),
        OpenListing(reference="rug", terms="bonded", title="Felt rug", language="en", unit="C62", hs_code="",
                    origin="UZ"),
        AddVariant(listing="rug", variant=0, offer=Offer(price=2_000), stock=9),
        PostBond(asset=dollars, units=600),
    )  # fmt: skip
    terms = RateTerms(
        tiers=(Tier(1, Rate(3, 1)),), most=10**5, premiums=(Premium(10 * DAY, 40),),
        valid_until=int(time()) + 600, covers=(Cover(1_000, 30),), bond=500,
    )  # fmt: skip
    town.send("bureau", PostCard(reference="usd", takes=dinars, gives=dollars, capacity=10**5, rates=terms))
    card = name_of(town.account("bureau"), "usd")
    order = PlaceOrderAtRate(
        reference="at-rate", merchant=town.account("bukhara"), lines=(OrderLine("rug", 0, 1),), card=card,
        digest=digest_of(card, dinars, dollars, terms), pay_at_most=10_000, cover=1_000,
    )  # fmt: skip
    town.send("nairobi", order)
    return name_of(town.account("nairobi"), "at-rate")


def served(town, address, who):
    """Give the status with which somebody is answered; `None` asks without saying who."""
    return (town.ask(address) if who is None else town.ask(address, authorization=town.token(who))).status


@pytest.mark.parametrize("table", ["locks", "swapped"])
def test_what_is_set_aside_for_an_order_is_for_its_three_sides(town, placed, table):
    if table == "swapped":
        town.send("bukhara", AcceptOrder(order=placed), ShipOrder(order=placed))
    query = "lock" if table == "locks" else table

    for address in (f"/v1/queries/{query}?name={placed.hex()}", f"/v1/records/exchange/{table}/{placed.hex()}"):
        assert {who: served(town, address, who) for who in SIDES} == dict.fromkeys(SIDES, 200)
        assert served(town, address, "stranger") == 403
        assert served(town, address, None) == 401


def test_a_bond_is_for_its_owner(town, placed):  # noqa: ARG001 - the bond is posted with it
    asset = (b"USD" + town.account("bank")).hex()
    address = f"/v1/queries/bond?account={town.account('bukhara').hex()}&asset={asset}"

    assert town.ask(address, authorization=town.token("bukhara")).document["answer"]["bound"] == "100"
    for who in ("nairobi", "bureau", "stranger"):
        assert served(town, address, who) == 403
    assert served(town, address, None) == 401


def test_what_an_order_can_cost_whom_is_for_everybody_who_asks(town, placed):  # noqa: ARG001 - its card is asked for
    card, terms = (name_of(town.account(who), name).hex() for who, name in (("bureau", "usd"), ("bukhara", "bonded")))

    answer = town.ask(f"/v1/queries/worst-cases?under={terms}&units=2000&card={card}&cover=1000").document["answer"]

    assert (answer["payment"], answer["bond"], answer["cover"]) == ("6000", "100", "600")
    assert len(answer["cases"]) == 14
