"""Everything that must be true of a stored ledger, looked at without executing its blocks again.

    genesis      it is the one that the ledger was made from
    blocks       they are whole, linked by hash and time, and signed by those whose turn it was; their envelopes and
                 results lead to the roots in the headers, and each result belongs to its envelope
    indexes      every stored run is whole
    records      each matches its hash, and the hashes the state root; each can be read as what its table holds, and has
                 the blind and the face that it must have
    invariants   those of every module, over all records

Whether a block was executed rightly an audit cannot see; that takes a replay. A ledger at work is audited on a copy.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import lmdb

from sogdia.engine.folders.audited_blocks import AuditedBlocks, index_findings
from sogdia.engine.folders.audited_state import AuditedState
from sogdia.engine.folders.finding import Finding
from sogdia.engine.folders.golden import open_file
from sogdia.engine.folders.progress import Progress, silent
from sogdia.engine.ledger.ledger import Ledger, stored_genesis
from sogdia.engine.storage.ledger_file import DamagedError, FolderNotUsableError
from sogdia.kernel.envelope import EnvelopeCodec
from sogdia.kernel.refusal import Broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.module import Module

FINDINGS_MAX = 1_000


def audit(
    folder: Path, modules: tuple[Module, ...], progress: Progress = silent, *, work_in: Path | None = None
) -> list[Finding]:
    """Look through the ledger in `folder`, which no process may have open, and give what is wrong with it.

    `progress` counts blocks, records and invariants in one row. Tables are laid out in a temporary folder in `work_in`.
    """
    steps = _Steps(progress)
    found = list(islice(_findings(folder, modules, steps, work_in), FINDINGS_MAX + 1))
    if len(found) > FINDINGS_MAX:
        found[FINDINGS_MAX] = Finding(part="audit", message=f"more was found than the first {FINDINGS_MAX} told here")
    return found


class _Steps:
    """How far the audit is."""

    def __init__(self, progress: Progress) -> None:
        """Begin with nothing to do."""
        self._progress = progress
        self._done = 0
        self.total = 0

    def one(self) -> None:
        """Take note of one step."""
        self._done += 1
        self._progress(self._done, max(self._done, self.total))


def _findings(folder: Path, modules: tuple[Module, ...], steps: _Steps, work_in: Path | None) -> Iterator[Finding]:
    with closing(open_file(folder)) as file:
        try:
            genesis = stored_genesis(file, modules)
        except DamagedError as error:
            yield Finding(part="genesis", message=str(error))
            return
        try:
            last = file.height()
        except DamagedError as error:
            yield Finding(part="block", message=str(error))
            return
        blocks = last - file.first_height() + 1
        steps.total = blocks + file.flushed().count + sum(len(module.invariants) for module in modules)
        envelopes = EnvelopeCodec(file.network(), tuple(each for module in modules for each in module.operations))
        yield from AuditedBlocks(file, genesis, envelopes).findings(last, steps.one)
        yield from index_findings(file)
    try:
        ledger = Ledger.open(folder, modules)
    except (DamagedError, FolderNotUsableError, Broken, lmdb.Error) as error:
        yield Finding(part="records", message=f"the state cannot be opened: {error}")
        return
    try:
        with TemporaryDirectory(prefix="sogdia-audit-", dir=work_in) as work:
            yield from _in_state(AuditedState(ledger, Path(work)), modules, steps)
    finally:
        ledger.abandon()


def _in_state(state: AuditedState, modules: tuple[Module, ...], steps: _Steps) -> Iterator[Finding]:
    readable = True
    for finding in state.findings(steps.one):
        readable = False
        yield finding
    if not readable:
        yield Finding(part="invariant", message="the invariants were not looked at, because the records are damaged")
        return
    for module in modules:
        for invariant in module.invariants:
            try:
                invariant(state)
            except (Broken, lmdb.Error) as error:
                # The one place where a breach is caught: the node of this ledger is not running, and the reader wants
                # to know of all of them.
                sentence = invariant.__name__.replace("_", " ")
                yield Finding(part="invariant", message=f"{module.name}: {sentence}: {error}")
            steps.one()
