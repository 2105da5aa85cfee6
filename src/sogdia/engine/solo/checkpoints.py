"""Kept states of earlier heights, for proofs of what was then: copies of the file under `checkpoints/<height>`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from sogdia.engine.storage.ledger_file import DATA, DamagedError, LedgerFile
from sogdia.kernel.proof import StateProof, state_proof
from sogdia.kernel.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.solo.ledger import Ledger
    from sogdia.engine.solo.lookups import Lookups

FOLDER = "checkpoints"
DRAFT = "draft"


class CheckpointMissingError(Exception):
    """No state of the asked height is kept."""


class Checkpoints:
    """The kept states of a ledger. One of them at a time is open."""

    def __init__(self, ledger: Ledger, lookups: Lookups) -> None:
        """Look into the ledger's folder."""
        self._ledger = ledger
        self._lookups = lookups
        self._open: tuple[int, LedgerFile, Tree] | None = None

    def draft(self) -> Path:
        """Give a folder for a copy that is to be kept, at which nothing is."""
        folder = self._ledger.folder / FOLDER / DRAFT
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def keep(self, draft: Path) -> int:
        """Keep a copy under the height at which its records stand."""
        file = LedgerFile(draft)
        height = file.flushed().height
        file.close()
        folder = self._folder(height)
        if folder.exists():
            shutil.rmtree(draft)
        else:
            draft.rename(folder)
        return height

    def _folder(self, height: int) -> Path:
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
                f"the state of height {height} is not kept: {there_are}; the present is {self._ledger.tip.height}"
            )
        tree = self._tree(height)
        return state_proof(self._lookups.anchor(height + 1), full_key, tree.read(full_key), tree.prove(full_key))

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
