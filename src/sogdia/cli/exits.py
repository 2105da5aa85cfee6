"""How a command ends: its exit status, and what a command that stops early says about it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Self


class Exit(IntEnum):
    """An exit status with its meaning, for scripts. The numbers are a promise."""

    meaning: str

    def __new__(cls, number: int, meaning: str) -> Self:
        """Make a status from its number and meaning."""
        status = int.__new__(cls, number)
        status._value_ = number
        status.meaning = meaning
        return status

    DONE = 0, "it is done"
    REFUSED = 1, "the ledger refused: a rule stands against it, or the envelope is not admissible"
    USAGE = 2, "the command was not understood, or a file or folder cannot be used for it"
    UNREACHABLE = 3, "no node was found, it does not answer, or another process holds the folder"
    DAMAGED = 4, "something is damaged, or a check failed: a proof, a replay, an audit"
    NOT_FOUND = 5, "there is no such thing"
    AGAIN = 75, "it has ended to begin anew, which whoever watches over it does"
    INTERRUPTED = 130, "it was interrupted by Ctrl-C"


class Stopped(Exception):  # noqa: N818 - reads as what it says
    """A command that cannot go on: with which status, what happened with which values, and what to do next."""

    def __init__(self, status: Exit, message: str, way_out: str = "", detail: dict[str, Any] | None = None) -> None:
        """Remember the status, the words, and what a program would like to know beside them."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.way_out = way_out
        self.detail = detail or {}

    def __str__(self) -> str:
        return f"{self.message} {self.way_out}".strip()


def usage(message: str, way_out: str = "") -> Stopped:
    """Make the end of a command whose input cannot be used."""
    return Stopped(Exit.USAGE, message, way_out)
