"""The folder that all tests of the real node begin with."""

from pathlib import Path

import pytest

from tests.faults.node.world import World, make_world


@pytest.fixture(scope="session")
def made_world(tmp_path_factory) -> World:
    """The ledger, made once."""
    return make_world(tmp_path_factory.mktemp("world") / "node")


@pytest.fixture
def world(made_world: World, tmp_path: Path) -> World:
    """The ledger in a folder of its own."""
    return made_world.copied_to(tmp_path / "node")
