"""The demo's story on a node of its own: what it mints is vouched for, and bound by a policy."""

from __future__ import annotations

import time

import msgspec
import pytest

from sogdia.demo.monies import DEALERS_DOLLARS, RESERVES, SAVINGS, issuance, most_of
from sogdia.demo.stage import running, set_up
from sogdia.demo.story import DemoFailedError, Story
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.issuer_queries import AllowanceQuery, IssuanceQuery
from sogdia.modules.money.records import Policy
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.modules.money.reserves import AttestReserve


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Tell the whole story once; gives it, with what it said, while its node still runs."""
    words: list[str] = []
    stage = set_up(tmp_path_factory.mktemp("demo") / "node")
    with running(stage), stage.connect() as connection:
        story = Story(stage, connection, words.append)
        story.tell()
        yield story, "\n".join(words)


def test_it_comes_out_as_told(told):
    _story, words = told

    assert "nothing made, nothing lost" in words
    assert "ledger says no: 326 RESERVE_NOT_VOUCHED_FOR" in words
    assert "no more than the auditor vouches for" in words
    assert "It is checked without asking the node: it holds." in words


def test_both_monies_have_an_auditor_and_limits_by_tier(told):
    story, _words = told

    for asset, minted in ((story.shillings, SAVINGS), (story.asset, DEALERS_DOLLARS)):
        asked = IssuanceQuery(currency=asset.currency, issuer=asset.issuer, at=int(time.time()))
        _height, answer = story.connection.query(asked)
        policy = msgspec.convert(answer["policy"], Policy)
        assert policy.auditors == (story.stage.account("auditor"),)
        assert [each.payment_most for each in policy.limits] == [most_of(asset.currency, tier) for tier in range(4)]
        assert (answer["supply"], answer["vouched_for"]) == (minted, RESERVES[asset.currency])


def test_a_statement_that_has_run_out_vouches_for_nothing(told):
    story, _words = told
    asset = story.asset
    asked = IssuanceQuery(currency=asset.currency, issuer=asset.issuer, at=int(time.time()) + 31 * 86_400)

    _height, answer = story.connection.query(asked)

    assert answer["vouched_for"] is None


def test_more_than_is_vouched_for_is_not_minted(told):
    story, _words = told
    supply, vouched = issuance(story, story.asset)
    nairobi = story.stage.account("nairobi")

    receipt = story.attempt("bank", Mint(currency="USD", to=nairobi, units=vouched - supply + 1))

    assert receipt.code == MoneyRefusal.RESERVE_PASSED
    assert issuance(story, story.asset) == (supply, vouched)


def test_who_is_no_auditor_vouches_for_nothing(told):
    story, _words = told
    now = int(time.time()) - 1

    receipt = story.attempt("bank", AttestReserve(asset=story.asset, units=10**9, as_of=now, valid_until=now + 86_400))

    assert receipt.code == MoneyRefusal.SENDER_NOT_AUDITOR


@pytest.mark.parametrize(("name", "tier"), [("nairobi", 0), ("dealer", 3)])
def test_a_holder_pays_as_much_as_it_is_known(told, name, tier):
    story, _words = told
    asked = AllowanceQuery(
        account=story.stage.account(name), currency="USD", issuer=story.asset.issuer, at=int(time.time())
    )

    _height, answer = story.connection.query(asked)

    assert answer["tier"] == tier
    assert answer["payment_most"] == most_of("USD", tier)


def test_a_story_that_does_not_come_out_ends_the_demo(told):
    story, _words = told

    with pytest.raises(DemoFailedError, match="refused: 327"):
        story.do("bank", Mint(currency="USD", to=story.stage.account("nairobi"), units=10**9))
