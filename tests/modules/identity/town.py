"""A ledger with two registrars and two sponsors: the registrar pays for everybody but the bank.

Customs is a registrar of Uzbekistan and Kenya alone, for two parties and two attestations a day.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.keys import derive
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.values import name_of
from sogdia.modules.identity.appeals import AppealSuspension
from sogdia.modules.identity.attestations import AcceptAttestation, OfferAttestation
from sogdia.modules.identity.keys import ChangeKeys, NewKey, key_message
from sogdia.modules.identity.node_keys import RotateNodeKey, rotation_message
from sogdia.modules.identity.parties import RegisterParty, SuspendParty
from sogdia.modules.identity.registry_records import AssuranceLevel, AttestationType
from sogdia.testing.ledger import SEED, Ledger, genesis, keys_of

if TYPE_CHECKING:
    from sogdia.client.envelopes import SigningKey
    from sogdia.client.keys import KeyPair
    from sogdia.kernel.accounts import Party
from sogdia.kernel.quota import Quota

NOBODY = bytes(20)
DAY = 86_400
WEAK_KEY = bytes(32)
"""A point of small order: signatures that nobody made verify under it."""


def town() -> Ledger:
    """Open the ledger."""
    parties = {each["reference"]: each for each in msgspec.to_builtins(genesis().identity)["parties"]}
    parties["bank"] |= {"sponsor": "bank", "quota": {"operations": 50, "stored_bytes": 10_000}}
    parties["customs"] = parties["registrar"] | {
        "reference": "customs",
        "roles": ["registrar"],
        "sponsor": "registrar",
        "quota": None,
        "public": keys_of("customs").public.hex(),
    }
    customs = {"reference": "customs", "countries": ["UZ", "KE"], "parties": 2, "attestations": 2}
    registrars = [{"reference": "registrar"}, customs]
    return Ledger(identity={"parties": list(parties.values()), "registrars": registrars})


def registration(ledger: Ledger, reference: str = "samarkand", **changes: Any) -> RegisterParty:  # noqa: ANN401 - any field
    """A request to enter a merchant of Samarkand."""
    fields: dict[str, Any] = {
        "kind": 2,
        "country": "UZ",
        "roles": 0,
        "sponsor": ledger.account("registrar"),
        "scheme": 1,
        "public": keys_of(reference).public,
    }
    return RegisterParty(reference=reference, **(fields | changes))


def rotation(ledger: Ledger, old: KeyPair, new: KeyPair) -> RotateNodeKey:
    """A request to sign headers with `new` in place of `old`, for which both sign."""
    message = rotation_message(ledger.network, old.public, new.public)
    return RotateNodeKey(old=old.public, new=new.public, endorsement=old.sign(message), acceptance=new.sign(message))


def new_key(ledger: Ledger, who: str, number: int, keys: SigningKey, **changes: Any) -> NewKey:  # noqa: ANN401 - any field
    """A key that joins somebody, with the proof that it makes for this number."""
    message = key_message(ledger.network, ledger.account(who), number, keys.scheme, keys.public)
    proof = keys.signature(message)
    fields: dict[str, Any] = {"scheme": keys.scheme, "public": keys.public, "proof": proof.value, "extra": proof.extra}
    return NewKey(**(fields | changes))


def key(ledger: Ledger, who: str, number: int, keys: SigningKey, **changes: Any) -> ChangeKeys:  # noqa: ANN401 - any field
    """A request to put a key in the place of the one before, as somebody with a single key does."""
    return ChangeKeys(remove=(number - 1,), add=(new_key(ledger, who, number, keys, **changes),))


def offer(ledger: Ledger, reference: str = "lei-1", **changes: Any) -> OfferAttestation:  # noqa: ANN401 - any field
    """An offer to attest that Bukhara has its legal entity identifier, open for a day and valid for a year."""
    fields: dict[str, Any] = {
        "subject": ledger.account("bukhara"),
        "attests": int(AttestationType.LEI),
        "level": int(AssuranceLevel.HIGH),
        "country": "UZ",
        "expiry": ledger.time + 365 * DAY,
        "accept_by": ledger.time + DAY,
        "commitment": sha256(b"what was seen").digest(),
        "tag": sha256(reference.encode()).digest(),
    }
    return OfferAttestation(reference=reference, **(fields | changes))


def attestation_name(ledger: Ledger, reference: str = "lei-1", who: str = "registrar") -> bytes:
    """The name of a registrar's attestation."""
    return name_of(ledger.account(who), reference)


def attested(ledger: Ledger, reference: str = "lei-1", who: str = "registrar", **changes: Any) -> bytes:  # noqa: ANN401 - any field
    """Let a registrar attest Bukhara, and Bukhara accept it; give the attestation's name."""
    name = attestation_name(ledger, reference, who)
    ledger.must(who, offer(ledger, reference, **changes))
    ledger.must("bukhara", AcceptAttestation(attestation=name))
    return name


def suspended(ledger: Ledger, *, appealed: bool = False) -> bytes:
    """Let the registrar enter and suspend a merchant of Samarkand; give its account."""
    account = ledger.register("samarkand", country="UZ")
    ledger.must("registrar", SuspendParty(account=account, reason="Papers missing"))
    if appealed:
        ledger.must("samarkand", AppealSuspension())
    return account


def other_keys(name: str = "second") -> KeyPair:
    """A key that nobody has registered."""
    return derive(SEED, f"key/{name}")


def party(ledger: Ledger, who: str) -> Party:
    """Somebody's record."""
    return PARTIES.must(ledger.state, ledger.account(who))


def quota(ledger: Ledger, who: str) -> Quota:
    """A sponsor's quota."""
    return QUOTAS.must(ledger.state, ledger.account(who))
