"""The ledger with two registrars and two sponsors, on which the tests of identity begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.modules.identity.town import town

if TYPE_CHECKING:
    from sogdia.testing.ledger import Ledger


@pytest.fixture
def ledger() -> Ledger:
    """A ledger with two registrars and two sponsors."""
    return town()
