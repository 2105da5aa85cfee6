"""A guide of `docs/guides` followed literally: its commands are run as they stand, in order, in one shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ports import free_port
from tests.tidy.repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECONDS = 180


def follow(name: str, place: Path, programs: Sequence[str], port: str) -> tuple[int, str]:
    """Run the commands of a guide, with a free port instead of its own; gives the status and all that was said."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    guide = (ROOT / "docs" / "guides" / name).read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)
    command = place / "bin" / "sogdia"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sogdia.cli.main "$@"\n', "utf-8")
    command.chmod(0o755)
    commands = "\n".join(blocks).replace(port, str(free_port()))
    script = f"set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n{commands}"
    (place / "guide.sh").write_text(script, "utf-8")
    path = f"{command.parent}:{os.environ['PATH']}"
    environment = {**os.environ, "HOME": str(place), "PATH": path, "PYTHONPATH": str(ROOT / "src")}
    with (place / "said").open("w+") as said:
        status = subprocess.run(
            ["bash", "guide.sh"], cwd=place, env=environment, stdout=said, stderr=said, timeout=SECONDS, check=False
        ).returncode
    return status, (place / "said").read_text("utf-8")
