"""What does not fit, said by a word that programs can read, and in a sentence for people."""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, TypeVar

F = TypeVar("F", bound=StrEnum)


class FaultError(Exception, Generic[F]):
    """One of the faults that a check knows, and how it showed."""

    def __init__(self, fault: F, message: str) -> None:
        """Remember the fault."""
        super().__init__(message)
        self.fault = fault
