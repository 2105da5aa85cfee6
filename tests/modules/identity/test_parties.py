"""Parties from entry to suspension: who may act, by which key, at whose expense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from sogdia.kernel.accounts import PARTIES, Key, Thresholds
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import account_of
from sogdia.modules.identity import Role, active_party, has_role
from sogdia.modules.identity.events import KeysChanged, PartyRegistered, PartyReinstated, PartySuspended, SponsorChanged
from sogdia.modules.identity.parties import PARTY_BYTES, ChangeSponsor, ReinstateParty, SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import keys_of
from tests.modules.identity.town import NOBODY, key, other_keys, party, quota, registration
from tests.refused import poke

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

NEW = other_keys()


def pay(ledger, units=1):
    """A payment to Bukhara."""
    return Transfer(to=ledger.account("bukhara"), asset=ledger.asset(), units=units, purpose="GDDS", end_to_end="1")


def code_of(ledger, who, *operations: Operation):
    """The number with which somebody's request ends, at the door or in the block."""
    return ledger.block(ledger.sign(who, *operations))[0].code


# --------------------------------------------------------------------------------------------------------- registration


def test_a_registrar_enters_a_party_that_can_act_at_once(ledger):
    receipt = ledger.must("registrar", registration(ledger, roles=Role.CARRIER | Role.PLATFORM))

    account = account_of(ledger.network, ledger.account("registrar"), "samarkand")
    assert receipt.events == (
        PartyRegistered(
            account=account,
            registrar=ledger.account("registrar"),
            kind=2,
            country="UZ",
            sponsor=ledger.account("registrar"),
        ),
    )
    entered = PARTIES.must(ledger.state, account)
    assert entered.keys == (Key(0, 1, keys_of("samarkand").public),)
    assert (entered.roles, entered.suspended) == (24, False)
    assert has_role(ledger.state, account, Role.CARRIER)
    assert not has_role(ledger.state, account, Role.ISSUER)


def test_the_same_reference_of_two_registrars_is_two_parties(ledger):
    ledger.must("registrar", registration(ledger))
    ledger.must(("customs", "registrar"), registration(ledger))

    accounts = {account_of(ledger.network, ledger.account(who), "samarkand") for who in ("registrar", "customs")}
    assert len(accounts) == 2
    assert all(PARTIES.find(ledger.state, account) for account in accounts)


def test_a_sponsor_agrees_by_signing_and_asks_for_nothing_of_its_own(ledger):
    ledger.must(("registrar", "bank"), registration(ledger, sponsor=ledger.account("bank")))

    account = account_of(ledger.network, ledger.account("registrar"), "samarkand")
    assert PARTIES.must(ledger.state, account).sponsor == ledger.account("bank")


def test_a_party_takes_room_in_its_sponsor_s_storage(ledger):
    before = quota(ledger, "registrar").stored_bytes
    ledger.must("registrar", registration(ledger))

    assert before == 8 * PARTY_BYTES
    assert quota(ledger, "registrar").stored_bytes == 9 * PARTY_BYTES
    assert quota(ledger, "bank").stored_bytes == PARTY_BYTES


def test_the_last_bytes_of_the_storage_can_be_used(ledger):
    known = quota(ledger, "registrar")
    full = structs.replace(known, stored_bytes_max=known.stored_bytes + PARTY_BYTES)
    poke(ledger, QUOTAS, ledger.account("registrar"), full)

    assert code_of(ledger, "registrar", registration(ledger)) == 0
    assert code_of(ledger, "registrar", registration(ledger, "kashgar")) == Kernel.QUOTA_STORAGE_SPENT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reference": "a"}, 0),
        ({"reference": "0123456789.-_aZz"}, 0),
        ({"reference": ""}, Kernel.ENVELOPE_MALFORMED),
        ({"reference": "0123456789abcdefg"}, Kernel.ENVELOPE_MALFORMED),
        ({"reference": "a b"}, Kernel.ENVELOPE_MALFORMED),
        ({"reference": "a\n"}, Kernel.ENVELOPE_MALFORMED),
        ({"reference": "\u0430"}, Kernel.ENVELOPE_MALFORMED),
        ({"reference": "a/b"}, Kernel.ENVELOPE_MALFORMED),
        ({"kind": 1}, 0),
        ({"kind": 8}, 0),
        ({"kind": 0}, Kernel.ENVELOPE_MALFORMED),
        ({"kind": 9}, Kernel.ENVELOPE_MALFORMED),
        ({"country": "ZZ"}, 0),
        ({"country": "XK"}, 0),
        ({"country": "U"}, Kernel.ENVELOPE_MALFORMED),
        ({"country": "UZB"}, Kernel.ENVELOPE_MALFORMED),
        ({"country": "uz"}, Kernel.ENVELOPE_MALFORMED),
        ({"country": "AA"}, Refuse.COUNTRY_UNKNOWN),
        ({"roles": 0}, 0),
        ({"roles": 8}, 0),
        ({"roles": 16}, 0),
        ({"roles": 24}, 0),
        ({"roles": -1}, Kernel.ENVELOPE_MALFORMED),
        ({"roles": 65_536}, Kernel.ENVELOPE_MALFORMED),
        ({"scheme": 0}, Kernel.ENVELOPE_MALFORMED),
        ({"scheme": 4}, Kernel.ENVELOPE_MALFORMED),
        ({"public": keys_of("samarkand").public[:31]}, Kernel.ENVELOPE_MALFORMED),
        ({"public": keys_of("samarkand").public + b"\x00"}, Refuse.KEY_WEAK),
        ({"public": keys_of("samarkand").public + b"\x00\x00"}, Kernel.ENVELOPE_MALFORMED),
        ({"sponsor": bytes(19)}, Kernel.ENVELOPE_MALFORMED),
        ({"sponsor": bytes(21)}, Kernel.ENVELOPE_MALFORMED),
    ],
    ids=repr,
)
def test_the_fields_of_a_registration_have_bounds(ledger, changes, code):
    assert code_of(ledger, "registrar", registration(ledger, **{"reference": "samarkand"} | changes)) == code


# ----------------------------------------------------------------------------------------------------------------- keys


def test_from_a_rotation_on_only_the_new_key_counts(ledger):
    receipt = ledger.must("nairobi", key(ledger, "nairobi", 1, NEW))

    added = (Key(1, 1, NEW.public),)
    account = ledger.account("nairobi")
    changed = KeysChanged(account=account, removed=(0,), added=added, thresholds=Thresholds())
    assert receipt.events == (changed,)
    assert code_of(ledger, "nairobi", pay(ledger)) == Kernel.KEY_NOT_CURRENT
    ledger.use_key("nairobi", NEW, 0)
    assert code_of(ledger, "nairobi", pay(ledger)) == Kernel.KEY_NOT_CURRENT
    ledger.use_key("nairobi", keys_of("nairobi"), 1)
    assert code_of(ledger, "nairobi", pay(ledger)) == Kernel.SIGNATURE_WRONG
    ledger.use_key("nairobi", NEW, 1)
    ledger.fund("nairobi", 5)
    ledger.must("nairobi", pay(ledger, 5))


def test_keys_change_and_the_account_with_its_money_stays(ledger):
    ledger.fund("nairobi", 800)
    account = ledger.account("nairobi")

    for number, name in [(1, "second"), (2, "third"), (3, "fourth")]:
        ledger.must("nairobi", key(ledger, "nairobi", number, other_keys(name)))
        ledger.use_key("nairobi", other_keys(name), number)

    assert party(ledger, "nairobi").keys == (Key(3, 1, other_keys("fourth").public),)
    assert account_of(ledger.network, NOBODY, "nairobi") == account
    ledger.must("nairobi", pay(ledger, 800))


def test_the_last_number_of_a_key_can_be_used(ledger):
    nearly = Key(65_534, 1, keys_of("nairobi").public)
    poke(
        ledger,
        PARTIES,
        ledger.account("nairobi"),
        structs.replace(party(ledger, "nairobi"), keys=(nearly,), next_key=65_535),
    )
    ledger.use_key("nairobi", keys_of("nairobi"), 65_534)

    ledger.must("nairobi", key(ledger, "nairobi", 65_535, NEW))

    assert party(ledger, "nairobi").keys[0].number == 65_535


def test_one_envelope_can_change_a_key_twice(ledger):
    ledger.must(
        "nairobi",
        key(ledger, "nairobi", 1, NEW),
        key(ledger, "nairobi", 2, other_keys("third")),
    )

    assert party(ledger, "nairobi").keys == (Key(2, 1, other_keys("third").public),)


# ----------------------------------------------------------------------------------------------------------- suspension


def test_a_suspended_party_can_do_nothing_new_until_it_is_reinstated(ledger):
    samarkand = ledger.register("samarkand")
    ledger.fund("samarkand", 100)

    suspended = ledger.must("registrar", SuspendParty(account=samarkand, reason="Papers missing"))

    assert suspended.events == (PartySuspended(account=samarkand, reason="Papers missing"),)
    assert code_of(ledger, "samarkand", pay(ledger)) == Kernel.SIGNER_SUSPENDED
    reinstated = ledger.must("registrar", ReinstateParty(account=samarkand))
    assert reinstated.events == (PartyReinstated(account=samarkand),)
    ledger.must("samarkand", pay(ledger))


def test_a_suspended_party_may_change_its_key(ledger):
    samarkand = ledger.register("samarkand")
    ledger.must("registrar", SuspendParty(account=samarkand, reason="Key seen in public"))

    ledger.must("samarkand", key(ledger, "samarkand", 1, NEW))

    assert party(ledger, "samarkand").suspended
    assert party(ledger, "samarkand").keys[0].public == NEW.public


def test_a_suspended_party_cannot_hide_a_request_among_protected_ones(ledger):
    samarkand = ledger.register("samarkand")
    ledger.must("registrar", SuspendParty(account=samarkand, reason="Papers missing"))

    assert code_of(ledger, "samarkand", key(ledger, "samarkand", 1, NEW), pay(ledger)) == Kernel.SIGNER_SUSPENDED
    assert party(ledger, "samarkand").keys[0].number == 0


def test_a_suspended_party_has_no_role_and_cannot_be_dealt_with(ledger):
    ledger.must("registrar", registration(ledger, roles=8))
    samarkand = account_of(ledger.network, ledger.account("registrar"), "samarkand")
    assert has_role(ledger.state, samarkand, Role.CARRIER)
    assert active_party(ledger.state, samarkand).roles == 8

    ledger.must("registrar", SuspendParty(account=samarkand, reason="Papers missing"))

    assert not has_role(ledger.state, samarkand, Role.CARRIER)
    with pytest.raises(Refused) as refused:
        active_party(ledger.state, samarkand)
    assert refused.value.code == Refuse.PARTY_SUSPENDED
    with pytest.raises(Refused) as refused:
        active_party(ledger.state, NOBODY)
    assert refused.value.code == Refuse.PARTY_UNKNOWN


@pytest.mark.parametrize("reason", ["x", "x" * 200, "Документы не получены", "证件缺失"])
def test_a_reason_may_be_said_in_any_script(ledger, reason):
    samarkand = ledger.register("samarkand")

    receipt = ledger.must("registrar", SuspendParty(account=samarkand, reason=reason))

    assert receipt.events[0].reason == reason


# ------------------------------------------------------------------------------------------------------------- sponsors


def test_who_changes_its_sponsor_acts_at_the_new_one_s_expense(ledger):
    used = quota(ledger, "bank").operations_used

    receipt = ledger.must(("nairobi", "bank"), ChangeSponsor(sponsor=ledger.account("bank")))
    after_change = quota(ledger, "bank").operations_used
    code_of(ledger, "nairobi", pay(ledger))

    assert receipt.events == (SponsorChanged(account=ledger.account("nairobi"), sponsor=ledger.account("bank")),)
    assert after_change == used
    assert quota(ledger, "bank").operations_used == used + 1


def test_a_party_s_room_moves_with_it_to_the_new_sponsor(ledger):
    registrar, bank = quota(ledger, "registrar").stored_bytes, quota(ledger, "bank").stored_bytes

    ledger.must(("nairobi", "bank"), ChangeSponsor(sponsor=ledger.account("bank")))

    assert quota(ledger, "registrar").stored_bytes == registrar - PARTY_BYTES
    assert quota(ledger, "bank").stored_bytes == bank + PARTY_BYTES


def test_a_sponsor_named_again_changes_nothing(ledger):
    before = ledger.snapshot()

    ledger.must(("nairobi", "registrar"), ChangeSponsor(sponsor=ledger.account("registrar")))

    assert ledger.snapshot() == before


def test_whoever_signs_first_pays_even_for_the_requests_of_others(ledger):
    before = quota(ledger, "bank").operations_used

    change = structs.replace(ChangeSponsor(sponsor=ledger.account("bank")), signer=1)
    ledger.must(("bank", "nairobi"), change)

    assert party(ledger, "nairobi").sponsor == ledger.account("bank")
    assert quota(ledger, "bank").operations_used == before + 1
