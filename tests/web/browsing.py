"""A real browser that visits the explorer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from sogdia.testing.ledger import keys_of
from tests import real_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a real Chromium; the test is left out where there is none."""
    program = real_parts.program("chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield running
        running.close()


class Visit:
    """A browser's window, and what went wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        """Listen to what the page complains of and whom it asks."""
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.address + path)

    def enter(self, account: str, name: str) -> None:
        """Sign in through the form, as a person would."""
        self.go("/enter")
        self.page.fill("#account", account)
        self.page.click("main button")
        line = self.page.input_value("input[name=challenge]")
        self.page.fill("#signature", keys_of(name).sign(line.encode()).hex())
        self.page.click("main button")

    def said(self, press: str = "#press") -> str:
        """Press, and give what the page says of the proof."""
        self.page.evaluate("document.getElementById('said').replaceChildren()")
        self.page.click(press)
        self.page.wait_for_selector("#said p")
        return self.page.inner_text("#said p")


def visiting(chromium: Browser, address: str, **how: Any) -> Iterator[Visit]:  # noqa: ANN401 - as Playwright takes it
    context = chromium.new_context(**how)
    context.set_default_timeout(15_000)
    visit = Visit(context.new_page(), address)
    yield visit
    context.close()
