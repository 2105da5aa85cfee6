"""Work on whole data folders: a folder at rest as it is, a node that runs on a copy that it makes itself."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sogdia import node
from sogdia.cli import documents, options
from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.finding import find_node
from sogdia.cli.progress import counted
from sogdia.client.connection import Connection, NodeNotRunningError
from sogdia.engine.folders.archive import FOLDER as ARCHIVE
from sogdia.engine.folders.audit import audit
from sogdia.engine.folders.backup import back_up_folder, restore
from sogdia.engine.folders.differing import Comparison, compare
from sogdia.engine.folders.export import export_folder
from sogdia.engine.folders.following import Difference
from sogdia.engine.folders.importing import import_export
from sogdia.engine.folders.kept_snapshots import FOLDER as SNAPSHOTS
from sogdia.engine.folders.replay import replay
from sogdia.engine.folders.rollback import roll_back
from sogdia.engine.folders.workplace import require_new
from sogdia.engine.ledger.lookups import Lookups
from sogdia.engine.ledger.scrub import Scrub
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.engine.folders.finding import Finding

NOT_DERIVABLE = "\nThe snapshot that its blocks go on from is not there: it works, and cannot be derived again."
BACKUP_SECONDS_MAX = 3_600.0
KEYS_HELP = "Keys are not in it: put the file of the node's key into {keys} before you start it."
SHOWN_MAX = 20
"""How many findings are shown to people; programs get all."""


@contextmanager
def at_rest(folder: Path | None) -> Iterator[Path]:
    """Give the folder that is meant while no process has it open, or a copy of it when its node runs."""
    found = existing(folder)
    try:
        connection = Connection(found, seconds=BACKUP_SECONDS_MAX)
    except NodeNotRunningError:
        yield found
        return
    with TemporaryDirectory(prefix=f".{found.resolve().name}.copy-", dir=found.resolve().parent) as place:
        copy = Path(place) / "copy"
        with connection:
            connection.backup(copy)
        # What stands beside the ledger's own file is never changed, only added to and removed.
        for name in (SNAPSHOTS, ARCHIVE):
            if (found / name).is_dir():
                (copy / name).symlink_to((found / name).resolve())
        yield copy


def existing(folder: Path | None) -> Path:
    """Give the folder that is meant, or say that there is none."""
    if folder is None:
        return find_node(None)
    if not folder.is_dir():
        raise Stopped(Exit.NOT_FOUND, f"There is no folder {folder}.", "Compare the path.")
    return folder


# ----------------------------------------------------------------------------------------------------- looking through


def run_audit(folder: Path | None, *, as_json: bool) -> int:
    """Audit a folder; gives the exit status."""
    with at_rest(folder) as place, counted("Auditing") as progress:
        findings = audit(place, ALL, progress)
    document = {"sound": not findings, "findings": [documents.structure(each) for each in findings]}
    options.show(_audit_words(findings), document, as_json=as_json)
    return Exit.DAMAGED if findings else Exit.DONE


def _audit_words(findings: list[Finding]) -> str:
    if not findings:
        return "Everything is as it must be: genesis, blocks, indexes, records, invariants."
    lines = [f"{len(findings)} findings:"]
    lines += [f"  {each.part}: {each.message}" for each in findings[:SHOWN_MAX]]
    if len(findings) > SHOWN_MAX:
        lines.append(f"  and {len(findings) - SHOWN_MAX} more; --json lists all")
    return "\n".join([*lines, "Keep the folder as it is, and make a new one from a backup or an export."])


def run_replay(folder: Path | None, *, as_json: bool) -> int:
    """Derive a ledger again; gives the exit status."""
    with at_rest(folder) as place, counted("Replaying") as progress:
        found = replay(place, ALL, progress)
    document: dict[str, Any]
    if isinstance(found, Difference):
        words = _difference_words(found)
        document = {"same": False, "difference": documents.structure(found)}
        options.show(words, document, as_json=as_json)
        return Exit.DAMAGED
    document = {"same": True, **documents.structure(found)}
    begins = f"the snapshot of height {found.begins_after}" if found.begins_after else "the genesis"
    words = (
        f"Derived again from {begins} and found the same, up to height {found.height}: {found.envelopes} envelopes,"
        f" {found.exits} exits, {found.signatures} signatures, {found.records} records; {found.seconds:.1f} s.\n"
        f"state root {found.state_root.hex()}"
    )
    options.show(words, document, as_json=as_json)
    return Exit.DONE


def _difference_words(found: Difference) -> str:
    lines = [f"The first difference, in the {found.part} at height {found.height}: {found.message}"]
    for name in ("number", "id", "table", "key", "expected", "found"):
        value = getattr(found, name)
        if value is not None:
            lines.append(f"  {name:<10}{value.hex() if isinstance(value, bytes) else value}")
    return "\n".join(lines)


def run_scrub(folder: Path | None, *, as_json: bool) -> None:
    """Look at every bucket and block of a folder at rest; a node that runs does it by itself and says how far it is."""
    found = existing(folder)
    try:
        connection = Connection(found)
    except NodeNotRunningError:
        _scrub_at_rest(found, as_json=as_json)
        return
    with connection:
        scrub = connection.status().scrub
    words = (
        f"The node looks through its folder by itself: {scrub.get('rounds', 0)} whole rounds so far,"
        f" {scrub.get('buckets', 0)} buckets and {scrub.get('blocks', 0)} blocks. Damage would have stopped it."
    )
    options.show(words, {"running": True, **scrub}, as_json=as_json)


def _scrub_at_rest(folder: Path, *, as_json: bool) -> None:
    ledger = node.open_ledger(folder)
    try:
        scrub = Scrub(ledger, Lookups(ledger))
        scrub.finish_round()
    finally:
        ledger.abandon()
    words = f"Looked at {scrub.buckets} buckets of records and {scrub.blocks} blocks; all are whole."
    document = {"running": False, "rounds": scrub.rounds, "buckets": scrub.buckets, "blocks": scrub.blocks}
    options.show(words, document, as_json=as_json)


def run_diff_state(first: Path, second: Path, *, as_json: bool) -> int:
    """Compare two states; gives the exit status."""
    with at_rest(first) as one, at_rest(second) as other, counted("Comparing") as progress:
        found = compare(one, other, ALL, progress)
    options.show(_comparison_words(found), {"same": found.same, **documents.structure(found)}, as_json=as_json)
    return Exit.DONE if found.same else Exit.DAMAGED


def _comparison_words(found: Comparison) -> str:
    first = found.first_difference
    if first is None:
        return f"The same at height {found.height}: {found.records} records, state root {found.first_root.hex()}"
    counts = ", ".join(f"{count} in {table}" for table, count in found.differences_by_table.items())
    return "\n".join(
        [
            f"They differ at height {found.height}, of {found.records} records: {counts}.",
            f"The first: {first.table}, key {first.key.hex()}",
            f"  in A    {'not there' if first.first is None else first.first.hex()}",
            f"  in B    {'not there' if first.second is None else first.second.hex()}",
            f"  roots   {found.first_root.hex()}",
            f"          {found.second_root.hex()}",
        ]
    )


def run_rollback(folder: Path, to: int, *, as_json: bool) -> None:
    """Put a ledger back to an earlier height."""
    found = existing(folder)
    with counted("Executing") as progress:
        done = roll_back(found, to, ALL, progress)
    words = (
        f"{folder} went back from height {done.before} to {done.height}.\nstate root {done.state_root.hex()}\n"
        f"The later ledger is kept in {done.kept}; remove it when it is not needed any more."
    )
    words = "\n".join([words, *(f"WRONG, and nothing is found in it: {each}" for each in done.wrong)])
    options.show(words, {"folder": str(folder), **documents.structure(done)}, as_json=as_json)


# -------------------------------------------------------------------------------------------------- copies and exports


def run_export(folder: Path, file: Path, *, as_json: bool) -> None:
    """Write all blocks into one file."""
    require_new(file)
    with at_rest(folder) as place, counted("Exporting") as progress:
        exported = export_folder(place, file, progress)
    words = f"Wrote {exported.blocks} blocks, {exported.size} bytes, to {file}.\nsha256 {exported.sha256.hex()}"
    options.show(words, {"file": str(file), **documents.structure(exported)}, as_json=as_json)


def run_import(file: Path, folder: Path, *, as_json: bool) -> None:
    """Make a folder from an exported file."""
    with counted("Importing") as progress:
        imported = import_export(file, folder, ALL, progress)
    words = (
        f"Made {folder} up to height {imported.height}: {imported.envelopes} envelopes executed,"
        f" {imported.signatures} signatures verified, {imported.records} records.\n"
        f"state root {imported.state_root.hex()}\n" + KEYS_HELP.format(keys=folder / node.KEYS)
    )
    options.show(words, {"folder": str(folder), **documents.structure(imported)}, as_json=as_json)


def run_backup(folder: Path, target: Path, *, as_json: bool) -> None:
    """Copy a ledger; a running node copies itself."""
    require_new(target)
    found = existing(folder)
    try:
        connection = Connection(found, seconds=BACKUP_SECONDS_MAX)
    except NodeNotRunningError:
        with counted("Copying") as progress:
            copied = back_up_folder(found, target, progress)
        height, lacks = copied.height, "" if copied.derivable else NOT_DERIVABLE
    else:
        with connection:
            height, lacks = connection.backup(target), ""
    words = f"Copied the ledger up to height {height} into {target}. Keys are not in it.{lacks}"
    options.show(words, {"folder": str(target), "height": height}, as_json=as_json)


def run_restore(source: Path, folder: Path, *, as_json: bool) -> None:
    """Make a folder from a backup."""
    with counted("Restoring") as progress:
        copied = restore(existing(source), folder, ALL, progress)
    words = (
        f"Made {folder} up to height {copied.height}, audited.\nstate root {copied.state_root.hex()}\n"
        + KEYS_HELP.format(keys=folder / node.KEYS)
        + ("" if copied.derivable else NOT_DERIVABLE)
    )
    options.show(words, {"folder": str(folder), **documents.structure(copied)}, as_json=as_json)
