"""Who reads: anybody, or a party that has shown its key by a signed line (`client.logins`), for a quarter of an hour.

What a browser then shows is a random ticket, which is kept here as its hash alone.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sogdia.client.logins import Logins, LoginWrong, Shown, what_stops
from sogdia.client.who_sees import Reader
from sogdia.kernel.passkey import EXTRA_BYTES_MAX
from sogdia.kernel.signature import SIGNATURE_BYTES
from sogdia.modules.identity.queries import PartyQuery, PasskeysQuery
from sogdia.web.explorer.limits import SESSION_SECONDS, SESSIONS_MAX
from sogdia.web.explorer.sources import ask
from sogdia.web.explorer.texts import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.client.connection import Connection
    from sogdia.kernel.accounts import Party

SECRET_BYTES = 32
_SIGNATURE = re.compile(rf"[0-9a-fA-F]{{{2 * SIGNATURE_BYTES}}}")
_EXTRA = re.compile(rf"(?:[0-9a-fA-F]{{2}}){{0,{EXTRA_BYTES_MAX}}}")


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
        self._logins = Logins(secrets.token_bytes(SECRET_BYTES), now)
        self._lock = threading.Lock()
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()

    def challenge(self, site: str, network: bytes, account: bytes) -> str:
        """Give the line that a party shall sign."""
        return self._logins.line(site, network, account)[0]

    def enter(self, node: Connection, site: str, network: bytes, line: str, shown: Shown) -> str:
        """Let a party in that has signed its line; gives what its browser shall show from now on."""
        try:
            found = self._logins.read(line, site, network)
            party: Party | None = ask(node, PartyQuery(account=found.account))
            passkeys = None if shown.extra is None else ask(node, PasskeysQuery())
            key = self._logins.enter(found, party, passkeys, shown)
        except LoginWrong as wrong:
            raise not_entered(wrong) from wrong
        return self._let_in(found.account, key)

    def _let_in(self, account: bytes, key: int) -> str:
        ticket, now = secrets.token_urlsafe(32), self._now()
        with self._lock:
            for name in [name for name, session in self._sessions.items() if session.until < now]:
                del self._sessions[name]
            if len(self._sessions) >= SESSIONS_MAX:
                raise not_entered(LoginWrong("full"))
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
        if what_stops(party, session.account, session.key, int(self._now())) is not None:
            return None
        return Reader.of(session.account, party, session.key)


def read_shown(signature: str, extra: str) -> Shown:
    """Read what a form shows for a line: a signature in hexadecimal, and what a passkey's brings with it."""
    if not _SIGNATURE.fullmatch(signature) or not _EXTRA.fullmatch(extra):
        raise not_entered(LoginWrong("form"))
    return Shown(bytes.fromhex(signature), bytes.fromhex(extra) if extra else None)


def not_entered(wrong: LoginWrong) -> NotEnteredError:
    """Say in the reader's language why nobody is let in."""
    return NotEnteredError(say(f"enter.wrong.{wrong.fault}", **wrong.values))


def _hashed(ticket: str) -> bytes:
    """Hash a ticket, so that finding it takes no time that tells about it."""
    return sha256(ticket.encode("utf-8", "replace")).digest()
