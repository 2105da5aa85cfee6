"""The protocol's version: which rules are in force from which height on, the same for every node.

Software knows the versions up to its own. A block of a later version is executed by nobody who doesn't know it: a node
stops before it, in one piece, and goes on with newer software. Earlier blocks keep their meaning.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.header import Height
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Reader, State, Table

VERSION = 1
"""The newest version whose rules this software knows."""

Version = Annotated[int, Meta(ge=1, le=2**16 - 1)]


class Protocol(Record):
    """The version in force, and the one that is to follow at a height, if any has been decided."""

    version: Version
    next_version: Version | None = None
    next_height: Height | None = None


PROTOCOL: Table[None, Protocol] = Table("kernel/protocol", 14, Protocol, key=no_key, show_key=show_no_key)


class UpgradeNeededError(Exception):
    """The next block is of a version that this software does not know."""

    def __init__(self, needed: int, height: int, known: int) -> None:
        """Remember which version is needed from which height on, and which is the newest that is known."""
        super().__init__(
            f"protocol version {needed} is in force, and this software knows versions up to {known}: it can't execute "
            f"block {height}. Everything before it is kept. Install a version of Sogdia that knows protocol version "
            f"{needed}, and start the node again."
        )
        self.needed = needed
        self.height = height
        self.known = known


def protocol_of(state: Reader) -> Protocol:
    """Give the version in force and the one that follows."""
    return PROTOCOL.must(state, None)


def version_for(state: Reader, height: int, known: int) -> int:
    """Give the version of the block at `height` over the state before it; raise when the software doesn't know it."""
    version = protocol_of(state).version
    if version > known:
        raise UpgradeNeededError(version, height, known)
    return version


def announce(state: State, version: int, height: int) -> None:
    """Write down that a version will be in force from `height` on."""
    PROTOCOL.put(state, None, Protocol(version=protocol_of(state).version, next_version=version, next_height=height))


def call_off(state: State) -> None:
    """Forget the version that was to follow."""
    PROTOCOL.put(state, None, Protocol(version=protocol_of(state).version))


def put_in_force(state: State, version: int) -> None:
    """Let a version be in force from the next block on."""
    PROTOCOL.put(state, None, Protocol(version=version))
