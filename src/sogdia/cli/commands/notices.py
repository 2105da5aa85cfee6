"""`sogdia notices`: tell people what needs looking at; who is told, and where, is theirs to say and to take back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import config_option, json_option, keys_option, node_option

if TYPE_CHECKING:
    from pathlib import Path

CHANNEL = click.Choice(["mail", "push", "sms"])


@click.group()
def notices() -> None:
    """Tell people by mail, web push or SMS what needs looking at.

    Nobody is told anything who has not asked for it. Addresses are kept in notices.folder, encrypted, on no ledger.
    """


@notices.command()
@node_option
@config_option
def run(node_folder: Path | None, config: Path | None) -> None:
    """Follow the node and send notices, until Ctrl-C."""
    from sogdia.cli.telling import run_notices  # noqa: PLC0415 - needs the channels

    run_notices(node_folder, config)


@notices.command()
@click.argument("account")
@click.option("--channel", type=CHANNEL, required=True, help="How to reach them.")
@click.option("--address", required=True, help="A mail address, a phone number, or a browser's push subscription.")
@click.option("--language", default="en", show_default=True, help="Which language: en, ru, zh, uz, sw or ar.")
@click.option("--consented", is_flag=True, help="They have agreed already: send no code to be confirmed.")
@node_option
@keys_option
@config_option
@json_option
def subscribe(  # noqa: PLR0913 - one parameter an option
    account: str,
    channel: str,
    address: str,
    language: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    config: Path | None,
    *,
    consented: bool,
    as_json: bool,
) -> None:
    """Enter that whoever acts for ACCOUNT wants to be told. A code goes to the address; 'confirm' takes it."""
    from sogdia.cli.telling import enter  # noqa: PLC0415 - needs the channels

    way = options.Way(node_folder, keys_folder, as_json)
    enter(account, channel, address, language, config, way, consented=consented)


@notices.command()
@click.argument("account")
@click.argument("code")
@node_option
@keys_option
@config_option
@json_option
def confirm(  # noqa: PLR0913 - one parameter an option
    account: str, code: str, node_folder: Path | None, keys_folder: Path | None, config: Path | None, *, as_json: bool
) -> None:
    """Take the CODE that was sent to a new subscription of ACCOUNT: from now on it is told."""
    from sogdia.cli.telling import take_code  # noqa: PLC0415 - needs the channels

    take_code(account, code, config, options.Way(node_folder, keys_folder, as_json))


@notices.command()
@click.argument("account")
@node_option
@keys_option
@config_option
@json_option
def forget(
    account: str, node_folder: Path | None, keys_folder: Path | None, config: Path | None, *, as_json: bool
) -> None:
    """Erase every address of ACCOUNT, and what waits to be sent there."""
    from sogdia.cli.telling import erase  # noqa: PLC0415 - needs the channels

    erase(account, config, options.Way(node_folder, keys_folder, as_json))


@notices.command()
@config_option
@json_option
def status(config: Path | None, *, as_json: bool) -> None:
    """Count subscriptions and what waits, and give the key that browsers subscribe with."""
    from sogdia.cli.telling import show_counts  # noqa: PLC0415 - needs the channels

    show_counts(config, as_json=as_json)
