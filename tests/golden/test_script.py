"""The fixed script: the same hashes under any hash seed, without assertions, and on every Python that can run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from sogdia.modules import ALL
from tests.golden.places import PROGRAM, ROOT, SCRIPT

LOCK = ROOT / "requirements.lock"
LIBRARIES = ("msgspec", "pynacl", "cryptography", "cffi", "pycparser")
MINORS = range(11, 20)
WANTED = json.loads(SCRIPT.read_text("utf-8"))


def played(*python: str, libraries: Path | None = None, **environment: str) -> dict[str, object]:
    """Play the script in a process of its own; give what it printed."""
    path = [str(ROOT / "src"), str(ROOT), *([] if libraries is None else [str(libraries)])]
    answer = subprocess.run(
        [*python, str(PROGRAM)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found: dict[str, object] = json.loads(answer.stdout)
    return found


def pythons() -> dict[str, str]:
    """Find the other versions of Python on this machine, from 3.11 on, by version."""
    folders = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    named = [shutil.which(f"python3.{minor}") for minor in MINORS]
    kept = [str(path) for folder in folders for minor in MINORS for path in folder.glob(f"3.{minor}.*/bin/python3")]
    found = {}
    for python in [*filter(None, named), *sorted(kept)]:
        ask = [python, "-c", "import sys; print('.'.join(map(str, sys.version_info[:2])))"]
        answer = subprocess.run(ask, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            found[answer.stdout.strip()] = python
    found.pop(".".join(map(str, sys.version_info[:2])), None)
    return found


def libraries_for(version: str, cache: Path) -> Path | None:
    """Give a folder with the locked libraries for a version of Python, fetched once; nothing when there are none."""
    folder = cache / f"{version}-{sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    wanted = cache / "wanted.txt"
    blocks = LOCK.read_text("utf-8").replace("\\\n", " ").splitlines()
    wanted.write_text("\n".join(block for block in blocks if block.startswith(LIBRARIES)), "utf-8")
    fresh = cache / f"{version}.part"
    shutil.rmtree(fresh, ignore_errors=True)
    fetch = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    fetch += ["--only-binary", ":all:", "--python-version", version, "--target", str(fresh), "-r", str(wanted)]
    if subprocess.run(fetch, capture_output=True, check=False).returncode:
        return None
    fresh.rename(folder)
    return folder


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_hash_seed_of_python_makes_no_difference(seed):
    assert played(sys.executable, PYTHONHASHSEED=seed) == WANTED


def test_nothing_depends_on_assertions():
    assert played(sys.executable, "-O", PYTHONHASHSEED="2") == WANTED


@pytest.mark.real("another Python version")
def test_every_other_python_comes_to_the_same_hashes(request):
    cache = request.config.cache.mkdir("golden-libraries")
    found = pythons()
    usable = {version: libraries_for(version, cache) for version in found}
    if not any(usable.values()):
        pytest.skip(f"no other Python from 3.11 on was found whose libraries can be had (found: {sorted(found)})")

    for version, libraries in usable.items():
        if libraries is not None:
            assert played(found[version], libraries=libraries) == WANTED, f"Python {version}"


def test_the_script_uses_every_operation_and_meets_refusals_and_deadlines():
    lines = WANTED["lines"]

    assert WANTED["operations"] == sorted(each.__name__ for module in ALL for each in module.operations)
    assert any("kept out" in line for line in lines)
    assert any(": 310, " in line for line in lines)
    assert any("nobody: -, exits 1" in line for line in lines)
