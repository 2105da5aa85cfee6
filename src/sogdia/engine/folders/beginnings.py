"""What a folder whose blocks begin after a snapshot goes on from: that snapshot, and the light blocks that lead there.

    DIR/snapshots/HEIGHT, DIR/light-blocks

Without the snapshot nothing can be derived again; without the light blocks proofs may not lead there from the genesis.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sogdia.engine.folders.from_snapshot import build_from
from sogdia.engine.folders.golden import open_file
from sogdia.engine.folders.kept_light_blocks import NAME as LIGHT_BLOCKS
from sogdia.engine.folders.kept_snapshots import FOLDER, kept_in
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.disk import sync_file, sync_folder
from sogdia.engine.storage.ledger_file import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.kernel.module import Module


class BeginningGoneError(OSError):
    """The node has let the snapshot go meanwhile, because its own blocks now begin with a later one."""


def ledger_at_beginning(file: LedgerFile, place: Path, modules: tuple[Module, ...], genesis: Any) -> Ledger:  # noqa: ANN401 - depends on the modules
    """Make, in a new folder, the ledger from which the blocks of a file go on: the genesis, or a snapshot.

    Raises `DamagedError` when the snapshot is not there or not the one, and `SnapshotWrongError` when it is not right.
    """
    beginning = file.beginning()
    if beginning is None:
        return Ledger.create(place, modules, genesis, secret=file.secret())
    kept = kept_in(file.folder / FOLDER, file.network()).get(beginning.height)
    if kept is None:
        raise DamagedError(f"the snapshot of height {beginning.height}, with which {file.folder} begins, is not there")
    if kept.manifest.header != beginning.header:
        raise DamagedError(f"the snapshot of height {beginning.height} is not the one with which {file.folder} begins")
    build_from(kept, place, file)
    return Ledger.open(place, modules)


def copy_beginning(folder: Path, copy: Path) -> None:
    """Put what `folder` goes on from beside a copy of its data file, durably; any thread, while the node works.

    Raises `BeginningGoneError` when the node has gone on to a later beginning since the copy was made.
    """
    with closing(open_file(copy)) as file:
        beginning = file.beginning()
    if beginning is None:
        return
    source, target = folder / FOLDER / str(beginning.height), copy / FOLDER / str(beginning.height)
    try:
        shutil.copytree(source, target)
    except (FileNotFoundError, shutil.Error) as error:
        shutil.rmtree(copy / FOLDER, ignore_errors=True)
        raise BeginningGoneError(f"the snapshot of height {beginning.height} is not in {folder}") from error
    made = list(target.iterdir())
    if (folder / LIGHT_BLOCKS).exists():
        made.append(shutil.copyfile(folder / LIGHT_BLOCKS, copy / LIGHT_BLOCKS))
    for each in made:
        sync_file(each)
    for each in (target, target.parent, copy):
        sync_folder(each)
