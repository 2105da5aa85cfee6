"""Notices put together from the settings: the file, the channels, and the rounds until somebody says stop."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from sogdia.client.connection import Connection, NodeNotRunningError, TryLaterError
from sogdia.operate import service_notify
from sogdia.operate.notices import mail, sms, web_push
from sogdia.operate.notices.following import Notices
from sogdia.operate.notices.store import Store, StoreWrongError
from sogdia.operate.notices.texts import LANGUAGES, language_for

if TYPE_CHECKING:
    from threading import Event

    from sogdia.operate.notices.sending import Channel
    from sogdia.settings.sections import NoticesSettings

CHANNELS = ("mail", "push", "sms")
NODE_SECONDS_MAX = 30.0

_log = logging.getLogger(__name__)


class AddressWrongError(Exception):
    """An address that its channel cannot reach."""


def channels_of(settings: NoticesSettings, *, public_only: bool = True) -> dict[str, Channel]:
    """Give the channels that are set up; a secret's file that cannot be read is told now, not with the first notice."""
    for file in (settings.smtp_password_file, settings.sms_secret_file):
        if file:
            mail.read_secret(file)
    found: dict[str, Channel] = {}
    if settings.smtp_host:
        found["mail"] = mail.Mail(settings)
    if settings.push_contact:
        found["push"] = web_push.WebPush(settings, Path(settings.folder), public_only=public_only)
    if settings.sms_url:
        found["sms"] = sms.Sms(settings)
    return found


def check_address(channel: str, address: str, language: str) -> None:
    """Refuse an address, or a language, that could never be told anything."""
    if channel == "mail" and not (len(address) <= mail.ADDRESS_MAX and mail.ADDRESS.match(address)):
        raise AddressWrongError("this is no mail address; write it like name@example.org")
    if channel == "sms" and not sms.ADDRESS.match(address):
        raise AddressWrongError("this is no phone number; write it like +254712345678")
    if channel == "push":
        try:
            web_push.read_address(address)
        except web_push.PushAddressWrongError as error:
            raise AddressWrongError(str(error)) from error
    if language_for(language) != language.split("-", maxsplit=1)[0].lower():
        raise AddressWrongError(f"there are no texts in {language!r}; there are {', '.join(LANGUAGES)}")


def run(node_folder: Path, settings: NoticesSettings, stop: Event, *, public_only: bool = True) -> None:
    """Tell people what happens, until `stop` is set. A node that does not answer is waited for."""
    store = Store(Path(settings.folder))

    def go_on() -> bool:
        service_notify.notify("WATCHDOG=1")
        return not stop.is_set()

    notices = Notices(store, channels_of(settings, public_only=public_only), settings, go_on=go_on)
    service_notify.notify("READY=1")
    pause = min(settings.poll_seconds, service_notify.watchdog_seconds() or settings.poll_seconds)
    try:
        while go_on():
            try:
                with Connection(node_folder, seconds=NODE_SECONDS_MAX) as node:
                    while go_on():
                        notices.round(node)
                        stop.wait(pause)
            except (NodeNotRunningError, TryLaterError, OSError) as error:
                _log.warning("the node is waited for: %s", error)
                stop.wait(pause)
    finally:
        service_notify.notify("STOPPING=1")
        store.close()


__all__ = ["CHANNELS", "AddressWrongError", "StoreWrongError", "channels_of", "check_address", "run"]
