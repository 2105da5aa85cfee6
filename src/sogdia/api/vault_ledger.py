"""The ledger as the vault asks it from a thread of its own, over the one connection that the API has to its node."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from sogdia.client import questions
from sogdia.client.asynchronous import SECONDS_MAX
from sogdia.client.questions import TryLaterError
from sogdia.modules.documents.queries import DocumentQuery, MayReadQuery, RecipientsQuery
from sogdia.vault.asking import readings_in

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sogdia.api.network import Network
    from sogdia.kernel.operation import Query
    from sogdia.modules.documents.queries import DocumentAnswer, MayRead, Recipient
    from sogdia.vault.asking import Recorded

T = TypeVar("T")


class LedgerOfNode:
    """The ledger behind the node of a network."""

    def __init__(self, network: Network, loop: asyncio.AbstractEventLoop) -> None:
        """Ask in the loop in which the network's connection lives."""
        self._network = network
        self._loop = loop

    def document(self, name: bytes) -> DocumentAnswer:
        """Give a document, kept or erased."""
        found: DocumentAnswer = self._query(DocumentQuery(name=name))
        return found

    def may_read(self, account: bytes, name: bytes) -> MayRead:
        """Say whether an account may read a document, and why or why not."""
        found: MayRead = self._query(MayReadQuery(account=account, name=name))
        return found

    def recipients(self, name: bytes) -> list[Recipient]:
        """Give everybody for whom a document's key may be wrapped."""
        found: list[Recipient] = self._query(RecipientsQuery(name=name))
        return found

    def recorded(self, receipt_id: bytes) -> list[Recorded]:
        """Give the readings that an applied envelope has recorded."""
        return self._wait(self._recorded(receipt_id))

    async def _recorded(self, receipt_id: bytes) -> list[Recorded]:
        found = await self._network.ask(questions.result(receipt_id))
        if found is None:
            return []
        status = await self._network.ask(questions.status())
        header = await self._network.ask(questions.header(found.height))
        return readings_in(found.receipt, max(status.now, status.time) - header.header.time)

    def _query(self, query: Query) -> Any:  # noqa: ANN401 - each query has its own answer
        _height, found = self._wait(self._network.query(query))
        return found

    def _wait(self, asked: Coroutine[Any, Any, T]) -> T:
        """Wait for an answer, also while the API ends: no thread is left behind."""
        try:
            return asyncio.run_coroutine_threadsafe(asked, self._loop).result(SECONDS_MAX)
        except TimeoutError as error:
            raise TryLaterError(f"the node has not answered within {SECONDS_MAX:g} seconds") from error
