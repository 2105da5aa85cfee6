"""Recovery raced against the veto: guardians agree, time passes, and whose keys count at which second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec import structs

from sogdia.kernel.accounts import PARTIES, HighValueLimit, Key, Thresholds
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.receipt import Receipt
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.events import (
    GuardiansSet,
    KeysRecovered,
    RecoveryApproved,
    RecoveryBegun,
    RecoveryLapsed,
    RecoveryProposed,
    RecoveryVetoed,
)
from sogdia.modules.identity.keys import ChangeKeys, SetHighValueLimits
from sogdia.modules.identity.mandates import RenewConsents, RevokeMandate
from sogdia.modules.identity.records import RECOVERIES, recovery_key
from sogdia.modules.identity.recovery import SetGuardians, VetoRecovery, digest_of
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.money import asset_key
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import START, Ledger, keys_of
from tests.modules.identity.key_refusals import (
    NEW,
    approval,
    begin,
    digest_in,
    guardians,
    proposal,
    propose,
)
from tests.modules.identity.mandate_rows import consent, consent_end, grant, mandate
from tests.modules.identity.town import key, new_key, other_keys, party
from tests.refused import poke

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

DAY = 86_400
VETO, APPROVE = 3 * DAY, 30 * DAY


@pytest.fixture
def ledger():
    """Give a ledger on which Nairobi has money and lost its key."""
    made = Ledger()
    made.fund("nairobi", 1_000)
    return made


def pay(ledger, units=1, **changes: bytes):
    """A payment of Nairobi's."""
    fields = {"to": ledger.account("bukhara"), "asset": ledger.asset(), "units": units}
    return Transfer(purpose="GDDS", end_to_end="1", **(fields | changes))


def code_of(ledger, who, *operations: Operation, at=None):
    """The number with which somebody's request ends, at the door or in the block."""
    ledger.time = ledger.time if at is None else at
    return ledger.block(ledger.sign(who, *operations))[0].code


def veto(ledger, guardian="bukhara"):
    """A veto of Nairobi's."""
    return VetoRecovery(guardian=ledger.account(guardian))


def stored(ledger):
    """What everybody takes of the registrar's storage."""
    return QUOTAS.must(ledger.state, ledger.account("registrar")).stored_bytes


def test_two_of_three_guardians_put_a_new_key_in_place_and_the_money_stays(ledger):
    nairobi, bukhara, lanzhou = (ledger.account(name) for name in ("nairobi", "bukhara", "lanzhou"))
    new = (Key(1, 1, NEW.public),)
    digest = digest_of(ledger.network, nairobi, new, Thresholds())
    before = stored(ledger)

    named = ledger.must("nairobi", guardians(ledger, "bukhara", "lanzhou", "carrier", needed=2))
    proposed = ledger.must("bukhara", proposal(ledger))
    approved = ledger.must("lanzhou", approval(ledger, digest))
    (recovered,) = ledger.wait(VETO + 1)

    others = tuple(sorted((bukhara, lanzhou, ledger.account("carrier"))))
    assert named.events == (GuardiansSet(account=nairobi, guardians=others, needed=2),)
    until = START + APPROVE
    assert proposed.events == (RecoveryProposed(account=nairobi, guardian=bukhara, digest=digest, until=until),)
    assert approved.events == (
        RecoveryApproved(account=nairobi, guardian=bukhara, approved_by=lanzhou, digest=digest),
        RecoveryBegun(account=nairobi, guardian=bukhara, digest=digest, stoppable_until=START + VETO),
    )
    assert recovered.events == (KeysRecovered(account=nairobi, guardian=bukhara, keys=new, thresholds=Thresholds()),)
    assert (party(ledger, "nairobi").keys, party(ledger, "nairobi").next_key) == (new, 2)
    assert party(ledger, "nairobi").recovers_at is None
    assert code_of(ledger, "nairobi", pay(ledger)) == Kernel.KEY_NOT_CURRENT
    ledger.use_key("nairobi", NEW, 1)
    assert code_of(ledger, "nairobi", pay(ledger, 1_000)) == 0
    assert stored(ledger) == before


def test_a_single_guardian_that_suffices_begins_with_its_proposal(ledger):
    ledger.must("nairobi", guardians(ledger, "bukhara", needed=1))

    receipt = ledger.must("bukhara", proposal(ledger))

    assert [type(event).__name__ for event in receipt.events] == ["RecoveryProposed", "RecoveryBegun"]
    assert party(ledger, "nairobi").recovers_at == START + VETO


# ------------------------------------------------------------------------------------------------------------- the race


@pytest.mark.parametrize("early", [0, 1, VETO])
def test_a_veto_up_to_the_deadline_stops_the_recovery(ledger, early):
    begin(ledger)
    before = stored(ledger)
    ledger.time = START + VETO - early

    receipt = ledger.must("nairobi", veto(ledger))

    nairobi, bukhara = ledger.account("nairobi"), ledger.account("bukhara")
    assert receipt.events == (RecoveryVetoed(account=nairobi, guardian=bukhara),)
    assert ledger.wait(2 * VETO) == []
    assert party(ledger, "nairobi").keys[0].public == keys_of("nairobi").public
    assert stored(ledger) == before - 1_200


def test_a_second_after_the_deadline_the_old_key_can_neither_veto_nor_do_anything(ledger):
    begin(ledger)
    ledger.time = START + VETO + 1
    thief = key(ledger, "nairobi", 1, other_keys("of a thief"))

    answers = ledger.block(
        ledger.sign("nairobi", veto(ledger)),
        ledger.sign("nairobi", thief),
        ledger.sign("nairobi", pay(ledger)),
    )

    assert [answer.code for answer in answers] == [Kernel.RECOVERY_DUE] * 3
    assert not any(isinstance(answer, Receipt) for answer in answers)
    assert party(ledger, "nairobi").keys[0].public == NEW.public


def test_up_to_the_deadline_the_old_key_does_what_it_always_did(ledger):
    begin(ledger)

    assert code_of(ledger, "nairobi", pay(ledger), at=START + VETO) == 0


def test_the_new_keys_count_from_the_block_after_the_exit_on(ledger):
    begin(ledger)
    ledger.use_key("nairobi", NEW, 1)

    assert code_of(ledger, "nairobi", pay(ledger), at=START + VETO) == Kernel.KEY_NOT_CURRENT
    assert code_of(ledger, "nairobi", pay(ledger), at=START + VETO + 1) == Kernel.RECOVERY_DUE
    assert code_of(ledger, "nairobi", pay(ledger), at=START + VETO + 1) == 0


def test_the_weakest_key_suffices_for_a_veto_and_agrees_to_nothing_else(ledger):
    weak = new_key(ledger, "nairobi", 1, other_keys("of a child"))
    strong = new_key(ledger, "nairobi", 2, other_keys("of a vault"), weight=9)
    ledger.must("nairobi", ChangeKeys(remove=(0,), add=(weak, strong), thresholds=Thresholds(9, 9, 9)))
    ledger.second_key("nairobi", "child", other_keys("of a child"), 1)
    ledger.use_key("nairobi", other_keys("of a vault"), 2)
    ledger.must("nairobi", guardians(ledger, "bukhara", needed=1))
    keys = (new_key(ledger, "nairobi", 3, NEW),)
    ledger.must("bukhara", proposal(ledger, new_keys=keys))

    assert code_of(ledger, "child", pay(ledger)) == Kernel.WEIGHT_TOO_LOW
    assert code_of(ledger, "child", veto(ledger), pay(ledger)) == Kernel.WEIGHT_TOO_LOW
    assert code_of(ledger, ("child", "bukhara"), veto(ledger)) == Kernel.WEIGHT_TOO_LOW
    assert code_of(ledger, "child", veto(ledger)) == 0


def test_a_suspended_party_may_still_veto(ledger):
    begin(ledger)
    suspended = structs.replace(party(ledger, "nairobi"), suspended=True)
    poke(ledger, PARTIES, ledger.account("nairobi"), suspended)

    assert code_of(ledger, "nairobi", pay(ledger)) == Kernel.SIGNER_SUSPENDED
    assert code_of(ledger, "nairobi", veto(ledger)) == 0


# -------------------------------------------------------------------------------------------------------------- lapsing


@pytest.mark.parametrize(("late", "code"), [(0, 0), (1, Refuse.RECOVERY_UNKNOWN)])
def test_approvals_count_for_thirty_days(ledger, late, code):
    digest = propose(ledger)

    assert code_of(ledger, "lanzhou", approval(ledger, digest), at=START + APPROVE + late) == code


def test_a_proposal_that_too_few_approve_goes_away(ledger):
    before = stored(ledger)
    propose(ledger)
    assert stored(ledger) == before + 1_200

    (lapsed,) = ledger.wait(APPROVE + 1)

    nairobi, bukhara = ledger.account("nairobi"), ledger.account("bukhara")
    assert lapsed.events == (RecoveryLapsed(account=nairobi, guardian=bukhara),)
    assert stored(ledger) == before


def test_each_guardian_has_a_proposal_of_its_own_and_a_new_one_replaces_it(ledger):
    first = propose(ledger)
    ledger.must("lanzhou", proposal(ledger, new_keys=(new_key(ledger, "nairobi", 1, other_keys("of lanzhou")),)))
    ledger.must("carrier", approval(ledger, first))
    begun = party(ledger, "nairobi").recovers_at

    ledger.must("nairobi", veto(ledger))
    other = (new_key(ledger, "nairobi", 1, other_keys("third")),)
    second = digest_in(ledger.must("bukhara", proposal(ledger, new_keys=other)))
    third = digest_in(ledger.must("bukhara", proposal(ledger)))

    assert begun == START + VETO
    assert second != third == first
    assert code_of(ledger, "lanzhou", approval(ledger, second)) == Refuse.RECOVERY_DIFFERS
    assert code_of(ledger, "lanzhou", approval(ledger, third)) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda ledger: key(ledger, "nairobi", 1, other_keys("third")),
        lambda ledger: guardians(ledger, "bukhara", "lanzhou", needed=2),
        lambda _ledger: SetGuardians(guardians=(), needed=0),
    ],
    ids=["keys", "guardians", "no guardians"],
)
@pytest.mark.parametrize("prepare", [propose, begin], ids=["proposed", "begun"])
def test_proposals_fall_when_keys_or_guardians_change_otherwise(ledger, prepare, change):
    before = stored(ledger)
    prepare(ledger)

    ledger.must("nairobi", change(ledger))

    there = RECOVERIES.find(ledger.state, recovery_key(ledger.account("nairobi"), ledger.account("bukhara")))
    assert there is None
    assert party(ledger, "nairobi").recovers_at is None
    assert ledger.wait(2 * APPROVE) == []
    assert stored(ledger) == before


def test_other_proposals_fall_with_the_recovery_that_took_place(ledger):
    digest = propose(ledger)
    ledger.must("lanzhou", proposal(ledger, new_keys=(new_key(ledger, "nairobi", 1, other_keys("of lanzhou")),)))
    ledger.must("carrier", approval(ledger, digest))

    exits = ledger.wait(VETO + 1)

    assert len(exits) == 1
    assert ledger.wait(2 * APPROVE) == []


# ------------------------------------------------------------------------------------------------------------- mandates


def test_a_recovery_makes_mandates_void_that_the_lost_keys_granted(ledger):
    name = grant(ledger)
    begin(ledger)
    usable = code_of(ledger, "lanzhou", pay(ledger, mandate=name), at=START + VETO)
    due = code_of(ledger, "lanzhou", pay(ledger, mandate=name), at=START + VETO + 1)

    void = code_of(ledger, "lanzhou", pay(ledger, mandate=name))

    assert (usable, due, void) == (0, Kernel.MANDATE_VOID, Kernel.MANDATE_VOID)
    ledger.use_key("nairobi", NEW, 1)
    assert code_of(ledger, "nairobi", mandate(ledger)) == Refuse.MANDATE_EXISTS


def test_a_recovery_takes_the_limits_away_that_the_lost_keys_set(ledger):
    asset = asset_key(ledger.asset())
    ledger.must("nairobi", SetHighValueLimits(limits=(HighValueLimit(asset, 100),)))
    begin(ledger)
    before = party(ledger, "nairobi").high_value

    ledger.wait(VETO + 1)

    assert (before, party(ledger, "nairobi").high_value) == ((HighValueLimit(asset, 100),), ())
    ledger.use_key("nairobi", NEW, 1)
    assert code_of(ledger, "nairobi", SetHighValueLimits(limits=(HighValueLimit(asset, 100),))) == 0


def test_a_recovery_makes_one_time_codes_worthless_until_the_mandate_is_granted_anew(ledger):
    name = grant(ledger, consent_needed=True)
    ledger.must("nairobi", RenewConsents(reference="agent", end=consent_end(ledger, b"0123456789")))
    begin(ledger)
    ledger.wait(VETO + 1)
    code = consent(ledger, b"0123456789")

    assert code_of(ledger, "lanzhou", code) == Kernel.MANDATE_VOID
    ledger.use_key("nairobi", NEW, 1)
    ledger.must("nairobi", RevokeMandate(reference="agent"))
    ledger.must("nairobi", mandate(ledger, consent_needed=True))
    assert code_of(ledger, "lanzhou", code) == Refuse.NO_CONSENTS
    ledger.must("nairobi", RenewConsents(reference="agent", end=consent_end(ledger, b"9876543210")))
    assert code_of(ledger, "lanzhou", consent(ledger, b"9876543210"), pay(ledger, mandate=name)) == 0


def test_the_windows_are_the_network_s_own():
    ledger = Ledger(identity={**identity_of(), "recovery": {"approve": 20, "veto": 5}})
    begin(ledger)
    assert party(ledger, "nairobi").recovers_at == START + 5

    assert len(ledger.wait(6)) == 1


def identity_of():
    """The parties of a test ledger."""
    found = msgspec.to_builtins(Ledger().genesis.identity)
    return {name: found[name] for name in ("parties", "registrars")}
