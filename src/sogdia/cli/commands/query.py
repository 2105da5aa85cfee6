"""`sogdia query`: ask a node. One sub-command for each declared query, and some that look at blocks and lives."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, json_option, keys_option, node_option
from sogdia.cli.words import hint, metavar
from sogdia.client.declared import queries
from sogdia.client.shapes import Field, fields_of, summary

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.kernel.operation import Query


class QueryCommand(click.Command):
    """A sub-command that was made from a declaration."""

    reference = "queries"


class Queries(click.Group):
    """The queries of all modules, and those that stand here, which win over a declared one of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name those that stand here, then the declared ones."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in queries() if name not in own)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command, or make it from its declaration."""
        own = super().get_command(ctx, cmd_name)
        declared = queries().get(cmd_name)
        return own if own is not None or declared is None else _command(cmd_name, declared)


@click.group(cls=Queries)
def query() -> None:
    """Ask a node: balances, orders, blocks, what happened.

    An answer is what the node says; 'sogdia prove' makes what nobody has to believe. For instance:

    \b
    sogdia query status
    sogdia query balances --account @nairobi
    sogdia query order @nairobi/o1
    sogdia query events --from 1 --to 20 --kind OrderPlaced
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@query.command()
@node_option
@json_option
def status(node_folder: Path | None, *, as_json: bool) -> None:
    """Say how the node is: height, time, deadlines, disk."""
    from sogdia.cli.commands.node import show_status  # noqa: PLC0415 - only used here

    show_status(node_folder, as_json=as_json)


@query.command()
@click.argument("id", metavar="ID")
@node_option
@keys_option
@json_option
def tx(id: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> int:  # noqa: A002 - the argument's name
    """Show what became of an envelope, or of a deadline's exit, by its ID."""
    from sogdia.cli import history  # noqa: PLC0415 - importing it takes longer than asking for help

    return history.show_result(id, options.Way(node_folder, keys_folder, as_json=as_json))


@query.command()
@click.argument("height", type=int)
@node_option
@keys_option
@json_option
def block(height: int, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Show the block of a HEIGHT: its header, and what became of each envelope and deadline."""
    from sogdia.cli import history  # noqa: PLC0415 - as above

    history.show_block(height, options.Way(node_folder, keys_folder, as_json=as_json))


@query.command()
@click.argument("height", type=int)
@node_option
@json_option
def header(height: int, node_folder: Path | None, *, as_json: bool) -> None:
    """Show the signed header of a HEIGHT."""
    from sogdia.cli import history  # noqa: PLC0415 - as above

    history.show_header(height, options.Way(node_folder, None, as_json=as_json))


@query.command()
@click.option("--from", "first", type=int, required=True, help="The first height.")
@click.option("--to", "last", type=int, required=True, help="The last height.")
@click.option(
    "--kind", multiple=True, metavar="EVENT", help="Only events of this name, such as OrderPlaced. Repeatable."
)
@node_option
@keys_option
@json_option
def events(  # noqa: PLR0913 - one parameter an option
    first: int,
    last: int,
    kind: tuple[str, ...],
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Show what happened from one height to another.

    Every stored receipt is checked against the results root that stands in the next header, and every header against
    the one before it. A receipt that doesn't fit ends the command with status 4.
    """
    from sogdia.cli import happened  # noqa: PLC0415 - as above

    happened.show_events(first, last, kind, options.Way(node_folder, keys_folder, as_json=as_json))


@query.command()
@click.argument("name", metavar="NAME")
@node_option
@keys_option
@json_option
def order(name: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Show an order, open or closed, with its lines and what its deadline means."""
    from sogdia.cli import orders  # noqa: PLC0415 - as above

    orders.show_order(name, options.Way(node_folder, keys_folder, as_json=as_json))


@query.command()
@click.argument("name", metavar="NAME")
@node_option
@keys_option
@json_option
def steps(name: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Show the life of an order or a hold, step by step, each with its receipt."""
    from sogdia.cli import history  # noqa: PLC0415 - as above

    history.show_steps(name, options.Way(node_folder, keys_folder, as_json=as_json))


@query.command("final-line")
@click.argument("name", metavar="NAME")
@click.argument("line", type=int)
@node_option
@keys_option
@json_option
def final_line(name: str, line: int, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Show a LINE of a closed order by its number, and its path to the root that the ledger keeps.

    A late refund needs both; 'sogdia tx refund-late --line NUMBER' finds them itself. What --json writes can be given
    to its --fields, as when the refund is signed where no node is.
    """
    from sogdia.cli import final_lines  # noqa: PLC0415 - as above

    final_lines.show_final_line(name, line, options.Way(node_folder, keys_folder, as_json=as_json))


@query.command()
@click.option("--account", metavar="ACCOUNT", help="Only what this account has.")
@node_option
@keys_option
@json_option
def balances(account: str | None, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """List all balances, or those of one account. The node reads its whole ledger for it."""
    from sogdia.cli import asking  # noqa: PLC0415 - as above

    asking.show_balances(account, options.Way(node_folder, keys_folder, as_json=as_json))


def _command(name: str, declared: type[Query]) -> click.Command:
    needed = [each for each in fields_of(declared) if each.required]
    words = click.Argument(["words"], nargs=-1, metavar=" ".join(f"[{each.name.upper()}]" for each in needed))
    return QueryCommand(
        name,
        callback=partial(_run, declared),
        help=declared.__doc__,
        short_help=summary(declared),
        params=[
            *([words] if needed else []),
            *(_asker(each) if each.name == declared.asker else _option(each) for each in fields_of(declared)),
            click.Option(
                ["--node", "node_folder"], type=Folder(), envvar=options.NODE_VARIABLE, help=options.NODE_HELP
            ),
            click.Option(
                ["--keys", "keys_folder"], type=Folder(), envvar=options.KEYS_VARIABLE, help=options.KEYS_HELP
            ),
            click.Option(["--json", "as_json"], is_flag=True, help=options.JSON_HELP),
        ],
    )


def _option(field: Field) -> click.Option:
    """Make the option of a field; what a query needs can also be said without it, in order."""
    written = [f"Write {hint(field.shape)}."] if hint(field.shape) else []
    if field.required:
        written.append("[required, here or in order]")
    name = "--" + field.name.replace("_", "-")
    return click.Option([name, field.name], metavar=metavar(field.shape), help=" ".join(written) or None)


def _asker(field: Field) -> click.Option:
    """Make the option of the field that says who asks."""
    return click.Option(["--" + field.name, field.name], metavar="KEY", help="Who asks: one of your keys.")


def _run(
    declared: type[Query],
    words: tuple[str, ...] = (),
    *,
    node_folder: Path | None,
    keys_folder: Path | None,
    as_json: bool,
    **texts: str | None,
) -> int:
    from sogdia.cli import asking  # noqa: PLC0415 - importing it takes longer than asking for help

    way = options.Way(node_folder, keys_folder, as_json=as_json)
    return asking.show_answer(declared, asking.filled(declared, words, texts), way)
