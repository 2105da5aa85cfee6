"""Having things proved by a node, and checking proofs by oneself."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.cli import documents, options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.outcomes import decode_receipt, key_document, receipt_document
from sogdia.cli.sessions import GENESIS_BYTES_MAX, Session, keys_of, read_genesis, read_id, read_limited
from sogdia.client import checking, proofs
from sogdia.client.declared import key_parts, lay_out_key, tables
from sogdia.client.light.named_header import begun_at, light_blocks_of
from sogdia.client.light.roots import root_by_header
from sogdia.client.light.store import LightStore
from sogdia.client.proof_text import describe, proven_to_json
from sogdia.client.proofs import Trusted
from sogdia.kernel.codec import NotCanonicalError
from sogdia.kernel.comet import NoWayError
from sogdia.kernel.comet_answers import AnswerWrong
from sogdia.kernel.genesis import network_of
from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.kernel.proof import (
    ProofFault,
    ProofWrong,
    ProvenFace,
    ProvenHistory,
    ProvenReceipt,
    ProvenRecord,
    face_proof,
)
from sogdia.modules.market.queries import OrderAnswer, OrderQuery
from sogdia.modules.market.records import CLOSED_ORDERS, ORDERS
from sogdia.modules.money import asset_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.cli.naming import Naming
    from sogdia.cli.options import Way
    from sogdia.client.checking import Trust
    from sogdia.client.light.named_header import Begun
    from sogdia.kernel.proof import Proof, StateProof
    from sogdia.kernel.state import Table

NUMBER_BYTES = 2
HEADER = re.compile(r"([1-9][0-9]{0,14}):([0-9a-fA-F]{64})")
"""A header of CometBFT as people name it: height and hash."""

KEY_HELP: dict[tuple[str, ...], str] = {
    (): "It has one record; give no key.",
    ("account",): "Give an account.",
    ("name",): "Give an object's name, such as @nairobi/o1.",
    ("name", "number"): "Give an object's name and a number, such as @bukhara/tea 0.",
    ("currency", "issuer"): "Give a currency with its issuer, such as USD@bank.",
    ("account", "currency", "issuer"): "Give an account and its money, such as @nairobi USD@bank.",
}
"""How the keys of tables are given, by the parts that the tables name."""


def prove_record(  # noqa: PLR0913 - what can be chosen
    table: str, key: Sequence[str], height: int | None, out: Path, way: Way, *, face: bool, start: int | None
) -> None:
    """Have a record proved, or its absence; with `face` only what anybody may see of it.

    `start` is the height of the header that the proof shall begin with, nothing for the genesis.
    """
    found = find_table(table)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        full_key = found.prefix + read_key(found, key, session.naming)
        proof = session.node.prove(full_key, height)
        _write(_face_of(proof, found) if face else proof, out, session, way, start)


def prove_order(text: str, out: Path, way: Way, *, face: bool, start: int | None) -> None:
    """Have the life of an order proved; with `face` only what anybody may see of it."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        name = session.naming.name(text)
        answer: OrderAnswer = session.ask(OrderQuery(name=name))
        if answer.open is None and answer.closed is None:
            raise Stopped(
                Exit.NOT_FOUND,
                f"There is no order {session.naming.call_object(name)}.",
                "Correct its owner or reference; that there is none 'sogdia prove record market/orders' can prove.",
            )
        table: Table[bytes, Any] = ORDERS if answer.open is not None else CLOSED_ORDERS
        full_key = table.full_key(name)
        proof = _face_of(session.node.prove(full_key), table) if face else session.node.prove_life(full_key)
        _write(proof, out, session, way, start)


def prove_result(identity: str, out: Path, way: Way, *, start: int | None) -> None:
    """Have it proved how an envelope or an exit ended."""
    raw_id = read_id(identity)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        if session.node.result(raw_id) is None:
            raise Stopped(Exit.NOT_FOUND, f"No block has {identity}.", "Compare the id.")
        _write(session.node.prove_result(raw_id), out, session, way, start)


def _face_of(proof: StateProof, table: Table[Any, Any]) -> Proof:
    """Keep of a proof what anybody may see; that there is no record anybody may know."""
    if proof.stored is None:
        return proof
    found = face_proof(proof)
    if found is None:
        raise usage(
            f"A record of {table.name} has no part of its own for everybody.",
            "Leave --face out; whoever gets the proof then sees the whole record.",
        )
    return found


def _write(proof: Proof, out: Path, session: Session, way: Way, start: int | None) -> None:
    """Write a proof down once it has been checked like anybody will check it."""
    # The node at hand has been chosen by whoever types; that it is a sandbox stands above what comes out.
    trust = checking.begin(session.genesis, sandbox=True)
    lines, told = [], {}
    if start is not None:
        proof, header = _begun_at(proof, start, session)
        network = network_of(session.genesis)
        trust = LightStore(root=root_by_header(network, start, header))
        lines = [f"It is checked with --trust {start}:{header.hex()} --network {network.hex()}."]
        told = {"trust": f"{start}:{header.hex()}"}
    try:
        proven = checking.check(proof, trust, time.time_ns()).proven
    except ProofWrong as wrong:
        if start is not None or wrong.fault is not ProofFault.HEADER or isinstance(trust, Trusted):
            raise
        raise Stopped(
            Exit.DAMAGED,
            f"What this node has does not lead there from the genesis: {wrong}.",
            "Ask another node, or have it begin with a later header that its reader trusts: --from-header HEIGHT.",
        ) from wrong
    raw = proofs.proof_bytes(proof)
    with out.open("xb") as stream:
        stream.write(raw)
    words = "\n".join([*describe(proven), f"The proof has {len(raw)} bytes and stands in {out}.", *lines])
    options.show(words, {"file": str(out), "bytes": len(raw), **told, **_document(proven)}, as_json=way.as_json)


def _begun_at(proof: Proof, height: int, session: Session) -> Begun:
    """Let a proof begin with a header that the reader trusts."""
    try:
        return begun_at(proof, height, light_blocks_of(session.node))
    except (NoWayError, AnswerWrong) as error:
        raise usage(
            f"No proof begins with the header of height {height}: {error}.",
            "Name another header that its reader trusts, or leave --from-header out: it then begins with the genesis.",
        ) from error


def find_table(text: str) -> Table[Any, Any]:
    """Find a table by its name or number."""
    for table in tables().values():
        if text in (table.name, str(table.number)):
            return table
    known = [table.name for table in tables().values() if table not in KERNEL_TABLES]
    raise Stopped(
        Exit.NOT_FOUND, f"There is no table {text!r}.", f"There are {', '.join(known)}, and the kernel's own."
    )


def read_key(table: Table[Any, Any], parts: Sequence[str], naming: Naming) -> bytes:  # noqa: PLR0911 - a key, a way
    """Read the key of a record: by the parts that its table goes by, or in hexadecimal."""
    shape = key_parts(table)
    if len(parts) == 1 and re.fullmatch(r"(?:[0-9a-fA-F]{2})+", parts[0]):
        return bytes.fromhex(parts[0])
    match shape, tuple(parts):
        case (), ():
            return b""
        case ("account",), (account,):
            return naming.account(account)
        case ("name",), (name,):
            return naming.name(name)
        case ("name", "number"), (name, number) if number.isdecimal() and int(number) < 1 << 8 * NUMBER_BYTES:
            return lay_out_key({"name": naming.name(name), "number": int(number)})
        case ("currency", "issuer"), (asset,):
            return asset_key(naming.asset(asset))
        case ("account", "currency", "issuer"), (account, asset):
            return naming.account(account) + asset_key(naming.asset(asset))
    raise usage(f"{table.name} has no such key.", KEY_HELP.get(shape, "Give its key in hexadecimal."))


# ----------------------------------------------------------------------------------------------------------- checking


def trusted(genesis: Path | None, trust: str | None, network: str | None, *, sandbox: bool) -> Trust:
    """Say whom to trust: a genesis, keys, or a header of CometBFT; a sandbox only when trials are meant."""
    if (genesis is None) == (trust is None):
        raise usage("A proof is worth as much as the keys behind it.", "Say whom you trust: --genesis FILE or --trust.")
    if genesis is not None:
        content = read_genesis(read_limited(genesis, GENESIS_BYTES_MAX), str(genesis))
        return checking.begin(content, sandbox=sandbox)
    header = HEADER.fullmatch(trust or "")
    if header is not None:
        if network is None or not re.fullmatch(r"[0-9a-fA-F]{64}", network):
            raise usage("A header alone doesn't say of which network.", "Add --network with the genesis hash.")
        return LightStore(root=root_by_header(bytes.fromhex(network), int(header[1]), bytes.fromhex(header[2])))
    if trust is not None and re.fullmatch(r"[0-9a-fA-F]{64}", trust):
        if network is None or not re.fullmatch(r"[0-9a-fA-F]{64}", network):
            raise usage(
                "A key alone doesn't say of which network.", "Add --network with the 64 digits of its genesis hash."
            )
        return proofs.trusted_by_key(bytes.fromhex(network), bytes.fromhex(trust))
    return proofs.trusted_from_json(read_limited(Path(str(trust)), proofs.TRUST_BYTES_MAX))


def verify(file: Path, whom: Trust, *, as_json: bool) -> None:
    """Check a proof and say what it proves."""
    proven = checking.check(proofs.load_proof(file), whom, time.time_ns()).proven
    lines = [*describe(proven), "The proof is right."]
    options.show("\n".join(lines), {"valid": True, **_document(proven)}, as_json=as_json)


def _document(proven: Any) -> dict[str, Any]:  # noqa: ANN401 - one of the things that can be proven
    """Write what is proven for programs: as it stands on the wire, and read by today's declarations."""
    found: dict[str, Any] = json.loads(proven_to_json(proven))
    with suppress(NotCanonicalError, msgspec.MsgspecError, KeyError):
        if isinstance(proven, ProvenReceipt):
            found["read"] = receipt_document(decode_receipt(proven.receipt))
        else:
            found["read"] = _record_document(proven.record if isinstance(proven, ProvenHistory) else proven)
    return found


def _record_document(proven: ProvenRecord | ProvenFace) -> dict[str, Any]:
    table = tables()[proven.table]
    if isinstance(proven, ProvenFace):
        face = documents.structure(table.read_face(proven.face))
        return {"table": table.name, "key": key_document(table, proven.key), "face": face}
    record = None if proven.value is None else documents.structure(table.codec.decode(proven.value))
    return {"table": table.name, "key": key_document(table, proven.key), "record": record}
