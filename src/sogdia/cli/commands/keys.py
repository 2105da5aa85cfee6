"""`sogdia keys`: keys that sign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sogdia.cli import options
from sogdia.cli.documents import account as account_document
from sogdia.cli.exits import usage
from sogdia.cli.keyring import Keyring, Listed, check_name
from sogdia.cli.options import json_option, keys_option
from sogdia.cli.tables import table_words
from sogdia.client import keys as key_files
from sogdia.client.codes import account_code
from sogdia.client.logins import is_login_line
from sogdia.client.running_nodes import running_nodes

LABEL_HELP = "A line about the key; it stands in the file for all to read."
SCHEME_HELP = "What kind of key: ed25519, or p256 where others ask for it."
UNPROTECTED_HELP = "Without a passphrase: whoever has the file can sign. For keys that are worth nothing."


@click.group()
def keys() -> None:
    """Keys that sign: make, list, show, derive them.

    A key is a file that only its passphrase opens. It never leaves your machine; a registrar needs its public half.
    """


@keys.command()
@click.argument("name")
@click.option("--label", default="", metavar="TEXT", help=LABEL_HELP)
@click.option("--scheme", type=click.Choice(tuple(key_files.PAIRS)), default="ed25519", help=SCHEME_HELP)
@click.option("--unprotected", is_flag=True, help=UNPROTECTED_HELP)
@keys_option
@json_option
def new(  # noqa: PLR0913 - one parameter an option
    name: str, label: str, scheme: str, keys_folder: Path | None, *, unprotected: bool, as_json: bool
) -> None:
    """Make a new key called NAME from the system's randomness."""
    ring = options.keyring(keys_folder)
    pair = key_files.generate() if scheme == "ed25519" else key_files.generate_p256()
    _save(ring, name, pair, label, unprotected=unprotected)
    _show_one(ring.listed(name), as_json=as_json)


@keys.command()
@click.argument("name")
@click.argument("path", nargs=-1)
@click.option("--seed", metavar="TEXT", help="The seed as text. Others on this machine can see it: for simulations.")
@click.option("--seed-file", type=options.Folder(), help="A file whose bytes are the seed.")
@click.option("--label", default="", metavar="TEXT", help=LABEL_HELP)
@click.option("--unprotected", is_flag=True, help=UNPROTECTED_HELP)
@keys_option
@json_option
def derive(  # noqa: PLR0913 - one parameter an option
    name: str,
    path: tuple[str, ...],
    seed: str | None,
    seed_file: Path | None,
    label: str,
    keys_folder: Path | None,
    *,
    unprotected: bool,
    as_json: bool,
) -> None:
    """Derive the key that a seed has under PATH, and store it as NAME.

    The same seed and path always give the same key: sogdia keys derive buyer buyer 17850 --seed-file seed
    """
    if (seed is None) == (seed_file is None):
        raise usage("A key is derived from one seed.", "Give --seed TEXT or --seed-file FILE.")
    secret = seed.encode() if seed is not None else (seed_file.read_bytes() if seed_file is not None else b"")
    if not secret:
        raise usage("The seed is empty, so everybody could derive this key.", "Give a seed that is hard to guess.")
    ring = options.keyring(keys_folder)
    _save(ring, name, key_files.derive(secret, *path), label, unprotected=unprotected)
    _show_one(ring.listed(name), as_json=as_json)


@keys.command("list")
@keys_option
@json_option
def list_(keys_folder: Path | None, *, as_json: bool) -> None:
    """List all keys with the accounts they sign for."""
    ring = options.keyring(keys_folder)
    found = [ring.listed(name) for name in ring.names()]
    rows = [
        (each.name, each.public.hex()[:16] + "…", _account_words(each), "" if each.protected else "no passphrase")
        for each in found
    ]
    folder = ring.folders[0]
    words = table_words(("name", "public key", "account", ""), rows) or f"No keys in {folder}."
    options.show(words, {"folder": str(folder), "keys": [_document(each) for each in found]}, as_json=as_json)


@keys.command()
@click.argument("name")
@keys_option
@json_option
def show(name: str, keys_folder: Path | None, *, as_json: bool) -> None:
    """Show a key: its public half, the account it signs for, its file."""
    _show_one(options.keyring(keys_folder).listed(name), as_json=as_json)


@keys.command()
@click.argument("name")
@click.argument("account")
@keys_option
@options.node_option
@json_option
def assign(name: str, account: str, keys_folder: Path | None, node_folder: Path | None, *, as_json: bool) -> None:
    """Remember that the key NAME signs for ACCOUNT, once a registrar has entered its holder."""
    from sogdia.cli.sessions import Session  # noqa: PLC0415 - only an account by reference needs a node

    ring = options.keyring(keys_folder)
    ring.path(name)
    ring.note_account(name, Session(node_folder, ring).naming.account(account))
    _show_one(ring.listed(name), as_json=as_json)


@keys.command("sign-challenge")
@click.argument("name")
@click.argument("line")
@keys_option
@json_option
def sign_challenge(name: str, line: str, keys_folder: Path | None, *, as_json: bool) -> None:
    """Sign the LINE that a site shows to whoever signs in, with the key NAME.

    Only such a line is signed. It names the site, the account and until when it is good; compare the site with the
    one that you are on. What is signed here lets somebody read, and can never move money.
    """
    if not is_login_line(line):
        raise usage(
            "This is no line to sign in with.", "Copy the whole line, in quotes; it begins with 'sogdia login to'."
        )
    # The people of a demonstration have their keys beside its node.
    beside = [Path(node.keys) for node in running_nodes() if node.keys is not None] if keys_folder is None else []
    ring = options.keyring(keys_folder, *beside)
    signature = ring.open(name, options.ask_passphrase).sign(line.encode("ascii"))
    options.show(signature.hex(), {"line": line, "signature": signature.hex()}, as_json=as_json)


def _save(ring: Keyring, name: str, pair: key_files.AnyKeyPair, label: str, *, unprotected: bool) -> None:
    check_name(name)
    path = ring.new_path(name)
    if path.exists():
        raise key_files.KeyFileExists(f"{path} exists; key files are never overwritten. Choose another name.")
    passphrase = "" if unprotected else options.new_passphrase(name)
    try:
        key_files.save(path, pair, passphrase, label=label, unprotected=unprotected)
    except ValueError as error:
        raise usage(f"--label: {error}") from error


def _account_words(key: Listed) -> str:
    return "not known yet" if key.account is None else account_code(key.account)


def _document(key: Listed) -> dict[str, Any]:
    return {
        "name": key.name,
        "public": key.public.hex(),
        "scheme": key.scheme,
        "account": None if key.account is None else account_document(key.account),
        "label": key.label,
        "protected": key.protected,
        "file": str(key.path),
    }


def _show_one(key: Listed, *, as_json: bool) -> None:
    lines = [
        f"name        {key.name}" + (f"  ({key.label})" if key.label else ""),
        f"public key  {key.public.hex()}" + ("" if key.scheme == "ed25519" else f"  ({key.scheme})"),
        f"account     {_account_words(key)}",
        f"file        {key.path}" + ("" if key.protected else "  (no passphrase)"),
    ]
    options.show("\n".join(lines), _document(key), as_json=as_json)
