"""Where a sandbox's clock stands, kept in a file: time that has moved with nothing falling due is in no block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.client.connection import Connection

DIGITS_MAX: Final = 10


class KeptClock:
    """The file with the time."""

    def __init__(self, path: Path) -> None:
        """Keep it at a path."""
        self._path = path

    def keep(self, time: int) -> None:
        """Write the time down, so that the file is whole whenever the power goes."""
        draft = self._path.with_suffix(".draft")
        draft.write_text(str(time), "ascii")
        draft.replace(self._path)

    def kept(self) -> int:
        """Give the time that was written down last; the beginning of all time when there is none."""
        if not self._path.exists():
            return 0
        with self._path.open(encoding="ascii", errors="replace") as stream:
            text = stream.read(DIGITS_MAX + 1)
        return int(text) if text.isdecimal() and len(text) <= DIGITS_MAX else 0

    def restore(self, node: Connection) -> None:
        """Put the clock of a node that has just begun to where it stood."""
        kept = self.kept()
        if kept > node.status().now:
            node.advance(kept)

    def look(self, node: Connection) -> None:
        """Write down where the clock of a node stands, whoever has moved it."""
        self.keep(node.status().now)
