"""The ledger on which tests of the kernel begin."""

from __future__ import annotations

import pytest

from sogdia.testing.ledger import Ledger


@pytest.fixture
def ledger() -> Ledger:
    """A ledger with a few parties and no money."""
    return Ledger()
