"""A node's HTTP API from elsewhere: signing in with a key, and fetching what may be read."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from sogdia.client.logins import LINE_CHARACTERS_MAX, read_login_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

SECONDS: Final = 30.0
WHOLE_SECONDS: Final = 30.0
SLOWEST_BYTES_A_SECOND: Final = 16 * 1024
"""An answer has so long, and by its size longer; one that comes more slowly is given up."""

ANSWER_BYTES_MAX: Final = 16 * 2**20
PROBLEM_BYTES_MAX: Final = 64 * 1024
PART_BYTES: Final = 2**20
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
UNAUTHORISED: Final = 401

T = TypeVar("T")


class DoorShutError(Exception):
    """The API was not reached, or did not give what was asked for; the message says why."""


class _Challenge(msgspec.Struct):
    line: Annotated[str, Meta(max_length=LINE_CHARACTERS_MAX)]


class _Token(msgspec.Struct):
    token: Annotated[str, Meta(pattern=r"^[0-9a-f]{1,500}\Z")]


class HttpDoor:
    """One API. Nothing that it says is believed: whoever fetches checks."""

    def __init__(self, url: str) -> None:
        """Take the address under which the API stands, such as https://ledger.example."""
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError as error:
            raise DoorShutError(f"{url!r} is no address of an API: {error}") from error
        if parts.scheme not in ("https", "http") or not re.fullmatch(r"[0-9A-Za-z.:-]{1,255}", self._host):
            raise DoorShutError(f"{url!r} is no address of an API")
        if parts.scheme == "http" and self._host not in LOOPBACK:
            raise DoorShutError(f"{url} would carry a token in the clear: name an address with https")
        self._url = url.rstrip("/")
        self._site = parts.netloc.lower()
        self._path = parts.path.rstrip("/")
        self._secure = parts.scheme == "https"
        self._who: tuple[bytes, Callable[[bytes], bytes]] | None = None
        self._token = ""

    def sign_in(self, account: bytes, sign: Callable[[bytes], bytes]) -> None:
        """Read as an account from now on; a token that has expired is obtained anew."""
        self._who, self._token = (account, sign), ""
        line = self._ask("POST", "/v1/challenges", _Challenge, {"account": account.hex()}).line
        shown = read_login_line(line)
        if shown is None or (shown.site, shown.account) != (self._site, account):
            # What is signed must be a wish to read here, and nothing that another site could take for one.
            raise DoorShutError(f"{self._url} asks to sign something that is no line to sign in here with")
        signed = {"line": line, "signature": sign(line.encode("ascii")).hex()}
        self._token = self._ask("POST", "/v1/tokens", _Token, signed).token

    def get(self, path: str, form: type[T]) -> T:
        """Ask for something in JSON, in which whole numbers are texts."""
        return self._ask("GET", path, form)

    def post(self, path: str, form: type[T], document: Any) -> T:  # noqa: ANN401 - JSON
        """Send something in JSON, and read the answer."""
        return self._ask("POST", path, form, document)

    def fetch(self, path: str, size: int, to: BinaryIO, told: Callable[[int], None]) -> None:
        """Fetch something of which the size is known; `told` hears how many bytes have come."""
        come = 0
        with closing(self._signed_in("GET", path)) as answer:
            for part in answer.parts(size):
                to.write(part)
                come += len(part)
                told(come)
        if come < size:
            raise DoorShutError(f"{self._url}{path} broke off after {come} of {size} bytes")

    def _ask(self, method: str, path: str, form: type[T], document: Any = None) -> T:  # noqa: ANN401 - JSON
        asked = self._signed_in(method, path) if document is None else self._asked(method, path, document)
        with closing(asked) as answer:
            raw = b"".join(answer.parts(ANSWER_BYTES_MAX))
        try:
            return msgspec.json.decode(raw, type=form, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise DoorShutError(f"{self._url}{path} gives something else than an API of a node: {error}") from error

    def _signed_in(self, method: str, path: str) -> _Answer:
        """Ask; once more after signing in anew, when the token has expired."""
        try:
            return self._asked(method, path)
        except _ExpiredError:
            if self._who is None:
                raise
            self.sign_in(*self._who)
            return self._asked(method, path)

    def _asked(self, method: str, path: str, document: Any = None) -> _Answer:  # noqa: ANN401 - JSON
        headers = {"accept": "application/json, application/octet-stream", "content-type": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        body = None if document is None else json.dumps(document).encode()
        connection = self._connection()
        try:
            connection.request(method, self._path + path, body, headers)
            found = _Answer(self._url + path, connection, connection.getresponse())
            found.judge(signed_in=bool(self._token))
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise DoorShutError(f"{self._url} was not reached: {error!r}") from error
        except DoorShutError:
            connection.close()
            raise
        return found

    def _connection(self) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=SECONDS)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=SECONDS, context=ssl.create_default_context()
        )


class _ExpiredError(DoorShutError):
    """The token is not good any more."""


class _Answer:
    """An answer under way."""

    def __init__(self, url: str, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self._url = url
        self._connection = connection
        self._answer = answer

    def judge(self, *, signed_in: bool) -> None:
        """Raise what a refusal says, by its problem details (RFC 9457)."""
        status = self._answer.status
        if status in range(200, 300):
            return
        try:
            found = json.loads(b"".join(self.parts(PROBLEM_BYTES_MAX)))
            words = [str(found[name])[:300] for name in ("title", "detail", "way_out") if found.get(name)]
        except (ValueError, AttributeError, RecursionError, DoorShutError):
            words = []
        said = " ".join([f"{self._url}: {status}", *words])
        raise _ExpiredError(said) if status == UNAUTHORISED and signed_in else DoorShutError(said)

    def parts(self, size_max: int) -> Iterator[bytes]:
        """Give what comes, up to so many bytes, and not more slowly than is bearable."""
        until = time.monotonic() + WHOLE_SECONDS + size_max / SLOWEST_BYTES_A_SECOND
        come = 0
        while part := self._read():
            come += len(part)
            if come > size_max:
                raise DoorShutError(f"{self._url} gives more than {size_max} bytes")
            if time.monotonic() > until:
                raise DoorShutError(f"{self._url} is too slow: {come} bytes have come")
            yield part

    def _read(self) -> bytes:
        try:
            return self._answer.read1(PART_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DoorShutError(f"{self._url} broke off: {error!r}") from error

    def close(self) -> None:
        """End it."""
        self._connection.close()
