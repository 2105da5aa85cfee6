"""What the pages show to whom, by the rows of `client.who_sees`.

public     anybody
order      the order's parties, authorities of the buyer's and the merchant's country, and whoever runs a node
parties    the accounts that stand in it or that it is about, and whoever runs a node
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.client.who_sees import OPERATIONS_OF_ALL, accounts_in, ends_of_order, open_to_all, parties_of_order
from sogdia.kernel.values import name_of, owner_of
from sogdia.modules.identity.queries import PartyQuery
from sogdia.modules.market.orders import PlaceOrder, PlaceOrderAtRate
from sogdia.modules.market.queries import OrderQuery
from sogdia.web.explorer.sources import ask

if TYPE_CHECKING:
    from sogdia.client.connection import Connection
    from sogdia.client.who_sees import Reader
    from sogdia.kernel.accounts import Party
    from sogdia.kernel.envelope import Body
    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.market.queries import OrderAnswer


def asker_of(body: Body, operation: Any) -> bytes:  # noqa: ANN401 - any operation
    """Give who asks for an operation: its signer, or the grantor of the mandate under which an agent signs it."""
    mandate = operation.mandate
    return body.signers[operation.signer].account if mandate is None else owner_of(mandate)


class Entitlement:
    """Answers whether one reader is entitled; what the ledger says about an order is asked once."""

    def __init__(self, reader: Reader | None, node: Connection) -> None:
        """Answer for a reader, or for anybody."""
        self._reader = reader
        self._node = node
        self._orders: dict[bytes, bool] = {}

    def sees_order(self, name: bytes) -> bool:
        """Tell whether an order is shown whole."""
        if self._reader is None:
            return False
        if name not in self._orders:
            self._orders[name] = self._sees(self._reader, name)
        return self._orders[name]

    def _sees(self, reader: Reader, name: bytes) -> bool:
        if reader.sees_all or reader.account == owner_of(name):
            return True
        answer: OrderAnswer = ask(self._node, OrderQuery(name=name))
        record = answer.open or answer.closed
        if reader.account in parties_of_order(name, record):
            return True
        if record is None or not reader.is_authority:
            return False
        known: list[Party | None] = [ask(self._node, PartyQuery(account=each)) for each in ends_of_order(name, record)]
        return any(party is not None and party.country == reader.country for party in known)

    def sees_event(self, event: Any) -> bool:  # noqa: ANN401 - any fact
        """Tell whether a fact is shown whole."""
        if open_to_all(type(event)):
            return True
        if self._reader is None:
            return False
        if self._reader.sees_all or self._reader.account in set(accounts_in(event)):
            return True
        return hasattr(event, "order") and self.sees_order(event.order)

    def sees_operation(self, body: Body, operation: Any) -> bool:  # noqa: ANN401 - any operation
        """Tell whether what was asked is shown with its values, and who asked."""
        if type(operation).__name__ in OPERATIONS_OF_ALL:
            return True
        if self._reader is None:
            return False
        named = {*(each.account for each in body.signers), asker_of(body, operation), *accounts_in(operation)}
        if self._reader.sees_all or self._reader.account in named:
            return True
        order = getattr(operation, "order", None)
        if isinstance(operation, PlaceOrder | PlaceOrderAtRate):
            order = name_of(asker_of(body, operation), operation.reference)
        return isinstance(order, bytes) and self.sees_order(order)

    def sees_whole(self, body: Body | None, receipt: Receipt) -> bool:
        """Tell whether a transaction is shown whole, and with it its proof."""
        asked = body is None or all(self.sees_operation(body, each) for each in body.operations)
        return asked and all(self.sees_event(each) for each in receipt.events)
