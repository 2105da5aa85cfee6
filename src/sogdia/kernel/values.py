"""The words of the wire: small typed values with limits, shared by every module.

Limits are enforced when bytes are decoded, so inside the ledger a value is already valid.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from msgspec import Meta

ACCOUNT_BYTES = 20
NO_ACCOUNT = bytes(ACCOUNT_BYTES)
"""Stands for "nobody": the registrar of a party that was there from the start."""

UNITS_MAX = 2**62 - 1
"""The largest amount in minor units; two of them still fit in a signed 64-bit integer."""

Account = Annotated[bytes, Meta(min_length=20, max_length=20)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
PublicKey = Annotated[bytes, Meta(min_length=32, max_length=33)]
"""A party's key: 32 bytes of Ed25519, 33 of P-256."""

NodeKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""A key that signs headers: Ed25519."""

Name = Annotated[bytes, Meta(min_length=21, max_length=36)]
"""An object's name: its creator's account, then a reference of 1 to 16 ASCII characters."""

Reference = Annotated[str, Meta(min_length=1, max_length=16, pattern=r"^[0-9A-Za-z._-]+\Z")]
CountryCode = Annotated[str, Meta(min_length=2, max_length=2, pattern=r"^[A-Z]{2}\Z")]
AssetKey = Annotated[bytes, Meta(min_length=23, max_length=23)]
"""Money as a key: a currency's three letters, then the issuer's account."""

CurrencyCode = Annotated[str, Meta(min_length=3, max_length=3, pattern=r"^[A-Z]{3}\Z")]
Units = Annotated[int, Meta(ge=0, le=UNITS_MAX)]
PositiveUnits = Annotated[int, Meta(ge=1, le=UNITS_MAX)]
Quantity = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Seconds = Annotated[int, Meta(ge=0, le=2**32 - 1)]
"""A moment or a length of time in whole seconds; moments count from 1970-01-01 UTC and end in 2106."""

BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]
KEY_NUMBER_MAX = 2**16 - 1
KeyNumber = Annotated[int, Meta(ge=0, le=KEY_NUMBER_MAX)]


def account_of(network: bytes, registrar: bytes, reference: str) -> bytes:
    """Derive the 20-byte account of the party that `registrar` entered under `reference`.

    It is made from names, never from a key, so keys can change while orders and standing stay.
    """
    return sha256(b"account" + network + registrar + reference.encode("ascii")).digest()[:ACCOUNT_BYTES]


def name_of(account: bytes, reference: str) -> bytes:
    """Join a creator's account and its reference into an object's name."""
    return account + reference.encode("ascii")


def owner_of(name: bytes) -> bytes:
    """Give the account of the party that created the object called `name`."""
    return name[:ACCOUNT_BYTES]


def reference_of(name: bytes) -> str:
    """Give the reference under which the object called `name` was created."""
    return name[ACCOUNT_BYTES:].decode("ascii")
