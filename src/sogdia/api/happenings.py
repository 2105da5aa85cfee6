"""What happens on the ledger, read out of its blocks once for all who listen.

Each new block is looked through once for the kinds of events that it holds. Only who may want one of them is woken; the
events themselves are read when the first listener wants them, and put into words once for all who see them alike.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from sogdia.api.envelopes import decode_receipt
from sogdia.api.forms import write
from sogdia.api.visibility import event_as_seen
from sogdia.client import questions
from sogdia.client.declared import events as declared_events
from sogdia.client.who_sees import accounts_in
from sogdia.kernel.header import SignedHeader
from sogdia.kernel.machine import Result
from sogdia.kernel.module import tag_of
from sogdia.kernel.stored_block import as_it_happened

if TYPE_CHECKING:
    from sogdia.api.network import Network
    from sogdia.kernel.codec import Event

BLOCKS_REMEMBERED = 512
RESULTS_REMEMBERED = 20_000
READ_AHEAD_MAX = 200
POLL_SECONDS = 0.1

RIGHTS: Final = frozenset({"KeysChanged", "KeysRecovered", "PartySuspended"})
"""The events by which a key may lose its right to act: of a block with one of them everybody is told."""

Place = tuple[int, int, int]


class Wanted(NamedTuple):
    """Which events are meant."""

    event: str | None = None
    account: bytes | None = None
    name: bytes | None = None


class Happened(NamedTuple):
    """One event with its place: height, number of the result in its block, number of the event in its receipt.

    Results are counted as the ledger came to them: what a deadline did to an object stands before the envelope that
    came upon it, unlike in the block, where exits stand behind all envelopes.
    """

    place: Place
    time: int
    id: bytes
    event: Event


class _Number(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """As much of an event as says of which kind it is."""

    number: int


class _Events(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """As much of a receipt as says which kinds of events it holds."""

    code: int
    operation: int
    facts: msgspec.Raw
    events: list[_Number]


class _Results(msgspec.Struct, frozen=True, array_like=True):
    """As much of a stored block as says what happened."""

    header: SignedHeader
    envelopes: msgspec.Raw
    results: list[Result]
    exits: list[Result]
    steps: msgspec.Raw
    misbehaviour: msgspec.Raw
    exits_after: list[int]


_results = msgspec.msgpack.Decoder(_Results, strict=True).decode
_events = msgspec.msgpack.Decoder(_Events, strict=True).decode


@cache
def _names() -> dict[int, str]:
    """Give the name of every kind of event by its number."""
    return {tag_of(each): name for name, each in declared_events().items()}


class BlockEvents:
    """All events of a block. Their kinds are known at once; the events are read when somebody first asks for one."""

    def __init__(self, raw: bytes) -> None:
        """Look through a stored block."""
        read = _results(raw)
        header = read.header.header
        self.height, self.time = header.height, header.time
        in_order = as_it_happened(read.results, read.exits, read.exits_after)
        self._results = [result for _number, result in in_order]
        numbers = {each.number for result in self._results for each in _events(result.receipt).events}
        self.kinds = frozenset(_names()[number] for number in numbers)
        self._texts: dict[tuple[Place, bool], bytes] = {}

    def size(self) -> int:
        """Give the number of results."""
        return len(self._results)

    @cached_property
    def events(self) -> list[Happened]:
        """Every event of the block, in order."""
        return [
            Happened((self.height, number, at), self.time, result.id, event)
            for number, result in enumerate(self._results)
            for at, event in enumerate(decode_receipt(result.receipt).events)
        ]

    @cached_property
    def accounts(self) -> frozenset[bytes]:
        """Every account that an event of the block names."""
        return frozenset(account for each in self.events for account in accounts_in(each.event))

    def of_changed_rights(self) -> frozenset[bytes]:
        """Give the accounts of which a key may have lost its right."""
        if not self.kinds & RIGHTS:
            return frozenset()
        return frozenset(
            each.event.account  # type: ignore[attr-defined]
            for each in self.events
            if type(each.event).__name__ in RIGHTS
        )

    def text(self, happened: Happened, *, whole: bool) -> bytes:
        """Put an event into the words of a stream, once for all who see it alike."""
        text = self._texts.get((happened.place, whole))
        if text is None:
            told = {**placed(happened), **event_as_seen(happened.event, whole=whole)}
            head = f"id: {told['id']}\nevent: {told['event']}\ndata: ".encode("ascii")
            text = self._texts[happened.place, whole] = head + msgspec.json.encode(write(told)) + b"\n\n"
        return text


def placed(happened: Happened) -> dict[str, object]:
    """Say where and when something happened, and of which result it is."""
    height = happened.place[0]
    return {"id": place_text(happened.place), "height": height, "time": happened.time, "of": happened.id}


def place_text(place: Place) -> str:
    """Write a place as the id of an event."""
    return ".".join(map(str, place))


class _Waiting:
    """Those who wait for one kind of events, and which blocks they are to look at when they are woken."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.span = (0, 0)


class Happenings:
    """Reads events out of stored blocks, each block once for all who listen."""

    def __init__(self, network: Network) -> None:
        """Read the blocks of `network`."""
        self._network = network
        self._known: OrderedDict[int, BlockEvents] = OrderedDict()
        self._results = 0
        self._reading: dict[int, asyncio.Task[BlockEvents]] = {}
        self._height = 0
        self._waiters = 0
        self._waiting: dict[str | None, _Waiting] = {}
        self._follower: asyncio.Task[None] | None = None

    async def of_block(self, height: int) -> BlockEvents:
        """Give the events of a block."""
        known = self._known.get(height)
        if known is not None:
            return known
        task = self._reading.get(height)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._read(height))
            self._reading[height] = task
            task.add_done_callback(lambda _task: self._reading.pop(height, None))
        return await asyncio.shield(task)

    async def _read(self, height: int) -> BlockEvents:
        read = self._known[height] = BlockEvents(await self._network.ask(questions.raw_block(height)))
        self._results += read.size()
        while len(self._known) > BLOCKS_REMEMBERED or (self._results > RESULTS_REMEMBERED and len(self._known) > 1):
            self._results -= self._known.popitem(last=False)[1].size()
        return read

    async def in_block(self, height: int, wanted: Wanted, after: Place) -> list[Happened]:
        """Give the events of a block that are meant and lie behind a place."""
        block = await self.of_block(height)
        if wanted.event is not None and wanted.event not in block.kinds:
            return []
        if wanted.account is not None and wanted.account not in block.accounts:
            return []
        return [each for each in block.events if each.place > after and _is_meant(each, wanted)]

    async def height(self) -> int:
        """Give the height up to which everything is durable."""
        return await self._network.ask(questions.height())

    async def beyond(self, height: int, event: str | None = None) -> tuple[int, int]:
        """Wait for blocks beyond a height that may hold a kind of events; gives the first and the last of them.

        Whoever waits is not woken for blocks without that kind, and need not look at them afterwards. A block in which
        a key may have lost its right wakes all, who then ask whether it was theirs.
        """
        first, last = height + 1, self._height
        while last <= height:
            waiting = self._waiting.setdefault(event, _Waiting())
            self._waiters += 1
            try:
                if self._follower is None or self._follower.done():
                    self._follower = asyncio.get_running_loop().create_task(self._follow())
                await waiting.woken.wait()
            finally:
                self._waiters -= 1
            first, last = waiting.span
        return max(first, height + 1), last

    async def _follow(self) -> None:
        """Look for new blocks, once for all who wait; ends when nobody waits."""
        while self._waiters:
            # The node may be away for a while; who listens goes on when it is back.
            with contextlib.suppress(Exception):
                await self._look()
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self) -> None:
        """Look through the new blocks, and wake those who may want something of them."""
        begin, found = self._height + 1, await self.height()
        if found < begin:
            return
        if begin == 1 or found - begin >= READ_AHEAD_MAX:
            # Of blocks that were not read nobody knows what they hold, so everybody looks.
            self._network.forget()
            self._height = found
            self._wake(dict.fromkeys(self._waiting, begin))
            return
        blocks = await asyncio.gather(*map(self.of_block, range(begin, found + 1)))
        self._height = found
        firsts: dict[str | None, int] = {None: begin}
        for block in reversed(blocks):
            firsts.update(dict.fromkeys(block.kinds, block.height))
            if changed := block.of_changed_rights():
                self._network.forget(changed)
                firsts.update(dict.fromkeys(self._waiting, block.height))
        self._wake(firsts)

    def _wake(self, firsts: dict[str | None, int]) -> None:
        """Wake those who wait for these kinds of events, to look from the first block that may hold one."""
        for event in firsts.keys() & self._waiting.keys():
            waiting = self._waiting.pop(event)
            waiting.span = (firsts[event], self._height)
            waiting.woken.set()

    async def end(self) -> None:
        """Stop following."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)


def _is_meant(happened: Happened, wanted: Wanted) -> bool:
    if wanted.event is not None and type(happened.event).__name__ != wanted.event:
        return False
    if wanted.account is not None and wanted.account not in accounts_in(happened.event):
        return False
    return wanted.name is None or any(
        getattr(happened.event, field) == wanted.name for field in happened.event.__struct_fields__
    )
