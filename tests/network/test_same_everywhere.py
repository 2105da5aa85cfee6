"""One chain, played through the application by Pythons that differ in everything but the code: the same app hashes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import real_parts
from tests.network.chain_hashes import write_chain
from tests.other_python import ROOT, second_python

BLOCKS, BLOCKS_IN_A_FULL_RUN = 60, 400
READER = Path(__file__).with_name("chain_hashes.py")
PLAIN = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PYTHONHASHSEED": "0"}


def played(chain: Path, folder: Path, *words: str, python: Path | str = sys.executable, **environment: str) -> str:
    """Play the chain in a process of its own."""
    argv = [str(python), *words, str(READER), str(chain), str(folder)]
    done = subprocess.run(argv, env=PLAIN | environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def chain(tmp_path_factory, rotation, full_run) -> Path:
    """A chain with something of every module in it."""
    file: Path = tmp_path_factory.mktemp("chain") / "chain"
    write_chain(rotation, BLOCKS_IN_A_FULL_RUN if full_run else BLOCKS, file)
    return file


@pytest.fixture(scope="session")
def hashes(chain, tmp_path_factory) -> str:
    """What the plainest of all Pythons makes of it."""
    return played(chain, tmp_path_factory.mktemp("plain") / "node")


def test_the_chain_is_worth_playing(hashes):
    lines = hashes.splitlines()

    assert len(lines) >= BLOCKS
    assert len({line.split()[1] for line in lines}) > BLOCKS // 2


@pytest.mark.parametrize("seed", ["1", "4294967295", "random"])
def test_another_hash_seed_changes_nothing(chain, hashes, tmp_path, seed):
    assert played(chain, tmp_path / "node", PYTHONHASHSEED=seed) == hashes


@pytest.mark.parametrize("words", [("-O",), ("-OO",), ("-X", "dev")])
def test_another_mode_changes_nothing(chain, hashes, tmp_path, words):
    assert played(chain, tmp_path / "node", *words) == hashes


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "LANG": "C", "TZ": "Pacific/Kiritimati"},
        {"LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "America/St_Johns", "PYTHONUTF8": "0"},
    ],
)
def test_another_locale_and_time_zone_change_nothing(chain, hashes, tmp_path, environment):
    assert played(chain, tmp_path / "node", **environment) == hashes


@pytest.mark.slow
def test_another_version_of_python_changes_nothing(chain, hashes, tmp_path):
    python = second_python()
    if not isinstance(python, Path):
        real_parts.left_out("a second Python", python)
        pytest.skip(python)
    real_parts.used(f"a second {python.parent.parent.name.partition('-')[0]}")

    assert played(chain, tmp_path / "node", python=python) == hashes
