"""The line of text that a party signs to read as itself on a site.

    sogdia login to ledger.example network 3fa2… as acct-k3v9-… until 2026-11-22T10:02:00Z once 7c01…-f9aa…

It begins with words, so nothing signed for reading can ever stand as the signature of an envelope (32 bytes). It names
the site, so that no other site can have it signed for itself unseen.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from sogdia.client.codes import CodeWrong, account_code, read_account

MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_SITE = re.compile(r"[0-9A-Za-z.:\[\]-]{1,255}")
_LINE = re.compile(
    r"(?P<content>sogdia login to (?P<site>[0-9A-Za-z.:\[\]-]{1,255}) network (?P<network>[0-9a-f]{64})"
    r" as (?P<account>acct[0-9a-z-]{1,60}) until (?P<until>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"
    r" once (?P<once>[0-9a-f]{32}))-(?P<check>[0-9a-f]{32})"
)


class LoginLine(NamedTuple):
    """A line, taken apart. `content` is all of it but the site's own check."""

    content: str
    site: str
    network: bytes
    account: bytes
    until: datetime
    once: str
    check: str


def is_site(host: str) -> bool:
    """Tell whether a host can stand in a line."""
    return _SITE.fullmatch(host) is not None


def content_of(site: str, network: bytes, account: bytes, until: datetime, once: str) -> str:
    """Lay a line out, without its check."""
    moment = until.strftime(MOMENT)
    return f"sogdia login to {site} network {network.hex()} as {account_code(account)} until {moment} once {once}"


def read_login_line(line: str) -> LoginLine | None:
    """Take a line apart; nothing when it is not one."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    try:
        until = datetime.strptime(found["until"], MOMENT).replace(tzinfo=UTC)
        account = read_account(found["account"])
    except (ValueError, CodeWrong):
        return None
    network = bytes.fromhex(found["network"])
    return LoginLine(found["content"], found["site"], network, account, until, found["once"], found["check"])


def is_login_line(line: str) -> bool:
    """Tell whether a text is such a line."""
    return read_login_line(line) is not None
