"""What must be true of a data folder that no node has open, after anything that happened to it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from sogdia.client.connection import Durable
from sogdia.engine.folders.audit import audit
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.ledger.lookups import Lookups
from sogdia.engine.storage.ledger_file import DamagedError, FolderNotUsableError
from sogdia.modules import ALL
from tests.faults.node.world import NODE_KEYS


def complaints_about(folder: Path, acknowledged: Mapping[bytes, Durable]) -> list[str]:
    """What is wrong with a folder in which every receipt of `acknowledged`, by id, must be; the folder isn't touched.

    The audit sees to it that blocks are whole and linked, that records lead to the state root, and that every
    invariant holds, that of money among them.
    """
    copy = folder.with_name(f"{folder.name}-looked-at")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*-lock", "node.sock*"))
    try:
        return [*missing_in(copy, acknowledged), *(finding.message for finding in audit(copy, ALL))]
    except (DamagedError, FolderNotUsableError) as error:
        return [f"the folder does not open: {error}"]
    finally:
        shutil.rmtree(copy)


def missing_in(folder: Path, acknowledged: Mapping[bytes, Durable]) -> list[str]:
    """The receipts that the ledger in `folder` doesn't give, by its index and by the block itself."""
    ledger = Ledger.open(folder, ALL, NODE_KEYS)
    lookups = Lookups(ledger)
    words = []
    try:
        for identity, receipt in acknowledged.items():
            found = lookups.find(identity)
            if found is None:
                words.append(f"acknowledged at height {receipt.height} and gone: {identity.hex()}")
            elif (found.height, found.number, found.result.receipt) != (receipt.height, receipt.place, receipt.receipt):
                words.append(f"acknowledged as {receipt} and now {found.height}, {found.number}: {identity.hex()}")
    finally:
        ledger.abandon()
    return words


def derived_again(folder: Path) -> Replayed:
    """The ledger of a folder, executed again from its genesis; it must come out as it is stored."""
    replayed = replay(folder, ALL)
    assert isinstance(replayed, Replayed), replayed
    return replayed
