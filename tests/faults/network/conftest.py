"""Networks for the faults: one that lives through many cases, and others for those that need their own."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.network.hurting import HurtNetwork
from tests.network.conftest import engine, engine_before
from tests.rotation import full, seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROTATING = 4
"""So many of the cases that are marked as taking turns belong to a run that is not full."""

HERE = Path(__file__).parent
CASE_SECONDS_MAX = 480
"""Eight processes are started, on a machine that may be busy."""

__all__ = ["engine", "engine_before"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep of the cases that take turns those that the seed chooses; a few that were asked for by name all stay."""
    for item in items:
        if HERE in item.path.parents and not full():
            item.add_marker(pytest.mark.timeout(CASE_SECONDS_MAX))
    here = [item for item in items if item.get_closest_marker("takes_turns")]
    if full() or len(here) <= ROTATING:
        return
    chosen = random.Random(seed()).sample(here, ROTATING)
    items[:] = [item for item in items if item not in here or item in chosen]


class Kept:
    """The network that is kept from case to case for as long as each leaves it whole."""

    def __init__(self, place: Path, engine: Path) -> None:
        """Make none yet."""
        self._place = place
        self._engine = engine
        self._made = 0
        self._network: HurtNetwork | None = None

    def network(self) -> HurtNetwork:
        """Give the one that there is, or another when the last case has broken it."""
        if self._network is None or not self._network.whole:
            self.close()
            self._made += 1
            self._network = HurtNetwork(self._place / f"kept{self._made}", self._engine)
        self._network.up()
        self._network.whole = False
        return self._network

    def close(self) -> None:
        """End it."""
        if self._network is not None:
            self._network.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Kept]:
    """The keeper of the network, which ends with the file's cases: it makes blocks for as long as it runs."""
    made = Kept(tmp_path_factory.mktemp("faults"), engine)
    yield made
    made.close()


@pytest.fixture
def four(kept: Kept) -> HurtNetwork:
    """Four organisations that run and are well."""
    return kept.network()


@pytest.fixture
def make_network(tmp_path: Path, engine: Path) -> Iterator[Callable[..., HurtNetwork]]:
    """Make networks that end with the case; they do not run yet."""
    made: list[HurtNetwork] = []

    def make(program: Path = engine, kind: type[HurtNetwork] = HurtNetwork, **wanted: Any) -> HurtNetwork:  # noqa: ANN401
        network = kind(tmp_path / f"network{len(made)}", program, **wanted)
        made.append(network)
        return network

    yield make
    for each in made:
        each.close()
