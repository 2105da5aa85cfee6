"""Plays the demo: the story on a node of its own, then days of a real shop at speed, then the node stays up."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sogdia.demo.stage import WINDOWS, running, set_up
from sogdia.demo.story import DemoFailedError, Story
from sogdia.settings.sections import ExplorerSettings, any_port
from sogdia.simulate.online_retail import shipped_files
from sogdia.simulate.online_retail.driver import run as replay_invoices
from sogdia.web.explorer.serving import CannotListenError
from sogdia.web.explorer.serving import running as running_explorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sogdia.demo.stage import Stage

SEED: Final = b"sogdia demo"
IDLE_SECONDS: Final = 0.5

TRY_IT = """
The node stays up until you press Ctrl-C. From a second terminal, for instance:

    {sogdia} query status
    {sogdia} query balance --account @nairobi --currency USD --issuer @bank
    {sogdia} tx transfer --from nairobi --to @bukhara --asset USD@bank --units 12.50 --purpose GDDS --end-to-end thanks
    {sogdia} tx --help
"""


def play(say: Callable[[str], None], *, once: bool, folder: Path | None = None, sogdia: str = "sogdia") -> None:
    """Tell everything through `say`; with `once` end afterwards, else keep the node until it is interrupted.

    Without a `folder` the ledgers are made in a temporary one, which is removed at the end. Raises `DemoFailedError`
    when anything does not come out as told.
    """
    place = Path(tempfile.mkdtemp(prefix="sogdia-")) if folder is None else folder
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        stage = set_up(place / "node")
        with running(stage):
            windows = ", ".join(f"{name} {seconds} s" for name, seconds in WINDOWS.items())
            say(f"A node is running in {stage.folder}. In this demo the windows of an order are seconds: {windows}.")
            say("")
            with stage.connect() as connection:
                Story(stage, connection, say).tell()
            say("")
            _replay(place / "shop", say)
            if not once:
                with beside_the_demo(stage) as address:
                    say("")
                    say(f"See it all at {address} (sign in there with: sogdia keys sign-challenge nairobi …)")
                    say(TRY_IT.format(sogdia=sogdia))
                    _wait_for_an_interrupt()
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def beside_the_demo(stage: Stage) -> Iterator[str]:
    """Serve the explorer, at the usual port or at any other that is free; gives its address."""
    usual = ExplorerSettings()
    with ExitStack() as stack:
        try:
            address = stack.enter_context(running_explorer(stage.folder, usual))
        except CannotListenError:
            elsewhere = ExplorerSettings(listen=any_port(usual.listen))
            address = stack.enter_context(running_explorer(stage.folder, elsewhere))
        yield address


def _replay(folder: Path, say: Callable[[str], None]) -> None:
    """Replay the shipped days of a real retailer's invoices in a second folder, with a clock of its own."""
    files = shipped_files()
    say(f"Now {len(files)} trading days of a real shop (UCI Online Retail, CC BY 4.0), on a clock of their own:")
    report = replay_invoices(files, folder, seed=SEED)
    orders, transactions, seconds = report.orders, report.transactions, max(report.seconds, 0.001)
    say(f"    {report.lines} invoice lines became {orders} orders in {transactions} signed transactions,")
    say(f"    {transactions / seconds:,.0f} a second, every signature checked, every block durable and provable.")
    accounted = sum(report.lines_by_class.values())
    for name, count in report.lines_by_class.items():
        if count:
            say(f"        {name.replace('_', ' '):<32} {count:>6}")
    if accounted != report.lines:
        message = f"{report.lines} lines went in and {accounted} are accounted for"
        raise DemoFailedError(message)
    if report.refusals:
        message = f"the ledger refused {len(report.refusals)} steps"
        raise DemoFailedError(message)


def _wait_for_an_interrupt() -> None:
    try:
        while True:
            time.sleep(IDLE_SECONDS)
    except KeyboardInterrupt:
        return
