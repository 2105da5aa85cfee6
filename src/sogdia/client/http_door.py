"""A node's HTTP API from elsewhere: signing in with a key, and fetching what may be read."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sogdia.client.logins import read_login_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

SECONDS: Final = 30.0
ANSWER_BYTES_MAX: Final = 16 * 2**20
PART_BYTES: Final = 2**20
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
DONE: Final = range(200, 300)


class DoorShutError(Exception):
    """The API was not reached, or did not give what was asked for; the message says why."""


class HttpDoor:
    """One API. Nothing that it says is believed: whoever fetches checks."""

    def __init__(self, url: str) -> None:
        """Take the address under which the API stands, such as https://ledger.example."""
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise DoorShutError(f"{url!r} is no address of an API")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise DoorShutError(f"{url} would carry a token in the clear: name an address with https")
        self._url = url.rstrip("/")
        self._parts = parts
        self._token = ""

    def sign_in(self, account: bytes, sign: Callable[[bytes], bytes]) -> None:
        """Read as an account from now on, for as long as the API's token is good."""
        line = str(self._post("/v1/challenges", {"account": account.hex()})["line"])
        shown = read_login_line(line)
        if shown is None or (shown.site, shown.account) != (self._parts.netloc.lower(), account):
            # What is signed must be a wish to read here, and nothing that another site could take for one.
            raise DoorShutError(f"{self._url} asks to sign something that is no line to sign in here with")
        signature = sign(line.encode("ascii")).hex()
        self._token = str(self._post("/v1/tokens", {"line": line, "signature": signature})["token"])

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Ask for something in JSON."""
        with self._asked("GET", path) as answer:
            return self._document(answer)

    def fetch(self, path: str, to: BinaryIO, told: Callable[[int], None]) -> None:
        """Fetch something that may be long; `told` hears how many bytes have come."""
        with self._asked("GET", path) as answer:
            come = 0
            while part := answer.read(PART_BYTES):
                to.write(part)
                come += len(part)
                told(come)
            if answer.length:
                raise DoorShutError(f"{self._url}{path} broke off after {come} bytes")

    def _post(self, path: str, document: Any) -> Any:  # noqa: ANN401 - JSON
        with self._asked("POST", path, json.dumps(document).encode()) as answer:
            return self._document(answer)

    def _document(self, answer: http.client.HTTPResponse) -> Any:  # noqa: ANN401 - JSON
        raw = answer.read(ANSWER_BYTES_MAX + 1)
        try:
            return json.loads(raw)
        except ValueError as error:
            raise DoorShutError(f"{self._url} gives no JSON, so it is no API of a node") from error

    @contextmanager
    def _asked(self, method: str, path: str, body: bytes | None = None) -> Iterator[http.client.HTTPResponse]:
        headers = {"accept": "application/json, application/octet-stream"}
        if body is not None:
            headers["content-type"] = "application/json"
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        connection = self._connection()
        try:
            connection.request(method, self._parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            if answer.status not in DONE:
                raise DoorShutError(f"{self._url}{path}: {_said(answer)}")
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise DoorShutError(f"{self._url} was not reached: {error!r}") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl.create_default_context())


def _said(answer: http.client.HTTPResponse) -> str:
    """Give what a refusal says, by its problem details (RFC 9457)."""
    try:
        found = json.loads(answer.read(ANSWER_BYTES_MAX))
        words = [str(found[name]) for name in ("title", "detail", "way_out") if found.get(name)]
    except (ValueError, AttributeError):
        words = []
    return " ".join([str(answer.status), *words])
