"""Passkeys: what a WebAuthn assertion must say before its P-256 signature is looked at.

    extra = length of the authenticator data (2 bytes) ‖ authenticator data ‖ client data (JSON)

    authenticator data    hash of the rp id (32) ‖ flags (1) ‖ counter (4) ‖ extensions, if any
    client data           type, challenge, origin, crossOrigin

The challenge is the id of the envelope in base64url, so one assertion covers the whole envelope. A network names one
rp id (a domain) and the origins (web sites and apps) from which its passkeys may be used; without them it has none. The
counter is ignored: passkeys that are synchronised send 0, and a used id stops a replay.
"""

from __future__ import annotations

from binascii import b2a_base64
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta

from sogdia.kernel.client_data import ClientDataWrong, read_client_data
from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.refusal import require
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.state import Table

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader

EXTRA_BYTES_MAX: Final = 1_024
LENGTH_BYTES: Final = 2
RP_ID_HASH_BYTES: Final = 32
AUTHENTICATOR_DATA_MIN: Final = 37
USER_PRESENT: Final = 0x01
USER_VERIFIED: Final = 0x04
ASSERTION_TYPE: Final = "webauthn.get"

RelyingPartyId = Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z")]
Origin = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[!-~]+\Z")]


class Passkeys(Record):
    """The domain under which passkeys of this network are made, and where they may be used."""

    rp_id: RelyingPartyId
    origins: Annotated[tuple[Origin, ...], Meta(min_length=1, max_length=32)]


PASSKEYS: Table[None, Passkeys] = Table("kernel/passkeys", 10, Passkeys, key=no_key, show_key=show_no_key)


def challenge_of(message: bytes) -> str:
    """Spell the message that an assertion covers as its challenge: base64url without padding."""
    return b2a_base64(message, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


def signed_bytes(state: Reader, message: bytes, extra: bytes | None) -> bytes:
    """Give what the assertion in `extra` has signed if it covers `message` on this network, or refuse."""
    return asserted_bytes(PASSKEYS.get(state, None, Refuse.NO_PASSKEYS), message, extra)


def asserted_bytes(rules: Passkeys, message: bytes, extra: bytes | None) -> bytes:
    """Give what the assertion in `extra` has signed if it covers `message` by the rules of a network, or refuse.

    The signature itself is a P-256 signature over these bytes.
    """
    raw = extra or b""
    data_end = LENGTH_BYTES + int.from_bytes(raw[:LENGTH_BYTES], "big")
    data, client_data = raw[LENGTH_BYTES:data_end], raw[data_end:]
    _require(len(raw) <= EXTRA_BYTES_MAX, "too long")
    _require(data_end <= len(raw) and len(data) >= AUTHENTICATOR_DATA_MIN, "authenticator data too short")
    _require(data[:RP_ID_HASH_BYTES] == sha256(rules.rp_id.encode("ascii")).digest(), "rp id")
    flags = data[RP_ID_HASH_BYTES]
    _require(flags & USER_PRESENT, "user not present")
    _require(flags & USER_VERIFIED, "user not verified")
    try:
        said = read_client_data(client_data)
    except ClientDataWrong as wrong:
        require(condition=False, code=Refuse.PASSKEY_WRONG, problem=f"client data: {wrong}")
        raise
    _require(said.get("type") == ASSERTION_TYPE, "type")
    _require(said.get("challenge") == challenge_of(message), "challenge")
    _require(said.get("origin") in rules.origins, "origin")
    _require(said.get("crossOrigin") in (None, False), "cross origin")
    return data + sha256(client_data).digest()


def _require(condition: object, problem: str) -> None:
    """Refuse an assertion that is not right, naming the part."""
    require(condition, Refuse.PASSKEY_WRONG, problem=problem)
