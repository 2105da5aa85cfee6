"""Which record, answer or event is for whom: the classes as data, and the question whether a reader is entitled.

public     anybody
parties    the accounts that stand in it or that it is about, and whoever runs a node
nodes      whoever runs a node
order      the order's parties, authorities of the country of one of them, and whoever runs a node; others learn that it
           is there, its state and its deadline

Tables and queries that are not named here are for their parties; events go field by field by `vault.who_sees`. The
validators of a network hold all records, whatever this page says.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sogdia.api.problems import Problem
from sogdia.client.shapes import fields_of
from sogdia.kernel.values import ACCOUNT_BYTES, owner_of
from sogdia.modules.market.queries import OrderQuery
from sogdia.vault.who_sees import EVENTS, Sees

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from sogdia.api.network import Network
    from sogdia.api.readers import Reader

ORDERS_REMEMBERED_MAX = 20_000


class Class(StrEnum):
    """For whom something is."""

    PUBLIC = "public"
    PARTIES = "parties"
    NODES = "nodes"
    ORDER = "order"


TABLES: Final[dict[str, Class]] = {
    "kernel/mandates": Class.PARTIES,
    "kernel/quotas": Class.PARTIES,
    "kernel/due-nodes": Class.NODES,
    "kernel/due-pages": Class.NODES,
    "kernel/spent-pages": Class.NODES,
    "kernel/spent-slots": Class.NODES,
    "kernel/spent-total": Class.NODES,
    "identity/tags": Class.NODES,
    "market/rules": Class.PUBLIC,
    "market/terms": Class.PUBLIC,
    "market/listings": Class.PUBLIC,
    "market/variants": Class.PUBLIC,
    "market/orders": Class.ORDER,
    "market/lines": Class.ORDER,
    "market/closed-orders": Class.ORDER,
    "money/currencies": Class.PUBLIC,
}
PUBLIC_TABLES_OF: Final = "kernel/"
"""The other tables of the kernel are public: parties by pseudonym, limits, validators, passkeys."""

QUERIES: Final[dict[str, Class]] = {
    "party": Class.PUBLIC,
    "terms": Class.PUBLIC,
    "listing": Class.PUBLIC,
    "currency": Class.PUBLIC,
    "order": Class.ORDER,
    "order-lines": Class.ORDER,
}
SHOWN_OF_ORDERS: Final = frozenset({"state", "deadline", "outcome", "closed_at"})
"""Fields of an order's records that anybody may see."""


def class_of_table(name: str) -> Class:
    """Say for whom a table's records are."""
    return TABLES.get(name, Class.PUBLIC if name.startswith(PUBLIC_TABLES_OF) else Class.PARTIES)


def class_of_event(declared: type[msgspec.Struct]) -> Class:
    """Say for whom an event is as a whole."""
    if set(EVENTS[declared.__name__]) == {Sees.PUBLIC}:
        return Class.PUBLIC
    return Class.ORDER if "order" in declared.__struct_fields__ else Class.PARTIES


def public_fields(event: msgspec.Struct) -> dict[str, Any]:
    """Give the fields of an event that anybody may see."""
    named = EVENTS[type(event).__name__].get(Sees.PUBLIC, "").split()
    return {name: getattr(event, name) for name in event.__struct_fields__ if name in named}


def accounts_in(value: Any, only: Container[str] | None = None) -> Iterator[bytes]:  # noqa: ANN401 - any value of the ledger
    """Give every account that a value, or some of its fields, names: as an account, or as the owner of an object."""
    match value:
        case msgspec.Struct():
            for each in fields_of(type(value)):
                if only is not None and each.name not in only:
                    continue
                held = getattr(value, each.name)
                if each.shape.word == "Account" and isinstance(held, bytes):
                    yield held
                elif each.shape.word == "Name" and isinstance(held, bytes):
                    yield owner_of(held)
                else:
                    yield from accounts_in(held)
        case tuple() | list():
            for each in value:
                yield from accounts_in(each)


def names_in(value: Any) -> Iterator[bytes]:  # noqa: ANN401 - any value of the ledger
    """Give the names of objects that a value names."""
    if isinstance(value, msgspec.Struct):
        for each in fields_of(type(value)):
            held = getattr(value, each.name)
            if each.shape.word == "Name" and isinstance(held, bytes):
                yield held


def shown_part(record: msgspec.Struct) -> dict[str, Any]:
    """Give what anybody may see of an order's record."""
    return {name: getattr(record, name) for name in record.__struct_fields__ if name in SHOWN_OF_ORDERS}


class Visibility:
    """Answers whether a reader is entitled."""

    def __init__(self, network: Network) -> None:
        """Ask the ledger who an order's parties are."""
        self._network = network
        self._orders: OrderedDict[bytes, frozenset[bytes]] = OrderedDict()

    async def parties_of_order(self, name: bytes) -> frozenset[bytes]:
        """Give an order's parties; they never change while it is open. Of a closed one the buyer and merchant stay."""
        known = self._orders.get(name)
        if known is None:
            _height, answer = await self._network.query(OrderQuery(name=name))
            record = answer.open or answer.closed
            known = frozenset((name[:ACCOUNT_BYTES], *accounts_in(record)))
            if record is None:
                return known
            self._orders[name] = known
            while len(self._orders) > ORDERS_REMEMBERED_MAX:
                self._orders.popitem(last=False)
        return known

    async def sees_order(self, reader: Reader, name: bytes) -> bool:
        """Whether an order is shown whole to a reader."""
        if reader.account is None:
            return False
        if reader.sees_all or reader.account in await self.parties_of_order(name):
            return True
        if not reader.is_authority:
            return False
        # An authority oversees the trade of its country: where the goods come from and where they go.
        _height, answer = await self._network.query(OrderQuery(name=name))
        record = answer.open or answer.closed
        traders = (owner_of(name), *(() if record is None else (record.merchant,)))
        known = [await self._network.party(account) for account in traders]
        return any(party is not None and party.country == reader.country for party in known)

    async def sees_event(self, reader: Reader, event: msgspec.Struct) -> bool:
        """Whether an event is shown whole to a reader."""
        match class_of_event(type(event)):
            case Class.PUBLIC:
                return True
            case Class.ORDER:
                return await self.sees_order(reader, event.order)  # type: ignore[attr-defined]
        return reader.sees_all or (reader.account is not None and reader.account in accounts_in(event))

    async def event(self, reader: Reader, event: msgspec.Struct) -> dict[str, Any]:
        """Write an event as a reader may see it."""
        named = {"event": type(event).__name__, "number": event.__struct_config__.tag}
        if await self.sees_event(reader, event):
            return {**named, "whole": True, "fields": event}
        return {**named, "whole": False, "fields": public_fields(event)}

    async def may_be_found(
        self, reader: Reader, event: msgspec.Struct, account: bytes | None, name: bytes | None
    ) -> bool:
        """Whether a reader may learn that an event names an account or an object: by what it is shown of the event."""
        if (account is None and name is None) or await self.sees_event(reader, event):
            return True
        shown = public_fields(event)
        by_account = account is None or account in accounts_in(event, shown)
        return by_account and (name is None or name in shown.values())


def require(reader: Reader, *, entitled: bool) -> None:
    """Turn a reader away who is not entitled."""
    if entitled:
        return
    if reader.account is None:
        raise Problem(
            401, "This is shown to its parties only.", "Ask with a token or sign the request.",
            headers={"www-authenticate": 'Bearer realm="sogdia"'},
        )  # fmt: skip
    raise Problem(403, "This is shown to its parties only.", "Ask one of them.")
