"""The commitment that stands on the ledger for what a registrar saw, and showing one field of it.

    secret (32 bytes) ──HKDF-SHA256, info = name──▶ field key ──HMAC-SHA256 over name ‖ 0 ‖ value──▶ leaf
    leaves in the order of their names ──Merkle tree of RFC 6962──▶ commitment

Each leaf has a key of its own, so showing one field with its key tells nothing of the others, and without the secret
no value can be tried, however short it is. Who destroys the secret has erased what was attested.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from sogdia.client.credentials.faults import CannotBeUsed, CheckFailed
from sogdia.client.keys import hkdf_sha256
from sogdia.kernel import merkle
from sogdia.kernel.text import text_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_BYTES = 32
FIELDS_MAX = 32
VALUE_CHARACTERS_MAX = 500
SALT: Final = b"sogdia/attestation/1"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")

HexBytes = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*\Z", max_length=128)]
Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Disclosure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One field of what was attested, with all that somebody needs to check it against the ledger's record."""

    sogdia_disclosure: Annotated[int, Meta(ge=1, le=1)] = 1
    network: Hex32
    attestation: HexBytes
    field: Annotated[str, Meta(max_length=40)]
    value: Annotated[str, Meta(max_length=VALUE_CHARACTERS_MAX)]
    key: Hex32
    index: Annotated[int, Meta(ge=0, le=FIELDS_MAX - 1)]
    size: Annotated[int, Meta(ge=1, le=FIELDS_MAX)]
    path: Annotated[tuple[Hex32, ...], Meta(max_length=5)]


def check_fields(fields: Mapping[str, str]) -> None:
    """Refuse fields that cannot be committed to."""
    if not 1 <= len(fields) <= FIELDS_MAX:
        raise CannotBeUsed(f"There are {len(fields)} fields; an attestation has 1 to {FIELDS_MAX}.")
    for name, value in fields.items():
        if not _NAME.match(name):
            raise CannotBeUsed(f"{name!r} is no name of a field. Use 1 to 40 of a-z 0-9 _ and begin with a letter.")
        if not 1 <= len(value) <= VALUE_CHARACTERS_MAX:
            raise CannotBeUsed(f"The field {name} has {len(value)} characters; 1 to {VALUE_CHARACTERS_MAX} may be.")
        problem = text_problem(value)
        if problem is not None:
            raise CannotBeUsed(f"The field {name} cannot be used. {problem.way_out}")


def field_key(secret: bytes, name: str) -> bytes:
    """Derive the key of one field."""
    if len(secret) != SECRET_BYTES:
        raise CannotBeUsed(f"The secret has {len(secret)} bytes instead of {SECRET_BYTES}.")
    return hkdf_sha256(secret, SALT, name.encode(), SECRET_BYTES)


def leaf(key: bytes, name: str, value: str) -> bytes:
    """Give the leaf of a field under its key."""
    return hmac.digest(key, name.encode() + b"\x00" + value.encode(), "sha256")


def _leaves(secret: bytes, fields: Mapping[str, str]) -> list[bytes]:
    check_fields(fields)
    return [leaf(field_key(secret, name), name, fields[name]) for name in sorted(fields)]


def commitment(secret: bytes, fields: Mapping[str, str]) -> bytes:
    """Give the commitment to all fields."""
    return merkle.root(_leaves(secret, fields))


def disclose(secret: bytes, fields: Mapping[str, str], name: str, *, network: bytes, attestation: bytes) -> Disclosure:
    """Show one field of an attestation, and nothing of the others but how many there are."""
    if name not in fields:
        raise CannotBeUsed(f"There is no field {name!r}. There are {', '.join(sorted(fields))}.")
    leaves = _leaves(secret, fields)
    index = sorted(fields).index(name)
    return Disclosure(
        network=network.hex(),
        attestation=attestation.hex(),
        field=name,
        value=fields[name],
        key=field_key(secret, name).hex(),
        index=index,
        size=len(leaves),
        path=tuple(each.hex() for each in merkle.path(leaves, index)),
    )


def check_disclosure(shown: Disclosure, committed: bytes) -> None:
    """Refuse a field that is not under the commitment."""
    made = leaf(bytes.fromhex(shown.key), shown.field, shown.value)
    root = merkle.root_from_path(made, shown.index, shown.size, [bytes.fromhex(each) for each in shown.path])
    if root != committed:
        raise CheckFailed(
            f"The field {shown.field} is not what was attested: value, key and path lead to "
            f"{'no root' if root is None else root.hex()}, but the ledger has {committed.hex()}."
        )


def read_disclosure(raw: bytes) -> Disclosure:
    """Read a disclosure, or say what is wrong with it."""
    try:
        return msgspec.json.decode(raw, type=Disclosure)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise CheckFailed(f"This is no disclosure: {fault}. Ask for it again.") from fault
