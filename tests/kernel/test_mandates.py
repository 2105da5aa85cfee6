"""What an agent may do in a party's name: every rule, one unit above and one second after."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from msgspec import structs

from sogdia.client.consents import make_card
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.mandates import MANDATES, Cap, use
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.values import name_of
from sogdia.modules.identity.mandates import GiveConsent, RenewConsents, RevokeMandate
from sogdia.modules.identity.refusals import IdentityRefusal
from sogdia.modules.money import BALANCES, asset_key
from sogdia.modules.money.holds import PlaceHold
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import START, Ledger
from tests.modules.identity.mandate_rows import grant, mandate
from tests.refused import poke, rules_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sogdia.kernel.operation import Operation

DAY = 86_400
CARD_CODES = 20


@pytest.fixture
def ledger():
    """Give a ledger on which Nairobi has money."""
    made = Ledger()
    made.fund("nairobi", 10_000)
    made.fund("nairobi", 10_000, "KWD")
    return made


def pay(ledger, units=100, name=None, currency="USD", **changes: Any):  # noqa: ANN401 - any field
    """A payment in Nairobi's name."""
    return Transfer(
        to=ledger.account("bukhara"),
        asset=ledger.asset(currency),
        units=units,
        purpose="GDDS",
        end_to_end="1",
        mandate=name_of(ledger.account("nairobi"), "agent") if name is None else name,
        **changes,
    )


def code_of(ledger, who, *operations: Operation, at=None):
    """The number with which somebody's request ends, at the door or in the block."""
    ledger.time = ledger.time if at is None else at
    return ledger.block(ledger.sign(who, *operations))[0].code


def money_of(ledger, name):
    """What somebody has."""
    found = BALANCES.find(ledger.state, (ledger.account(name), ledger.asset()))
    return 0 if found is None else found.available


# ------------------------------------------------------------------------------------------------------------ the table


class Row(NamedTuple):
    """A use of a mandate that a rule refuses; where it can, it breaks the rules below its own, too."""

    rule: Refuse
    granted: Mapping[str, Any]
    who: str = "lanzhou"
    units: int = 101
    currency: str = "USD"
    before: Callable[[Ledger], object] | None = None
    at: int = START
    reserved: bool = False
    """Whether it asks for something that a suspended party's own lane is open for."""


def nairobi(**changes: Any):  # noqa: ANN401 - any field
    """Change Nairobi's record past all rules."""

    def change(ledger: Ledger) -> None:
        account = ledger.account("nairobi")
        poke(ledger, PARTIES, account, structs.replace(PARTIES.must(ledger.state, account), **changes))

    return change


def suspended_agent(ledger: Ledger) -> None:
    """Suspend Lanzhou past all rules."""
    account = ledger.account("lanzhou")
    poke(ledger, PARTIES, account, structs.replace(PARTIES.must(ledger.state, account), suspended=True))


WRONG = MappingProxyType({"operations": (410,), "consent_needed": True, "valid_until": START + DAY})
ROWS = [
    Row(Refuse.MANDATE_UNKNOWN, {"reference": "other"}),
    Row(Refuse.MANDATE_UNKNOWN, WRONG, who="bukhara", before=nairobi(recoveries=1)),
    Row(Refuse.MANDATE_OF_ANOTHER, WRONG, who="nairobi", before=nairobi(recoveries=1)),
    Row(Refuse.SIGNER_SUSPENDED, {**WRONG, "valid_from": START + 1}, before=suspended_agent, reserved=True),
    Row(Refuse.MANDATE_VOID, {**WRONG, "valid_from": START + 1}, before=nairobi(recoveries=1)),
    Row(Refuse.MANDATE_NOT_YET_VALID, {**WRONG, "valid_from": START + 1}, before=nairobi(suspended=True)),
    Row(Refuse.MANDATE_EXPIRED, WRONG, before=nairobi(suspended=True), at=START + DAY + 1),
    Row(Refuse.GRANTOR_SUSPENDED, WRONG, before=nairobi(suspended=True)),
    Row(Refuse.MANDATE_NOT_FOR_OPERATION, WRONG),
    Row(Refuse.CONSENT_MISSING, {"consent_needed": True}),
    Row(Refuse.MANDATE_NOT_FOR_MONEY, {"caps": ()}, units=1),
    Row(Refuse.MANDATE_NOT_FOR_MONEY, {}, units=1, currency="KWD"),
    Row(Refuse.MANDATE_CAP_OF_OPERATION, {}),
    Row(Refuse.MANDATE_CAP_OF_PERIOD, {"caps": "low"}, units=100),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule.name)
def test_a_rule_refuses_an_agent_and_nothing_changes(ledger, row):
    granted = dict(row.granted)
    if granted.get("caps") == "low":
        granted["caps"] = (Cap(asset_key(ledger.asset()), 100, 99),)
    ledger.must("nairobi", mandate(ledger, **granted))
    if row.before is not None:
        row.before(ledger)
    ledger.time = row.at
    before = ledger.snapshot()

    asked: Operation = pay(ledger, row.units, currency=row.currency)
    if row.reserved:
        asked = RevokeMandate(reference="agent", mandate=asked.mandate)

    answer = ledger.send(row.who, asked)

    assert answer.code == row.rule
    assert ledger.snapshot() == before


def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried():
    assert list(dict.fromkeys(row.rule for row in ROWS)) == rules_in(use)


# ------------------------------------------------------------------------------------------------------------ the story


def test_an_agent_pays_in_its_grantor_s_name(ledger):
    name = grant(ledger)

    receipt = ledger.must("lanzhou", pay(ledger))

    assert receipt.events[0].payer == ledger.account("nairobi")
    assert (money_of(ledger, "nairobi"), money_of(ledger, "bukhara")) == (9_900, 100)
    found = MANDATES.must(ledger.state, name)
    assert (found.spent, found.period_number) == ((100,), 0)


def test_an_object_made_under_a_mandate_is_the_grantor_s(ledger):
    grant(ledger, operations=(303, 309))
    hold = PlaceHold(
        reference="h",
        payee=ledger.account("bukhara"),
        asset=ledger.asset(),
        units=100,
        deadline=START + DAY,
        purpose="GDDS",
        mandate=name_of(ledger.account("nairobi"), "agent"),
    )

    receipt = ledger.must("lanzhou", hold)

    assert receipt.events[0].hold == name_of(ledger.account("nairobi"), "h")


def test_beside_the_mandate_the_agent_acts_for_itself(ledger):
    grant(ledger)
    ledger.fund("lanzhou", 7)
    own = structs.replace(pay(ledger, 7), mandate=None)

    ledger.must("lanzhou", pay(ledger, 100), own)

    assert (money_of(ledger, "nairobi"), money_of(ledger, "lanzhou")) == (9_900, 0)


# ------------------------------------------------------------------------------------------------------------ the edges


@pytest.mark.parametrize(("units", "code"), [(100, 0), (101, Refuse.MANDATE_CAP_OF_OPERATION)])
def test_one_unit_above_the_cap_of_an_operation_is_too_much(ledger, units, code):
    grant(ledger)

    assert code_of(ledger, "lanzhou", pay(ledger, units)) == code


@pytest.mark.parametrize(("units", "code"), [(50, 0), (51, Refuse.MANDATE_CAP_OF_PERIOD)])
def test_one_unit_above_the_cap_of_the_period_is_too_much(ledger, units, code):
    grant(ledger)
    ledger.must("lanzhou", pay(ledger, 100), pay(ledger, 100))

    assert code_of(ledger, "lanzhou", pay(ledger, units)) == code


def test_what_one_envelope_spends_is_counted_together_and_taken_back_together(ledger):
    name = grant(ledger)

    refused = code_of(ledger, "lanzhou", pay(ledger, 100), pay(ledger, 100), pay(ledger, 51))

    assert refused == Refuse.MANDATE_CAP_OF_PERIOD
    assert MANDATES.must(ledger.state, name).spent == ()
    assert code_of(ledger, "lanzhou", pay(ledger, 100), pay(ledger, 100), pay(ledger, 50)) == 0


@pytest.mark.parametrize(("at", "code"), [(START + DAY - 1, Refuse.MANDATE_CAP_OF_PERIOD), (START + DAY, 0)])
def test_the_next_period_begins_to_the_second(ledger, at, code):
    grant(ledger)
    ledger.must("lanzhou", pay(ledger, 100), pay(ledger, 100), pay(ledger, 50))

    assert code_of(ledger, "lanzhou", pay(ledger, 1), at=at) == code


def test_each_money_has_its_own_count(ledger):
    both = tuple(sorted((Cap(asset_key(ledger.asset(each)), 100, 100) for each in ("USD", "KWD")), key=asset_of))
    grant(ledger, caps=both)

    assert code_of(ledger, "lanzhou", pay(ledger, 100), pay(ledger, 100, currency="KWD")) == 0
    assert code_of(ledger, "lanzhou", pay(ledger, 1)) == Refuse.MANDATE_CAP_OF_PERIOD
    assert code_of(ledger, "lanzhou", pay(ledger, 1, currency="KWD")) == Refuse.MANDATE_CAP_OF_PERIOD


def asset_of(cap):
    """The money of a cap."""
    return cap.asset


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (START + 9, Refuse.MANDATE_NOT_YET_VALID),
        (START + 10, 0),
        (START + DAY, 0),
        (START + DAY + 1, Refuse.MANDATE_EXPIRED),
    ],
)
def test_a_mandate_holds_from_its_first_second_to_its_last(ledger, at, code):
    grant(ledger, valid_from=START + 10, valid_until=START + DAY)

    assert code_of(ledger, "lanzhou", pay(ledger), at=at) == code


def test_a_mandate_revoked_in_the_same_block_is_worth_nothing_from_the_next_envelope_on(ledger):
    grant(ledger)

    answers = ledger.block(
        ledger.sign("lanzhou", pay(ledger)),
        ledger.sign("nairobi", RevokeMandate(reference="agent")),
        ledger.sign("lanzhou", pay(ledger)),
    )

    assert [answer.code for answer in answers] == [0, 0, Refuse.MANDATE_UNKNOWN]
    assert money_of(ledger, "bukhara") == 100


def test_a_name_that_is_no_reference_is_no_mandate(ledger):
    grant(ledger)

    assert code_of(ledger, "lanzhou", pay(ledger, name=ledger.account("nairobi") + b"\xff")) == Refuse.MANDATE_UNKNOWN


def test_a_mandate_granted_again_begins_to_count_anew(ledger):
    grant(ledger)
    ledger.must("lanzhou", pay(ledger, 100), pay(ledger, 100))
    ledger.must("nairobi", RevokeMandate(reference="agent"), mandate(ledger))

    assert code_of(ledger, "lanzhou", pay(ledger, 100), pay(ledger, 100), pay(ledger, 50)) == 0


@pytest.mark.parametrize(
    "operation", [mandate, lambda _ledger: RenewConsents(reference="agent", end=bytes(10))], ids=["grant", "codes"]
)
def test_a_mandate_makes_no_mandates_and_no_codes(ledger, operation):
    grant(ledger, operations=(211, 213, 303))
    name = name_of(ledger.account("nairobi"), "agent")

    assert code_of(ledger, "lanzhou", structs.replace(operation(ledger), mandate=name)) == Refuse.MANDATE_NOT_FOR_THIS


# ------------------------------------------------------------------------------------------------------- one-time codes


@pytest.fixture
def card(ledger):
    """Give Nairobi's card of codes, whose end stands on the ledger; Lanzhou's mandate needs them."""
    grant(ledger, consent_needed=True)
    return card_for(ledger, "agent", b"a secret of Nairobi's")


def card_for(ledger, reference, secret):
    """Begin a chain for a mandate of Nairobi's; give its card."""
    made = make_card(ledger.network, name_of(ledger.account("nairobi"), reference), secret, CARD_CODES)
    ledger.must("nairobi", RenewConsents(reference=reference, end=made.end))
    return made


def consent(ledger, code, skipped=0):
    """Show a code."""
    return GiveConsent(to=name_of(ledger.account("nairobi"), "agent"), code=code, skipped=skipped)


def test_each_code_opens_the_mandate_for_one_operation(ledger, card):
    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[0]), pay(ledger)) == 0
    assert code_of(ledger, "lanzhou", pay(ledger)) == Refuse.CONSENT_MISSING
    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[0]), pay(ledger)) == IdentityRefusal.CONSENT_WRONG
    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[1]), pay(ledger, 1), pay(ledger, 1)) == 141
    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[1])) == 0
    assert code_of(ledger, "lanzhou", pay(ledger)) == 0


@pytest.mark.parametrize("skipped", [0, 1, 16])
def test_codes_may_be_left_out_and_are_then_worth_nothing(ledger, card, skipped):
    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[skipped], skipped), pay(ledger)) == 0
    left_out = consent(ledger, card.codes[max(0, skipped - 1)])
    assert code_of(ledger, "lanzhou", left_out) == IdentityRefusal.CONSENT_WRONG


def test_seventeen_codes_at_once_are_too_many(ledger, card):
    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[17], 17)) == Refuse.ENVELOPE_MALFORMED


def test_a_code_that_was_seen_is_of_no_use_to_others(ledger, card):
    seen = consent(ledger, card.codes[0])

    assert code_of(ledger, "bukhara", seen) == Refuse.MANDATE_UNKNOWN
    assert code_of(ledger, "bukhara", seen, pay(ledger)) == Refuse.MANDATE_UNKNOWN


def test_another_agent_that_sees_a_code_first_cannot_use_it(ledger, card):
    grant(ledger, reference="second", agent=ledger.account("bukhara"), consent_needed=True)
    second = name_of(ledger.account("nairobi"), "second")
    stolen = GiveConsent(to=second, code=card.codes[0])

    ledger.must("nairobi", RenewConsents(reference="second", end=card.end))
    with_the_same_end = code_of(ledger, "bukhara", stolen)
    other = card_for(ledger, "second", b"a secret of Nairobi's")
    with_its_own = code_of(ledger, "bukhara", stolen)

    assert (with_the_same_end, with_its_own) == (IdentityRefusal.CONSENT_WRONG, IdentityRefusal.CONSENT_WRONG)
    assert not set(card.codes) & set(other.codes)
    assert code_of(ledger, "bukhara", GiveConsent(to=second, code=other.codes[0])) == 0
    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[0]), pay(ledger)) == 0


def test_a_mandate_granted_anew_does_not_take_the_codes_of_the_one_before(ledger, card):
    ledger.must("nairobi", RevokeMandate(reference="agent"))
    grant(ledger, consent_needed=True)

    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[0])) == IdentityRefusal.NO_CONSENTS


def test_a_refused_operation_leaves_the_code_unused(ledger, card):
    code = consent(ledger, card.codes[0])

    assert code_of(ledger, "lanzhou", code, pay(ledger, 101)) == Refuse.MANDATE_CAP_OF_OPERATION
    assert code_of(ledger, "lanzhou", code, pay(ledger, 100)) == 0


def test_a_new_card_makes_the_old_one_worthless(ledger, card):
    new = card_for(ledger, "agent", b"another secret")

    assert code_of(ledger, "lanzhou", consent(ledger, card.codes[0])) == IdentityRefusal.CONSENT_WRONG
    assert code_of(ledger, "lanzhou", consent(ledger, new.codes[0])) == 0
    ledger.must("nairobi", RenewConsents(reference="agent", end=None))
    ledger.must("lanzhou", pay(ledger))
    assert code_of(ledger, "lanzhou", consent(ledger, new.codes[0])) == IdentityRefusal.NO_CONSENTS
