"""Random life on several replicas gives the same blocks and states everywhere, whatever happens to any of them.

    SOGDIA_SIMULATION=<seed> .venv/bin/python -m pytest tests/network/test_simulation.py     plays one seed again

The full run plays its seeds in as many processes as there are cores.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from sogdia.modules import ALL
from tests.network.simulation import play

BLOCKS = 50
SECONDS = 10
SEEDS_IN_A_FULL_RUN = 1_000
SEEDS_AT_LEAST = 3
SEEDS_AT_MOST = 30
"""So many to meet every module: a seed meets most of them."""

MEMORY = Path("/dev/shm")  # noqa: S108 - folders of our own in it
COMMAND = "SOGDIA_SIMULATION={} .venv/bin/python -m pytest tests/network/test_simulation.py"


def played(seed: int) -> tuple[int, Counter[str], str]:
    """Play a seed on folders in memory, where there are any; gives what was applied, or what went wrong."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        try:
            return seed, play(seed, Path(folder), BLOCKS), ""
        except BaseException:  # noqa: BLE001 - whatever it is, the seed has failed
            return seed, Counter(), traceback.format_exc()


def outcomes(first: int, *, full: bool):
    """Play seeds one after another, or all of a full run at once."""
    wish = os.environ.get("SOGDIA_SIMULATION")
    if wish:
        yield played(int(wish))
    elif full:
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
            yield from pool.map(played, range(first, first + SEEDS_IN_A_FULL_RUN))
    else:
        until, seed = time.monotonic() + SECONDS, first
        met: Counter[str] = Counter()
        while (
            seed < first + SEEDS_AT_LEAST or time.monotonic() < until or (unmet(met) and seed < first + SEEDS_AT_MOST)
        ):
            outcome = played(seed)
            met += outcome[1]
            yield outcome
            seed += 1


def unmet(applied: Counter[str]) -> list[str]:
    """Name the modules of which nothing has been applied yet."""
    return [module.name for module in ALL if not any(applied[each.__name__] for each in module.operations)]


@pytest.mark.slow
def test_replicas_agree_on_whatever_happens(rotation, full_run, record_property):
    applied: Counter[str] = Counter()
    failed: list[str] = []
    count = 0
    for seed, done, wrong in outcomes(rotation % 1_000_000_000, full=full_run):
        count += 1
        applied += done
        if wrong:
            failed.append(f"play it again with {COMMAND.format(seed)}\n{wrong}")

    record_property("seeds", count)
    assert not failed, f"{len(failed)} of {count} seeds failed\n" + "\n".join(failed[:3])
    assert "SOGDIA_SIMULATION" in os.environ or unmet(applied) == []


def test_a_seed_that_fails_says_so(monkeypatch):
    monkeypatch.setattr("tests.network.chain.Member.root", lambda member: member.name.encode())

    _seed, _applied, wrong = played(7)

    assert "does not end like" in wrong
