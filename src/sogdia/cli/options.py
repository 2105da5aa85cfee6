"""Options that many commands share, and what a command has at hand once they are read."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.keyring import DEFAULT_FOLDER, Keyring

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

PASSPHRASE_VARIABLE = "SOGDIA_PASSPHRASE"  # noqa: S105 - the name of a variable, not a passphrase
KEYS_VARIABLE = "SOGDIA_KEYS"
NODE_VARIABLE = "SOGDIA_NODE"
CONFIG_VARIABLE = "SOGDIA_CONFIG"

JSON_HELP = "Write one JSON document for programs."
NODE_HELP = f"The node's folder. Default: ${NODE_VARIABLE}, or the node that runs on this machine."
KEYS_HELP = f"The folder of your keys. Default: ${KEYS_VARIABLE}, or {DEFAULT_FOLDER}."
SANDBOX_HELP = "Take the genesis of a sandbox, too: a network for trials, where nothing is worth anything."
UNTIL_HELP = "End when standard input is closed: for whoever starts this as a child and must not leave it behind."
CONFIG_HELP = f"A TOML file with settings. Default: ${CONFIG_VARIABLE}, or none."


class Way(NamedTuple):
    """Which node, whose names, and how results are shown."""

    node_folder: Path | None
    keys_folder: Path | None
    as_json: bool


class Folder(click.Path):
    """A folder or file given as a path."""

    def __init__(self) -> None:
        """Take any path; what must be true of it is checked where it is used."""
        super().__init__(path_type=Path)


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help=JSON_HELP)(command)


def node_option(command: F) -> F:
    """Add `--node`."""
    return click.option("--node", "node_folder", type=Folder(), envvar=NODE_VARIABLE, help=NODE_HELP)(command)


def keys_option(command: F) -> F:
    """Add `--keys`."""
    return click.option("--keys", "keys_folder", type=Folder(), envvar=KEYS_VARIABLE, help=KEYS_HELP)(command)


def sandbox_option(command: F) -> F:
    """Add `--sandbox`."""
    return click.option("--sandbox", is_flag=True, help=SANDBOX_HELP)(command)


def config_option(command: F) -> F:
    """Add `--config`."""
    return click.option("--config", type=Folder(), envvar=CONFIG_VARIABLE, help=CONFIG_HELP)(command)


def until_input_ends_option(command: F) -> F:
    """Add `--until-input-ends`."""
    return click.option("--until-input-ends", is_flag=True, help=UNTIL_HELP)(command)


def end_with_the_input() -> None:
    """Have this process end in order once its standard input is closed, as it is when whoever started it dies."""

    def wait() -> None:
        with suppress(OSError, ValueError):
            while os.read(sys.stdin.fileno(), 4_096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=wait, daemon=True).start()


def keyring(keys_folder: Path | None, *further: Path) -> Keyring:
    """Give the keys in the named folder; without one, those in the usual folder and in `further` ones."""
    return Keyring(keys_folder) if keys_folder is not None else Keyring(DEFAULT_FOLDER, *further)


def ask_passphrase(name: str) -> str:
    """Give the passphrase of a key: from the environment, or from whoever sits at the terminal."""
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Stopped(
            Exit.USAGE,
            f"The key {name!r} has a passphrase, and there is no terminal to ask for it.",
            f"Set {PASSPHRASE_VARIABLE}.",
        )
    answer: str = click.prompt(f"Passphrase of {name}", hide_input=True, err=True)
    return answer


def new_passphrase(name: str) -> str:
    """Give the passphrase for a new key; nothing when there is nobody to ask."""
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return ""
    answer: str = click.prompt(f"New passphrase of {name}", hide_input=True, confirmation_prompt="Once more", err=True)
    return answer


def show(words: str, document: object, *, as_json: bool) -> None:
    """Write the result of a command: words for people, or one document for programs."""
    if as_json:
        from sogdia.cli.documents import write_json  # noqa: PLC0415 - only for JSON

        click.echo(write_json(document))
    else:
        click.echo(words)
