"""`sogdia credential` and `sogdia esign` with a running node: a registrar attests a firm, which shows what it likes."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from sogdia.cli.exits import Exit
from tests import real_parts
from tests.client.credentials.authority import Authority

FIELDS = ("--field", "lei=529900T8BM49AURSDO55", "--field", "name=Bukhara Silk", "--field", "vat=no")


def done(said):
    """The document of a command that has to succeed."""
    assert said.status == Exit.DONE, said
    return said.document


@pytest.fixture
def attested(sogdia, house, tmp_path):
    """Let the bank attest Bukhara's LEI under a name of the test's own; give the name."""
    name = tmp_path.name.replace("_", "-")[-16:].strip("-")
    done(sogdia("credential", "tag-key", tmp_path / "tag.key", "--json"))
    seen = done(
        sogdia("credential", "commit", "--attests", "lei", "--country", "KE", *FIELDS,
               "--tag-key", tmp_path / "tag.key", "--out", tmp_path / "seen", "--json")
    )  # fmt: skip
    done(sogdia(*house.words(
        "tx", "offer-attestation", "--from", "bank", "--reference", name, "--subject", "bukhara", "--attests", "lei",
        "--level", "high", "--country", "KE", "--expiry", "+300d", "--accept-by", "+7d",
        "--commitment", seen["commitment"], "--tag", seen["tag"], "--json",
    )))  # fmt: skip
    done(sogdia(*house.words(
        "tx", "accept-attestation", "--from", "bukhara", "--attestation", f"@bank/{name}", "--json"
    )))  # fmt: skip
    return f"@bank/{name}"


def issue(sogdia, house, tmp_path, attested, *words: str):
    """Let the bank sign the credential."""
    return sogdia(*house.words(
        "credential", "issue", tmp_path / "seen", "--from", "bank", "--attestation", attested,
        "--out", tmp_path / "firm.vc", *words, "--json",
    ))  # fmt: skip


def withdraw(sogdia, house, attested):
    """Let Bukhara withdraw the attestation."""
    done(sogdia(*house.words("tx", "withdraw-attestation", "--from", "bukhara", "--attestation", attested, "--json")))


@pytest.mark.parametrize("issuer", [(), ("--issuer", "did:web:registrar.example")], ids=["did-key", "did-web"])
def test_a_credential_holds_until_the_attestation_is_withdrawn(sogdia, house, tmp_path, attested, issuer):
    made = done(issue(sogdia, house, tmp_path, attested, *issuer))["credential"]
    assert made["credentialSubject"]["fields"]["lei"] == "529900T8BM49AURSDO55"
    assert made["issuer"].startswith(issuer[1] if issuer else "did:key:z6Mk")
    assert done(sogdia(*house.words("credential", "verify", tmp_path / "firm.vc", "--json")))["valid"]
    assert sogdia("credential", "verify", tmp_path / "firm.vc", "--signature-only").status == Exit.DONE

    withdraw(sogdia, house, attested)

    said = sogdia(*house.words("credential", "verify", tmp_path / "firm.vc"))
    assert said.status == Exit.DAMAGED
    assert "withdrawn, has expired, or never was" in said.err
    assert sogdia("credential", "verify", tmp_path / "firm.vc", "--signature-only").status == Exit.DONE


CHANGES = {
    "signature does not fit": lambda it: it["credentialSubject"]["fields"].update(name="Other Silk"),
    "signature does not fit: the document": lambda it: it.update(issuer="did:web:other.example"),
    "no proof": lambda it: it.pop("proof"),
}


@pytest.mark.parametrize("words", CHANGES)
def test_a_credential_that_was_changed_gives_status_4(sogdia, house, tmp_path, attested, words):
    made = done(issue(sogdia, house, tmp_path, attested))["credential"]
    CHANGES[words](made)
    (tmp_path / "changed.vc").write_text(json.dumps(made), "utf-8")

    said = sogdia(*house.words("credential", "verify", tmp_path / "changed.vc"))

    assert said.status == Exit.DAMAGED
    assert words in said.err


def test_only_the_registrar_s_key_issues(sogdia, house, tmp_path, attested):
    said = sogdia(*house.words(
        "credential", "issue", tmp_path / "seen", "--from", "nairobi", "--attestation", attested,
        "--out", tmp_path / "firm.vc",
    ))  # fmt: skip

    assert said.status == Exit.USAGE
    assert "does not sign for the registrar" in said.err
    assert not (tmp_path / "firm.vc").exists()


def test_a_file_about_something_else_makes_no_credential(sogdia, house, tmp_path, attested):
    (tmp_path / "seen").unlink()
    done(
        sogdia("credential", "commit", "--attests", "lei", "--country", "KE", *FIELDS,
               "--tag-key", tmp_path / "tag.key", "--out", tmp_path / "seen", "--json")
    )  # fmt: skip

    said = issue(sogdia, house, tmp_path, attested)

    assert said.status == Exit.USAGE
    assert "about something else" in said.document["error"]["message"]


def test_one_field_is_shown_and_checked_by_a_node_and_offline_by_a_proof(sogdia, house, tmp_path, attested):
    shown = done(sogdia(*house.words(
        "credential", "disclose", tmp_path / "seen", "--field", "vat", "--attestation", attested,
        "--out", tmp_path / "vat.shown", "--json",
    )))  # fmt: skip
    assert "Bukhara Silk" not in json.dumps(shown)
    proof = ("prove", "record", "identity/attestations", attested, "--out", tmp_path / "record.proof", "--json")
    done(sogdia(*house.words(*proof)))
    offline = ("--proof", tmp_path / "record.proof", "--genesis", house.folder / "genesis.json")
    check = ("credential", "check-disclosure", tmp_path / "vat.shown")

    by_node = done(sogdia(*house.words(*check, "--json")))
    by_proof = done(sogdia(*check, *offline, "--json"))

    assert (by_node["field"], by_node["value"]) == ("vat", "no")
    assert by_proof == by_node

    changed = json.loads((tmp_path / "vat.shown").read_text("utf-8")) | {"value": "yes"}
    (tmp_path / "changed").write_text(json.dumps(changed), "utf-8")
    for words in (house.words("credential", "check-disclosure", tmp_path / "changed"),
                  ["credential", "check-disclosure", tmp_path / "changed", *offline]):  # fmt: skip
        said = sogdia(*words)
        assert said.status == Exit.DAMAGED
        assert "not what was attested" in said.err

    withdraw(sogdia, house, attested)
    assert sogdia(*house.words(*check)).status == Exit.DAMAGED


def test_a_proof_of_something_else_proves_no_field(sogdia, house, tmp_path, attested):
    done(sogdia(*house.words(
        "credential", "disclose", tmp_path / "seen", "--field", "vat", "--attestation", attested,
        "--out", tmp_path / "vat.shown", "--json",
    )))  # fmt: skip
    proof = ("prove", "record", "identity/attestations", "@bank/none", "--out", tmp_path / "record.proof", "--json")
    done(sogdia(*house.words(*proof)))

    said = sogdia("credential", "check-disclosure", tmp_path / "vat.shown", "--proof", tmp_path / "record.proof",
                  "--genesis", house.folder / "genesis.json")  # fmt: skip
    half = sogdia("credential", "check-disclosure", tmp_path / "vat.shown", "--proof", tmp_path / "record.proof")

    assert said.status == Exit.DAMAGED
    assert "something else" in said.err
    assert half.status == Exit.USAGE


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("--field", "lei=529900T8BM49AURSDO56"), Exit.USAGE, "last two digits"),
        (("--field", "lei"), Exit.USAGE, "is no field"),
        (("--field", "lei=529900T8BM49AURSDO55", "--field", "lei=x"), Exit.USAGE, "given twice"),
        (("--field", "name=Bukhara"), Exit.USAGE, "needs the field lei"),
    ],
)
def test_what_cannot_be_attested_is_refused_before_anything_is_written(sogdia, tmp_path, words, status, message):
    done(sogdia("credential", "tag-key", tmp_path / "tag.key", "--json"))

    said = sogdia("credential", "commit", "--attests", "lei", "--country", "UZ", *words,
                  "--tag-key", tmp_path / "tag.key", "--out", tmp_path / "seen")  # fmt: skip

    assert said.status == status
    assert message in said.err
    assert not (tmp_path / "seen").exists()


def test_a_tag_key_is_never_overwritten(sogdia, tmp_path):
    done(sogdia("credential", "tag-key", tmp_path / "tag.key", "--json"))
    before = (tmp_path / "tag.key").read_bytes()

    said = sogdia("credential", "tag-key", tmp_path / "tag.key")

    assert said.status == Exit.USAGE
    assert (tmp_path / "tag.key").read_bytes() == before


@pytest.mark.real("openssl")
def test_an_account_is_bound_to_a_qualified_certificate(sogdia, house, tmp_path):
    openssl = real_parts.program("openssl")
    authority = Authority(tmp_path)
    authority.enter("firuza", "p256")
    account = ("--account", "bukhara")
    soon = str(int(time.time()) + 600)
    offline = ("--genesis", house.folder / "genesis.json", "--keys", house.keys)
    done(sogdia(*house.words("esign", "statement", *account, "--out", tmp_path / "statement", "--json")))
    subprocess.run(
        [openssl, "cms", "-sign", "-binary", "-in", "statement", "-signer", "firuza.pem", "-inkey", "firuza.key",
         "-certfile", "authority.pem", "-md", "sha256", "-outform", "DER", "-out", "statement.p7s"],
        cwd=tmp_path, check=True,
    )  # fmt: skip
    verify = ("esign", "verify", tmp_path / "statement.p7s", "--anchors", tmp_path / "root.pem", "--at")

    by_node = done(sogdia(*house.words(*verify, soon, *account, "--json")))
    by_genesis = done(sogdia(*verify, soon, *account, *offline, "--json"))
    others = sogdia(*house.words(*verify, soon, "--account", "nairobi"))
    too_early = sogdia(*house.words(*verify, "2020-01-01T00:00:00Z", *account))

    assert by_node["subject"] == "CN=firuza,C=UZ"
    assert by_genesis == by_node
    assert others.status == too_early.status == Exit.DAMAGED
    assert "something else than the statement" in others.err
    assert "none that is trusted at that time" in too_early.err
