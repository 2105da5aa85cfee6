"""Rate cards: what a provider offers is there, changes wait for the end of the block, and what is left comes back."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sogdia.kernel.refusal import Broken
from sogdia.modules.exchange.cards import ChangeCard, CloseCard, FundCard
from sogdia.modules.exchange.events import CardChanged, CardClosed, CardPosted
from sogdia.modules.exchange.partners import partners_of
from sogdia.modules.exchange.queries import RateCardsQuery
from sogdia.modules.exchange.records import (
    CARDS,
    OWN_CARDS_OF_A_PAIR_MAX,
    PAIR_CARDS,
    PARTNERS,
    PairCards,
    Partners,
    Rate,
    Tier,
)
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.identity import Role
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import Mint
from tests.modules.exchange.bureau import (
    CAPACITY,
    CUSTOMER,
    DEALER,
    DEALERS_DOLLARS,
    card,
    card_name,
    convert,
    digest,
    has_card,
    money_of,
    posting,
    rate_terms,
)
from tests.modules.market.shop import stored
from tests.refused import poke

DEARER = (Tier(100, Rate(4, 1)),)


def test_what_a_card_may_give_is_set_aside(ledger):
    assert money_of(ledger, DEALER) == (0, 0, DEALERS_DOLLARS - CAPACITY, CAPACITY)


def test_the_fact_names_the_digest_that_acceptances_name(ledger):
    receipt = ledger.must(DEALER, posting(ledger, "two"))

    (fact,) = receipt.events
    assert isinstance(fact, CardPosted)
    assert fact.digest == digest(ledger, "two")


def test_two_cards_with_the_same_terms_have_two_digests(ledger):
    ledger.must(DEALER, posting(ledger, "two"))

    assert digest(ledger) != digest(ledger, "two")


def test_a_change_is_in_force_from_the_next_block_on(ledger):
    shown = digest(ledger)
    changed = ChangeCard(card="usd", rates=rate_terms(ledger, tiers=DEARER))

    change, accepted = ledger.block(
        ledger.sign(DEALER, changed), ledger.sign(CUSTOMER, convert(ledger, 1_000, digest=shown))
    )
    (receipt,) = ledger.exit_receipts()
    late = ledger.send(CUSTOMER, convert(ledger, 1_000, digest=shown))

    assert (change.code, accepted.code) == (0, 0)
    assert isinstance(receipt.events[0], CardChanged)
    assert receipt.events[0].digest == digest(ledger) != shown
    assert late.code == Refuse.DIGEST_DIFFERS
    assert ledger.send(CUSTOMER, convert(ledger, 1_000)).code == 0
    assert money_of(ledger, DEALER)[0] == 3_077 + 4_000


def test_what_is_left_stays_when_terms_change(ledger):
    ledger.must(CUSTOMER, convert(ledger, 1_000))

    ledger.must(DEALER, ChangeCard(card="usd", rates=rate_terms(ledger, tiers=DEARER)))

    assert card(ledger).left == CAPACITY - 1_000


def test_a_card_is_closed_with_its_block_and_what_is_left_comes_back(ledger):
    before = stored(ledger)

    closed, accepted = ledger.block(
        ledger.sign(DEALER, CloseCard(card="usd")), ledger.sign(CUSTOMER, convert(ledger, 1_000))
    )
    (receipt,) = ledger.exit_receipts()

    assert (closed.code, accepted.code) == (0, 0)
    assert receipt.events == (CardClosed(card=card_name(ledger), returned=CAPACITY - 1_000),)
    assert not has_card(ledger)
    assert money_of(ledger, DEALER) == (3_077, 0, DEALERS_DOLLARS - 1_000, 0)
    assert before - stored(ledger) == 900


def test_a_name_can_be_used_again_once_its_card_is_closed(ledger):
    ledger.must(DEALER, CloseCard(card="usd"))

    ledger.must(DEALER, posting(ledger))

    assert card(ledger).left == CAPACITY


def test_more_can_be_set_aside_at_once(ledger):
    ledger.must(DEALER, FundCard(card="usd", units=500))

    assert card(ledger).left == CAPACITY + 500
    assert money_of(ledger, DEALER)[3] == CAPACITY + 500


def test_terms_may_end_in_the_last_second_that_the_network_allows(ledger):
    ledger.must(DEALER, posting(ledger, "two", rates=rate_terms(ledger, valid_until=ledger.time + 900)))

    assert has_card(ledger, "two")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"closing": True}, "was forgotten"),
        ({"left": CAPACITY - 1}, "does not match what is set aside"),
        ({"left": CAPACITY + 1}, "does not match what is set aside"),
    ],
)
def test_a_broken_card_is_noticed(ledger, change, what):
    poke(ledger, CARDS, card_name(ledger), structs.replace(card(ledger), **change))

    with pytest.raises(Broken, match=what):
        ledger.machine.check_invariants(ledger.state)


def test_tiers_out_of_order_are_noticed(ledger):
    wrong = structs.replace(card(ledger).rates, tiers=(Tier(200, Rate(1, 1)), Tier(100, Rate(1, 1))))
    poke(ledger, CARDS, card_name(ledger), structs.replace(card(ledger), rates=wrong))

    with pytest.raises(Broken, match="out of order"):
        ledger.machine.check_invariants(ledger.state)


def test_a_card_that_cannot_be_found_is_noticed(ledger):
    pair = (ledger.asset("KWD"), ledger.asset())
    for wrong in (None, PairCards(cards=(card_name(ledger), card_name(ledger, "two")))):
        poke(ledger, PAIR_CARDS, pair, wrong)

        with pytest.raises(Broken, match="cannot be found by its monies"):
            ledger.machine.check_invariants(ledger.state)


def test_partners_that_have_no_card_and_a_card_without_partners_are_noticed(ledger):
    for wrong in (None, Partners(monies=(asset_key(ledger.asset()), b"UZS" + bytes(20)))):
        poke(ledger, PARTNERS, asset_key(ledger.asset("KWD")), wrong)

        with pytest.raises(Broken, match="a way by cards cannot be found"):
            ledger.machine.check_invariants(ledger.state)


def test_monies_are_partners_as_long_as_a_card_is_left_between_them_either_way(ledger):
    dollars, dinars = (asset_key(ledger.asset(code)) for code in ("USD", "KWD"))
    ledger.must("bank", Mint(currency="KWD", to=ledger.account(DEALER), units=1_000))
    ledger.must(DEALER, posting(ledger, "back", takes=ledger.asset(), gives=ledger.asset("KWD"), capacity=1_000))

    ledger.must(DEALER, CloseCard(card="usd"))
    assert (partners_of(ledger.state, dollars), partners_of(ledger.state, dinars)) == ((dinars,), (dollars,))
    ledger.must(DEALER, CloseCard(card="back"))
    assert partners_of(ledger.state, dollars) == partners_of(ledger.state, dinars) == ()


def test_cards_are_found_by_their_monies_page_by_page(ledger):
    ledger.must(DEALER, posting(ledger, "two"), posting(ledger, "also"))
    takes, gives = (asset_key(ledger.asset(code)) for code in ("KWD", "USD"))

    def found(**page: Any) -> list[bytes]:  # noqa: ANN401 - any field
        return [each.name for each in RateCardsQuery(takes=takes, gives=gives, **page).answer(ledger.state)]

    names = [card_name(ledger, each) for each in ("also", "two", "usd")]
    assert found() == names
    assert found(after=names[0], limit=1) == names[1:2]
    ledger.must(DEALER, CloseCard(card="two"))
    assert found() == [names[0], names[2]]
    assert RateCardsQuery(takes=gives, gives=takes).answer(ledger.state) == []


def test_a_change_that_was_never_put_in_force_is_noticed(ledger):
    poke(ledger, CARDS, card_name(ledger), structs.replace(card(ledger), next_rates=rate_terms(ledger)))

    with pytest.raises(Broken, match="was forgotten"):
        ledger.machine.check_invariants(ledger.state)


def test_a_provider_has_so_many_cards_of_a_pair_and_leaves_room_for_others(ledger):
    most = OWN_CARDS_OF_A_PAIR_MAX - 1
    ledger.must(DEALER, *(posting(ledger, f"c{number}", capacity=100) for number in range(most)))
    refused = ledger.send(DEALER, posting(ledger, "one-too-many"))
    ledger.register("other", roles=int(Role.LIQUIDITY_PROVIDER))
    ledger.fund("other", CAPACITY)

    ledger.must("other", posting(ledger))
    ledger.must(DEALER, CloseCard(card="c3"))

    assert (refused.code, refused.facts) == (Refuse.OWN_CARDS_TOO_MANY, (("most", OWN_CARDS_OF_A_PAIR_MAX),))
    assert ledger.send(DEALER, posting(ledger, "one-too-many")).code == 0
