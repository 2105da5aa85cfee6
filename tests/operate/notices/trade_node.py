"""A real node with the shop of the market's tests on it, whose clock the test moves."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sogdia.engine.ledger.ledger import Ledger as NodeLedger
from sogdia.engine.solo.alone import alone, clock_of
from sogdia.kernel.calendar import DUE_PAGES
from sogdia.modules import ALL
from sogdia.testing.ledger import Ledger, genesis, keys_of
from tests.engine.running_node import RunningNode
from tests.modules.market.shop import open_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sogdia.client.connection import Connection
    from sogdia.client.envelopes import Signed
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.refusal import Refused
    from sogdia.kernel.state import State


class TradeNode(RunningNode):
    """A node of all modules in a thread."""

    async def _serve(self) -> None:
        ledger = NodeLedger.open(self.folder, ALL, [keys_of("node")])
        self._loop = asyncio.get_running_loop()
        self.service = alone(ledger, clock_of(ledger), verifier=False)
        await self.service.run(lambda _path: self._ready.set())

    def calendar(self) -> dict[bytes, int | None]:
        """Give every object that the ledger itself has in its calendar, with its deadline."""

        def look() -> dict[bytes, int | None]:
            machine, state = self.service.ledger.machine, self.service.ledger.state()
            return {
                due: machine.exits[due[0]].deadline_of(state.find(machine.tables[due[0]], due))
                for _slot, page in DUE_PAGES.items(state)
                for due in page.objects
            }

        found: dict[bytes, int | None] = self.inside(look)
        return found


class Trade(Ledger):
    """Signs as the test ledger does, and sends to a node instead."""

    def __init__(self, node: TradeNode, client: Connection, **changes: Any) -> None:  # noqa: ANN401 - of a genesis
        """Trade on `node`."""
        super().__init__(**changes)
        self.node = node
        self.client = client

    def block(self, *signed: Signed | bytes, at: int | None = None) -> list[Receipt | Refused]:
        """Send envelopes to the node."""
        if at is not None:
            self.go_to(at)
        raws = [each if isinstance(each, bytes) else each.raw for each in signed]
        return [self._decode(self.client.submit(raw).receipt) for raw in raws]

    @property
    def state(self) -> State:
        """The state of the node, which nobody else uses."""
        found: State = self.node.inside(self.node.service.ledger.state)
        return found

    def go_to(self, moment: int) -> None:
        """Put the network's clock forward."""
        self.client.advance(moment)
        self.time = moment


@contextmanager
def trading(
    folder: Path,
    opened: Callable[[Ledger], object] = open_shop,
    **changes: Any,  # noqa: ANN401 - sections of a genesis
) -> Iterator[Trade]:
    """Run a node on which a shop is open."""
    NodeLedger.create(folder, ALL, genesis(**changes), [keys_of("node")]).close()
    node = TradeNode(folder, verifier=False, clock=None, keys=(keys_of("node"),))
    try:
        with node.connect() as client:
            trade = Trade(node, client, **changes)
            opened(trade)
            yield trade
    finally:
        node.stop()
