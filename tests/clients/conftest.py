"""What the tests of clients in other languages share: a running Node.js for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients import node_js

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def judge() -> Iterator[node_js.Judge]:
    """Node.js with the JavaScript module."""
    reason = node_js.missing()
    if reason is not None:
        pytest.skip(reason)
    with node_js.Judge() as running:
        yield running
