"""W3C Verifiable Credentials 2.0 about attestations: the registrar signs, the ledger says whether it still holds.

The credential holds the fields in the clear and goes to its subject alone. Its status and its end are the ledger's:
the attestation that it names is there, accepted, and has the same subject, type, level, country and commitment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sogdia.client.credentials.data_integrity import add_proof, check_proof
from sogdia.client.credentials.did_key import did_of, method_of
from sogdia.client.credentials.faults import CannotBeUsed, CheckFailed
from sogdia.kernel.values import owner_of
from sogdia.modules.identity import AssuranceLevel, AttestationType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.client.credentials.attested import Attested
    from sogdia.client.keys import KeyPair
    from sogdia.modules.identity.registry_records import Attestation

CONTEXT: Final = (
    "https://www.w3.org/ns/credentials/v2",
    "https://www.w3.org/ns/credentials/undefined-terms/v2",
)
TYPES: Final = ("VerifiableCredential", "SogdiaAttestation")
STATUS_TYPE: Final = "SogdiaLedgerAttestation"
_DID_WEB = re.compile(r"did:web:[A-Za-z0-9.%:_-]{1,180}\Z")
_STATUS = re.compile(r"urn:sogdia:([0-9a-f]{64}):attestation:((?:[0-9a-f]{2}){21,36})\Z")


@dataclass(frozen=True, slots=True)
class Reference:
    """Which attestation of which network a credential is about."""

    network: bytes
    attestation: bytes

    @property
    def registrar(self) -> bytes:
        """The account of the registrar that made the attestation."""
        return owner_of(self.attestation)


@dataclass(frozen=True, slots=True)
class Signed:
    """A credential whose signature is right: who signed it, and what it is about."""

    issuer: str
    public: bytes
    about: Reference
    document: dict[str, Any]


def moment(seconds: int) -> str:
    """Write a moment as credentials do."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def issue(  # noqa: PLR0913 - everything that a credential says
    attested: Attested,
    attestation: Attestation,
    about: Reference,
    keypair: KeyPair,
    *,
    now: int,
    issuer: str | None = None,
) -> dict[str, Any]:
    """Make the credential of an attestation, signed by the registrar's key; `issuer` may be its did:web."""
    if attested.commitment() != attestation.commitment:
        raise CannotBeUsed("The file is about something else: its commitment is not the attestation's.")
    if issuer is not None and not _DID_WEB.match(issuer):
        raise CannotBeUsed(f"{issuer!r} is no did:web. Write it like did:web:registrar.example, or leave it out.")
    named = issuer or did_of(keypair.public)
    document = {"@context": list(CONTEXT), **_content(attested.fields, attestation, about), "issuer": named}
    document |= {"validFrom": moment(now), "validUntil": moment(attestation.expiry)}
    return add_proof(document, keypair, method_of(named, keypair.public), moment(now))


def _content(fields: dict[str, str], attestation: Attestation, about: Reference) -> dict[str, Any]:
    """Give what a credential says by the ledger's record and the fields."""
    network = about.network.hex()
    return {
        "type": list(TYPES),
        "credentialSubject": {
            "id": f"urn:sogdia:{network}:account:{attestation.subject.hex()}",
            "attests": AttestationType(attestation.attests).name.lower(),
            "level": AssuranceLevel(attestation.level).name.lower(),
            "country": attestation.country,
            "fields": dict(fields),
        },
        "credentialStatus": {
            "id": f"urn:sogdia:{network}:attestation:{about.attestation.hex()}",
            "type": STATUS_TYPE,
            "commitment": attestation.commitment.hex(),
        },
    }


def check_signature(document: dict[str, Any]) -> Signed:
    """Check what a credential shows by itself: its shape, its proof, and that its issuer made the proof."""
    issuer, public = check_proof(document)
    if document.get("issuer") != issuer:
        raise CheckFailed(f"The credential names the issuer {document.get('issuer')!r}, but {issuer} signed it.")
    context, types = document.get("@context"), document.get("type")
    if not isinstance(context, list) or context[:1] != [CONTEXT[0]]:
        raise CheckFailed(f"The @context does not begin with {CONTEXT[0]}: it is no credential of version 2.0.")
    if not isinstance(types, list) or not set(TYPES) <= {each for each in types if isinstance(each, str)}:
        raise CheckFailed(f"The credential's type lacks {' or '.join(TYPES)}.")
    status = document.get("credentialStatus")
    found = _STATUS.match(str(status.get("id"))) if isinstance(status, dict) else None
    if found is None:
        raise CheckFailed("The credential names no attestation of a ledger in its credentialStatus.")
    about = Reference(bytes.fromhex(found[1]), bytes.fromhex(found[2]))
    return Signed(issuer, public, about, document)


def check_against_ledger(
    signed: Signed, network: bytes, attestation: Attestation | None, keys: Sequence[bytes], now: int
) -> None:
    """Refuse a credential that the ledger does not bear out: another network, gone, or not by the registrar's keys."""
    if signed.about.network != network:
        raise CheckFailed(f"The credential is about the network {signed.about.network.hex()}, not {network.hex()}.")
    if attestation is None:
        raise CheckFailed("The attestation is not on the ledger: it was withdrawn, has expired, or never was.")
    if not attestation.accepted:
        raise CheckFailed("The subject has not accepted the attestation.")
    if now > attestation.expiry:
        raise CheckFailed(f"The attestation expired at {moment(attestation.expiry)}.")
    if signed.public not in keys:
        raise CheckFailed("It was not signed by a key of the registrar that made the attestation.")
    subject = signed.document.get("credentialSubject")
    fields = subject.get("fields") if isinstance(subject, dict) else None
    expected = _content(fields if isinstance(fields, dict) else {}, attestation, signed.about)
    for name, value in expected.items():
        if name != "type" and signed.document.get(name) != value:
            raise CheckFailed(f"The credential's {name} is not what the ledger says about the attestation.")
    if signed.document.get("validUntil") != moment(attestation.expiry):
        raise CheckFailed("The credential's validUntil is not the attestation's expiry.")
