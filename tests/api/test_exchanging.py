"""Rates, books and paths over HTTP: open to anybody, but for who offers, which a path could betray."""

from __future__ import annotations

import pytest

from sogdia.kernel.values import name_of
from sogdia.modules.book import Price
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.modules.book.records import Pair, Side, Validity
from sogdia.modules.exchange.cards import PostCard
from sogdia.modules.exchange.records import Premium, Rate, RateTerms, Tier
from sogdia.modules.identity import Kind, Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.currencies import Mint, OpenCurrency

DAY = 86_400


@pytest.fixture(scope="module")
def monies(town):
    """Shillings beside the dollars, an offer of Bukhara's that sells dollars for them, and a card of a dealer's."""
    for name in ("bukhara", "nairobi", "stranger"):
        if name not in town.parties:
            town.register(name)
    dollars, shillings = (Asset(code, town.account("bank")) for code in ("USD", "KES"))
    opened = OpenCurrency(currency="KES", supply_max=10**12, holder_max=10**12, by_authorisation=False)
    minted = [Mint(currency=code, to=town.account("bukhara"), units=10**6) for code in ("KES", "USD")]
    pair = Pair(*sorted((dollars, shillings), key=asset_key))
    town.send("bank", opened, *minted)
    sells = PlaceLimitOffer(
        reference="sells", base=pair.base, quote=pair.quote, side=int(Side.BUY), price=Price(77, 4), units=500_000,
        valid_until=town.now + DAY, validity=int(Validity.STANDS),
    )  # fmt: skip
    town.send("bukhara", sells)
    return shillings, dollars


def paths(town, monies, who=None, **more: str):
    source, target = (asset_key(each).hex() for each in monies)
    added = "".join(f"&{name}={value}" for name, value in more.items())
    address = f"/v1/queries/paths?source={source}&target={target}&received=1000{added}"
    return town.ask(address) if who is None else town.ask(address, authorization=town.token(who))


def test_anybody_is_told_the_ways_there_are(town, monies):
    (found,) = paths(town, monies).document["answer"]["paths"]

    assert (found["sent"], found["received"]) == ("129871", "1000")


def test_whoever_has_an_offer_in_the_way_is_told_so_and_nobody_else_is(town, monies):
    assert paths(town, monies, "bukhara").document["answer"]["paths"] == []
    for who in (None, "nairobi", "bank"):
        assert len(paths(town, monies, who).document["answer"]["paths"]) == 1


@pytest.mark.parametrize("who", [None, "nairobi", "bank", "bukhara"])
def test_nobody_asks_in_the_name_of_another(town, monies, who):
    said = paths(town, monies, who, payer=town.account("bukhara").hex())

    assert said.status == 400
    assert "payer" in said.document["detail"]


def test_nobody_finds_out_by_trying_times_until_when_an_offer_stands(town, monies):
    said = paths(town, monies, "nairobi", at=str(town.now + 2 * DAY))

    assert said.status == 400
    assert "at" in said.document["detail"]


def test_what_a_book_holds_is_told_by_price_and_says_of_nobody_who_offers(town, monies):
    base, quote = (asset_key(each).hex() for each in sorted(monies, key=asset_key))

    said = town.ask(f"/v1/queries/depth?base={base}&quote={quote}")

    assert said.status == 200
    assert said.document["answer"]["bids"][0]["units"] == "500000"
    assert town.account("bukhara").hex() not in said.raw.decode()


def test_a_buyer_reads_a_dealers_cards_and_what_they_cost(town, monies):
    shillings, dollars = monies
    dealer = RegisterParty(
        reference="dealer", kind=int(Kind.PAYMENT_INSTITUTION), country="KE", roles=int(Role.LIQUIDITY_PROVIDER),
        sponsor=town.account("bank"), scheme=1, public=town.parties["bukhara"].keys.public,
    )  # fmt: skip
    account = bytes.fromhex(town.send("bank", dealer)["events"][0]["fields"]["account"])
    town.parties["dealer"] = town.parties["bukhara"]._replace(account=account)
    rates = RateTerms(
        tiers=(Tier(100, Rate(2_589, 20)),), most=30_000, premiums=(Premium(10 * DAY, 40),), valid_until=town.now + 800
    )
    town.send("bank", Mint(currency="USD", to=account, units=50_000))
    town.send("dealer", PostCard(reference="usd", takes=shillings, gives=dollars, capacity=40_000, rates=rates))
    card, pair = name_of(account, "usd").hex(), f"takes={asset_key(shillings).hex()}&gives={asset_key(dollars).hex()}"

    for who in (None, "stranger"):
        named = {} if who is None else {"authorization": town.token(who)}
        shown = town.ask(f"/v1/queries/quote?card={card}&units=1000", **named).document["answer"]
        assert shown["payment"] == "129450"
        listed = town.ask(f"/v1/queries/rate-cards?{pair}", **named).document["answer"]
        assert town.ask(f"/v1/queries/rate-card?name={card}", **named).document["answer"] in listed


def test_a_buyer_is_quoted_goods_in_its_money_and_pays_exactly_that(town, monies):
    shillings, _dollars = monies
    town.send("bank", Mint(currency="KES", to=town.account("nairobi"), units=10**6))
    listing, pays = name_of(town.account("bukhara"), "tea").hex(), asset_key(shillings).hex()
    address = f"/v1/queries/quotes?pays={pays}&listing={listing}&quantity=2&reference=quoted"
    nobodys = town.ask(address).document["answer"]

    mine = town.ask(address, authorization=town.token("nairobi")).document["answer"]
    quoted = mine["quotes"][0]
    bukharas = town.ask(address, authorization=town.token("bukhara")).document["answer"]

    assert nobodys["units"] == "2500"
    assert int(nobodys["at"]) >= town.now, "the node knows for which time it is asked"
    assert all(each["accept"] == [] for each in nobodys["quotes"])
    assert [each["total"] for each in mine["quotes"]] == [each["total"] for each in nobodys["quotes"]]
    assert all(step["card"] for each in bukharas["quotes"] for step in each["steps"]), "its own offer serves it nothing"
    assert town.ask(f"{address}&payer={town.account('nairobi').hex()}").status == 400
    before = spendable(town, "nairobi", shillings)
    sent = signed_and_sent(town, "nairobi", quoted["accept"])
    assert [each["event"] for each in sent["events"]][-2:] == ["PaidAcross", "OrderPlaced"]
    assert before - spendable(town, "nairobi", shillings) == int(quoted["total"])


def test_several_lines_are_quoted_as_one_order_and_what_the_reference_says_is_told(town, monies):
    shillings, _dollars = monies
    asked = f"pays={asset_key(shillings).hex()}&merchant={town.account('bukhara').hex()}"

    one = town.ask(f"/v1/queries/quotes?{asked}&lines=tea:0:2").document["answer"]
    two = town.ask(f"/v1/queries/quotes?{asked}&lines=tea:0:2,tea:0:1").document["answer"]

    assert (one["units"], two["units"]) == ("2500", "3750")
    assert two["reference"] == {
        "takes": {"currency": "KES", "issuer": town.account("bank").hex()},
        "rate_state": "0", "rate": None, "payment": None,
    }  # fmt: skip
    assert [each["spread"] for each in two["quotes"]] == [None] * len(two["quotes"])
    assert town.ask(f"/v1/queries/quotes?{asked}&lines=tea:0").status == 400
    assert town.ask(f"/v1/queries/quotes?{asked}&lines=tea:0:1,wool:0:1").status == 404


def spendable(town, who, money):
    """What somebody has of a money, as it is told over HTTP."""
    asked = f"account={town.account(who).hex()}&currency={money.currency}&issuer={money.issuer.hex()}"
    said = town.ask(f"/v1/queries/balance?{asked}", authorization=town.token(who))
    return int(said.document["answer"]["available"])


def signed_and_sent(town, who, accept):
    """Sign what accepts a quote, in one envelope, and send it."""
    operations = [{"operation": each["operation"], **each["fields"]} for each in accept]
    frame = {"expiry": str(town.now + 80_000), "signers": [{"account": town.account(who).hex(), "key": "0"}]}
    built = town.post("/v1/envelopes/build", {**frame, "operations": operations}).document
    signature = {"scheme": "1", "value": town.parties[who].keys.sign(bytes.fromhex(built["sign"])).hex()}
    sealed = town.post("/v1/envelopes/seal", {"body": built["body"], "signatures": [signature]})
    return town.ask("/v1/envelopes", sealed.raw, content_type="application/vnd.sogdia.envelope").document
