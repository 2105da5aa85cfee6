"""What systemd hears of a service: that it is ready, that it is alive, that it reloads, that it stops (sd_notify)."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

MICROSECONDS = 1_000_000


def notify(*words: str) -> bool:
    """Tell the service manager, such as `READY=1`; without one nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # An abstract socket's name begins with a zero byte, written as @.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.settimeout(0)
        channel.connect(name)
        channel.sendall("\n".join(words).encode())
        return True
    return False


def watchdog_seconds() -> float | None:
    """Give how often to say that we are alive: twice within what the manager allows; nothing when it doesn't ask."""
    given = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not given.isdecimal() or int(given) == 0 or meant_for != str(os.getpid()):
        return None
    return int(given) / MICROSECONDS / 2


def reloading() -> None:
    """Say that settings are being read again; `READY=1` ends it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")
