"""The seed that rotates with the commit, and how many cases a run tries.

A run on every commit can't try all cases, so it tries a fixed core and a slice that the seed chooses: the same for
everyone on one commit, another on the next. `SOGDIA_SEED` repeats an old run; `SOGDIA_FULL=1` asks for everything.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent
SLICE_EXAMPLES = 60
FULL_EXAMPLES = 2_000


def commit() -> str:
    """Give the commit of the working copy, or zeros where there is none."""
    answer = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else "0" * 40


def seed() -> int:
    """Give this run's seed: `SOGDIA_SEED` where it is set, else one made from the commit."""
    wish = os.environ.get("SOGDIA_SEED")
    if wish is None:
        return int(commit()[:8], 16)
    if not wish.isdecimal():
        message = f"SOGDIA_SEED must be a whole number, and is {wish!r}"
        raise pytest.UsageError(message)
    return int(wish)


def full() -> bool:
    """Say whether the full matrix was asked for."""
    return os.environ.get("SOGDIA_FULL") == "1"


@pytest.fixture(scope="session")
def rotation() -> int:
    """The seed of this run: the same for everyone on one commit."""
    return seed()


@pytest.fixture(scope="session")
def full_run() -> bool:
    """Whether to try every case, not only the core and the slice that the seed chooses."""
    return full()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Hand the seed to the random tests and, by the environment, to the programs that tests start."""
    os.environ["SOGDIA_SEED"] = str(seed())
    if config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = str(seed())
    # How long one example takes depends on who else uses the machine; a limit on it would fail at random.
    hypothesis.settings.register_profile(
        "sogdia",
        max_examples=FULL_EXAMPLES if full() else SLICE_EXAMPLES,
        deadline=None,
        print_blob=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("sogdia")


def pytest_report_header() -> str:
    """Print the seed, so that a failure can be repeated."""
    size = "the full matrix" if full() else "the core and a slice"
    return f"rotation: seed {seed()}, {size} (repeat it with SOGDIA_SEED={seed()})"
