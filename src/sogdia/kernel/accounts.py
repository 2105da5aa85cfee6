"""The record of a party: the kernel reads it to admit an envelope; the identity module alone writes it."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from sogdia.kernel.codec import Record
from sogdia.kernel.state import Table
from sogdia.kernel.values import Account, CountryCode, KeyNumber, PublicKey, Reference

Scheme = Annotated[int, Meta(ge=1, le=3)]
Kind = Annotated[int, Meta(ge=1, le=8)]
Roles = Annotated[int, Meta(ge=0, le=2**16 - 1)]


class Key(Struct, frozen=True, array_like=True):
    """A public key that acts for a party. A party's keys are numbered from 0 and a number is never used again."""

    number: KeyNumber
    scheme: Scheme
    public: PublicKey


class Party(Record):
    """Somebody who takes part: a person, an organisation or an authority, under a pseudonymous account."""

    registrar: Account
    reference: Reference
    kind: Kind
    country: CountryCode
    roles: Roles
    """Bits of `identity.Role`."""
    sponsor: Account
    key: Key
    suspended: bool


def show_account_key(key: bytes) -> dict[str, Any]:
    """Show a key that is an account."""
    return {"account": key}


PARTIES: Table[bytes, Party] = Table("kernel/parties", 2, Party, show_key=show_account_key)
