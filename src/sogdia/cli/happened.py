"""What happened between two heights: stored receipts, each checked against the header that vouches for it."""

from __future__ import annotations

import time
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sogdia.cli import documents, options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.outcomes import decode_receipt, refusal_document
from sogdia.cli.progress import progress
from sogdia.cli.sessions import Session, keys_of
from sogdia.cli.show import paragraphs
from sogdia.client.connection import RequestWrongError
from sogdia.client.wording import moment_words
from sogdia.kernel import merkle
from sogdia.kernel.receipt import result_leaves
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sogdia.cli.options import Way
    from sogdia.cli.show import Showing
    from sogdia.client.connection import Connection
    from sogdia.kernel.header import SignedHeader
    from sogdia.kernel.machine import Result
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.stored_block import StoredBlock

HEADER_SECONDS_MAX = 5
"""How long the header after the last block is waited for; a node makes it within a second."""


def show_events(first: int, last: int, kinds: Collection[str], way: Way) -> None:
    """Show what happened from `first` to `last`, perhaps only facts of some kinds."""
    check_kinds(kinds)
    if first > last:
        raise usage(f"--from {first} lies after --to {last}.", "Give the lower height first.")
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        blocks = list(checked_blocks(session.node, first, last))
        words = "" if way.as_json else _words(blocks, kinds, session.showing())
    shown = {"from": first, "to": last, "checked": True, "blocks": [_block_document(each, kinds) for each in blocks]}
    options.show(words, shown, as_json=way.as_json)


def check_kinds(kinds: Collection[str]) -> None:
    """Refuse names that no event has."""
    known = [event.__name__ for module in ALL for event in module.events]
    unknown = [kind for kind in kinds if kind not in known]
    if unknown:
        raise usage(f"There is no event {', '.join(unknown)}.", f"There are {', '.join(known)}.")


def checked_blocks(node: Connection, first: int, last: int) -> Iterator[StoredBlock]:
    """Fetch blocks, each checked against its own header and the next one."""
    durable = node.status().durable_height
    if first < 1 or last > durable:
        raise Stopped(
            Exit.NOT_FOUND, f"There are blocks 1 to {durable}, not {first} to {last}.", "Correct the heights."
        )
    block = node.block(first)
    with progress(last - first + 1, "Checking receipts") as advance:
        for height in range(first, last + 1):
            following = node.block(height + 1) if height < last else None
            check_block(block, _header_after(node, height) if following is None else following.header)
            yield block
            advance(height - first + 1)
            if following is not None:
                block = following


def _header_after(node: Connection, height: int) -> SignedHeader:
    """Fetch the header after the last block that is asked for; it may be about to be made."""
    until = time.monotonic() + HEADER_SECONDS_MAX
    while time.monotonic() < until:
        with suppress(RequestWrongError):
            return node.header(height + 1)
        time.sleep(0.1)
    raise Stopped(
        Exit.UNREACHABLE,
        f"The header that vouches for the receipts of height {height} has not been made yet.",
        f"Ask up to height {height - 1}, or again later.",
    )


def check_block(block: StoredBlock, following: SignedHeader) -> None:
    """Stop unless a block's envelopes and receipts are those that its header and the next one stand for."""
    header, after = block.header.header, following.header
    found = (
        (merkle.root([sha256(raw).digest() for raw in block.envelopes]), header.transactions_root, "envelopes"),
        (merkle.root(result_leaves(block.all_results(), block.exits_after)), after.results_root, "receipts"),
        (header.hash(), after.previous, "header"),
    )
    for derived, told, what in found:
        if derived != told:
            raise Stopped(
                Exit.DAMAGED,
                f"The {what} of block {header.height} are not those that the headers stand for: {derived.hex()}, not"
                f" {told.hex()}.",
                "Don't trust this node; run 'sogdia audit' on its folder.",
            )


def _block_document(block: StoredBlock, kinds: Collection[str]) -> dict[str, Any]:
    receipts = [
        _receipt_document("envelope" if number < len(block.envelopes) else "exit", result, kinds)
        for number, result in block.as_it_happened()
    ]
    header = block.header.header
    shown = [each for each in receipts if each["events"] or not kinds]
    return {"height": header.height, "time": header.time, "receipts": shown}


def _receipt_document(what: str, result: Result, kinds: Collection[str]) -> dict[str, Any]:
    receipt: Receipt = decode_receipt(result.receipt)
    refusal = refusal_document(receipt.code, receipt.facts, receipt.operation) if receipt.code else None
    events = [each for each in receipt.events if not kinds or type(each).__name__ in kinds]
    return {
        "id": result.id.hex(),
        "of": what,
        "outcome": "refused" if receipt.code else "applied",
        "refusal": refusal,
        "events": [documents.structure(event) for event in events],
    }


def _words(blocks: list[StoredBlock], kinds: Collection[str], showing: Showing) -> str:
    parts: list[list[str]] = []
    for block in blocks:
        header = block.header.header
        for _number, result in block.as_it_happened():
            receipt: Receipt = decode_receipt(result.receipt)
            events = [each for each in receipt.events if not kinds or type(each).__name__ in kinds]
            if not events and (kinds or not receipt.code):
                continue
            head = f"{moment_words(header.time)}, block {header.height}"
            if receipt.code:
                parts.append([f"{head}, refused", *showing.receipt(receipt)])
            else:
                parts.append([head, *(line for event in events for line in showing.event(event))])
    count = len(blocks)
    return paragraphs([*parts, [f"{count} block{'s' if count > 1 else ''}; every receipt fits its header."]])
