"""The folder of somebody's keys: one encrypted file a key, called by its name, and what account each of them signs for.

    KEYS/buyer.key            the key, which only its passphrase opens (see `client.keys`)
    KEYS/buyer.account        the code of the account that it signs for, once that is known

The account stands in a file of its own because a key is made before a registrar enters its holder. It is a note, not a
secret and not a proof: with a wrong one nothing worse happens than a refusal.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.client import keys
from sogdia.client.codes import CodeWrong, account_code, read_account

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_FOLDER = Path("~/.sogdia/keys")
KEY_SUFFIX = ".key"
ACCOUNT_SUFFIX = ".account"
ACCOUNT_FILE_BYTES_MAX = 200

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}\Z")


class Listed(NamedTuple):
    """A key of the folder, as its file describes it."""

    name: str
    path: Path
    public: bytes
    account: bytes | None
    label: str
    protected: bool
    scheme: str


class Keyring:
    """The folders in which keys are looked for; new ones go into the first."""

    def __init__(self, *folders: Path) -> None:
        """Look in `folders`, one after the other."""
        self.folders = tuple(folder.expanduser() for folder in folders)

    def path(self, name: str) -> Path:
        """Give the file of a key, or say that there is none. A name with a slash is the path of a key file."""
        if os.sep in name:
            return Path(name).expanduser()
        check_name(name)
        for folder in self.folders:
            path = folder / f"{name}{KEY_SUFFIX}"
            if path.is_file():
                return path
        places = " or ".join(str(folder) for folder in self.folders)
        known = ", ".join(self.names()) or "none yet"
        raise Stopped(
            Exit.NOT_FOUND,
            f"There is no key {name!r} in {places}.",
            f"Keys there: {known}. Make one with 'sogdia keys new {name}', or name its folder with --keys.",
        )

    def names(self) -> list[str]:
        """Give the names of all keys."""
        found = {
            path.name.removesuffix(KEY_SUFFIX)
            for folder in self.folders
            if folder.is_dir()
            for path in folder.glob(f"*{KEY_SUFFIX}")
        }
        return sorted(name for name in found if _NAME.match(name))

    def has(self, name: str) -> bool:
        """Tell whether there is a key of this name."""
        if os.sep in name:
            return name.endswith(KEY_SUFFIX) and Path(name).expanduser().is_file()
        return bool(_NAME.match(name)) and any((folder / f"{name}{KEY_SUFFIX}").is_file() for folder in self.folders)

    def listed(self, name: str) -> Listed:
        """Describe a key without opening it."""
        path = self.path(name)
        facts = keys.describe(path)
        account = _noted_account(path) or facts.account
        return Listed(name, path, facts.public, account, facts.label, facts.protected, facts.scheme)

    def open(self, name: str, passphrase: Callable[[str], str]) -> keys.AnyKeyPair:
        """Open a key; `passphrase` is asked only when the key has one."""
        listed = self.listed(name)
        return keys.load(listed.path, passphrase(name) if listed.protected else "").keypair

    def new_path(self, name: str) -> Path:
        """Give the path of a key to be made; its folder is made with it."""
        check_name(name)
        folder = self.folders[0]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / f"{name}{KEY_SUFFIX}"

    def note_account(self, name: str, account: bytes) -> None:
        """Remember for which account a key signs."""
        path = self.path(name)
        note = _note_of(path)
        draft = note.with_name(f".{note.name}.{secrets.token_hex(4)}.draft")
        draft.write_text(account_code(account) + "\n", "ascii")
        os.replace(draft, note)  # noqa: PTH105 - the name of the system call says that a reader sees the old or the new

    def accounts(self) -> dict[bytes, str]:
        """Give the names of the keys by the accounts that they sign for; files that cannot be read are passed over."""
        known: dict[bytes, str] = {}
        for name in self.names():
            with suppress(keys.KeyFileWrong, Stopped, OSError):
                account = self.listed(name).account
                if account is not None:
                    known.setdefault(account, name)
        return known


def check_name(name: str) -> None:
    """Refuse a name that could not be a file of the folder."""
    if not _NAME.match(name):
        raise usage(
            f"{name!r} is no name for a key.", "Use 1 to 40 of a-z A-Z 0-9 . _ - and begin with a letter or digit."
        )


def _note_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(KEY_SUFFIX) + ACCOUNT_SUFFIX)


def _noted_account(path: Path) -> bytes | None:
    note = _note_of(path)
    if not note.is_file():
        return None
    with note.open("rb") as stream:
        content = stream.read(ACCOUNT_FILE_BYTES_MAX)
    try:
        return read_account(content.decode("ascii", "replace").strip())
    except CodeWrong as fault:
        raise usage(f"{note} names no account. {fault}", "Write it anew: sogdia keys assign NAME ACCOUNT.") from fault
