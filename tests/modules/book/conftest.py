"""A ledger with a stand."""

from __future__ import annotations

import pytest

from sogdia.testing.ledger import Ledger
from tests.modules.book.stand import open_stand


@pytest.fixture
def ledger() -> Ledger:
    """Give a ledger on which four parties have dinars and dollars."""
    return open_stand(Ledger())
