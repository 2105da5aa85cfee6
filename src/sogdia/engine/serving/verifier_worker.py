"""The process that checks signatures beside the node, on another core.

It reads numbers of checks, four bytes, each followed by so many checks (`engine.serving.checks`). It answers each with
one byte, 1 for valid. It ends when the node does.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress

from sogdia.engine.serving.checks import CHECK_BYTES, holds
from sogdia.kernel.signature import self_test

COUNT_BYTES = 4
READY = b"\x02"
NICENESS = 5


def serve(channel: socket.socket) -> None:
    """Answer checks until the other side is gone."""
    self_test()
    channel.sendall(READY)
    stream = channel.makefile("rb")
    while len(head := stream.read(COUNT_BYTES)) == COUNT_BYTES:
        checks = stream.read(CHECK_BYTES * int.from_bytes(head, "big"))
        channel.sendall(bytes(holds(checks[at : at + CHECK_BYTES]) for at in range(0, len(checks), CHECK_BYTES)))


def main() -> None:
    """Serve on the socket that is this process's standard input."""
    # Ctrl-C reaches the whole group of processes; the node decides when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The node's one thread is what everybody waits for; where cores are short, it goes first.
    os.nice(NICENESS)
    with socket.socket(fileno=sys.stdin.fileno()) as channel, suppress(ConnectionError):
        serve(channel)


if __name__ == "__main__":
    main()
