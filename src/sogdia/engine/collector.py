"""Python's collector of cycles, made to look seldom: a ledger holds millions of objects and makes next to no cycles."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COLLECT_AFTER = (50_000, 20, 20)
"""New objects before the young are looked at; rounds before the older are."""


def spare_the_collector() -> None:
    """Leave what is there out of all further collections, and collect the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@contextmanager
def spared_collector() -> Iterator[None]:
    """Do so for as long as a piece of work lasts."""
    before = gc.get_threshold()
    spare_the_collector()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
