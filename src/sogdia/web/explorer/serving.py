"""Serving the explorer: a server in a thread of its own and, unless another process does, the index in a child process.

sogdia explorer start ──┬── server (thread) ── pages ──▶ node's socket, index
└── follower (child) ─▶ index ◀── blocks of the node
"""

from __future__ import annotations

import ipaddress
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn
from msgspec.structs import replace

from sogdia.index.database import database_in
from sogdia.settings.sections import address_of
from sogdia.web.explorer.app import explorer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.settings.sections import ExplorerSettings

START_SECONDS = 20.0
STOP_SECONDS = 20
PAUSE_SECONDS = 0.02
HTTP_PORT = 80


class CannotListenError(Exception):
    """The address cannot be had, with why."""


@contextmanager
def serving(folder: Path, database: str, settings: ExplorerSettings) -> Iterator[str]:
    """Serve the pages for as long as this lasts; gives their address. Port 0 means any that is free.

    A site that is told no names of its own goes by its address.
    """
    host, port = address_of(settings.listen)
    try:
        listening = socket.create_server((host, port), backlog=settings.requests_max, family=_family(host))
    except OSError as error:
        raise CannotListenError(f"{host}:{port} cannot be listened on ({error.strerror or error})") from error
    address = listening.getsockname()
    if not settings.hosts:
        settings = replace(settings, hosts=own_names(host, *address[:2]))
    config = uvicorn.Config(
        explorer(folder, database, settings),
        access_log=False,
        log_config=None,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS // 4,
        limit_concurrency=settings.requests_max,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        until = time.monotonic() + START_SECONDS
        while not server.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)
        yield f"http://{_in_brackets(host)}:{address[1]}"
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
        listening.close()


def own_names(host: str, address: str, port: int) -> tuple[str, ...]:
    """Give the names by which browsers reach what listens: with its port, unless it is the one that they leave out."""
    found = ipaddress.ip_address(address)
    # Who listens on all addresses of a machine is reached by names that only its operator knows.
    names = {} if found.is_unspecified else {_in_brackets(host): None, _in_brackets(address): None}
    if found.is_loopback or found.is_unspecified:
        names["localhost"] = None
    return tuple(name if port == HTTP_PORT else f"{name}:{port}" for name in names)


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


@contextmanager
def followed(folder: Path, database: str) -> Iterator[None]:
    """Have the index follow the node in a child process, which ends by itself should this process die."""
    command = [sys.executable, "-m", "sogdia.web.explorer.follower", str(folder), database]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own module
    try:
        yield
    finally:
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def running(folder: Path, settings: ExplorerSettings, database: str = "") -> Iterator[str]:
    """Serve the pages over an index and, when none is named, keep one in the node's folder; gives the address."""
    with ExitStack() as stack:
        if not database:
            stack.enter_context(followed(folder, database_in(folder)))
        yield stack.enter_context(serving(folder, database or database_in(folder), settings))
