"""The pages in a real browser: nobody is kept out by them, they fit a small screen, and proofs are judged rightly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import axe_playwright_python  # type: ignore[import-untyped]
import msgspec
import pytest

from sogdia.client.proofs import proof_bytes
from sogdia.testing.ledger import genesis
from tests.web.browsing import Visit, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.web.visiting import Site

pytestmark = pytest.mark.real("Chromium")

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
RUN = """
(only) => axe.run(document, {resultTypes: ["violations"], ...only}).then(({violations}) =>
  violations.map(({id, nodes}) => `${id}: ${nodes.map(({html, failureSummary}) => html + failureSummary).join()}`))
"""
PHONE = {"width": 320, "height": 640}


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Visit]:
    """A window of ordinary size."""
    yield from visiting(chromium, site.address)


def everything(site: Site) -> dict[str, str]:
    return site.every_kind() | site.for_parties()


def test_no_page_keeps_anybody_out_in_light_or_dark(chromium, site):
    for visit in visiting(chromium, site.address, color_scheme="light"):
        visit.enter(site.account("nairobi"), "nairobi")
        # The large ones are of the same kinds as others, and take as long again.
        for name, path in everything(site).items():
            if name.endswith("-large"):
                continue
            visit.go(path)
            visit.page.evaluate(AXE)
            light = visit.page.evaluate(RUN, {})
            # The scheme changes colours and nothing else, so the second time only they are looked at.
            visit.page.emulate_media(color_scheme="dark")
            dark = visit.page.evaluate(RUN, {"runOnly": ["color-contrast"]})
            visit.page.emulate_media(color_scheme="light")

            assert (light, dark) == ([], []), name


def test_every_page_fits_a_small_phone_and_can_be_doubled_in_size_from_either_side(chromium, site):
    # A window of 640 shown at 200 % has 320 pixels of its own for the page.
    for visit in visiting(chromium, site.address, viewport=PHONE, device_scale_factor=2):
        visit.enter(site.account("nairobi"), "nairobi")
        for name, path in everything(site).items():
            visit.go(path)
            widths = [
                visit.page.evaluate(
                    "(side) => (document.documentElement.dir = side, document.documentElement.scrollWidth)", side
                )
                for side in ("ltr", "rtl")
            ]

            assert max(widths) <= PHONE["width"], name


def test_no_page_complains_or_asks_another_host(chromium, site):
    for visit in visiting(chromium, site.address):
        visit.enter(site.account("nairobi"), "nairobi")
        for name, path in everything(site).items():
            visit.go(path)
            complaints = [each for each in visit.complaints if not (name == "error" and "404" in each)]
            assert complaints == [], name
            visit.complaints.clear()

        assert all(each.startswith((site.address, "data:", "blob:")) for each in visit.asked)


def test_pages_can_be_read_without_a_script(chromium, site):
    for visit in visiting(chromium, site.address, java_script_enabled=False):
        for path in site.every_kind().values():
            visit.go(path)

            assert visit.page.locator("h1").inner_text()
        visit.go("/check")
        assert "Without one, use the command below." in visit.page.locator("main").inner_text()


def test_a_title_with_a_script_in_it_does_nothing(site, visit):
    visit.page.on("dialog", lambda _dialog: visit.complaints.append("a dialog"))

    visit.go(f"/listings/{site.listing(1)}")

    assert visit.page.inner_text("h1").startswith("<script>alert(1)</script>")
    assert visit.complaints == []


# -------------------------------------------------------------------------------------------------------- the check


def test_a_good_proof_holds_against_the_hash_that_the_reader_knows(site, visit):
    visit.go(f"/check/transaction/{site.played.ids['listings'].hex()}")
    visit.page.fill("#pin", site.played.network.hex().upper())

    assert visit.said().startswith("It holds. The transaction was applied. At 2023-11-14")

    visit.page.reload()
    assert visit.page.input_value("#pin") == site.played.network.hex()
    visit.page.click("#forget")
    assert visit.said().endswith("Choose a genesis file, or write the network’s hash.")


def test_a_good_proof_holds_against_a_genesis_file_of_the_readers_own(site, visit):
    visit.go(f"/check/party/{site.account('bank')}")
    visit.page.set_input_files("#trust", [{"name": "g.json", "mimeType": "", "buffer": site.played.genesis}])

    assert visit.said().startswith("It holds. The ledger held this record.")


def test_the_whole_life_of_an_order_is_checked_by_its_parties(site, visit):
    visit.enter(site.account("nairobi"), "nairobi")
    visit.go(f"/check/order/{site.order('silk-1')}")
    visit.page.fill("#pin", site.played.network.hex())

    assert "These are all 7 steps of its life, and no others." in visit.said()


@pytest.mark.parametrize(("reference", "words"), [("silk-1", "It had ended: "), ("silk-3", "Its state: ")])
def test_a_stranger_checks_that_an_order_is_there_and_its_state(site, visit, reference, words):
    visit.go(f"/orders/{site.order(reference)}")
    visit.page.click("text=Check the proof here")
    visit.page.fill("#pin", site.played.network.hex())

    said = visit.said()

    assert said.startswith("It holds. The ledger held such a record. At 20")
    assert words in said


@pytest.mark.parametrize("place", [40, 400, -1, -200])
def test_a_proof_with_one_bit_turned_proves_nothing(site, visit, place):
    path = f"/proofs/transaction/{site.played.ids['listings'].hex()}"
    raw = bytearray(site.get(path).raw)
    raw[place] ^= 1
    visit.page.route("**" + path, lambda route: route.fulfill(body=bytes(raw)))

    visit.go(path.replace("/proofs", "/check"))
    visit.page.fill("#pin", site.played.network.hex())

    assert visit.said().startswith("It does NOT hold: it proves nothing.")


def test_a_proof_proves_nothing_against_a_foreign_genesis(site, visit):
    stranger = msgspec.json.encode(genesis(name="stranger"))
    visit.go(f"/check/party/{site.account('bank')}")

    visit.page.set_input_files("#trust", [{"name": "g.json", "mimeType": "", "buffer": stranger}])

    assert visit.said().startswith("It does NOT hold: it proves nothing.")


def test_the_genesis_of_a_sandbox_is_refused_on_pages_that_are_none(site, visit):
    trial = msgspec.json.encode(genesis(name="sandbox"))
    visit.go(f"/check/party/{site.account('bank')}")

    visit.page.set_input_files("#trust", [{"name": "g.json", "mimeType": "", "buffer": trial}])

    assert visit.said().endswith("This network is a sandbox: what is proved there is worth nothing.")


def test_a_site_whose_genesis_is_another_than_the_readers_is_named_as_such(site, visit):
    visit.go("/check/party/" + site.account("bank"))
    visit.page.fill("#pin", "ab" * 32)

    assert visit.said().endswith("This site’s genesis has another hash than yours. Don’t trust this site.")


def test_a_good_proof_of_something_else_is_not_taken_for_this_pages(site, visit):
    other = site.get(f"/proofs/party/{site.account('bukhara')}").raw
    path = f"/proofs/party/{site.account('bank')}"
    visit.page.route("**" + path, lambda route: route.fulfill(body=other))

    visit.go(path.replace("/proofs", "/check"))
    visit.page.fill("#pin", site.played.network.hex())

    assert visit.said() == "It holds, but it is about something else than this page."


def test_any_proof_can_be_checked_from_a_file(site, visit):
    receipt = proof_bytes(site.played.connection.prove_result(site.played.ids["again"]))
    visit.go("/check")
    visit.page.set_input_files("#trust", [{"name": "g.json", "mimeType": "", "buffer": site.played.genesis}])
    visit.page.set_input_files("#proof", [{"name": "a.proof", "mimeType": "", "buffer": receipt}])

    assert "The transaction was refused, with number 4" in visit.said()


def test_whoever_signs_in_reads_its_order_and_can_sign_out(site, visit):
    path = f"/orders/{site.order('silk-1')}"
    visit.enter(site.account("nairobi"), "nairobi")
    visit.go(path)
    assert "The money was paid out" in visit.page.inner_text("main")
    assert visit.page.evaluate("document.cookie") == ""

    visit.page.click("footer button")
    visit.go(path)

    assert "The money was paid out" not in visit.page.inner_text("main")
