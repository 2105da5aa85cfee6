"""CometBFT's own program: where it is, which version it has, and how to come by it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

PINNED: Final = "v0.40.0"
TELLS: Final = {"0.39.0": PINNED, "0.38.26": "v0.38.26"}
"""What a program says of itself, and the release that it is: v0.40.0 says 0.39.0."""

UNTESTED: Final = "?"
"""Stands behind a release with which ours was not tested."""

VARIABLE: Final = "SOGDIA_COMETBFT"
MODULE: Final = "github.com/cometbft/cometbft/cmd/cometbft"
ANSWER_SECONDS: Final = 20

HOW_TO_GET: Final = (
    f"Install it with Go 1.26 or newer: go install {MODULE}@{PINNED}; it is then in ~/go/bin. Or name another place"
    f" with {VARIABLE}=/path/to/cometbft."
)


class EngineMissingError(Exception):
    """CometBFT is not there, or is not one of the versions that this release was tested with."""


def find_engine() -> Path:
    """Give the program: the one that is named, else one on the path, else where Go puts it."""
    named = os.environ.get(VARIABLE)
    if named:
        if not os.access(named, os.X_OK):
            raise EngineMissingError(f"{VARIABLE} names {named}, which is no program. {HOW_TO_GET}")
        return Path(named)
    found = shutil.which("cometbft")
    if found:
        return Path(found)
    for place in (os.environ.get("GOBIN"), os.path.expanduser("~/go/bin")):  # noqa: PTH111 - HOME may not be set
        if place and os.access(Path(place) / "cometbft", os.X_OK):
            return Path(place) / "cometbft"
    raise EngineMissingError(f"A network of several organisations needs CometBFT, which was not found. {HOW_TO_GET}")


def version_of(program: Path) -> str:
    """Ask a program for its release, such as v0.40.0; one that was not tested is named with a question mark."""
    try:
        said = subprocess.run(  # noqa: S603 - the operator's own program
            [program, "version"], capture_output=True, text=True, check=True, timeout=ANSWER_SECONDS
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineMissingError(f"{program} does not tell its version: {error}") from error
    found = re.search(r"(\d+\.\d+\.\d+)", said)
    if found is None:
        raise EngineMissingError(f"{program} does not tell its version, but {said.strip()[:80]!r}")
    return TELLS.get(found[1], f"v{found[1]}{UNTESTED}")
