"""A real S3 server on loopback for tests: versitygw, built once by the Go toolchain into a cache folder.

python -m tests.vault.s3_server     builds it beforehand, so that no test waits for it
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
TOOLCHAIN = "golang.org/toolchain@v0.0.1-go1.26.0.linux-amd64"
"""The Go that builds it, as a Go module: an older Go, such as Debian's, fetches it like any other."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sogdia-tests" / "versitygw"
GO_NEEDED = (1, 25)
BUILD_SECONDS = 600
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


def program(cache: Path = CACHE) -> Path | str:
    """Give the server's program, built if need be; or why it cannot be had."""
    known = shutil.which("versitygw")
    if known:
        return Path(known)
    built = cache / MODULE.rpartition("@")[2] / "versitygw"
    if built.is_file():
        return built
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        return "there is neither versitygw nor Go to build it with"
    draft = cache / "building"
    draft.mkdir(parents=True, exist_ok=True)
    new_enough = go if _version(go) >= GO_NEEDED else _newer(go, cache)
    if new_enough is None:
        return f"Go {GO_NEEDED[0]}.{GO_NEEDED[1]} or newer is needed, and it could not be fetched"
    done = subprocess.run(
        [new_enough, "install", MODULE],
        env=os.environ | {"GOBIN": str(draft)},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    if done.returncode:
        return f"versitygw could not be built: {done.stderr.strip().splitlines()[-1]}"
    built.parent.mkdir(exist_ok=True)
    (draft / "versitygw").rename(built)
    return built


def _version(go: str) -> tuple[int, ...]:
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"go([0-9]+)\.([0-9]+)", said)
    return (0, 0) if found is None else (int(found[1]), int(found[2]))


def _newer(go: str, cache: Path) -> str | None:
    """Fetch a newer Go with an old one. A module keeps neither the marks of programs nor files called go.mod."""
    folder = cache / "toolchain"
    folder.mkdir(exist_ok=True)
    (folder / "go.mod").write_text("module tests\n\ngo 1.19\n", encoding="ascii")
    fetched = subprocess.run(
        [go, "mod", "download", "-json", TOOLCHAIN],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    if fetched.returncode:
        return None
    home = folder / "go"
    if not home.is_dir():
        shutil.copytree(json.loads(fetched.stdout)["Dir"], home)
        for path in home.rglob("*"):
            path.chmod(0o755 if path.is_dir() or {"bin", "tool"} & set(path.parts) else 0o644)
        for path in home.rglob("_go.mod"):
            path.rename(path.with_name("go.mod"))
    return str(home / "bin" / "go")


@contextmanager
def running(server: Path, folder: Path) -> Iterator[S3Server]:
    """Run the server over a folder for as long as the block runs."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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


def main() -> int:
    """Build the server; the exit status says whether it is there."""
    found = program()
    sys.stdout.write(f"{found}\n")
    return 0 if isinstance(found, Path) else 1


if __name__ == "__main__":
    sys.exit(main())
