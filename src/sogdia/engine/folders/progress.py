"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Is told how many of how many steps are done. It must be quick: it is called often."""


def silent(_done: int, _total: int) -> None:
    """Take no notice of how far the work is."""
