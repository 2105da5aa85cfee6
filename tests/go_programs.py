"""Real programs written in Go that tests start: built once by the Go toolchain, into a cache folder.

python -m tests.go_programs     builds them all beforehand, so that no test waits for it
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

TOOLCHAIN = "golang.org/toolchain@v0.0.1-go1.26.0.linux-amd64"
"""The Go that builds them, as a Go module: an older Go, such as Debian's, fetches it like any other."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sogdia-tests"
GO_NEEDED = (1, 25)
BUILD_SECONDS = 900


class GoProgram(NamedTuple):
    """A program by the package that it is built from, and its version."""

    package: str
    version: str

    @property
    def name(self) -> str:
        """What the program is called."""
        return self.package.rpartition("/")[2]

    def place(self, cache: Path) -> Path:
        """Say where it stands once it is built."""
        return cache / self.name / self.version / self.name


VERSITYGW = GoProgram("github.com/versity/versitygw/cmd/versitygw", "v1.8.0")
COMETBFT = GoProgram("github.com/cometbft/cometbft/cmd/cometbft", "v0.40.0")
COMETBFT_BEFORE = GoProgram("github.com/cometbft/cometbft/cmd/cometbft", "v0.38.26")
ALL = (VERSITYGW, COMETBFT, COMETBFT_BEFORE)


def program(wanted: GoProgram, cache: Path = CACHE) -> Path | str:
    """Give a program, built if need be; or why it cannot be had."""
    built = wanted.place(cache)
    if built.is_file():
        return built
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        return f"there is no Go to build {wanted.name} with"
    draft = cache / "building" / f"{wanted.name}-{wanted.version}-{os.getpid()}"
    draft.mkdir(parents=True, exist_ok=True)
    new_enough = go if _version(go) >= GO_NEEDED else _newer(go, cache)
    if new_enough is None:
        return f"Go {GO_NEEDED[0]}.{GO_NEEDED[1]} or newer is needed, and it could not be fetched"
    done = subprocess.run(
        [new_enough, "install", f"{wanted.package}@{wanted.version}"],
        env=os.environ | {"GOBIN": str(draft)},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    if done.returncode:
        return f"{wanted.name} could not be built: {done.stderr.strip().splitlines()[-1]}"
    built.parent.mkdir(parents=True, exist_ok=True)
    (draft / wanted.name).rename(built)
    return built


def _version(go: str) -> tuple[int, ...]:
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"go([0-9]+)\.([0-9]+)", said)
    return (0, 0) if found is None else (int(found[1]), int(found[2]))


def _newer(go: str, cache: Path) -> str | None:
    """Fetch a newer Go with an old one. A module keeps neither the marks of programs nor files called go.mod."""
    folder = cache / "toolchain"
    folder.mkdir(parents=True, exist_ok=True)
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


def main() -> int:
    """Build them; the exit status says whether all are there."""
    found = [program(each) for each in ALL]
    sys.stdout.write("".join(f"{each}\n" for each in found))
    return 0 if all(isinstance(each, Path) for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
