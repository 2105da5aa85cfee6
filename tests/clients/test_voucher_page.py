"""The page that checks vouchers, in a real browser without a network: what a payee is told, and what is remembered."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sogdia.client.codes import account_code
from sogdia.client.proofs import proof_bytes
from sogdia.client.voucher_text import voucher_text
from sogdia.kernel.comet import header_hash
from tests.clients.test_javascript_page import GENESIS, seen
from tests.clients.test_javascript_vouchers import FILE
from tools import javascript_bundle
from tools.network_proofs import Chain
from tools.vector_vouchers import Stall

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real("Chromium")

LOOKS = {(each["name"], each.get("damage")): each for each in FILE["looks"]}
OWN = LOOKS["of one's own share", None]
ANYBODYS = LOOKS["of anybody's share", None]
TWICE = LOOKS["of one's own share", "none: its number is on another"]
NOW = OWN["now"]
TRIP = bytes.fromhex(FILE["purses"]["trip"]["proof"])

BEFORE = """<script>
  Date.now = () => NOW * 1000;
  OLD
</script>"""
OLD_BROWSER = """
  for (const [kind, names] of [
    [Array, ["at", "findLast", "toReversed", "toSorted", "with", "flatMap"]],
    [Uint8Array, ["at", "findLast", "toReversed", "toSorted", "with"]],
    [String, ["at", "replaceAll", "isWellFormed"]],
  ]) for (const name of names) delete kind.prototype[name];
  for (const name of ["hasOwn", "groupBy"]) delete Object[name];
  delete window.structuredClone;
  delete Promise.any;
  for (const name of ["importKey", "verify"]) {
    const own = crypto.subtle[name].bind(crypto.subtle);
    crypto.subtle[name] = (...given) => given.some((each) => (each.name ?? each) === "Ed25519")
      ? Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"))
      : own(...given);
  }
"""
NO_STORAGE = """
  Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } });
"""
CAMERA = """
  window.BarcodeDetector = class { async detect() { return READ; } };
  window.createImageBitmap = async (file) => file;
"""
PLAY = """
<script type="module">
  const at = (id) => document.getElementById(id);
  const until = async (holds) => { while (!holds()) await new Promise((done) => setTimeout(done, 5)); };
  const told = [];
  for (const [what, id, value] of STEPS) {
    if (what === "choose") {
      const chosen = new DataTransfer();
      const bytes = Uint8Array.from(atob(value), (sign) => sign.charCodeAt(0));
      chosen.items.add(new File([bytes], id));
      at(id).files = chosen.files;
      const answers = at(id === "photo" ? "said" : "loaded");
      answers.textContent = "";
      at(id).dispatchEvent(new Event("change"));
      await until(() => answers.textContent);
    } else if (what === "write") {
      at(id).value = value;
      at(id).dispatchEvent(new Event("change"));
    } else if (what === "press") {
      if (at(id).hidden) throw new Error(`${id} is hidden`);
      at("said").textContent = "";
      at(id).click();
      await until(() => at("said").textContent || id === "forget");
    }
    told.push({
      said: at("said").innerText, loaded: at("loaded").textContent, count: at("count").textContent,
      state: at("state").textContent, take: !at("take").hidden, fleeting: !at("fleeting").hidden,
      scan: !at("scan").hidden, saved: decodeURIComponent(at("save").getAttribute("href") ?? ""),
    });
  }
  const whole = document.createElement("pre");
  whole.id = "told";
  whole.textContent = JSON.stringify(told);
  document.body.replaceChildren(whole);
</script>
"""


def choose(name: str, content: bytes) -> tuple[str, str, str]:
    return "choose", name, base64.b64encode(content).decode()


def play(
    chromium: str, folder: Path, *steps: tuple[str, ...], old: str = "", now: int = NOW, language: str = "en-US"
) -> list[dict[str, Any]]:
    """Do what a payee does, and give what the page shows after each step."""
    before = BEFORE.replace("NOW", str(now)).replace("OLD", old)
    page = javascript_bundle.VOUCHER_PAGE.read_text("utf-8").replace("<title>", f"{before}<title>")
    became = seen(chromium, folder, page + PLAY.replace("STEPS", json.dumps(steps)), language)
    found = re.findall(r'<pre id="told">(.*?)</pre>', became, re.DOTALL)
    assert found, html.unescape(re.sub(r"<[^>]+>", " ", became))
    told: list[dict[str, Any]] = json.loads(html.unescape(found[0]))
    return told


def check(text: str) -> tuple[tuple[str, ...], ...]:
    return ("write", "text", text), ("press", "check")


SET_UP = (
    choose("genesis", GENESIS),
    choose("proof", TRIP),
    ("write", "payee", account_code(bytes.fromhex(OWN["payee"]))),
)


def test_a_voucher_of_ones_own_share_is_certain_and_every_part_is_told(chromium, tmp_path):
    last = play(chromium, tmp_path, *SET_UP, *check(OWN["text"]))[-1]

    for words in (
        "CERTAIN",
        "1.25 USD",
        "that is you",
        "holds, by the key of its purse",
        "number 0",
        "Valid until\n2023-11-21",
        "Its number, seen here before\nno",
        "by this device's clock, and no other clock was asked",
        "what was paid out of it since is not known here",
        "Three conditions are yours to keep",
    ):
        assert words in last["said"], last["said"]
    assert last["take"]


@pytest.mark.parametrize(("language", "shown"), [("ru-KZ", "1,25 USD"), ("bn-BD", "১.২৫ USD"), ("not_one", "1.25 USD")])
def test_amounts_are_written_in_the_language_of_the_browser(chromium, tmp_path, language, shown):
    last = play(chromium, tmp_path, *SET_UP, *check(OWN["text"]), language=language)[-1]

    assert shown in last["said"], last["said"]


def test_of_anybodys_share_it_says_that_it_is_a_risk_and_what_nobody_can_know(chromium, tmp_path):
    last = play(chromium, tmp_path, *SET_UP[:2], *check(ANYBODYS["text"]))[-1]

    assert last["said"].startswith("RISK – for the account that it names")
    assert "cannot be known without a connection" in last["said"]
    assert "whether that is you is not compared" in last["said"]


def test_what_was_taken_is_remembered_and_a_second_voucher_of_its_number_is_proof_of_fraud(chromium, tmp_path):
    steps = (*SET_UP, *check(OWN["text"]), ("press", "take"), *check(OWN["text"]))
    told = play(chromium, tmp_path, *steps, *check(TWICE["book"][0]))

    taken, again, other = told[-5], told[-3], told[-1]
    assert taken["said"].startswith("TAKEN")
    assert (taken["count"], taken["saved"]) == ("1 voucher.", f"data:text/plain,{OWN['text']}\n")
    assert again["said"].startswith("DO NOT TAKE IT")
    assert "You took it already" in again["said"]
    assert "yes, on this same voucher" in again["said"]
    assert "proof of fraud" in other["said"]
    assert OWN["text"] in other["said"].replace("\n", ""), "the other half of the proof stands there to be copied"
    assert not again["take"]
    assert not other["take"]


def test_what_is_taken_is_what_was_looked_at_whatever_stands_in_the_field_by_then(chromium, tmp_path):
    steps = (*SET_UP, *check(OWN["text"]), ("write", "text", ANYBODYS["text"]), ("press", "take"))
    last = play(chromium, tmp_path, *steps)[-1]

    assert last["saved"] == f"data:text/plain,{OWN['text']}\n"


def test_it_is_remembered_when_the_page_is_opened_again(chromium, tmp_path):
    play(chromium, tmp_path, *SET_UP, *check(OWN["text"]), ("press", "take"))

    later = play(chromium, tmp_path, *check(OWN["text"]))[-1]

    assert later["state"] == "Kept here: genesis, 1 purse, your account"
    assert "You took it already" in later["said"]


def test_without_the_proof_of_its_purse_nothing_is_said_to_be_true(chromium, tmp_path):
    last = play(chromium, tmp_path, *check(OWN["text"]))[-1]

    assert last["said"].startswith("NOT CHECKED")
    assert "NOT checked: no proof of its purse is kept here" in last["said"]
    assert "125 minor units" in last["said"]
    assert not last["take"]


@pytest.mark.parametrize(
    ("vector", "words"),
    [
        (LOOKS["of one's own share", "the field units is altered"], ("1.26 USD", "does NOT hold")),
        (LOOKS["of one's own share", "another phone signed it"], ("does NOT hold",)),
        (LOOKS["of Bukhara's share", "it names the carrier"], ("that is NOT you", "for another payee")),
        (LOOKS["of one's own share", "none: it has been paid"], ("has been paid",)),
        (LOOKS["of one's own share", "it says one cent more than is left"], ("380 units left",)),
    ],
    ids=lambda each: each.get("damage") if isinstance(each, dict) else "",
)
def test_what_is_not_to_be_taken_is_told_with_the_reason(chromium, tmp_path, vector, words):
    last = play(chromium, tmp_path, *SET_UP, *check(vector["text"]))[-1]

    assert last["said"].startswith("DO NOT TAKE IT")
    assert all(each in last["said"] for each in words), last["said"]
    assert not last["take"]


def test_a_clock_that_is_behind_the_proof_is_said_to_be_wrong(chromium, tmp_path):
    last = play(chromium, tmp_path, *SET_UP, *check(OWN["text"]), now=NOW - 86_400)[-1]

    assert "That is WRONG: the proof of the purse is from later." in last["said"]


def test_a_text_that_is_none_is_told_what_to_do(chromium, tmp_path):
    last = play(chromium, tmp_path, *check(OWN["text"][:-9]))[-1]

    assert last["said"].startswith("NOT READ")
    assert "Copy it again" in last["said"]


def test_a_proof_that_does_not_hold_is_not_kept(chromium, tmp_path):
    damaged = TRIP[:-1] + bytes((TRIP[-1] ^ 1,))
    told = play(chromium, tmp_path, choose("genesis", GENESIS), choose("proof", damaged), choose("genesis", b"{}"))

    assert told[1]["loaded"].startswith("The proof does NOT hold")
    assert told[1]["state"] == "Kept here: genesis, 0 purses, no account"
    assert told[2]["loaded"].startswith("That is no genesis to trust")
    assert told[2]["state"].startswith("Kept here: genesis"), "what was trusted before still is"


def test_a_browser_that_lacks_what_is_new_says_the_same(chromium, tmp_path):
    last = play(chromium, tmp_path, *SET_UP, *check(OWN["text"]), old=OLD_BROWSER)[-1]

    assert last["said"].startswith("CERTAIN")


def test_a_browser_that_keeps_nothing_says_so_and_remembers_until_the_page_is_closed(chromium, tmp_path):
    steps = (*SET_UP, *check(OWN["text"]), ("press", "take"), *check(OWN["text"]))
    last = play(chromium, tmp_path, *steps, old=NO_STORAGE)[-1]

    assert last["fleeting"]
    assert "You took it already" in last["said"]


def test_of_a_network_that_several_organisations_run_trust_begins_with_a_header(chromium, tmp_path):
    stall = Stall("cometbft")
    led = Chain(stall).led(stall.proofs["trip"])
    header = led.anchor.blocks[-1].header
    named = f"{header.height}:{header_hash(header).hex()}"
    text = voucher_text(stall.signed(0, 0, 125))
    by_genesis = msgspec.json.encode(stall.ledger.genesis)

    other = named[:-1] + ("0" if named[-1] != "0" else "1")
    proof = choose("proof", proof_bytes(led))
    steps = choose("genesis", by_genesis), ("write", "header", other), proof, ("write", "header", named), proof
    _genesis, _header, wrong, _named, right, _text, last = play(chromium, tmp_path, *steps, *check(text))

    assert wrong["loaded"].startswith("The proof does NOT hold")
    assert right["loaded"] == "The proof holds."
    assert last["said"].startswith("CERTAIN")


def test_forgetting_leaves_nothing(chromium, tmp_path):
    last = play(chromium, tmp_path, *SET_UP, *check(OWN["text"]), ("press", "take"), ("press", "forget"))[-1]

    assert (last["state"], last["count"]) == ("Kept here: no genesis, 0 purses, no account", "None yet.")


@pytest.mark.parametrize("there", [True, False])
def test_a_photo_of_the_code_is_read_where_the_browser_can(chromium, tmp_path, there):
    camera = CAMERA.replace("READ", json.dumps([{"rawValue": OWN["text"]}] if there else []))
    last = play(chromium, tmp_path, *SET_UP, choose("photo", b"a photo"), old=camera)[-1]

    assert last["scan"]
    assert last["said"].startswith("CERTAIN" if there else "NOT READ")


def test_where_the_browser_cannot_read_codes_only_pasting_is_offered(chromium, tmp_path):
    (first,) = play(chromium, tmp_path, ("write", "text", ""), old="delete window.BarcodeDetector;")

    assert not first["scan"]


def test_the_page_can_send_nothing_and_holds_all_that_it_needs():
    page = javascript_bundle.VOUCHER_PAGE.read_text("utf-8")

    assert "default-src 'none'" in page
    assert not re.search(
        r"(?:src|href)=\"(?!data:)|\bimport\b|https?:|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", page
    )
    assert javascript_bundle.compressed_bytes(page) < javascript_bundle.VOUCHER_PAGE_BYTES_MAX
