"""The ledger with a clearing house, on which the tests of netting begin."""

from __future__ import annotations

import pytest

from sogdia.testing.ledger import Ledger
from tests.modules.netting.house import open_house


@pytest.fixture
def ledger() -> Ledger:
    """A ledger on which a house nets for whoever wants it to."""
    return open_house(Ledger())
