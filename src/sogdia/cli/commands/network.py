"""`sogdia network`: several organisations that share one ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sogdia.cli import options
from sogdia.cli.exits import Exit, usage
from sogdia.cli.options import Folder, json_option
from sogdia.client.codes import account_code

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.cometbft.home import Sync
    from sogdia.network.local import NodeState

FOLDER = click.argument("folder", metavar="DIR", type=Folder())
NODES = click.argument("nodes", metavar="[NODE]…", nargs=-1)
SHOWN_DIGITS = 12


@click.group()
def network() -> None:
    """Several organisations that share one ledger: make a network, run it on this machine, look after it.

    Each organisation runs a node of its own, and CometBFT lets them agree: no block without more than two thirds of
    them. For instance:

    \b
    sogdia network create --organisations cn-platform,kz-bank,uz-post,ke-customs house
    sogdia network up house
    sogdia network status house
    sogdia query status --node house/kz-bank
    sogdia network down house
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@network.command()
@FOLDER
@click.option("--organisations", required=True, metavar="NAMES", help="Names such as cn-platform,kz-bank, with commas.")
@click.option("--hosts", metavar="HOSTS", help="Where each node is reached, in the same order; default: this machine.")
@click.option("--name", metavar="TEXT", help="What the network is called. Default: the folder's name.")
@click.option("--port", type=click.IntRange(1024, 65_000), default=26_600, show_default=True, help="The first port.")
@json_option
def create(folder: Path, organisations: str, hosts: str | None, name: str | None, port: int, *, as_json: bool) -> None:  # noqa: PLR0913 - one parameter an option
    """Make a network in DIR: keys, genesis, and a folder for each organisation's node."""
    from sogdia.network.creating import Wanted  # noqa: PLC0415 - it needs the whole engine
    from sogdia.network.creating import create as make  # noqa: PLC0415 - as above
    from sogdia.network.organisations import NameWrongError, read_organisations  # noqa: PLC0415 - as above

    try:
        found = read_organisations(organisations)
    except NameWrongError as error:
        raise usage(f"{error}.") from error
    places = tuple(each.strip() for each in hosts.split(",")) if hosts else ()
    if places and len(places) != len(found):
        raise usage(f"{len(found)} organisations and {len(places)} hosts are named.", "Name one host for each.")
    called = name or folder.resolve().name[:40] or "network"
    plan = make(folder, Wanted(name=called, organisations=tuple(found), hosts=places, port=port))
    lines = [f"Created the network {plan.name!r}, {plan.network}, in {folder}:"]
    lines += [
        f"    {each.organisation:<16} {folder / each.folder}  (peers reach it at {each.peer})" for each in plan.nodes
    ]
    if places:
        lines.append("Give each organisation its own folder, and nobody else; guide: docs/guides/run-a-network.md")
    else:
        lines.append(f"Run it on this machine with: sogdia network up {folder}")
    document = {
        "name": plan.name,
        "network": plan.network,
        "nodes": [{"organisation": each.organisation, "folder": each.folder, "peer": each.peer} for each in plan.nodes],
    }
    options.show("\n".join(lines), document, as_json=as_json)


@network.command()
@FOLDER
@NODES
@click.option("--no-wait", is_flag=True, help="Do not wait until they have a block.")
@json_option
def up(folder: Path, nodes: tuple[str, ...], *, no_wait: bool, as_json: bool) -> None:
    """Start all nodes of DIR on this machine, or those that are named; ready when each has a block."""
    from sogdia.network import local  # noqa: PLC0415 - it needs the whole engine
    from sogdia.network.engine_program import find_engine  # noqa: PLC0415 - as above

    find_engine()
    local.up(folder, nodes, wait=not no_wait, say=_nobody if as_json else click.echo)
    if as_json:
        _show_states(folder)


@network.command()
@FOLDER
@NODES
@json_option
def down(folder: Path, nodes: tuple[str, ...], *, as_json: bool) -> None:
    """Stop all nodes of DIR, or those that are named; all that was acknowledged is written."""
    from sogdia.network import local  # noqa: PLC0415 - it needs the client

    local.down(folder, nodes, say=_nobody if as_json else click.echo)
    if as_json:
        _show_states(folder)


@network.command()
@click.option("--once", is_flag=True, help="Play, check, and end, instead of keeping the network until Ctrl-C.")
@click.option("--folder", type=Folder(), help="Where to play. Default: a folder that is removed at the end.")
def demo(folder: Path | None, *, once: bool) -> None:
    """Play one trade from Bukhara to Nairobi on four organisations; one loses its power in the middle."""
    import sys  # noqa: PLC0415 - only here
    from pathlib import Path as Place  # noqa: PLC0415 - as above

    from sogdia.demo.network_play import play  # noqa: PLC0415 - it needs the whole engine

    play(click.echo, once=once, folder=folder, sogdia=sys.argv[0] if Place(sys.argv[0]).name == "sogdia" else "sogdia")


@network.command()
@FOLDER
@json_option
def status(folder: Path, *, as_json: bool) -> int:
    """Say how each node is: whether it runs, its height, and whether all have the same state."""
    from sogdia.network import local  # noqa: PLC0415 - it needs the client

    found = local.states(folder)
    same = len({(each.status.state_root, each.height) for each in found if each.status is not None}) <= 1
    lines = [_line(each) for each in found]
    options.show("\n".join(lines), {"nodes": [_document(each) for each in found], "same_state": same}, as_json=as_json)
    if any(each.status for each in found):
        return Exit.DONE
    click.echo(f"No node of this network answers. Start it: sogdia network up {folder}", err=True)
    return Exit.UNREACHABLE


def _nobody(_line: str) -> None:
    return


def _show_states(folder: Path) -> None:
    """Show for programs how each node is now."""
    from sogdia.network import local  # noqa: PLC0415 - it needs the client

    options.show("", {"nodes": [_document(each) for each in local.states(folder)]}, as_json=True)


def _line(state: NodeState) -> str:
    name = f"{state.node.organisation:<16}"
    if state.status is None:
        return f"{name} {'does not answer' if state.process else 'does not run'}"
    root = state.status.state_root.hex()[:SHOWN_DIGITS]
    waits = f", waits for {state.status.waits_for}" if state.status.waits_for else ""
    return f"{name} height {state.height:>8}  state {root}…  {state.status.backlog} waiting{waits}"


def _document(state: NodeState) -> dict[str, Any]:
    status = state.status
    return {
        "organisation": state.node.organisation,
        "folder": state.node.folder,
        "process": state.process,
        "answers": status is not None,
        "height": state.height,
        "state_root": None if status is None else status.state_root.hex(),
        "backlog": None if status is None else status.backlog,
        "waits_for": None if status is None else status.waits_for,
    }


@network.command()
@FOLDER
@NODES
@click.option("--lines", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many of each.")
def logs(folder: Path, nodes: tuple[str, ...], lines: int) -> None:
    """Show the last lines of what the nodes and their engines have said."""
    from sogdia.network import local  # noqa: PLC0415 - it needs the client
    from sogdia.network.creating import read_plan  # noqa: PLC0415 - as above

    for node in local.chosen(read_plan(folder), nodes):
        ours, engines = local.logs_of(folder / node.folder, lines)
        click.echo(f"== {node.organisation}, the node\n{ours}\n== {node.organisation}, its engine\n{engines}")


@network.command("add-node")
@FOLDER
@click.argument("name")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where its peers reach it.")
@click.option("--port", type=click.IntRange(1024, 65_535), help="At which port. Default: the next after the others'.")
@click.option("--sync", is_flag=True, help="Begin with a snapshot of the nodes that run, instead of all blocks.")
@click.option(
    "--trust", metavar="HEIGHT:HASH", help="With --sync: a header you trust. Default: verified from the genesis."
)
@click.option("--server", "servers", multiple=True, metavar="URL", help="With --trust: an engine's RPC, twice or more.")
@json_option
def add_node(  # noqa: PLR0913 - one parameter an option
    folder: Path,
    name: str,
    host: str,
    port: int | None,
    *,
    sync: bool,
    trust: str | None,
    servers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make one more node, NAME, in DIR. It follows the others; its organisation votes once the others admit it.

    With --sync it takes the state from a snapshot of its peers, which is believed only as far as it leads to a header
    that more than two thirds of the validators signed. Trust begins with the genesis, or, on a network older than two
    weeks, with a header that you name.
    """
    from sogdia.network.creating import add_node as add  # noqa: PLC0415 - it needs the whole engine

    added = add(folder, name, host=host, port=port, sync=_sync(folder, trust, servers) if sync else None)
    words = (
        f"{name} is made in {folder / name}; its peers reach it at {added.peer}.\n"
        f"Start it: sogdia network up {folder} {name}"
    )
    options.show(words, {"node": name, "folder": str(folder / name), "peer": added.peer}, as_json=as_json)


def _sync(folder: Path, trust: str | None, servers: tuple[str, ...]) -> Sync:
    """Give how a new node syncs: as is said, or from the nodes of the network in DIR that run."""
    from sogdia.network.syncing import CannotSyncError, sync_of, sync_within  # noqa: PLC0415 - it needs the engine

    try:
        return sync_within(folder) if trust is None else sync_of(folder, trust, servers)
    except CannotSyncError as error:
        raise usage(f"{error}.") from error


@network.command("prove-key")
@click.argument("node", metavar="NODE_DIR", type=Folder())
@click.argument("account")
@options.keys_option
@json_option
def prove_key(node: Path, account: str, keys_folder: Path | None, *, as_json: bool) -> None:
    """Sign with the validator key of NODE_DIR that it is held for the organisation ACCOUNT, which is to be admitted.

    A member then proposes it, and the organisation signs along: sogdia tx propose-admission.
    """
    from sogdia.cli.sessions import Session  # noqa: PLC0415 - it needs the client
    from sogdia.network.creating import GENESIS  # noqa: PLC0415 - it needs the whole engine
    from sogdia.network.validator_keys import prove_held  # noqa: PLC0415 - as above

    with Session(None, options.keyring(keys_folder), genesis=node / GENESIS) as session:
        whose = session.naming.account(account)
    held = prove_held(node, whose)
    words = (
        f"sogdia tx propose-admission --account {account_code(whose)} --public {held.public.hex()} \\\n"
        f"    --possession {held.possession.hex()} \\\n"
        "    --power POWER --reference REFERENCE --height 0 --from MEMBER --also-signed-by ORGANISATION"
    )
    document = {"account": whose.hex(), "public": held.public.hex(), "possession": held.possession.hex()}
    options.show(words, document, as_json=as_json)


@network.command("change-key")
@click.argument("node", metavar="NODE_DIR", type=Folder())
@json_option
def change_key(node: Path, *, as_json: bool) -> None:
    """Make the next validator key of NODE_DIR, and sign the change with both; the organisation then sends it.

    A node that runs takes it over by itself, at the first block that the new key signs. Said again, it signs the same
    change again.
    """
    from sogdia.network.validator_keys import prepare_change  # noqa: PLC0415 - it needs the whole engine

    change = {name: value.hex() for name, value in prepare_change(node)._asdict().items()}
    words = (
        f"sogdia tx rotate-node-key --old {change['old']} --new {change['new']} \\\n"
        f"    --endorsement {change['endorsement']} \\\n"
        f"    --acceptance {change['acceptance']} --from ORGANISATION\n"
        "The node takes the new key over by itself, and begins anew for it."
    )
    options.show(words, change, as_json=as_json)


@network.command()
@FOLDER
@json_option
def doctor(folder: Path, *, as_json: bool) -> int:
    """Look for what is wrong: the engine's program, genesis files, keys, ports, peers, clocks, disks, states."""
    from sogdia.network.doctor import examine  # noqa: PLC0415 - it needs the client

    findings = examine(folder)
    lines = [f"{'ok' if each.ok else 'WRONG':<6}{each.about}: {each.message}" for each in findings]
    document = {"findings": [each._asdict() for each in findings], "ok": all(each.ok for each in findings)}
    options.show("\n".join(lines), document, as_json=as_json)
    wrong = sum(not each.ok for each in findings)
    if not wrong:
        return Exit.DONE
    click.echo(f"{wrong} of {len(findings)} things are not as they should be.", err=True)
    return Exit.DAMAGED
