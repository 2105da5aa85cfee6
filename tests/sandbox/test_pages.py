"""The pages of a sandbox in a real browser: they say what they are, and check proofs of trials as trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.client.codes import account_code
from tests.web.browsing import Visit, browser
from tests.web.test_explorer_browser import AXE, RUN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.conftest import Trial

pytestmark = pytest.mark.real("Chromium")


@pytest.fixture
def visit(trial: Trial) -> Iterator[Visit]:
    """A window of a real browser on the explorer of the sandbox."""
    with browser() as running:
        yield Visit(running.new_page(), trial.explorer)


def test_the_banner_keeps_nobody_out_and_fits_a_small_phone(visit):
    visit.page.set_viewport_size({"width": 320, "height": 640})
    visit.go("/blocks")
    visit.page.evaluate(AXE)

    assert visit.page.inner_text("aside").startswith("Sandbox: a network for trials.")
    assert visit.page.evaluate(RUN, {}) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_proof_of_a_trial_is_checked_on_the_sandboxs_own_pages(trial, visit):
    visit.go(f"/check/party/{account_code(trial.account('bank'))}")
    visit.page.fill("#pin", trial.maker.network.hex())

    assert visit.said().startswith("It holds.")
    assert visit.page.inner_text("pre").endswith("--genesis genesis.json --sandbox")
