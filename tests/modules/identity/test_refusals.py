"""Every rule of identity: who breaks it, which number the answer has, and that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from sogdia.kernel.comet import address_of
from sogdia.kernel.members import NODE_KEYS, NodeKeyOwner
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.text import TextProblem
from sogdia.modules.identity.module import MODULE
from sogdia.modules.identity.node_keys import RotateNodeKey, rotation_message
from sogdia.modules.identity.parties import (
    PARTY_BYTES,
    ChangeSponsor,
    RegisterParty,
    ReinstateParty,
    SuspendParty,
)
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.testing.ledger import keys_of
from sogdia.testing.passkeys import Passkey
from tests.golden.places import REFUSED
from tests.modules.identity.key_refusals import KEY_NEVER, KEY_TABLES
from tests.modules.identity.registry_rows import REGISTRY_NEVER, REGISTRY_TABLES
from tests.modules.identity.town import NOBODY, WEAK_KEY, other_keys, quota, registration, rotation
from tests.refused import Row, assert_refused, poke, rules_of, table, told

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.testing.ledger import Ledger

NEW = other_keys()
FORGED = bytes(64)
PASSKEY = Passkey(bytes(range(32)))
BANK_AGREES = ("registrar", "bank")


def enter_samarkand(ledger):
    ledger.register("samarkand")


def suspend_samarkand(ledger):
    enter_samarkand(ledger)
    ledger.must("registrar", SuspendParty(account=ledger.account("samarkand"), reason="Papers missing"))


def granting(roles):
    """Ask to enter a party with roles."""
    return lambda ledger: registration(ledger, roles=roles)


def suspending_nobody(reason):
    """Ask to suspend an unknown party for a reason."""
    return lambda _ledger: SuspendParty(account=NOBODY, reason=reason)


def full_and_taken(ledger):
    enter_samarkand(ledger)
    fill_storage_of("registrar")(ledger)


def fill_storage_of(sponsor):
    """Leave a sponsor one byte less than a party takes."""

    def fill(ledger: Ledger) -> None:
        known = quota(ledger, sponsor)
        poke(
            ledger,
            QUOTAS,
            ledger.account(sponsor),
            structs.replace(known, stored_bytes_max=known.stored_bytes + PARTY_BYTES - 1),
        )

    return fill


def use_up_parties_of_customs(ledger):
    """Let customs enter its two parties of the day, and fill the storage besides."""
    for reference in ("khiva", "termez"):
        ledger.must(("customs", "registrar"), registration(ledger, reference))
    fill_storage_of("registrar")(ledger)


def node_key(ledger, **changes: Any):  # noqa: ANN401 - any field
    """A request of the operator to change the node's key, in which something may be wrong."""
    return structs.replace(rotation(ledger, keys_of("node"), NEW), **changes)


def change_node_key(ledger):
    ledger.must("registrar", rotation(ledger, keys_of("node"), other_keys("third")))


def signed_as(by, network=None, old=None, new=None):
    """Sign for a change of node keys that is another in one respect."""
    return lambda ledger: by.sign(
        rotation_message(network or ledger.network, old or keys_of("node").public, new or NEW.public)
    )


OTHER_CHANGES = {
    "by-nobody": lambda _ledger: FORGED,
    "for-another-network": {"network": bytes(32)},
    "of-another-key": {"old": other_keys("third").public},
    "for-another-key": {"new": other_keys("third").public},
}


def wrong_for(by):
    """Give signatures of a key for other changes than the one that is asked."""
    return {
        note: made if callable(made) else signed_as(by, **made)  # type: ignore[arg-type]
        for note, made in OTHER_CHANGES.items()
    }


def let_somebody_have_the_new_key(ledger):
    poke(ledger, NODE_KEYS, address_of(NEW.public), NodeKeyOwner(account=ledger.account("nairobi")))


REGISTER = [
    Row(
        Refuse.KEY_WEAK,
        "nairobi",
        lambda ledger: registration(ledger, public=WEAK_KEY, country="QQ", roles=1),
        at_the_door=True,
    ),
    Row(
        Refuse.COUNTRY_UNKNOWN,
        "nairobi",
        lambda ledger: registration(ledger, country="QQ", roles=1),
        at_the_door=True,
    ),
    *(
        Row(
            Refuse.ROLE_NOT_GRANTABLE,
            "nairobi",
            granting(roles),
            at_the_door=True,
            note=note,
        )
        for roles, note in [
            (1, "registrar"),
            (2, "issuer"),
            (4, "operator"),
            (32, "tax-collector"),
            (1024, "no-role-yet"),
            (32_768, "the-last-bit"),
            (8 + 16 + 1024, "among-good-ones"),
        ]
    ),
    Row(Refuse.SENDER_NOT_REGISTRAR, "nairobi", lambda ledger: registration(ledger, sponsor=NOBODY)),
    Row(
        Refuse.NO_PASSKEYS,
        "registrar",
        lambda ledger: registration(ledger, scheme=3, public=PASSKEY.public, sponsor=NOBODY),
    ),
    Row(
        Refuse.SPONSOR_UNKNOWN,
        "registrar",
        lambda ledger: registration(ledger, sponsor=ledger.account("nairobi")),
        enter_samarkand,
    ),
    Row(
        Refuse.SPONSOR_HAS_NOT_SIGNED,
        "registrar",
        lambda ledger: registration(ledger, sponsor=ledger.account("bank")),
        enter_samarkand,
    ),
    Row(
        Refuse.SPONSOR_HAS_NOT_SIGNED,
        "customs",
        registration,
        note="though-it-sponsors-the-sender",
    ),
    Row(
        Refuse.PARTY_EXISTS,
        "registrar",
        registration,
        full_and_taken,
    ),
    Row(
        Refuse.COUNTRY_NOT_OF_REGISTRAR,
        ("customs", "registrar"),
        lambda ledger: registration(ledger, country="CN"),
        use_up_parties_of_customs,
    ),
    Row(Refuse.REGISTRAR_PARTIES_SPENT, ("customs", "registrar"), registration, use_up_parties_of_customs),
    Row(Kernel.QUOTA_STORAGE_SPENT, "registrar", registration, fill_storage_of("registrar")),
    Row(
        Kernel.QUOTA_STORAGE_SPENT,
        BANK_AGREES,
        lambda ledger: registration(ledger, sponsor=ledger.account("bank")),
        fill_storage_of("bank"),
        note="of-the-sponsor-named",
    ),
]

SUSPEND = [
    *(
        Row(
            Refuse.TEXT_NOT_ALLOWED,
            "nairobi",
            suspending_nobody(reason),
            at_the_door=True,
            note=note,
        )
        for reason, note in [
            ("Paid \u202ednuofer", "right-to-left-override"),
            ("Frau\u200bd", "zero-width"),
            ("P\u0430ypal account", "look-alike"),
            ("Line\nbreak", "line-break"),
            (" padded", "edge-space"),
        ]
    ),
    Row(
        Refuse.SENDER_NOT_REGISTRAR,
        "nairobi",
        lambda _ledger: SuspendParty(account=NOBODY, reason="Unknown"),
    ),
    Row(
        Refuse.PARTY_UNKNOWN,
        "registrar",
        lambda _ledger: SuspendParty(account=NOBODY, reason="Unknown"),
    ),
    Row(
        Refuse.SELF_SUSPENSION,
        "registrar",
        lambda ledger: SuspendParty(account=ledger.account("registrar"), reason="Holiday"),
    ),
    Row(
        Refuse.SENDER_NOT_ITS_REGISTRAR,
        "customs",
        lambda ledger: SuspendParty(account=ledger.account("samarkand"), reason="Papers missing"),
        suspend_samarkand,
        note="another-registrar",
    ),
    Row(
        Refuse.SENDER_NOT_ITS_REGISTRAR,
        "registrar",
        lambda ledger: SuspendParty(account=ledger.account("bukhara"), reason="Papers missing"),
        note="there-from-the-start",
    ),
    Row(
        Refuse.PARTY_SUSPENDED,
        "registrar",
        lambda ledger: SuspendParty(account=ledger.account("samarkand"), reason="Again"),
        suspend_samarkand,
    ),
]

REINSTATE = [
    Row(Refuse.PARTY_UNKNOWN, "registrar", lambda _ledger: ReinstateParty(account=NOBODY)),
    Row(
        Refuse.SENDER_NOT_ITS_REGISTRAR,
        "customs",
        lambda ledger: ReinstateParty(account=ledger.account("samarkand")),
        enter_samarkand,
    ),
    Row(
        Refuse.PARTY_NOT_SUSPENDED,
        "registrar",
        lambda ledger: ReinstateParty(account=ledger.account("samarkand")),
        enter_samarkand,
    ),
]

CHANGE_SPONSOR = [
    Row(
        Refuse.SPONSOR_UNKNOWN,
        "nairobi",
        lambda ledger: ChangeSponsor(sponsor=ledger.account("bukhara")),
    ),
    Row(
        Refuse.SPONSOR_HAS_NOT_SIGNED,
        "nairobi",
        lambda ledger: ChangeSponsor(sponsor=ledger.account("bank")),
        fill_storage_of("bank"),
    ),
    Row(
        Kernel.QUOTA_STORAGE_SPENT,
        ("nairobi", "bank"),
        lambda ledger: ChangeSponsor(sponsor=ledger.account("bank")),
        fill_storage_of("bank"),
    ),
]

ROTATE_NODE_KEY = [
    Row(
        Refuse.KEY_WEAK,
        "nairobi",
        lambda ledger: node_key(ledger, old=WEAK_KEY, new=WEAK_KEY),
        at_the_door=True,
    ),
    Row(
        Refuse.KEY_UNCHANGED,
        "nairobi",
        lambda ledger: node_key(ledger, new=keys_of("node").public),
        at_the_door=True,
        note="the-same-twice",
    ),
    Row(
        Refuse.SENDER_NOT_OPERATOR,
        "nairobi",
        lambda ledger: node_key(ledger, old=other_keys("stranger").public, endorsement=FORGED),
        change_node_key,
    ),
    Row(
        Refuse.NODE_KEY_UNKNOWN,
        "registrar",
        lambda ledger: node_key(ledger, old=other_keys("stranger").public, endorsement=FORGED),
        change_node_key,
    ),
    Row(
        Refuse.NODE_KEYS_CHANGING,
        "registrar",
        lambda ledger: node_key(ledger, old=other_keys("third").public, endorsement=FORGED),
        change_node_key,
    ),
    Row(
        Refuse.KEY_UNCHANGED,
        "registrar",
        lambda ledger: node_key(ledger, endorsement=FORGED),
        let_somebody_have_the_new_key,
        note="another-node's",
    ),
    *(
        Row(
            Refuse.ENDORSEMENT_WRONG,
            "registrar",
            lambda ledger, made=made: node_key(ledger, endorsement=made(ledger), acceptance=FORGED),  # type: ignore[misc]
            note=note,
        )
        for note, made in (wrong_for(keys_of("node")) | {"by-the-new-key": signed_as(NEW)}).items()
    ),
    *(
        Row(
            Refuse.KEY_NOT_PROVEN,
            "registrar",
            lambda ledger, made=made: node_key(ledger, acceptance=made(ledger)),  # type: ignore[misc]
            note=note,
        )
        for note, made in (wrong_for(NEW) | {"by-the-old-key": signed_as(keys_of("node"))}).items()
    ),
]

TABLES: dict[type[Operation], list[Row]] = {
    RegisterParty: REGISTER,
    SuspendParty: SUSPEND,
    ReinstateParty: REINSTATE,
    ChangeSponsor: CHANGE_SPONSOR,
    RotateNodeKey: ROTATE_NODE_KEY,
    **KEY_TABLES,
    **REGISTRY_TABLES,
}

TOLD = REFUSED.read_text("utf-8").splitlines()
"""What each row's refusal says; `python -m tests.golden` writes it."""

NEVER: dict[tuple[type[Operation], RefusalCode], str] = {
    (RegisterParty, Kernel.SPONSOR_HAS_NO_QUOTA): "a sponsor without a quota is refused as unknown before",
    (ChangeSponsor, Kernel.SPONSOR_HAS_NO_QUOTA): "a sponsor without a quota is refused as unknown before",
    **KEY_NEVER,
    **REGISTRY_NEVER,
}
"""Rules that stand in the way of an operation without ever being broken, and why."""


@table(TABLES)
def test_a_rule_refuses_says_with_which_values_and_nothing_changes(ledger, operation, row):
    answer = assert_refused(ledger, row)

    assert told(ledger, operation, row, answer) in TOLD


@pytest.mark.parametrize("operation", MODULE.operations, ids=lambda operation: operation.__name__)
def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried(operation):
    rows = list(dict.fromkeys(row.rule for row in TABLES[operation]))

    assert rows == [rule for rule in rules_of(operation) if (operation, rule) not in NEVER]


def test_every_number_of_identity_stands_in_a_table():
    assert {row.rule for rows in TABLES.values() for row in rows} >= set(Refuse)


def test_a_text_s_problem_is_named_by_its_number(ledger):
    answer = ledger.block(ledger.sign("registrar", SuspendParty(account=NOBODY, reason="Paid \u202ednuofer")))[0]

    assert dict(answer.facts) == {"problem": TextProblem.DIRECTION_OVERRIDE}


@pytest.mark.parametrize("size", [0, 201])
def test_a_reason_has_1_to_200_characters(ledger, size):
    answer = ledger.block(ledger.sign("registrar", SuspendParty(account=NOBODY, reason="x" * size)))[0]

    assert answer.code == Kernel.ENVELOPE_MALFORMED


def test_a_refused_operation_takes_the_whole_envelope_with_it(ledger):
    before = ledger.snapshot()

    answer = ledger.send("registrar", registration(ledger, "kashgar"), registration(ledger, "kashgar"))

    assert (answer.code, answer.operation) == (Refuse.PARTY_EXISTS, 1)
    assert answer.events == ()
    assert ledger.snapshot() == before
