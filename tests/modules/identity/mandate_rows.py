"""Mandates and one-time codes on a test ledger, and the tables of their refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.mandates import Cap
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import name_of
from sogdia.modules.identity.mandates import GiveConsent, GrantMandate, RenewConsents, RevokeMandate, code_before
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.money import asset_key
from sogdia.testing.ledger import START
from tests.modules.identity.town import NOBODY, quota
from tests.refused import Row, poke

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.testing.ledger import Ledger

DAY = 86_400


def fill_storage(ledger: Ledger) -> None:
    """Leave the registrar, which sponsors all, one byte less than a mandate takes."""
    known = quota(ledger, "registrar")
    full = structs.replace(known, stored_bytes_max=known.stored_bytes + 999)
    poke(ledger, QUOTAS, ledger.account("registrar"), full)


def mandate(ledger: Ledger, **changes: Any) -> GrantMandate:  # noqa: ANN401 - any field
    """Nairobi lets Lanzhou pay: 100 cents with one payment, 250 a day."""
    fields: dict[str, Any] = {
        "reference": "agent",
        "agent": ledger.account("lanzhou"),
        "operations": (303,),
        "caps": (Cap(asset_key(ledger.asset()), 100, 250),),
        "period": DAY,
        "valid_from": START,
        "valid_until": START + 30 * DAY,
        "consent_needed": False,
    }
    return GrantMandate(**(fields | changes))


def caps(ledger: Ledger, *currencies: str) -> tuple[Cap, ...]:
    """A cap in each money."""
    return tuple(Cap(asset_key(ledger.asset(each)), 1, 1) for each in currencies)


def grant(ledger: Ledger, **changes: Any) -> bytes:  # noqa: ANN401 - any field
    """Let Nairobi grant the mandate; give its name."""
    ledger.must("nairobi", mandate(ledger, **changes))
    return name_of(ledger.account("nairobi"), "agent")


def consent(ledger: Ledger, code: bytes = bytes(10), **changes: Any) -> GiveConsent:  # noqa: ANN401 - any field
    """Show a code of Nairobi's."""
    return GiveConsent(**({"to": name_of(ledger.account("nairobi"), "agent"), "code": code} | changes))


def with_consents(ledger: Ledger) -> None:
    """Let Nairobi grant a mandate that needs codes, and begin a chain."""
    grant(ledger, consent_needed=True)
    ledger.must("nairobi", RenewConsents(reference="agent", end=bytes(10)))


def opened(ledger: Ledger) -> None:
    """Let a code open the mandate."""
    grant(ledger, consent_needed=True)
    end = consent_end(ledger, b"0123456789")
    ledger.must("nairobi", RenewConsents(reference="agent", end=end))
    ledger.must("lanzhou", consent(ledger, b"0123456789"))


def consent_end(ledger: Ledger, code: bytes) -> bytes:
    """Give the end of the mandate's chain of one code."""
    return code_before(ledger.network, name_of(ledger.account("nairobi"), "agent"), code)


def suspend_samarkand(ledger: Ledger) -> None:
    """Enter somebody and suspend it."""
    ledger.must("registrar", SuspendParty(account=ledger.register("samarkand"), reason="Papers missing"))


def granted_and_full(ledger: Ledger) -> None:
    """Grant the mandate; then the storage is full."""
    grant(ledger)
    fill_storage(ledger)


GRANT = [
    Row(
        Refuse.OPERATIONS_NOT_IN_ORDER,
        "nairobi",
        lambda ledger: mandate(ledger, operations=(410, 303), caps=caps(ledger, "USD", "USD"), valid_until=0),
        at_the_door=True,
    ),
    Row(
        Refuse.CAPS_NOT_IN_ORDER,
        "nairobi",
        lambda ledger: mandate(ledger, caps=caps(ledger, "USD", "USD"), valid_until=0),
        at_the_door=True,
    ),
    Row(
        Refuse.MANDATE_TIMES_WRONG,
        "nairobi",
        lambda ledger: mandate(ledger, valid_until=START - 1),
        at_the_door=True,
        note="ends-before-it-begins",
    ),
    Row(
        Refuse.MANDATE_TIMES_WRONG,
        "nairobi",
        lambda ledger: mandate(ledger, agent=ledger.account("nairobi"), valid_from=0, valid_until=START - 1),
        note="is-over",
    ),
    Row(Refuse.AGENT_IS_SELF, "nairobi", lambda ledger: mandate(ledger, agent=ledger.account("nairobi"))),
    Row(Refuse.PARTY_UNKNOWN, "nairobi", lambda ledger: mandate(ledger, agent=NOBODY), grant),
    Row(
        Refuse.PARTY_SUSPENDED,
        "nairobi",
        lambda ledger: mandate(ledger, agent=ledger.account("samarkand")),
        suspend_samarkand,
    ),
    Row(Refuse.MANDATE_EXISTS, "nairobi", mandate, granted_and_full),
    Row(Kernel.QUOTA_STORAGE_SPENT, "nairobi", mandate, fill_storage),
]

REVOKE = [Row(Kernel.MANDATE_UNKNOWN, "nairobi", lambda _ledger: RevokeMandate(reference="other"), grant)]

RENEW = [
    Row(Kernel.MANDATE_UNKNOWN, "nairobi", lambda _ledger: RenewConsents(reference="other", end=None), grant),
    Row(Refuse.CONSENT_NOT_NEEDED, "nairobi", lambda _ledger: RenewConsents(reference="agent", end=None), grant),
    Row(
        Refuse.NOTHING_CHANGES,
        "nairobi",
        lambda _ledger: RenewConsents(reference="agent", end=None),
        lambda ledger: grant(ledger, consent_needed=True),
    ),
]


def recovered(ledger: Ledger) -> None:
    """Grant the mandate, and let the keys that granted it have been recovered since."""
    grant(ledger)
    account = ledger.account("nairobi")
    poke(ledger, PARTIES, account, structs.replace(PARTIES.must(ledger.state, account), recoveries=1))


CONSENT = [
    Row(Kernel.MANDATE_UNKNOWN, "lanzhou", consent),
    Row(Kernel.MANDATE_UNKNOWN, "bukhara", consent, grant, note="to-a-stranger"),
    Row(Refuse.SENDER_NOT_AGENT, "nairobi", consent, grant, note="though-it-is-the-grantor"),
    Row(Kernel.MANDATE_VOID, "lanzhou", consent, recovered),
    Row(Refuse.CONSENT_NOT_NEEDED, "lanzhou", consent, grant),
    Row(Refuse.CONSENT_ALREADY_GIVEN, "lanzhou", consent, opened),
    Row(Refuse.NO_CONSENTS, "lanzhou", consent, lambda ledger: grant(ledger, consent_needed=True)),
    Row(Refuse.CONSENT_WRONG, "lanzhou", consent, with_consents),
]

MANDATE_TABLES: dict[type[Operation], list[Row]] = {
    GrantMandate: GRANT,
    RevokeMandate: REVOKE,
    RenewConsents: RENEW,
    GiveConsent: CONSENT,
}
