"""A ledger of the bench, in a folder that is removed at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bench.payments_work import START, PaymentsMaker
from bench.work import genesis, keys_of
from sogdia.engine.collector import spare_the_collector
from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel.state import State
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK = 256


class Scratch:
    """A ledger with everything that the work of payments needs."""

    def __init__(self) -> None:
        """Make it, in the present folder: what is measured is its disk."""
        self.folder = Path(tempfile.mkdtemp(prefix="bench-payments-", dir=Path.cwd()))
        made = genesis(START, clock="manual", payments=True)
        self.ledger = Ledger.create(self.folder / "ledger", ALL, made, [keys_of("node")])
        self.maker = PaymentsMaker(self.ledger.machine.network, START + 900)
        self.run(self.maker.preparations())

    def run(self, raw: Iterable[bytes]) -> float:
        """Bring envelopes into blocks; give the seconds from wire bytes to durable receipts and the tree after them."""
        envelopes = list(raw)
        open_envelope, limits = self.ledger.machine.envelopes.open, self.ledger.limits()
        started = perf_counter()
        for begin in range(0, len(envelopes), BLOCK):
            opened = [open_envelope(each, limits) for each in envelopes[begin : begin + BLOCK]]
            built = self.ledger.build_block(START + 1, opened)
            for outcome in built.outcomes:
                if isinstance(outcome, Exception):
                    message = f"the bench's own envelope was refused: {outcome}"
                    raise RuntimeError(message)  # noqa: TRY004 - not a matter of types
        self.ledger.settle()
        return perf_counter() - started

    def write(self, work: Callable[[State], None]) -> None:
        """Let some work change the state without envelopes, and store what it wrote."""
        state = State(self.ledger.base, START + 1)
        work(state)
        self.ledger.tree.update(state.encoded_changes())
        self.ledger.base.apply(state)
        self.ledger.build_block(START + 1, [], empty=True)
        self.ledger.commit(flush=True)

    def open_anew(self) -> None:
        """Close the ledger and open it again, with nothing in memory."""
        self.ledger.close()
        self.ledger = Ledger.open(self.folder / "ledger", ALL, [keys_of("node")])

    def close(self) -> None:
        """Remove everything."""
        self.ledger.close()
        shutil.rmtree(self.folder, ignore_errors=True)


Timed = Callable[[int], float]


def in_turns(rounds: int, *works: Timed) -> list[list[float]]:
    """Measure several things by turns, and give the seconds of each; the first round only warms up."""
    spare_the_collector()
    taken: list[list[float]] = [[] for _work in works]
    for number in range(rounds + 1):
        for work, seconds in zip(works, taken, strict=True):
            seconds.append(work(number))
    return [seconds[1:] for seconds in taken]
