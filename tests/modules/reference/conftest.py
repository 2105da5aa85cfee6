"""A ledger with a desk."""

from __future__ import annotations

import pytest

from tests.modules.reference.desk import open_desk


@pytest.fixture
def ledger():
    """Give a ledger on which five organisations may report rates, and three have to."""
    return open_desk()
