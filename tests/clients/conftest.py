"""What the tests of clients in other languages share: a running Node.js for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients import node_js

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=[node_js.SOURCE, node_js.BUNDLE], ids=["sources", "one file"])
def judge(request: pytest.FixtureRequest) -> Iterator[node_js.Judge]:
    """Node.js with the JavaScript module: once with its sources, once with all of it in one file."""
    reason = node_js.missing()
    if reason is not None:
        pytest.skip(reason)
    with node_js.Judge(request.param) as running:
        yield running
