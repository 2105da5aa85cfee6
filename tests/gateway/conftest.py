"""What the tests of a gateway have at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateway.door import House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give a gateway with its ledger and the world outside."""
    made = House(tmp_path)
    yield made
    made.journal.__exit__()
