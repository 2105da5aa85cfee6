"""What the API knows of the node it stands beside: its connection, its network, and who somebody is."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from sogdia.client import questions
from sogdia.client.asynchronous import AsyncConnection
from sogdia.client.declared import answer_type
from sogdia.client.envelopes import EnvelopeMaker
from sogdia.kernel.accounts import PARTIES, Party
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sogdia.client.questions import Question
    from sogdia.kernel.operation import Query

REMEMBERED_MAX = 10_000
PARTY_SECONDS = 2.0
"""How long a party's record is taken for current: so long a changed key may still read, unless somebody listens."""

T = TypeVar("T")


class Network:
    """The node's network, seen through one connection that is opened anew when the node has been away."""

    def __init__(self, folder: Path) -> None:
        """Work beside the node of a data folder."""
        self.folder = folder
        self._connection: AsyncConnection | None = None
        self._opening = asyncio.Lock()
        self._parties: OrderedDict[bytes, tuple[float, Party | None]] = OrderedDict()
        self._forgotten = 0
        self.genesis_raw = b""
        self.genesis: Any = None
        self.hash = b""
        self.maker: EnvelopeMaker

    async def begin(self) -> None:
        """Learn which network it is."""
        self.genesis_raw = await self.ask(questions.genesis())
        self.genesis = msgspec.json.decode(self.genesis_raw, type=genesis_type(ALL))
        self.hash = network_of(self.genesis)
        self.maker = EnvelopeMaker(self.hash)

    async def end(self) -> None:
        """Let the node go."""
        if self._connection is not None:
            await self._connection.close()

    async def ask(self, question: Question[T]) -> T:
        """Ask the node."""
        connection = self._connection
        if connection is None or not connection.is_open:
            async with self._opening:
                if self._connection is None or not self._connection.is_open:
                    self._connection = await AsyncConnection.open(self.folder)
                connection = self._connection
        return await connection.ask(question)

    async def query(self, query: Query) -> tuple[int, Any]:
        """Ask a declared query; gives the height and the typed answer."""
        height, raw = await self.ask(questions.query(query))
        return height, msgspec.convert(raw, answer_type(type(query)), strict=True)

    async def party(self, account: bytes) -> Party | None:
        """Give a party's record, at most a moment old."""
        now = time.monotonic()
        known = self._parties.get(account)
        if known is not None and now - known[0] < PARTY_SECONDS:
            return known[1]
        forgotten = self._forgotten
        found = await self.ask(questions.record(PARTIES.full_key(account)))
        party: Party | None = None if found.value is None else PARTIES.codec.decode(found.value)
        if forgotten != self._forgotten:
            return party  # it may be the record from before what has just been forgotten
        self._parties[account] = (now, party)
        while len(self._parties) > REMEMBERED_MAX:
            self._parties.popitem(last=False)
        return party

    def forget(self, accounts: Iterable[bytes] | None = None) -> None:
        """Ask anew for parties of which a block says that they have changed, or for all."""
        self._forgotten += 1
        if accounts is None:
            self._parties.clear()
            return
        for each in accounts:
            self._parties.pop(each, None)
