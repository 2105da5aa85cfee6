"""Which record, answer or event is shown whole to whom, by the rows of `client.who_sees`.

public     anybody
parties    the accounts that stand in it or that it is about, and whoever runs a node
order      the order's parties, authorities of the buyer's and the merchant's country, whoever runs a node, and
           the accounts that stand in it: of a kept rate that is its provider
operators  whoever runs a node

To others its public fields are shown, where it has any. The validators of a network hold all records anyway.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args, get_origin

from sogdia.api.problems import Problem
from sogdia.client.declared import answer_type
from sogdia.client.who_sees import (
    RECORDS,
    accounts_in,
    ends_of_order,
    for_operators_alone,
    open_to_all,
    parties_of_order,
    public_part,
)
from sogdia.kernel.values import owner_of
from sogdia.modules.exchange.records import Lock, Swapped
from sogdia.modules.market.queries import OrderQuery
from sogdia.modules.market.records import ClosedOrder, Line, Listing, Order, Terms
from sogdia.modules.money.records import Currency

if TYPE_CHECKING:
    import msgspec

    from sogdia.api.network import Network
    from sogdia.client.who_sees import Reader
    from sogdia.kernel.operation import Query

ORDERS_REMEMBERED_MAX = 20_000


class Class(StrEnum):
    """For whom something is."""

    PUBLIC = "public"
    PARTIES = "parties"
    NODES = "nodes"
    ORDER = "order"
    OPERATORS = "operators"


ORDERS: Final = frozenset({Order, Line, ClosedOrder, Lock, Swapped})
ANSWERS: Final[dict[str, type[msgspec.Struct]]] = {
    "issuance": Currency,
    "listing": Listing,
    "order": Order,
    "order-lines": Line,
    "worst-cases": Terms,
}
"""Answers made of several records, each with the record that says for whom it is."""

OF_WHAT_IS_PUBLIC: Final = frozenset({"rate-card", "rate-cards", "quote", "quotes", "depth", "paths"})
"""Answers made of public records, or of sums of what is offered; of who offers, an answer has what its asker owns."""

OF_THE_ASKED: Final = {"obligations": "account", "netting-pools": "coordinator", "netting-pool": "coordinator"}
"""Answers made of objects of many parties: they are for the account in this field of the question, not for all whom
question and answer name. Nobody else gets as far as the node, which may have to read a whole table for one."""

OF_NODES: Final = frozenset({"balances"})
"""Questions for which the whole ledger is read, whatever is asked: for audits by those who run a node."""


def class_of_record(declared: type) -> Class:
    """Say for whom the records of a table are."""
    if declared in ORDERS:
        return Class.ORDER
    if open_to_all(declared):
        return Class.PUBLIC
    return Class.OPERATORS if for_operators_alone(declared) else Class.PARTIES


def class_of_query(declared: type[Query]) -> Class:
    """Say for whom an answer is: as its record, or for the parties that it names."""
    if declared.__struct_config__.tag in OF_WHAT_IS_PUBLIC:
        return Class.PUBLIC
    if declared.__struct_config__.tag in OF_NODES:
        return Class.NODES
    record = record_of_query(declared)
    return Class.PARTIES if record is None else class_of_record(record)


def record_of_query(declared: type[Query]) -> type[msgspec.Struct] | None:
    """Give the record that a query answers with, if it is one."""
    name, answer = str(declared.__struct_config__.tag), answer_type(declared)
    kinds = [each for each in (get_args(answer) or (answer,)) if getattr(each, "__name__", "") in RECORDS]
    single = kinds[0] if len(kinds) == 1 and get_origin(answer) is not list else None
    return ANSWERS.get(name, single)


def class_of_event(declared: type) -> Class:
    """Say for whom an event is."""
    if open_to_all(declared):
        return Class.PUBLIC
    return Class.ORDER if "order" in declared.__struct_fields__ else Class.PARTIES  # type: ignore[attr-defined]


class Known(NamedTuple):
    """What is remembered of an order."""

    parties: frozenset[bytes]
    ends: tuple[bytes, bytes]


class Visibility:
    """Answers whether a reader is entitled."""

    def __init__(self, network: Network) -> None:
        """Ask the ledger who an order's parties are."""
        self._network = network
        self._orders: OrderedDict[bytes, Known] = OrderedDict()

    async def _known(self, name: bytes) -> Known | None:
        """Give an order's parties; they never change while it is open."""
        known = self._orders.get(name)
        if known is None:
            _height, answer = await self._network.query(OrderQuery(name=name))
            record = answer.open or answer.closed
            if record is None:
                return None
            known = self._orders[name] = Known(parties_of_order(name, record), ends_of_order(name, record))
            while len(self._orders) > ORDERS_REMEMBERED_MAX:
                self._orders.popitem(last=False)
        return known

    async def sees_order(self, reader: Reader, name: bytes) -> bool:
        """Whether an order is shown whole to a reader."""
        if reader.account is None:
            return False
        if reader.sees_all or reader.account == owner_of(name):
            return True
        known = await self._known(name)
        if known is None:
            return False
        if reader.account in known.parties:
            return True
        if not reader.is_authority:
            return False
        ends = [await self._network.party(account) for account in known.ends]
        return any(party is not None and party.country == reader.country for party in ends)

    async def sees_event(self, reader: Reader, event: msgspec.Struct) -> bool:
        """Whether an event is shown whole to a reader."""
        match class_of_event(type(event)):
            case Class.PUBLIC:
                return True
            case Class.ORDER if await self.sees_order(reader, event.order):  # type: ignore[attr-defined]
                return True
        return reader.sees_all or (reader.account is not None and reader.account in accounts_in(event))

    async def event(self, reader: Reader, event: msgspec.Struct) -> dict[str, Any]:
        """Write an event as a reader may see it."""
        return event_as_seen(event, whole=await self.sees_event(reader, event))

    async def may_be_found(
        self, reader: Reader, event: msgspec.Struct, account: bytes | None, name: bytes | None
    ) -> bool:
        """Whether a reader may learn that an event names an account or an object: by what it is shown of the event."""
        if (account is None and name is None) or await self.sees_event(reader, event):
            return True
        shown = public_part(event)
        by_account = account is None or account in accounts_in(event, shown)
        return by_account and (name is None or name in shown.values())


def event_as_seen(event: msgspec.Struct, *, whole: bool) -> dict[str, Any]:
    """Write an event, whole or as anybody may see it."""
    named = {"event": type(event).__name__, "number": event.__struct_config__.tag, "whole": whole}
    return {**named, "fields": event if whole else public_part(event)}


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
