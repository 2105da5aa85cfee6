"""What an engine has signed: its own votes, read from the log of messages that it writes before it acts on them.

The log is a row of records, each four bytes of checksum, four of length and a TimedWALMessage. Of its fields only those
on the way to a vote are read: message (2), received (2), message (1), vote (6), vote (1).
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sogdia.engine.cometbft.home import DATA
from sogdia.engine.cometbft.places import home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG = "cs.wal/wal"
WAY = (2, 2, 1, 6, 1)
RECEIVED_FROM = 2
"""Beside a message that was received, from whom: nobody for what the engine has signed itself."""

TYPE, HEIGHT, ROUND, BLOCK, TIME, ADDRESS, PLACE, SIGNATURE = range(1, 9)
HEAD_BYTES = 8


def signed_votes(folder: Path) -> Iterator[dict[str, Any]]:
    """Give a node's own votes, each as the engine's RPC has votes in JSON."""
    raw = (home(folder) / DATA / LOG).read_bytes()
    at = 0
    while at + HEAD_BYTES <= len(raw):
        end = at + HEAD_BYTES + int.from_bytes(raw[at + 4 : at + HEAD_BYTES], "big")
        vote = _own_vote(raw[at + HEAD_BYTES : end])
        if vote is not None and end <= len(raw):
            yield vote
        at = end


def _own_vote(message: bytes) -> dict[str, Any] | None:
    for depth, number in enumerate(WAY):
        fields = _fields(message)
        if number not in fields or (depth == 2 and fields.get(RECEIVED_FROM)):
            return None
        message = fields[number]
    fields = _fields(message)
    block = _fields(fields.get(BLOCK, b""))
    parts = _fields(block.get(2, b""))
    time = _fields(fields.get(TIME, b""))
    moment = datetime.fromtimestamp(time.get(1, 0), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "type": fields[TYPE],
        "height": str(fields[HEIGHT]),
        "round": fields.get(ROUND, 0),
        "block_id": {
            "hash": block.get(1, b"").hex().upper(),
            "parts": {"total": parts.get(1, 0), "hash": parts.get(2, b"").hex().upper()},
        },
        "timestamp": f"{moment}.{time.get(2, 0):09d}Z",
        "validator_address": fields[ADDRESS].hex().upper(),
        "validator_index": fields.get(PLACE, 0),
        "signature": b64encode(fields[SIGNATURE]).decode("ascii"),
    }


def _fields(message: bytes) -> dict[int, Any]:
    """Read a message of protobuf: the last value of each field, a number or bytes."""
    found: dict[int, Any] = {}
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        number, wire = divmod(varint(), 8)
        if wire == 0:
            found[number] = varint()
        elif wire == 2:
            size = varint()
            found[number] = message[at : at + size]
            at += size
        else:
            raise ValueError(f"field {number} has the wire type {wire}")
    return found
