"""`sogdia tx`: sign and send an operation, or try it first. One sub-command for each operation that is declared."""

from __future__ import annotations

from functools import partial
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import click

from sogdia.cli import options
from sogdia.cli.operations import may_be_left_out
from sogdia.cli.options import Folder, json_option, keys_option, node_option
from sogdia.cli.words import form_hint, hint, metavar
from sogdia.client.declared import operations
from sogdia.client.shapes import Field, fields_of, remarks, summary

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from sogdia.kernel.operation import Operation

EXPIRES = "1d"


class KeyName(click.ParamType[str]):
    """The name of a key, with the account that it shall sign for if that is not the one noted."""

    name = "KEY[=ACCOUNT]"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        """Offer the names of the keys."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only the shell needs it

        folder = ctx.params.get("keys_folder")
        return [CompletionItem(name) for name in options.keyring(folder).names() if name.startswith(incomplete)]


class OperationCommand(click.Command):
    """A sub-command that was made from a declaration."""

    reference = "operations"


class Operations(click.Group):
    """The operations of all modules, and `send`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the operations in the order of the modules."""
        return [*super().list_commands(ctx), *operations()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of an operation."""
        declared = operations().get(cmd_name)
        return super().get_command(ctx, cmd_name) if declared is None else _command(cmd_name, declared)


def common_options() -> list[click.Parameter]:
    """Make the options that every operation has."""
    key, moment = KeyName(), "MOMENT"
    return [
        click.Option(["--from", "from_"], type=key, required=True, help="Who asks: the key that signs."),
        click.Option(["--also-signed-by"], type=key, multiple=True, help="Another signer. Repeatable."),
        click.Option(["--mandate"], metavar="NAME", help="Ask in the name of the party that granted this mandate."),
        click.Option(["--fields"], type=Folder(), help="A JSON file of fields, - for standard input. Options win."),
        click.Option(
            ["--after"], metavar="ID[:EXPIRY]", multiple=True, help="An envelope that must go before, at most 4."
        ),
        click.Option(["--expires"], metavar="LENGTH", default=EXPIRES, show_default=True, help="How long it is valid."),
        click.Option(["--not-before"], metavar=moment, help="It is not valid before this moment."),
        click.Option(["--dry-run"], is_flag=True, help="Try it on a copy that is thrown away; sign and send nothing."),
        click.Option(
            ["--print", "print_as"],
            is_flag=False,
            flag_value="hex",
            type=click.Choice(["hex", "base64"]),
            metavar="[hex|base64]",
            help="Only sign; write the envelope, for 'sogdia tx send'.",
        ),
        click.Option(["--out"], type=Folder(), help="Only sign; write the envelope to a file."),
        click.Option(["--genesis"], type=Folder(), help="Sign without a node, for the network of this genesis."),
        click.Option(["--time", "time_"], metavar=moment, help="The network's time, when there is no node to say it."),
        click.Option(["--key-number"], type=int, default=0, help="Without a node: which of its keys the account uses."),
        click.Option(["--node", "node_folder"], type=Folder(), envvar=options.NODE_VARIABLE, help=options.NODE_HELP),
        click.Option(["--keys", "keys_folder"], type=Folder(), envvar=options.KEYS_VARIABLE, help=options.KEYS_HELP),
        click.Option(["--json", "as_json"], is_flag=True, help=options.JSON_HELP),
    ]


@click.group(cls=Operations)
def tx() -> None:
    """Sign and send an operation, or try it first.

    Each operation of the ledger is a sub-command; what it holds are its options. For instance:

    \b
    sogdia tx transfer --from buyer --to @bukhara --asset USD@bank --units "12.50 USD" --purpose GDDS
    sogdia tx place-order --from buyer --reference o1 --merchant @bukhara --lines tea:0:12 --pay-at-most 150.00
    sogdia tx accept-order --from seller --order @nairobi/o1 --dry-run
    sogdia tx ship-order --from seller --order @nairobi/o1
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@tx.command()
@click.argument("file", type=Folder())
@node_option
@keys_option
@json_option
def send(file: Path, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> int:
    """Send a signed envelope that --print or --out has written to FILE, or - for standard input.

    Sending the same envelope again is safe: it is applied once, and its receipt is shown again.
    """
    from sogdia.cli import sending  # noqa: PLC0415 - importing it takes longer than asking for help

    return sending.send_file(file, options.Way(node_folder, keys_folder, as_json=as_json))


@tx.command(params=[each for each in common_options() if each.name not in ("mandate", "fields")])
@click.argument("file", type=Folder())
def batch(file: Path, **given: Any) -> int:  # noqa: ANN401 - what click read
    """Ask for the operations in FILE, or - for standard input, in one envelope: all are applied, or none.

    FILE is a JSON list of up to 16 operations, each with its fields as in --fields:

    \b
    [{"operation": "open-listing", "fields": {"reference": "tea", "terms": "t", "title": "Green tea", …}},
     {"operation": "add-variant", "fields": {"listing": "tea", "variant": 0, "offer": "1250", "stock": 10}}]

    "by" names another of the keys that sign as the one who asks, "mandate" the mandate under which it asks.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sogdia.cli import sending  # noqa: PLC0415 - importing it takes longer than asking for help

    return sending.run_batch(file, sending.Choices(**given, mandate=None, fields=None))


def _command(name: str, declared: type[Operation]) -> click.Command:
    said = remarks(declared)
    return OperationCommand(
        name,
        callback=partial(_run, declared),
        help=_help(declared),
        short_help=summary(declared),
        params=[*(_field_option(each, said.get(each.name, "")) for each in fields_of(declared)), *common_options()],
    )


def _help(declared: type[Operation]) -> str:
    text = cleandoc(declared.__doc__ or "")
    lane = "\n\nIt stays open when the sponsor's quota is spent." if declared.reserved else ""
    return f"{text}{lane}\n\nOperation {declared.__struct_config__.tag}."


def _field_option(field: Field, remark: str) -> click.Option:
    words = [remark] if remark else []
    written = form_hint(field.shape) or hint(field.shape)
    if written:
        words.append(f"Write {written}.")
    if field.shape.items is not None:
        words.append("Several: again, with commas, or a JSON list.")
    if not may_be_left_out(field):
        words.append("[required]")
    return click.Option(
        ["--" + field.name.replace("_", "-"), field.name],
        metavar=metavar(field.shape),
        multiple=True,
        help=" ".join(words),
    )


def _run(declared: type[Operation], **given: Any) -> int:  # noqa: ANN401 - what click read
    from sogdia.cli import sending  # noqa: PLC0415 - importing it takes longer than asking for help

    texts = {each.name: given.pop(each.name) for each in fields_of(declared)}
    return sending.run_operation(declared, texts, sending.Choices(**given))
