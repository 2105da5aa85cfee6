"""Proofs and what they prove, for people: in words, and as JSON with every part by its name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.codes import account_code, name_code
from sogdia.kernel.codec import NotCanonicalError
from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.proof import ProvenFace, ProvenHistory, ProvenReceipt, ProvenRecord
from sogdia.kernel.refusal import RefusalCode, explain
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import ACCOUNT_BYTES, NO_ACCOUNT
from sogdia.modules import ALL

if TYPE_CHECKING:
    from sogdia.kernel.proof import LifeStep, Proof, Proven

_TABLES = {table.number: table for table in (*KERNEL_TABLES, *(table for module in ALL for table in module.tables))}
_CODES: tuple[type[RefusalCode], ...] = (KernelRefusal, *(module.refusals for module in ALL))
_REFUSALS = {int(code): code for codes in _CODES for code in codes}
_receipt_of = receipt_decoder(ALL).decode


def proof_to_json(proof: Proof) -> str:
    """Show a proof's parts by name, bytes in hexadecimal; to look at, not to read back."""
    parts = {"proof": type(proof).__name__, **_parts(proof)}
    return msgspec.json.format(msgspec.json.encode(parts), indent=2).decode() + "\n"


def proven_to_json(proven: Proven) -> str:
    """Show what a proof proves, by name, bytes in hexadecimal."""
    parts = {"proven": type(proven).__name__, **_parts(proven)}
    return msgspec.json.format(msgspec.json.encode(parts), indent=2).decode() + "\n"


def describe(proven: Proven) -> list[str]:
    """Say what a proof proves, line by line."""
    match proven:
        case ProvenRecord():
            return _describe_record(proven)
        case ProvenReceipt():
            return _describe_receipt(proven)
        case ProvenFace():
            return _describe_face(proven)
        case ProvenHistory():
            return [*describe(proven.record), "Its life so far:", *map(_describe_step, proven.steps)]


def moment(time: int) -> str:
    """Write a moment of the network's time."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _describe_record(proven: ProvenRecord) -> list[str]:
    table = _TABLES.get(proven.table)
    place, when, root = _where(proven)
    if proven.value is None:
        return [f"There is no record {when}:", f"  {place}", root]
    try:
        told = proven.value.hex() if table is None else _struct(table.codec.decode(proven.value))
    except NotCanonicalError:
        told = f"(in a shape that this version does not know) {proven.value.hex()}"
    return [f"This record stands in the ledger {when}:", f"  {place}", f"  {told}", root]


def _describe_face(proven: ProvenFace) -> list[str]:
    table = _TABLES.get(proven.table)
    place, when, root = _where(proven)
    try:
        told = proven.face.hex() if table is None or table.face is None else _struct(table.read_face(proven.face))
    except NotCanonicalError:
        told = f"(in a shape that this version does not know) {proven.face.hex()}"
    lead = f"Such a record stands in the ledger {when}; what anybody may see of it:"
    return [lead, f"  {place}", f"  {told}", root]


def _where(proven: ProvenRecord | ProvenFace) -> tuple[str, str, str]:
    """Say where something stands, since when, and under which root."""
    table = _TABLES.get(proven.table)
    name = f"table {proven.table}" if table is None else table.name
    key = f"key {proven.key.hex()}" if table is None else _fields(table.show_key(proven.key))
    when = f"after height {proven.height}, and still at {moment(proven.time)}"
    return f"{name}, {key}" if key else name, when, f"Network {proven.network.hex()}, state root {proven.root.hex()}"


def _describe_receipt(proven: ProvenReceipt) -> list[str]:
    when = f"at {moment(proven.time)}" if proven.time is not None else f"no later than {moment(proven.sealed_at)}"
    lines = [f"Envelope or exit {proven.id.hex()} ended at height {proven.height}, {when}:"]
    try:
        receipt = _receipt_of(proven.receipt)
    except msgspec.MsgspecError:
        lines.append(f"  (in a shape that this version does not know) {proven.receipt.hex()}")
    else:
        if receipt.code:
            code = _REFUSALS.get(receipt.code)
            facts = ", ".join(f"{name} {value}" for name, value in receipt.facts)
            reason = f"{receipt.code} ({facts})" if code is None else explain(code, receipt.facts)
            lines.append(f"  refused by operation {receipt.operation}: {reason}")
        else:
            lines += ["  applied", *(f"  {type(event).__name__}: {_struct(event)}" for event in receipt.events)]
    if proven.included:
        lines.append("  the block holds the envelope with the signatures shown")
    return [*lines, f"Network {proven.network.hex()}, results root {proven.root.hex()}"]


def _describe_step(step: LifeStep) -> str:
    return (
        f"  height {step.height}, {moment(step.time)}: operation {step.operation} of {step.id.hex()},"
        f" receipt {step.receipt_hash.hex()}"
    )


def _struct(value: msgspec.Struct) -> str:
    return _fields({name: getattr(value, name) for name in value.__struct_fields__})


def _fields(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_words(value)}" for name, value in fields.items())


def _words(value: Any) -> str:  # noqa: ANN401 - any part of a record or an event
    """Write any value of the wire; accounts and names as the codes that people use."""
    match value:
        case msgspec.Struct():
            return f"({_struct(value)})"
        case tuple():
            return "[" + "; ".join(_words(each) for each in value) + "]"
        case bytes():
            return _code(value)
        case None | False:
            return "no"
        case True:
            return "yes"
        case _:
            return str(value)


def _code(value: bytes) -> str:
    """Write bytes: as an account's or a name's code when they can be one."""
    if value == NO_ACCOUNT:
        return "nobody"
    try:
        return account_code(value) if len(value) == ACCOUNT_BYTES else name_code(value)
    except ValueError:
        return value.hex()


def _parts(value: Any) -> Any:  # noqa: ANN401 - any part of a proof
    """Turn a value into what JSON can hold."""
    match value:
        case msgspec.Struct():
            return {name: _parts(getattr(value, name)) for name in value.__struct_fields__}
        case tuple() if hasattr(value, "_asdict"):
            return {name: _parts(each) for name, each in value._asdict().items()}
        case tuple():
            return [_parts(each) for each in value]
        case bytes():
            return value.hex()
        case _:
            return value
