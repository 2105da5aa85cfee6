"""The driver: replays a plan on a ledger with a manual clock, from the first registration to the last settlement.

    set-up ─→ at each invoice's time: its order, or its returns ─→ … ─→ no order is open

The clock goes to the earlier of the next invoice and the earliest deadline, so deadlines fire by themselves, in a
block of their own. A block is made of the plan and the ledger's state alone, so a run that was killed makes the same
blocks when it goes on, and ends with the same state. Where it goes on, the ledger says: everything before its time is
done, and so is what stands in its last blocks.
"""

from __future__ import annotations

from itertools import groupby, islice
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.stored_block import decode_block
from sogdia.modules.market.records import ORDERS
from sogdia.simulate.online_retail.catalogue import make_catalogue
from sogdia.simulate.online_retail.clerk import Clerk, Written
from sogdia.simulate.online_retail.figures import figures_of
from sogdia.simulate.online_retail.ledger_facts import about, read_facts, salts_at
from sogdia.simulate.online_retail.lines import read_files
from sogdia.simulate.online_retail.moments import moment_as_text
from sogdia.simulate.online_retail.network import Cast, make_genesis, open_ledger
from sogdia.simulate.online_retail.plan import Order, make_plan
from sogdia.simulate.online_retail.report import LedgerRefusal, build_report, report_as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.kernel.envelope import Envelope
    from sogdia.simulate.online_retail.catalogue import Catalogue
    from sogdia.simulate.online_retail.plan import Plan, Return
    from sogdia.simulate.online_retail.report import Report

RETURN_WINDOW_DAYS = 14
ENVELOPES_IN_A_BLOCK = 500
ORDERS_IN_A_BLOCK = 50
"""Of the longest orders there are, this many still fit in a block's 4 MiB."""

BLOCKS_IN_A_COMMIT = 100
"""Nobody waits for a receipt, so many blocks become durable at once; a kill costs at most as many."""

_CONSEQUENCES = frozenset({KernelRefusal.PREDECESSOR_MISSING, KernelRefusal.PREDECESSOR_FAILED})
"""An order's later steps are kept out when an earlier one was refused, which has been counted then."""


class Progress(Protocol):
    """Hears how far a run has come."""

    def __call__(self, done: int, total: int, text: str) -> None:
        """Take note that `done` parts of `total` are done; `text` says what is going on."""


def silent(done: int, total: int, text: str) -> None:
    """Show no progress."""


def run(  # noqa: PLR0913 - the options of a command
    files: Sequence[Path],
    folder: Path,
    *,
    seed: bytes,
    return_window: int = RETURN_WINDOW_DAYS,
    report: Path | None = None,
    progress: Progress = silent,
) -> Report:
    """Replay invoice files on a ledger in `folder`, new or begun by this same run, and report what came of it."""
    started = monotonic()
    opened = read_files(files)
    plan = make_plan(opened)
    ledger = open_ledger(folder, make_genesis(plan, opened, seed, return_window), seed)
    try:
        cast = Cast(ledger.machine.network, seed, (party.key for party in plan.parties))
        catalogue = make_catalogue(plan.variants)
        driver = Driver(ledger, plan, cast, catalogue, progress)
        driver.run()
        facts = read_facts(ledger, cast)
        figures = figures_of(plan, cast, catalogue, facts, driver.kept_out, monotonic() - started)
        made = build_report(plan, figures)
    except BaseException:
        ledger.abandon()
        raise
    ledger.close()
    if report is not None:
        report.write_text(report_as_json(made), encoding="utf-8")
    return made


class Driver:
    """Makes the blocks of a run, from wherever the ledger stands."""

    def __init__(
        self, ledger: Ledger, plan: Plan, cast: Cast, catalogue: Catalogue, progress: Progress = silent
    ) -> None:
        """Find out what has been done already."""
        self.kept_out: dict[bytes, LedgerRefusal] = {}
        self._ledger = ledger
        self._plan = plan
        self._cast = cast
        self._clerk = Clerk(cast, catalogue)
        self._facts = read_facts(ledger, cast)
        self._sent = salts_at(ledger, ledger.tip.time)
        self._limits = ledger.limits()
        self._waiting = 0
        self._progress = progress
        self._done = 0
        self._total = len(plan.parties) + len(plan.variants) + sum(_weight(step) for step in plan.steps)
        self._total += sum(_weight(order) for order in plan.orders)

    def run(self) -> None:
        """Make all blocks that are still to be made, and let the last receipts become provable."""
        self._set_up()
        self._replay()
        self._let_time_pass(None)
        self._ledger.commit()
        while self._ledger.needs_empty_block():
            self._ledger.build_block(self._ledger.tip.time, empty=True)
        self._progress(self._total, self._total, "done")

    def _set_up(self) -> None:
        """Enter the parties and list the products, at the time of the first invoice."""
        plan = self._plan
        start = self._ledger.genesis.time
        if self._ledger.tip.time == start:
            self._tell(0, f"registering {len(plan.parties):,} parties")
            self._build_in_parts(start, self._clerk.registrations(start, plan.parties))
            self._tell(len(plan.parties), f"listing {len(plan.variants):,} variants of products")
            self._build_in_parts(start, self._clerk.listings(start))
        self._done = len(plan.parties) + len(plan.variants)

    def _replay(self) -> None:
        """Take every step of the plan at its time. What lies before the ledger's time has been taken."""
        numbers = {id(step): number for number, step in enumerate(self._plan.returns)}
        for time, group in groupby(self._plan.steps, key=lambda step: step.time):
            steps = list(group)
            if time >= self._ledger.tip.time:
                self._let_time_pass(time)
                orders = [step for step in steps if isinstance(step, Order)]
                for at in range(0, len(orders), ORDERS_IN_A_BLOCK):
                    chunk = orders[at : at + ORDERS_IN_A_BLOCK]
                    self._build(time, [each for order in chunk for each in self._clerk.order(order)])
                for step in steps:
                    if not isinstance(step, Order):
                        self._take_back(numbers[id(step)], step)
            self._done += sum(_weight(step) for step in steps)
            self._tell(self._done, moment_as_text(time))

    def _take_back(self, number: int, step: Return) -> None:
        """Take a return's pieces back, order by order, each by the way that the ledger's state leaves open.

        A refund after the window is paid from what the retailer has. It has been paid for every settled order and
        spends nothing else; if it lacked the money all the same, the ledger would refuse, and the report would say so.
        """
        state = self._ledger.state()
        for invoice, group in groupby(step.pieces, key=lambda piece: piece.order_invoice):
            pieces = list(group)
            name = self._cast.order_name(step.party, invoice)
            if ORDERS.find(state, name) is not None:
                self._build(step.time, list(self._clerk.returned(step.time, step.party, number, pieces)))
                continue
            for piece in pieces:
                found = self._facts.orders.get(name)
                if found is None:
                    continue  # its order was refused, and so is its line; the report finds both missing
                line = found.lines[piece.order_line - 1]
                path = found.path_to(piece.order_line)
                self._build(step.time, [self._clerk.refunded(step.time, step.party, number, piece, line, path)])

    def _let_time_pass(self, until: int | None) -> None:
        """Let every deadline fire that lies before a moment, or all there are."""
        ledger = self._ledger
        while (due := ledger.next_due()) is not None and (until is None or due <= until):
            self._execute(max(due, ledger.tip.time), [])
            if until is None:
                self._tell(self._done, f"{moment_as_text(due)}, settling")

    def _build_in_parts(self, time: int, envelopes: Iterator[Written]) -> None:
        """Put many envelopes into blocks."""
        while part := list(islice(envelopes, ENVELOPES_IN_A_BLOCK)):
            self._build(time, part)

    def _build(self, time: int, batch: Sequence[Written]) -> None:
        """Put envelopes into one block, unless that block is there already from before a kill."""
        if any(each.salt in self._sent for each in batch):
            return
        sent: list[Written] = []
        envelopes: list[Envelope] = []
        for each in batch:
            try:
                envelopes.append(self._ledger.machine.envelopes.open(each.signed.raw, self._limits))
            except Refused as refused:
                self._keep_out(each, refused)
            else:
                sent.append(each)
        for each, outcome in zip(sent, self._execute(time, envelopes), strict=True):
            if isinstance(outcome, Refused):
                self._keep_out(each, outcome)

    def _execute(self, time: int, envelopes: Iterable[Envelope]) -> Sequence[object]:
        """Make one block and take note of what it says; every so often, make all blocks durable."""
        built = self._ledger.execute(time, envelopes)
        if built.block is not None:
            self._facts.take(self._ledger, decode_block(built.block.raw))
            self._waiting += 1
        if self._waiting >= BLOCKS_IN_A_COMMIT:
            self._ledger.commit()
            self._waiting = 0
        return built.outcomes

    def _keep_out(self, written: Written, refused: Refused) -> None:
        """Count an envelope that was not admitted to a block."""
        if refused.code not in _CONSEQUENCES:
            subject = about(written.operation, self._cast)
            self.kept_out[written.salt] = LedgerRefusal(int(refused.code), refused.code.name, subject)

    def _tell(self, done: int, text: str) -> None:
        """Say how far the run has come; an order is done once when it is delivered and once when it is closed."""
        self._progress(done + self._facts.closed_lines, self._total, text)


def _weight(step: Order | Return) -> int:
    """Say how much work a step is, in lines."""
    return len(step.lines) if isinstance(step, Order) else len(step.pieces)
