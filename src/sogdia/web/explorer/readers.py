"""Who reads: anybody, or a party that has shown its key by signing one line of text, for a quarter of an hour.

The line (`client.logins`) ends in a random number and a check under a secret of this process, so no line has to be
remembered until it has been used. What a browser then shows is a random ticket, which is kept here as its hash alone.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sogdia.client.codes import account_code
from sogdia.client.logins import MOMENT, content_of, read_login_line
from sogdia.client.who_sees import Reader
from sogdia.kernel.signature import WEBAUTHN, verify
from sogdia.modules.identity.queries import PartyQuery
from sogdia.web.explorer.limits import CHALLENGE_SECONDS, SESSION_SECONDS, SESSIONS_MAX, SPENT_MAX
from sogdia.web.explorer.sources import ask
from sogdia.web.explorer.texts import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.client.connection import Connection
    from sogdia.kernel.accounts import Key, Party

_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")


class NotEnteredError(Exception):
    """Somebody could not be let in; the message says why, for people."""


class _Session(NamedTuple):
    account: bytes
    key: int
    until: float


class Readers:
    """Lets readers in and remembers them, in memory and not for long."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        """Nobody is in; what was signed for an earlier process is worth nothing."""
        self._now = now
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()
        self._spent: OrderedDict[str, float] = OrderedDict()

    def challenge(self, site: str, network: bytes, account: bytes) -> str:
        """Give the line that a party shall sign."""
        until = datetime.fromtimestamp(int(self._now()) + CHALLENGE_SECONDS, UTC)
        content = content_of(site, network, account, until, secrets.token_hex(16))
        return f"{content}-{self._check(content)}"

    def enter(self, node: Connection, site: str, network: bytes, line: str, signature: str) -> str:
        """Let a party in that has signed its line; gives what its browser shall show from now on."""
        found = read_login_line(line)
        if found is None or found.site != site or found.network != network:
            raise NotEnteredError(say("enter.wrong.challenge"))
        if not hmac.compare_digest(self._check(found.content), found.check):
            raise NotEnteredError(say("enter.wrong.challenge"))
        until = found.until.timestamp()
        if until < self._now():
            raise NotEnteredError(say("enter.wrong.expired", until=found.until.strftime(MOMENT)))
        if not _SIGNATURE.fullmatch(signature):
            raise NotEnteredError(say("enter.wrong.form"))
        party: Party | None = ask(node, PartyQuery(account=found.account))
        if party is None:
            raise NotEnteredError(say("enter.wrong.account"))
        message, value = line.encode("ascii"), bytes.fromhex(signature)
        signed_by = [key for key in self._usable(party) if verify(key.scheme, key.public, message, value)]
        if not signed_by:
            raise NotEnteredError(say("enter.wrong.signature", account=account_code(found.account)))
        return self._let_in(found.once, until, found.account, signed_by[0].number)

    def _usable(self, party: Party) -> list[Key]:
        """Give the keys that may sign a line now; a passkey signs challenges of its own form, never a line of text."""
        now = self._now()
        if party.recovers_at is not None and now > party.recovers_at:
            return []
        return [
            key for key in party.keys if key.scheme != WEBAUTHN and (key.valid_until is None or now <= key.valid_until)
        ]

    def _let_in(self, once: str, until: float, account: bytes, key: int) -> str:
        ticket, now = secrets.token_urlsafe(32), self._now()
        with self._lock:
            for each in [each for each, end in self._spent.items() if end < now]:
                del self._spent[each]
            if once in self._spent:
                raise NotEnteredError(say("enter.wrong.used"))
            for name in [name for name, session in self._sessions.items() if session.until < now]:
                del self._sessions[name]
            if len(self._spent) >= SPENT_MAX or len(self._sessions) >= SESSIONS_MAX:
                raise NotEnteredError(say("enter.full"))
            self._spent[once] = until
            self._sessions[_hashed(ticket)] = _Session(account, key, now + SESSION_SECONDS)
        return ticket

    def leave(self, ticket: str) -> None:
        """Forget a reader."""
        with self._lock:
            self._sessions.pop(_hashed(ticket), None)

    def of(self, ticket: str, node: Callable[[], Connection]) -> Reader | None:
        """Say who shows a ticket; nobody when it is over, or when the key behind it may not act any more."""
        with self._lock:
            session = self._sessions.get(_hashed(ticket))
        if session is None or session.until < self._now():
            return None
        party: Party | None = ask(node(), PartyQuery(account=session.account))
        if party is None or session.key not in [key.number for key in self._usable(party)]:
            return None
        return Reader.of(session.account, party)

    def _check(self, content: str) -> str:
        return hmac.digest(self._secret, content.encode("ascii"), "sha256")[:16].hex()


def _hashed(ticket: str) -> bytes:
    """Hash a ticket, so that finding it takes no time that tells about it."""
    return sha256(ticket.encode("utf-8", "replace")).digest()
