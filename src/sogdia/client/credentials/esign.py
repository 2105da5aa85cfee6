"""National qualified electronic signatures over an account: the statement that is signed, and checking it.

An account's key alone is no legal signature in many countries. So whoever holds an account signs a statement that
names it with a qualified certificate; the signed file goes into the vault, and a registrar attests that it was checked.
What is not checked here: whether a certificate has been revoked meanwhile (that needs the issuer's servers), and
national algorithms. Both are the attesting registrar's part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import new as new_digest
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import verification

from sogdia.client.codes import account_code
from sogdia.client.credentials.cms import Detached, read_detached, refuse_national
from sogdia.client.credentials.faults import CannotBeUsed, CheckFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

CURVES: Final = ("secp256r1", "secp384r1")
RSA_BITS_MIN: Final = 2048
CHAIN_MAX: Final = 6
_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
ANY_CRITICALITY: Final = verification.Criticality.AGNOSTIC


@dataclass(frozen=True, slots=True)
class QualifiedSigner:
    """Who signed a statement, by a certificate that leads to a trusted one."""

    subject: str
    issuer: str
    serial: int
    algorithm: str
    valid_until: datetime
    certificate: bytes
    """The SHA-256 of the certificate."""


def statement(network: bytes, account: bytes) -> bytes:
    """Give the exact bytes that are signed: five lines of ASCII, each ended by one line feed."""
    return (
        "Sogdia account statement, version 1\n"
        "The signer of this statement holds this account.\n"
        f"network: {network.hex()}\n"
        f"account: {account_code(account)}\n"
        f"account bytes: {account.hex()}\n"
    ).encode("ascii")


def read_anchors(raw: bytes) -> list[x509.Certificate]:
    """Read the certificates that are trusted, in PEM."""
    try:
        return x509.load_pem_x509_certificates(raw)
    except ValueError as fault:
        raise CannotBeUsed(f"This holds no certificates in PEM: {fault}.") from fault


def verify_statement(
    raw: bytes, network: bytes, account: bytes, anchors: Sequence[x509.Certificate], at: int
) -> QualifiedSigner:
    """Check a signature over an account's statement as of a moment; give who made it, or say why it is not accepted."""
    signed = read_detached(raw)
    text = statement(network, account)
    _check_digest(signed, text)
    leaf = _certificate(signed.signer)
    _check_signature(signed, leaf)
    _check_extensions(leaf)
    _check_chain(signed, leaf, anchors, at)
    return QualifiedSigner(
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        serial=leaf.serial_number,
        algorithm=f"{signed.scheme} with {signed.digest}",
        valid_until=leaf.not_valid_after_utc,
        certificate=new_digest("sha256", signed.signer).digest(),
    )


def _check_digest(signed: Detached, text: bytes) -> None:
    if new_digest(signed.digest, text).digest() == signed.message_digest:
        return
    if new_digest(signed.digest, text.replace(b"\n", b"\r\n")).digest() == signed.message_digest:
        raise CheckFailed(
            "The statement was signed with other line ends than it has. Sign its bytes as they are; "
            "with openssl cms, add -binary."
        )
    raise CheckFailed("It was signed over something else than the statement of this account on this network.")


def _certificate(der: bytes) -> x509.Certificate:
    try:
        found = x509.load_der_x509_certificate(der)
        refuse_national(found.public_key_algorithm_oid.dotted_string)
        refuse_national(found.signature_algorithm_oid.dotted_string)
    except (ValueError, x509.InvalidVersion) as fault:
        raise CheckFailed(f"A certificate of the signature cannot be read: {fault}.") from fault
    return found


def _check_signature(signed: Detached, leaf: x509.Certificate) -> None:
    """Check the signature over the signed attributes."""
    hashed = _HASHES[signed.digest]
    try:
        key = leaf.public_key()
        if isinstance(key, rsa.RSAPublicKey) and signed.scheme != "ecdsa":
            if key.key_size < RSA_BITS_MIN:
                raise CheckFailed(f"The RSA key has {key.key_size} bits; {RSA_BITS_MIN} is the least that is accepted.")
            pss = padding.PSS(padding.MGF1(hashed), signed.salt_length)
            form = pss if signed.scheme == "rsassa_pss" else padding.PKCS1v15()
            key.verify(signed.signature, signed.signed_attributes, form, hashed)
            return
        if isinstance(key, ec.EllipticCurvePublicKey) and signed.scheme == "ecdsa":
            if key.curve.name not in CURVES:
                raise CheckFailed(f"The key is on the curve {key.curve.name}; P-256 and P-384 are accepted.")
            key.verify(signed.signature, signed.signed_attributes, ec.ECDSA(hashed))
            return
    except (UnsupportedAlgorithm, ValueError) as fault:
        raise CheckFailed(f"The certificate's key is not one that is checked here: {fault}.") from fault
    except InvalidSignature:
        raise CheckFailed("The signature does not fit the certificate's key: something was changed.") from None
    raise CheckFailed(f"The certificate's key does not go with a signature by {signed.scheme}.")


def _check_extensions(leaf: x509.Certificate) -> None:
    """Refuse a certificate with a demand that is not understood."""
    try:
        extensions = list(leaf.extensions)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as fault:
        raise CheckFailed(f"The certificate's extensions cannot be read: {fault}.") from fault
    for each in extensions:
        if each.critical and isinstance(each.value, x509.UnrecognizedExtension):
            raise CheckFailed(f"The certificate demands {each.oid.dotted_string}, which is not understood here.")


def _check_chain(signed: Detached, leaf: x509.Certificate, anchors: Sequence[x509.Certificate], at: int) -> None:
    """Refuse a certificate that leads to no trusted one, was not valid then, or is not meant for signing."""
    if not anchors:
        raise CannotBeUsed("No certificate is trusted. Name the authority's certificates.")
    others = [_certificate(each) for each in signed.certificates if each != signed.signer]
    policy = (
        verification.PolicyBuilder()
        .store(verification.Store(list(anchors)))
        .time(datetime.fromtimestamp(at, UTC))
        .max_chain_depth(CHAIN_MAX)
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=verification.ExtensionPolicy.permit_all().require_present(
                x509.KeyUsage, ANY_CRITICALITY, _meant_for_signing
            ),
        )
    )
    try:
        policy.build_client_verifier().verify(leaf, others)
    except verification.VerificationError as fault:
        raise CheckFailed(
            f"The certificate of {leaf.subject.rfc4514_string()} leads to none that is trusted at that time: {fault}."
        ) from fault


def _meant_for_signing(_policy: verification.Policy, _leaf: x509.Certificate, usage: x509.KeyUsage) -> None:
    if not (usage.digital_signature or usage.content_commitment):
        raise ValueError("the certificate's key is not meant for signing")
