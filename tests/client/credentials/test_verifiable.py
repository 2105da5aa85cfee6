"""Credentials about attestations: what the registrar signs, and what the ledger must bear out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from sogdia.client.credentials.attested import Attested
from sogdia.client.credentials.canonical import read_document
from sogdia.client.credentials.data_integrity import add_proof
from sogdia.client.credentials.did_key import did_of, method_of
from sogdia.client.credentials.faults import CannotBeUsed, CheckFailed
from sogdia.client.credentials.verifiable import (
    Reference,
    Signed,
    check_against_ledger,
    check_signature,
    issue,
    moment,
)
from sogdia.client.keys import derive
from sogdia.modules.identity.registry_records import Attestation

KEYS, OTHER = derive(b"seed", "registrar"), derive(b"seed", "other")
NETWORK = bytes(range(32))
ABOUT = Reference(NETWORK, bytes(range(20)) + b"lei-1")
SEEN = Attested(attests="lei", country="UZ", fields={"lei": "529900T8BM49AURSDO55"}, secret="11" * 32)
NOW, EXPIRY = 1_700_000_000, 1_731_536_000
RECORD = Attestation(
    subject=bytes(20),
    attests=1,
    level=3,
    country="UZ",
    expiry=EXPIRY,
    commitment=SEEN.commitment(),
    tag=bytes(32),
    accept_by=NOW,
    accepted=True,
    sponsor=bytes(20),
)


def made(issuer: str | None = None) -> dict[str, Any]:
    """A credential as it comes out of its file."""
    document = issue(SEEN, RECORD, ABOUT, KEYS, now=NOW, issuer=issuer)
    return read_document(json.dumps(document).encode())


def signed_anew(**changes: object) -> Signed:
    """A credential that says other things, signed by the registrar all the same."""
    document = {name: value for name, value in made().items() if name != "proof"} | changes
    return check_signature(add_proof(document, KEYS, method_of(did_of(KEYS.public), KEYS.public), moment(NOW)))


def check(
    signed: Signed, record: Attestation | None = RECORD, keys: tuple[bytes, ...] = (KEYS.public,), now: int = NOW
):
    """Check a credential against the ledger."""
    check_against_ledger(signed, NETWORK, record, keys, now)


@pytest.mark.parametrize("issuer", [None, "did:web:registrar.example", "did:web:registrar.example%3A8443:kz"])
def test_a_registrar_s_credential_is_borne_out_by_the_ledger(issuer):
    signed = check_signature(made(issuer))

    check(signed)
    check(signed, now=EXPIRY)

    assert signed.issuer == issuer or issuer is None
    assert (signed.public, signed.about, signed.about.registrar) == (KEYS.public, ABOUT, bytes(range(20)))


def test_a_credential_says_what_the_data_model_asks_for():
    document = made()

    assert document["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert document["type"][0] == "VerifiableCredential"
    assert document["validFrom"] == "2023-11-14T22:13:20Z"
    assert document["validUntil"] == "2024-11-13T22:13:20Z"
    assert document["credentialSubject"]["id"] == f"urn:sogdia:{NETWORK.hex()}:account:{bytes(20).hex()}"
    assert document["proof"]["cryptosuite"] == "eddsa-jcs-2022"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"record": None}, "not on the ledger"),
        ({"record": structs.replace(RECORD, accepted=False)}, "has not accepted"),
        ({"now": EXPIRY + 1}, "expired at 2024-11-13T22:13:20Z"),
        ({"keys": ()}, "not signed by a key of the registrar"),
        ({"keys": (OTHER.public,)}, "not signed by a key of the registrar"),
        ({"record": structs.replace(RECORD, subject=bytes(19) + b"\x01")}, "credentialSubject is not what"),
        ({"record": structs.replace(RECORD, attests=2)}, "credentialSubject is not what"),
        ({"record": structs.replace(RECORD, level=2)}, "credentialSubject is not what"),
        ({"record": structs.replace(RECORD, country="KZ")}, "credentialSubject is not what"),
        ({"record": structs.replace(RECORD, commitment=bytes(32))}, "credentialStatus is not what"),
        ({"record": structs.replace(RECORD, expiry=EXPIRY + 1)}, "validUntil is not"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_ledger_does_not_bear_out_is_refused(changes, words):
    with pytest.raises(CheckFailed, match=words):
        check(check_signature(made()), **changes)


def test_a_credential_of_another_network_is_refused():
    with pytest.raises(CheckFailed, match="is about the network"):
        check_against_ledger(check_signature(made()), bytes(32), RECORD, [KEYS.public], NOW)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": did_of(OTHER.public)}, "names the issuer"),
        ({"issuer": {"id": did_of(KEYS.public)}}, "names the issuer"),
        ({"@context": ["https://www.w3.org/2018/credentials/v1"]}, "no credential of version 2.0"),
        ({"@context": "https://www.w3.org/ns/credentials/v2"}, "no credential of version 2.0"),
        ({"type": ["VerifiableCredential"]}, "type lacks"),
        ({"type": "VerifiableCredential"}, "type lacks"),
        ({"type": [["VerifiableCredential"], "SogdiaAttestation"]}, "type lacks"),
        ({"credentialStatus": None}, "names no attestation"),
        ({"credentialStatus": {"id": "urn:sogdia:00:attestation:00"}}, "names no attestation"),
    ],
)
def test_a_credential_of_another_shape_is_refused(changes, words):
    with pytest.raises(CheckFailed, match=words):
        signed_anew(**changes)


@pytest.mark.parametrize("subject", [None, [], {}, {"fields": []}, {"fields": {}}])
def test_a_credential_about_nobody_is_refused(subject):
    with pytest.raises(CheckFailed, match="credentialSubject is not what"):
        check(signed_anew(credentialSubject=subject))


@pytest.mark.parametrize(
    "issuer", ["did:web:", "did:web:a b", "https://registrar.example", "did:key:z6Mk", "did:web:" + "a" * 181]
)
def test_an_issuer_that_is_no_did_web_makes_no_credential(issuer):
    with pytest.raises(CannotBeUsed, match="no did:web"):
        made(issuer)


def test_a_commitment_to_something_else_makes_no_credential():
    other = structs.replace(SEEN, secret="22" * 32)

    with pytest.raises(CannotBeUsed, match="about something else"):
        issue(other, RECORD, ABOUT, KEYS, now=NOW)
