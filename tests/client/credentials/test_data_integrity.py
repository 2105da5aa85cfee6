"""Proofs of eddsa-jcs-2022: the published example, and every way to change a document after it was signed."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from sogdia.client.credentials.canonical import canonical, read_document
from sogdia.client.credentials.data_integrity import add_proof, check_proof, hash_data
from sogdia.client.credentials.did_key import did_of, from_base58btc, key_of, multikey, read_multikey, to_base58btc
from sogdia.client.credentials.faults import CheckFailed
from sogdia.client.keys import KeyPair, derive
from tests.client.credentials import published

KEYS = KeyPair(from_base58btc(published.SECRET)[2:])


def secured() -> dict[str, Any]:
    """The published credential with the proof that is made here."""
    made = add_proof(published.unsecured(), KEYS, published.METHOD, published.CREATED)
    return read_document(json.dumps(made).encode())


# ------------------------------------------------------------------------------------------------ the published example


def test_the_published_key_is_written_and_read_as_published():
    assert multikey(KEYS.public) == published.PUBLIC
    assert read_multikey(published.PUBLIC) == KEYS.public
    assert did_of(KEYS.public) == f"did:key:{published.PUBLIC}"


def test_every_value_on_the_way_to_the_signature_is_the_published_one():
    document = secured()
    options = {name: value for name, value in document["proof"].items() if name != "proofValue"}

    assert sha256(canonical(published.unsecured())).hexdigest() == published.DOCUMENT_HASH
    assert sha256(canonical(options)).hexdigest() == published.OPTIONS_HASH
    assert hash_data(published.unsecured(), options).hex() == published.OPTIONS_HASH + published.DOCUMENT_HASH
    assert from_base58btc(document["proof"]["proofValue"]).hex() == published.SIGNATURE
    assert document["proof"]["proofValue"] == published.PROOF_VALUE


def test_the_published_proof_is_accepted():
    assert check_proof(secured()) == (f"did:key:{published.PUBLIC}", KEYS.public)


# ----------------------------------------------------------------------------------------------------- what was changed


CHANGES: dict[str, Any] = {
    "a value": lambda it: it.update(name="Alumni credential"),
    "a nested value": lambda it: it["credentialSubject"].update(id="did:example:other"),
    "a member more": lambda it: it.update(extra=1),
    "a member less": lambda it: it.pop("description"),
    "the order of a list": lambda it: it["type"].reverse(),
    "the date of the proof": lambda it: it["proof"].update(created="2023-02-24T23:36:39Z"),
    "the context behind": lambda it: it["@context"].append("https://example.com/other-words"),
    "another key": lambda it: it["proof"].update(
        verificationMethod="did:key:" + "#".join([multikey(derive(b"s", "x").public)] * 2)
    ),
    "the signature": lambda it: it["proof"].update(proofValue="z" + it["proof"]["proofValue"][2:]),
}


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "the context behind"])
def test_what_was_changed_after_signing_is_noticed(change):
    document = secured()
    CHANGES[change](document)

    with pytest.raises(CheckFailed, match="signature does not fit"):
        check_proof(document)


def test_words_added_to_the_context_do_not_count():
    document = secured()
    CHANGES["the context behind"](document)

    issuer, _public = check_proof(document)

    assert issuer == f"did:key:{published.PUBLIC}"


def test_a_proof_under_another_context_is_refused():
    document = secured()
    document["@context"] = ["https://example.com/other-words", *document["@context"]]

    with pytest.raises(CheckFailed, match="does not begin with the one"):
        check_proof(document)


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("type", "Ed25519Signature2020", "only DataIntegrityProof"),
        ("cryptosuite", "eddsa-rdfc-2022", "only eddsa-jcs-2022"),
        ("proofPurpose", "authentication", "only assertionMethod"),
        ("verificationMethod", "https://vc.example/issuers/5678#key", "names no key of a DID"),
        ("verificationMethod", f"did:key:{published.PUBLIC}", "names no key of a DID"),
        ("verificationMethod", f"did:key:z6MkOther#{published.PUBLIC}", "another key than its did:key"),
        ("verificationMethod", None, "lacks its verificationMethod"),
        ("proofValue", None, "lacks its verificationMethod or its proofValue"),
        ("proofValue", "u" + published.PROOF_VALUE[1:], "not written in base58btc"),
        ("proofValue", published.PROOF_VALUE[:-1] + "0", "not written in base58btc"),
        ("proofValue", "z", "does not fit"),
        ("proofValue", "z1" + published.PROOF_VALUE[1:], "does not fit"),
    ],
)
def test_a_proof_of_another_kind_is_refused(member, value, words):
    document = secured()
    document["proof"][member] = value

    with pytest.raises(CheckFailed, match=words):
        check_proof(document)


def test_a_document_without_one_proof_is_refused():
    for proof in (None, [], [secured()["proof"]], "proof"):
        with pytest.raises(CheckFailed, match="no proof, or several"):
            check_proof({**published.unsecured(), "proof": proof})


# -------------------------------------------------------------------------------------------------- the canonical form


def reading(text: str) -> dict[str, Any]:
    """Read a document and check its proof."""
    document = read_document(text.encode("utf-8", "surrogatepass"))
    check_proof(document)
    return document


def test_laying_a_document_out_anew_changes_nothing():
    document = secured()
    for text in (
        json.dumps(document),
        json.dumps(document, indent=7, sort_keys=True),
        json.dumps(dict(reversed(document.items())), separators=(",", ":")),
        json.dumps(document).replace("Alumni", "\\u0041lumni").replace("/", "\\/"),
    ):
        assert reading(text) == document


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 1}', "names 'a' twice"),
        ('{"b": {"a": 1, "\\u0061": 2}}', "names 'a' twice"),
        ('{"a": 1.0}', "not written as a whole number"),
        ('{"a": 1e0}', "not written as a whole number"),
        ('{"a": 1E2}', "not written as a whole number"),
        ('{"a": 0.1}', "not written as a whole number"),
        ('{"a": NaN}', "not written as a whole number"),
        ('{"a": -Infinity}', "not written as a whole number"),
        ('{"a": -0}', "not exact"),
        (f'{{"a": {2**53}}}', "not exact"),
        (f'{{"a": -{2**53}}}', "not exact"),
        ('{"a": ' + "9" * 5_000 + "}", "not exact"),
        ('{"a": "\\ud800"}', "no canonical form"),
        ('{"\\udc00": 1}', "no canonical form"),
        ('{"a": 01}', "no JSON"),
        ("{'a': 1}", "no JSON"),
        ('{"a": 1,}', "no JSON"),
        ('{"a": "\n"}', "no JSON"),
        ('{"a": 1} {}', "no JSON"),
        ("\ufeff{}", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no object"),
        ('"a"', "no object"),
    ],
    ids=lambda value: value[:30],
)
def test_what_two_readers_could_take_for_two_things_is_refused(text, words):
    with pytest.raises(CheckFailed, match=words):
        read_document(text.encode())


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1, 0])
def test_whole_numbers_that_everybody_keeps_exactly_are_read(number):
    assert read_document(b'{"a": %d}' % number) == {"a": number}


def test_bytes_that_are_not_utf_8_and_documents_beyond_the_limit_are_refused():
    with pytest.raises(CheckFailed, match="not UTF-8"):
        read_document(b'{"a": "\xff"}')
    with pytest.raises(CheckFailed, match="are allowed"):
        read_document(b" " * (256 * 1024 + 1))


# ------------------------------------------------------------------------------------------------------- base 58


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x00\x00\x01", b"\xff" * 40, bytes(range(64))])
def test_bytes_come_back_from_base_58(content):
    assert from_base58btc(to_base58btc(content)) == content


@pytest.mark.parametrize("method", ["", "#", "did:key:#", f"did:key:{published.PUBLIC}#z6Mk", "did:web:a.b#zzz"])
def test_a_method_that_names_no_key_is_refused(method):
    with pytest.raises(CheckFailed):
        key_of(method)


def test_a_key_for_which_anybody_could_sign_proves_nothing():
    weak = multikey(bytes(32))
    document = secured()
    document["proof"] |= {"verificationMethod": f"did:key:{weak}#{weak}", "proofValue": to_base58btc(bytes(64))}

    with pytest.raises(CheckFailed, match="does not fit"):
        check_proof(document)
