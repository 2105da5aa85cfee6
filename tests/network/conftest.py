"""CometBFT for the tests: the pinned version, and the one before; both are built once by Go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import real_parts
from tests.go_programs import COMETBFT, COMETBFT_BEFORE, program
from tests.network.running import RunningNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.go_programs import GoProgram


def _engine(wanted: GoProgram) -> Path:
    found = program(wanted)
    part = f"CometBFT {wanted.version}"
    if not isinstance(found, Path):
        real_parts.left_out(part, found)
        pytest.skip(found)
    real_parts.used(part)
    return found


@pytest.fixture(scope="session")
def engine() -> Path:
    """The pinned CometBFT."""
    return _engine(COMETBFT)


@pytest.fixture(scope="session")
def engine_before() -> Path:
    """The older line of CometBFT that the wire fits as well."""
    return _engine(COMETBFT_BEFORE)


@pytest.fixture
def make_network(tmp_path: Path, engine: Path) -> Iterator[Callable[..., RunningNetwork]]:
    """Make networks that end with the test."""
    made: list[RunningNetwork] = []

    def make(program: Path = engine, **wanted: Any) -> RunningNetwork:  # noqa: ANN401 - parts of a `Wanted`
        network = RunningNetwork(tmp_path / f"network{len(made)}", program, **wanted)
        made.append(network)
        return network

    yield make
    for each in made:
        each.close()


@pytest.fixture
def four(make_network: Callable[..., RunningNetwork]) -> RunningNetwork:
    """Four organisations that run."""
    network = make_network()
    network.up()
    return network
