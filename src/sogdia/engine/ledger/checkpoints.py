"""Kept states of earlier heights, for proofs of what was then: copies of the file under `checkpoints/<height>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.folders.workplace import give_name
from sogdia.engine.ledger.lookups import OpenStateProof
from sogdia.engine.storage.ledger_file import DATA, DamagedError, LedgerFile
from sogdia.kernel.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.lookups import Lookups

FOLDER = "checkpoints"


class CheckpointMissingError(Exception):
    """No state of the asked height is kept."""


class Checkpoints:
    """The kept states of a ledger. One of them at a time is open."""

    def __init__(self, ledger: Ledger, lookups: Lookups) -> None:
        """Look into the ledger's folder."""
        self._ledger = ledger
        self.parent = ledger.folder / FOLDER
        self._lookups = lookups
        self._open: tuple[int, LedgerFile, Tree] | None = None

    def keep(self, copy: Path) -> int:
        """Keep a copy under the height at which its records stand; a height that is kept already stays as it is."""
        file = LedgerFile(copy)
        height = file.flushed().height
        file.close()
        if not self._folder(height).exists():
            give_name(copy, self._folder(height))
        return height

    def _folder(self, height: int) -> Path:
        return self.parent / str(height)

    def heights(self) -> list[int]:
        """List the kept heights."""
        kept = (each for each in self.parent.glob("*") if each.name.isdecimal() and (each / DATA).is_file())
        return sorted(int(each.name) for each in kept)

    def open_state_proof(self, height: int, full_key: bytes) -> OpenStateProof:
        """Make the proof of a record, or of its absence, at a kept height, but for the header that it leads to."""
        kept = self.heights()
        if height not in kept or height >= self._lookups.height():
            there_are = f"kept are {', '.join(map(str, kept))}" if kept else "none is kept"
            raise CheckpointMissingError(
                f"the state of height {height} is not kept: {there_are}; the present is {self._ledger.tip.height}"
            )
        tree = self._tree(height)
        return OpenStateProof(height, full_key, tree.prove(full_key))

    def _tree(self, height: int) -> Tree:
        if self._open is not None:
            if self._open[0] == height:
                return self._open[2]
            self._open[1].close()
            self._open = None
        file = LedgerFile(self._folder(height))
        tree = Tree(file.bucket)
        stand = file.flushed()
        if stand.height != height or tree.rebuild(file.all_buckets()) != stand.root:
            file.close()
            raise DamagedError(f"the checkpoint in {self._folder(height)} is damaged")
        self._open = (height, file, tree)
        return tree

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
