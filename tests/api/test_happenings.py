"""Who is woken for which blocks: those who may want something of them, and with gaps everybody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sogdia.api import happenings as happenings_file
from sogdia.api.happenings import BlockEvents, Happenings, Wanted
from sogdia.kernel.header import Header, SignedHeader
from sogdia.kernel.machine import Result
from sogdia.kernel.receipt import Receipt, encode_receipt
from sogdia.kernel.stored_block import StoredBlock, encode_block
from sogdia.modules.identity.events import PartySuspended
from sogdia.modules.money import Asset
from sogdia.modules.money.events import HolderFrozen, HolderUnfrozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.client.questions import Question
    from sogdia.kernel.codec import Event

SOON = 0.3
ASSET = Asset("USD", b"b" * 20)
FROZEN = HolderFrozen(asset=ASSET, account=b"h" * 20, reason="court")
UNFROZEN = HolderUnfrozen(asset=ASSET, account=b"h" * 20)
SUSPENDED = PartySuspended(account=b"p" * 20, reason="papers are missing")
EVERYWHERE = (0, -1, -1)


def result(identity: bytes, events: Iterable[Event]) -> Result:
    """A result with these events."""
    receipt = Receipt(code=0, operation=0, facts=(), events=tuple(events), blind=bytes(16))
    return Result(identity, encode_receipt(receipt))


class Ledger:
    """As much of a network as happenings need: blocks that a test adds, and how often each was asked for."""

    def __init__(self) -> None:
        """Begin with one block."""
        self.blocks: list[bytes] = []
        self.asked: list[int] = []
        self.forgotten: list[set[bytes] | None] = []
        self.add()

    def add(self, *events: Event, lapsed: Iterable[Event] = ()) -> None:
        """Add a block with one result that has these events, before which others came of a deadline."""
        hashes = dict.fromkeys(Header.__struct_fields__, bytes(32))
        header = Header(**{**hashes, "height": len(self.blocks) + 1, "time": 1_800_000_000})  # type: ignore[arg-type]
        exits = [result(bytes([1]) * 32, lapsed)] if lapsed else []
        self.blocks.append(
            encode_block(
                StoredBlock(
                    header=SignedHeader(header=header, signatures=(bytes(64),)),
                    envelopes=[b"e"],
                    results=[result(bytes(32), events)],
                    exits=exits,
                    steps=[],
                    misbehaviour=(),
                    exits_after=[0] * len(exits),
                )
            )
        )

    def forget(self, accounts: Iterable[bytes] | None = None) -> None:
        """Note whose records are to be asked for anew."""
        self.forgotten.append(None if accounts is None else set(accounts))

    async def ask(self, question: Question[object]) -> object:
        """Answer as a node would."""
        if question.kind == "height":
            return len(self.blocks)
        height = question.payload
        assert isinstance(height, int)
        self.asked.append(height)
        return self.blocks[height - 1]


def listened(scenario):
    """Run a scenario over a ledger whose happenings are followed."""

    async def run() -> None:
        ledger = Ledger()
        happenings = Happenings(ledger)  # type: ignore[arg-type]
        try:
            await asyncio.wait_for(scenario(ledger, happenings), 10)
        finally:
            await happenings.end()

    asyncio.run(run())


def waiting_for(happenings, height, event=None):
    """Begin to wait."""
    return asyncio.ensure_future(happenings.beyond(height, event))


async def begun(happenings, height):
    """Let everybody who waits learn that there is nothing new yet, as at the beginning of every stream."""
    first, last = await happenings.beyond(height - 1)
    assert (first, last) == (height, height)


def test_only_who_may_want_something_of_a_block_is_woken_and_is_told_where_to_look():
    async def scenario(ledger: Ledger, happenings: Happenings) -> None:
        await begun(happenings, 1)
        frozen, unfrozen = waiting_for(happenings, 1, "HolderFrozen"), waiting_for(happenings, 1, "HolderUnfrozen")
        every = waiting_for(happenings, 1)
        await asyncio.sleep(0)
        ledger.add()
        ledger.add(UNFROZEN)
        ledger.add()

        assert await every == (2, 4)
        assert await unfrozen == (3, 4)
        await asyncio.sleep(SOON)
        assert not frozen.done()
        ledger.add(FROZEN, UNFROZEN)
        assert await frozen == (5, 5)
        assert await happenings.beyond(3) == (4, 5)

    listened(scenario)


def test_a_block_in_which_a_key_may_have_lost_its_right_wakes_all_once_its_party_is_asked_for_anew():
    async def scenario(ledger: Ledger, happenings: Happenings) -> None:
        await begun(happenings, 1)
        frozen = waiting_for(happenings, 1, "HolderFrozen")
        await asyncio.sleep(0)
        ledger.add()
        ledger.add(SUSPENDED)
        ledger.forgotten.clear()

        assert await frozen == (3, 3)
        assert ledger.forgotten == [{SUSPENDED.account}]

    listened(scenario)


def test_each_block_is_read_once_for_all_who_listen():
    async def scenario(ledger: Ledger, happenings: Happenings) -> None:
        await begun(happenings, 1)
        waiters = [waiting_for(happenings, 1, event) for event in ("HolderFrozen", None) for _listener in range(20)]
        await asyncio.sleep(0)
        ledger.add(FROZEN)
        spans = await asyncio.gather(*waiters)
        found = [await happenings.in_block(2, Wanted(event="HolderFrozen"), EVERYWHERE) for _listener in range(20)]
        block = await happenings.of_block(2)

        assert set(spans) == {(2, 2)}
        assert [each.event for each in found[0]] == [FROZEN]
        assert ledger.asked == [2]
        assert block.text(found[0][0], whole=True) is block.text(found[1][0], whole=True)
        assert block.text(found[0][0], whole=True) != block.text(found[0][0], whole=False)

    listened(scenario)


def test_what_a_deadline_did_is_told_before_what_came_upon_it():
    ledger = Ledger()
    ledger.add(FROZEN, lapsed=[UNFROZEN, UNFROZEN])
    block = BlockEvents(ledger.blocks[-1])

    assert [each.place for each in block.events] == [(2, 0, 0), (2, 0, 1), (2, 1, 0)]
    assert [each.event for each in block.events] == [UNFROZEN, UNFROZEN, FROZEN]
    assert [each.id for each in block.events] == [bytes([1]) * 32] * 2 + [bytes(32)]


def test_after_more_blocks_than_are_read_ahead_everybody_looks(monkeypatch):
    monkeypatch.setattr(happenings_file, "READ_AHEAD_MAX", 3)

    async def scenario(ledger: Ledger, happenings: Happenings) -> None:
        await begun(happenings, 1)
        frozen = waiting_for(happenings, 1, "HolderFrozen")
        await asyncio.sleep(0)
        for _block in range(3):
            ledger.add()
        await asyncio.sleep(SOON)
        assert not frozen.done()
        for _block in range(4):
            ledger.add()

        assert await frozen == (5, 8)

    listened(scenario)


def test_blocks_that_were_there_before_somebody_listened_wake_nobody():
    async def scenario(ledger: Ledger, happenings: Happenings) -> None:
        await begun(happenings, 1)
        ledger.add(FROZEN)
        ledger.add()
        late = waiting_for(happenings, 3, "HolderFrozen")
        await asyncio.sleep(SOON)
        assert not late.done()
        ledger.add(FROZEN)

        assert await late == (4, 4)

    listened(scenario)


def test_who_gives_up_waiting_takes_nobody_along():
    async def scenario(ledger: Ledger, happenings: Happenings) -> None:
        await begun(happenings, 1)
        impatient, patient = waiting_for(happenings, 1), waiting_for(happenings, 1)
        await asyncio.sleep(0)
        impatient.cancel()
        ledger.add()

        assert await patient == (2, 2)

    listened(scenario)


def test_a_node_that_is_away_is_waited_for(monkeypatch):
    async def scenario(ledger: Ledger, happenings: Happenings) -> None:
        await begun(happenings, 1)
        answer, ask = waiting_for(happenings, 1), ledger.ask

        async def away(_question: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(ledger, "ask", away)
        await asyncio.sleep(SOON)
        assert not answer.done()
        ledger.add()
        monkeypatch.setattr(ledger, "ask", ask)

        assert await answer == (2, 2)

    listened(scenario)


@pytest.mark.parametrize("most", [1, 2])
def test_so_many_blocks_are_remembered_and_no_more(monkeypatch, most):
    monkeypatch.setattr(happenings_file, "RESULTS_REMEMBERED", most)

    async def scenario(ledger: Ledger, happenings: Happenings) -> None:
        ledger.add()
        ledger.add()
        for height in (1, 2, 3, 3, 2):
            await happenings.of_block(height)

        assert ledger.asked == [1, 2, 3] + [2] * (most < 2)

    listened(scenario)
