"""The middle of a book: what an exchange would cost half-way between its best ask and its best bid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.exact import up
from sogdia.modules.book.prices import ratio_of
from sogdia.modules.book.queues import best_rank

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def at_the_middle(state: Reader, gives: bytes, gets: bytes, units: int) -> int | None:
    """Give what so many units cost there, rounded up; nothing where the book of the two has only one side, or none."""
    ranks = best_rank(state, gives, gets), best_rank(state, gets, gives)
    if ranks[0] is None or ranks[1] is None:
        return None
    (one, by), (other, other_by) = ratio_of(ranks[0]), ratio_of(ranks[1])
    quote, base = one * other_by + other * by, 2 * by * other_by
    return up(units * quote, base) if gets < gives else up(units * base, quote)
