"""Notices as the command line sees them: accounts as people write them, the settings, and what was done."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from sogdia.cli import options
from sogdia.cli.configured import gathered
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.finding import find_node
from sogdia.cli.sessions import Session, keys_of
from sogdia.client.codes import CodeWrong, read_account
from sogdia.operate import logs
from sogdia.operate.notices import desk, web_push
from sogdia.operate.notices.store import Store, TooManyError

if TYPE_CHECKING:
    from sogdia.cli.options import Way
    from sogdia.settings.sections import NoticesSettings


def run_notices(node_folder: Path | None, config: Path | None) -> None:
    """Follow a node until SIGTERM or Ctrl-C."""
    settings = gathered(config).settings
    logs.begin(settings.log)
    chosen = _with_folder(config)
    folder = node_folder or (Path(settings.node.folder) if settings.node.folder else find_node(None))
    stop = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_signal: stop.set())
    desk.run(folder, chosen, stop)


def enter(  # noqa: PLR0913 - what makes a subscription
    account: str, channel: str, address: str, language: str, config: Path | None, way: Way, *, consented: bool
) -> None:
    """Enter a subscription."""
    settings = _with_folder(config)
    try:
        desk.check_address(channel, address, language)
    except desk.AddressWrongError as error:
        raise usage(f"{error}.") from error
    meant = _account(account, way)
    # A browser gives its subscription only after its user has agreed.
    agreed = consented or channel == "push"
    store = Store(Path(settings.folder))
    try:
        made = store.subscribe(meant, channel, address, language, int(time.time()), consented=agreed)
    except TooManyError as error:
        raise Stopped(Exit.REFUSED, f"{error}.", "Forget the old ones first: sogdia notices forget ACCOUNT.") from error
    finally:
        store.close()
    words = "They are told from now on." if agreed else "A code is sent there; 'sogdia notices confirm' takes it."
    options.show(words, {"subscription": made.number, "confirmed": agreed}, as_json=way.as_json)


def take_code(account: str, code: str, config: Path | None, way: Way) -> None:
    """Confirm a subscription."""
    store = Store(Path(_with_folder(config).folder))
    try:
        taken = store.confirm(_account(account, way), code, int(time.time()))
    finally:
        store.close()
    if not taken:
        raise Stopped(Exit.REFUSED, "No subscription of this account waits for this code.", "Compare it, or subscribe.")
    options.show("They are told from now on.", {"confirmed": True}, as_json=way.as_json)


def erase(account: str, config: Path | None, way: Way) -> None:
    """Forget an account's addresses."""
    store = Store(Path(_with_folder(config).folder))
    try:
        count = store.forget(_account(account, way))
    finally:
        store.close()
    options.show(f"Erased {count} subscriptions.", {"erased": count}, as_json=way.as_json)


def show_counts(config: Path | None, *, as_json: bool) -> None:
    """Show how many there are, and the push key."""
    settings = _with_folder(config)
    store = Store(Path(settings.folder))
    try:
        counts: dict[str, object] = {**store.count()}
    finally:
        store.close()
    if settings.push_contact:
        counts["push_key"] = web_push.WebPush(settings, Path(settings.folder)).public_key
    options.show("\n".join(f"{name:<16}{value}" for name, value in counts.items()), counts, as_json=as_json)


def _with_folder(config: Path | None) -> NoticesSettings:
    settings = gathered(config).settings.notices
    if not settings.folder:
        raise usage("There is no folder for notices.", "Set notices.folder, or SOGDIA_NOTICES_FOLDER.")
    return settings


def _account(text: str, way: Way) -> bytes:
    """Read an account: its code needs no node; a name does."""
    try:
        return read_account(text)
    except CodeWrong:
        with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
            return session.naming.account(text)
