"""The ledger with a bureau, on which the tests of the exchange begin."""

from __future__ import annotations

import pytest

from sogdia.testing.ledger import Ledger
from tests.modules.exchange.bureau import open_bureau


@pytest.fixture
def ledger() -> Ledger:
    """A ledger on which a dealer gives dollars for dinars and Nairobi has dinars."""
    return open_bureau(Ledger())
