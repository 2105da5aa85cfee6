"""Every rule of governance, broken once: nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from sogdia.kernel.comet import address_of
from sogdia.kernel.members import NODE_KEYS, NodeKeyOwner
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import name_of
from sogdia.modules.governance.effects import EFFECTS
from sogdia.modules.governance.module import MODULE
from sogdia.modules.governance.proposing import (
    ProposeAdmission,
    ProposeCancellation,
    ProposeDismissal,
    ProposeLimits,
    ProposePower,
    ProposeQuota,
    ProposeRegistrar,
    ProposeRelease,
    ProposeRemoval,
    ProposeUpgrade,
    Proposing,
)
from sogdia.modules.governance.records import AGENDA, PROPOSALS_MAX, Agenda
from sogdia.modules.governance.refusals import GovernanceRefusal as Refuse
from sogdia.modules.governance.voting import CastBallot, WithdrawProposal
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Identity
from tests.modules.governance import council as town
from tests.modules.governance.council import admission, ballot, council, jail, node_keys, pass_it, power
from tests.refused import Row, assert_refused, poke, rules_in, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.operation import Operation
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.testing.ledger import Ledger

FAR = 10**12
NOBODY = bytes(20)
WEAK_KEY = bytes(32)


def ask(operation: Any, name="nairobi", **changes: Any) -> Callable[[Ledger], Any]:  # noqa: ANN401 - any field
    """A proposal about somebody who is nothing, for a height that is much too far, unless something else is said."""

    def made(ledger: Ledger) -> Proposing:
        fields: dict[str, Any] = {"reference": "p1", "height": FAR}
        if "account" in operation.__struct_fields__:
            fields["account"] = ledger.account(name)
        proposed: Proposing = operation(**(fields | FIELDS.get(operation, {}) | changes))
        return proposed

    return made


FIELDS: dict[Any, dict[str, Any]] = {
    ProposePower: {"power": 10},
    ProposeLimits: {"validity_max": 30 * town.DAY},
    ProposeQuota: {"operations": 1, "bytes": 1, "reserved_operations": 1, "stored_bytes": 0},
    ProposeRegistrar: {"countries": ("UZ",), "parties": 1, "attestations": 1, "period": 60},
    ProposeUpgrade: {"version": 1},
    ProposeCancellation: {"proposal": NOBODY + b"p1"},
}


def joining(name="carrier", **changes: Any):  # noqa: ANN401 - any field
    """A proposal that somebody joins."""
    return lambda ledger: admission(ledger, name, **({"height": FAR} | changes))


# What a row needs beforehand


def has_a_proposal(ledger):
    ledger.must("almaty", power(ledger, to=99))


def has_four(ledger):
    for number in range(4):
        ledger.must("almaty", power(ledger, reference=f"q{number}", to=50 + number))


def has_passed(ledger):
    pass_it(ledger, power(ledger, to=99, height=100))


def upgrade_waits(ledger):
    pass_it(ledger, ProposeUpgrade(reference="up", height=100, version=3))


def agenda_is_full(ledger):
    ledger.check_invariants = False
    names = tuple(name_of(number.to_bytes(20, "big"), "p") for number in range(PROPOSALS_MAX))
    poke(ledger, AGENDA, None, Agenda(open=names[:200], waiting=names[200:]))


def is_jailed(ledger):
    jail(ledger, "almaty")


def storage_is_full(ledger):
    almaty = ledger.account("almaty")
    known = QUOTAS.must(ledger.state, almaty)
    poke(ledger, QUOTAS, almaty, structs.replace(known, stored_bytes_max=known.stored_bytes + 3_999))


def suspend_osh(ledger):
    ledger.register("osh", by="almaty")
    ledger.must("almaty", SuspendParty(account=ledger.account("osh"), reason="Papers missing"))


def key_is_used(ledger):
    public = node_keys("carrier").public
    poke(ledger, NODE_KEYS, address_of(public), NodeKeyOwner(account=ledger.account("nairobi")))


def others_are_jailed(ledger):
    jail(ledger, "bishkek", "dushanbe", "tashkent")


# The rules that every proposal passes, and those of each action


def common(asked, fits, *, who="almaty"):
    """Rows for the rules before an action's own, and for the storage after them; `fits` makes one that is all right."""
    return (
        Row(Refuse.SENDER_NOT_MEMBER, "nairobi" if who == "almaty" else ("nairobi", *who[1:]), asked),
        Row(Refuse.SENDER_JAILED, who, asked, is_jailed),
        Row(Refuse.PROPOSAL_EXISTS, who, asked, has_a_proposal),
        Row(Refuse.PROPOSALS_TOO_MANY, who, asked, has_four),
        Row(Refuse.AGENDA_FULL, who, asked, agenda_is_full),
        Row(Refuse.HEIGHT_TOO_FAR, who, asked),
    ), Row(Kernel.QUOTA_STORAGE_SPENT, who, fits, storage_is_full)


def rows(asked, fits, *own: Row, before=(), who="almaty") -> list[Row]:
    """All rows of an operation, in the order in which its rules are tried."""
    first, last = common(asked, fits, who=who)
    return [*before, *first, *own, last]


def own(rule, operation, name="nairobi", before=None, note="", **changes: Any):  # noqa: ANN401 - any field
    """A row for a rule of an action."""
    return Row(rule, "almaty", ask(operation, name, height=0, **changes), before, note=note)


def door(rule, operation, note="", **changes: Any):  # noqa: ANN401 - any field
    """A row for a rule about the fields alone."""
    return Row(rule, "nairobi", ask(operation, **changes), at_the_door=True, note=note)


WITH_CARRIER = ("almaty", "carrier")

TABLES: dict[type[Operation], list[Row]] = {
    ProposeAdmission: rows(
        joining(),
        joining(height=0),
        Row(Refuse.ALREADY_MEMBER, ("almaty", "tashkent"), joining("tashkent", height=0)),
        Row(Refuse.NODE_KEY_USED, WITH_CARRIER, joining(height=0), key_is_used),
        before=(
            Row(Identity.KEY_WEAK, "nairobi", joining(public=WEAK_KEY), at_the_door=True),
            Row(Refuse.CANDIDATE_HAS_NOT_SIGNED, "nairobi", joining(possession=bytes(64))),
            Row(Refuse.KEY_NOT_PROVEN, ("nairobi", "carrier"), joining(possession=bytes(64)), note="by-nobody"),
            Row(
                Refuse.KEY_NOT_PROVEN,
                ("nairobi", "platform", "carrier"),
                lambda ledger: admission(
                    ledger, "carrier", height=FAR, possession=admission(ledger, "platform").possession
                ),
                note="for-another",
            ),
        ),
        who=WITH_CARRIER,
    ),
    ProposeRemoval: rows(
        ask(ProposeRemoval),
        ask(ProposeRemoval, "tashkent", height=0),
        own(Refuse.NOT_A_MEMBER, ProposeRemoval),
        own(Refuse.NO_POWER_LEFT, ProposeRemoval, "almaty", others_are_jailed),
    ),
    ProposePower: rows(
        ask(ProposePower),
        ask(ProposePower, "tashkent", height=0, power=11),
        own(Refuse.NOT_A_MEMBER, ProposePower),
        own(Refuse.NOTHING_CHANGES, ProposePower, "tashkent"),
    ),
    ProposeRelease: rows(
        ask(ProposeRelease),
        ask(ProposeRelease, "tashkent", height=0),
        own(Refuse.NOT_A_MEMBER, ProposeRelease),
        own(Refuse.NOT_JAILED, ProposeRelease, "tashkent"),
    ),
    ProposeLimits: rows(
        ask(ProposeLimits),
        ask(ProposeLimits, height=0, validity_max=town.DAY),
        own(Refuse.NOTHING_CHANGES, ProposeLimits, note="so-already"),
        own(Refuse.LIMITS_OUT_OF_ORDER, ProposeLimits, envelope_bytes_max=2**20, block_bytes_max=2**19),
        before=(
            door(Refuse.NOTHING_CHANGES, ProposeLimits, "none-named", validity_max=None),
            door(Refuse.LIMIT_OUT_OF_BOUNDS, ProposeLimits, validity_max=1),
        ),
    ),
    ProposeQuota: rows(
        ask(ProposeQuota, "osh"),
        ask(ProposeQuota, "bank", height=0),
        own(Identity.PARTY_UNKNOWN, ProposeQuota, account=NOBODY),
        own(Identity.PARTY_SUSPENDED, ProposeQuota, "osh", suspend_osh),
        Row(
            Refuse.NOTHING_CHANGES,
            "almaty",
            ask(
                ProposeQuota,
                "bishkek",
                height=0,
                operations=100_000,
                bytes=100_000_000,
                reserved_operations=10_000,
                stored_bytes=1_000_000_000,
            ),
        ),
        own(Refuse.STORAGE_IN_USE, ProposeQuota, "bishkek"),
    ),
    ProposeRegistrar: rows(
        ask(ProposeRegistrar, "osh"),
        ask(ProposeRegistrar, height=0),
        own(Identity.PARTY_UNKNOWN, ProposeRegistrar, account=NOBODY),
        own(Identity.PARTY_SUSPENDED, ProposeRegistrar, "osh", suspend_osh),
        own(
            Refuse.NOTHING_CHANGES,
            ProposeRegistrar,
            "almaty",
            countries=None,
            parties=100_000,
            attestations=100_000,
            period=town.DAY,
        ),
        before=(
            door(Refuse.COUNTRIES_NOT_IN_ORDER, ProposeRegistrar, "out-of-order", countries=("UZ", "QQ")),
            door(Refuse.COUNTRIES_NOT_IN_ORDER, ProposeRegistrar, "twice", countries=("QQ", "QQ")),
            door(Identity.COUNTRY_UNKNOWN, ProposeRegistrar, countries=("KE", "QQ")),
        ),
    ),
    ProposeDismissal: rows(
        ask(ProposeDismissal),
        ask(ProposeDismissal, "almaty", height=0),
        own(Refuse.NOT_A_REGISTRAR, ProposeDismissal),
        own(Refuse.NOT_A_REGISTRAR, ProposeDismissal, account=NOBODY, note="unknown"),
    ),
    ProposeUpgrade: rows(
        ask(ProposeUpgrade),
        ask(ProposeUpgrade, height=0, version=2),
        own(Refuse.VERSION_NOT_LATER, ProposeUpgrade, before=upgrade_waits),
        own(Refuse.UPGRADE_WAITS, ProposeUpgrade, before=upgrade_waits, version=2),
    ),
    ProposeCancellation: rows(
        ask(ProposeCancellation),
        lambda ledger: ProposeCancellation(
            reference="stop", height=0, proposal=name_of(ledger.account("almaty"), "p1")
        ),
        own(Refuse.PROPOSAL_NOT_WAITING, ProposeCancellation, note="unknown"),
        Row(
            Refuse.PROPOSAL_NOT_WAITING,
            "bishkek",
            lambda ledger: ProposeCancellation(
                reference="stop", height=0, proposal=name_of(ledger.account("almaty"), "p1")
            ),
            has_a_proposal,
            note="still-open",
        ),
    ),
    CastBallot: [
        Row(Refuse.SENDER_NOT_MEMBER, "nairobi", lambda ledger: ballot(ledger, "none")),
        Row(Refuse.SENDER_JAILED, "almaty", lambda ledger: ballot(ledger, "none"), is_jailed),
        Row(Refuse.PROPOSAL_UNKNOWN, "bishkek", lambda ledger: ballot(ledger, "none"), has_passed),
        Row(Refuse.PROPOSAL_DECIDED, "bishkek", ballot, has_passed),
        Row(Refuse.VOTE_UNCHANGED, "almaty", ballot, has_a_proposal),
    ],
    WithdrawProposal: [
        Row(Refuse.PROPOSAL_UNKNOWN, "bishkek", lambda _ledger: WithdrawProposal(reference="p1"), has_a_proposal),
        Row(Refuse.PROPOSAL_DECIDED, "almaty", lambda _ledger: WithdrawProposal(reference="p1"), has_passed),
    ],
}

BEFOREHAND: dict[type[Operation], Callable[[Ledger], Any]] = {
    ProposeRelease: lambda ledger: jail(ledger, "tashkent"),
    ProposeCancellation: has_passed,
}
"""What has to be so for a proposal to fit, so that only the storage is missing."""

NEVER: dict[tuple[type[Operation], RefusalCode], str] = {
    (ProposeAdmission, Identity.PARTY_UNKNOWN): "somebody unknown cannot have signed",
    (ProposeAdmission, Identity.PARTY_SUSPENDED): "its signature is not taken; one suspended later: `test_members.py`",
    (ProposeAdmission, Refuse.MEMBERS_FULL): "both sides of it stand in `test_members.py`, with 64 members",
    **{
        (operation, Kernel.SPONSOR_HAS_NO_QUOTA): "the sponsor has paid for the envelope already"
        for operation in TABLES
        if issubclass(operation, Proposing)
    },
}

ACTIONS: dict[Any, Any] = dict(zip((each for each in TABLES if issubclass(each, Proposing)), EFFECTS, strict=True))
"""Which action each operation proposes; both are declared in one order."""


@table(TABLES)
def test_a_rule_refuses_and_nothing_changes(operation, row):
    ledger = council()
    if row.rule is Kernel.QUOTA_STORAGE_SPENT and operation in BEFOREHAND:
        BEFOREHAND[operation](ledger)
    assert_refused(ledger, row)


def written_rules(operation):
    """The rules of an operation as they stand in the source, those of its action where they are asked."""
    if not issubclass(operation, Proposing):
        return rules_in(operation.check, operation.apply)
    own_rules = rules_in(EFFECTS[ACTIONS[operation]].require_fitting)
    before = rules_in(operation.check)
    if operation.apply is not Proposing.apply:
        before += rules_in(operation.apply)
    shared = rules_in(Proposing.apply)
    at = shared.index(Refuse.HEIGHT_TOO_FAR) + 1
    return list(dict.fromkeys([*before, *shared[:at], *own_rules, *shared[at:]]))


@pytest.mark.parametrize("operation", MODULE.operations, ids=lambda operation: operation.__name__)
def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried(operation):
    rows_of = list(dict.fromkeys(row.rule for row in TABLES[operation]))

    assert rows_of == [rule for rule in written_rules(operation) if (operation, rule) not in NEVER]


def test_every_number_of_governance_stands_in_a_table():
    named = {row.rule for tables in TABLES.values() for row in tables} | {rule for _operation, rule in NEVER}

    assert named >= set(Refuse)


def test_the_action_of_every_proposal_has_an_effect():
    ledger = council()
    for operation, action in ACTIONS.items():
        made = joining()(ledger) if operation is ProposeAdmission else ask(operation)(ledger)
        assert type(made.action()) is action
