"""Replays for tests: invoice files written to disk, runs on a ledger, and a look at the ledger that they leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sogdia.engine.ledger.ledger import Ledger
from sogdia.modules import ALL
from sogdia.modules.money import BALANCES
from sogdia.simulate.online_retail.driver import run
from tests.simulate.online_retail.invoices import text

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.simulate.online_retail.report import MoneyTable, Report

SEED = b"a seed for tests"


class Ending(NamedTuple):
    """What a ledger ends with: two that are equal hold the same records and the same chain of blocks."""

    state_root: bytes
    tip: bytes
    height: int
    time: int


def written(folder: Path, *rows: str, name: str = "day.csv") -> Path:
    """Write rows to a file."""
    path = folder / name
    path.write_text(text(*rows), encoding="utf-8")
    return path


def replayed(folder: Path, *rows: str, return_window: int = 14) -> Report:
    """Write rows to a file in a folder, and replay it on a ledger beside it."""
    return run([written(folder, *rows)], folder / "ledger", seed=SEED, return_window=return_window)


def ending(folder: Path) -> Ending:
    """Open a ledger again and say what it ends with."""
    ledger = Ledger.open(folder, ALL)
    found = Ending(ledger.tree.root, ledger.tip.hash, ledger.tip.height, ledger.tip.time)
    ledger.abandon()
    return found


def balances(folder: Path) -> dict[bytes, int]:
    """Open a ledger again and give what each account has; nothing may be set aside any more."""
    ledger = Ledger.open(folder, ALL)
    found = {}
    for key, balance in BALANCES.items(ledger.state()):
        assert balance.held == 0
        found[key[:20]] = balance.available
    ledger.abandon()
    return found


def timeless(report: Report) -> Report:
    """Give a report without the one thing that differs from run to run."""
    return replace(report, seconds=0.0)


def money(table: MoneyTable) -> dict[str, tuple[int, int]]:
    """Give a money table as (sold, returned)."""
    return {key: (sums.sold, sums.returned) for key, sums in table.items()}
