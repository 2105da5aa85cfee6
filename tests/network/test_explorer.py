"""The explorer over a node of a real network: the browser checks votes and proof, from a trust of the reader's own."""

from __future__ import annotations

import gzip
import shlex
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from sogdia.client.codes import account_code
from sogdia.client.connection import Connection
from sogdia.client.envelopes import EnvelopeMaker
from sogdia.client.light.roots import root_by_genesis
from sogdia.client.proofs import load_proof, proof_bytes
from sogdia.index import following
from sogdia.index.sources import NodeSource
from sogdia.kernel.comet import CometAnchor, header_hash, validators_hash
from sogdia.kernel.genesis import genesis_type
from sogdia.modules import ALL
from sogdia.modules.money.currencies import Mint
from sogdia.settings.sections import ExplorerSettings
from sogdia.web.explorer.serving import serving
from tests.network.running import RunningNetwork
from tests.web.browsing import Visit, browser, visiting
from tests.web.test_explorer_browser import AXE, RUN
from tests.web.test_explorer_pages import PAGE_BYTES_MAX
from tests.web.visiting import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.real("Chromium")

DAY_MILLISECONDS = 86_400_000


class Watched(NamedTuple):
    """A network that runs, the explorer over one of its nodes, and what was done on it."""

    network: RunningNetwork
    site: Site
    paid: bytes
    """The id of a transaction."""

    @property
    def party(self) -> str:
        """The path of a page that checks a proof: the bank's record."""
        return f"/check/party/{account_code(self.network.account('kz-bank'))}"

    @property
    def hash(self) -> str:
        """The network's hash, as a reader knows it."""
        return self.network.network.hex()

    @property
    def genesis(self) -> bytes:
        """The genesis file, as a reader has it from elsewhere."""
        return (self.network.folder / "genesis.json").read_bytes()

    def validators(self) -> str:
        """The hash of the validators that the genesis names."""
        root = root_by_genesis(msgspec.json.decode(self.genesis, type=genesis_type(ALL)))
        return validators_hash(root.start.validators).hex()  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Watched]:
    """Four organisations, and the explorer over the node of one."""
    network = RunningNetwork(tmp_path_factory.mktemp("explored") / "network", engine)
    try:
        network.up()
        bank = network.sender("kz-bank")
        asked = Mint(currency=network.currency, to=bank.account, units=700)
        signed = EnvelopeMaker(network.network).make([bank], [asked], expiry=int(time.time()) + 3_600)
        folder = network.place("uz-post")
        with Connection(folder) as connection:
            connection.submit(signed.raw)
        database = f"sqlite:///{network.folder / 'index.sqlite'}"
        source = NodeSource(folder)
        following.build(source, database)
        source.close()
        with serving(folder, database, ExplorerSettings(listen="127.0.0.1:0")) as address:
            yield Watched(network, Site(address, None), signed.id)
    finally:
        network.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    with browser() as running:
        yield running


@pytest.fixture
def visit(chromium: Browser, watched: Watched) -> Iterator[Visit]:
    """A window of it."""
    yield from visiting(chromium, watched.site.address)


def rows(visit: Visit) -> dict[str, str]:
    """Give what the page says below its sentence, by name."""
    names, values = (visit.page.locator(f"#said {tag}").all_inner_texts() for tag in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def test_the_browser_checks_votes_and_record_from_the_genesis_whose_hash_the_reader_knows(watched, visit):
    visit.go(watched.party)
    visit.page.fill("#pin", watched.hash)

    said = visit.said()

    assert said.startswith("It holds. The ledger held this record.")
    told = rows(visit)
    voted, power = map(int, told["Weight of the votes"].split(" / "))
    assert power == 40
    assert voted * 3 > power * 2
    assert told["Trust began with"] == f"the genesis, whose validators are {watched.validators()}"
    assert watched.validators() in visit.page.inner_text("#check")
    assert visit.complaints == []


def test_the_browser_checks_a_receipt_from_a_file_by_a_genesis_from_a_file(watched, visit):
    with Connection(watched.network.place("uz-post")) as connection:
        proof = proof_bytes(connection.prove_result(watched.paid))
    visit.go("/check")
    visit.page.set_input_files("#trust", [{"name": "g.json", "mimeType": "", "buffer": watched.genesis}])
    visit.page.set_input_files("#proof", [{"name": "a.proof", "mimeType": "", "buffer": proof}])

    assert visit.said().startswith("It holds. The transaction was applied. At 20")


@pytest.mark.parametrize("place", [60, 500, -1, -200])
def test_a_proof_with_one_bit_turned_proves_nothing(watched, visit, place):
    path = watched.party.replace("/check", "/proofs")
    raw = bytearray(watched.site.get(path).raw)
    raw[place] ^= 1
    visit.page.route("**" + path, lambda route: route.fulfill(body=bytes(raw)))

    visit.go(watched.party)
    visit.page.fill("#pin", watched.hash)

    assert visit.said().startswith("It does NOT hold: it proves nothing.")


def test_a_genesis_of_other_validators_is_not_led_to_this_networks_headers(watched, visit):
    other = msgspec.json.decode(watched.genesis)
    other["validators"] = [[("ab" * 32), 10]]
    visit.go(watched.party)

    visit.page.set_input_files("#trust", [{"name": "g.json", "mimeType": "", "buffer": msgspec.json.encode(other)}])

    assert visit.said().startswith("It does NOT hold: it proves nothing.")


def test_trust_in_the_genesis_ends_and_goes_on_from_what_was_checked_or_from_a_header_that_was_named(watched, visit):
    path = watched.party.replace("/check", "/proofs")
    raw = watched.site.get(path).raw  # the network goes on, and its next proof leads to the next header
    visit.page.route("**" + path, lambda route: route.fulfill(body=raw))
    visit.go(watched.party)
    visit.page.fill("#pin", watched.hash)
    assert visit.said().startswith("It holds.")
    led = rows(visit)["Led to the header"]

    # Another browser, which has checked nothing yet, comes when the genesis is no longer trusted.
    visit.page.evaluate("localStorage.removeItem('sogdia-light')")
    visit.page.evaluate(f"(now => Date.now = () => now + {20 * DAY_MILLISECONDS})(Date.now())")
    late = visit.said()
    visit.page.fill("#header", "7:abc")
    mistyped = visit.said()
    visit.page.fill("#header", led[:-1] + ("0" if led[-1] != "0" else "1"))
    other = visit.said()
    visit.page.fill("#header", led)
    named = visit.said()
    began = rows(visit)["Trust began with"]

    assert late.startswith("It does NOT hold: it proves nothing. Its header is not to be trusted")
    assert late.endswith("(expired)")
    assert mistyped.endswith("A header is its height, a colon and the 64 hexadecimal digits of its hash.")
    assert other.startswith("It does NOT hold: it proves nothing.")
    assert named.startswith("It holds.")
    assert began == led

    # What the browser has kept serves the next visit; to forget it is to begin anew.
    visit.page.reload()
    assert visit.page.input_value("#header") == led
    visit.page.click("#forget")
    assert visit.page.evaluate("localStorage.length") == 0


@pytest.fixture
def without_script(chromium: Browser, watched: Watched) -> Iterator[Visit]:
    """A window of a browser that runs no script."""
    yield from visiting(chromium, watched.site.address, java_script_enabled=False)


def test_without_a_script_the_commands_on_the_page_check_the_same(watched, without_script, tmp_path):
    without_script.go(watched.party)
    assert "Without one, use the command below." in without_script.page.inner_text("main")
    by_genesis, by_header = (shlex.split(each) for each in without_script.page.locator("pre").all_inner_texts())
    file = tmp_path / by_genesis[2]
    file.write_bytes(watched.site.get(watched.party.replace("/check", "/proofs")).raw)
    (tmp_path / "genesis.json").write_bytes(watched.genesis)
    anchor = load_proof(file).anchor  # type: ignore[union-attr]
    assert isinstance(anchor, CometAnchor)
    header = anchor.blocks[-1].header
    named = f"{header.height}:{header_hash(header).hex()}"

    for command in (by_genesis, [named if word == "HEIGHT:HASH" else word for word in by_header]):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("The proof is right.\n")


def test_the_page_that_checks_is_as_light_as_the_others_and_keeps_nobody_out(watched, visit):
    visit.page.set_viewport_size({"width": 320, "height": 640})
    visit.go(watched.party)
    visit.page.fill("#pin", watched.hash)
    visit.said()
    visit.page.evaluate(AXE)

    assert len(gzip.compress(watched.site.get(watched.party).raw)) <= PAGE_BYTES_MAX == 13_000
    assert visit.page.evaluate(RUN, {}) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320
