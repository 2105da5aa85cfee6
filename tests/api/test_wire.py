"""What no browser sends: trickled heads and bodies, endless heads, smuggled requests, bytes that are no HTTP."""

from __future__ import annotations

import socket
import time

import pytest

SECONDS = 5.0


def answer_to(town, *parts: bytes, pause=0.0):
    """Send bytes as they are and give all that comes back until the server ends it."""
    with socket.create_connection(("127.0.0.1", town.port), SECONDS) as wire:
        came = b""
        try:
            for part in parts:
                wire.sendall(part)
                time.sleep(pause)
            while data := wire.recv(65_536):
                came += data
        except (ConnectionError, TimeoutError):
            pass
        return came


def test_a_head_that_trickles_is_cut_off(town):
    began = time.monotonic()

    came = answer_to(town, b"GET /v1/status HTTP/1.1\r\n", *[b"x-a: b\r\n"] * 20, pause=0.1)

    assert came == b"" or came.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began < 4


def test_a_body_that_trickles_is_cut_off(town):
    head = b"POST /v1/envelopes HTTP/1.1\r\nhost: a\r\ncontent-type: application/octet-stream\r\n"

    came = answer_to(town, head + b"content-length: 90\r\n\r\n", *[b"x"] * 5, pause=0.1)

    assert came.startswith(b"HTTP/1.1 408")


def test_a_head_without_end_is_refused(town):
    came = answer_to(town, b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x-long: " + b"y" * 40_000)

    assert came == b"" or came.startswith(b"HTTP/1.1 431")


def test_a_body_too_large_is_refused_whether_announced_or_not(town):
    head = b"POST /v1/envelopes HTTP/1.1\r\nhost: a\r\ncontent-type: application/octet-stream\r\n"
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"

    announced = answer_to(town, head + b"content-length: 99999999\r\nconnection: close\r\n\r\n")
    chunked = answer_to(town, head + b"transfer-encoding: chunked\r\n\r\n", *[chunk] * 20, b"0\r\n\r\n")

    assert announced.startswith(b"HTTP/1.1 413")
    assert chunked == b"" or chunked.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 4\r\ntransfer-encoding: chunked\r\n",
        b"content-length: 4\r\ncontent-length: 5\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"content-length: +4\r\n",
        b"content-length: 4\r\n x: folded\r\n",
        b"content-length : 4\r\n",
    ],
)
def test_a_request_with_two_ends_is_no_request(town, head):
    hidden = b"0\r\n\r\nGET /v1/genesis HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"

    came = answer_to(town, b"POST /v1/envelopes HTTP/1.1\r\nhost: a\r\n" + head + b"\r\n" + hidden)

    assert came.startswith(b"HTTP/1.1 4")
    assert b'"validators"' not in came


def test_bytes_that_are_no_http_end_the_connection(town):
    assert b"HTTP/1.1 400" in answer_to(town, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")


def test_the_api_still_answers_after_all_this(town):
    assert town.ask("/v1/status").status == 200
