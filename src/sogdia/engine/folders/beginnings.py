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
from sogdia.engine.folders.kept_snapshots import FOLDER, MANIFEST, chunk_path, kept_in, write_file
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.disk import sync_folder
from sogdia.engine.storage.ledger_file import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.kernel.module import Module


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


def copy_beginning(folder: Path, copy: Path) -> bool:
    """Put what `folder` goes on from beside a copy of its data file, durably; any thread, while the node works.

    Tells whether it is all there: a node may have let the snapshot go meanwhile, or never had it. Raises `DamagedError`
    when the snapshot is damaged.
    """
    with closing(open_file(copy)) as file:
        beginning, network = file.beginning(), file.network()
    if beginning is None:
        return True
    kept = kept_in(folder / FOLDER, network).get(beginning.height)
    if kept is None:
        return False
    target = copy / FOLDER / str(beginning.height)
    target.mkdir(mode=0o700, parents=True)
    try:
        for index in range(len(kept.manifest.chunks)):
            write_file(chunk_path(target, index), kept.chunk(index))
    except DamagedError:
        if (kept.folder / MANIFEST).exists():
            raise
        shutil.rmtree(copy / FOLDER)
        return False
    write_file(target / MANIFEST, kept.raw)
    if (folder / LIGHT_BLOCKS).exists():
        write_file(copy / LIGHT_BLOCKS, (folder / LIGHT_BLOCKS).read_bytes())
    for each in (target, target.parent, copy):
        sync_folder(each)
    return True
