"""What the vault asks the ledger: what a document is, who may read it, and whether a reading has been recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import msgspec

from sogdia.kernel.machine import receipt_decoder
from sogdia.modules import ALL
from sogdia.modules.documents.events import ReadingRecorded
from sogdia.modules.documents.queries import (
    DocumentAnswer,
    DocumentQuery,
    MayRead,
    MayReadQuery,
    Recipient,
    RecipientsQuery,
)

if TYPE_CHECKING:
    from sogdia.client.connection import Connection
    from sogdia.kernel.operation import Query

T = TypeVar("T")

_decode_receipt = receipt_decoder(ALL).decode


class Recorded(NamedTuple):
    """A reading that stands in a block: what was stated, and how many seconds ago."""

    fact: ReadingRecorded
    age_seconds: int


class Entitlements(Protocol):
    """The ledger, as far as the vault asks it."""

    def document(self, name: bytes) -> DocumentAnswer:
        """Give a document, kept or erased."""

    def may_read(self, account: bytes, name: bytes) -> MayRead:
        """Say whether an account may read a document, and why or why not."""

    def recipients(self, name: bytes) -> list[Recipient]:
        """Give everybody for whom a document's key may be wrapped."""

    def recorded(self, receipt_id: bytes) -> list[Recorded]:
        """Give the readings that an applied envelope has recorded."""


class NodeEntitlements:
    """The ledger behind a running node."""

    def __init__(self, connection: Connection) -> None:
        """Ask over a connection."""
        self._connection = connection

    def document(self, name: bytes) -> DocumentAnswer:
        """Give a document, kept or erased."""
        return self._ask(DocumentQuery(name=name), DocumentAnswer)

    def may_read(self, account: bytes, name: bytes) -> MayRead:
        """Say whether an account may read a document, and why or why not."""
        return self._ask(MayReadQuery(account=account, name=name), MayRead)

    def recipients(self, name: bytes) -> list[Recipient]:
        """Give everybody for whom a document's key may be wrapped."""
        return self._ask(RecipientsQuery(name=name), list[Recipient])

    def recorded(self, receipt_id: bytes) -> list[Recorded]:
        """Give the readings that an applied envelope has recorded."""
        found = self._connection.result(receipt_id)
        if found is None:
            return []
        status = self._connection.status()
        age = max(status.now, status.time) - self._connection.header(found.height).header.time
        return readings_in(found.receipt, age)

    def _ask(self, query: Query, shape: type[T]) -> T:
        _height, answer = self._connection.query(query)
        return msgspec.convert(answer, shape, strict=True)


def readings_in(receipt: bytes, age_seconds: int) -> list[Recorded]:
    """Find the readings that a receipt's facts state; a refused envelope has none."""
    facts: tuple[Any, ...] = _decode_receipt(receipt).events
    return [Recorded(fact, age_seconds) for fact in facts if isinstance(fact, ReadingRecorded)]
