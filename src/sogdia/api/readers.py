"""Who asks: anybody, or a party that shows by its key who it is, for one request or for a while.

    token       Authorization: Bearer …          obtained by signing a line (`client.logins`)
    signature   Signature-Input, Signature       RFC 9421, over this one request

What a party signs here is text that begins with words, never 32 bytes: nothing signed for reading can ever stand as
the signature of an envelope, whoever asks for it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.api.problems import Problem
from sogdia.client.logins import DOMAIN, Logins, LoginWrong, Shown, is_site, what_stops
from sogdia.client.who_sees import ANYBODY, Reader
from sogdia.kernel.accounts import key_of
from sogdia.kernel.signature import ED25519, P256, SCHEMES, verify
from sogdia.modules.identity.queries import PasskeysQuery

if TYPE_CHECKING:
    from starlette.requests import Request

    from sogdia.api.network import Network
    from sogdia.kernel.accounts import Key, Party

TOKEN_SECONDS = 900
SIGNED_SECONDS_MAX = 300
CLOCK_SECONDS = 30
"""How far the asker's clock may be ahead of ours."""

SUSPENDED = "Its registrar has suspended the party."
SEEN_MAX = 100_000
ALGORITHMS = {"ed25519": ED25519, "ecdsa-p256-sha256": P256}
"""The schemes of keys that sign requests, as RFC 9421 calls them. A passkey signs challenges alone, never a request."""

COVERED = ("@method", "@authority", "@path", "@query")
_INPUT = re.compile(
    r'sogdia=\(((?:"[@a-z-]+"(?: (?="))?){1,8})\);created=(\d{1,10});expires=(\d{1,10});nonce="([0-9A-Za-z_-]{16,64})"'
    r';keyid="([0-9a-f]{40})/(\d{1,5})";alg="([a-z0-9-]{1,32})"'
)
_SIGNATURE = re.compile(r"sogdia=:([A-Za-z0-9+/]{86}==):")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


class Seen:
    """Remembers what must not come twice, until it could not be used anyway; bounded."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def first_time(self, what: bytes, until: float) -> bool:
        """Note something and tell whether it is new."""
        now = time.time()
        while self._until and (next(iter(self._until.values())) < now):
            self._until.popitem(last=False)
        if what in self._until:
            return False
        if len(self._until) >= SEEN_MAX:
            raise Problem(503, "Too many signed requests are remembered.", "Try again.", headers={"retry-after": "5"})
        self._until[what] = max(until, now)
        return True


async def what_ends(network: Network, account: bytes, key: int) -> str | None:
    """Say why nothing more is told to whoever once showed this key, by the party as it is now; nothing while it may."""
    party = await network.party(account)
    stopped = what_stops(party, account, key, int(time.time()))
    if stopped is not None:
        return str(stopped)
    return SUSPENDED if party is None or party.suspended else None


class Readers:
    """Finds out who asks."""

    def __init__(self, network: Network, secret: bytes) -> None:
        """Make tokens with a secret of the API's own."""
        self._network = network
        self._secret = secret
        self._seen = Seen()
        self._logins = Logins(hmac.digest(secret, DOMAIN, "sha256"))
        self._began = int(time.time())

    async def of(self, request: Request, body: bytes) -> Reader:
        """Say who sends a request; who claims to be somebody and is not is turned away."""
        claim = request.headers.get("authorization")
        if claim is not None:
            return await self._by_token(claim)
        if "signature" in request.headers or "signature-input" in request.headers:
            return await self._by_signature(request, body)
        return ANYBODY

    # ------------------------------------------------------------------------------------------------------- tokens

    def line(self, host: str, account: bytes) -> tuple[str, int]:
        """Give the line that a party shall sign for a token, and until when it is good."""
        return self._logins.line(_site(host), self._network.hash, account)

    async def token(self, host: str, line: str, shown: Shown) -> tuple[str, int]:
        """Give a token for a signed line, and until when it is good."""
        try:
            found = self._logins.read(line, _site(host), self._network.hash)
            party = await self._network.party(found.account)
            _height, passkeys = await self._network.query(PasskeysQuery())
            number = self._logins.enter(found, party, passkeys, shown)
        except LoginWrong as wrong:
            raise _not_let_in(wrong) from wrong
        until = int(time.time()) + TOKEN_SECONDS
        content = found.account + number.to_bytes(2, "big") + until.to_bytes(8, "big")
        return (content + self._tag(b"token", content)).hex(), until

    async def _by_token(self, claim: str) -> Reader:
        kind, _space, text = claim.partition(" ")
        if kind.lower() != "bearer" or not re.fullmatch(r"[0-9a-f]{92}", text):
            raise _unknown("This is no token of this API.")
        raw = bytes.fromhex(text)
        content, tag = raw[:30], raw[30:]
        if not hmac.compare_digest(tag, self._tag(b"token", content)):
            raise _unknown("This is no token of this API.")
        if int.from_bytes(content[22:], "big") < time.time():
            raise _unknown("The token has expired.")
        party, key = await self._acting(content[:20], int.from_bytes(content[20:22], "big"))
        return Reader.of(content[:20], party, key.number)

    def _tag(self, purpose: bytes, content: bytes) -> bytes:
        return hmac.digest(self._secret, purpose + b"\0" + self._network.hash + content, "sha256")[:16]

    # --------------------------------------------------------------------------------------------------- signatures

    async def _by_signature(self, request: Request, body: bytes) -> Reader:
        given = _INPUT.fullmatch(request.headers.get("signature-input", ""))
        signed = _SIGNATURE.fullmatch(request.headers.get("signature", ""))
        if given is None or signed is None:
            raise _unknown("The signature's headers have not the form that is read here.")
        parts, created, expires = re.findall(r'"([@a-z-]+)"', given[1]), int(given[2]), int(given[3])
        wanted = (*COVERED, "content-digest") if body else COVERED
        if tuple(parts) != wanted:
            raise _unknown(f"The signature covers {', '.join(parts)}, not {', '.join(wanted)}.")
        now = time.time()
        if not (created - CLOCK_SECONDS <= now <= expires and 0 < expires - created <= SIGNED_SECONDS_MAX):
            raise _unknown("The signed request has expired, or its time is wrong.")
        if created < self._began - CLOCK_SECONDS:
            raise _unknown("The request was signed before this API began.")
        if body:
            _check_digest(request, body)
        account, number = bytes.fromhex(given[5]), int(given[6])
        base = signature_base(request, parts, request.headers["signature-input"].removeprefix("sogdia="))
        party, key = await self._acting(account, number)
        if ALGORITHMS.get(given[7]) != key.scheme:
            fitting = next((name for name, scheme in ALGORITHMS.items() if scheme == key.scheme), None)
            way_out = "ask for a token with it" if fitting is None else f'say alg="{fitting}"'
            raise _unknown(f"Key {number} is one of {SCHEMES[key.scheme]}, so it makes no {given[7]}: {way_out}.")
        if not verify(key.scheme, key.public, base, base64.b64decode(signed[1])):
            raise _unknown("The signature is not by the key that it names.")
        if not self._seen.first_time(b"nonce" + account + given[4].encode("ascii"), expires + CLOCK_SECONDS):
            raise _unknown("This signed request has been sent before.")
        return Reader.of(account, party, number)

    async def _acting(self, account: bytes, number: int) -> tuple[Party, Key]:
        """Give a party and its key, or turn away a key that may not act any more."""
        party = await self._network.party(account)
        stopped = what_stops(party, account, number, int(time.time()))
        key = None if party is None else key_of(party, number)
        if stopped is not None or party is None or key is None:
            raise _unknown(str(stopped))
        return party, key


def signature_base(request: Request, parts: list[str], parameters: str) -> bytes:
    """Lay out what RFC 9421 signs."""
    values = {
        "@method": request.method,
        "@authority": request.headers.get("host", "").lower(),
        "@path": request.scope["raw_path"].decode("ascii"),
        "@query": "?" + request.scope["query_string"].decode("ascii", "replace"),
        "content-digest": request.headers.get("content-digest", ""),
    }
    lines = [f'"{part}": {values[part]}' for part in parts]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def _check_digest(request: Request, body: bytes) -> None:
    told = _DIGEST.fullmatch(request.headers.get("content-digest", ""))
    try:
        right = told is not None and base64.b64decode(told[1], validate=True) == sha256(body).digest()
    except binascii.Error:
        right = False
    if not right:
        raise _unknown("Content-Digest is not the SHA-256 of the body.")


def _unknown(why: str) -> Problem:
    return Problem(401, why, "Ask for a token anew, or sign the request anew.", headers={"www-authenticate": "Bearer"})


def _site(host: str) -> str:
    """Give the name by which this API is asked, as it stands in a line."""
    if not is_site(host):
        raise Problem(400, "The request names no host that could stand in a line.", "Ask by the API's own name.")
    return host.lower()


def _not_let_in(wrong: LoginWrong) -> Problem:
    if wrong.fault == "full":
        return Problem(503, str(wrong), "Try again.", headers={"retry-after": "5"})
    return _unknown(str(wrong))
