"""Attestations from offer to end: who agrees, until when, and what one firm cannot do twice."""

from __future__ import annotations

import pytest

from sogdia.kernel.calendar import earliest
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.attestations import (
    ATTESTATION_BYTES,
    VALIDITY_MAX,
    AcceptAttestation,
    WithdrawAttestation,
)
from sogdia.modules.identity.events import (
    AttestationAccepted,
    AttestationExpired,
    AttestationLapsed,
    AttestationOffered,
    AttestationWithdrawn,
)
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_queries import AttestationQuery
from sogdia.modules.identity.registry_records import ATTESTATIONS, TAGS, AssuranceLevel, Attestation, AttestationType
from tests.modules.identity.town import DAY, attestation_name, attested, offer, quota


def found(ledger, reference="lei-1", who="registrar"):
    """An attestation as a stranger can ask for it."""
    return AttestationQuery(name=attestation_name(ledger, reference, who)).answer(ledger.state)


def tag_of(ledger, reference="lei-1", who="registrar"):
    """The record of the tag that `offer` gives an attestation."""
    return TAGS.find(ledger.state, (ledger.account(who), offer(ledger, reference).tag))


def test_a_registrar_attests_a_firm_that_agrees_until_the_attestation_expires(ledger):
    offered = offer(ledger)
    receipt = ledger.must("registrar", offered)
    name = attestation_name(ledger)
    bukhara = ledger.account("bukhara")
    assert receipt.events == (
        AttestationOffered(attestation=name, subject=bukhara, attests=1, level=3, country="UZ", expiry=offered.expiry),
    )
    assert found(ledger) == Attestation(
        subject=bukhara,
        attests=AttestationType.LEI,
        level=AssuranceLevel.HIGH,
        country="UZ",
        expiry=offered.expiry,
        commitment=offered.commitment,
        tag=offered.tag,
        accept_by=offered.accept_by,
        accepted=False,
        sponsor=ledger.account("registrar"),
    )

    receipt = ledger.must("bukhara", AcceptAttestation(attestation=name))
    assert receipt.events == (AttestationAccepted(attestation=name, subject=bukhara),)
    assert found(ledger).accepted

    ledger.block(at=offered.expiry)
    assert found(ledger) is not None
    ledger.block(at=offered.expiry + 1)

    assert [each.events for each in ledger.exit_receipts()] == [
        (AttestationExpired(attestation=name, subject=bukhara),)
    ]
    assert found(ledger) is None
    assert tag_of(ledger) is None
    assert earliest(ledger.state) is None


def test_an_offer_that_is_not_accepted_in_time_lapses(ledger):
    offered = offer(ledger)
    ledger.must("registrar", offered)

    ledger.block(at=offered.accept_by)
    assert found(ledger) is not None
    ledger.block(at=offered.accept_by + 1)

    lapsed = AttestationLapsed(attestation=attestation_name(ledger), subject=ledger.account("bukhara"))
    assert [each.events for each in ledger.exit_receipts()] == [(lapsed,)]
    assert found(ledger) is None


@pytest.mark.parametrize(("late", "code"), [(0, 0), (1, Refuse.ATTESTATION_UNKNOWN)])
def test_an_offer_can_be_accepted_until_its_last_second(ledger, late, code):
    offered = offer(ledger)
    ledger.must("registrar", offered)

    receipt = ledger.send(
        "bukhara", AcceptAttestation(attestation=attestation_name(ledger)), at=offered.accept_by + late
    )

    assert receipt.code == code


@pytest.mark.parametrize("who", ["registrar", "bukhara"])
@pytest.mark.parametrize("accepted", [False, True], ids=["offered", "accepted"])
def test_either_side_ends_it_and_the_storage_is_given_back(ledger, who, accepted):
    before = quota(ledger, "registrar").stored_bytes
    ledger.must("registrar", offer(ledger))
    name = attestation_name(ledger)
    if accepted:
        ledger.must("bukhara", AcceptAttestation(attestation=name))
    assert quota(ledger, "registrar").stored_bytes == before + ATTESTATION_BYTES

    receipt = ledger.must(who, WithdrawAttestation(attestation=name))

    bukhara = ledger.account("bukhara")
    assert receipt.events == (AttestationWithdrawn(attestation=name, subject=bukhara, by=ledger.account(who)),)
    assert found(ledger) is None
    assert tag_of(ledger) is None
    assert quota(ledger, "registrar").stored_bytes == before
    assert earliest(ledger.state) is None


def test_a_suspended_party_cannot_accept_but_can_withdraw(ledger):
    ledger.register("kashgar", country="CN")
    name = attestation_name(ledger)
    ledger.must("registrar", offer(ledger, subject=ledger.account("kashgar"), attests=int(AttestationType.AEO)))
    ledger.must("registrar", SuspendParty(account=ledger.account("kashgar"), reason="Papers missing"))

    accepting = ledger.block(ledger.sign("kashgar", AcceptAttestation(attestation=name)))[0]
    withdrawing = ledger.send("kashgar", WithdrawAttestation(attestation=name))

    assert accepting.code == Kernel.SIGNER_SUSPENDED
    assert withdrawing.code == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (lambda now: {"accept_by": now}, 0),
        (lambda now: {"accept_by": now - 1}, Refuse.OFFER_OVER),
        (lambda now: {"expiry": now + VALIDITY_MAX}, 0),
        (lambda now: {"expiry": now + VALIDITY_MAX + 1}, Refuse.EXPIRY_TOO_FAR),
        (lambda now: {"accept_by": now + 60, "expiry": now + 60}, 0),
        (lambda now: {"accept_by": now + 60, "expiry": now + 59}, Refuse.OFFER_OUTLASTS_EXPIRY),
        (lambda _now: {"attests": 8}, 0),
        (lambda _now: {"attests": 9}, Kernel.ENVELOPE_MALFORMED),
        (lambda _now: {"attests": 0}, Kernel.ENVELOPE_MALFORMED),
        (lambda _now: {"level": 0}, Kernel.ENVELOPE_MALFORMED),
        (lambda _now: {"level": 4}, Kernel.ENVELOPE_MALFORMED),
        (lambda _now: {"commitment": bytes(31)}, Kernel.ENVELOPE_MALFORMED),
        (lambda _now: {"tag": bytes(33)}, Kernel.ENVELOPE_MALFORMED),
    ],
)
def test_the_bounds_of_an_offer(ledger, changes, code):
    answer = ledger.block(ledger.sign("registrar", offer(ledger, **changes(ledger.time))))[0]

    assert answer.code == code


def test_a_firm_is_one_party_however_often_it_is_attested(ledger):
    first = attested(ledger)
    tag = offer(ledger).tag
    renewed = ledger.send("registrar", offer(ledger, "lei-2", tag=tag))
    elsewhere = ledger.send("registrar", offer(ledger, "lei-3", tag=tag, subject=ledger.account("lanzhou")))
    assert (renewed.code, elsewhere.code) == (0, Refuse.ALREADY_ATTESTED)
    assert TAGS.must(ledger.state, (ledger.account("registrar"), tag)).attestations == 2

    ledger.must("bukhara", WithdrawAttestation(attestation=first))
    still = ledger.send("registrar", offer(ledger, "lei-3", tag=tag, subject=ledger.account("lanzhou")))
    ledger.must("bukhara", WithdrawAttestation(attestation=attestation_name(ledger, "lei-2")))
    free = ledger.send("registrar", offer(ledger, "lei-3", tag=tag, subject=ledger.account("lanzhou")))

    assert (still.code, free.code) == (Refuse.ALREADY_ATTESTED, 0)


def test_a_tag_is_one_registrar_s_own(ledger):
    attested(ledger)

    receipt = ledger.send("customs", offer(ledger, subject=ledger.account("nairobi")))

    assert receipt.code == 0


def test_an_attestation_in_its_last_second_is_found_by_an_operation_and_gone_after_it(ledger):
    name = attested(ledger, expiry=ledger.time + 2 * DAY)
    ledger.time = ATTESTATIONS.must(ledger.state, name).expiry

    at_the_end = ledger.send("nairobi", WithdrawAttestation(attestation=name))
    after = ledger.send("bukhara", WithdrawAttestation(attestation=name), at=ledger.time + 1)

    assert at_the_end.code == Refuse.SENDER_NOT_OF_ATTESTATION
    assert after.code == Refuse.ATTESTATION_UNKNOWN
