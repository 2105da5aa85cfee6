"""What is always true of registrars, attestations, handles and appeals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel import calendar
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import owner_of
from sogdia.modules.identity import appeals, attestations
from sogdia.modules.identity.handles import skeleton
from sogdia.modules.identity.records import Role
from sogdia.modules.identity.registry_records import (
    APPEALS,
    ATTESTATIONS,
    HANDLE_OWNERS,
    HANDLES,
    REGISTRARS,
    TAGS,
    tag_key,
)

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def registrars_are_admitted_and_keep_their_quota(state: Reader) -> None:
    """Whoever has the role is admitted for something, and nobody else; what is used stays within what is allowed."""
    for account, party in PARTIES.items(state):
        registrar = REGISTRARS.find(state, account)
        admitted = registrar is not None and registrar.countries != ()
        ensure(admitted == bool(party.roles & Role.REGISTRAR), f"{party.reference} has the role or the admission alone")
    for account, registrar in REGISTRARS.items(state):
        ensure(PARTIES.find(state, account) is not None, "a registrar is no party")
        ensure(registrar.parties_used <= registrar.parties_max, "a registrar entered more parties than it may")
        ensure(registrar.attestations_used <= registrar.attestations_max, "a registrar attested more than it may")


def every_attestation_has_its_registrar_subject_and_deadline(state: Reader) -> None:
    """Nobody is vouched for by a stranger, and no attestation outlives its time unnoticed."""
    for name, attestation in ATTESTATIONS.items(state):
        ensure(REGISTRARS.find(state, owner_of(name)) is not None, "an attestation has no registrar")
        ensure(PARTIES.find(state, attestation.subject) is not None, "an attestation has no subject")
        ensure(attestation.subject != owner_of(name), "a registrar attests itself")
        _is_due(state, attestations.deadline_of(attestation), ATTESTATIONS.full_key(name))


def a_tag_stands_for_one_party(state: Reader) -> None:
    """Every attestation counts in its tag, and all that carry one tag are about one party."""
    counted: dict[bytes, int] = {}
    for name, attestation in ATTESTATIONS.items(state):
        key = (owner_of(name), attestation.tag)
        tag = TAGS.find(state, key)
        ensure(tag is not None and tag.subject == attestation.subject, "a tag stands for two parties")
        counted[tag_key(key)] = counted.get(tag_key(key), 0) + 1
    for raw, tag in TAGS.items(state):
        ensure(counted.get(raw, 0) == tag.attestations, "a tag counts other attestations than there are")


def handles_and_their_owners_agree(state: Reader) -> None:
    """A handle is found by its look and by its owner alike, and each owner has one."""
    for seen, known in HANDLES.items(state):
        ensure(skeleton(known.handle) == seen, "a handle does not look like its skeleton")
        owner = HANDLE_OWNERS.find(state, known.account)
        ensure(owner is not None and owner.skeleton == seen, "a handle's owner does not know it")
    for account, owner in HANDLE_OWNERS.items(state):
        held = HANDLES.find(state, owner.skeleton)
        ensure(held is not None and held.account == account, "an owner's handle belongs to somebody else")


def only_suspended_parties_appeal(state: Reader) -> None:
    """An appeal is about a suspension, or rests while its party is active; it is due until somebody has upheld it."""
    for account, appeal in APPEALS.items(state):
        party = PARTIES.find(state, account)
        stands = party is not None and party.suspended == (appeal.left is None)
        ensure(stands, "an appeal is about no suspension, or rests in one")
        deadline = appeals.deadline_of(appeal)
        if deadline is not None:
            _is_due(state, deadline, APPEALS.full_key(account))


def _is_due(state: Reader, deadline: int, due_object: bytes) -> None:
    page = calendar.page_of(state, deadline, due_object)
    ensure(page is not None and due_object in page.objects, "something of a registrar's is missing in the calendar")
