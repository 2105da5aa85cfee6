"""What became of an envelope, or would become of it: in words, and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sogdia.cli import documents, options
from sogdia.cli.exits import Exit
from sogdia.cli.show import paragraphs
from sogdia.client.declared import refusal_codes, tables
from sogdia.client.wording import change_words, moment_words
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.quota import QUOTAS, Quota
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules import ALL
from sogdia.modules.money import BALANCES, Asset, Balance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sogdia.cli.sessions import Session
    from sogdia.cli.show import Showing
    from sogdia.client.connection import DryRun, Scheduled
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.state import Table

decode_receipt = receipt_decoder(ALL).decode

CURRENCY_BYTES = 3
NOTHING = Balance()


class Outcome(NamedTuple):
    """An envelope that is in a block."""

    id: bytes
    expiry: int | None
    height: int
    receipt: bytes


class MoneyMove(NamedTuple):
    """What a holder gains or loses of an asset: free to spend, and set aside."""

    account: bytes
    asset: Asset
    available: int
    held: int


class Charge(NamedTuple):
    """What a sponsor's quota is charged."""

    sponsor: bytes
    operations: int
    bytes: int
    reserved_operations: int
    stored_bytes: int


def refusal_document(number: int, facts: Iterable[tuple[str, Any]], operation: int | None) -> dict[str, Any]:
    """Write a refusal for programs: its number, rule, values and way out."""
    code = refusal_codes().get(number)
    return {
        "number": number,
        "name": None if code is None else code.name,
        "rule": None if code is None else code.rule,
        "facts": {name: documents.document(value) for name, value in facts},
        "way_out": None if code is None else code.way_out,
        "operation": operation,
    }


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    """Write a receipt for programs."""
    refusal = refusal_document(receipt.code, receipt.facts, receipt.operation) if receipt.code else None
    return {
        "outcome": "refused" if receipt.code else "applied",
        "refusal": refusal,
        "events": [documents.structure(event) for event in receipt.events],
    }


def show_outcome(outcome: Outcome, session: Session, *, as_json: bool) -> int:
    """Show a durable receipt; gives the exit status."""
    receipt: Receipt = decode_receipt(outcome.receipt)
    time = session.node.header(outcome.height).header.time
    document = {
        "id": outcome.id.hex(),
        "expiry": outcome.expiry,
        "height": outcome.height,
        "time": time,
        **receipt_document(receipt),
    }
    words = ""
    if not as_json:
        verb = "Refused" if receipt.code else "Applied"
        head = [f"{verb} in block {outcome.height} at {moment_words(time)}.", f"id {outcome.id.hex()}"]
        words = paragraphs([head, session.showing().receipt(receipt)])
    options.show(words, document, as_json=as_json)
    return Exit.REFUSED if receipt.code else Exit.DONE


# ------------------------------------------------------------------------------------------------------------ dry run


def show_dry_run(tried: DryRun, expiry: int, session: Session, *, as_json: bool) -> int:
    """Show what would become of an envelope now; gives the exit status that sending it would give."""
    receipt: Receipt | None = None if tried.receipt is None else decode_receipt(tried.receipt)
    moves, charges = list(money_moves(tried)), list(quota_charges(tried))
    document = {
        "dry_run": True,
        "id": tried.id.hex(),
        "expiry": expiry,
        "height": tried.height,
        "time": tried.time,
        **(_not_admissible(tried) if receipt is None else receipt_document(receipt)),
        "money": [_move_document(each) for each in moves],
        "deadlines": [_deadline_document(each) for each in tried.scheduled],
        "quota": [_charge_document(each) for each in charges],
    }
    words = ""
    if not as_json:
        showing = session.showing()
        words = paragraphs(
            [
                _verdict(tried, receipt, showing),
                _titled("Money", (_move_words(each, showing) for each in moves)),
                _titled("Deadlines made", (_deadline_words(each, showing) for each in tried.scheduled)),
                _titled("Quota", (_charge_words(each, showing) for each in charges)),
                ["Nothing was signed or sent."],
            ]
        )
    options.show(words, document, as_json=as_json)
    return Exit.DONE if receipt is not None and not receipt.code else Exit.REFUSED


def _not_admissible(tried: DryRun) -> dict[str, Any]:
    refusal = tried.not_admissible
    return {
        "outcome": "not_admissible",
        "refusal": None if refusal is None else refusal_document(refusal.code, refusal.facts, None),
        "events": [],
    }


def _verdict(tried: DryRun, receipt: Receipt | None, showing: Showing) -> list[str]:
    if tried.not_admissible is not None:
        refusal = tried.not_admissible
        return ["It would not be admissible:", showing.refusal(refusal.code, refusal.facts)]
    if receipt is None:
        return []
    if receipt.code:
        return ["It would be refused:", *showing.receipt(receipt)]
    return ["It would be applied.", *showing.receipt(receipt)]


def money_moves(tried: DryRun) -> Iterator[MoneyMove]:
    """Compare the balances before and after."""
    for change in tried.changes:
        if change.key[:1] != BALANCES.prefix:
            continue
        before = NOTHING if change.before is None else BALANCES.codec.decode(change.before)
        after = NOTHING if change.after is None else BALANCES.codec.decode(change.after)
        available, held = after.available - before.available, after.held - before.held
        if available or held:
            account, asset = change.key[1 : 1 + ACCOUNT_BYTES], change.key[1 + ACCOUNT_BYTES :]
            money = Asset(asset[:CURRENCY_BYTES].decode("ascii"), asset[CURRENCY_BYTES:])
            yield MoneyMove(account, money, available, held)


def quota_charges(tried: DryRun) -> Iterator[Charge]:
    """Compare the sponsors' quotas before and after; at the start of a period all that is used is new."""
    for change in tried.changes:
        if change.key[:1] != QUOTAS.prefix or change.before is None or change.after is None:
            continue
        before: Quota = QUOTAS.codec.decode(change.before)
        after: Quota = QUOTAS.codec.decode(change.after)
        fresh = before.period_start != after.period_start
        yield Charge(
            change.key[1:],
            after.operations_used - (0 if fresh else before.operations_used),
            after.bytes_used - (0 if fresh else before.bytes_used),
            after.reserved_operations_used - (0 if fresh else before.reserved_operations_used),
            after.stored_bytes - before.stored_bytes,
        )


def _move_document(move: MoneyMove) -> dict[str, Any]:
    return {
        "account": documents.account(move.account),
        "currency": move.asset.currency,
        "issuer": documents.account(move.asset.issuer),
        "available": documents.number(move.available),
        "held": documents.number(move.held),
    }


def _move_words(move: MoneyMove, showing: Showing) -> str:
    currency = move.asset.currency
    parts = [change_words(move.available, currency)] if move.available else []
    parts += [f"{change_words(move.held, currency)} set aside"] if move.held else []
    return f"{showing.naming.call(move.account)}: {', '.join(parts)}"


def _deadline_document(made: Scheduled) -> dict[str, Any]:
    table = tables()[made.object[0]]
    return {"deadline": made.deadline, "table": table.name, "key": key_document(table, made.object[1:])}


def key_document(table: Table[Any, Any], key: bytes) -> dict[str, Any]:
    """Write a record's key for programs, by the parts that its table names."""
    return {name: _key_part(name, value) for name, value in table.show_key(key).items()}


def _key_part(name: str, value: Any) -> Any:  # noqa: ANN401 - a part of a key, and its form in JSON
    if name == "name":
        return documents.name(value)
    return documents.account(value) if name in ("account", "issuer") else documents.document(value)


def _deadline_words(made: Scheduled, showing: Showing) -> str:
    return f"{showing.moment(made.deadline)}: {showing.record_name(made.object)}"


def _charge_document(charge: Charge) -> dict[str, Any]:
    return {"sponsor": documents.account(charge.sponsor), **dict(zip(charge._fields[1:], charge[1:], strict=True))}


def _charge_words(charge: Charge, showing: Showing) -> str:
    named = (
        (charge.operations, "operation"),
        (charge.bytes, "byte"),
        (charge.reserved_operations, "reserved operation"),
        (charge.stored_bytes, "stored byte"),
    )
    parts = [f"{count} {what}{'' if count == 1 else 's'}" for count, what in named if count]
    return f"{showing.naming.call(charge.sponsor)} pays {', '.join(parts) or 'nothing'}"


def _titled(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"  {line}" for line in lines]
    return [f"{title}:", *found] if found else []
