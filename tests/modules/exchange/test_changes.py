"""How many cards change, or end, with one block."""

from __future__ import annotations

import pytest

from sogdia.modules.exchange.cards import CHANGES_MAX, OWN_CHANGES_MAX, ChangeCard, CloseCard
from sogdia.modules.exchange.records import OWN_CARDS_OF_A_PAIR_MAX
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.identity import Role
from sogdia.modules.money.currencies import OpenCurrency
from tests.modules.exchange.bureau import DEALER, posting, rate_terms


def change(ledger, reference="usd"):
    """Ask for other terms on a card."""
    return ChangeCard(card=reference, rates=rate_terms(ledger))


@pytest.mark.parametrize("second", [change, lambda _: CloseCard(card="usd")], ids=["change", "close"])
@pytest.mark.parametrize("first", [change, lambda _: CloseCard(card="usd")], ids=["change", "close"])
def test_a_card_changes_once_in_a_block(ledger, first, second):
    answers = ledger.block(ledger.sign(DEALER, first(ledger)), ledger.sign(DEALER, second(ledger)))

    assert [each.code for each in answers] == [0, Refuse.CHANGE_PENDING]


def test_so_many_cards_change_with_a_block_and_no_more(ledger):
    """And each provider's share of them is a part, so that none keeps the others from closing a card."""
    others = [f"p{number}" for number in range(CHANGES_MAX // OWN_CHANGES_MAX)]
    names = [f"c{number}" for number in range(OWN_CHANGES_MAX)]
    for who in others:
        ledger.register(who, roles=int(Role.LIQUIDITY_PROVIDER))
        ledger.fund(who, 16_000)
        ledger.must(who, *(posting(ledger, name, capacity=1_000) for name in names))
    asked = [ledger.sign(who, change(ledger, name)) for who in others for name in names]

    answers = ledger.block(*asked, *(ledger.sign(DEALER, each) for each in (change(ledger), CloseCard(card="usd"))))

    assert [each.code for each in answers] == [0] * CHANGES_MAX + [Refuse.CHANGES_TOO_MANY] * 2
    assert len(ledger.exit_receipts()) == CHANGES_MAX
    assert ledger.send(DEALER, CloseCard(card="usd")).code == 0


def test_one_provider_changes_so_many_cards_with_a_block_and_no_more(ledger):
    names = [f"c{number}" for number in range(OWN_CARDS_OF_A_PAIR_MAX - 1)]
    ledger.must(DEALER, *(posting(ledger, name, capacity=1_000) for name in names))
    ledger.must("bank", OpenCurrency(currency="AED", supply_max=1, holder_max=1, by_authorisation=False))
    ledger.must(DEALER, *(posting(ledger, name, takes=ledger.asset("AED"), capacity=1) for name in ("a", "b")))
    asked = [ledger.sign(DEALER, change(ledger, name)) for name in (*names, "usd", "a")]

    answers = ledger.block(*asked, ledger.sign(DEALER, CloseCard(card="b")))

    assert [each.code for each in answers] == [0] * OWN_CHANGES_MAX + [Refuse.CHANGES_TOO_MANY] * 2
    assert answers[-1].facts == (("most", OWN_CHANGES_MAX),)
