"""What is always true of registrars, attestations, handles and appeals: each breach is noticed."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.refusal import Broken
from sogdia.modules.identity.handles import ClaimHandle
from sogdia.modules.identity.registry_records import (
    APPEALS,
    ATTESTATIONS,
    HANDLE_OWNERS,
    HANDLES,
    REGISTRARS,
    TAGS,
    HandleOwner,
)
from tests.modules.identity.town import NOBODY, attestation_name, attested, party, suspended
from tests.refused import poke


@pytest.fixture
def busy(ledger):
    """A ledger with an attestation, an appeal and a handle."""
    attested(ledger)
    suspended(ledger, appealed=True)
    ledger.must("bukhara", ClaimHandle(handle="silk-road"))
    return ledger


def changed(ledger, table, key, **changes: object):
    """Change a record past all rules."""
    poke(ledger, table, key, structs.replace(table.must(ledger.state, key), **changes))


def another_tag_holder(ledger):
    changed(ledger, TAGS, tag_key_of(ledger), subject=ledger.account("nairobi"))


def tag_key_of(ledger):
    """The key of the tag of Bukhara's attestation."""
    return ledger.account("registrar"), ATTESTATIONS.must(ledger.state, attestation_name(ledger)).tag


def stray_attestation(ledger):
    known = ATTESTATIONS.must(ledger.state, attestation_name(ledger))
    poke(ledger, ATTESTATIONS, ledger.account("nairobi") + b"lei-1", known)


BREACHES = {
    "the role or the admission alone": lambda ledger: poke(ledger, REGISTRARS, ledger.account("customs"), None),
    "a registrar is no party": lambda ledger: poke(
        ledger, REGISTRARS, NOBODY, REGISTRARS.must(ledger.state, ledger.account("customs"))
    ),
    "entered more parties": lambda ledger: changed(ledger, REGISTRARS, ledger.account("customs"), parties_used=3),
    "attested more": lambda ledger: changed(ledger, REGISTRARS, ledger.account("customs"), attestations_used=3),
    "an attestation has no registrar": stray_attestation,
    "an attestation has no subject": lambda ledger: changed(
        ledger, ATTESTATIONS, attestation_name(ledger), subject=NOBODY
    ),
    "a registrar attests itself": lambda ledger: changed(
        ledger, ATTESTATIONS, attestation_name(ledger), subject=ledger.account("registrar")
    ),
    "missing in the calendar": lambda ledger: changed(ledger, ATTESTATIONS, attestation_name(ledger), accepted=False),
    "a tag stands for two parties": another_tag_holder,
    "a tag counts other": lambda ledger: changed(ledger, TAGS, tag_key_of(ledger), attestations=2),
    "does not look like its skeleton": lambda ledger: changed(ledger, HANDLES, b"silkroacl", handle="silk-rood"),
    "a handle's owner does not know it": lambda ledger: poke(ledger, HANDLE_OWNERS, ledger.account("bukhara"), None),
    "belongs to somebody else": lambda ledger: poke(
        ledger, HANDLE_OWNERS, ledger.account("nairobi"), HandleOwner(skeleton=b"silkroacl")
    ),
    "an appeal is about no suspension": lambda ledger: poke(
        ledger,
        PARTIES,
        ledger.account("samarkand"),
        structs.replace(party(ledger, "samarkand"), suspended=False),
    ),
}


def test_a_busy_ledger_passes(busy):
    busy.machine.check_invariants(busy.state)


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_noticed(busy, breach):
    BREACHES[breach](busy)

    with pytest.raises(Broken, match=breach):
        busy.machine.check_invariants(busy.state)


def test_an_appeal_that_the_calendar_has_lost_is_noticed(busy):
    changed(busy, APPEALS, busy.account("samarkand"), deadline=busy.time + 1)

    with pytest.raises(Broken, match="missing in the calendar"):
        busy.machine.check_invariants(busy.state)
