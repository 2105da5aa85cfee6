"""All balances come page by page from one height, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sogdia.cli.asking import all_balances
from sogdia.cli.exits import Exit, Stopped
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.queries import PAGE_MAX, Owned

if TYPE_CHECKING:
    from collections.abc import Iterable

BANK = bytes(range(20))
ROWS = 2 * PAGE_MAX + 1


class ManyBalances:
    """Stands for a node on which many have money; its height moves as the test says."""

    def __init__(self, heights: Iterable[int]) -> None:
        """Answer from these heights, one a page."""
        self.heights = iter(heights)
        self.asked = 0

    def query(self, query: Any) -> tuple[int, Any]:  # noqa: ANN401 - a query of balances, and its answer
        """Give the page that a node would give."""
        self.asked += 1
        rows = [row(number) for number in range(ROWS)]
        page = [each for each in rows if each.account + asset_key(Asset(each.currency, each.issuer)) > query.after]
        return next(self.heights), msgspec.to_builtins(page[: query.limit], builtin_types=(bytes,))


def row(number):
    account = number.to_bytes(20, "big")
    return Owned(account=account, currency="USD", issuer=BANK, available=number, held=0, frozen=False, authorised=False)


def test_all_pages_are_fetched():
    node = ManyBalances([7, 7, 7])

    height, found = all_balances(None, node.query)

    assert height == 7
    assert [each.available for each in found] == list(range(ROWS))


def test_pages_of_different_heights_are_fetched_anew():
    node = ManyBalances([7, 7, 8, 9, 9, 9])

    height, found = all_balances(None, node.query)

    assert (height, len(found), node.asked) == (9, ROWS, 6)


def test_a_ledger_that_never_rests_is_not_pretended_to():
    node = ManyBalances(range(100))

    with pytest.raises(Stopped) as stopped:
        all_balances(None, node.query)

    assert stopped.value.status == Exit.UNREACHABLE
