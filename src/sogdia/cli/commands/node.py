"""`sogdia node`: create, start, stop and look after a node."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from sogdia.cli import options
from sogdia.cli.exits import usage
from sogdia.cli.options import Folder, json_option, keys_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sogdia.cli.creating import Created
    from sogdia.client.connection import Connection, NodeStatus

FOLDER = click.argument("folder", metavar="[DIR]", type=Folder(), required=False, envvar=options.NODE_VARIABLE)
MEBIBYTE = 2**20
PASSKEY_SITE_HELP = (
    "A site on which people use passkeys, such as https://ledger.example. Repeatable; the domain of the first is that"
    " of all passkeys of the network, for ever. Default: no passkeys."
)


@click.group()
def node() -> None:
    """Create, start, stop and look after a node.

    A node is a folder: its ledger, its genesis, the key that signs its headers. For instance:

    \b
    sogdia node create house --organisation bank --currency USD
    sogdia node start house
    sogdia query status                      (from another terminal)
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@node.command()
@click.argument("folder", metavar="DIR", type=Folder())
@click.option("--genesis", type=Folder(), help="Begin with this genesis, instead of one for a single organisation.")
@click.option("--node-key", type=Folder(), help="With --genesis: the file of the key that signs headers.")
@click.option("--secret", type=Folder(), help="With --genesis: the file of the blinding secret that it commits to.")
@click.option("--name", metavar="TEXT", help="What the network is called. Default: the folder's name.")
@click.option("--organisation", default="house", show_default=True, metavar="REFERENCE", help="Who runs it.")
@click.option("--country", default="ZZ", show_default=True, help="Where it is: two letters of ISO 3166.")
@click.option("--currency", default="USD", show_default=True, help="What it issues: three letters of ISO 4217.")
@click.option(
    "--clock",
    type=click.Choice(["wall", "manual"]),
    default="wall",
    show_default=True,
    help="The computer's clock, or one that only 'sogdia node advance' moves.",
)
@click.option("--passkey-site", "passkey_sites", multiple=True, metavar="ORIGIN", help=PASSKEY_SITE_HELP)
@click.option("--unprotected", is_flag=True, help="Keys without a passphrase, for networks that are worth nothing.")
@keys_option
@json_option
def create(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    genesis: Path | None,
    node_key: Path | None,
    secret: Path | None,
    name: str | None,
    organisation: str,
    country: str,
    currency: str,
    clock: str,
    passkey_sites: tuple[str, ...],
    keys_folder: Path | None,
    *,
    unprotected: bool,
    as_json: bool,
) -> None:
    """Make a new node in DIR: its ledger, its genesis, its key.

    Without a genesis it is a network of one organisation, which registers parties, issues money and runs the node. Its
    key is put among yours, under its name.
    """
    from sogdia.cli.creating import Wanted, create_for, create_from  # noqa: PLC0415 - they need the whole engine

    if genesis is not None:
        created = create_from(folder, genesis, node_key, secret)
    elif node_key is not None or secret is not None:
        raise usage("--node-key and --secret go with a genesis that names them.", "Add --genesis FILE.")
    else:
        called = name or folder.resolve().name[:40] or "network"
        wanted = Wanted(called, organisation, country, currency, clock, unprotected, passkey_sites)
        created = create_for(folder, wanted, options.keyring(keys_folder))
    _show_created(folder, created, as_json=as_json)


def _show_created(folder: Path, created: Created, *, as_json: bool) -> None:
    document = {
        "folder": str(folder.resolve()),
        "network": created.network.hex(),
        "name": created.genesis.name,
        "node_key": created.node_key.hex(),
        "has_key": created.has_key,
    }
    lines = [f"Created {created.genesis.name!r} in {folder}, network {created.network.hex()}."]
    if not created.has_key:
        lines.append(
            f"Put the file of the key {created.node_key.hex()} into {folder / 'keys'} (its name ends in .key)."
        )
    if created.genesis.blinding is None:
        lines.append("Its genesis names no blinding secret: small values beside a proved record can be guessed.")
    lines.append(f"Start it with: sogdia node start {folder}")
    options.show("\n".join(lines), document, as_json=as_json)


@node.command()
@click.argument("file", type=Folder())
@json_option
def secret(file: Path, *, as_json: bool) -> None:
    """Make a blinding secret for a genesis that you write, in the new FILE.

    Whoever runs a node of the network needs it, and nobody else may have it: with it, small values that stand beside a
    proved record can be guessed. It goes with every export and backup.
    """
    from sogdia.cli.creating import new_secret  # noqa: PLC0415 - as above

    blinding = new_secret(file)
    options.show(
        f'Wrote {file}. Put "blinding": "{blinding}" into the genesis.', {"blinding": blinding}, as_json=as_json
    )


@node.command()
@click.argument("folder", metavar="[DIR]", type=Folder(), required=False)
@options.config_option
@click.option("--metrics", metavar="HOST:PORT", help="Serve /metrics and /health there, such as 127.0.0.1:9464.")
@click.option("--http", metavar="HOST:PORT", help="Run the HTTP API beside the node there, such as 127.0.0.1:8080.")
@click.option("--explorer", metavar="HOST:PORT", help="Run the explorer beside it there, such as 127.0.0.1:8081.")
@click.option("--log-level", metavar="LEVEL", help="The least that is said: debug, info, warning or error.")
@click.option("--log-format", metavar="FORMAT", help="Lines for people (text), or one JSON object a line (json).")
@click.option("--accept-clock", is_flag=True, help="The computer's clock is right, although it seems to have leapt.")
@click.option(
    "--part",
    type=click.Choice(["both", "application"]),
    default="both",
    hidden=True,
    help="For a network's node: both its processes, or the application alone, which ends with its standard input.",
)
def start(  # noqa: PLR0913 - one parameter an option
    folder: Path | None,
    config: Path | None,
    metrics: str | None,
    http: str | None,
    explorer: str | None,
    log_level: str | None,
    log_format: str | None,
    part: str,
    *,
    accept_clock: bool,
) -> None:
    """Run the node of DIR until Ctrl-C or 'sogdia node stop'.

    A node of a network of several organisations is two processes: the application, which is ours, and the engine,
    CometBFT. This runs both, and begins both anew when either ends.

    Settings come from the command line, the environment, the file of --config, in this order ('sogdia config show').
    SIGHUP reads them again. API and explorer are processes of their own, which end with the node and cannot stop it.
    """
    from sogdia import node as wiring  # noqa: PLC0415 - it needs the whole engine
    from sogdia.cli.configured import gathered, node_folder  # noqa: PLC0415 - as above
    from sogdia.client.running_nodes import announced  # noqa: PLC0415 - as above
    from sogdia.operate.beside import Beside, doors_of  # noqa: PLC0415 - as above

    said = {
        "metrics.listen": metrics, "node.http": http, "node.explorer": explorer, "log.level": log_level,
        "log.format": log_format,
    }  # fmt: skip
    settings = gathered(config, said).settings
    place = node_folder(folder, settings)
    say = _say_in(settings.log.format)
    if part == "both" and wiring.needs_engine(place):
        from sogdia.cli.network_work import start_pair  # noqa: PLC0415 - only such a node needs it

        options_given = [("--config", config and str(config)), ("--metrics", metrics), ("--log-level", log_level)]
        options_given.append(("--log-format", log_format))
        start_pair(place, [word for name, value in options_given if value for word in (name, value)], settings, say)
        return
    keys = wiring.load_keys(place, lambda path: options.ask_passphrase(path.stem))
    with ExitStack() as while_running:
        if part == "application":
            stop_with_the_parent()
            while_running.enter_context(end_with_own_status())

        # Before it answers anybody: a node that can be reached can also be found.
        while_running.enter_context(announced(place))

        def ready(socket: Path) -> None:
            say(f"The node of {place} runs; it answers at {socket}. Ctrl-C stops it.")

        wiring.run(
            place,
            keys,
            ready=ready,
            accept_clock=accept_clock,
            settings=settings,
            read_again=lambda: gathered(config, said).settings,
            beside=lambda chosen: Beside(doors_of(chosen, place, config), chosen, say),
        )
    say("The node has stopped; all that was acknowledged is written.")


@contextmanager
def end_with_own_status() -> Iterator[None]:
    """Let nobody who asks this process to stop hide why it is ending already: its status tells the parent."""
    import signal  # noqa: PLC0415 - only the application of a pair needs it

    try:
        yield
    except BaseException:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise


def stop_with_the_parent() -> None:
    """Ask this process to stop in order once the one that began it is gone, which closes our standard input."""
    import os  # noqa: PLC0415 - only the application of a pair needs these
    import signal  # noqa: PLC0415
    from threading import Thread  # noqa: PLC0415

    def wait() -> None:
        while os.read(0, 4096):  # not through sys.stdin: its lock would be held when the interpreter ends
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=wait, daemon=True).start()


def _say_in(log_format: str) -> Callable[[str], None]:
    """Give what tells the operator that the node runs: a line for people, or one of the log where programs read it."""
    if log_format == "json":
        return logging.getLogger(__name__).info
    return lambda words: click.echo(words, err=True)


@node.command()
@FOLDER
@json_option
def status(folder: Path | None, *, as_json: bool) -> None:
    """Say how a running node is."""
    show_status(folder, as_json=as_json)


@node.command()
@FOLDER
@json_option
def stop(folder: Path | None, *, as_json: bool) -> None:
    """Ask a running node to stop, once all it has acknowledged is written."""
    with connect(folder) as connection:
        connection.stop()
    options.show("The node stops.", {"stopping": True}, as_json=as_json)


@node.command()
@FOLDER
@json_option
def checkpoint(folder: Path | None, *, as_json: bool) -> None:
    """Keep the present state, so that proofs as of its height can be made later."""
    with connect(folder) as connection:
        height = connection.checkpoint()
        kept = connection.checkpoints()
    words = f"The state of height {height} is kept. Kept are: {', '.join(map(str, kept))}."
    options.show(words, {"height": height, "kept": kept}, as_json=as_json)


@node.command()
@FOLDER
@json_option
def scrub(folder: Path | None, *, as_json: bool) -> None:
    """Look through everything that is stored, block by block and record by record."""
    from sogdia.cli import folder_work  # noqa: PLC0415 - it needs the whole engine

    folder_work.run_scrub(folder, as_json=as_json)


@node.command()
@click.argument("moment")
@click.option("--node", "node_folder", type=Folder(), envvar=options.NODE_VARIABLE, help=options.NODE_HELP)
@json_option
def advance(moment: str, node_folder: Path | None, *, as_json: bool) -> None:
    """Move the clock of a network whose clock is moved by hand to MOMENT, such as +3d or 2026-11-22T10:00:00Z."""
    from sogdia.cli.moments import read_moment  # noqa: PLC0415 - only used here
    from sogdia.client.wording import moment_words  # noqa: PLC0415 - only used here

    with connect(node_folder) as connection:
        now = connection.status()
        to = read_moment(moment, max(now.now, now.time))
        height = connection.advance(to)
    words = f"It is {moment_words(to)}; what was due has been done, up to height {height}."
    options.show(words, {"time": to, "height": height}, as_json=as_json)


def connect(folder: Path | None) -> Connection:
    """Connect to the node that is meant."""
    from sogdia.cli.finding import find_node  # noqa: PLC0415 - importing it takes longer than asking for help
    from sogdia.client.connection import Connection  # noqa: PLC0415 - as above

    return Connection(find_node(folder))


def show_status(folder: Path | None, *, as_json: bool) -> None:
    """Show how a node is."""
    import msgspec  # noqa: PLC0415 - as above

    from sogdia.cli.documents import document  # noqa: PLC0415 - as above

    with connect(folder) as connection:
        found = connection.status()
    shown: dict[str, Any] = {name: document(value) for name, value in msgspec.structs.asdict(found).items()}
    options.show(_status_words(found), shown, as_json=as_json)


def _status_words(found: NodeStatus) -> str:
    from sogdia.client.wording import length_words, moment_words  # noqa: PLC0415 - as above
    from sogdia.kernel.genesis import is_sandbox  # noqa: PLC0415 - as above

    due = "nothing" if found.earliest_due is None else moment_words(found.earliest_due)
    refused = sum(found.refusals.values())
    rows = [
        ("network", f"{found.name}, {found.network.hex()}"),
        ("height", f"{found.durable_height}, block time {moment_words(found.time)}"),
        ("clock", f"{moment_words(found.now)} ({found.clock})"),
        ("records", f"{found.records}, state root {found.state_root.hex()}"),
        ("included", f"{found.envelopes_included} envelopes since the start, {refused} were not admissible"),
        ("waiting", f"{found.backlog} envelopes"),
        ("next deadline", due + (", overdue" if found.overdue else "")),
        ("disk", f"{found.file_bytes // MEBIBYTE} MiB used, {found.disk_free_bytes // MEBIBYTE} MiB free"),
        ("scrub", f"{found.scrub.get('rounds', 0)} rounds, {found.scrub.get('blocks', 0)} blocks looked at"),
        ("runs for", f"{length_words(found.uptime_seconds)}, process {found.process}, release {found.release}"),
    ]
    if is_sandbox(found.name):
        rows.insert(0, ("SANDBOX", "a network for trials; nothing on it is worth anything"))
    if found.waits_for:
        rows.insert(0, ("WAITS FOR", found.waits_for))
    return "\n".join(f"{label:<15}{value}" for label, value in rows)
