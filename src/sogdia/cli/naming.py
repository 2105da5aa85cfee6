"""Who and what is meant: accounts, objects and assets as people write them, and as they are called when shown.

    acct-k3v9-0qfw-…     an account, by its code
    @bukhara             a party of the genesis
    @registrar/ali       a party that @registrar entered as ali
    buyer                the account that the key of this name signs for
    name-k3v9-0qfw-…     an object, by its code
    @nairobi/o1          an object, by its owner and reference
    USD@bank             money of the genesis's party bank
    USD@acct-k3v9-…      money of an account

Hexadecimal does for all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.client.codes import CodeWrong, account_code, name_code, read_account, read_name
from sogdia.kernel.values import ACCOUNT_BYTES, NO_ACCOUNT, account_of, name_of, owner_of, reference_of
from sogdia.modules.money import Asset

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.cli.keyring import Keyring

_REFERENCE = re.compile(r"[0-9A-Za-z._-]{1,16}\Z")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+\Z")
_CODE = re.compile(r"(acct|name)[\s-]", re.IGNORECASE)
NAME_HEX = range(2 * (ACCOUNT_BYTES + 1), 2 * (ACCOUNT_BYTES + 16) + 1)


class Network:
    """What has to be known of a network to call its parties by name: its genesis hash, and whom its genesis names."""

    def __init__(self, hash_: bytes, references: frozenset[str] = frozenset()) -> None:
        """Hold the network's hash; without `references` every reference is taken as it is written."""
        self.hash = hash_
        self.references = references


class Naming:
    """Reads and writes names. What network is meant is asked only when a name needs it."""

    def __init__(self, keyring: Keyring, network: Callable[[], Network]) -> None:
        """Use the keys' names, and the network that `network` gives."""
        self._keyring = keyring
        self._find_network = network
        self._network: Network | None = None
        self._called: dict[bytes, str] | None = None

    @property
    def network(self) -> Network:
        """The network that is meant."""
        if self._network is None:
            self._network = self._find_network()
        return self._network

    # ------------------------------------------------------------------------------------------------------ reading

    def account(self, text: str) -> bytes:
        """Read an account."""
        text = text.strip()
        if text.startswith("@"):
            return self._party(text)
        if _CODE.match(text):
            return _by_code(read_account, text)
        if _HEX.match(text) and len(text) == 2 * ACCOUNT_BYTES:
            return bytes.fromhex(text)
        if self._keyring.has(text):
            account = self._keyring.listed(text).account
            if account is None:
                raise usage(
                    f"It is not known for which account the key {text!r} signs.",
                    f"Once its holder is registered, say: sogdia keys assign {text} ACCOUNT.",
                )
            return account
        raise usage(
            f"{text!r} is no account.",
            "Write its code (acct-…), @reference of a party of the genesis, or the name of one of your keys.",
        )

    def name(self, text: str) -> bytes:
        """Read the name of an object: an order, a listing, a hold."""
        text = text.strip()
        if "/" in text:
            owner, _, reference = text.rpartition("/")
            return name_of(self.account(owner), _reference(reference))
        if _CODE.match(text):
            return _by_code(read_name, text)
        if _HEX.match(text) and len(text) in NAME_HEX:
            return bytes.fromhex(text)
        raise usage(
            f"{text!r} is no object's name.",
            "Write its code (name-…), or its owner and reference, such as @nairobi/o1 or buyer/o1.",
        )

    def asset(self, text: str) -> Asset:
        """Read a currency with its issuer."""
        currency, at, issuer = text.strip().partition("@")
        if not at or not re.fullmatch(r"[A-Za-z]{3}", currency):
            raise usage(f"{text!r} is no currency of an issuer.", "Write it like USD@bank or USD@acct-….")
        return Asset(currency.upper(), self.issuer(issuer))

    def issuer(self, text: str) -> bytes:
        """Read what stands behind the @ of an asset: a party of the genesis, or an account written in full."""
        if _CODE.match(text) or (_HEX.match(text) and len(text) == 2 * ACCOUNT_BYTES):
            return self.account(text)
        return self.account("@" + text.removeprefix("@"))

    def _party(self, text: str) -> bytes:
        first, *others = [_reference(part) for part in text[1:].split("/")]
        network = self.network
        if network.references and first not in network.references:
            known = ", ".join(f"@{each}" for each in sorted(network.references))
            raise Stopped(
                Exit.NOT_FOUND,
                f"The genesis of this network names no party {first!r}.",
                f"It names {known}. Others have a code (acct-…), or are written @registrar/reference.",
            )
        account = account_of(network.hash, NO_ACCOUNT, first)
        for reference in others:
            account = account_of(network.hash, account, reference)
        return account

    # ------------------------------------------------------------------------------------------------------ showing

    def call(self, account: bytes) -> str:
        """Call an account as its owner's acquaintances do: @reference, the name of a key, or the code."""
        if account == NO_ACCOUNT:
            return "nobody"
        if self._called is None:
            self._called = self._keyring.accounts()
            for reference in sorted(self._network.references if self._network is not None else ()):
                self._called[account_of(self.network.hash, NO_ACCOUNT, reference)] = f"@{reference}"
        return self._called.get(account) or account_code(account)

    def call_object(self, name: bytes) -> str:
        """Call an object by its owner and reference when the owner has a short name, or else by its code."""
        owner = self.call(owner_of(name))
        return name_code(name) if owner.startswith("acct-") else f"{owner}/{reference_of(name)}"

    def call_asset(self, asset: Asset) -> str:
        """Call an asset by its currency and issuer."""
        return f"{asset.currency}@{self.call(asset.issuer).removeprefix('@')}"


def _reference(text: str) -> str:
    if not _REFERENCE.match(text):
        raise usage(f"{text!r} is no reference.", "A reference has 1 to 16 of 0-9 A-Z a-z . _ -")
    return text


def _by_code(read: Callable[[str], bytes], text: str) -> bytes:
    try:
        return read(text)
    except CodeWrong as fault:
        raise usage(str(fault)) from fault
