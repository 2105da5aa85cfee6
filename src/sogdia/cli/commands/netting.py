"""`sogdia netting`: net what parties owe one another, as their coordinator, and pay what remains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import json_option, keys_option, node_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

ASSET = click.option("--asset", required=True, metavar="ASSET", help="The money, such as USD@bank.")
DUES = click.option(
    "--due", "dues", required=True, multiple=True, metavar="DATE", help="The due date, such as 2026-12-31. Repeatable."
)
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only show what would be done; nothing is signed or sent.")


def from_option(text: str) -> Callable[[Any], Any]:
    """Add `--from` with what it says."""
    return click.option("--from", "from_", required=True, metavar="KEY[=ACCOUNT]", help=text)


@click.group()
def netting() -> None:
    """Net what parties owe one another, as the coordinator that they have named.

    Obligations are stated and accepted with 'sogdia tx state-obligation' and 'accept-obligation'. Whatever cancels out
    among all parties is cleared without money; the ledger checks every flow, and that no more could be cleared.

    \b
    sogdia netting solve --coordinator @house --asset USD@bank --due 2026-12-31
    sogdia netting clear --from house --asset USD@bank --due 2026-12-31 --batch december
    sogdia netting pay --from nairobi --asset USD@bank --due 2026-12-31
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@netting.command()
@click.option("--coordinator", required=True, metavar="ACCOUNT", help="Whose pools.")
@ASSET
@DUES
@node_option
@keys_option
@json_option
def solve(  # noqa: PLR0913 - one parameter an option
    coordinator: str,
    asset: str,
    dues: tuple[str, ...],
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Show how much of a coordinator's pools could be cleared now. Changes nothing.

    It needs OR-Tools: pip install 'sogdia[netting]'.
    """
    from sogdia.cli import netting_work  # noqa: PLC0415 - importing it takes longer than asking for help

    netting_work.show_solved(coordinator, asset, dues, options.Way(node_folder, keys_folder, as_json=as_json))


@netting.command()
@from_option("The coordinator's key.")
@ASSET
@DUES
@click.option("--batch", required=True, metavar="REFERENCE", help="What the batch is to be called.")
@DRY_RUN
@node_option
@keys_option
@json_option
def clear(  # noqa: PLR0913 - one parameter an option
    from_: str,
    asset: str,
    dues: tuple[str, ...],
    batch: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Net pools: hold them, solve, declare every flow, and commit. Whatever fails, the pools are let go again.

    It needs OR-Tools: pip install 'sogdia[netting]'.
    """
    from sogdia.cli import netting_work  # noqa: PLC0415 - as above

    way = options.Way(node_folder, keys_folder, as_json=as_json)
    if dry_run:
        netting_work.show_solved(from_, asset, dues, way, by_key=True)
    else:
        netting_work.clear(from_, asset, dues, batch, way)


@netting.command()
@from_option("The debtor's key.")
@ASSET
@click.option("--due", required=True, metavar="DATE", help="Pay what is due until then, such as 2026-12-31.")
@DRY_RUN
@node_option
@keys_option
@json_option
def pay(  # noqa: PLR0913 - one parameter an option
    from_: str,
    asset: str,
    due: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Pay all that a party owes in one money until a date: everything in one envelope, or nothing."""
    from sogdia.cli import netting_work  # noqa: PLC0415 - as above

    netting_work.pay(from_, asset, due, options.Way(node_folder, keys_folder, as_json=as_json), dry_run=dry_run)
