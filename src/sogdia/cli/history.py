"""What a node has stored: results by their ids, blocks, headers, and the lives of orders and holds."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sogdia.cli import documents, options
from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.outcomes import decode_receipt, receipt_document
from sogdia.cli.sessions import Session, keys_of, read_id
from sogdia.cli.show import paragraphs
from sogdia.client.connection import RequestWrongError
from sogdia.client.declared import spoken_name
from sogdia.client.envelopes import EnvelopeMaker
from sogdia.client.wording import moment_words
from sogdia.kernel.parameters import Limits
from sogdia.kernel.values import owner_of
from sogdia.modules.market.records import CLOSED_ORDERS, ORDERS
from sogdia.modules.money import HOLDS

if TYPE_CHECKING:
    from sogdia.cli.options import Way
    from sogdia.cli.show import Showing
    from sogdia.client.connection import Connection
    from sogdia.kernel.envelope import Envelope
    from sogdia.kernel.header import SignedHeader
    from sogdia.kernel.machine import Result
    from sogdia.kernel.proof import LifeStep
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.stored_block import StoredBlock


def fetch_block(node: Connection, height: int) -> StoredBlock:
    """Fetch a block, or say which blocks there are."""
    last = node.status().durable_height
    if not 1 <= height <= last:
        raise Stopped(Exit.NOT_FOUND, f"There is no block {height}.", f"There are blocks 1 to {last}.")
    return node.block(height)


# ----------------------------------------------------------------------------------------------------------- by its id


def show_result(identity: str, way: Way) -> int:
    """Show what became of an envelope or of a deadline's exit; gives the exit status."""
    raw_id = read_id(identity)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        found = session.node.result(raw_id)
        if found is None:
            raise Stopped(
                Exit.NOT_FOUND,
                f"No block has {identity}.",
                "It may be waiting, or it was not admissible: then it has left no trace and may be sent again.",
            )
        block = session.node.block(found.height)
        envelope = _envelope_at(block, found.place, session)
        receipt: Receipt = decode_receipt(found.receipt)
        time = block.header.header.time
        words = "" if way.as_json else _result_words(raw_id, found.height, time, receipt, envelope, session.showing())
    shown = {
        "id": identity.lower(),
        "height": found.height,
        "time": time,
        "envelope": None if envelope is None else _envelope_document(envelope),
        **receipt_document(receipt),
    }
    options.show(words, shown, as_json=way.as_json)
    return Exit.DONE


def _envelope_at(block: StoredBlock, place: int, session: Session) -> Envelope | None:
    """Read the envelope that a result belongs to; an exit has none."""
    if place >= len(block.envelopes):
        return None
    return EnvelopeMaker(session.naming.network.hash).codec.open(block.envelopes[place], Limits())


def _envelope_document(envelope: Envelope) -> dict[str, Any]:
    body = envelope.body
    return {
        "expiry": body.expiry,
        "not_before": body.not_before,
        "after": [{"id": each.id.hex(), "expiry": each.expiry} for each in body.after],
        "signers": [{"account": documents.account(each.account), "key": each.key} for each in body.signers],
        "operations": [
            {
                "operation": spoken_name(type(each).__name__),
                "number": each.__struct_config__.tag,
                "signer": each.signer,
                **documents.structure(each),
            }
            for each in body.operations
        ],
        "bytes": len(envelope.raw),
    }


def _result_words(  # noqa: PLR0913 - all that is shown
    identity: bytes, height: int, time: int, receipt: Receipt, envelope: Envelope | None, showing: Showing
) -> str:
    verb = "Refused" if receipt.code else "Applied"
    what = "A deadline's exit" if envelope is None else "An envelope"
    parts = [[f"{what}, {verb.lower()} in block {height} at {moment_words(time)}.", f"id {identity.hex()}"]]
    for operation in () if envelope is None else envelope.body.operations:
        who = showing.naming.call(envelope.body.signers[operation.signer].account) if envelope is not None else ""
        if operation.mandate is not None:
            who = f"{showing.naming.call(owner_of(operation.mandate))}, by its agent {who},"
        parts.append([f"{who} asks for {spoken_name(type(operation).__name__)}:", *showing.fields(operation)])
    return paragraphs([*parts, [f"{verb}:"], showing.receipt(receipt)])


# ------------------------------------------------------------------------------------------------------------- a block


def show_block(height: int, way: Way) -> None:
    """Show a block."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        block = fetch_block(session.node, height)
        words = "" if way.as_json else _block_words(block, session.showing())
    shown = {
        **header_document(block.header),
        "envelopes": [_result_document(each) for each in block.results],
        "exits": [_result_document(each) for each in block.exits],
    }
    options.show(words, shown, as_json=way.as_json)


def _result_document(result: Result) -> dict[str, Any]:
    return {"id": result.id.hex(), **receipt_document(decode_receipt(result.receipt))}


def _block_words(block: StoredBlock, showing: Showing) -> str:
    header = block.header.header
    count = f"{len(block.results)} envelopes, {len(block.exits)} exits"
    parts = [[f"Block {header.height} at {moment_words(header.time)}: {count}."]]
    for kind, results in (("envelope", block.results), ("exit", block.exits)):
        for result in results:
            receipt: Receipt = decode_receipt(result.receipt)
            verb = "refused" if receipt.code else "applied"
            parts.append([f"{kind} {result.id.hex()}, {verb}", *showing.receipt(receipt)])
    return paragraphs(parts)


def show_header(height: int, way: Way) -> None:
    """Show a signed header."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        signed = fetch_block(session.node, height).header
    shown = header_document(signed)
    words = "\n".join(f"{name.replace('_', ' '):<18}{_plain(value)}" for name, value in shown.items())
    options.show(words, shown, as_json=way.as_json)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def header_document(signed: SignedHeader) -> dict[str, Any]:
    """Write a signed header for programs."""
    header = documents.structure(signed.header)
    signatures = [each.hex() for each in signed.signatures]
    return {**header, "hash": signed.header.hash().hex(), "signatures": signatures}


# -------------------------------------------------------------------------------------------------------------- a life


def show_steps(text: str, way: Way) -> None:
    """Show the life of an order or a hold."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        name = session.naming.name(text)
        steps = life_of(name, session)
        receipts = [receipt_of(step, session) for step in steps]
        words = "" if way.as_json else _steps_words(name, steps, receipts, session.showing())
    shown = {
        "name": documents.name(name),
        "steps": [
            {
                "height": step.height,
                "time": step.time,
                "id": step.id.hex(),
                "operation": step.operation,
                "receipt_hash": step.receipt_hash.hex(),
                **receipt_document(receipt),
            }
            for step, receipt in zip(steps, receipts, strict=True)
        ],
    }
    options.show(words, shown, as_json=way.as_json)


def life_of(name: bytes, session: Session) -> tuple[LifeStep, ...]:
    """Fetch the steps in the life of whatever has this name."""
    for table in (ORDERS, CLOSED_ORDERS, HOLDS):
        # The node has no other word for "there is none".
        with suppress(RequestWrongError):
            return session.node.prove_life(table.full_key(name)).steps
    raise Stopped(
        Exit.NOT_FOUND,
        f"There is no order and no open hold {session.naming.call_object(name)}.",
        "Correct its owner or reference; an ended hold leaves its steps to 'sogdia query events'.",
    )


def receipt_of(step: LifeStep, session: Session) -> Receipt:
    """Fetch the receipt of a step."""
    found = session.node.result(step.id)
    if found is None:
        raise Stopped(Exit.DAMAGED, f"The node lacks the receipt of {step.id.hex()}.", "Run 'sogdia audit' on it.")
    receipt: Receipt = decode_receipt(found.receipt)
    return receipt


def _steps_words(name: bytes, steps: tuple[LifeStep, ...], receipts: list[Receipt], showing: Showing) -> str:
    parts = [[f"The life of {showing.naming.call_object(name)}:"]]
    for step, receipt in zip(steps, receipts, strict=True):
        parts.append([f"{moment_words(step.time)}, block {step.height}", *showing.receipt(receipt)])
    return paragraphs(parts)
