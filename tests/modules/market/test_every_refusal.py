"""No rule of the market stands in no table: a new one without a row fails here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sogdia.modules.market.refusals import MarketRefusal

TABLES = "REFUSALS"
WITHOUT_A_ROW: dict[MarketRefusal, str] = {}
"""Rules that no request can break, each with the reason."""


def tables():
    """Every refusal table of this folder's tests, by the name of its file."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
    files = [import_module(f"tests.modules.market.{name}") for name in names if name != Path(__file__).stem]
    return {file.__name__: getattr(file, TABLES) for file in files if hasattr(file, TABLES)}


def test_every_rule_of_the_market_stands_in_a_table():
    found = {row.rule for rows in tables().values() for row in rows if isinstance(row.rule, MarketRefusal)}

    assert set(MarketRefusal) - found == set(WITHOUT_A_ROW)


def test_every_reason_for_a_missing_row_is_still_needed():
    found = {row.rule for rows in tables().values() for row in rows}

    assert found.isdisjoint(WITHOUT_A_ROW)


def test_every_rule_says_what_is_wrong_and_what_to_do():
    assert [int(code) for code in MarketRefusal] == list(range(400, 400 + len(MarketRefusal)))
    assert all(code.rule and code.way_out.endswith(".") for code in MarketRefusal)
