"""Work on whole data folders: audit, export, import, replay, backup, restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, json_option

if TYPE_CHECKING:
    from pathlib import Path

NODE_FOLDER = click.argument("folder", metavar="[DIR]", type=Folder(), required=False, envvar=options.NODE_VARIABLE)


@click.command()
@NODE_FOLDER
@json_option
def audit(folder: Path | None, *, as_json: bool) -> int:
    """Check everything that is stored in DIR, and every invariant, without executing blocks again.

    A node that runs is audited on a copy, made beside its folder and removed again. What is wrong is listed, and the
    status is 4.
    """
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    return folder_work.run_audit(folder, as_json=as_json)


@click.command()
@NODE_FOLDER
@json_option
def replay(folder: Path | None, *, as_json: bool) -> int:
    """Derive the ledger in DIR again from its genesis, verify every signature, and compare everything.

    Where blocks have gone to the archive, or a node began with its peers' snapshot, it starts with that snapshot and
    says so. The first difference is shown, and the status is 4. A node that runs is replayed from a copy.
    """
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    return folder_work.run_replay(folder, as_json=as_json)


@click.command()
@click.argument("folder", metavar="DIR", type=Folder())
@click.argument("file", type=Folder())
@json_option
def export(folder: Path, file: Path, *, as_json: bool) -> None:
    """Write all blocks of DIR into the new FILE, from which every release derives the same ledger.

    It holds no keys. A node that runs is exported from a copy.
    """
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    folder_work.run_export(folder, file, as_json=as_json)


@click.command("import")
@click.argument("file", type=Folder())
@click.argument("folder", metavar="DIR", type=Folder())
@json_option
def import_(file: Path, folder: Path, *, as_json: bool) -> None:
    """Make the new folder DIR from an exported FILE, executing and verifying everything in it.

    Nothing is ever overwritten. The node's key is not in an export: put its file into DIR/keys.
    """
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    folder_work.run_import(file, folder, as_json=as_json)


@click.command()
@click.argument("folder", metavar="DIR", type=Folder())
@click.argument("target", type=Folder())
@json_option
def backup(folder: Path, target: Path, *, as_json: bool) -> None:
    """Copy the ledger of DIR into the new folder TARGET, also while its node runs.

    Keys are not in a backup: keep copies of them elsewhere. Nor are segments of old blocks (DIR/archive): they never
    change, so copy the new ones, or fetch them from another node.
    """
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    folder_work.run_backup(folder, target, as_json=as_json)


@click.command()
@click.argument("source", metavar="BACKUP", type=Folder())
@click.argument("folder", metavar="DIR", type=Folder())
@json_option
def restore(source: Path, folder: Path, *, as_json: bool) -> None:
    """Make the new folder DIR from a BACKUP, once an audit of it has found nothing.

    Nothing is ever overwritten. The node's key is not in a backup: put its file into DIR/keys.
    """
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    folder_work.run_restore(source, folder, as_json=as_json)


@click.command("diff-state")
@click.argument("first", metavar="A", type=Folder())
@click.argument("second", metavar="B", type=Folder())
@json_option
def diff_state(first: Path, second: Path, *, as_json: bool) -> int:
    """Compare the states in the folders A and B of one network, and name the first record that differs.

    Both must stand at the same height ('sogdia rollback'). A node that runs is compared by a copy. The status is 4 when
    anything differs.
    """
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    return folder_work.run_diff_state(first, second, as_json=as_json)


@click.command()
@click.argument("folder", metavar="DIR", type=Folder())
@click.option("--to", required=True, type=click.IntRange(0), metavar="HEIGHT", help="The height to go back to.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def rollback(folder: Path, to: int, *, yes: bool, as_json: bool) -> None:
    """Put the ledger of DIR back to an earlier height, and keep the later one beside it.

    The node must not run. Under CometBFT its engine brings it forward again; under the embedded engine the blocks after
    HEIGHT are given up, and with them what was acknowledged in them.
    """
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    if not yes:
        click.confirm(f"Put {folder} back to height {to}?", abort=True)
    folder_work.run_rollback(folder, to, as_json=as_json)
