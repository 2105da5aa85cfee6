"""Several keys of one party: weights, thresholds, expiry, limits of high value, and keys of all three schemes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sogdia.client.p256_keys import P256KeyPair, twin_of
from sogdia.kernel.accounts import HighValueLimit, Key, Thresholds
from sogdia.kernel.envelope import Signature, Signer
from sogdia.kernel.receipt import Receipt
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import account_of
from sogdia.modules.identity.events import HighValueLimitsSet, KeysChanged
from sogdia.modules.identity.keys import ChangeKeys, SetHighValueLimits
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import OrderLine, PlaceOrder
from sogdia.modules.market.records import Offer
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import Burn, Mint
from sogdia.modules.money.holds import PlaceHold
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import START, Ledger, keys_of
from sogdia.testing.passkeys import GENESIS_PASSKEYS, Passkey
from tests.kernel.wire import body_of, seal
from tests.modules.identity.town import key, new_key, other_keys, party, registration

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

DAY = 86_400
SECOND, THIRD = other_keys(), other_keys("third")
CHIP = P256KeyPair(bytes(range(32)))
PHONE = Passkey(bytes(range(1, 33)))


def pay(ledger, units=1, to="bukhara", **changes: Any):  # noqa: ANN401 - any field
    """A payment."""
    fields = {"to": ledger.account(to), "asset": ledger.asset(), "units": units, "purpose": "GDDS", "end_to_end": "1"}
    return Transfer(**(fields | changes))


def code_of(ledger, who, *operations: Operation, at=None):
    """The number with which somebody's request ends, at the door or in the block."""
    ledger.time = at or ledger.time
    return ledger.block(ledger.sign(who, *operations))[0].code


@pytest.fixture
def ledger():
    """Give a ledger with passkeys on which Nairobi has money."""
    made = Ledger(passkeys=GENESIS_PASSKEYS)
    made.fund("nairobi", 10_000)
    return made


def firm(ledger):
    """Let Nairobi be a firm: three keys of weights 2, 1 and 1, by the names nairobi, clerk and cashier."""
    clerk = new_key(ledger, "nairobi", 1, SECOND)
    cashier = new_key(ledger, "nairobi", 2, THIRD)
    first = new_key(ledger, "nairobi", 3, other_keys("fourth"), weight=2)
    ledger.must("nairobi", ChangeKeys(remove=(0,), add=(clerk, cashier, first), thresholds=Thresholds(2, 3, 4)))
    ledger.second_key("nairobi", "clerk", SECOND, 1)
    ledger.second_key("nairobi", "cashier", THIRD, 2)
    ledger.use_key("nairobi", other_keys("fourth"), 3)


# -------------------------------------------------------------------------------------------------------------- weights


def test_keys_are_numbered_on_and_the_fact_names_them(ledger):
    add = (new_key(ledger, "nairobi", 1, SECOND, weight=7), new_key(ledger, "nairobi", 2, THIRD, valid_until=START))

    receipt = ledger.must("nairobi", ChangeKeys(add=add))

    added = (Key(1, 1, SECOND.public, 7), Key(2, 1, THIRD.public, 1, START))
    account = ledger.account("nairobi")
    assert receipt.events == (KeysChanged(account=account, removed=(), added=added, thresholds=Thresholds()),)
    assert party(ledger, "nairobi").keys == (Key(0, 1, keys_of("nairobi").public), *added)
    assert party(ledger, "nairobi").next_key == 3


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("nairobi", 0),
        ("clerk", Kernel.WEIGHT_TOO_LOW),
        (("clerk", "cashier"), 0),
        (("nairobi", "clerk", "cashier"), 0),
    ],
)
def test_the_everyday_threshold_is_reached_by_the_sum_of_weights(ledger, who, code):
    firm(ledger)

    assert code_of(ledger, who, pay(ledger)) == code


def test_a_weight_too_low_says_what_is_missing(ledger):
    firm(ledger)

    refused = ledger.block(ledger.sign("clerk", pay(ledger)))[0]

    account = ledger.account("nairobi").hex()
    assert dict(refused.facts) == {"account": account, "level": "EVERYDAY", "weight": 1, "needed": 2}
    assert not isinstance(refused, Receipt)


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (("nairobi", "clerk"), Kernel.WEIGHT_TOO_LOW),
        (("nairobi", "clerk", "cashier"), 0),
    ],
)
def test_keys_are_changed_by_the_weight_of_the_keys_level(ledger, who, code):
    firm(ledger)

    assert code_of(ledger, who, ChangeKeys(thresholds=Thresholds(1, 1, 4))) == code


def test_weights_of_two_accounts_are_not_added_up(ledger):
    firm(ledger)

    assert code_of(ledger, ("clerk", "bukhara"), pay(ledger)) == Kernel.WEIGHT_TOO_LOW
    assert code_of(ledger, ("bukhara", "clerk"), pay(ledger, signer=1)) == Kernel.WEIGHT_TOO_LOW


def test_one_key_is_not_counted_twice(ledger):
    firm(ledger)

    assert code_of(ledger, ("clerk", "clerk"), pay(ledger)) == Kernel.SIGNER_REPEATED


def test_any_of_an_accounts_pairs_may_ask_for_all_of_them(ledger):
    firm(ledger)

    assert code_of(ledger, ("clerk", "cashier"), pay(ledger, signer=1)) == 0


def test_who_agrees_without_asking_needs_the_everyday_weight(ledger):
    firm(ledger)
    mint = Mint(currency="USD", to=ledger.account("nairobi"), units=1)

    assert code_of(ledger, ("bank", "clerk"), mint) == Kernel.WEIGHT_TOO_LOW
    assert code_of(ledger, ("bank", "clerk", "cashier"), mint) == 0


# --------------------------------------------------------------------------------------------------------------- expiry


def test_a_key_counts_until_its_last_second(ledger):
    until = START + DAY
    ledger.must("nairobi", ChangeKeys(add=(new_key(ledger, "nairobi", 1, SECOND, valid_until=until),)))
    ledger.second_key("nairobi", "device", SECOND, 1)

    assert code_of(ledger, "device", pay(ledger), at=until) == 0
    ledger.time = until + 1
    refused = ledger.block(ledger.sign("device", pay(ledger)))[0]
    assert refused.code == Kernel.KEY_EXPIRED
    assert dict(refused.facts) == {"valid_until": until, "time": until + 1}
    assert code_of(ledger, "nairobi", pay(ledger)) == 0


def test_a_key_that_ends_this_second_may_still_join(ledger):
    ledger.must("nairobi", ChangeKeys(add=(new_key(ledger, "nairobi", 1, SECOND, valid_until=START),)))

    assert party(ledger, "nairobi").keys[1].valid_until == START


def test_lasting_keys_just_reach_the_threshold(ledger):
    add = (new_key(ledger, "nairobi", 1, SECOND, weight=3),)
    three = ChangeKeys(remove=(0,), add=add, thresholds=Thresholds(1, 1, 3))
    four = ChangeKeys(remove=(0,), add=add, thresholds=Thresholds(1, 1, 4))

    assert code_of(ledger, "nairobi", four) == Refuse.KEYS_WOULD_LOCK_OUT
    assert code_of(ledger, "nairobi", three) == 0


def test_sixteen_keys_are_the_most(ledger):
    pairs = [other_keys(f"{number} of many") for number in range(15)]
    add = tuple(new_key(ledger, "nairobi", 1 + at, pair) for at, pair in enumerate(pairs))
    ledger.must("nairobi", ChangeKeys(add=add))

    one_more = ChangeKeys(add=(new_key(ledger, "nairobi", 16, SECOND),))
    one_instead = ChangeKeys(remove=(3,), add=one_more.add)

    assert code_of(ledger, "nairobi", one_more) == Refuse.KEYS_TOO_MANY
    assert code_of(ledger, "nairobi", one_instead) == 0


# ----------------------------------------------------------------------------------------------------------- high value


def limit(ledger, units, currency="USD"):
    """A limit in one money."""
    return SetHighValueLimits(limits=(HighValueLimit(asset_key(ledger.asset(currency)), units),))


def test_above_its_own_limit_a_party_needs_more_weight(ledger):
    firm(ledger)

    receipt = ledger.must(("nairobi", "clerk", "cashier"), limit(ledger, 100))

    limits = (HighValueLimit(asset_key(ledger.asset()), 100),)
    assert receipt.events == (HighValueLimitsSet(account=ledger.account("nairobi"), limits=limits),)
    assert code_of(ledger, "nairobi", pay(ledger, 100)) == 0
    assert code_of(ledger, "nairobi", pay(ledger, 101)) == Kernel.WEIGHT_TOO_LOW
    assert code_of(ledger, ("nairobi", "clerk"), pay(ledger, 101)) == 0


def test_money_without_a_limit_is_of_high_value_once_there_is_one(ledger):
    firm(ledger)
    dinars = ledger.asset("KWD")
    assert code_of(ledger, "nairobi", pay(ledger, asset=dinars)) < 400

    ledger.must(("nairobi", "clerk", "cashier"), limit(ledger, 100))

    assert code_of(ledger, "nairobi", pay(ledger, asset=dinars)) == Kernel.WEIGHT_TOO_LOW
    ledger.must(("nairobi", "clerk", "cashier"), SetHighValueLimits(limits=()))
    assert code_of(ledger, "nairobi", pay(ledger, asset=dinars)) != Kernel.WEIGHT_TOO_LOW


def test_one_dear_operation_among_cheap_ones_raises_the_level(ledger):
    firm(ledger)
    ledger.must(("nairobi", "clerk", "cashier"), limit(ledger, 100))

    assert code_of(ledger, "nairobi", pay(ledger, 1), pay(ledger, 101), pay(ledger, 1)) == Kernel.WEIGHT_TOO_LOW


def test_what_a_hold_an_order_minting_and_burning_can_cost(ledger):
    usd = ledger.asset()
    offer = Offer(price=1_000)
    terms = PublishTerms(
        reference="t",
        asset=usd,
        carrier=None,
        freight_per_order=0,
        tax_collector=None,
        platform=None,
        platform_fee=0,
    )
    silk = OpenListing(reference="silk", terms="t", title="Silk", language="en", unit="C62", hs_code="", origin="")
    ledger.must("bukhara", terms, silk, AddVariant(listing="silk", variant=1, offer=offer, stock=5))
    bank, nairobi, bukhara = (ledger.account(name) for name in ("bank", "nairobi", "bukhara"))
    order = PlaceOrder(reference="o", merchant=bukhara, lines=(OrderLine("silk", 1, 1),), pay_at_most=1_200)
    elsewhere = PlaceOrder(reference="o", merchant=bukhara, lines=(OrderLine("wool", 1, 1),), pay_at_most=7)
    hold = PlaceHold(reference="h", payee=bukhara, asset=usd, units=9, deadline=START + DAY, purpose="GDDS")

    assert order.cost(ledger.state, nairobi) == (asset_key(usd), 1_200)
    assert elsewhere.cost(ledger.state, nairobi) == (b"", 7)
    assert hold.cost(ledger.state, nairobi) == (asset_key(usd), 9)
    assert Mint(currency="USD", to=nairobi, units=5).cost(ledger.state, bank) == (asset_key(usd), 5)
    assert Burn(currency="USD", units=6).cost(ledger.state, bank) == (asset_key(usd), 6)
    assert silk.cost(ledger.state, bukhara) is None


# -------------------------------------------------------------------------------------------------------------- schemes


@pytest.mark.parametrize("keys", [CHIP, PHONE], ids=["p256", "passkey"])
def test_a_key_of_another_scheme_takes_over(ledger, keys):
    ledger.must("nairobi", key(ledger, "nairobi", 1, keys))
    ledger.use_key("nairobi", keys, 1)

    assert code_of(ledger, "nairobi", pay(ledger)) == 0
    assert party(ledger, "nairobi").keys == (Key(1, keys.scheme, keys.public),)


@pytest.mark.parametrize("keys", [CHIP, PHONE], ids=["p256", "passkey"])
def test_a_registrar_enters_a_party_with_a_key_of_another_scheme(ledger, keys):
    ledger.must("registrar", registration(ledger, scheme=keys.scheme, public=keys.public))
    ledger._registered["samarkand"] = account_of(ledger.network, ledger.account("registrar"), "samarkand")
    ledger.use_key("samarkand", keys, 0)
    ledger.fund("samarkand", 5)

    assert code_of(ledger, "samarkand", pay(ledger, 5)) == 0


def test_the_twin_of_a_signature_makes_no_second_envelope(ledger):
    ledger.must("nairobi", key(ledger, "nairobi", 1, CHIP))
    body = body_of(ledger, pay(ledger), signers=(Signer(ledger.account("nairobi"), 1),))
    one = seal(ledger, body, signatures=lambda identity: [CHIP.signature(identity)])
    twin = seal(ledger, body, signatures=lambda identity: [Signature(2, twin_of(CHIP.sign(identity)))])

    answers = ledger.block(twin, one)

    assert one != twin
    assert [answer.code for answer in answers] == [0, Kernel.ENVELOPE_REPLAYED]


def test_a_plain_p256_signature_is_none_of_a_passkey(ledger):
    ledger.must("nairobi", key(ledger, "nairobi", 1, PHONE))
    plain = P256KeyPair(bytes(range(1, 33)))
    assert plain.public == PHONE.public
    body = body_of(ledger, pay(ledger), signers=(Signer(ledger.account("nairobi"), 1),))

    as_plain = seal(ledger, body, signatures=lambda identity: [plain.signature(identity)])
    as_passkey = seal(ledger, body, signatures=lambda identity: [Signature(3, plain.sign(identity), b"")])

    assert ledger.block(as_plain)[0].code == Kernel.SCHEME_WRONG
    assert ledger.block(as_passkey)[0].code == Kernel.PASSKEY_WRONG
