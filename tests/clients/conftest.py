"""What the tests of clients in other languages share: a running Node.js for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import real_parts
from tests.clients import node_js

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def node() -> str:
    """The program of Node.js; whoever asks for it is left out where there is none."""
    reason = node_js.missing()
    if reason is not None:
        pytest.skip(reason)
    return "node"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The program of Chromium; whoever asks for it is left out where there is none."""
    return real_parts.program("chromium")


@pytest.fixture(scope="session", params=[node_js.SOURCE, node_js.BUNDLE], ids=["sources", "one file"])
def judge(request: pytest.FixtureRequest, node: str) -> Iterator[node_js.Judge]:
    """Node.js with the JavaScript module: once with its sources, once with all of it in one file."""
    with node_js.Judge(node, request.param) as running:
        yield running
