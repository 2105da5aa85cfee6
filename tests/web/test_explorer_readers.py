"""Signing in: who gets in, who doesn't and is told why, and what a browser is given."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest

from sogdia.client.logins import LINE_SECONDS, Shown, is_login_line, read_login_line
from sogdia.client.who_sees import Reader
from sogdia.kernel.envelope import Body, Signer
from sogdia.kernel.values import account_of
from sogdia.modules.identity import Kind, Role
from sogdia.modules.identity.keys import ChangeKeys, NewKey, key_message
from sogdia.modules.identity.parties import RegisterParty, SuspendParty
from sogdia.modules.market.orders import OrderLine, PlaceOrder
from sogdia.testing.ledger import keys_of
from sogdia.web.explorer import readers as readers_module
from sogdia.web.explorer.entitlement import Entitlement, asker_of
from sogdia.web.explorer.limits import SESSION_SECONDS
from sogdia.web.explorer.readers import NotEnteredError, Readers
from tests.web.playing import Played

SITE = "ledger.example"


def signed(name, line):
    return keys_of(name).sign(line.encode()).hex()


def shown(name, line):
    return Shown(keys_of(name).sign(line.encode()))


def test_whoever_signs_the_line_is_let_in_and_led_back(site):
    line = site.challenge("nairobi")
    to = f"/orders/{site.order('silk-1')}"

    answer = site.post("/enter", {"challenge": line, "signature": signed("nairobi", line), "to": to})

    assert (answer.status, answer.headers["location"]) == (303, to)
    cookie = SimpleCookie(answer.headers["set-cookie"])["sogdia_reader"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert int(cookie["max-age"]) == SESSION_SECONDS
    assert "You read as @nairobi" in site.get("/", cookie=cookie.value).words
    assert site.get("/", cookie=cookie.value).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "to", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere", "javascript:x", ""]
)
def test_nobody_is_led_to_another_site(site, to):
    line = site.challenge("nairobi")

    answer = site.post("/enter", {"challenge": line, "signature": signed("nairobi", line), "to": to})

    assert answer.headers["location"] == "/"


def test_a_line_names_the_site_the_network_and_the_account(site):
    found = read_login_line(site.challenge("nairobi"))

    assert found is not None
    assert found.site == site.host
    assert found.network == site.played.network
    assert found.account == site.played.account("nairobi")


def test_another_ones_signature_is_refused(site):
    line = site.challenge("nairobi")

    answer = site.post("/enter", {"challenge": line, "signature": signed("bukhara", line)})

    assert answer.status == 403
    assert "not by a key that acts for" in answer.words
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [
        lambda line, _other: line.replace(" as acct", "  as acct"),
        lambda line, _other: line[:-1] + ("0" if line[-1] != "0" else "1"),
        lambda line, other: line.replace(line.split(" as ")[1].split(" ")[0], other.split(" as ")[1].split(" ")[0]),
        lambda line, _other: line.replace("login to 127", "login to 128"),
        lambda line, _other: line.replace("until 2", "until 3"),
        lambda _line, _other: "0" * 64,
        lambda _line, _other: "",
    ],
)
def test_a_line_that_was_changed_is_refused(site, changed):
    line = changed(site.challenge("nairobi"), site.challenge("bukhara"))

    answer = site.post("/enter", {"challenge": line, "signature": signed("nairobi", line)})

    assert answer.status == 403
    assert "was not made here, or was changed" in answer.words


@pytest.mark.parametrize("signature", ["", "00" * 63, "00" * 65, "zz" * 64, "½" * 64])
def test_what_is_no_signature_is_refused(site, signature):
    answer = site.post("/enter", {"challenge": site.challenge("nairobi"), "signature": signature})

    assert answer.status == 403
    assert "This is no signature" in answer.words


def test_a_line_is_good_once(site):
    line = site.challenge("nairobi")
    form = {"challenge": line, "signature": signed("nairobi", line)}

    first, second = site.post("/enter", form), site.post("/enter", form)

    assert (first.status, second.status) == (303, 403)
    assert "has been used already" in second.words


@pytest.mark.parametrize(
    "headers", [{"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["/enter", "/leave"])
def test_a_form_of_another_site_does_nothing(site, headers, path):
    cookie, line = site.enter("nairobi"), site.challenge("nairobi")

    answer = site.post(path, {"challenge": line, "signature": signed("nairobi", line)}, cookie=cookie, **headers)

    assert answer.status == 403
    assert "from another site" in answer.words
    assert "You read as @nairobi" in site.get("/", cookie=cookie).words


def test_whoever_signs_out_is_nobody_any_more(site):
    cookie = site.enter("nairobi")

    answer = site.post("/leave", {}, cookie=cookie, origin=site.address)

    assert answer.status == 303
    assert "You read as" not in site.get("/", cookie=cookie).words


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "\xff", "x" * 5_000])
def test_a_ticket_that_nobody_was_given_is_nobodys(site, cookie):
    answer = site.get("/", cookie=cookie)

    assert answer.status == 200
    assert "Sign in with your key" in answer.words


def test_a_form_that_is_too_long_is_not_read(site):
    assert site.post("/enter", {"challenge": "x" * 5_000}).status == 413


# ------------------------------------------------------------------------------------------------ with a clock by hand


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def let_in(readers, played, who="nairobi"):
    line = readers.challenge(SITE, played.network, played.account(who))
    return readers.enter(played.connection, SITE, played.network, line, shown(who, line))


@pytest.mark.parametrize(("seconds", "good"), [(LINE_SECONDS, True), (LINE_SECONDS + 1, False)])
def test_a_line_is_good_for_two_minutes(played, seconds, good):
    clock = Clock()
    readers = Readers(clock)
    line = readers.challenge(SITE, played.network, played.account("nairobi"))
    clock.now += seconds

    if good:
        readers.enter(played.connection, SITE, played.network, line, shown("nairobi", line))
    else:
        with pytest.raises(NotEnteredError, match="has passed"):
            readers.enter(played.connection, SITE, played.network, line, shown("nairobi", line))


@pytest.mark.parametrize(("seconds", "good"), [(SESSION_SECONDS, True), (SESSION_SECONDS + 1, False)])
def test_a_ticket_is_good_for_a_quarter_of_an_hour(played, seconds, good):
    clock = Clock()
    readers = Readers(clock)
    ticket = let_in(readers, played)

    clock.now += seconds

    assert (readers.of(ticket, lambda: played.connection) is not None) == good


def test_no_more_people_are_let_in_than_can_be_remembered(played, monkeypatch):
    monkeypatch.setattr(readers_module, "SESSIONS_MAX", 2)
    clock = Clock()
    readers = Readers(clock)
    let_in(readers, played)
    let_in(readers, played, "bukhara")

    with pytest.raises(NotEnteredError, match="Too many people"):
        let_in(readers, played)

    clock.now += SESSION_SECONDS + 1
    let_in(readers, played)


def test_a_line_made_by_another_process_is_refused(played):
    line = Readers().challenge(SITE, played.network, played.account("nairobi"))

    with pytest.raises(NotEnteredError, match="not made here"):
        Readers().enter(played.connection, SITE, played.network, line, shown("nairobi", line))


def test_a_line_for_another_site_is_refused(played):
    readers = Readers()
    line = readers.challenge("elsewhere.example", played.network, played.account("nairobi"))

    with pytest.raises(NotEnteredError, match="not made here"):
        readers.enter(played.connection, SITE, played.network, line, shown("nairobi", line))


@pytest.mark.parametrize("text", ["", "x" * 32, "sogdia login to a", "\x00" * 32])
def test_what_is_no_line_to_sign_in_with_is_not_taken_for_one(text):
    assert not is_login_line(text)


def test_a_key_that_was_replaced_opens_nothing_any_more(tmp_path):
    played = Played(tmp_path / "node")
    readers = Readers()
    with played.running():
        ticket = let_in(readers, played)
        before = readers.of(ticket, lambda: played.connection)
        account, new = played.account("nairobi"), keys_of("nairobi's new key")
        proof = new.sign(key_message(played.network, account, 1, new.scheme, new.public))
        joins = NewKey(new.scheme, new.public, proof)
        played.send("rotate", "nairobi", ChangeKeys(remove=(0,), add=(joins,)))

        after = readers.of(ticket, lambda: played.connection)

        assert before is not None
        assert before.account == account
        assert after is None
        with pytest.raises(NotEnteredError, match="not by a key"):
            let_in(readers, played)


def test_a_registrar_makes_nobody_an_authority_and_whoever_is_suspended_sees_its_own_alone(tmp_path):
    played = Played(tmp_path / "node")
    readers, keys = Readers(), keys_of("spy")
    spy = RegisterParty(
        reference="spy", kind=int(Kind.AUTHORITY), country="KE", roles=int(Role.PLATFORM),
        sponsor=played.account("registrar"), scheme=1, public=keys.public,
    )  # fmt: skip
    account = account_of(played.network, played.account("registrar"), "spy")
    with played.running():
        played.send("spy", "registrar", spy)
        line = readers.challenge(SITE, played.network, account)
        ticket = readers.enter(played.connection, SITE, played.network, line, Shown(keys.sign(line.encode("ascii"))))

        before = readers.of(ticket, lambda: played.connection)
        played.send("suspended", "registrar", SuspendParty(account=account, reason="papers are missing"))
        after = readers.of(ticket, lambda: played.connection)

    assert before is not None
    assert (before.is_authority, before.roles) == (False, Role.PLATFORM)
    assert after == Reader(account, key=0)


def test_what_an_agent_asks_for_is_shown_to_its_grantor(played):
    nairobi, agent, bukhara = (played.account(name) for name in ("nairobi", "lanzhou", "bukhara"))
    asked = PlaceOrder(
        reference="m1", merchant=bukhara, lines=(OrderLine("silk", 0, 1),), pay_at_most=1, mandate=nairobi + b"m"
    )
    body = Body(
        network=bytes(8), expiry=0, not_before=None, after=(), salt=bytes(8), signers=(Signer(agent, 0),),
        operations=(asked,),
    )  # fmt: skip

    for account in (nairobi, agent, bukhara):
        assert Entitlement(Reader(account, 0, "", 0), played.connection).sees_operation(body, asked)
    assert asker_of(body, asked) == nairobi
