"""The ledger with an order and its file, on which the tests of documents begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.modules.documents.archive import archive

if TYPE_CHECKING:
    from sogdia.testing.ledger import Ledger


@pytest.fixture
def ledger() -> Ledger:
    """A ledger with an order under way and an authority admitted for Kenya."""
    return archive()
