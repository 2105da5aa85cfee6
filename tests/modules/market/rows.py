"""Refusal tables of the market as lists: its rows are mostly made, state by state and sender by sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.refused import Row


def table(rows: Sequence[Row]) -> pytest.MarkDecorator:
    """Try every row in a test of its own. Rows stand in the order in which the rules are tried."""
    return pytest.mark.parametrize(
        "row", [pytest.param(row, id=f"{row.rule.name}{'-' if row.note else ''}{row.note}") for row in rows]
    )
