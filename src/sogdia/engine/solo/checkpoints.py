"""Kept states of earlier heights, for proofs of what was then: copies of the file under `checkpoints/<height>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.storage.ledger_file import DATA, DamagedError, LedgerFile
from sogdia.kernel.proof import StateProof, state_proof
from sogdia.kernel.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.solo.ledger import Ledger
    from sogdia.engine.solo.lookups import Lookups

FOLDER = "checkpoints"


class CheckpointMissingError(Exception):
    """No state of the asked height is kept."""


class Checkpoints:
    """The kept states of a ledger. One of them at a time is open."""

    def __init__(self, ledger: Ledger, lookups: Lookups) -> None:
        """Look into the ledger's folder."""
        self._ledger = ledger
        self._lookups = lookups
        self._open: tuple[int, LedgerFile, Tree] | None = None

    def folder(self, height: int) -> Path:
        """Give the folder in which the state of `height` is kept."""
        return self._ledger.folder / FOLDER / str(height)

    def heights(self) -> list[int]:
        """List the kept heights."""
        parent = self._ledger.folder / FOLDER
        if not parent.is_dir():
            return []
        return sorted(int(each.name) for each in parent.iterdir() if each.name.isdigit() and (each / DATA).is_file())

    def state_proof(self, height: int, full_key: bytes) -> StateProof:
        """Prove a record, or its absence, at a kept height."""
        kept = self.heights()
        if height not in kept or height >= self._lookups.height():
            there_are = f"kept are {', '.join(map(str, kept))}" if kept else "none is kept"
            raise CheckpointMissingError(
                f"the state of height {height} is not kept: {there_are}; and there is the present, {self._ledger.tip.height}"
            )
        tree = self._tree(height)
        return state_proof(self._lookups.anchor(height + 1), full_key, tree.read(full_key), tree.prove(full_key))

    def _tree(self, height: int) -> Tree:
        if self._open is not None:
            if self._open[0] == height:
                return self._open[2]
            self._open[1].close()
            self._open = None
        file = LedgerFile(self.folder(height))
        tree = Tree(file.bucket)
        stand = file.flushed()
        if stand.height != height or tree.rebuild(file.all_buckets()) != stand.root:
            file.close()
            raise DamagedError(f"the checkpoint in {self.folder(height)} is damaged")
        self._open = (height, file, tree)
        return tree

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
