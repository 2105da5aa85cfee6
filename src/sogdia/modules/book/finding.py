"""Finding paths, off the ledger: the code that would carry them out is asked what each would cost, to the unit.

The best way to each money is kept for one book, two and three; a money whose way is not the best for its number of
books is not looked at further. So much work is bounded, and an answer says when it ended for that reason. No rule asks
here: who pays names the path that was found, and gets exactly what was found, or a refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.book.crossing import CROSSINGS_MAX, Stop, sweep
from sogdia.modules.book.paths import MONIES_MAX, wish_for
from sogdia.modules.book.queues import neighbours_of
from sogdia.modules.money import asset_of

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader

SWEEPS_MAX = 2_000


class Asked(NamedTuple):
    """What is looked for: from which money to which, exactly how much of one of them, for whom and when."""

    source: bytes
    target: bytes
    units: int
    exact_received: bool
    taker: bytes
    time: int


class Found(NamedTuple):
    """A path with what it takes: all monies' keys in order, the two amounts, and how many offers it meets."""

    path: tuple[bytes, ...]
    sent: int
    received: int
    crossings: int


class Search(NamedTuple):
    """The paths that were found, the best first, and whether all there is was looked at."""

    found: tuple[Found, ...]
    complete: bool


class _Step(NamedTuple):
    amount: int
    path: tuple[bytes, ...]
    crossings: int


def search(state: Reader, asked: Asked) -> Search:
    """Find the best path of each length. Reads only; the number of books looked at is bounded."""
    back = asked.exact_received
    start, goal = (asked.target, asked.source) if back else (asked.source, asked.target)
    near = {goal, *neighbours_of(state, goal)}
    reach = {start: _Step(asked.units, (start,), 0)}
    found: list[Found] = []
    left = SWEEPS_MAX
    for books in range(1, MONIES_MAX):
        further: dict[bytes, _Step] = {}
        for money in sorted(reach):
            for other in neighbours_of(state, money):
                if other in reach[money].path or not _leads(state, other, goal, near, books):
                    continue
                if left == 0:
                    return Search(_ordered(found, back=back), complete=False)
                left -= 1
                step = _step(state, asked, reach[money], money, other)
                if step is not None and _is_better(step, further.get(other), back=back):
                    further[other] = step
        if goal in further:
            found.append(_found(asked, further.pop(goal)))
        reach = further
    return Search(_ordered(found, back=back), complete=True)


def _leads(state: Reader, money: bytes, goal: bytes, near: set[bytes], books: int) -> bool:
    """Tell whether the goal can be reached from a money with the books that are left."""
    left = MONIES_MAX - 1 - books
    if money == goal:
        return True
    if left == 0:
        return False
    return money in near or (left > 1 and not near.isdisjoint(neighbours_of(state, money)))


def _step(state: Reader, asked: Asked, so_far: _Step, money: bytes, other: bytes) -> _Step | None:
    """Go on by one book, or give nothing when it does not serve all of it."""
    back = asked.exact_received
    gives, gets = (other, money) if back else (money, other)
    wish = wish_for(asset_of(gives), asset_of(gets), so_far.amount, exact_gets=back)
    met = sweep(state, wish, asked.taker, asked.time, CROSSINGS_MAX - so_far.crossings)
    if met.stop != Stop.SERVED:
        return None
    amount = met.quote if wish.exact_base else met.base
    if amount > UNITS_MAX:
        return None
    path = (other, *so_far.path) if back else (*so_far.path, other)
    return _Step(amount, path, so_far.crossings + len(met.fills) + len(met.ended))


def _is_better(step: _Step, known: _Step | None, *, back: bool) -> bool:
    if known is None:
        return True
    if step.amount != known.amount:
        return step.amount < known.amount if back else step.amount > known.amount
    return step.path < known.path


def _found(asked: Asked, step: _Step) -> Found:
    sent, received = (step.amount, asked.units) if asked.exact_received else (asked.units, step.amount)
    return Found(step.path, sent, received, step.crossings)


def _ordered(found: list[Found], *, back: bool) -> tuple[Found, ...]:
    return tuple(sorted(found, key=lambda each: (each.sent if back else -each.received, len(each.path), each.path)))
