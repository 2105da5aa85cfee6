"""The middle of a book: what an exchange would cost half-way between its best ask and its best bid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.exact import up
from sogdia.modules.book.queues import best_ratio

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def at_the_middle(state: Reader, gives: bytes, gets: bytes, units: int) -> int | None:
    """Give what so many units cost there, rounded up; nothing where the book of the two has only one side, or none."""
    there, back = best_ratio(state, gives, gets), best_ratio(state, gets, gives)
    if there is None or back is None:
        return None
    (given, got), (got_back, given_back) = there, back
    if gets < gives:  # the price is what is given for what is got, and half-way means between prices
        return up(units * (given * got_back + given_back * got), 2 * got * got_back)
    return up(units * 2 * given * given_back, got * given_back + got_back * given)
