"""A played network, its explorer, and a browser, for the tests of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.settings.sections import ExplorerSettings
from sogdia.web.explorer.serving import serving
from tests.web.browsing import browser
from tests.web.playing import Played
from tests.web.visiting import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A node on which a market was played, and its index."""
    network = Played(tmp_path_factory.mktemp("explorer") / "node")
    with network.running():
        network.play()
        network.index()
        yield network


@pytest.fixture(scope="session")
def site(played: Played) -> Iterator[Site]:
    """The explorer over that node."""
    with serving(played.folder, played.database, ExplorerSettings(listen="127.0.0.1:0")) as address:
        yield Site(address, played)


# Playwright keeps an event loop in this thread, so it must be gone before tests of other files run loops of their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser; whoever asks for it is left out where there is none."""
    with browser() as running:
        yield running
