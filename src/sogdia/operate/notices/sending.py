"""What every channel has in common: how a sending fails, and one bounded request to an HTTP server."""

from __future__ import annotations

import http.client
import socket
import ssl
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

from sogdia.api.outgoing import is_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sogdia.operate.notices.texts import Text

ANSWER_BYTES_MAX = 4_096
AGAIN = frozenset({408, 425, 429})


class Failure(StrEnum):
    """What a failure means for the notice."""

    AGAIN = "it may be tried again"
    NEVER = "trying again would not help"
    GONE = "the address does not exist any more"


class NotSentError(Exception):
    """A notice that was not taken; the reason names no address."""

    def __init__(self, failure: Failure, reason: str) -> None:
        """Remember what it means."""
        super().__init__(reason)
        self.failure = failure


class Parcel(NamedTuple):
    """A notice on its way: its id, the same at every attempt; its words; its language; how long it is of use."""

    id: str
    text: Text
    language: str
    seconds: int
    urgent: bool


class Channel(Protocol):
    """A way to reach people."""

    def send(self, address: str, parcel: Parcel) -> None:
        """Send a notice, or raise `NotSentError`."""


def request(  # noqa: PLR0913 - what makes a request
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    seconds: float,
    public_only: bool,
) -> int:
    """Make one request and give the answer's status; redirects are not followed.

    With `public_only` the server must be reached by https at an address of the public internet: whoever chose the URL
    must not reach into our own network by it. The name is looked up once, and the address that was looked at is used.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    if not host or (public_only and not secure):
        raise NotSentError(Failure.NEVER, "the address is no https address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        port = parts.port or (443 if secure else 80)
        address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
        if public_only and not is_allowed(address, private=False):
            raise NotSentError(Failure.NEVER, "the address is not in the public internet")
        channel = socket.create_connection((address, port), timeout=seconds)
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
        connection.sock = ssl.create_default_context().wrap_socket(channel, server_hostname=host) if secure else channel
        try:
            connection.request(method, target, body=body or None, headers=dict(headers))
            answer = connection.getresponse()
            answer.read(ANSWER_BYTES_MAX)
        finally:
            connection.close()
            channel.close()
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        raise NotSentError(Failure.AGAIN, f"the server was not reached ({type(error).__name__})") from None
    return answer.status


def judge(status: int) -> None:
    """Raise what an HTTP status means for a notice; nothing for success."""
    if 200 <= status < 300:  # noqa: PLR2004 - success, by RFC 9110
        return
    if status in {404, 410}:
        raise NotSentError(Failure.GONE, f"the server answered {status}")
    failure = Failure.AGAIN if status >= 500 or status in AGAIN else Failure.NEVER  # noqa: PLR2004 - as above
    raise NotSentError(failure, f"the server answered {status}")
