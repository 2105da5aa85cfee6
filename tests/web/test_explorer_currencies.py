"""A currency's page: what its issuer has bound itself to, what vouches for it, and how it has redeemed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sogdia.client.codes import account_code
from sogdia.client.proofs import check, trusted_by_genesis
from sogdia.kernel.proof import ProvenRecord
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.issuer_records import CONDUCT
from sogdia.modules.money.records import CURRENCIES
from sogdia.modules.money.redemptions import ConfirmRedemption, DeclineRedemption, RequestRedemption
from sogdia.modules.money.reserves import AttestReserve
from sogdia.settings.sections import ExplorerSettings
from sogdia.testing.ledger import genesis
from sogdia.web.explorer.serving import serving
from tests.web.playing import DAY, Played
from tests.web.visiting import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = {
    "auditors": ["platform", "treasury"],
    "auditors_needed": 2,
    "panel": ["platform", "treasury", "carrier"],
    "panel_needed": 2,
    "limits": [[100_000, 200_000], *[[2**62 - 1, 2**62 - 1]] * 3],
    "reference_from": 50_000,
}
REGULATED = {"currency": "EUR", "issuer": "bank", "supply_max": 10**9, "holder_max": 10**8, "policy": POLICY}


def play(network: Played) -> None:
    """Let auditors vouch, the bank issue, and holders redeem: one request is paid, one declined, one forgotten."""
    bank, nairobi = network.account("bank"), network.account("nairobi")
    euro = Asset("EUR", bank)
    for auditor in ("platform", "treasury"):
        stated = AttestReserve(asset=euro, units=600_000, as_of=network.time, valid_until=network.time + 90 * DAY)
        network.send(f"by {auditor}", auditor, stated)
    network.send("mint", "bank", Mint(currency="EUR", to=nairobi, units=500_000))
    for reference in ("r1", "r2", "r3"):
        network.send(
            reference, "nairobi", RequestRedemption(reference=reference, asset=euro, units=1_000, payout="RF18")
        )
    name = {reference: nairobi + reference.encode() for reference in ("r1", "r2")}
    network.send("paid", "bank", ConfirmRedemption(redemption=name["r1"]))
    network.send("declined", "bank", DeclineRedemption(redemption=name["r2"], reason="Account closed"))
    network.wait(6 * DAY)


def monies() -> dict[str, Any]:
    """The section of genesis with a regulated currency beside the plain ones."""
    plain = [{"currency": each.currency, "issuer": each.issuer} for each in genesis().money.currencies]
    return {"currencies": [*plain, REGULATED]}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    """The explorer over a node with a regulated currency beside plain ones."""
    network = Played(tmp_path_factory.mktemp("currencies") / "node", money=monies())
    with network.running():
        play(network)
        network.index()
        with serving(network.folder, network.database, ExplorerSettings(listen="127.0.0.1:0")) as address:
            yield Site(address, network)


def page(site: Site, currency: str = "EUR") -> str:
    """The address of a currency's page."""
    return f"/currencies/{currency}/{account_code(site.played.account('bank'))}"


def test_the_list_leads_to_the_page_of_each_currency(site):
    listed = site.get("/currencies")

    assert page(site) in listed.links
    assert page(site, "USD") in listed.links


def test_a_regulated_currency_shows_its_policy_its_reserve_and_its_redemptions(site):
    words = site.get(page(site)).words

    assert "vouched for" in words
    assert "Enough auditors vouch for 6,000.00 EUR now" in words
    assert "2 of @platform , @treasury" in words
    assert "2 of @platform , @treasury , @carrier" in words
    for row in ("made 3 30.00 EUR", "paid 1 10.00 EUR", "not answered in time 1 10.00 EUR"):
        assert row in words
    assert "has not shown who it is 1,000.00 EUR 2,000.00 EUR" in words
    assert "known with high assurance no limit no limit" in words


@pytest.mark.parametrize(("kind", "table"), [("currency", CURRENCIES), ("conduct", CONDUCT)])
@pytest.mark.parametrize("code", ["EUR", "USD"])
def test_what_a_currencys_page_shows_is_proved(site, kind, table, code):
    asset = Asset(code, site.played.account("bank"))
    place = f"/{kind}/{code}:{account_code(asset.issuer)}"

    assert f"/check{place}" in site.get(page(site, code)).links
    checking = site.get(f"/check{place}")
    assert page(site, code) in checking.links
    assert f'data-expected="record:{table.number}:{asset_key(asset).hex()}"' in checking.text
    proven = check(site.get(f"/proofs{place}").raw, trusted_by_genesis(genesis(money=monies())))
    assert isinstance(proven, ProvenRecord)
    assert (proven.table, proven.key) == (table.number, asset_key(asset))
    if code == "EUR":
        record = table.codec.decode(proven.value)
        told = record.supply if kind == "currency" else record.paid.units
        assert told == (499_000 if kind == "currency" else 1_000)


@pytest.mark.parametrize("part", ["check", "proofs"])
@pytest.mark.parametrize("kind", ["currency", "conduct"])
@pytest.mark.parametrize(("key", "status"), [("XXX:{}", 404), ("usd:{}", 404), ("{}", 400), ("EUR", 400)])
def test_what_is_no_currency_has_no_proof(site, part, kind, key, status):
    said = site.get(f"/{part}/{kind}/{key.format(account_code(site.played.account('bank')))}")

    assert said.status == status


def test_a_reserve_that_is_vouched_for_no_more_is_shown_as_that(site):
    site.played.wait(90 * DAY)
    site.played.send("later", "bank", Mint(currency="USD", to=site.played.account("nairobi"), units=1))
    site.played.index()

    words = site.get(page(site)).words

    assert "not vouched for" in words
    assert "Too few statements are good now" in words


def test_a_currency_without_a_policy_says_so(site):
    words = site.get(page(site, "USD")).words

    assert "Nobody is limited in what it pays" in words
    assert "Auditor" not in words


@pytest.mark.parametrize("currency", ["XXX", "usd", "EURO", "%3Cb%3E"])
def test_a_currency_that_is_not_there_is_said_kindly(site, currency):
    said = site.get(page(site, currency))

    assert said.status == 404
    assert "There is no such currency" in said.words
