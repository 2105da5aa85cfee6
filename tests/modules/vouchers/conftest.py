"""The ledger with a purse, on which the tests of vouchers begin."""

from __future__ import annotations

import pytest

from sogdia.testing.ledger import Ledger
from tests.modules.vouchers.stall import open_stall


@pytest.fixture
def ledger() -> Ledger:
    """A ledger on which Nairobi has a purse for Bukhara, for Lanzhou and for anybody."""
    return open_stall(Ledger())
