"""Signing in to read as oneself: the line of text that a party signs, and the check of it, for every door.

    sogdia login to ledger.example network 3fa2… as acct-k3v9-… until 2026-11-22T10:02:00Z once 7c01…-f9aa…

A key of Ed25519 or P-256 signs the line itself. It begins with words, so nothing signed for reading can ever stand as
the signature of an envelope (32 bytes). A passkey signs 32 bytes whatever it is for, so it is shown `login_challenge`,
a hash of the line under a name of its own, as ids of envelopes have one of theirs.

The line names the site, so that no other site can have it signed for itself unseen. It ends in a random number and a
check under a secret of the door, so no line has to be remembered until it has been used.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.client.codes import CodeWrong, account_code, read_account
from sogdia.kernel.accounts import key_of
from sogdia.kernel.passkey import asserted_bytes
from sogdia.kernel.refusal import Refused
from sogdia.kernel.signature import WEBAUTHN, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.accounts import Key, Party
    from sogdia.kernel.passkey import Passkeys

LINE_SECONDS: Final = 120
SPENT_MAX: Final = 10_000
"""How many used lines are remembered at once; each until it could not be used anyway."""

LINE_CHARACTERS_MAX: Final = 600
DOMAIN: Final = b"sogdia/login"
MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"

FAULTS: Final[dict[str, str]] = {
    "line": "This line was not made here, or was changed.",
    "expired": "The line was good until {until}, and that has passed.",
    "used": "The line has been used already. Each is good once.",
    "form": "This is no signature: it has 128 hexadecimal digits.",
    "full": "Too many people sign in now. Try again in some minutes.",
    "account": "This account takes no part in this network.",
    "signature": "The signature is not by a key that acts for {account}. Sign with such a key.",
    "key_removed": "Key {key} does not act for {account} any more.",
    "key_expired": "Key {key} of {account} was good until {until}, and that has passed.",
    "recovered": "Guardians have put new keys in the place of those of {account}. Sign with a new one.",
    "no_passkeys": "This network names no domain for passkeys. Sign with another key.",
    "passkey": "The passkey’s answer cannot be read ({problem}). Ask the passkey again.",
    "passkey_line": "The passkey has answered for another line than this one. Begin again.",
    "passkey_site": "The passkey was asked on a site that this network’s passkeys are not for.",
    "passkey_domain": "The passkey belongs to another domain than {domain}, where this network’s passkeys are made.",
    "passkey_person": "The passkey has not looked who asks it: a finger, a face or a code is needed.",
}
"""Why nobody is let in, by the name of the fault; a door may have these sentences in other languages."""

_SITE = re.compile(r"[0-9A-Za-z.:\[\]-]{1,255}")
_LINE = re.compile(
    r"(?P<content>sogdia login to (?P<site>[0-9A-Za-z.:\[\]-]{1,255}) network (?P<network>[0-9a-f]{64})"
    r" as (?P<account>acct[0-9a-z-]{1,60}) until (?P<until>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"
    r" once (?P<once>[0-9a-f]{32}))-(?P<check>[0-9a-f]{32})"
)

_PASSKEY_FAULTS: Final = {
    "challenge": "passkey_line",
    "origin": "passkey_site",
    "cross origin": "passkey_site",
    "rp id": "passkey_domain",
    "user not present": "passkey_person",
    "user not verified": "passkey_person",
}
"""What the parts that the kernel finds wrong mean to whoever signs in; the others nobody meets by accident."""


class LoginWrong(Exception):  # noqa: N818 - reads as what it says
    """Somebody is not let in, or not any more: the fault's name and the values that belong in its sentence."""

    def __init__(self, fault: str, **values: object) -> None:
        """Say which fault."""
        super().__init__(FAULTS[fault].format(**values))
        self.fault = fault
        self.values = values


class LoginLine(NamedTuple):
    """A line, taken apart. `content` is all of it but the door's own check."""

    content: str
    site: str
    network: bytes
    account: bytes
    until: datetime
    once: str
    check: str

    @property
    def text(self) -> str:
        """The whole line, as it is signed."""
        return f"{self.content}-{self.check}"


class Shown(NamedTuple):
    """What somebody shows for a line: a signature and, if it is a passkey's, what it brings with it."""

    signature: bytes
    extra: bytes | None = None


def is_site(host: str) -> bool:
    """Tell whether a host can stand in a line."""
    return _SITE.fullmatch(host) is not None


def content_of(site: str, network: bytes, account: bytes, until: datetime, once: str) -> str:
    """Lay a line out, without its check."""
    moment = until.strftime(MOMENT)
    return f"sogdia login to {site} network {network.hex()} as {account_code(account)} until {moment} once {once}"


def read_login_line(line: str) -> LoginLine | None:
    """Take a line apart; nothing when it is not one."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    try:
        until = datetime.strptime(found["until"], MOMENT).replace(tzinfo=UTC)
        account = read_account(found["account"])
    except (ValueError, CodeWrong):
        return None
    network = bytes.fromhex(found["network"])
    return LoginLine(found["content"], found["site"], network, account, until, found["once"], found["check"])


def is_login_line(line: str) -> bool:
    """Tell whether a text is such a line."""
    return read_login_line(line) is not None


def login_challenge(line: str) -> bytes:
    """Give what a passkey is shown for a line.

    Whoever asks a passkey makes this itself out of a line that it has read. A challenge that a server hands out could
    be the id of an envelope.
    """
    return sha256(DOMAIN + line.encode("ascii")).digest()


def what_stops(party: Party | None, account: bytes, number: int, now: float) -> LoginWrong | None:
    """Say why a key may not speak for an account, by the account's record and the time; nothing when it may."""
    if party is None:
        return LoginWrong("account")
    called = account_code(account)
    # From the deadline of a recovery on the old keys are worth nothing, even before the new ones are in place.
    if party.recovers_at is not None and now > party.recovers_at:
        return LoginWrong("recovered", account=called)
    key = key_of(party, number)
    if key is None:
        return LoginWrong("key_removed", key=number, account=called)
    if key.valid_until is not None and now > key.valid_until:
        return LoginWrong("key_expired", key=number, account=called, until=_moment(key.valid_until))
    return None


class Logins:
    """The lines of one door: given out, and taken back once."""

    def __init__(self, secret: bytes, now: Callable[[], float] = time.time) -> None:
        """Check lines under a secret of the door's own."""
        self._secret = secret
        self._now = now
        self._began = int(now())
        self._lock = threading.Lock()
        self._spent: OrderedDict[str, float] = OrderedDict()

    def line(self, site: str, network: bytes, account: bytes) -> tuple[str, int]:
        """Give the line that a party shall sign, and until when it is good."""
        until = int(self._now()) + LINE_SECONDS
        content = content_of(site, network, account, datetime.fromtimestamp(until, UTC), secrets.token_hex(16))
        return f"{content}-{self._check(content)}", until

    def read(self, line: str, site: str, network: bytes) -> LoginLine:
        """Read a line that comes back, or refuse one that was not given here, for this site, just now."""
        found = read_login_line(line)
        if found is None or (found.site, found.network) != (site, network):
            raise LoginWrong("line")
        if not hmac.compare_digest(self._check(found.content), found.check):
            raise LoginWrong("line")
        until = found.until.timestamp()
        # Which lines were used before this process began is not known, so none of them is taken.
        if until - LINE_SECONDS < self._began:
            raise LoginWrong("line")
        if until < self._now():
            raise LoginWrong("expired", until=found.until.strftime(MOMENT))
        return found

    def enter(self, line: LoginLine, party: Party | None, passkeys: Passkeys | None, shown: Shown) -> int:
        """Take a line that a key of its account has signed; gives the key's number. Each line is taken once."""
        if party is None:
            raise LoginWrong("account")
        signed_by = _signer(line, party, passkeys, shown)
        if signed_by is None:
            raise LoginWrong("signature", account=account_code(line.account))
        stopped = what_stops(party, line.account, signed_by.number, int(self._now()))
        if stopped is not None:
            raise stopped
        self._spend(line)
        return signed_by.number

    def _spend(self, line: LoginLine) -> None:
        now = self._now()
        with self._lock:
            # All lines are good for as long, but not used in the order in which they were given.
            for once in [once for once, end in self._spent.items() if end < now]:
                del self._spent[once]
            if line.once in self._spent:
                raise LoginWrong("used")
            if len(self._spent) >= SPENT_MAX:
                raise LoginWrong("full")
            self._spent[line.once] = line.until.timestamp()

    def _check(self, content: str) -> str:
        return hmac.digest(self._secret, content.encode("ascii"), "sha256")[:16].hex()


def _signer(line: LoginLine, party: Party, passkeys: Passkeys | None, shown: Shown) -> Key | None:
    """Give the key of the party that has signed the line, if one has."""
    is_passkey = shown.extra is not None
    message = _asserted(line, passkeys, shown.extra) if is_passkey else line.text.encode("ascii")
    for key in party.keys:
        if (key.scheme == WEBAUTHN) == is_passkey and verify(key.scheme, key.public, message, shown.signature):
            return key
    return None


def _asserted(line: LoginLine, passkeys: Passkeys | None, extra: bytes | None) -> bytes:
    """Give what a passkey has signed if its answer is one to this line, on a site of this network's passkeys."""
    if passkeys is None:
        raise LoginWrong("no_passkeys")
    try:
        return asserted_bytes(passkeys, login_challenge(line.text), extra)
    except Refused as refused:
        problem = str(dict(refused.facts).get("problem", ""))
        raise LoginWrong(_PASSKEY_FAULTS.get(problem, "passkey"), problem=problem, domain=passkeys.rp_id) from refused


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(MOMENT)
