"""Progress bars for long work: on standard error, and only when somebody sits at a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Stages(Protocol):
    """Hears how far work in stages has come."""

    def __call__(self, done: int, total: int, text: str) -> None:
        """Take note that `done` of `total` parts are done; `text` says what is going on."""


@contextmanager
def progress(total: int, label: str) -> Iterator[Callable[[int], None]]:
    """Show a bar for `total` steps; what it gives is told how many are done."""
    if not sys.stderr.isatty():
        yield _silent
        return
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:

        def advance(done: int) -> None:
            bar.update(done - bar.pos)

        yield advance


@contextmanager
def counted(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar whose length is known only once the work has begun; it is told how many of how many are done."""
    if not sys.stderr.isatty():
        yield _silent_counted
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def advance(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield advance


def _silent(_done: int) -> None:
    """Show nothing."""


def _silent_counted(_done: int, _total: int) -> None:
    """Show nothing."""


@contextmanager
def stages() -> Iterator[Stages]:
    """Show a bar for work in stages; it is told how many of how many parts are done, and what is going on."""
    with counted("") as advance:

        def tell(done: int, total: int, text: str) -> None:  # noqa: ARG001 - what a stage is called would flicker by
            advance(done, total)

        yield tell
