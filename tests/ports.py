"""Ports on loopback for the servers that tests start.

They lie below those that the system gives to whoever dials: a port of that range may be taken, between looking and
listening, by any connection of this machine.
"""

import os
import socket
from typing import Final

FIRST: Final = 10_000
LAST: Final = 32_000
APART: Final = 64
"""Test runs side by side begin so far from each other."""

PARTS: Final = 2
"""How many runs of tests go beside each other (`tools/run_tests.py`); each has a share of its own."""

_share = (LAST - FIRST) // PARTS
_begin = FIRST + _share * int(os.environ.get("SOGDIA_TEST_PART", "0"))
_next = _begin + os.getpid() * APART % _share


def free_ports(count: int) -> range:
    """Give so many ports next to each other that nobody listens at, and that were not given before."""
    global _next  # noqa: PLW0603 - what was given is not given again
    while True:
        first = _next if _next + count <= _begin + _share else _begin
        ports = range(first, first + count)
        _next = ports.stop
        if all(_is_free(port) for port in ports):
            return ports


def free_port() -> int:
    """Give one port."""
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
