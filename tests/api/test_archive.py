"""Segments of old blocks over HTTP: who is given them, and a door that is not believed."""

from __future__ import annotations

import http.server
import io
import json
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from sogdia.client import http_door
from sogdia.client.http_door import DoorShutError, HttpDoor
from sogdia.engine.folders.archive import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Town

CONTENT = bytes(range(256)) * 3_000
"""Some parts long. What is in a segment is not looked at where it is given away, so these need be no blocks."""


@pytest.fixture
def segment(town: Town) -> Iterator[str]:
    """The address of a segment that the town's node has."""
    path = town.folder / FOLDER / "1-2.segment"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    yield "/v1/archive/1/2"
    path.unlink()
    path.parent.rmdir()


def door(town: Town, who: str) -> HttpDoor:
    """Sign in at the town's API."""
    found = HttpDoor(town.address)
    found.sign_in(town.account(who), town.parties[who].keys.sign)
    return found


def test_who_runs_a_node_is_given_a_segment_and_told_which_there_are(town, segment):
    listed = town.ask("/v1/archive", authorization=town.token("bank")).document
    assert listed == {"segments": [{"first": "1", "last": "2", "bytes": str(len(CONTENT))}]}
    content = io.BytesIO()
    come: list[int] = []

    door(town, "bank").fetch(segment, len(CONTENT), content, come.append)

    assert content.getvalue() == CONTENT
    assert come[-1] == len(CONTENT)


def test_nobody_else_is_given_one(town, segment):
    for path in (segment, "/v1/archive"):
        assert town.ask(path).status == 401
        assert town.ask(path, authorization=town.token("nairobi")).status == 403
        assert town.ask(path, authorization=town.token("customs")).status == 403
    for path in ("/v1/archive/1/3", "/v1/archive/2/2"):
        assert town.ask(path, authorization=town.token("bank")).status == 404
    for path in ("/v1/archive/0/2", "/v1/archive/1/x"):
        assert town.ask(path, authorization=town.token("bank")).status == 400


def test_a_node_without_an_archive_lists_nothing(town):
    assert town.ask("/v1/archive", authorization=town.token("bank")).document == {"segments": []}


# ---------------------------------------------------------------------------------------------------- the asking side


def fetch(given: HttpDoor, path: str, size: int = len(CONTENT)) -> bytes:
    """Fetch something of a size."""
    content = io.BytesIO()
    given.fetch(path, size, content, lambda _come: None)
    return content.getvalue()


def test_a_door_says_why_it_gives_nothing(town, segment):
    with pytest.raises(DoorShutError, match="403 Not for this reader"):
        fetch(door(town, "nairobi"), segment)
    with pytest.raises(DoorShutError, match=r"401 .*not by a key that acts for"):
        HttpDoor(town.address).sign_in(town.account("bank"), town.parties["nairobi"].keys.sign)
    with pytest.raises(DoorShutError, match="was not reached"):
        HttpDoor("http://127.0.0.1:1").get("/v1/archive", dict)
    for address in (
        "ftp://ledger.example",
        "https://",
        "ledger.example",
        "https://a:99999",
        "https://a:x",
        "https://[::1",
    ):
        with pytest.raises(DoorShutError, match="no address of an API"):
            HttpDoor(address)
    with pytest.raises(DoorShutError, match="would carry a token in the clear"):
        HttpDoor("http://ledger.example")


def test_a_token_that_has_expired_is_obtained_anew(town, segment):
    given = door(town, "bank")
    given._token = given._token[:-1] + ("0" if given._token[-1] != "0" else "1")

    assert fetch(given, segment) == CONTENT


class Liar(http.server.BaseHTTPRequestHandler):
    """Says what it is told to say."""

    says = b""
    length = 0

    def do_GET(self) -> None:
        """Answer anything."""
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.send_response(200)
        self.send_header("content-length", str(self.length or len(self.says)))
        self.end_headers()
        self.wfile.write(self.says)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def liar() -> Iterator[str]:
    """A server that is no API; gives its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_another_site_could_take_for_a_wish_to_read_is_not_signed(town, liar, monkeypatch):
    line = town.post("/v1/challenges", {"account": town.account("bank").hex()}).document["line"]
    signed: list[bytes] = []

    def sign(what: bytes) -> bytes:
        signed.append(what)
        return bytes(64)

    for lie in (line, "a transfer of everything", ""):
        monkeypatch.setattr(Liar, "says", json.dumps({"line": lie}).encode())
        with pytest.raises(DoorShutError, match="no line to sign in here with"):
            HttpDoor(liar).sign_in(town.account("bank"), sign)
    for lie in (b"[]", b'"x"', b"{}", b"[" * 200_000, b'{"line":1}'):
        monkeypatch.setattr(Liar, "says", lie)
        with pytest.raises(DoorShutError, match="something else than an API of a node"):
            HttpDoor(liar).sign_in(town.account("bank"), sign)
    assert signed == []


def test_a_server_that_is_no_api_or_breaks_off_is_told(liar, monkeypatch):
    monkeypatch.setattr(Liar, "says", b"<html>")
    with pytest.raises(DoorShutError, match="something else than an API of a node"):
        HttpDoor(liar).get("/v1/archive", dict)
    with pytest.raises(DoorShutError, match="gives more than 5 bytes"):
        fetch(HttpDoor(liar), "/v1/archive/1/2", 5)
    with pytest.raises(DoorShutError, match="broke off after 6 of 9 bytes"):
        fetch(HttpDoor(liar), "/v1/archive/1/2", 9)

    monkeypatch.setattr(Liar, "length", 1_000)
    with pytest.raises(DoorShutError, match=r"broke off"):
        fetch(HttpDoor(liar), "/v1/archive/1/2", 1_000)


def test_what_comes_too_slowly_is_given_up(liar, monkeypatch):
    monkeypatch.setattr(Liar, "says", b"x" * 100)
    monkeypatch.setattr(http_door, "WHOLE_SECONDS", -1.0)

    with pytest.raises(DoorShutError, match="is too slow"):
        fetch(HttpDoor(liar), "/v1/archive/1/2", 100)
