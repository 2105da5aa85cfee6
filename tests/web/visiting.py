"""Visiting the explorer as a program does: answers as they come over the wire, and where their links lead."""

from __future__ import annotations

import http.client
import re
from html import unescape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from sogdia.client.codes import account_code, name_code
from sogdia.kernel.values import account_of, name_of
from sogdia.testing.ledger import keys_of

if TYPE_CHECKING:
    from tests.web.playing import Played

_LINK = re.compile(r'(?:href|src|action)="([^"]*)"')
_CHALLENGE = re.compile(r'name="challenge" value="([^"]*)"')


class Answer(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def text(self) -> str:
        """The page."""
        return self.raw.decode()

    @property
    def words(self) -> str:
        """What a reader sees of it, roughly."""
        body = re.sub(r"<(style|script)[^>]*>.*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [unescape(each) for each in _LINK.findall(self.text)]


class Site:
    """An explorer by its address."""

    played: Played
    """What was played on its network."""

    def __init__(self, address: str, played: Played | None) -> None:
        """Remember where it is and what was played, if it was."""
        self.address = address
        if played is not None:
            self.played = played
        self.host = urlsplit(address).netloc

    def get(self, path: str, *, cookie: str | None = None, method: str = "GET", **headers: str) -> Answer:
        """Ask for a page."""
        return self._ask(method, path, None, cookie, headers)

    def post(self, path: str, form: dict[str, str], *, cookie: str | None = None, **headers: str) -> Answer:
        """Send a form."""
        headers = {"content-type": "application/x-www-form-urlencoded", **headers}
        return self._ask("POST", path, urlencode(form).encode(), cookie, headers)

    def _ask(self, method: str, path: str, body: bytes | None, cookie: str | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie is not None:
            named["cookie"] = f"sogdia_reader={cookie}"
        try:
            connection.request(method, quote(path, safe="/?&=%:+@~"), body, named)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    # --------------------------------------------------------------------------------------------------------- paths

    def account(self, name: str) -> str:
        """Give the code of a party of the genesis."""
        return account_code(self.played.account(name))

    def ali(self) -> str:
        """Give the code of the party that was suspended."""
        return account_code(account_of(self.played.network, self.played.account("registrar"), "ali"))

    def order(self, reference: str) -> str:
        """Give the code of an order of Nairobi's."""
        return name_code(self.played.order(reference))

    def listing(self, number: int) -> str:
        """Give the code of a listing of Bukhara's."""
        return name_code(name_of(self.played.account("bukhara"), f"l{number}"))

    def transaction(self, what: str) -> str:
        """Give the path of a transaction that was played."""
        return f"/transactions/{self.played.ids[what].hex()}"

    def every_kind(self) -> dict[str, str]:
        """Give a page of every kind that anybody may see."""
        return {
            "home": "/",
            "found": "/find?q=silk",
            "found-nothing": "/find?q=zzzz",
            "blocks": "/blocks",
            "block": "/blocks/3",
            "transaction": self.transaction("listings"),
            "transaction-hidden": self.transaction("place"),
            "transaction-refused": self.transaction("again"),
            "party": f"/parties/{self.account('bukhara')}",
            "party-issuer": f"/parties/{self.account('bank')}",
            "party-suspended": f"/parties/{self.ali()}",
            "listings": "/listings",
            "listing": f"/listings/{self.listing(0)}",
            "listing-hostile": f"/listings/{self.listing(1)}",
            "party-large": f"/parties/{self.account('lanzhou')}",
            "listings-large": f"/listings?merchant={self.account('lanzhou')}",
            "listing-large": f"/listings/{name_code(name_of(self.played.account('lanzhou'), 'big0'))}",
            "transaction-large": self.transaction("large listings"),
            "order": f"/orders/{self.order('silk-1')}",
            "currencies": "/currencies",
            "refusals": "/refusals",
            "refusal": "/refusals/420",
            "health": "/health",
            "check": "/check",
            "check-transaction": f"/check/transaction/{self.played.ids['listings'].hex()}",
            "enter": "/enter",
            "passkey": "/passkey",
            "enter-challenge": f"/enter?account={self.account('nairobi')}",
            "error": "/nothing/here",
        }

    def for_parties(self) -> dict[str, str]:
        """Give the pages that show more to a party."""
        return {
            "order-whole": f"/orders/{self.order('silk-1')}",
            "order-open": f"/orders/{self.order('silk-3')}",
            "transaction-whole": self.transaction("place"),
            "order-large": f"/orders/{self.order('large')}",
            "transaction-order-large": self.transaction("large place"),
            "refused-whole": self.transaction("again"),
            "check-order": f"/check/order/{self.order('silk-1')}",
        }

    # --------------------------------------------------------------------------------------------------------- entering

    def challenge(self, name: str) -> str:
        """Ask for the line that a party signs."""
        page = self.get(f"/enter?account={self.account(name)}").text
        (line,) = set(_CHALLENGE.findall(page))
        return unescape(line)

    def enter(self, name: str) -> str:
        """Sign in as a party; gives what the cookie holds."""
        line = self.challenge(name)
        signature = keys_of(name).sign(line.encode()).hex()
        answer = self.post("/enter", {"challenge": line, "signature": signature, "to": "/"})
        assert answer.status == 303, answer.words
        return answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
