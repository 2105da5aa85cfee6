"""A second Python of another version, with what the product needs: made once, into the cache folder of the tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.go_programs import CACHE

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
MINORS = range(11, 20)
INSTALL_SECONDS = 600


def second_python(cache: Path = CACHE) -> Path | str:
    """Give the Python of an environment of another version; or why there is none."""
    for minor in sorted(MINORS, reverse=True):
        found = _program(minor) if minor != sys.version_info.minor else None
        if found is not None:
            return _environment(found, minor, cache)
    return f"there is no second Python from 3.{MINORS[0]} on beside 3.{sys.version_info.minor}"


def _program(minor: int) -> str | None:
    """Find a Python of a version that runs, on the path or where pyenv keeps it."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    kept = sorted(pyenv.glob(f"3.{minor}.*/bin/python3"), reverse=True)
    for each in [shutil.which(f"python3.{minor}"), *map(str, kept)]:
        if (
            each
            and subprocess.run([each, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode == 0
        ):
            return each
    return None


def _environment(program: str, minor: int, cache: Path) -> Path | str:
    """Make the environment unless it is there; it is named after what the lock holds."""
    name = f"python3.{minor}-{sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    made = cache / name
    python = made / "bin" / "python"
    if (made / "complete").exists():
        return python
    shutil.rmtree(made, ignore_errors=True)
    subprocess.run([program, "-m", "venv", made], check=True)
    words = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--require-hashes",
        "-r",
        str(LOCK),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        return f"Python 3.{minor} lacks what the product needs: {re.sub(r'https?://[^ ]+', '…', reason)}"
    (made / "complete").touch()
    return python
