"""Credentials and qualified signatures at the command line: files in, checks against a node or a proof, files out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.cli import options
from sogdia.cli.documents import account as account_document
from sogdia.cli.documents import structure, write_json
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.moments import read_moment
from sogdia.cli.sessions import GENESIS_BYTES_MAX, Session, keys_of, read_genesis, read_limited
from sogdia.client import checking, proofs
from sogdia.client.codes import account_code
from sogdia.client.credentials import attested as attested_files
from sogdia.client.credentials import commitments, esign, verifiable
from sogdia.client.credentials.canonical import DOCUMENT_BYTES_MAX, read_document
from sogdia.client.credentials.cms import SIGNATURE_BYTES_MAX
from sogdia.client.credentials.faults import CheckFailed
from sogdia.client.keys import KeyPair
from sogdia.kernel.genesis import network_of
from sogdia.kernel.proof import ProvenRecord
from sogdia.kernel.signature import ED25519
from sogdia.kernel.values import owner_of
from sogdia.modules.identity.registry_queries import AttestationQuery
from sogdia.modules.identity.registry_records import ATTESTATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sogdia.cli.options import Way
    from sogdia.client.credentials.attested import Attested
    from sogdia.kernel.accounts import Party
    from sogdia.modules.identity.registry_records import Attestation

ANCHOR_BYTES_MAX = 4 * 2**20


def signing_keys(party: Party | None) -> list[bytes]:
    """Give the Ed25519 keys by which a party signs credentials."""
    return [] if party is None else [key.public for key in party.keys if key.scheme == ED25519]


# ------------------------------------------------------------------------------------------------------ the registrar


def commit(  # noqa: PLR0913 - one parameter an option
    attests: str, country: str, fields: Sequence[str], tag_key: Path, out: Path, *, as_json: bool
) -> None:
    """Put down what was seen, and show what an offer on the ledger says of it."""
    named = dict(_field(each) for each in fields)
    if len(named) != len(fields):
        raise usage("A field is given twice.", "Give each field once.")
    made = attested_files.new_attested(attests, country, named)
    tag = made.tag(attested_files.read_tag_key(tag_key))
    attested_files.write_attested(out, made)
    words = (
        f"commitment {made.commitment().hex()}\ntag        {tag.hex()}\n"
        f"What was seen, and the secret, stand in {out}: give a copy to the subject, and nobody else."
    )
    document = {"file": str(out), "commitment": made.commitment().hex(), "tag": tag.hex(), "attests": made.attests}
    options.show(words, document, as_json=as_json)


def _field(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise usage(f"{text!r} is no field.", "Write NAME=VALUE, such as lei=529900T8BM49AURSDO55.")
    return name, value


def new_tag_key(path: Path, *, as_json: bool) -> None:
    """Make a registrar's tag key."""
    attested_files.new_tag_key(path)
    options.show(
        f"The tag key stands in {path}. Keep copies: there is only one, for ever.", {"file": str(path)}, as_json=as_json
    )


def issue(  # noqa: PLR0913 - one parameter an option
    file: Path, signer: str, attestation: str, issuer: str | None, out: Path, way: Way
) -> None:
    """Sign the credential of an attestation that stands on the ledger."""
    seen = _attested(file)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        name = session.naming.name(attestation)
        record = _must_stand(session, name)
        keypair = session.ring.open(signer, options.ask_passphrase)
        if not isinstance(keypair, KeyPair) or keypair.public not in signing_keys(session.party(owner_of(name))):
            raise usage(
                f"The key {signer!r} does not sign for the registrar of this attestation.",
                "Give the registrar's own key with --from.",
            )
        about = verifiable.Reference(session.naming.network.hash, name)
        made = verifiable.issue(seen, record, about, keypair, now=session.now, issuer=issuer)
    _write_new(out, write_json(made).encode() + b"\n")
    options.show(
        f"The credential stands in {out}. It is for its subject alone.",
        {"file": str(out), "credential": made},
        as_json=way.as_json,
    )


# ---------------------------------------------------------------------------------------------------------- everybody


def verify(file: Path, way: Way, *, signature_only: bool) -> None:
    """Check a credential: its signature, and by the ledger whether it holds."""
    signed = verifiable.check_signature(read_document(read_limited(file, DOCUMENT_BYTES_MAX)))
    document: dict[str, Any] = {"valid": True, "issuer": signed.issuer, "attestation": signed.about.attestation.hex()}
    words = f"Signed by {signed.issuer}."
    if signature_only:
        words += "\nThe signature is right. Whether the attestation still holds, only the ledger can say."
        options.show(words, {**document, "ledger": "not asked"}, as_json=way.as_json)
        return
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        name = signed.about.attestation
        same_network = signed.about.network == session.naming.network.hash
        record: Attestation | None = session.ask(AttestationQuery(name=name)) if same_network else None
        keys = signing_keys(session.party(owner_of(name))) if same_network else []
        verifiable.check_against_ledger(signed, session.naming.network.hash, record, keys, session.now)
        subject = "" if record is None else session.naming.call(record.subject)
    words += f"\nThe attestation is about {subject}, and stands on the ledger.\nThe credential is right."
    document |= {"ledger": "bears it out", "record": None if record is None else structure(record)}
    options.show(words, document, as_json=way.as_json)


def disclose(file: Path, field: str, attestation: str, out: Path, way: Way) -> None:
    """Write down one field with its proof."""
    seen = _attested(file)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        name = session.naming.name(attestation)
        network = session.naming.network.hash
        record = _must_stand(session, name)
    secret = bytes.fromhex(seen.secret)
    shown = commitments.disclose(secret, seen.fields, field, network=network, attestation=name)
    commitments.check_disclosure(shown, record.commitment)
    _write_new(out, msgspec.json.format(msgspec.json.encode(shown), indent=2) + b"\n")
    words = f"{field} = {shown.value}, with its proof, stands in {out}. It shows nothing of the other fields."
    options.show(words, {"file": str(out), "disclosure": msgspec.to_builtins(shown)}, as_json=way.as_json)


def check_disclosure(file: Path, proof: Path | None, genesis: Path | None, way: Way, *, sandbox: bool) -> None:
    """Check a field that somebody shows, by a node's word or by a proof of the ledger's record."""
    shown = commitments.read_disclosure(read_limited(file, DOCUMENT_BYTES_MAX))
    name = bytes.fromhex(shown.attestation)
    if (proof is None) != (genesis is None):
        raise usage("A proof needs the genesis that is trusted.", "Give --proof and --genesis together.")
    if proof is not None and genesis is not None:
        network, record = _proven(proof, genesis, name, sandbox=sandbox)
        if record is not None and _now() > record.expiry:
            raise CheckFailed(f"The attestation expired at {verifiable.moment(record.expiry)}.")
    else:
        with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
            network = session.naming.network.hash
            record = session.ask(AttestationQuery(name=name)) if bytes.fromhex(shown.network) == network else None
    if bytes.fromhex(shown.network) != network:
        raise CheckFailed(f"The disclosure is about the network {shown.network}, not {network.hex()}.")
    if record is None or not record.accepted:
        raise CheckFailed("The attestation is not on the ledger: it was withdrawn, has expired, or was not accepted.")
    commitments.check_disclosure(shown, record.commitment)
    words = (
        f"{shown.field} = {shown.value}\n"
        f"Attested for {account_code(record.subject)}, until {verifiable.moment(record.expiry)}.\n"
        "The disclosure is right."
    )
    document = {"valid": True, "field": shown.field, "value": shown.value, "record": structure(record)}
    options.show(words, document, as_json=way.as_json)


def _proven(proof: Path, genesis: Path, name: bytes, *, sandbox: bool) -> tuple[bytes, Attestation | None]:
    """Give the network and the attestation that a proof of its record shows."""
    trusted = read_genesis(read_limited(genesis, GENESIS_BYTES_MAX), str(genesis))
    whom = checking.begin(trusted, sandbox=sandbox)
    proven = checking.check(proofs.load_proof(proof), whom, time.time_ns()).proven
    if not isinstance(proven, ProvenRecord) or (proven.table, proven.key) != (ATTESTATIONS.number, name):
        raise CheckFailed("The proof is about something else than the attestation that the disclosure names.")
    return network_of(trusted), None if proven.value is None else ATTESTATIONS.codec.decode(proven.value)


def _attested(file: Path) -> Attested:
    return attested_files.read_attested(read_limited(file, attested_files.FILE_BYTES_MAX))


def _must_stand(session: Session, name: bytes) -> Attestation:
    """Give an attestation that stands on the ledger."""
    record: Attestation | None = session.ask(AttestationQuery(name=name))
    if record is None:
        raise Stopped(
            Exit.NOT_FOUND,
            f"There is no attestation {session.naming.call_object(name)}.",
            "Offer it first with 'sogdia tx offer-attestation'; one that has ended is gone.",
        )
    return record


def _write_new(out: Path, content: bytes) -> None:
    attested_files.write_private(out, content)


# ------------------------------------------------------------------------------------------------ qualified signatures


def write_statement(account: str, out: Path, genesis: Path | None, way: Way) -> None:
    """Write the bytes that the holder of an account signs."""
    network, holder = _of_account(account, genesis, way)
    text = esign.statement(network, holder)
    with out.open("xb") as stream:
        stream.write(text)
    words = (
        f"The statement stands in {out}. Sign these bytes, detached, with a qualified certificate, for instance:\n"
        f"openssl cms -sign -binary -in {out} -signer CERT.pem -inkey KEY.pem -md sha256 -outform DER -out {out}.p7s"
    )
    options.show(words, {"file": str(out), "statement": text.decode("ascii")}, as_json=way.as_json)


def verify_esign(file: Path, account: str, anchors: Path, at: str | None, genesis: Path | None, way: Way) -> None:  # noqa: PLR0913 - one parameter an option
    """Check a qualified signature over an account."""
    network, holder = _of_account(account, genesis, way)
    moment = _now() if at is None else read_moment(at, None)
    raw, trusted = read_limited(file, SIGNATURE_BYTES_MAX), esign.read_anchors(read_limited(anchors, ANCHOR_BYTES_MAX))
    signer = esign.verify_statement(raw, network, holder, trusted, moment)
    words = (
        f"{signer.subject}\nholds the account {account_code(holder)}, says a certificate of {signer.issuer}."
        f"\n{signer.algorithm}, serial {signer.serial}. Whether it has been revoked was not asked."
        "\nThe signature is right."
    )
    document = {
        "valid": True,
        "account": account_document(holder),
        "subject": signer.subject,
        "issuer": signer.issuer,
        "serial": str(signer.serial),
        "algorithm": signer.algorithm,
        "certificate": signer.certificate.hex(),
        "certificate_valid_until": verifiable.moment(int(signer.valid_until.timestamp())),
        "revocation": "not checked",
    }
    options.show(words, document, as_json=way.as_json)


def _now() -> int:
    import time  # noqa: PLC0415 - certificates go by the calendar of the world, not by a network's

    return int(time.time())


def _of_account(account: str, genesis: Path | None, way: Way) -> tuple[bytes, bytes]:
    ring = keys_of(way.node_folder, way.keys_folder, offline=genesis is not None)
    with Session(way.node_folder, ring, genesis=genesis) as session:
        return session.naming.network.hash, session.naming.account(account)
