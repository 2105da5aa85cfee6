"""The ledger with two registrars and two sponsors, on which the tests of identity begin."""

from __future__ import annotations

import pytest

from sogdia.testing.ledger import Ledger
from tests.modules.identity.town import town


@pytest.fixture
def ledger() -> Ledger:
    """A ledger with two registrars and two sponsors."""
    return town()
