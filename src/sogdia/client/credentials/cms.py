"""Detached CMS signatures (RFC 5652) taken apart: who signed, how, and over which digest.

The structure is read with `asn1crypto`, since `cryptography` reads only the certificates of CMS; every signature is
checked by `cryptography` (see `esign`). Only what a qualified signature is made of is read: one signer, signed
attributes, no content inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import new as new_digest
from typing import Any, Final

from asn1crypto import cms, core, pem, tsp

from sogdia.client.credentials.faults import CheckFailed, NationalAlgorithm

SIGNATURE_BYTES_MAX = 256 * 1024
CERTIFICATES_MAX = 16
DIGESTS: Final = ("sha256", "sha384", "sha512")
SIGNED_DATA: Final = "signed_data"
PLAIN_DATA: Final = "data"
SIGNING_CERTIFICATE: Final = "signing_certificate_v2"

NATIONAL: Final = {
    "1.2.112.0.2.0.34.101": "STB 34.101 of Belarus",
    "1.2.156.10197": "SM2 and SM3 of China",
    "1.2.398.3.10": "GOST 34.310 of Kazakhstan",
    "1.2.410.200004": "KCDSA of Korea",
    "1.2.643.2.2": "GOST R 34.10-2001 of Russia",
    "1.2.643.7.1": "GOST R 34.10-2012 of Russia",
    "1.2.804.2.1.1.1": "DSTU 4145 of Ukraine",
    "1.2.860.3": "O'zDSt 1092 of Uzbekistan",
}
"""National algorithms by the beginning of their object identifiers."""


@dataclass(frozen=True, slots=True)
class Detached:
    """A detached signature: the signer's certificate, what it signed, and how."""

    signer: bytes
    certificates: tuple[bytes, ...]
    digest: str
    """Of the statement and of the signed attributes alike."""
    scheme: str
    """`rsassa_pkcs1v15`, `rsassa_pss` or `ecdsa`."""
    salt_length: int
    """With RSASSA-PSS."""
    message_digest: bytes
    signed_attributes: bytes
    """In the encoding that is signed."""
    signature: bytes


def read_detached(raw: bytes) -> Detached:
    """Take a detached signature apart, or say what is wrong with it."""
    if len(raw) > SIGNATURE_BYTES_MAX:
        raise CheckFailed(f"The signature has {len(raw)} bytes; {SIGNATURE_BYTES_MAX} are allowed.")
    try:
        return _read(raw)
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError) as fault:
        # The reader looks into a structure only when it is asked for, so its errors can come from anywhere above;
        # AttributeError is how it meets a value of a kind that it did not expect.
        raise CheckFailed(f"This is no CMS signature, or a damaged one: {str(fault).splitlines()[0]}.") from fault


def _read(raw: bytes) -> Detached:
    der = pem.unarmor(raw)[2] if pem.detect(raw) else raw
    outer = cms.ContentInfo.load(der, strict=True)
    if outer["content_type"].native != SIGNED_DATA:
        raise CheckFailed(f"This is CMS of the type {outer['content_type'].native}, not a signature.")
    data = outer["content"]
    if data["encap_content_info"]["content_type"].native != PLAIN_DATA:
        raise CheckFailed("The signature is not over plain data.")
    if not isinstance(data["encap_content_info"]["content"], core.Void):
        raise CheckFailed("The signature holds its content. Sign detached, so that what was signed is not in doubt.")
    if len(data["signer_infos"]) != 1:
        raise CheckFailed(f"There are {len(data['signer_infos'])} signers; one is expected.")
    info = data["signer_infos"][0]
    digest, scheme, salt_length = _algorithms(info)
    certificates = _certificates(data)
    signer = _signer(info["sid"], certificates)
    attributes = _attributes(info)
    if _one(attributes, "content_type").native != PLAIN_DATA:
        raise CheckFailed("The signed attributes speak of other content than plain data.")
    _check_signing_certificate(attributes, signer)
    return Detached(
        signer=signer,
        certificates=tuple(each.dump() for each in certificates),
        digest=digest,
        scheme=scheme,
        salt_length=salt_length,
        message_digest=_one(attributes, "message_digest").native,
        signed_attributes=info["signed_attrs"].untag().dump(),
        signature=info["signature"].native,
    )


def _algorithms(info: Any) -> tuple[str, str, int]:  # noqa: ANN401 - a structure of asn1crypto, which has no types
    """Give digest, scheme and length of salt, or refuse what is not checked here."""
    for algorithm in (info["signature_algorithm"], info["digest_algorithm"]):
        refuse_national(algorithm["algorithm"].dotted)
    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in DIGESTS:
        raise CheckFailed(f"The digest {digest} is not accepted. Sign with SHA-256, SHA-384 or SHA-512.")
    named = info["signature_algorithm"]
    if named["algorithm"].native == "rsassa_pss":
        parameters = named["parameters"]
        inner = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
        if {parameters["hash_algorithm"]["algorithm"].native, inner} != {digest}:
            raise CheckFailed("The signature mixes digests. Sign with one digest throughout.")
        if parameters["trailer_field"].native not in {1, "trailer_field_bc"}:
            raise CheckFailed("The signature's trailer is not the usual one.")
        return digest, "rsassa_pss", int(parameters["salt_length"].native)
    scheme = named.signature_algo
    if named["algorithm"].native != scheme and named.hash_algo != digest:
        raise CheckFailed("The signature mixes digests. Sign with one digest throughout.")
    if scheme not in {"rsassa_pkcs1v15", "ecdsa"}:
        raise CheckFailed(f"Signatures of {scheme} are not checked here. Sign with RSA, or ECDSA on P-256 or P-384.")
    return digest, scheme, 0


def refuse_national(dotted: str) -> None:
    """Say so when an object identifier belongs to a national algorithm."""
    for beginning, name in NATIONAL.items():
        if dotted == beginning or dotted.startswith(f"{beginning}."):
            raise NationalAlgorithm(
                f"It was signed with {name} ({dotted}), which is not checked here. The registrar that attests it "
                "checks it with its country's tools, and says so by its attestation."
            )


def _certificates(data: Any) -> list[Any]:  # noqa: ANN401 - as above
    held = data["certificates"]
    found = [each.chosen for each in (() if isinstance(held, core.Void) else held) if each.name == "certificate"]
    if not 1 <= len(found) <= CERTIFICATES_MAX:
        raise CheckFailed(f"The signature holds {len(found)} certificates; 1 to {CERTIFICATES_MAX} are expected.")
    if any(each.serial_number <= 0 for each in found):
        raise CheckFailed("A certificate has a serial number that is not positive, which RFC 5280 forbids.")
    return found


def _signer(identifier: Any, certificates: list[Any]) -> bytes:  # noqa: ANN401 - as above
    """Find the signer's certificate."""
    for each in certificates:
        if identifier.name == "issuer_and_serial_number":
            named = identifier.chosen
            fits = each.issuer == named["issuer"] and each.serial_number == named["serial_number"].native
        else:
            fits = each.key_identifier == identifier.chosen.native
        if fits:
            _refuse_national_key(each["tbs_certificate"]["subject_public_key_info"]["algorithm"])
            return bytes(each.dump())
    raise CheckFailed("The signature does not hold its signer's certificate.")


def _refuse_national_key(algorithm: Any) -> None:  # noqa: ANN401 - as above
    """Say so when a key belongs to a national algorithm: by the algorithm itself, or by its curve."""
    refuse_national(algorithm["algorithm"].dotted)
    if algorithm["algorithm"].native == "ec" and algorithm["parameters"].name == "named":
        refuse_national(algorithm["parameters"].chosen.dotted)


def _attributes(info: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    attributes = info["signed_attrs"]
    if isinstance(attributes, core.Void):
        raise CheckFailed("The signature has no signed attributes, which a qualified signature needs.")
    named = {each["type"].native: each["values"] for each in attributes}
    if len(named) != len(attributes):
        raise CheckFailed("A signed attribute stands there twice.")
    return named


def _one(attributes: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - as above
    """Give the one value of an attribute that must be there."""
    if name not in attributes or len(attributes[name]) != 1:
        raise CheckFailed(f"The signed attributes lack {name.replace('_', ' ')}, or say it twice.")
    return attributes[name][0]


def _check_signing_certificate(attributes: dict[str, Any], signer: bytes) -> None:
    """Refuse a certificate other than the one that the signed attributes name, if they name one."""
    if SIGNING_CERTIFICATE not in attributes:
        return
    named: tsp.ESSCertIDv2 = _one(attributes, SIGNING_CERTIFICATE)["certs"][0]
    digest = named["hash_algorithm"]["algorithm"].native
    if digest not in DIGESTS or new_digest(digest, signer).digest() != named["cert_hash"].native:
        raise CheckFailed("The signed attributes name another certificate than the signer's.")
