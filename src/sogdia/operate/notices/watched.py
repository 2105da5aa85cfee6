"""What notices watch: for every exit that a module declares, how its objects are asked for and whom they concern.

A test compares this table with the declared exits and the states of orders, so that no new way out stays unwatched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sogdia.client.connection import Status, TryLaterError
from sogdia.kernel.codec import encode
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.values import owner_of
from sogdia.modules import ALL
from sogdia.modules.market.queries import OrderAnswer, OrderQuery
from sogdia.modules.market.records import ORDERS, Order, OrderState
from sogdia.modules.money.queries import HoldQuery
from sogdia.modules.money.records import HOLDS, Hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sogdia.client.connection import Connection
    from sogdia.kernel.operation import Exit, Query
    from sogdia.kernel.stored_block import StoredBlock

UNDER_WAY_MAX = 1_000

_decode_receipt = receipt_decoder(ALL).decode

EXITS: dict[int, Exit] = {each.table.number: each for module in ALL for each in module.exits}
"""Every declared exit, by the number of its table."""


class Stand(NamedTuple):
    """How an object stands: its deadline (without one it has ended), whom it concerns, whom its deadline concerns."""

    deadline: int | None
    parties: tuple[bytes, ...]
    warned: tuple[bytes, ...]


class Watched(NamedTuple):
    """How the objects of one table are watched, and what they are called: in events, and in the names of texts."""

    called: str
    query: Callable[[bytes], Query]
    read: Callable[[bytes, Any], Stand]


WARNED_BESIDE_THE_CARRIER: dict[OrderState, bool] = {
    OrderState.PLACED: True,
    OrderState.ACCEPTED: True,
    OrderState.SHIPPED: True,
    OrderState.DELIVERED: True,
    OrderState.RETURNING: True,
    OrderState.CONTESTED: True,
    OrderState.CLOSING: False,
    OrderState.REFUNDING: False,
}
"""Whether buyer and merchant are warned of a state's deadline. The last two go on by themselves: nobody can act."""

WARNED_CARRIER = frozenset({OrderState.SHIPPED})
"""States whose deadline is also the carrier's: it may confirm the delivery."""


def _order(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - an answer that is about to be typed
    answer = msgspec.convert(raw, OrderAnswer, strict=True)
    if answer.open is None:
        found = answer.closed
        return Stand(None, () if found is None else (owner_of(name), found.merchant), ())
    return order_stand(name, answer.open)


def order_stand(name: bytes, order: Order) -> Stand:
    """Say whom an open order, and its deadline, concern."""
    state = OrderState(order.state)
    sides = (owner_of(name), order.merchant)
    carrier = () if order.carrier is None else (order.carrier,)
    warned = sides if WARNED_BESIDE_THE_CARRIER[state] else ()
    return Stand(
        EXITS[ORDERS.number].deadline_of(order),
        _once(sides + carrier),
        _once(warned + carrier if state in WARNED_CARRIER else warned),
    )


def _hold(_name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    hold = msgspec.convert(raw, Hold | None, strict=True)
    if hold is None:
        return Stand(None, (), ())
    sides = (hold.payer, hold.payee)
    return Stand(EXITS[HOLDS.number].deadline_of(hold), sides, sides)


def _once(accounts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(accounts))


WATCHED: dict[int, Watched] = {
    ORDERS.number: Watched("order", lambda name: OrderQuery(name=name), _order),
    HOLDS.number: Watched("hold", lambda name: HoldQuery(name=name), _hold),
}
"""By the number of the table; the number is the first byte of an object's full key."""


def objects_of(block: StoredBlock) -> Iterator[tuple[int, bytes]]:
    """Give the watched objects that a block touched, each with the number of the result that did it.

    An object that goes leaves no step behind, but an event that names it; one that stays leaves a step in any case.
    """
    for step in block.steps:
        if step.object[0] in WATCHED:
            yield step.result, step.object
    for number, result in enumerate(block.all_results()):
        for event in _decode_receipt(result.receipt).events:
            for table, watched in WATCHED.items():
                name = getattr(event, watched.called, None)
                if isinstance(name, bytes):
                    yield number, bytes((table,)) + name


def stands_of(node: Connection, full_keys: Sequence[bytes]) -> dict[bytes, Stand]:
    """Ask how objects stand, all at once: a busy node answers between two blocks, one by one would take too long."""
    asked = [("query", encode(WATCHED[key[0]].query(key[1:]))) for key in full_keys]
    answers = ask_all(node, asked)
    return {key: WATCHED[key[0]].read(key[1:], answer[1]) for key, answer in zip(full_keys, answers, strict=True)}


def ask_all(node: Connection, asked: Sequence[tuple[str, object]]) -> list[Any]:
    """Ask a node many things with all of them under way; gives the payloads in the order of asking."""
    found: list[Any] = []
    for first in range(0, len(asked), UNDER_WAY_MAX):
        numbers = [node.send(kind, payload) for kind, payload in asked[first : first + UNDER_WAY_MAX]]
        answers = {answer.number: answer for answer in (node.receive() for _ in numbers)}
        for number in numbers:
            answer = answers[number]
            if answer.status != Status.DONE:
                raise TryLaterError(str(answer.payload))
            found.append(answer.payload)
    return found
