"""Tables of refusals for keys and guardians, and of all that decides who may act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.accounts import PARTIES, HighValueLimit, Key, Thresholds
from sogdia.kernel.passkey import PASSKEYS, Passkeys
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.keys import ChangeKeys, SetHighValueLimits
from sogdia.modules.identity.mandates import GrantMandate
from sogdia.modules.identity.records import RECOVERIES, recovery_key
from sogdia.modules.identity.recovery import ApproveRecovery, ProposeRecovery, SetGuardians, VetoRecovery, digest_of
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.money import asset_key
from sogdia.testing.ledger import START, keys_of
from sogdia.testing.passkeys import ORIGIN, RP_ID, Passkey
from tests.modules.identity.mandate_rows import MANDATE_TABLES, fill_storage
from tests.modules.identity.town import NOBODY, WEAK_KEY, key, new_key, other_keys, party
from tests.refused import Row, poke

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.testing.ledger import Ledger

NEW = other_keys()
PASSKEY = Passkey(bytes(range(32)))
ELSEWHERE = Passkey(bytes(range(32)), client_data={"origin": "https://elsewhere.example"})
FORGED = bytes(64)
DAY = 86_400


def use_up_keys_of_nairobi(ledger: Ledger) -> None:
    """Let Nairobi hold the last key that can be numbered."""
    last = Key(65_535, 1, keys_of("nairobi").public)
    changed = structs.replace(party(ledger, "nairobi"), keys=(last,), next_key=65_536)
    poke(ledger, PARTIES, ledger.account("nairobi"), changed)
    ledger.use_key("nairobi", keys_of("nairobi"), 65_535)


def allow_passkeys(ledger: Ledger) -> None:
    """Name a domain for passkeys."""
    poke(ledger, PASSKEYS, None, Passkeys(rp_id=RP_ID, origins=(ORIGIN,)))


def adding(**changes: Any):  # noqa: ANN401 - any field
    """Ask for a key of Nairobi's in which something is wrong."""
    return lambda ledger: ChangeKeys(add=(new_key(ledger, "nairobi", 1, NEW, **changes),))


def many(ledger: Ledger, count: int) -> ChangeKeys:
    """Ask for so many keys more."""
    pairs = [other_keys(f"of many {number}") for number in range(count)]
    return ChangeKeys(add=tuple(new_key(ledger, "nairobi", 1 + at, pair) for at, pair in enumerate(pairs)))


CHANGE_KEYS = [
    Row(Refuse.NOTHING_CHANGES, "nairobi", lambda _ledger: ChangeKeys(), at_the_door=True),
    Row(Refuse.KEYS_NOT_IN_ORDER, "nairobi", lambda _ledger: ChangeKeys(remove=(1, 0)), at_the_door=True),
    Row(Refuse.KEYS_NOT_IN_ORDER, "nairobi", lambda _ledger: ChangeKeys(remove=(0, 0)), at_the_door=True, note="twice"),
    Row(Refuse.KEY_WEAK, "nairobi", adding(public=WEAK_KEY), at_the_door=True),
    Row(Refuse.KEY_WEAK, "nairobi", adding(scheme=2), at_the_door=True, note="of-another-scheme"),
    Row(Refuse.KEY_WEAK, "nairobi", adding(scheme=3, public=b"\x02" + bytes(31) + b"\x01"), at_the_door=True, note="x"),
    Row(
        Refuse.KEY_UNCHANGED,
        "nairobi",
        lambda ledger: ChangeKeys(add=(new_key(ledger, "nairobi", 1, NEW), new_key(ledger, "nairobi", 2, NEW))),
        at_the_door=True,
        note="twice-in-one-change",
    ),
    *(
        Row(
            Refuse.THRESHOLDS_NOT_IN_ORDER,
            "nairobi",
            lambda _ledger, wrong=wrong: ChangeKeys(thresholds=wrong),  # type: ignore[misc]
            at_the_door=True,
            note=note,
        )
        for wrong, note in [(Thresholds(2, 1, 3), "everyday-above"), (Thresholds(1, 3, 2), "high-value-above")]
    ),
    Row(
        Refuse.KEY_UNKNOWN,
        "nairobi",
        lambda ledger: ChangeKeys(remove=(1,), add=(new_key(ledger, "nairobi", 1, keys_of("nairobi")),)),
    ),
    Row(
        Refuse.KEY_UNCHANGED,
        "nairobi",
        lambda ledger: key(ledger, "nairobi", 1, keys_of("nairobi"), proof=FORGED),
    ),
    Row(Refuse.KEYS_USED_UP, "nairobi", adding(proof=FORGED), use_up_keys_of_nairobi),
    Row(Refuse.KEY_ALREADY_EXPIRED, "nairobi", adding(proof=FORGED, valid_until=START - 1)),
    Row(
        Refuse.NO_PASSKEYS,
        "nairobi",
        lambda ledger: ChangeKeys(add=(new_key(ledger, "nairobi", 1, PASSKEY, extra=None),)),
    ),
    Row(
        Kernel.PASSKEY_WRONG,
        "nairobi",
        lambda ledger: ChangeKeys(add=(new_key(ledger, "nairobi", 1, ELSEWHERE),)),
        allow_passkeys,
    ),
    Row(Refuse.KEY_NOT_PROVEN, "nairobi", adding(proof=FORGED), note="by-nothing"),
    Row(
        Refuse.KEY_NOT_PROVEN,
        "nairobi",
        lambda ledger: ChangeKeys(remove=(0,), add=(new_key(ledger, "nairobi", 2, NEW),)),
        note="for-another-number",
    ),
    Row(
        Refuse.KEY_NOT_PROVEN,
        "nairobi",
        lambda ledger: ChangeKeys(add=(new_key(ledger, "bukhara", 1, NEW),)),
        note="for-another-party",
    ),
    Row(
        Refuse.KEY_NOT_PROVEN,
        "nairobi",
        lambda ledger: ChangeKeys(add=(new_key(ledger, "nairobi", 1, keys_of("nairobi"), public=NEW.public),)),
        note="by-the-old-key",
    ),
    Row(
        Refuse.KEY_NOT_PROVEN,
        "nairobi",
        lambda ledger: ChangeKeys(add=(new_key(ledger, "nairobi", 1, PASSKEY, scheme=2, extra=None),)),
        allow_passkeys,
        note="by-a-passkey-said-to-be-a-plain-key",
    ),
    Row(Refuse.KEYS_TOO_MANY, "nairobi", lambda ledger: many(ledger, 16), note="seventeen"),
    Row(Refuse.KEYS_TOO_MANY, "nairobi", lambda _ledger: ChangeKeys(remove=(0,)), note="none"),
    Row(
        Refuse.KEYS_WOULD_LOCK_OUT,
        "nairobi",
        lambda _ledger: ChangeKeys(thresholds=Thresholds(1, 1, 2)),
        note="threshold-out-of-reach",
    ),
    Row(
        Refuse.KEYS_WOULD_LOCK_OUT,
        "nairobi",
        lambda ledger: key(ledger, "nairobi", 1, NEW, valid_until=START + 365 * DAY, weight=255),
        note="by-waiting",
    ),
]


def limits(ledger: Ledger, *currencies: str) -> SetHighValueLimits:
    """Ask for a limit of 100 in each money."""
    return SetHighValueLimits(limits=tuple(HighValueLimit(asset_key(ledger.asset(each)), 100) for each in currencies))


SET_LIMITS = [
    Row(Refuse.LIMITS_NOT_IN_ORDER, "nairobi", lambda ledger: limits(ledger, "USD", "KWD"), at_the_door=True),
    Row(Refuse.LIMITS_NOT_IN_ORDER, "nairobi", lambda ledger: limits(ledger, "USD", "USD"), at_the_door=True, note="2"),
    Row(Refuse.NOTHING_CHANGES, "nairobi", lambda _ledger: SetHighValueLimits(limits=())),
]

# ------------------------------------------------------------------------------------------------------------- recovery


def guardians(ledger: Ledger, *names: str, needed: int) -> SetGuardians:
    """Ask for guardians, in their order."""
    return SetGuardians(guardians=tuple(sorted(map(ledger.account, names))), needed=needed)


def guard(ledger: Ledger) -> None:
    """Let two of three guard Nairobi."""
    ledger.must("nairobi", guardians(ledger, "bukhara", "lanzhou", "carrier", needed=2))


def proposal(ledger: Ledger, **changes: Any) -> ProposeRecovery:  # noqa: ANN401 - any field
    """A guardian's proposal of one new key for Nairobi."""
    fields: dict[str, Any] = {"new_keys": (new_key(ledger, "nairobi", 1, NEW),), "thresholds": Thresholds()}
    return ProposeRecovery(account=ledger.account("nairobi"), **(fields | changes))


def digest_in(receipt: Any) -> bytes:  # noqa: ANN401 - a receipt whose first fact has a digest
    """Give the digest that a receipt names."""
    found: bytes = receipt.events[0].digest
    return found


def propose(ledger: Ledger) -> bytes:
    """Let Bukhara, as a guardian, propose a key; give the digest."""
    guard(ledger)
    return digest_in(ledger.must("bukhara", proposal(ledger)))


def approval(ledger: Ledger, digest: bytes, guardian: str = "bukhara") -> ApproveRecovery:
    """Ask to approve a guardian's proposal for Nairobi."""
    return ApproveRecovery(account=ledger.account("nairobi"), guardian=ledger.account(guardian), digest=digest)


def present_digest(ledger: Ledger) -> bytes:
    """Give the digest of Bukhara's proposal as it stands."""
    nairobi = ledger.account("nairobi")
    found = RECOVERIES.must(ledger.state, recovery_key(nairobi, ledger.account("bukhara")))
    return digest_of(ledger.network, nairobi, found.keys, found.thresholds)


def begin(ledger: Ledger) -> bytes:
    """Let two guardians agree on a key for Nairobi; give the digest."""
    digest = propose(ledger)
    ledger.must("lanzhou", approval(ledger, digest))
    return digest


def wrong_key(**changes: Any):  # noqa: ANN401 - any field
    """Propose a key in which something is wrong."""
    return lambda ledger: proposal(ledger, new_keys=(new_key(ledger, "nairobi", 1, NEW, **changes),))


def guard_and_use_up(ledger: Ledger) -> None:
    """Guard Nairobi, whose numbers of keys are used up."""
    guard(ledger)
    use_up_keys_of_nairobi(ledger)


def guard_and_fill(ledger: Ledger) -> None:
    """Guard Nairobi while the storage is full."""
    guard(ledger)
    fill_storage(ledger)


def guard_with_passkeys(ledger: Ledger) -> None:
    """Guard Nairobi on a network that has passkeys."""
    guard(ledger)
    allow_passkeys(ledger)


SET_GUARDIANS = [
    Row(
        Refuse.GUARDIANS_NOT_IN_ORDER,
        "nairobi",
        lambda ledger: SetGuardians(guardians=(ledger.account("nairobi"),) * 2, needed=3),
        at_the_door=True,
    ),
    Row(
        Refuse.GUARDIANS_NEEDED_WRONG,
        "nairobi",
        lambda ledger: guardians(ledger, "nairobi", needed=2),
        at_the_door=True,
        note="too-many",
    ),
    Row(
        Refuse.GUARDIANS_NEEDED_WRONG,
        "nairobi",
        lambda ledger: guardians(ledger, "nairobi", needed=0),
        at_the_door=True,
        note="none",
    ),
    Row(
        Refuse.GUARDIANS_NEEDED_WRONG,
        "nairobi",
        lambda _ledger: SetGuardians(guardians=(), needed=1),
        at_the_door=True,
        note="of-nobody",
    ),
    Row(
        Refuse.GUARDIAN_IS_SELF,
        "nairobi",
        lambda ledger: SetGuardians(guardians=tuple(sorted((NOBODY, ledger.account("nairobi")))), needed=1),
    ),
    Row(Refuse.PARTY_UNKNOWN, "nairobi", lambda _ledger: SetGuardians(guardians=(NOBODY,), needed=1)),
    Row(Refuse.NOTHING_CHANGES, "nairobi", lambda _ledger: SetGuardians(guardians=(), needed=0), note="none"),
    Row(
        Refuse.NOTHING_CHANGES,
        "nairobi",
        lambda ledger: guardians(ledger, "bukhara", "lanzhou", "carrier", needed=2),
        guard,
    ),
]

PROPOSE = [
    Row(Refuse.KEY_WEAK, "bukhara", wrong_key(public=WEAK_KEY), at_the_door=True),
    Row(
        Refuse.KEY_UNCHANGED,
        "bukhara",
        lambda ledger: proposal(ledger, new_keys=(new_key(ledger, "nairobi", 1, NEW),) * 2),
        at_the_door=True,
    ),
    Row(
        Refuse.THRESHOLDS_NOT_IN_ORDER,
        "bukhara",
        lambda ledger: proposal(ledger, thresholds=Thresholds(2, 2, 1)),
        at_the_door=True,
    ),
    Row(Refuse.SENDER_NOT_GUARDIAN, "bukhara", proposal, note="of-a-party-without"),
    Row(Refuse.SENDER_NOT_GUARDIAN, "bank", wrong_key(proof=FORGED), begin, note="but-others-are"),
    Row(Refuse.RECOVERY_UNDER_WAY, "carrier", wrong_key(proof=FORGED), begin),
    Row(Refuse.KEYS_USED_UP, "bukhara", wrong_key(proof=FORGED), guard_and_use_up),
    Row(Refuse.KEY_ALREADY_EXPIRED, "bukhara", wrong_key(proof=FORGED, valid_until=START - 1), guard),
    Row(
        Refuse.NO_PASSKEYS,
        "bukhara",
        lambda ledger: proposal(ledger, new_keys=(new_key(ledger, "nairobi", 1, PASSKEY),)),
        guard,
    ),
    Row(
        Kernel.PASSKEY_WRONG,
        "bukhara",
        lambda ledger: proposal(ledger, new_keys=(new_key(ledger, "nairobi", 1, ELSEWHERE),)),
        guard_with_passkeys,
    ),
    Row(Refuse.KEY_NOT_PROVEN, "bukhara", wrong_key(proof=FORGED), guard),
    Row(
        Refuse.KEY_NOT_PROVEN,
        "bukhara",
        lambda ledger: proposal(ledger, new_keys=(new_key(ledger, "bukhara", 1, NEW),)),
        guard,
        note="for-the-guardian",
    ),
    Row(
        Refuse.KEYS_WOULD_LOCK_OUT,
        "bukhara",
        lambda ledger: proposal(ledger, thresholds=Thresholds(1, 1, 2)),
        guard_and_fill,
    ),
    Row(Kernel.QUOTA_STORAGE_SPENT, "bukhara", proposal, guard_and_fill),
]

APPROVE = [
    Row(Refuse.SENDER_NOT_GUARDIAN, "bank", lambda ledger: approval(ledger, bytes(32)), begin),
    Row(Refuse.RECOVERY_UNDER_WAY, "carrier", lambda ledger: approval(ledger, bytes(32), "lanzhou"), begin),
    Row(Refuse.RECOVERY_UNKNOWN, "carrier", lambda ledger: approval(ledger, bytes(32), "lanzhou"), propose),
    Row(Refuse.RECOVERY_DIFFERS, "bukhara", lambda ledger: approval(ledger, bytes(32)), propose),
    Row(
        Refuse.RECOVERY_APPROVED,
        "bukhara",
        lambda ledger: approval(ledger, present_digest(ledger)),
        propose,
    ),
]

VETO = [
    Row(Refuse.RECOVERY_UNKNOWN, "nairobi", lambda ledger: VetoRecovery(guardian=ledger.account("carrier")), begin),
]

# ------------------------------------------------------------------------------------------------------------- mandates


KEY_TABLES: dict[type[Operation], list[Row]] = {
    ChangeKeys: CHANGE_KEYS,
    SetHighValueLimits: SET_LIMITS,
    SetGuardians: SET_GUARDIANS,
    ProposeRecovery: PROPOSE,
    ApproveRecovery: APPROVE,
    VetoRecovery: VETO,
    **MANDATE_TABLES,
}

HAS_A_QUOTA = "the sponsor of a party always has a quota"
ASKED_BEFORE = "a passkey on a network without them is refused before its assertion is read"

KEY_NEVER: dict[tuple[type[Operation], RefusalCode], str] = {
    (ChangeKeys, Kernel.NO_PASSKEYS): ASKED_BEFORE,
    (ProposeRecovery, Kernel.NO_PASSKEYS): ASKED_BEFORE,
    (ProposeRecovery, Refuse.KEYS_TOO_MANY): "the form of a proposal holds 1 to 16 keys",
    (ProposeRecovery, Kernel.SPONSOR_HAS_NO_QUOTA): HAS_A_QUOTA,
    (GrantMandate, Kernel.SPONSOR_HAS_NO_QUOTA): HAS_A_QUOTA,
}
