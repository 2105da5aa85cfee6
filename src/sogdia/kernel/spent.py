"""Which envelopes have been used: ids until their expiry, in pages, with one byte that says how each ended.

The pages are records of the state. The set in memory is derived from them and answers in constant time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Reader, State, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOT_SECONDS = 3_600
PAGE_IDS = 32
ID_BYTES = 32
ROW_BYTES = ID_BYTES + 1
APPLIED = 0
REFUSED = 1


class SpentPage(Record):
    """Up to 32 ids, each followed by its outcome byte."""

    rows: Annotated[bytes, Meta(max_length=PAGE_IDS * ROW_BYTES)]


class SpentSlot(Record):
    """How many ids expire within one hour."""

    count: int


class SpentTotal(Record):
    """How many ids are remembered, and the first hour whose ids are."""

    live: int
    first_slot: int
    last_slot: int


def _slot_key(slot: int) -> bytes:
    return slot.to_bytes(4, "big")


def _page_key(page: tuple[int, int]) -> bytes:
    return page[0].to_bytes(4, "big") + page[1].to_bytes(4, "big")


def _show_slot(key: bytes) -> dict[str, Any]:
    return {"expiry_hour": int.from_bytes(key, "big")}


def _show_page(key: bytes) -> dict[str, Any]:
    return {"expiry_hour": int.from_bytes(key[:4], "big"), "page": int.from_bytes(key[4:], "big")}


SPENT_PAGES: Table[tuple[int, int], SpentPage] = Table(
    "kernel/spent-pages", 5, SpentPage, key=_page_key, show_key=_show_page
)
SPENT_SLOTS: Table[int, SpentSlot] = Table("kernel/spent-slots", 6, SpentSlot, key=_slot_key, show_key=_show_slot)
SPENT_TOTAL: Table[None, SpentTotal] = Table("kernel/spent-total", 7, SpentTotal, key=no_key, show_key=show_no_key)


def total(state: Reader) -> SpentTotal:
    """Give the totals; none are remembered at genesis."""
    return SPENT_TOTAL.find(state, None) or SpentTotal(live=0, first_slot=0, last_slot=0)


def remember(state: State, spent: list[tuple[int, bytes, int]]) -> None:
    """Write a block's used envelopes, each (expiry, id, outcome), into the pages."""
    if not spent:
        return
    by_slot: dict[int, list[bytes]] = {}
    for expiry, envelope_id, outcome in spent:
        by_slot.setdefault(expiry // SLOT_SECONDS, []).append(envelope_id + bytes((outcome,)))
    before = total(state)
    first = min(by_slot) if before.live == 0 else min(before.first_slot, *by_slot)
    for slot, rows in sorted(by_slot.items()):
        known = SPENT_SLOTS.find(state, slot)
        _append(state, slot, 0 if known is None else known.count, rows)
    SPENT_TOTAL.put(
        state,
        None,
        SpentTotal(live=before.live + len(spent), first_slot=first, last_slot=max(before.last_slot, *by_slot)),
    )


def _append(state: State, slot: int, count: int, rows: list[bytes]) -> None:
    """Append rows to a slot that holds `count` of them."""
    SPENT_SLOTS.put(state, slot, SpentSlot(count=count + len(rows)))
    at = 0
    while at < len(rows):
        page, used = divmod(count + at, PAGE_IDS)
        taken = rows[at : at + PAGE_IDS - used]
        before = SPENT_PAGES.must(state, (slot, page)).rows if used else b""
        SPENT_PAGES.put(state, (slot, page), SpentPage(rows=before + b"".join(taken)))
        at += len(taken)


def sweep(state: State, time: int, writes_max: int) -> list[bytes]:
    """Drop pages of hours that are past, at most `writes_max` of them, and give the ids that were forgotten."""
    known = total(state)
    slot, live, forgotten = known.first_slot, known.live, list[bytes]()
    while live and slot < time // SLOT_SECONDS and writes_max > 0:
        found = SPENT_SLOTS.find(state, slot)
        if found is None:
            slot += 1
            continue
        page = (found.count - 1) // PAGE_IDS
        rows = SPENT_PAGES.must(state, (slot, page)).rows
        SPENT_PAGES.drop(state, (slot, page))
        writes_max -= 1
        dropped = len(rows) // ROW_BYTES
        live -= dropped
        forgotten += [rows[at : at + ID_BYTES] for at in range(0, len(rows), ROW_BYTES)]
        if found.count == dropped:
            SPENT_SLOTS.drop(state, slot)
            slot += 1
        else:
            SPENT_SLOTS.put(state, slot, SpentSlot(count=found.count - dropped))
    if (slot, live) != (known.first_slot, known.live):
        SPENT_TOTAL.put(state, None, SpentTotal(live=live, first_slot=slot, last_slot=known.last_slot))
    return forgotten


def remembered(state: Reader) -> Iterator[tuple[bytes, int]]:
    """Read every remembered id and its outcome from the pages; done once, at start."""
    known = total(state)
    for slot in range(known.first_slot, known.last_slot + 1) if known.live else ():
        found = SPENT_SLOTS.find(state, slot)
        if found is None:
            continue
        for page in range((found.count - 1) // PAGE_IDS + 1):
            rows = SPENT_PAGES.must(state, (slot, page)).rows
            for at in range(0, len(rows), ROW_BYTES):
                yield rows[at : at + ID_BYTES], rows[at + ID_BYTES]
