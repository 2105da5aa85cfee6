"""Write the generated pages of `docs/reference` from the declarations, always alike.

python tools/reference.py            write operations, records, events, refusals, queries, cli, settings, figures, http
python tools/reference.py --check    compare them with what would be written; exit 1 when one differs
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import inspect as types

from sogdia.api.declared_routes import reference_page
from sogdia.api.faults import DoorRefusal
from sogdia.cli import main as entry
from sogdia.cli.commands.tx import common_options, tx
from sogdia.cli.exits import Exit
from sogdia.cli.operations import may_be_left_out, option_of
from sogdia.cli.running import sogdia
from sogdia.cli.words import HINTS, NUMBERED, hint, metavar
from sogdia.client.declared import spoken_name
from sogdia.client.shapes import Field, Shape, fields_of, remarks
from sogdia.client.who_sees import BLOB, EVENTS, RECORDS, Sees
from sogdia.client.wording import CALLED, is_money
from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.kernel.node_refusals import NodeRefusal
from sogdia.kernel.refusals import KernelRefusal
from sogdia.modules import ALL
from sogdia.modules.documents.classes import CLASSES
from sogdia.modules.money.currencies import Mint
from sogdia.operate.figures import FIGURES, HISTOGRAMS
from sogdia.settings.sources import FIELDS, SECTIONS, VARIABLES, bounds, description
from sogdia.vault.faults import VaultRefusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sogdia.kernel.operation import Query
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.kernel.state import Table

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
MADE_BY = "*Made from the declarations by `make docs`; changes belong there.*"
LONGEST_KEY = 64
INTERNAL = frozenset({"help"})


def main() -> int:
    """Write the pages, or compare them."""
    if sys.argv[1:] not in ([], ["--check"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    stale = [name for name, text in pages().items() if _read(FOLDER / name) != text]
    if sys.argv[1:] == ["--check"]:
        for name in stale:
            print(f"docs/reference/{name} is not what the declarations say. Run 'make docs'.")
        return 1 if stale else 0
    for name in stale:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(pages()[name], "utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def pages() -> dict[str, str]:
    """Give every generated page by its file name."""
    made: dict[str, Callable[[], Iterator[str]]] = {
        "operations.md": operations_page,
        "records.md": records_page,
        "events.md": events_page,
        "refusals.md": refusals_page,
        "queries.md": queries_page,
        "cli.md": cli_page,
        "settings.md": settings_page,
        "figures.md": figures_page,
        "visibility.md": visibility_page,
        "http.md": http_page,
    }
    return {name: _tidy("\n".join(page())) for name, page in made.items()}


def _tidy(page: str) -> str:
    """Leave one empty line where there are several, and one end at the end."""
    return re.sub(r"\n{3,}", "\n\n", page).rstrip() + "\n"


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def http_page() -> Iterator[str]:
    """Say what is at which address of the API."""
    yield from _top(
        "The HTTP API", "What is at which address. The whole description for programs is at /v1/openapi.json."
    )
    yield from reference_page()


# ---------------------------------------------------------------------------------------------------------- operations


def operations_page() -> Iterator[str]:
    """Say what every operation asks of the ledger, and what its fields hold."""
    yield from _top(
        "Operations", "What a party may ask of the ledger. An operation never gains a field; its number is for ever."
    )
    yield "On the wire each is an array: number, index of its signer, mandate (nil for now), then the fields in order."
    yield "*Reserved* operations stay open when the sponsor's quota is spent."
    for module in ALL:
        yield f"\n## {module.name.capitalize()}"
        for operation in module.operations:
            yield f"\n### {operation.__name__} ({operation.__struct_config__.tag})\n"
            yield _said(operation) + (" *Reserved.*" if operation.reserved else "")
            yield f"\n    sogdia tx {spoken_name(operation.__name__)} --from KEY{_options(fields_of(operation))}\n"
            yield from _field_table(operation)
    yield from _values(each for module in ALL for each in module.operations)


def _options(fields: Iterable[Field]) -> str:
    parts = []
    for each in fields:
        option = f"{option_of(each)} {metavar(each.shape)}" + (" …" if each.shape.items is not None else "")
        parts.append(f" [{option}]" if may_be_left_out(each) else f" {option}")
    return "".join(parts)


def _field_table(declared: type[msgspec.Struct]) -> Iterator[str]:
    said = remarks(declared)
    fields = fields_of(declared)
    if not fields:
        return
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    for each in fields:
        default = "" if each.required else f" Default: {_default(each.default)}."
        yield f"| `{each.name}` | {_type(each.shape)} | {_meaning(each, said)}{default} |"


def _meaning(field: Field, said: dict[str, str]) -> str:
    words = said.get(field.name, "")
    if field.name in CALLED and isinstance(field.shape.kind, types.IntType) and not is_money(field.shape):
        words = f"{words} {_numbers(CALLED[field.name])}".strip()
    elif field.shape.word in NUMBERED:
        words = f"{words} {_numbers(NUMBERED[field.shape.word])}".strip()
    return words.replace("|", "\\|")


def _numbers(names: Any) -> str:  # noqa: ANN401 - a class of numbers with names
    return ", ".join(f"{int(each)} {str(each.name).lower().replace('_', ' ')}" for each in names) + "."


def _default(value: object) -> str:
    match value:
        case None:
            return "nil"
        case ():
            return "none"
        case "":
            return "empty"
    return str(value)


def _type(shape: Shape) -> str:
    """Say what bytes a field may hold."""
    kind = shape.kind
    absent = " or nil" if shape.nullable else ""
    if shape.items is not None:
        return f"list of {_type(shape.items)}{_limits(kind)}{absent}"
    if shape.struct is not None:
        return f"[{shape.struct.__name__}](#{shape.struct.__name__.lower()}){absent}"
    name = {
        types.IntType: "whole number",
        types.StrType: "text",
        types.BytesType: "bytes",
        types.BoolType: "true or false",
    }.get(type(kind), "any of its operations' values")
    word = "" if shape.word in ("", "int", "str", "bool", "bytes") else f"{shape.word}: "
    return f"{word}{name}{_limits(kind)}{absent}"


def _limits(kind: Any) -> str:  # noqa: ANN401 - types of msgspec
    whole = isinstance(kind, types.IntType)
    least = kind.ge if whole else getattr(kind, "min_length", None)
    most = kind.le if whole else getattr(kind, "max_length", None)
    if most is None:
        return "" if least is None else f", at least {least}"
    if least == most:
        return f", {most}"
    return f", at most {_power(most)}" if least is None else f", {least} to {_power(most)}"


def _power(number: int) -> str:
    """Write large bounds as powers."""
    for exponent in (31, 32, 48, 53, 62):
        if number == 2**exponent - 1:
            return f"2^{exponent} − 1"
        if number == 2**exponent:
            return f"2^{exponent}"
    return str(number)


def _values(declared: Iterable[type[msgspec.Struct]]) -> Iterator[str]:
    """Describe the values with fields of their own that some declarations hold."""
    found: dict[str, type[msgspec.Struct]] = {}
    for each in declared:
        _collect(each, found)
    if found:
        yield "\n## Values\n"
        yield "Values with fields of their own are arrays of them, in this order."
    for name in sorted(found):
        yield f"\n### {name}\n"
        yield _said(found[name]) + "\n"
        yield from _field_table(found[name])


def _collect(declared: type[msgspec.Struct], found: dict[str, type[msgspec.Struct]]) -> None:
    for each in fields_of(declared):
        shape = each.shape.items if each.shape.items is not None else each.shape
        if shape.struct is not None and shape.struct.__name__ not in found:
            found[shape.struct.__name__] = shape.struct
            _collect(shape.struct, found)


# ------------------------------------------------------------------------------------------------- records and events


def records_page() -> Iterator[str]:
    """Say what the state consists of."""
    yield from _top(
        "Records", "What the state consists of. A record's key is one byte of table number and the key below it."
    )
    yield "A record is an array: its schema number, in brackets, then its fields. One *with a life* has a `history`."
    groups: list[tuple[str, tuple[Table[Any, Any], ...]]] = [("kernel", KERNEL_TABLES)]
    groups += [(module.name, module.tables) for module in ALL]
    tables = [table for _name, some in groups for table in some]
    for name, some in groups:
        if some:
            yield f"\n## {name.capitalize()}"
        for table in some:
            record = _record_of(table)
            yield f"\n### {table.name} ({table.number})\n"
            yield _said(record) + (" *With a life.*" if table.life else "") + "\n"
            yield f"Key: {_key_of(table)}. Record: `{record.__name__}` ({record.__struct_config__.tag}).\n"
            yield from _field_table(record)
    yield from _values(_record_of(table) for table in tables)


def _record_of(table: Table[Any, Any]) -> type[msgspec.Struct]:
    """Give the class of a table's records; the newest where there are several."""
    decoder: Any = table.codec._decode  # noqa: SLF001 - a codec keeps its type to itself
    shape = types.type_info(decoder.__self__.type)
    newest = shape.types[-1] if isinstance(shape, types.UnionType) else shape
    if not isinstance(newest, types.StructType):
        raise TypeError(table.name)
    return newest.cls


def _key_of(table: Table[Any, Any]) -> str:
    parts = list(table.show_key(bytes(LONGEST_KEY)))
    return ", ".join(f"`{part}`" for part in parts) or "none: there is one record"


def events_page() -> Iterator[str]:
    """Say which facts a receipt can state."""
    yield from _top("Events", "Facts that came of an operation or of a deadline, as receipts state them.")
    yield "On the wire each is an array: its number, then its fields in this order."
    for module in ALL:
        yield f"\n## {module.name.capitalize()}"
        for event in module.events:
            yield f"\n### {event.__name__} ({event.__struct_config__.tag})\n"
            yield _said(event) + "\n"
            yield from _field_table(event)
    yield from _values(each for module in ALL for each in module.events)


def visibility_page() -> Iterator[str]:
    """Say to whom every field is served, and who reads which class of documents."""
    yield from _top("Who sees each field", "What [who sees what](../concepts/who-sees-what.md) says, field by field.")
    yield "Whoever runs a node sees all of it. *Public*: anybody who asks is served. *Party*: those with a part in the"
    yield "object, and of an order the authorities of the buyer's and the merchant's country. *Authority*: the one"
    yield "concerned, whoever supervises it, and the party that it is about. *Validator*: whoever runs a node, alone."
    yield "`record`: that there is one."
    for title, rows in (("Records", RECORDS), ("Events", EVENTS), ("Vault", {"Blob": BLOB})):
        yield f"\n## {title}\n"
        yield "| | " + " | ".join(each.value for each in Sees) + " |"
        yield "|---|" + "---|" * len(Sees)
        for name, served in rows.items():
            cells = (" ".join(f"`{field}`" for field in served.get(each, "").split()) for each in Sees)
            yield f"| {name} | " + " | ".join(cells) + " |"
    yield "\n## Classes of documents\n"
    yield "| class | read, and committed, by | by authorities, for a stated purpose |"
    yield "|---|---|---|"
    for document_class, rule in CLASSES.items():
        parts = ", ".join(each.name.lower() for each in rule.parts)
        purposes = ", ".join(each.name.lower().replace("_", " ") for each in rule.purposes)
        yield f"| {document_class.name.lower()} | {parts} | {purposes} |"


# ------------------------------------------------------------------------------------------------ refusals and queries


def refusals_page() -> Iterator[str]:
    """List every refusal."""
    yield from _top(
        "Refusals", "Why the ledger turns an envelope down. A number is for ever; the words are for people."
    )
    yield "100 to 199 are never in a block: the envelope's id stays unspent. Of the others, those that an operation's"
    yield "fields alone break are not admissible either; the rest leave a receipt and spend the id. Those of the"
    yield "doors are answers of the vault and of the HTTP API, and stand in no block."
    groups: list[tuple[str, type[RefusalCode]]] = [
        ("kernel", KernelRefusal),
        *((each.name, each.refusals) for each in ALL),
        ("a node's socket", NodeRefusal),
        ("the vault's door", VaultRefusal),
        ("the HTTP API's door", DoorRefusal),
    ]
    for name, codes in groups:
        yield f"\n## {name.capitalize()}\n"
        yield "| number | name | rule | way out |"
        yield "|---|---|---|---|"
        for code in codes:
            yield f"| {int(code)} | `{code.name}` | {code.rule}. | {code.way_out} |"


def queries_page() -> Iterator[str]:
    """List every declared query."""
    yield from _top(
        "Queries", "Questions to the state of a node. An answer is not a proof; `sogdia prove` makes proofs."
    )
    for module in ALL:
        yield f"\n## {module.name.capitalize()}"
        for query in module.queries:
            name = str(query.__struct_config__.tag)
            yield f"\n### {name}\n"
            yield _said(query) + f" {_said(query.answer)}"
            yield f"\n    sogdia query {name}{_arguments(query)}\n"
            yield from _field_table(query)


def _arguments(query: type[Query]) -> str:
    parts = []
    for each in fields_of(query):
        word, said = "KEY" if each.name == query.asker else metavar(each.shape), each.name.upper().replace("_", "-")
        parts.append(f" {said}" if each.required else f" [{option_of(each)} {word}]")
    return "".join(parts)


# -------------------------------------------------------------------------------------------------------- command line


def cli_page() -> Iterator[str]:
    """Describe every command."""
    yield from _top("Command line", "Every command of `sogdia`. Every command has `--help`.")
    yield "\n## Exit status\n"
    yield "| status | meaning |"
    yield "|---|---|"
    yield from (f"| {int(status)} | {status.meaning} |" for status in Exit)
    yield from _json_part()
    yield from _writing_part()
    for chapter, commands in entry.COMMANDS.items():
        yield f"\n## {chapter}"
        for name in commands:
            command = sogdia.get_command(click.Context(sogdia), name)
            if command is not None:
                yield from _command(f"sogdia {name}", command)


def _json_part() -> Iterator[str]:
    yield "\n## JSON\n"
    yield "With `--json` a command writes exactly one JSON document on its standard output, also when it fails:"
    yield '`{"error": {"status", "message", "way_out"}}` with the status it exits with, and `"refusal"` when a rule'
    yield "stands against it. Whole numbers are exact; beyond ±(2^53 − 1) they are text. Amounts are minor units,"
    yield 'moments are seconds since 1970-01-01 UTC. An account is `{"code", "hex"}`, an object\'s name'
    yield '`{"code", "hex", "owner", "reference"}`; all other bytes are hexadecimal.'


def _writing_part() -> Iterator[str]:
    yield "\n## How values are written\n"
    yield "| value | written as |"
    yield "|---|---|"
    yield f"| an amount | {hint_of_money()} |"
    yield from (f"| {word} | {words} |" for word, words in sorted(HINTS.items()))


def hint_of_money() -> str:
    """Say how an amount is written."""
    units = next(each for each in fields_of(Mint) if is_money(each.shape))
    return hint(units.shape)


def _command(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    pieces = command.collect_usage_pieces(context)
    yield f"\n### {path}\n"
    yield f"    {path} {' '.join(pieces)}\n"
    yield from _plain(command.help or "")
    yield from _option_table(each for each in command.params if each.name not in INTERNAL)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and getattr(inner, "reference", None) is None:
                yield from _command(f"{path} {name}", inner)
        derived = [name for name in command.list_commands(context) if _is_derived(command, context, name)]
        if derived:
            yield f"\n### {path} …: one for each that is declared\n"
            yield f"{', '.join(f'`{name}`' for name in derived)}."
        if command is tx:
            yield "\nTheir own options are [their fields](operations.md). All of them also have:"
            yield from _option_table(common_options())


def _is_derived(group: click.Group, context: click.Context, name: str) -> bool:
    return getattr(group.get_command(context, name), "reference", None) is not None


def _plain(text: str) -> Iterator[str]:
    """Give a help text; what click's mark keeps as it is becomes a block of its own."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        lines = paragraph.split("\n")
        kept = lines[0].strip() == "\b"
        yield "\n".join(f"    {line}" for line in lines[1:]) if kept else paragraph
        yield ""


def _option_table(params: Iterable[click.Parameter]) -> Iterator[str]:
    rows = [each for each in params if isinstance(each, click.Option) and each.help]
    if not rows:
        return
    yield "\n| option | meaning |"
    yield "|---|---|"
    for each in rows:
        names = ", ".join(f"`{name}`" for name in each.opts)
        taken = "" if each.is_flag else f" {_taken(each)}".replace("|", "\\|")
        yield f"| {names}{taken} | {' '.join((each.help or '').split())} |"


def _taken(option: click.Option) -> str:
    """Name what an option takes."""
    choices = f"[{'|'.join(map(str, option.type.choices))}]" if isinstance(option.type, click.Choice) else ""
    return option.metavar or choices or str(option.type.name).upper()


# ----------------------------------------------------------------------------------------------- watching and running


def settings_page() -> Iterator[str]:
    """List every setting."""
    yield from _top("Settings", "Every setting, where it can be given, what it takes and what it is without.")
    yield "In a TOML file a setting stands in its section. The command line comes before the environment, the"
    yield "environment before the file. `sogdia config check FILE` says what is wrong; `sogdia config show` what holds."
    for section in SECTIONS:
        yield f"\n## {section}\n"
        yield "| setting | in the environment | takes | default | meaning |"
        yield "|---|---|---|---|---|"
        for variable, key in VARIABLES.items():
            if key.startswith(f"{section}."):
                name, default = key.partition(".")[2], _toml(FIELDS[key].default)
                yield f"| `{name}` | `{variable}` | {bounds(key)} | {default} | {description(key)} |"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value == ():
        return "none"
    return f"`{value}`" if value != "" else "none"


def figures_page() -> Iterator[str]:
    """List every figure for Prometheus."""
    yield from _top("Figures", "What `/metrics` of a node says, for Prometheus.")
    yield "`process_…` figures of the operating system stand beside them."
    yield "\n| figure | kind | labels | meaning |"
    yield "|---|---|---|---|"
    for figure in FIGURES:
        labels = ", ".join(f"`{label}`" for label in figure.labels)
        yield f"| `{figure.name}` | {figure.kind('x', '').type} | {labels} | {figure.help} |"
    for name, about in HISTOGRAMS:
        yield f"| `{name}` | histogram | | {about} |"


def _top(title: str, about: str) -> Iterator[str]:
    yield f"# {title}\n"
    yield f"{about}\n"
    yield f"{MADE_BY}\n"


def _said(declared: object) -> str:
    return " ".join((inspect.getdoc(declared) or "").split())


if __name__ == "__main__":
    sys.exit(main())
