"""Enumerations whose members are found at once, since rules name several of them for every envelope."""

from __future__ import annotations

from enum import IntEnum


class Numbered(IntEnum):
    """Names for numbers. Python 3.11 calls a function for each look at a member; here it is in the class itself."""

    def __init_subclass__(cls) -> None:
        """Put the members where later versions of Python have them."""
        super().__init_subclass__()
        for name, member in cls.__members__.items():
            type.__setattr__(cls, name, member)
