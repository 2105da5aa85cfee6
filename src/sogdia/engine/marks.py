"""Named places at which a fault test lets the process die, to see what is left of it.

    SOGDIA_MARK=name:count      the process is killed when it passes the mark `name` for the `count`-th time

Without that variable a mark is one comparison. The process dies as under `kill -9`: nothing is flushed, nothing is
closed, no handler runs.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Argument = TypeVar("Argument")
Answer = TypeVar("Answer")

VARIABLE: Final = "SOGDIA_MARK"

# Every mark of the product, in the order in which a block passes them. A test goes through all of them, and a name
# that stands here but nowhere in the code is never passed, which the same test notices.
NAMES: Final[tuple[str, ...]] = (
    "before-execute",
    "after-execute",
    "before-log",
    "before-sync",
    "after-log",
    "before-flush",
    "after-flush",
    "before-commit",
    "after-commit",
    "before-answer",
    "after-answer",
)

# Those of a node under CometBFT: around each of the engine's calls that come in a network's usual run.
CALLS: Final[tuple[str, ...]] = (
    "info",
    "init_chain",
    "query",
    "check_tx",
    "prepare_proposal",
    "process_proposal",
    "finalize_block",
    "commit",
)

# Those of an issuer's gateway, which is no engine, and dies in the same way.
GATEWAY: Final[tuple[str, ...]] = (
    "gateway-before-commit",
    "gateway-after-commit",
    "gateway-after-send",
    "gateway-after-order",
)


class _Armed:
    """The one mark that kills, and how often it must still be passed."""

    __slots__ = ("left", "name")

    def __init__(self, text: str) -> None:
        """Read `name:count`; a count must be a whole number from 1."""
        self.name, _, count = text.rpartition(":")
        if not self.name or not (count.isascii() and count.isdigit()) or int(count) < 1:
            message = f"{VARIABLE} is {text!r}; write a mark and a count from 1, say 'block_written:3'"
            raise ValueError(message)
        self.left = int(count)

    def passed(self) -> None:
        """Count one passage, and die at the last."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


_ARMED: Final = _Armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def around(name: str, call: Callable[[Argument], Answer]) -> Callable[[Argument], Answer]:
    """Put a mark before a call's work and one between its work and its answer; without a fault test it stays as it is.

    Their names are `before-call-NAME` and `after-call-NAME`.
    """
    if _ARMED is None:
        return call

    def marked(argument: Argument) -> Answer:
        mark(f"before-call-{name}")
        answer = call(argument)
        mark(f"after-call-{name}")
        return answer

    return marked


def mark(name: str) -> None:
    """Pass the mark `name`; does nothing unless a fault test has armed it."""
    if _ARMED is not None and _ARMED.name == name:
        _ARMED.passed()
