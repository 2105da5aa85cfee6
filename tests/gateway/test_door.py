"""The door for webhooks: it takes what is signed and new, and puts it where the next pass finds it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sogdia.gateway.adapters.signed import BODY_BYTES_MAX
from sogdia.gateway.listening import HEADER, application
from sogdia.gateway.passing import run
from tests.gateway.test_documents import body_of, signed

NOW = 1_700_000_000


async def posted(door, path, body, head):
    """Send a request, as a server hands it over; gives the status."""
    sent = []
    parts = [body[at : at + 40_000] for at in range(0, len(body), 40_000)] or [b""]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:  # noqa: ANN401 - a message of ASGI
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(HEADER.encode(), head)],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2),
        "root_path": "",
    }
    await door(scope, receive, send)
    return sent[0]["status"]


def post(house, body, head, *, path="/card", clock=NOW):
    door = application(house.folder, house.rails, lambda: clock)
    return asyncio.run(posted(door, path, body, head))


def parts_of(document):
    head, _, body = document.partition(b"\n")
    return body, head


def lying(house):
    return list((house.folder / "card").glob("in/*"))


def test_a_signed_body_is_taken_and_minted_after_its_time(house):
    reference = house.reference("nairobi")
    document = signed(body_of(reference=reference, time=house.now))

    assert post(house, *parts_of(document)) == 200

    (path,) = lying(house)
    assert path.read_bytes() == document


def test_a_body_that_is_sent_again_lies_there_once_also_after_it_was_read(house):
    document = signed(body_of())
    for _ in range(2):
        assert post(house, *parts_of(document)) == 200
    assert len(lying(house)) == 1

    assert run(house.desk) == []

    assert post(house, *parts_of(document)) == 200
    assert lying(house) == []


@pytest.mark.parametrize(("clock", "status"), [(NOW + 300, 200), (NOW + 301, 401), (NOW - 300, 200), (NOW - 301, 401)])
def test_an_old_or_a_coming_moment_is_not_taken(house, clock, status):
    assert post(house, *parts_of(signed(body_of())), clock=clock) == status
    assert len(lying(house)) == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("body", "head", "path", "status"),
    [
        (*parts_of(signed(body_of(), b"another secret")), "/card", 401),
        (body_of(), b"", "/card", 401),
        (body_of(), b"\xff\xfe", "/card", 401),
        (*parts_of(signed(body_of())), "/bank", 404),
        (*parts_of(signed(body_of())), "/none", 404),
        (*parts_of(signed(body_of())), "/../secrets", 404),
        (*parts_of(signed(b"x" * (BODY_BYTES_MAX + 1))), "/card", 413),
    ],
)
def test_anything_else_is_turned_down_and_leaves_nothing(house, body, head, path, status):
    before = sorted(house.folder.rglob("*"))

    assert post(house, body, head, path=path) == status

    assert sorted(house.folder.rglob("*")) == before


def test_a_body_of_the_largest_size_is_taken_for_what_it_is(house):
    """The signature in front of it does not count."""
    body, head = parts_of(signed(b" " * (BODY_BYTES_MAX - 2) + b"{}"))

    assert len(body) == BODY_BYTES_MAX
    assert post(house, body, head) == 200
