"""What members decide about the network: limits, quotas, registrars, upgrades, and taking a decision back."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sogdia.kernel import heights
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.machine import Block
from sogdia.kernel.parameters import BOUNDS, PARAMETERS, Limits, Parameters
from sogdia.kernel.protocol import Protocol, UpgradeNeededError, protocol_of
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import account_of, name_of
from sogdia.modules.governance import Ending
from sogdia.modules.governance.events import (
    LimitsChanged,
    LimitSet,
    QuotaSet,
    RegistrarAdmitted,
    RegistrarDismissed,
    UpgradeScheduled,
)
from sogdia.modules.governance.proposing import (
    ProposeCancellation,
    ProposeDismissal,
    ProposeLimits,
    ProposeQuota,
    ProposeRegistrar,
    ProposeUpgrade,
)
from sogdia.modules.governance.refusals import GovernanceRefusal as Refuse
from sogdia.modules.identity import Registrar, Role
from sogdia.modules.identity.appeals import AppealSuspension
from sogdia.modules.identity.attestations import AcceptAttestation
from sogdia.modules.identity.parties import RegisterParty, ReinstateParty, SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal
from sogdia.modules.identity.registry_records import REGISTRARS
from sogdia.testing.ledger import keys_of
from tests.modules.governance.council import DAY, ballot, carry_through, council, member, pass_it, power
from tests.modules.identity.town import offer
from tests.refused import poke


@pytest.fixture
def ledger():
    """Four organisations of 10 each."""
    return council()


# --------------------------------------------------------------------------------------------------------------- limits


def limits(**named: Any):  # noqa: ANN401 - any limit
    """A proposal of other limits."""
    return ProposeLimits(reference="p1", height=0, **named)


def test_limits_that_are_named_change_with_the_next_block_and_the_others_stay(ledger):
    receipt = carry_through(ledger, limits(validity_max=2 * DAY, block_envelopes_max=900))

    expected = (LimitSet("block_envelopes_max", 900), LimitSet("validity_max", 2 * DAY))
    assert receipt.events[0] == LimitsChanged(limits=expected)
    assert PARAMETERS.must(ledger.state, None).limits == Limits(validity_max=2 * DAY, block_envelopes_max=900)
    too_long = ledger.sign("nairobi", power(ledger), expiry=ledger.time + 2 * DAY + 1)
    assert ledger.block(too_long)[0].code == KernelRefusal.VALIDITY_TOO_LONG


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(("end", "step"), [(0, -1), (1, 1)])
def test_every_limit_has_bounds_within_which_it_can_be_set(ledger, name, end, step):
    bound = BOUNDS[name][end]
    named = {"block_bytes_max": 2**22} if name == "envelope_bytes_max" else {}

    inside = ledger.send("almaty", limits(**(named | {name: bound})))
    outside = ledger.block(ledger.sign("almaty", limits(**{name: bound + step})))[0]

    assert (inside.code, outside.code) == (0, Refuse.LIMIT_OUT_OF_BOUNDS)
    assert dict(outside.facts) == {
        "limit": name,
        "value": bound + step,
        "least": BOUNDS[name][0],
        "most": BOUNDS[name][1],
    }


@pytest.mark.parametrize(("block", "code"), [(2**20, 0), (2**20 - 1, Refuse.LIMITS_OUT_OF_ORDER)])
def test_a_block_holds_at_least_one_envelope(ledger, block, code):
    assert ledger.send("almaty", limits(envelope_bytes_max=2**20, block_bytes_max=block)).code == code


def test_an_envelope_opened_under_larger_limits_is_kept_out_once_they_are_smaller(ledger):
    signed = ledger.sign("almaty", power(ledger))
    opened = ledger.machine.envelopes.open(signed.raw, Limits())
    small = structs.replace(Limits(), envelope_bytes_max=len(signed.raw) - 1)
    poke(ledger, PARAMETERS, None, Parameters(limits=small))
    block = Block(ledger.machine, ledger.base, ledger.base, height=ledger.height + 1, time=ledger.time)

    with pytest.raises(Refused) as refused:
        block.include(opened)

    assert refused.value.code == KernelRefusal.ENVELOPE_TOO_LARGE


# --------------------------------------------------------------------------------------------------------------- quotas


def quota(ledger, name="bishkek", **changes: Any):  # noqa: ANN401 - any field
    """A proposal of a quota."""
    fields: dict[str, Any] = {"operations": 10, "bytes": 10_000_000, "reserved_operations": 5, "stored_bytes": 9_000}
    return ProposeQuota(reference="p1", height=0, account=ledger.account(name), **(fields | changes))


def test_a_sponsor_s_quota_is_set_and_what_it_has_used_stays_used(ledger):
    ledger.must("bishkek", power(ledger, to=20))
    before = QUOTAS.must(ledger.state, ledger.account("bishkek"))

    receipt = carry_through(ledger, quota(ledger, operations=1))

    after = QUOTAS.must(ledger.state, ledger.account("bishkek"))
    assert isinstance(receipt.events[0], QuotaSet)
    assert (after.operations_max, after.bytes_max) == (1, 10_000_000)
    assert (after.reserved_operations_max, after.stored_bytes_max) == (5, 9_000)
    assert before.operations_used == 1
    assert after.operations_used == 1, "its vote is used, too, but no more than is allowed counts"
    assert after.stored_bytes == before.stored_bytes
    refused = ledger.block(ledger.sign("bishkek", power(ledger, reference="p2")))[0]
    assert refused.code == KernelRefusal.QUOTA_OPERATIONS_SPENT


def test_another_party_becomes_a_sponsor(ledger):
    carry_through(ledger, quota(ledger, "bank"))

    found = QUOTAS.must(ledger.state, ledger.account("bank"))
    assert (found.operations_max, found.operations_used, found.stored_bytes) == (10, 0, 0)


@pytest.mark.parametrize(("less", "code"), [(0, 0), (1, Refuse.STORAGE_IN_USE)])
def test_no_less_storage_is_allowed_than_is_taken(ledger, less, code):
    stored = QUOTAS.must(ledger.state, ledger.account("bishkek")).stored_bytes

    assert ledger.send("almaty", quota(ledger, stored_bytes=stored - less)).code == code


# ----------------------------------------------------------------------------------------------------------- registrars


def registrar(ledger, name="carrier", **changes: Any):  # noqa: ANN401 - any field
    """A proposal to admit a registrar of Kenya and Uzbekistan."""
    fields: dict[str, Any] = {"countries": ("KE", "UZ"), "parties": 2, "attestations": 2, "period": DAY}
    return ProposeRegistrar(reference="p1", height=0, account=ledger.account(name), **(fields | changes))


def entry(ledger, reference, country="UZ"):
    """A request to enter a party."""
    return RegisterParty(
        reference=reference,
        kind=2,
        country=country,
        roles=0,
        sponsor=ledger.account("almaty"),
        scheme=1,
        public=keys_of(reference).public,
    )


def enter(ledger, who, reference, country="UZ"):
    """Let somebody enter a party; the answer's number."""
    return ledger.send((who, "almaty"), entry(ledger, reference, country)).code


def test_a_registrar_is_admitted_for_countries_with_a_quota(ledger):
    assert enter(ledger, "carrier", "samarkand") == IdentityRefusal.SENDER_NOT_REGISTRAR

    receipt = carry_through(ledger, registrar(ledger))

    assert isinstance(receipt.events[0], RegistrarAdmitted)
    assert PARTIES.must(ledger.state, ledger.account("carrier")).roles & Role.REGISTRAR
    assert enter(ledger, "carrier", "samarkand") == 0
    assert enter(ledger, "carrier", "osh", "KG") == IdentityRefusal.COUNTRY_NOT_OF_REGISTRAR
    assert enter(ledger, "carrier", "mombasa", "KE") == 0
    assert enter(ledger, "carrier", "kisumu", "KE") == IdentityRefusal.REGISTRAR_PARTIES_SPENT


def test_a_registrar_gets_other_countries_and_what_it_has_used_stays_used(ledger):
    carry_through(ledger, registrar(ledger))
    enter(ledger, "carrier", "samarkand")

    carry_through(ledger, registrar(ledger, countries=None, parties=2, attestations=0))

    assert enter(ledger, "carrier", "osh", "KG") == 0
    assert enter(ledger, "carrier", "kisumu", "KE") == IdentityRefusal.REGISTRAR_PARTIES_SPENT


def test_a_registrar_s_admission_is_taken_back(ledger):
    carry_through(ledger, registrar(ledger))
    enter(ledger, "carrier", "samarkand")
    samarkand = let_sign(ledger, "samarkand")
    ledger.must("carrier", offer(ledger, country="UZ"))
    offered = name_of(ledger.account("carrier"), "lei-1")
    ledger.must("bukhara", AcceptAttestation(attestation=offered))
    ledger.must("carrier", SuspendParty(account=samarkand, reason="Papers missing"))

    receipt = carry_through(ledger, ProposeDismissal(reference="p1", height=0, account=ledger.account("carrier")))

    assert receipt.events[0] == RegistrarDismissed(account=ledger.account("carrier"))
    assert REGISTRARS.must(ledger.state, ledger.account("carrier")) == Registrar(
        countries=(), parties_max=0, attestations_max=0, period=DAY
    )
    assert PARTIES.must(ledger.state, ledger.account("carrier")).roles == Role.CARRIER
    assert enter(ledger, "carrier", "mombasa", "KE") == IdentityRefusal.SENDER_NOT_REGISTRAR
    ledger.must("samarkand", AppealSuspension())
    ledger.must("carrier", ReinstateParty(account=samarkand))
    again = ledger.send("carrier", SuspendParty(account=samarkand, reason="Papers missing"))
    assert again.code == IdentityRefusal.SENDER_NOT_REGISTRAR


def let_sign(ledger, name):
    """Let a party that the carrier entered sign in tests; give its account."""
    ledger._registered[name] = account_of(ledger.network, ledger.account("carrier"), name)
    return ledger._registered[name]


def test_a_dismissed_registrar_is_admitted_again(ledger):
    carry_through(ledger, registrar(ledger))
    carry_through(ledger, ProposeDismissal(reference="p1", height=0, account=ledger.account("carrier")))

    carry_through(ledger, registrar(ledger))

    assert enter(ledger, "carrier", "samarkand") == 0


# ------------------------------------------------------------------------------------------- upgrades and cancellations


def upgrade(version=2, height=0, reference="p1"):
    """A proposal of an upgrade."""
    return ProposeUpgrade(reference=reference, height=height, version=version)


def test_an_upgrade_is_written_down_when_it_passes_and_a_node_stops_before_it(ledger):
    receipt = pass_it(ledger, upgrade(height=12))

    assert receipt.events[-1] == UpgradeScheduled(version=2, from_height=12)
    assert protocol_of(ledger.state) == Protocol(version=1, next_version=2, next_height=12)
    while ledger.height < 11:
        ledger.block()
    assert protocol_of(ledger.state) == Protocol(version=2)

    with pytest.raises(UpgradeNeededError, match=r"protocol version 2 .* can't execute block 12") as needed:
        ledger.block()

    assert (needed.value.needed, needed.value.height, needed.value.known) == (2, 12, 1)


def test_one_upgrade_waits_at_a_time(ledger):
    ledger.must("bishkek", upgrade(height=60, reference="second"))
    pass_it(ledger, upgrade(height=50))

    proposed = ledger.send("dushanbe", upgrade(height=70))
    ledger.must("almaty", ballot(ledger, "second", by="bishkek"))
    receipt = ledger.must("dushanbe", ballot(ledger, "second", by="bishkek"))

    assert proposed.code == Refuse.UPGRADE_WAITS
    assert (receipt.events[-1].ended, receipt.events[-1].refusal) == (Ending.NO_LONGER_FITS, Refuse.UPGRADE_WAITS)


@pytest.mark.parametrize(("version", "code"), [(1, Refuse.VERSION_NOT_LATER), (2, 0), (9, 0)])
def test_an_upgrade_is_to_a_later_version(ledger, version, code):
    assert ledger.send("almaty", upgrade(version)).code == code


def cancellation(ledger, reference="p1", by="almaty"):
    """A proposal to call off another one."""
    return ProposeCancellation(reference="stop", height=0, proposal=name_of(ledger.account(by), reference))


def test_an_upgrade_that_waits_is_called_off_and_another_can_follow(ledger):
    pass_it(ledger, upgrade(height=50))

    receipt = carry_through(ledger, cancellation(ledger))

    assert [each.ended for each in receipt.events] == [Ending.CANCELLED, Ending.APPLIED]
    assert protocol_of(ledger.state) == Protocol(version=1)
    assert heights.scheduled_at(ledger.state, 50) == ()
    pass_it(ledger, upgrade(version=3, height=60))
    assert protocol_of(ledger.state).next_version == 3


def test_what_is_called_off_at_its_own_height_has_no_effect(ledger):
    pass_it(ledger, ProposeCancellation(reference="x", height=40, proposal=waiting(ledger)), by="bishkek")

    while ledger.height < 39:
        ledger.block()

    # The power change passed first and comes first; its cancellation then finds nothing that waits.
    assert member(ledger, "tashkent").power == 11
    assert ledger.exit_receipts()[-1].events[-1].refusal == Refuse.PROPOSAL_NOT_WAITING


def waiting(ledger):
    """Let a power change wait; give its name."""
    pass_it(ledger, power(ledger, height=40))
    return name_of(ledger.account("almaty"), "p1")
