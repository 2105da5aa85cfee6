"""The file behind an attestation: what the registrar saw, and the secret that keys the commitment.

Registrar and subject each keep one, readable by nobody else. It is JSON, so that a person can look into it.
"""

from __future__ import annotations

import hmac
import os
import secrets
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.client.credentials.commitments import SECRET_BYTES, Hex32, check_fields, commitment
from sogdia.client.credentials.faults import CannotBeUsed
from sogdia.client.credentials.identifiers import IDENTIFIER_FIELD, check_identifier, plain
from sogdia.modules.identity import COUNTRIES, AttestationType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_BYTES_MAX = 256 * 1024


class Attested(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a registrar saw, with the secret of its commitment."""

    sogdia_attested: Annotated[int, Meta(ge=1, le=1)] = 1
    attests: str
    country: str
    fields: dict[str, str]
    secret: Hex32

    def commitment(self) -> bytes:
        """Give the commitment that stands on the ledger."""
        return commitment(bytes.fromhex(self.secret), self.fields)

    def type(self) -> AttestationType:
        """Give the type of the attestation."""
        return type_of(self.attests)

    def tag(self, tag_key: bytes) -> bytes:
        """Give the tag that stands for the attested firm or person under a registrar's own key.

        Another registrar's tag for the same firm is another one, so tags cannot be matched, and who lacks the key
        cannot try numbers.
        """
        if len(tag_key) != SECRET_BYTES:
            raise CannotBeUsed(f"The tag key has {len(tag_key)} bytes instead of {SECRET_BYTES}.")
        parts = (self.attests, self.country, plain(self.fields[IDENTIFIER_FIELD[self.type()]]))
        return hmac.digest(tag_key, b"\x00".join(part.encode() for part in parts), "sha256")


def type_of(word: str) -> AttestationType:
    """Read the type of an attestation, such as lei."""
    try:
        return AttestationType[word.upper()]
    except KeyError:
        known = ", ".join(each.name.lower() for each in AttestationType)
        raise CannotBeUsed(f"{word!r} is no type of attestation. There are {known}.") from None


def new_attested(attests: str, country: str, fields: Mapping[str, str]) -> Attested:
    """Put down what was seen, under a new secret."""
    made = Attested(
        attests=attests.lower(), country=country.upper(), fields=dict(fields), secret=secrets.token_hex(SECRET_BYTES)
    )
    _check(made)
    return made


def _check(attested: Attested) -> None:
    kind = attested.type()
    check_fields(attested.fields)
    if attested.country not in COUNTRIES:
        raise CannotBeUsed(f"{attested.country!r} is no country of ISO 3166. Write two letters, ZZ when unknown.")
    needed = IDENTIFIER_FIELD[kind]
    if needed not in attested.fields:
        raise CannotBeUsed(f"An attestation of the type {attested.attests} needs the field {needed}.")
    check_identifier(kind, attested.fields[needed])


def read_attested(raw: bytes) -> Attested:
    """Read the file, or say what is wrong with it."""
    try:
        attested = msgspec.json.decode(raw, type=Attested)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise CannotBeUsed(f"This is no file of something attested: {fault}. Take your copy of it.") from fault
    _check(attested)
    return attested


def write_attested(path: Path, attested: Attested) -> None:
    """Write a new file that only its owner's login can read."""
    write_private(path, msgspec.json.format(msgspec.json.encode(attested), indent=2) + b"\n")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet, so that only its owner can read it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def new_tag_key(path: Path) -> None:
    """Write a new tag key. A registrar has one for ever: with another, it would not know its firms again."""
    write_private(path, secrets.token_hex(SECRET_BYTES).encode() + b"\n")


def read_tag_key(path: Path) -> bytes:
    """Read a tag key."""
    with path.open("rb") as stream:
        text = stream.read(2 * SECRET_BYTES + 2).strip()
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != SECRET_BYTES:
        raise CannotBeUsed(f"{path} is no tag key. 'sogdia credential tag-key' makes one; take your copy of it.")
    return key
