"""The ledger with an open shop, on which the tests of the market begin."""

from __future__ import annotations

import pytest

from sogdia.testing.ledger import Ledger
from tests.modules.market.shop import open_shop


@pytest.fixture
def ledger() -> Ledger:
    """A ledger on which Bukhara's shop is open and Nairobi has money."""
    return open_shop(Ledger())
