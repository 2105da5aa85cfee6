"""Data Integrity proofs of the cryptosuite eddsa-jcs-2022 (W3C Recommendation of 15 May 2025).

proof options ──JCS──▶ SHA-256 ┐
├─ 64 bytes ──Ed25519──▶ proofValue, base58btc
document      ──JCS──▶ SHA-256 ┘
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from sogdia.client.credentials.canonical import canonical
from sogdia.client.credentials.did_key import from_base58btc, key_of, to_base58btc
from sogdia.client.credentials.faults import CheckFailed
from sogdia.kernel.signature import ED25519, SIGNATURE_BYTES, verify, weak_key

if TYPE_CHECKING:
    from sogdia.client.keys import KeyPair

CRYPTOSUITE: Final = "eddsa-jcs-2022"
PROOF_TYPE: Final = "DataIntegrityProof"
PURPOSE: Final = "assertionMethod"


def hash_data(document: dict[str, Any], options: dict[str, Any]) -> bytes:
    """Give the 64 bytes that are signed."""
    return sha256(canonical(options)).digest() + sha256(canonical(document)).digest()


def add_proof(document: dict[str, Any], keypair: KeyPair, method: str, created: str) -> dict[str, Any]:
    """Give the document with a proof by the key that `method` names."""
    options = {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": PURPOSE,
    }
    if "@context" in document:
        options["@context"] = document["@context"]
    value = to_base58btc(keypair.sign(hash_data(document, options)))
    return {**document, "proof": {**options, "proofValue": value}}


def check_proof(secured: dict[str, Any]) -> tuple[str, bytes]:
    """Check a document's proof; give the issuer and the key that its verification method names."""
    proof = secured.get("proof")
    if not isinstance(proof, dict):
        raise CheckFailed("The document has no proof, or several; one is expected.")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    for name, expected in (("type", PROOF_TYPE), ("cryptosuite", CRYPTOSUITE), ("proofPurpose", PURPOSE)):
        if options.get(name) != expected:
            raise CheckFailed(f"The proof's {name} is {options.get(name)!r}; only {expected} is checked here.")
    method, value = options.get("verificationMethod"), proof.get("proofValue")
    if not isinstance(method, str) or not isinstance(value, str):
        raise CheckFailed("The proof lacks its verificationMethod or its proofValue.")
    document = {name: value for name, value in secured.items() if name != "proof"}
    _check_context(document, options)
    issuer, public = key_of(method)
    signature = from_base58btc(value)
    sound = len(signature) == SIGNATURE_BYTES and not weak_key(ED25519, public)
    if not sound or not verify(ED25519, public, hash_data(document, options), signature):
        raise CheckFailed("The signature does not fit: the document or its proof was changed after it was signed.")
    return issuer, public


def _check_context(document: dict[str, Any], options: dict[str, Any]) -> None:
    """Refuse a proof that was made under another context, which would give the words another meaning."""
    if "@context" not in options:
        return
    proven, present = _list(options["@context"]), _list(document.get("@context"))
    if present[: len(proven)] != proven:
        raise CheckFailed("The document's @context does not begin with the one that its proof was made under.")
    document["@context"] = options["@context"]


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any value of JSON
    return value if isinstance(value, list) else [value]
