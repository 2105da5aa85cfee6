"""What the index finds over HTTP: words in any script, pages, series, and for whom each row is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from sogdia.api.finding import OPEN_MEASURES, OPEN_OF_ORDERS
from sogdia.api.network import Network
from sogdia.client.who_sees import EVENTS, RECORDS, Sees
from sogdia.index.reading import trade
from sogdia.modules.market.listings import OpenListing
from sogdia.modules.money import Asset
from sogdia.modules.money.transfers import Transfer
from sogdia.settings.sections import IndexSettings, Settings
from tests.api.conftest import another_api
from tests.api.test_absence import hold

TITLES = {"zh": "绿茶 一级", "ru": "Зелёный чай", "ar": "شاي أخضر", "uz": "Ko’k choy"}


@pytest.fixture(scope="module")
def goods(town):
    """Listings whose titles are in four scripts."""
    for language, title in TITLES.items():
        opening = OpenListing(
            reference=f"tea-{language}", terms="t", title=title, language=language, unit="KGM", hs_code="", origin="UZ"
        )
        town.send("bukhara", opening)
    return town


@pytest.mark.parametrize(("question", "title"), [("绿茶", "zh"), ("ЗЕЛЕНЫЙ", "ru"), ("أخضر شاي", "ar"), ("ko'k", "uz")])
def test_listings_are_found_by_their_words_in_every_script(goods, question, title):
    found = goods.found(f"/v1/search/listings?q={quote(question)}")

    assert [each["title"] for each in found["rows"]] == [TITLES[title]]
    assert found["rows"][0]["merchant"] == goods.account("bukhara").hex()


def test_parties_are_found_and_words_completed(goods):
    parties = goods.found("/v1/search/parties?q=nairobi")
    words = goods.found(f"/v1/search/words?q={quote('зел')}")

    assert [each["account"] for each in parties["rows"]] == [goods.account("nairobi").hex()]
    assert words == {"words": [{"word": "зеленый", "listings": "1"}]}
    assert goods.found("/v1/search/listings?q=%00")["rows"] == []


def test_lists_come_a_page_at_a_time_and_a_cursor_is_good_for_its_own_list(goods):
    merchant = goods.account("bukhara").hex()
    first = goods.found(f"/v1/index/listings?merchant={merchant}&limit=2")
    second = goods.found(f"/v1/index/listings?merchant={merchant}&limit=100&cursor={first['next']}")
    numbers = [int(each["number"]) for each in first["rows"] + second["rows"]]

    assert len(first["rows"]) == 2
    assert numbers == sorted(numbers, reverse=True)
    assert second["next"] is None
    assert goods.ask(f"/v1/index/parties?cursor={first['next']}").status == 404
    assert goods.ask("/v1/index/parties?cursor=x").status == 400
    listing = goods.found(f"/v1/index/listings/{first['rows'][0]['listing']}")
    assert listing["listing"] == first["rows"][0]
    assert goods.ask(f"/v1/index/listings/{'07' * 22}").status == 404


def test_parties_and_currencies_are_listed(town):
    bank = town.account("bank").hex()

    assert town.account("nairobi").hex() in [
        each["account"] for each in town.found("/v1/index/parties?country=KE")["rows"]
    ]
    assert town.found("/v1/index/parties?country=UZ")["rows"] == []
    assert town.found(f"/v1/index/parties/{bank}")["party"]["country"] == "KZ"
    assert "USD" in [each["currency"] for each in town.found(f"/v1/index/currencies?issuer={bank}")["currencies"]]
    assert town.found(f"/v1/index/currencies?issuer={'07' * 20}") == {"currencies": []}


def test_an_order_is_a_whole_row_to_its_parties_and_its_public_part_to_others(town):
    buyer = town.account("nairobi").hex()
    address = f"/v1/index/parties/{buyer}/orders"

    theirs, mine = town.found(address)["rows"][-1], town.found(address, "bukhara")["rows"][-1]

    assert (theirs["whole"], mine["whole"]) == (False, True)
    assert set(theirs["order"]) == OPEN_OF_ORDERS
    assert theirs["order"]["order"] == town.order_name("o1")
    assert mine["order"]["merchant"] == town.account("bukhara").hex()
    assert town.found(f"/v1/index/orders/{town.order_name('o1')}") == theirs


def test_what_is_shown_of_an_orders_row_is_public_in_its_record_or_its_facts():
    public = set(RECORDS["Order"][Sees.PUBLIC].split()) | set(RECORDS["ClosedOrder"][Sees.PUBLIC].split())
    steps = {"OrderPlaced", "OrderAccepted", "OrderShipped", "OrderDelivered", "OrderClosed"}
    told = {f"{name.removeprefix('Order').lower()}_at" for name in steps if "order" in EVENTS[name][Sees.PUBLIC]}

    assert set(trade.Order.__struct_fields__) >= OPEN_OF_ORDERS
    # Its name says whose it is; where it stands among all says when it was placed and last changed.
    assert OPEN_OF_ORDERS - {"order", "buyer", "placed", "changed"} <= public | told


def test_with_whom_a_merchant_trades_is_for_itself_and_its_overseers(town):
    address = f"/v1/index/parties/{town.account('bukhara').hex()}/orders?side=merchant"

    assert town.found(address).status == 401
    assert town.found(address, "nairobi").status == 403
    assert town.found(address, "bukhara")["rows"][-1]["order"]["buyer"] == town.account("nairobi").hex()
    assert town.found(address, "bank")["rows"]


def test_payments_holds_and_envelopes_are_for_the_party_itself(town):
    asset = Asset("USD", town.account("bank"))
    sent = town.send(
        "nairobi", Transfer(to=town.account("bukhara"), asset=asset, units=3, purpose="GDDS", end_to_end="x")
    )
    town.send("nairobi", hold(town, "listed"))
    party = f"/v1/index/parties/{town.account('nairobi').hex()}"

    for what in ("payments", "holds", "envelopes"):
        assert town.found(f"{party}/{what}").status == 401
        assert town.found(f"{party}/{what}", "bukhara").status == 403
    paid = town.found(f"{party}/payments", "nairobi")["rows"][0]
    assert (paid["units"], paid["payee"]) == ("3", town.account("bukhara").hex())
    received = town.found(f"/v1/index/parties/{town.account('bukhara').hex()}/payments?side=payee", "bukhara")
    assert received["rows"][0] == paid
    assert town.found(f"{party}/holds", "nairobi")["rows"][0]["units"] == "7"
    assert sent["id"] in [each["id"] for each in town.found(f"{party}/envelopes", "nairobi")["rows"]]


def test_series_count_what_is_public_for_anybody_and_the_rest_for_who_runs_a_node(goods):
    series = goods.found("/v1/index/series?measure=listings&span=day&buckets=2")
    totals = goods.found("/v1/index/totals?measure=events")["totals"]

    assert sum(map(int, series["count"])) >= len(TITLES)
    assert {each["subject"]: int(each["count"]) for each in totals}["PartyRegistered"] >= 3
    assert goods.found("/v1/index/series?measure=transfers").status == 401
    assert goods.found("/v1/index/totals?measure=orders", "nairobi").status == 403
    subject = quote(f"USD/{goods.account('bank').hex()}")
    assert goods.found("/v1/index/totals?measure=orders", "bank")["totals"]
    assert goods.found(f"/v1/index/series?measure=orders&subject={subject}", "bank")["seconds"] == "3600"
    assert len(goods.found("/v1/index/lag?span=hour&buckets=3")["units"]) == 3
    assert "transfers" not in OPEN_MEASURES


def test_what_a_rule_has_turned_down_is_listed_without_the_values(town):
    asset = Asset("USD", town.account("bank"))
    refused = town.send(
        "stranger", Transfer(to=town.account("bukhara"), asset=asset, units=10**9, purpose="GDDS", end_to_end="")
    )
    number = refused["refusal"]["number"]

    rows = town.found(f"/v1/index/refusals?number={number}")["rows"]

    assert refused["id"] in [each["id"] for each in rows]
    assert set(rows[0]) == {"id", "height", "time", "exit", "code", "operations"}


@pytest.mark.parametrize(
    ("database", "status", "number"), [("", 404, "10100"), ("sqlite:////nowhere/index.sqlite", 404, "10100"),
                                       ("postgresql://127.0.0.1:1/none", 503, "10101")]
)  # fmt: skip
def test_without_an_index_every_route_says_so_with_the_way_out(town, tmp_path, database, status, number):
    settings = Settings(index=IndexSettings(database=database))

    with another_api(town, tmp_path, settings, Network(town.folder)) as there:
        for path in ("/v1/index", "/v1/search/listings?q=tea", f"/v1/index/orders/{'07' * 22}"):
            said = there.ask(path)
            assert (said.status, said.headers["content-type"]) == (status, "application/problem+json")
            assert said.document["refusal"]["number"] == number
            assert said.document["way_out"]
        assert there.ask("/v1/status").status == 200


def test_an_index_of_another_network_is_not_shown(town, tmp_path):
    class Elsewhere(Network):
        async def begin(self) -> None:
            await super().begin()
            self.hash = bytes(32)

    database = f"sqlite:///{Path(town.folder).parent / 'index.sqlite'}"
    town.found("/v1/index")
    settings = Settings(index=IndexSettings(database=database))

    with another_api(town, tmp_path, settings, Elsewhere(town.folder)) as there:
        said = there.ask("/v1/index/parties")

    assert (said.status, said.document["refusal"]["name"]) == (503, "INDEX_FOREIGN")


def test_what_a_party_has_comes_from_the_index_to_itself_alone_and_is_what_the_ledger_says(town):
    nairobi = town.account("nairobi").hex()
    address = f"/v1/index/parties/{nairobi}/balances"

    found = town.found(f"{address}?limit=1", "nairobi")

    for row in found["rows"]:
        record = f"/v1/records/money/balances/{nairobi}/{row['currency']}/{row['issuer']}"
        own = town.ask(record, authorization=town.token("nairobi")).document["record"]
        assert (row["available"], row["held"]) == (own["available"], own["held"])
    assert len(found["rows"]) == 1
    behind = (b"USD" + b"\xff" * 20).hex()
    assert found["rows"][0] not in town.found(f"{address}?after={found['next'] or behind}", "nairobi")["rows"]
    assert town.ask(address).status == 401
    for who in ("bukhara", "stranger"):
        assert town.ask(address, authorization=town.token(who)).status == 403
