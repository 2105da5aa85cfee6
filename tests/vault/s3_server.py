"""A real S3 server on loopback for tests: versitygw."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_SECONDS = 20.0
ACCESS_KEY, SECRET_KEY = "vault-tests", "only-on-loopback"


class S3Server(NamedTuple):
    """Where the server listens, and the folder whose sub-folders are its buckets."""

    url: str
    folder: Path

    def bucket(self, name: str) -> str:
        """Make a bucket; gives its URL."""
        (self.folder / name).mkdir(exist_ok=True)
        return f"{self.url}/{name}"


@contextmanager
def running(server: Path, folder: Path) -> Iterator[S3Server]:
    """Run the server over a folder for as long as the block runs."""
    folder.mkdir()
    port = free_port()
    environment = os.environ | {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}
    command = [str(server), "--port", f"127.0.0.1:{port}", "posix", str(folder)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            _wait(port)
            yield S3Server(f"http://127.0.0.1:{port}", folder)
        finally:
            process.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
