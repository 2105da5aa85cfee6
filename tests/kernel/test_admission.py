"""What keeps an envelope out of a block: every rule in its order, and both sides of every comparison."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from msgspec import structs

from sogdia.kernel.accounts import PARTIES, Key, Thresholds
from sogdia.kernel.admission import admit
from sogdia.kernel.envelope import EnvelopeCodec, Predecessor, Signature, Signer
from sogdia.kernel.machine import Block
from sogdia.kernel.passkey import PASSKEYS, Passkeys
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.receipt import Receipt
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.signature import ED25519
from sogdia.modules.identity.parties import ReinstateParty, SuspendParty
from sogdia.modules.identity.recovery import VetoRecovery
from sogdia.modules.money.holds import ReleaseHold
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.testing.ledger import START, Ledger, keys_of
from sogdia.testing.passkeys import ORIGIN, RP_ID, Passkey
from tests.kernel.wire import HOUR, NOBODY, body_of, envelope, pay, seal, signed_by
from tests.modules.identity.town import key as changed_key
from tests.refused import poke, rules_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAY = 86_400
PASSKEY = Passkey(bytes(range(32)))
NEVER_SENT = Predecessor(bytes(32), START + DAY)


def answer_to(ledger, raw, at=None):
    """What a block answers to one envelope."""
    return ledger.block(raw, at=at)[0]


def code_of(ledger, raw, at=None):
    """The number with which an envelope ends, and whether it is in the block."""
    answer = answer_to(ledger, raw, at)
    return int(answer.code), isinstance(answer, Receipt)


IN_THE_BLOCK = (0, True)


def kept_out(refusal):
    """What `code_of` gives for an envelope that is in no block."""
    return (int(refusal), False)


def suspend_samarkand(ledger):
    ledger.must("registrar", SuspendParty(account=ledger.register("samarkand"), reason="Papers missing"))


def rotate(ledger, who, number, keys):
    """Change somebody's key."""
    return changed_key(ledger, who, number, keys)


def spend_quota(ledger, **fields: int):
    """Set a part of the registrar's quota."""
    registrar = ledger.account("registrar")
    poke(ledger, QUOTAS, registrar, structs.replace(QUOTAS.must(ledger.state, registrar), **fields))


# ------------------------------------------------------------------------------------------------------------ the table


class Row(NamedTuple):
    """An envelope that a rule keeps out. Where it can, it breaks the rules below its own, too."""

    rule: Refuse
    make: Callable[[Ledger], bytes]
    before: Callable[[Ledger], object] | None = None
    limits: Mapping[str, int] = MappingProxyType({})
    note: str = ""


def forged(ledger, body):
    """An envelope with a signature that nobody made."""
    return seal(ledger, body, signatures=lambda _identity: [Signature(ED25519, bytes(64))] * len(body.signers))


def unknown(ledger, **changes: Any):  # noqa: ANN401 - any part
    """An envelope of somebody unknown, signed by nobody, that waits for one that was never sent."""
    return forged(ledger, body_of(ledger, signers=(Signer(NOBODY, 7),), after=(NEVER_SENT,), **changes))


def by_nairobi(ledger, *signers: Signer, scheme=ED25519):
    """An envelope of Nairobi's that waits for one that was never sent, with a signature that nobody made."""
    signer = signers or (Signer(ledger.account("nairobi"), 0),)
    body = body_of(ledger, signers=signer, after=(NEVER_SENT,))
    return seal(ledger, body, signatures=lambda _identity: [Signature(scheme, bytes(64))])


def give_nairobi(ledger, **changes: Any):  # noqa: ANN401 - any field
    """Change Nairobi's record past all rules."""
    account = ledger.account("nairobi")
    poke(ledger, PARTIES, account, structs.replace(PARTIES.must(ledger.state, account), **changes))


def give_nairobi_a_key(ledger, needed=1, **changes: Any):  # noqa: ANN401 - any field
    """Change Nairobi's one key, and what weight everything needs, past all rules."""
    changed = structs.replace(Key(0, 1, keys_of("nairobi").public), **changes)
    give_nairobi(ledger, keys=(changed,), thresholds=Thresholds(needed, needed, needed))


def give_nairobi_a_passkey(ledger):
    """Let the network have passkeys, and Nairobi one of them."""
    poke(ledger, PASSKEYS, None, Passkeys(rp_id=RP_ID, origins=(ORIGIN,)))
    give_nairobi_a_key(ledger, scheme=3, public=PASSKEY.public)


def applied_before(ledger):
    """An envelope that has been applied, so that its id is used; then all else about it goes wrong."""
    ledger.fund("nairobi", 1)
    raw = envelope(ledger)
    assert code_of(ledger, raw) == IN_THE_BLOCK
    poke(ledger, PARTIES, ledger.account("nairobi"), None)
    return raw


FORMS = [
    Row(Refuse.ENVELOPE_TOO_LARGE, lambda _ledger: bytes(1_000), limits={"envelope_bytes_max": 999}),
    Row(
        Refuse.OPERATION_UNKNOWN,
        lambda ledger: envelope(ledger, network=bytes(8)).replace(b"\xcd\x01\x2f", b"\xcd\x01\xff"),
    ),
    Row(Refuse.ENVELOPE_MALFORMED, lambda ledger: envelope(ledger, pay(ledger, 0), network=bytes(8))),
    Row(Refuse.NETWORK_WRONG, lambda ledger: envelope(ledger, network=bytes(8), who=("nairobi",) * 2)),
    Row(
        Refuse.SIGNER_REPEATED,
        lambda ledger: seal(ledger, body_of(ledger, who=("nairobi",) * 2, after=(NEVER_SENT,) * 2)),
    ),
    Row(Refuse.PREDECESSOR_REPEATED, lambda ledger: seal(ledger, body_of(ledger, after=(NEVER_SENT,) * 2), who=())),
    Row(
        Refuse.SIGNATURES_DO_NOT_FIT,
        lambda ledger: seal(ledger, body_of(ledger), signatures=lambda _id: [Signature(2, bytes(64), b"")] * 2),
        note="surplus",
    ),
    Row(Refuse.SIGNATURES_DO_NOT_FIT, lambda ledger: seal(ledger, body_of(ledger), who=()), note="missing"),
    Row(
        Refuse.EXTRA_NOT_ALLOWED,
        lambda ledger: seal(
            ledger,
            body_of(ledger, VetoRecovery(guardian=NOBODY, mandate=bytes(21), signer=1)),
            signatures=lambda _id: [Signature(1, bytes(64), b"")],
        ),
    ),
    Row(
        Refuse.MANDATE_NOT_FOR_THIS,
        lambda ledger: envelope(ledger, VetoRecovery(guardian=NOBODY, mandate=bytes(21), signer=1)),
    ),
    Row(Refuse.SIGNER_INDEX_WRONG, lambda ledger: envelope(ledger, pay(ledger, signer=1, end_to_end=" bad"), expiry=0)),
]

ADMISSION = [
    Row(Refuse.ENVELOPE_EXPIRED, lambda ledger: unknown(ledger, expiry=START - 1, not_before=START + 1)),
    Row(Refuse.VALIDITY_TOO_LONG, lambda ledger: unknown(ledger, expiry=START + 30 * DAY + 1, not_before=START + 1)),
    Row(Refuse.ENVELOPE_TOO_EARLY, lambda ledger: unknown(ledger, not_before=START + 1), limits={"live_ids_max": 1}),
    Row(Refuse.ENVELOPE_REPLAYED, applied_before, limits={"live_ids_max": 2}),
    Row(Refuse.IDS_AT_CAP, unknown, lambda ledger: ledger.fund("nairobi", 1), {"live_ids_max": 1}),
    Row(Refuse.SIGNER_UNKNOWN, unknown),
    Row(
        Refuse.SIGNER_SUSPENDED,
        lambda ledger: forged(
            ledger, body_of(ledger, signers=(Signer(ledger.account("samarkand"), 7),), after=(NEVER_SENT,))
        ),
        suspend_samarkand,
    ),
    Row(
        Refuse.RECOVERY_DUE,
        lambda ledger: by_nairobi(ledger, Signer(ledger.account("nairobi"), 7)),
        lambda ledger: give_nairobi(ledger, recovers_at=START - 1),
    ),
    Row(
        Refuse.KEY_NOT_CURRENT,
        lambda ledger: by_nairobi(ledger, Signer(ledger.account("nairobi"), 1)),
        lambda ledger: give_nairobi_a_key(ledger, valid_until=START - 1),
    ),
    Row(
        Refuse.KEY_EXPIRED,
        lambda ledger: by_nairobi(ledger, scheme=2),
        lambda ledger: give_nairobi_a_key(ledger, valid_until=START - 1),
    ),
    Row(Refuse.SCHEME_WRONG, lambda ledger: by_nairobi(ledger, scheme=2), note="P-256"),
    Row(Refuse.SCHEME_WRONG, lambda ledger: by_nairobi(ledger, scheme=3), note="WebAuthn"),
    Row(
        Refuse.NO_PASSKEYS,
        lambda ledger: by_nairobi(ledger, scheme=3),
        lambda ledger: give_nairobi_a_key(ledger, scheme=3, public=PASSKEY.public),
    ),
    Row(
        Refuse.PASSKEY_WRONG,
        lambda ledger: by_nairobi(ledger, scheme=3),
        give_nairobi_a_passkey,
    ),
    Row(Refuse.SIGNATURE_WRONG, by_nairobi, lambda ledger: give_nairobi_a_key(ledger, weight=1, needed=2)),
    Row(
        Refuse.WEIGHT_TOO_LOW,
        lambda ledger: envelope(ledger, after=(NEVER_SENT,)),
        lambda ledger: give_nairobi_a_key(ledger, weight=1, needed=2),
    ),
    Row(
        Refuse.PREDECESSOR_FAILED,
        lambda ledger: envelope(ledger, after=(Predecessor(bytes(32), START - 1),)),
        lambda ledger: spend_quota(ledger, operations_max=0, bytes_max=0),
    ),
    Row(
        Refuse.PREDECESSOR_MISSING,
        lambda ledger: envelope(ledger, after=(NEVER_SENT,)),
        lambda ledger: spend_quota(ledger, operations_max=0, bytes_max=0),
    ),
    Row(
        Refuse.SPONSOR_HAS_NO_QUOTA,
        envelope,
        lambda ledger: poke(ledger, QUOTAS, ledger.account("registrar"), None),
    ),
    Row(
        Refuse.QUOTA_OPERATIONS_SPENT,
        envelope,
        lambda ledger: spend_quota(ledger, operations_max=0, bytes_max=0),
    ),
    Row(Refuse.QUOTA_BYTES_SPENT, envelope, lambda ledger: spend_quota(ledger, bytes_max=0)),
    Row(
        Refuse.QUOTA_RESERVED_BYTES_SPENT,
        lambda ledger: envelope(ledger, ReleaseHold(hold=bytes(21))),
        lambda ledger: spend_quota(
            ledger, bytes_max=0, period_start=START - START % DAY, reserved_bytes_used=10_000_000
        ),
    ),
]

ELSEWHERE = dict.fromkeys(
    (Refuse.QUOTA_STORAGE_SPENT, *(code for code in Refuse if 131 <= code <= 141)),
    "an operation is refused for it, in the block: tests of identity, money and mandates",
) | {Refuse.OPERATION_NOT_IN_FORCE: "no operation of these modules is of a later version: `test_protocol.py`"}


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.rule.name}{row.note}") for row in FORMS + ADMISSION])
def test_a_rule_keeps_an_envelope_out_and_nothing_changes(row):
    ledger = Ledger(limits=dict(row.limits))
    ledger.check_invariants = False
    if row.before is not None:
        row.before(ledger)
    raw = row.make(ledger)
    before = dict(ledger.base.items())
    live = ledger.base.live()

    answer = answer_to(ledger, raw)

    assert answer.code == row.rule, str(answer)
    assert isinstance(answer, Refused)
    assert dict(ledger.base.items()) == before
    assert ledger.base.live() == live
    assert ledger.last_block.all_results() == []


def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried():
    rows = [row.rule for row in FORMS + ADMISSION]

    tried = [rule for rule in dict.fromkeys(rows) if rule is not Refuse.OPERATION_UNKNOWN]
    written = [rule for rule in rules_in(EnvelopeCodec.open, admit) if rule is not Refuse.OPERATION_NOT_IN_FORCE]
    assert tried == written


def test_every_number_of_the_kernel_stands_in_a_table():
    assert {row.rule for row in FORMS + ADMISSION} | set(ELSEWHERE) == set(Refuse)


# ----------------------------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("expiry", "code"),
    [
        (START - 1, kept_out(Refuse.ENVELOPE_EXPIRED)),
        (START, IN_THE_BLOCK),
        (START + 1, IN_THE_BLOCK),
        (START + 30 * DAY, IN_THE_BLOCK),
        (START + 30 * DAY + 1, kept_out(Refuse.VALIDITY_TOO_LONG)),
    ],
)
def test_an_envelope_is_valid_up_to_its_expiry_and_for_30_days_at_most(ledger, expiry, code):
    ledger.fund("nairobi", 1)

    assert code_of(ledger, envelope(ledger, expiry=expiry)) == code


@pytest.mark.parametrize("longest", [1, 100])
def test_the_longest_validity_is_the_network_s_own(longest):
    ledger = Ledger(limits={"validity_max": longest})
    payment = pay(ledger)

    assert code_of(ledger, envelope(ledger, payment, expiry=START + longest))[1]
    assert code_of(ledger, envelope(ledger, payment, expiry=START + longest + 1)) == kept_out(Refuse.VALIDITY_TOO_LONG)


@pytest.mark.parametrize(
    ("ahead", "code"), [(-1, IN_THE_BLOCK), (0, IN_THE_BLOCK), (1, kept_out(Refuse.ENVELOPE_TOO_EARLY))]
)
def test_an_envelope_is_valid_from_its_first_second_on(ledger, ahead, code):
    ledger.fund("nairobi", 1)

    assert code_of(ledger, envelope(ledger, not_before=START + ahead)) == code


def test_what_came_too_early_is_applied_when_its_time_has_come(ledger):
    ledger.fund("nairobi", 1)
    raw = envelope(ledger, not_before=START + 60)

    assert code_of(ledger, raw) == kept_out(Refuse.ENVELOPE_TOO_EARLY)
    assert code_of(ledger, raw, at=START + 59) == kept_out(Refuse.ENVELOPE_TOO_EARLY)
    assert code_of(ledger, raw, at=START + 60) == IN_THE_BLOCK


# -------------------------------------------------------------------------------------------------------------- replays


def test_an_envelope_is_applied_once_in_a_block_and_in_all_later_ones(ledger):
    ledger.fund("nairobi", 10)
    raw = envelope(ledger)

    first, second = ledger.block(raw, raw)

    assert (first.code, second.code) == (0, Refuse.ENVELOPE_REPLAYED)
    assert code_of(ledger, raw) == kept_out(Refuse.ENVELOPE_REPLAYED)
    assert code_of(ledger, raw, at=START + HOUR) == kept_out(Refuse.ENVELOPE_REPLAYED)
    assert code_of(ledger, raw, at=START + HOUR + 1) == kept_out(Refuse.ENVELOPE_EXPIRED)
    assert code_of(ledger, raw, at=START + 90 * DAY) == kept_out(Refuse.ENVELOPE_EXPIRED)


def test_a_refused_envelope_has_used_its_id_up_too(ledger):
    raw = envelope(ledger)
    refused = answer_to(ledger, raw)
    ledger.fund("nairobi", 10)

    assert refused.code == MoneyRefusal.FUNDS_INSUFFICIENT
    assert code_of(ledger, raw) == kept_out(Refuse.ENVELOPE_REPLAYED)


def test_other_signatures_do_not_make_a_second_envelope(ledger):
    ledger.fund("nairobi", 10)
    body = body_of(ledger)
    assert code_of(ledger, seal(ledger, body)) == IN_THE_BLOCK

    assert code_of(ledger, forged(ledger, body)) == kept_out(Refuse.ENVELOPE_REPLAYED)


def test_the_same_wish_with_another_salt_is_another_envelope(ledger):
    ledger.fund("nairobi", 2)
    body = body_of(ledger)

    assert code_of(ledger, seal(ledger, body)) == IN_THE_BLOCK
    assert code_of(ledger, seal(ledger, structs.replace(body, salt=b"8 others"))) == IN_THE_BLOCK


# ----------------------------------------------------------------------------------------------------------- signatures


def test_several_signers_act_each_for_itself(ledger):
    ledger.fund("nairobi", 5)
    ledger.fund("bukhara", 7)
    both = body_of(
        ledger,
        pay(ledger, 5),
        pay(ledger, 7, to=ledger.account("nairobi"), signer=1),
        who=("nairobi", "bukhara"),
    )

    assert code_of(ledger, seal(ledger, both, ("nairobi", "bukhara"))) == IN_THE_BLOCK


@pytest.mark.parametrize(
    "who",
    [("bukhara", "nairobi"), ("nairobi", "nairobi"), ("bukhara", "bukhara"), ("nairobi", "carrier")],
    ids=" and ".join,
)
def test_signatures_stand_in_the_order_of_the_signers(ledger, who):
    both = body_of(ledger, pay(ledger), pay(ledger, signer=1), who=("nairobi", "bukhara"))

    assert code_of(ledger, seal(ledger, both, who)) == kept_out(Refuse.SIGNATURE_WRONG)


def test_a_bad_signature_first_does_not_hurt_the_good_one_after(ledger):
    ledger.fund("nairobi", 5)
    body = body_of(ledger)

    bad, good = ledger.block(forged(ledger, body), seal(ledger, body))

    assert (bad.code, good.code) == (Refuse.SIGNATURE_WRONG, 0)


def test_a_signature_over_another_network_s_id_does_not_count(ledger):
    other = Ledger(name="another network")
    body = body_of(ledger)

    raw = seal(other, body, signatures=signed_by(ledger, "nairobi"))

    assert other.network[:8] != ledger.network[:8]
    assert code_of(ledger, raw) == kept_out(Refuse.SIGNATURE_WRONG)


def test_a_stranger_cannot_change_a_word_of_what_was_signed(ledger):
    ledger.fund("nairobi", 10)
    body = body_of(ledger, pay(ledger, 1))
    _raw, identity = ledger.maker.codec.build(body)
    changed = structs.replace(body, operations=(pay(ledger, 10),))

    raw = seal(ledger, changed, signatures=lambda _identity: signed_by(ledger, "nairobi")(identity))

    assert code_of(ledger, raw) == kept_out(Refuse.SIGNATURE_WRONG)


def test_a_key_rotated_between_the_door_and_the_block_is_noticed(ledger):
    ledger.fund("nairobi", 5)
    payment = envelope(ledger)
    door = Block(ledger.machine, ledger.base, ledger.base, height=ledger.height + 1, time=ledger.time)
    admitted = door.include(ledger.machine.envelopes.open(payment, door.limits))
    rotation = envelope(ledger, rotate(ledger, "nairobi", 1, keys_of("new key")))

    rotated, refused = ledger.block(rotation, payment)

    assert (admitted.code, rotated.code) == (0, 0)
    assert refused.code == Refuse.KEY_NOT_CURRENT
    assert dict(refused.facts) == {"used": 0}


def test_a_suspended_signer_may_do_only_what_is_reserved(ledger):
    suspend_samarkand(ledger)
    key = rotate(ledger, "samarkand", 1, keys_of("new key"))

    assert code_of(ledger, envelope(ledger, who=("samarkand",))) == kept_out(Refuse.SIGNER_SUSPENDED)
    mixed = envelope(ledger, key, pay(ledger), who=("samarkand",))
    assert code_of(ledger, mixed) == kept_out(Refuse.SIGNER_SUSPENDED)
    assert code_of(ledger, envelope(ledger, key, who=("samarkand",))) == IN_THE_BLOCK


def test_a_suspended_co_signer_stops_the_envelope(ledger):
    suspend_samarkand(ledger)
    ledger.fund("nairobi", 5)
    raw = envelope(ledger, who=("nairobi", "samarkand"))

    assert code_of(ledger, raw) == kept_out(Refuse.SIGNER_SUSPENDED)
    ledger.must("registrar", ReinstateParty(account=ledger.account("samarkand")))
    assert code_of(ledger, raw) == IN_THE_BLOCK


# ------------------------------------------------------------------------------------------------------- remembered ids


def test_ids_are_remembered_up_to_the_cap_and_room_comes_back_when_they_expire():
    ledger = Ledger(limits={"live_ids_max": 3})
    next_hour = (START // HOUR + 1) * HOUR

    def expiring(moment: int) -> bytes:
        return envelope(ledger, expiry=moment)

    answers = ledger.block(*(expiring(START + 60 + n) for n in range(4)))

    assert [isinstance(answer, Receipt) for answer in answers] == [True, True, True, False]
    assert answers[3].code == Refuse.IDS_AT_CAP
    # Ids are dropped by the hour, at the end of the first block of the next one.
    assert code_of(ledger, expiring(next_hour), at=next_hour - 1) == kept_out(Refuse.IDS_AT_CAP)
    assert code_of(ledger, expiring(next_hour), at=next_hour) == kept_out(Refuse.IDS_AT_CAP)
    assert ledger.base.live() == 0
    assert code_of(ledger, expiring(next_hour))[1]
