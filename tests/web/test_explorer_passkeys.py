"""Passkeys in a real browser with a virtual authenticator: made, entered on the ledger, signed in and signed with."""

from __future__ import annotations

import gzip
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sogdia.client import keys as key_files
from sogdia.client.codes import account_code
from sogdia.client.logins import login_challenge
from sogdia.client.p256_keys import P256KeyPair
from sogdia.kernel.signature import WEBAUTHN
from sogdia.kernel.values import account_of
from sogdia.modules.identity.keys import ChangeKeys, NewKey, key_message
from sogdia.modules.identity.queries import PartyQuery
from sogdia.settings.sections import ExplorerSettings
from sogdia.testing.ledger import keys_of
from sogdia.testing.passkeys import Passkey
from sogdia.web.explorer.serving import serving
from sogdia.web.explorer.sources import ask
from tests.ports import free_port
from tests.web.browsing import Visit
from tests.web.playing import Played
from tests.web.test_explorer_browser import AXE, RUN
from tests.web.visiting import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, CDPSession

    from sogdia.kernel.accounts import Party

DOMAIN = "localhost"
WEIGHT_BYTES_MAX = 13_000
SCRIPT = Path(__file__).parents[2] / "src" / "sogdia" / "web" / "explorer" / "assets" / "passkeys.js"
SCRIPT_BYTES_MAX = 2_000


class Town(NamedTuple):
    """A network whose passkeys belong to localhost, its explorer, and another explorer over the same node."""

    played: Played
    site: Site
    other: Site

    def party(self, name: str) -> Party:
        """Give a party's record."""
        found: Party = ask(self.played.connection, PartyQuery(account=self.played.account(name)))
        return found


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A node whose genesis names the explorer as a site of passkeys, with an order of Nairobi's."""
    port = free_port()
    origin = f"http://localhost:{port}"
    played = Played(tmp_path_factory.mktemp("passkeys") / "node", passkeys={"rp_id": DOMAIN, "origins": [origin]})
    here, elsewhere = (ExplorerSettings(listen=f"127.0.0.1:{each}") for each in (port, 0))
    with played.running():
        played.send_mint()
        played.market()
        played.send("place", "nairobi", played.place("silk-1", played.lines()))
        played.index()
        with (
            serving(played.folder, played.database, here),
            serving(played.folder, played.database, elsewhere) as other,
        ):
            site = Site(origin, played)
            yield Town(played, site, Site(other.replace("127.0.0.1", "localhost"), played))


class Person:
    """Somebody at a browser with a virtual authenticator."""

    def __init__(self, visit: Visit, device: CDPSession) -> None:
        """Plug a device in that asks nobody and agrees to everything."""
        self.visit = visit
        self.page = visit.page
        self.device = device
        device.send("WebAuthn.enable")
        added = device.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        self.authenticator = {"authenticatorId": added["authenticatorId"]}

    def make(self, account: str) -> str:
        """Make a passkey for an account on the page; gives the command that enters it."""
        self.visit.go("/passkey")
        self.page.fill("#account", account)
        self.page.click("main button")
        self.page.click("#make button")
        self.page.wait_for_selector("#made:not([hidden])")
        return self.page.inner_text("#command")

    def sign_in(self, account: str) -> None:
        """Sign in with the passkey, and wait for what the page makes of it: another page, or words."""
        self.visit.go("/enter")
        self.page.fill("#account", account)
        self.page.click("main button")
        self.page.click("#enter button")
        self.page.wait_for_selector("footer button, #said p")

    def held(self) -> list[dict[str, Any]]:
        """Give the passkeys that the device holds."""
        found: list[dict[str, Any]] = self.device.send("WebAuthn.getCredentials", self.authenticator)["credentials"]
        return found


@pytest.fixture
def person(chromium: Browser, town: Town) -> Iterator[Person]:
    """A window with a device of its own."""
    context = chromium.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    yield Person(Visit(page, town.site.address), context.new_cdp_session(page))
    context.close()


def run(town: Town, command: str, key: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command that a page shows, with the key of a party."""
    path = folder / f"{key}.key"
    if not path.exists():
        key_files.save(path, keys_of(key), "", account=town.played.account(key), unprotected=True)
    words = shlex.split(command)
    assert words.pop(0) == "sogdia"
    program = [sys.executable, "-m", "sogdia.cli.main", *words, "--node", str(town.played.folder)]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*program, "--keys", str(folder)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def judged(person: Person) -> tuple[list[str], list[str]]:
    """Look for what keeps anybody out, in light and in dark."""
    person.page.evaluate(AXE)
    light = person.page.evaluate(RUN, {})
    person.page.emulate_media(color_scheme="dark")
    dark = person.page.evaluate(RUN, {})
    person.page.emulate_media(color_scheme="light")
    return light, dark


# ------------------------------------------------------------------------------------------------------ in the browser


@pytest.mark.real("Chromium")
def test_a_person_makes_a_passkey_enters_it_reads_its_order_orders_with_it_and_signs_out(town, person, tmp_path):
    account, path = town.site.account("nairobi"), f"/orders/{town.site.order('silk-1')}"

    command = person.make(account)
    made = judged(person)
    done = run(town, command.replace("KEY", "nairobi"), "nairobi", tmp_path)
    key = town.party("nairobi").keys[-1]
    person.sign_in(account)
    inside = person.page.inner_text("footer")
    person.visit.go(path)
    whole = person.page.inner_text("main")
    person.visit.go("/check")
    sent = person.page.evaluate(
        """async ([network, account, number, publicKey, merchant, domain, expiry]) => {
          const { fromHex, hex, makeEnvelope, passkey } = await import("/assets/sogdia.min.js");
          const ask = (challenge) => navigator.credentials.get(
            { publicKey: { challenge, rpId: domain, userVerification: "required" } });
          const key = passkey(fromHex(publicKey), async (challenge) => (await ask(challenge)).response);
          const { raw } = await makeEnvelope(fromHex(network), {
            senders: [{ account: fromHex(account), keyNumber: BigInt(number), key }],
            operations: [{ tag: 410n, fields: ["by-phone", fromHex(merchant), [["l0", 1n, 1n]], 900_000n, null] }],
            expiry: BigInt(expiry),
          });
          return hex(raw);
        }""",
        [
            town.played.network.hex(),
            town.played.account("nairobi").hex(),
            key.number,
            key.public.hex(),
            town.played.account("bukhara").hex(),
            DOMAIN,
            town.played.time + 3_600,
        ],
    )
    receipt = town.played.decode(town.played.connection.submit(bytes.fromhex(sent)).receipt)
    person.page.click("footer button")
    person.visit.go(path)

    assert made == ([], [])
    assert done.returncode == 0, done.stderr
    assert (key.scheme, key.number) == (WEBAUTHN, 1)
    assert "You read as" in inside
    assert "Ikat scarf" in whole
    assert (receipt.code, type(receipt.events[0]).__name__) == (0, "OrderPlaced")
    assert "Ikat scarf" not in person.page.inner_text("main")
    assert person.visit.complaints == []
    assert all(each.startswith((town.site.address, "data:")) for each in person.visit.asked)


@pytest.mark.real("Chromium")
def test_somebody_new_shows_a_registrar_the_public_key_and_signs_in_once_entered(town, person, tmp_path):
    person.visit.go("/passkey")
    person.page.click("main button")
    person.page.fill("#name", "Aziza, Samarkand")
    person.page.click("#make button")
    person.page.wait_for_selector("#made:not([hidden])")
    command = person.page.inner_text("#command")
    for word, own in {"REGISTRAR": "registrar", "NAME": "aziza", "ZZ": "UZ", "SPONSOR": "registrar"}.items():
        command = command.replace(word, own)

    done = run(town, command, "registrar", tmp_path)
    account = account_of(town.played.network, town.played.account("registrar"), "aziza")
    town.played.index()
    person.sign_in(account_code(account))

    assert done.returncode == 0, done.stderr
    assert [each["userName"] for each in person.held()] == ["Aziza, Samarkand"]
    assert "You read as" in person.page.inner_text("footer")


@pytest.mark.real("Chromium")
def test_a_second_passkey_is_entered_by_a_file_that_the_first_has_signed(town, person, tmp_path):
    account = town.site.account("lanzhou")
    assert run(town, person.make(account).replace("KEY", "lanzhou"), "lanzhou", tmp_path).returncode == 0
    (first,) = person.held()

    person.make(account)
    (second,) = (each for each in person.held() if each["credentialId"] != first["credentialId"])
    # The second is on another device of the same person.
    person.device.send("WebAuthn.removeCredential", {**person.authenticator, "credentialId": second["credentialId"]})
    held = judged(person)
    person.page.click("#sign")
    with person.page.expect_download() as downloading:
        person.page.click("#envelope")
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    done = run(town, f"sogdia tx send {file}", "lanzhou", tmp_path)

    assert held == ([], [])
    assert file.name == "passkey.envelope"
    assert done.returncode == 0, done.stderr
    assert [key.scheme for key in town.party("lanzhou").keys] == [1, WEBAUTHN, WEBAUTHN]
    assert first["userHandle"] != second["userHandle"]


@pytest.mark.real("Chromium")
def test_pages_about_passkeys_keep_nobody_out_and_are_light(town, person):
    enter_with(town, "carrier", 1, b"c")
    for path in ("/passkey", f"/passkey?account={town.site.account('carrier')}", "/passkey?account=",
                 f"/enter?account={town.site.account('carrier')}"):  # fmt: skip
        person.visit.go(path)

        assert judged(person) == ([], []), path
        assert len(gzip.compress(town.site.get(path).raw)) < WEIGHT_BYTES_MAX, path
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) < SCRIPT_BYTES_MAX


@pytest.mark.real("Chromium")
def test_a_device_that_does_not_look_who_asks_signs_nobody_in(town, person, tmp_path):
    account = town.site.account("treasury")
    assert run(town, person.make(account).replace("KEY", "treasury"), "treasury", tmp_path).returncode == 0
    person.device.send("WebAuthn.setUserVerified", {**person.authenticator, "isUserVerified": False})

    person.sign_in(account)
    person.page.wait_for_selector("#said p")

    assert "The device gave no passkey" in person.page.inner_text("#said")
    assert "You read as" not in person.page.inner_text("footer")


@pytest.mark.real("Chromium")
def test_what_a_passkey_was_asked_on_another_site_opens_nothing(town, person, tmp_path):
    account = town.site.account("platform")
    assert run(town, person.make(account).replace("KEY", "platform"), "platform", tmp_path).returncode == 0
    line = town.site.challenge("platform")

    # The other site has the same domain, so the browser lets it ask; only the origin tells them apart.
    person.page.goto(f"{town.other.address}/check")
    signature, extra = person.page.evaluate(
        """async ([line, domain]) => {
          const { hex, loginChallenge, passkeySignature } = await import("/assets/sogdia.min.js");
          const asked = { challenge: loginChallenge(line), rpId: domain, userVerification: "required" };
          const shown = passkeySignature((await navigator.credentials.get({ publicKey: asked })).response);
          return [hex(shown.value), hex(shown.extra)];
        }""",
        [line, DOMAIN],
    )
    answer = town.site.post("/enter", {"challenge": line, "signature": signature, "extra": extra})

    assert answer.status == 403
    assert "asked on a site that this network’s passkeys are not for" in answer.words


@pytest.mark.real("Chromium")
def test_without_a_script_the_line_is_there_and_the_passkey_is_not(chromium, town):
    enter_with(town, "bank", 1, b"b")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(f"{town.site.address}/enter?account={town.site.account('bank')}")
    said, button = page.inner_text("main"), page.is_visible("#enter button")
    context.close()

    assert "Passkeys need a script" in said
    assert "sogdia keys sign-challenge" in said
    assert not button


# ---------------------------------------------------------------------------------------------------- over the wire


def phone(town: Town, seed: bytes, **says: Any) -> Passkey:  # noqa: ANN401 - what an authenticator says
    """A passkey of this network in software."""
    said = {"origin": town.site.address} | says.pop("client_data", {})
    return Passkey(seed.ljust(32), **{"rp_id": DOMAIN, "client_data": said} | says)


def enter_with(town: Town, who: str, number: int, seed: bytes, *, valid_until: int | None = None) -> None:
    """Enter a passkey for a party."""
    made, account = phone(town, seed), town.played.account(who)
    proof = made.signature(key_message(town.played.network, account, number, WEBAUTHN, made.public))
    joins = NewKey(WEBAUTHN, made.public, proof.value, proof.extra, valid_until=valid_until)
    town.played.send(f"{who}'s passkey", who, ChangeKeys(add=(joins,)))


@pytest.fixture(scope="module")
def bukhara(town: Town) -> str:
    """The name of a party with three passkeys: 1 good, 2 removed, 3 expired."""
    for number, seed, until in ((1, b"good", None), (2, b"gone", None), (3, b"old", town.played.time + 60)):
        enter_with(town, "bukhara", number, seed, valid_until=until)
    town.played.send("removed", "bukhara", ChangeKeys(remove=(2,)))
    return "bukhara"


def asserted(line: str, passkey: Passkey, message: bytes | None = None) -> dict[str, str]:
    signature = passkey.signature(login_challenge(line) if message is None else message)
    return {"challenge": line, "signature": signature.value.hex(), "extra": (signature.extra or b"").hex()}


def test_a_passkeys_answer_is_good_once(town, bukhara):
    form = asserted(town.site.challenge(bukhara), phone(town, b"good"))

    first, again = town.site.post("/enter", form), town.site.post("/enter", form)

    assert (first.status, again.status) == (303, 403)
    assert "has been used already" in again.words


@pytest.mark.parametrize(
    ("seed", "says", "words"),
    [
        (b"good", {"client_data": {"origin": "http://evil.example"}}, "asked on a site that this network’s"),
        (b"good", {"client_data": {"crossOrigin": True}}, "asked on a site that this network’s"),
        (b"good", {"rp_id": "evil.example"}, "belongs to another domain than localhost"),
        (b"good", {"flags": 0x01}, "has not looked who asks it"),
        (b"good", {"client_data": {"type": "webauthn.create"}}, "cannot be read (type)"),
        (b"gone", {}, "not by a key that acts for"),
        (b"old", {}, "Key 3 of acct-"),
        (b"stranger", {}, "not by a key that acts for"),
    ],
)
def test_a_passkeys_answer_that_is_not_right_is_refused_with_the_reason(town, bukhara, seed, says, words):
    answer = town.site.post("/enter", asserted(town.site.challenge(bukhara), phone(town, seed, **says)))

    assert answer.status == 403
    assert words in answer.words
    assert "set-cookie" not in answer.headers


def test_a_passkeys_answer_to_another_line_is_refused(town, bukhara):
    line, other = town.site.challenge(bukhara), town.site.challenge(bukhara)

    answer = town.site.post("/enter", asserted(line, phone(town, b"good"), login_challenge(other)))

    assert answer.status == 403
    assert "has answered for another line than this one" in answer.words


def test_a_line_signed_as_text_by_a_passkeys_own_key_is_no_answer_of_a_passkey(town, bukhara):
    line, pair = town.site.challenge(bukhara), P256KeyPair(b"good".ljust(32))
    assert pair.public in [key.public for key in town.party(bukhara).keys]

    answer = town.site.post("/enter", {"challenge": line, "signature": pair.sign(line.encode()).hex()})

    assert answer.status == 403
    assert "not by a key that acts for" in answer.words


def test_a_site_that_the_network_does_not_name_offers_no_passkey_and_says_which_do(town, bukhara):
    page = town.other.get(f"/enter?account={town.site.account(bukhara)}")
    made = town.other.get("/passkey")

    assert "Sign in with a passkey" not in page.words
    assert "sogdia keys sign-challenge" in page.words
    assert f"are made on other sites than this one: {town.site.address}" in made.words
    assert "Sign in with a passkey" in town.site.get(f"/enter?account={town.site.account(bukhara)}").words


def test_a_network_without_passkeys_says_so(site):
    assert "This network names no domain for passkeys" in site.get("/passkey").words
    line = site.challenge("nairobi")
    form = asserted(line, Passkey(b"x" * 32))
    assert "This network names no domain for passkeys" in site.post("/enter", form).words


@pytest.mark.parametrize("account", ["acct-x", "zz", "00" * 20])
def test_a_passkey_is_made_for_somebody_who_takes_part(town, account):
    assert town.site.get(f"/passkey?account={account}").status in (400, 404)
