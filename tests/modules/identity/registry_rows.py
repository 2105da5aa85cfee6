"""The refusal tables of attestations, appeals and handles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.appeals import AppealSuspension, UpholdSuspension
from sogdia.modules.identity.attestations import (
    VALIDITY_MAX,
    AcceptAttestation,
    OfferAttestation,
    WithdrawAttestation,
)
from sogdia.modules.identity.handles import ClaimHandle, ReleaseHandle
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from tests.modules.identity.town import NOBODY, attestation_name, attested, offer, quota, suspended
from tests.refused import Row, poke

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.operation import Operation
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.testing.ledger import Ledger


def fill_storage(left: int) -> Callable[[Ledger], None]:
    """Leave the registrar so many bytes of storage."""

    def fill(ledger: Ledger) -> None:
        known = quota(ledger, "registrar")
        full = structs.replace(known, stored_bytes_max=known.stored_bytes + left)
        poke(ledger, QUOTAS, ledger.account("registrar"), full)

    return fill


def offering(**changes: Any) -> Callable[[Ledger], Operation]:  # noqa: ANN401 - any field
    """Ask to attest something about Bukhara."""
    return lambda ledger: offer(ledger, **changes)


def offer_once(ledger: Ledger) -> None:
    """Let the registrar offer Bukhara the attestation lei-1."""
    ledger.must("registrar", offer(ledger))


def use_up_attestations(ledger: Ledger) -> None:
    """Let customs offer its two attestations of the day, and fill the storage besides."""
    for reference in ("one", "two"):
        ledger.must("customs", offer(ledger, reference))
    fill_storage(399)(ledger)


def accepting(reference: str = "lei-1") -> Callable[[Ledger], Operation]:
    """Ask to accept an attestation of the registrar's."""
    return lambda ledger: AcceptAttestation(attestation=attestation_name(ledger, reference))


def withdrawing(reference: str = "lei-1") -> Callable[[Ledger], Operation]:
    """Ask to withdraw an attestation of the registrar's."""
    return lambda ledger: WithdrawAttestation(attestation=attestation_name(ledger, reference))


def upholding(who: str = "samarkand") -> Callable[[Ledger], Operation]:
    """Ask to uphold somebody's suspension."""
    return lambda ledger: UpholdSuspension(account=ledger.account(who))


def appeal(ledger: Ledger) -> None:
    """Let the merchant of Samarkand be suspended, and appeal."""
    suspended(ledger, appealed=True)


def uphold(ledger: Ledger) -> None:
    """Let customs uphold the suspension of the merchant of Samarkand."""
    appeal(ledger)
    ledger.must("customs", upholding()(ledger))


def appeal_in_china(ledger: Ledger) -> None:
    """Let a party of China, for which customs is no registrar, be suspended, and appeal."""
    account = ledger.register("samarkand", country="CN")
    ledger.must("registrar", SuspendParty(account=account, reason="Papers missing"))
    ledger.must("samarkand", AppealSuspension())


def suspend_samarkand(ledger: Ledger) -> None:
    """Let the merchant of Samarkand be suspended."""
    suspended(ledger)


def claiming(handle: str) -> Callable[[Ledger], Operation]:
    """Ask for a handle."""
    return lambda _ledger: ClaimHandle(handle=handle)


def bukhara_has_paypal(ledger: Ledger) -> None:
    """Let Bukhara have the handle paypal, and fill the storage besides."""
    ledger.must("bukhara", ClaimHandle(handle="paypal"))
    fill_storage(399)(ledger)


OFFER = [
    Row(
        Refuse.OFFER_OUTLASTS_EXPIRY,
        "nairobi",
        lambda ledger: offer(ledger, expiry=ledger.time + 59, accept_by=ledger.time + 60),
        at_the_door=True,
    ),
    Row(Refuse.SENDER_NOT_REGISTRAR, "nairobi", offering(subject=NOBODY)),
    Row(
        Refuse.PARTY_UNKNOWN,
        "registrar",
        lambda ledger: offer(ledger, subject=NOBODY, accept_by=ledger.time - 1),
    ),
    Row(
        Refuse.PARTY_SUSPENDED,
        "registrar",
        lambda ledger: offer(ledger, subject=ledger.account("samarkand"), accept_by=ledger.time - 1),
        suspend_samarkand,
    ),
    Row(
        Refuse.SELF_ATTESTATION,
        "registrar",
        lambda ledger: offer(ledger, subject=ledger.account("registrar"), accept_by=ledger.time - 1),
    ),
    Row(
        Refuse.OFFER_OVER,
        "registrar",
        lambda ledger: offer(ledger, accept_by=ledger.time - 1, expiry=ledger.time + VALIDITY_MAX + 1),
        offer_once,
    ),
    Row(
        Refuse.EXPIRY_TOO_FAR,
        "registrar",
        lambda ledger: offer(ledger, expiry=ledger.time + VALIDITY_MAX + 1),
        offer_once,
    ),
    Row(
        Refuse.ATTESTATION_EXISTS,
        "registrar",
        lambda ledger: offer(ledger, subject=ledger.account("nairobi")),
        offer_once,
    ),
    Row(
        Refuse.ALREADY_ATTESTED,
        "customs",
        lambda ledger: offer(ledger, "three", subject=ledger.account("nairobi"), tag=offer(ledger, "one").tag),
        use_up_attestations,
    ),
    Row(
        Refuse.COUNTRY_NOT_OF_REGISTRAR,
        "customs",
        lambda ledger: offer(ledger, "three", country="KZ"),
        use_up_attestations,
    ),
    Row(
        Refuse.REGISTRAR_ATTESTATIONS_SPENT,
        "customs",
        lambda ledger: offer(ledger, "three"),
        use_up_attestations,
    ),
    Row(Kernel.QUOTA_STORAGE_SPENT, "registrar", offering(), fill_storage(399)),
]

ACCEPT = [
    Row(Refuse.ATTESTATION_UNKNOWN, "bukhara", accepting("lei-2"), offer_once),
    Row(Refuse.SENDER_NOT_SUBJECT, "nairobi", accepting(), attested, note="a-stranger"),
    Row(Refuse.SENDER_NOT_SUBJECT, "registrar", accepting(), offer_once, note="the-registrar"),
    Row(Refuse.ATTESTATION_ACCEPTED, "bukhara", accepting(), attested),
]

WITHDRAW = [
    Row(Refuse.ATTESTATION_UNKNOWN, "bukhara", withdrawing("lei-2"), offer_once),
    Row(Refuse.SENDER_NOT_OF_ATTESTATION, "nairobi", withdrawing(), attested, note="a-stranger"),
    Row(Refuse.SENDER_NOT_OF_ATTESTATION, "customs", withdrawing(), attested, note="another-registrar"),
]

APPEAL = [
    Row(Refuse.PARTY_NOT_SUSPENDED, "nairobi", lambda _ledger: AppealSuspension()),
    Row(Refuse.APPEALED_ALREADY, "samarkand", lambda _ledger: AppealSuspension(), appeal),
    Row(Refuse.APPEALED_ALREADY, "samarkand", lambda _ledger: AppealSuspension(), uphold, note="and-upheld"),
]

UPHOLD = [
    Row(Refuse.PARTY_UNKNOWN, "customs", lambda _ledger: UpholdSuspension(account=NOBODY)),
    Row(Refuse.SUSPENSION_BY_SENDER, "registrar", upholding(), uphold, note="though-an-operator"),
    Row(Refuse.SENDER_MAY_NOT_UPHOLD, "nairobi", upholding(), appeal, note="a-stranger"),
    Row(Refuse.SENDER_MAY_NOT_UPHOLD, "nairobi", upholding(), suspend_samarkand, note="nor-is-there-an-appeal"),
    Row(Refuse.SENDER_MAY_NOT_UPHOLD, "customs", upholding(), appeal_in_china, note="of-another-country"),
    Row(Refuse.NOT_APPEALED, "customs", upholding(), suspend_samarkand),
    Row(Refuse.NOT_APPEALED, "customs", upholding("bukhara"), note="nor-suspended"),
    Row(Refuse.UPHELD_ALREADY, "customs", upholding(), uphold),
]

CLAIM = [
    Row(Refuse.TEXT_NOT_ALLOWED, "nairobi", claiming("pay\u0440al"), at_the_door=True, note="cyrillic-among-latin"),
    Row(Refuse.TEXT_NOT_ALLOWED, "nairobi", claiming("pay\u200bpal"), at_the_door=True, note="zero-width"),
    Row(Refuse.HANDLE_CHARACTERS, "nairobi", claiming("PayPal"), at_the_door=True, note="capitals"),
    Row(Refuse.HANDLE_CHARACTERS, "nairobi", claiming("paypaI"), at_the_door=True, note="a-capital-i-for-an-l"),
    Row(
        Refuse.HANDLE_CHARACTERS,
        "nairobi",
        claiming("\uff50\uff41\uff59\uff50\uff41\uff4c"),
        at_the_door=True,
        note="full-width",
    ),
    Row(Refuse.HANDLE_CHARACTERS, "nairobi", claiming("pay_pal"), at_the_door=True, note="a-line"),
    Row(Refuse.HANDLE_CHARACTERS, "nairobi", claiming("pay pal"), at_the_door=True, note="a-space"),
    Row(Refuse.HANDLE_CHARACTERS, "nairobi", claiming("pay\u0661"), at_the_door=True, note="an-arabic-digit"),
    Row(Refuse.HANDLE_LETTERLESS, "nairobi", claiming("-2026-"), at_the_door=True),
    Row(Refuse.HANDLE_ALPHABETS, "nairobi", claiming("-pay-\u0440\u0430\u043b"), at_the_door=True),
    *(
        Row(Refuse.HANDLE_HYPHENS, "nairobi", claiming(handle), at_the_door=True, note=note)
        for handle, note in [("-paypal", "before"), ("paypal-", "after"), ("pay--pal", "two")]
    ),
    Row(Refuse.HANDLE_OWNED, "bukhara", claiming("paypal"), bukhara_has_paypal),
    *(
        Row(Refuse.HANDLE_TAKEN, "nairobi", claiming(handle), bukhara_has_paypal, note=note)
        for handle, note in [
            ("paypal", "the-same"),
            ("paypa1", "a-one-for-an-l"),
            ("pay-pal", "a-hyphen"),
            ("p\u00e1ypal", "an-accent"),
            ("\u0440\u0430\u0443\u0440\u0430\u04cf", "all-cyrillic"),
        ]
    ),
    Row(Kernel.QUOTA_STORAGE_SPENT, "nairobi", claiming("paypal"), fill_storage(399)),
]

RELEASE = [Row(Refuse.HANDLE_NOT_HELD, "nairobi", lambda _ledger: ReleaseHandle())]

REGISTRY_TABLES: dict[type[Operation], list[Row]] = {
    OfferAttestation: OFFER,
    AcceptAttestation: ACCEPT,
    WithdrawAttestation: WITHDRAW,
    AppealSuspension: APPEAL,
    UpholdSuspension: UPHOLD,
    ClaimHandle: CLAIM,
    ReleaseHandle: RELEASE,
}

REGISTRY_NEVER: dict[tuple[type[Operation], RefusalCode], str] = {
    (OfferAttestation, Kernel.SPONSOR_HAS_NO_QUOTA): "every party's sponsor has a quota, which an invariant keeps true",
    (ClaimHandle, Kernel.SPONSOR_HAS_NO_QUOTA): "every party's sponsor has a quota, which an invariant keeps true",
}
