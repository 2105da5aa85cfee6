"""Qualified signatures over an account, made by the real `openssl`: what is accepted, and what is not and why."""

from __future__ import annotations

import random
import time

import pytest
from asn1crypto import cms, core, pem
from asn1crypto import x509 as asn1_x509

from sogdia.client.codes import account_code
from sogdia.client.credentials.esign import QualifiedSigner, read_anchors, statement, verify_statement
from sogdia.client.credentials.faults import CannotBeUsed, CheckFailed, NationalAlgorithm
from tests import real_parts
from tests.client.credentials.authority import Authority

NETWORK, ACCOUNT = bytes(range(32)), bytes(range(20))
TEXT = statement(NETWORK, ACCOUNT)
NOW = int(time.time()) + 6 * 3_600  # certificates are made while the tests run, and a long run may come late to these
"""A little later than the certificates, which are made while the tests run."""
DAY = 86_400

pytestmark = pytest.mark.real("openssl")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """An authority with one person a kind of key."""
    real_parts.program("openssl")
    made = Authority(tmp_path_factory.mktemp("authority"))
    for kind in ("rsa", "small-rsa", "p256", "p384", "p521"):
        made.enter(kind, kind)
    made.enter("other", "p256")
    made.enter("encryption", "p256", extensions="encryption")
    made.enter("strange", "p256", extensions="strange")
    return made


def check(  # noqa: PLR0913 - all that a check depends on
    authority, raw, *, account=ACCOUNT, network=NETWORK, anchor="root", at=NOW
) -> QualifiedSigner:
    """Check a signature, trusting the root unless another certificate is named."""
    return verify_statement(raw, network, account, read_anchors(authority.pem(anchor)), at)


def test_the_statement_is_five_lines_that_name_network_and_account():
    assert (
        b"Sogdia account statement, version 1\n"
        b"The signer of this statement holds this account.\n"
        b"network: " + NETWORK.hex().encode() + b"\n"
        b"account: " + account_code(ACCOUNT).encode() + b"\n"
        b"account bytes: " + ACCOUNT.hex().encode() + b"\n"
    ) == TEXT


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize(
    ("who", "options", "scheme"),
    [
        ("rsa", (), "rsassa_pkcs1v15"),
        ("rsa", ("-keyopt", "rsa_padding_mode:pss"), "rsassa_pss"),
        ("p256", (), "ecdsa"),
        ("p384", (), "ecdsa"),
    ],
    ids=["rsa", "rsa-pss", "p256", "p384"],
)
def test_signatures_by_rsa_and_ecdsa_are_accepted(authority, who, options, scheme, digest):
    signer = check(authority, authority.sign(TEXT, who, *options, digest=digest))

    assert signer.subject == f"CN={who},C=UZ"
    assert signer.issuer == "CN=authority,C=UZ"
    assert signer.algorithm == f"{scheme} with {digest}"


@pytest.mark.parametrize(
    "options", [("-cades",), ("-keyid",), ("-outform", "PEM"), ("-nosmimecap",)], ids=lambda options: options[0]
)
def test_other_forms_of_the_same_are_accepted(authority, options):
    assert check(authority, authority.sign(TEXT, "p256", *options)).subject == "CN=p256,C=UZ"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account": bytes(20)}, "something else than the statement"),
        ({"network": bytes(32)}, "something else than the statement"),
        ({"anchor": "other"}, "leads to none that is trusted"),
        ({"at": NOW - DAY}, "leads to none that is trusted"),
        ({"at": NOW + 366 * DAY}, "leads to none that is trusted"),
    ],
    ids=lambda value: str(list(value)) if isinstance(value, dict) else "",
)
def test_a_signature_for_something_else_is_refused(authority, changes, words):
    raw = authority.sign(TEXT, "p256")
    check(authority, raw, at=NOW + 364 * DAY)

    with pytest.raises(CheckFailed, match=words):
        check(authority, raw, **changes)


@pytest.mark.parametrize(
    ("who", "options", "words"),
    [
        ("small-rsa", (), "2048 is the least"),
        ("p521", (), "curve secp521r1"),
        ("encryption", (), "not meant for signing"),
        ("strange", (), "demands 1.2.3.4.5"),
        ("p256", ("-nodetach",), "holds its content"),
        ("p256", ("-noattr",), "no signed attributes"),
        ("p256", ("-nocerts",), "holds 0 certificates"),
        ("p256", ("-econtent_type", "1.2.840.113549.1.9.16.1.4"), "not over plain data"),
        ("rsa", ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha384"), "mixes digests"),
        ("rsa", ("-signer", "p256.pem", "-inkey", "p256.key"), "There are 2 signers"),
    ],
)
def test_what_no_qualified_signature_is_made_of_is_refused(authority, who, options, words):
    raw = authority.sign(TEXT, who, *options)

    with pytest.raises(CheckFailed, match=words):
        check(authority, raw)


def test_a_scheme_that_names_another_digest_is_refused(authority):
    held = cms.ContentInfo.load(authority.sign(TEXT, "p256"))
    held["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": "sha384_ecdsa"}

    with pytest.raises(CheckFailed, match="mixes digests"):
        check(authority, held.dump(force=True))


def test_another_certificate_for_the_same_key_is_not_the_one_that_signed(authority):
    raw = authority.sign(TEXT, "p256", "-cades", "-keyid")
    check(authority, raw)
    authority.renew("p256", "renewed")
    held = cms.ContentInfo.load(raw)
    pems = (authority.pem("renewed"), authority.pem("authority"))
    others = [asn1_x509.Certificate.load(pem.unarmor(each)[2]) for each in pems]
    held["content"]["certificates"] = cms.CertificateSet([cms.CertificateChoices("certificate", it) for it in others])

    with pytest.raises(CheckFailed, match="another certificate than the signer's"):
        check(authority, held.dump(force=True))


def test_sha_1_is_refused(authority):
    with pytest.raises(CheckFailed, match="digest sha1 is not accepted"):
        check(authority, authority.sign(TEXT, "rsa", digest="sha1"))


def test_other_line_ends_are_named(authority):
    with pytest.raises(CheckFailed, match=r"other line ends.*-binary"):
        check(authority, authority.sign(TEXT, "p256", binary=False))


def test_a_chain_with_a_gap_or_through_somebody_who_is_no_authority_is_refused(authority):
    authority.enter("stray", "p256", issuer="other")

    for raw in (
        authority.sign(TEXT, "p256", "-certfile", "other.pem"),
        authority.sign(TEXT, "stray", "-certfile", "other.pem"),
    ):
        with pytest.raises(CheckFailed, match="leads to none that is trusted"):
            check(authority, raw)


# -------------------------------------------------------------------------------------------------- national algorithms


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("2a85030701010302", "GOST R 34.10-2012"),
        ("2a811ccf550183", "SM2"),
        ("2a830e030a010101", "Kazakhstan"),
        ("2a8624020101010103", "DSTU 4145"),
        ("2a865c030f010101", "Uzbekistan"),
        ("2a7000020022652d", "Belarus"),
    ],
)
def test_national_algorithms_are_named_and_left_to_the_registrar(authority, identifier, name):
    """The signature algorithm is exchanged, as no `openssl` without an engine makes such signatures."""
    held = cms.ContentInfo.load(authority.sign(TEXT, "p256"))
    wanted = core.ObjectIdentifier.load(bytes([6, len(identifier) // 2]) + bytes.fromhex(identifier))
    held["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": wanted.dotted}

    with pytest.raises(NationalAlgorithm, match=f"{name}.*registrar"):
        check(authority, held.dump(force=True))


def test_a_key_on_the_curve_of_china_is_named(authority):
    """The two curves' identifiers have the same length, so one is written in the other's place."""
    p256, sm2 = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a811ccf5501822d")
    raw = authority.sign(TEXT, "p256")
    assert p256 in raw

    with pytest.raises(NationalAlgorithm, match="SM2 and SM3 of China"):
        check(authority, raw.replace(p256, sm2))


@pytest.mark.parametrize(("kind", "name"), [("brainpool", "brainpoolP256r1"), ("bitcoin", "secp256k1")])
def test_other_curves_are_refused(authority, kind, name):
    authority.enter(kind, kind)

    with pytest.raises(CheckFailed, match=f"curve {name}"):
        check(authority, authority.sign(TEXT, kind))


# ------------------------------------------------------------------------------------------------------------ bad bytes


@pytest.mark.parametrize("raw", [b"", b"\x30", b"\x30\x80", b"text", b"\xff" * 100, b"-----BEGIN CMS-----\n", TEXT])
def test_bytes_that_are_no_signature_are_refused(authority, raw):
    with pytest.raises(CheckFailed):
        check(authority, raw)


def test_a_signature_with_bytes_behind_it_is_refused(authority):
    with pytest.raises(CheckFailed):
        check(authority, authority.sign(TEXT, "p256") + b"\x00")


def test_a_signature_beyond_the_limit_is_refused(authority):
    with pytest.raises(CheckFailed, match="are allowed"):
        check(authority, bytes(256 * 1024 + 1))


def test_damaged_signatures_are_refused_or_say_the_same(authority, rotation):
    raw = authority.sign(TEXT, "p256", "-cades")
    expected = check(authority, raw)
    choice = random.Random(rotation)

    for _ in range(400):
        at = choice.randrange(len(raw))
        damaged = raw[:at] + bytes([raw[at] ^ 1 << choice.randrange(8)]) + raw[at + 1 :]
        try:
            found = check(authority, damaged)
        except CheckFailed:
            continue
        assert found == expected, at


def test_cut_signatures_are_refused(authority):
    raw = authority.sign(TEXT, "p256")

    for length in range(0, len(raw), 7):
        with pytest.raises(CheckFailed):
            check(authority, raw[:length])


def test_whom_to_trust_must_be_said(authority):
    with pytest.raises(CannotBeUsed, match="no certificates in PEM"):
        read_anchors(b"nothing")
    with pytest.raises(CannotBeUsed, match="No certificate is trusted"):
        verify_statement(authority.sign(TEXT, "p256"), NETWORK, ACCOUNT, [], NOW)
