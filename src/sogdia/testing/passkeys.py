"""A passkey in software: makes authenticator data, client data and assertions as a telephone does.

Every part can be made wrong, so that tests can show what a node refuses.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from json import dumps
from typing import Any, Final

from sogdia.client.p256_keys import P256KeyPair
from sogdia.kernel.envelope import Signature
from sogdia.kernel.signature import WEBAUTHN

RP_ID: Final = "sogdia.example"
ORIGIN: Final = "https://trade.sogdia.example"
GENESIS_PASSKEYS: Final = {"rp_id": RP_ID, "origins": [ORIGIN, "android:apk-key-hash:c29nZGlh"]}
"""What a test network says about passkeys in its genesis."""

PRESENT_AND_VERIFIED: Final = 0x05


class Passkey:
    """A passkey: its `signature` is an assertion. The keyword arguments are what its authenticator and browser say."""

    scheme: Final = WEBAUTHN

    def __init__(  # noqa: PLR0913 - everything that an assertion says
        self,
        seed: bytes,
        *,
        rp_id: str = RP_ID,
        flags: int = PRESENT_AND_VERIFIED,
        counter: int = 0,
        extensions: bytes = b"",
        client_data: dict[str, Any] | None = None,
        raw_client_data: bytes | None = None,
    ) -> None:
        """Make the passkey that belongs to a seed; `client_data` replaces members, None leaves one out."""
        self._pair = P256KeyPair(seed)
        self.public = self._pair.public
        self._data = sha256(rp_id.encode()).digest() + bytes((flags,)) + counter.to_bytes(4, "big") + extensions
        self._client_data = client_data or {}
        self._raw_client_data = raw_client_data

    def sign(self, message: bytes) -> bytes:
        """Give the signature of an assertion alone."""
        return self.signature(message).value

    def signature(self, message: bytes) -> Signature:
        """Assert a message, as it stands in an envelope."""
        client_data = self.client_data(message) if self._raw_client_data is None else self._raw_client_data
        value = self._pair.sign(self._data + sha256(client_data).digest())
        return Signature(WEBAUTHN, value, len(self._data).to_bytes(2, "big") + self._data + client_data)

    def client_data(self, message: bytes) -> bytes:
        """Write what a browser says about the message."""
        said = {
            "type": "webauthn.get",
            "challenge": urlsafe_b64encode(message).rstrip(b"=").decode("ascii"),
            "origin": ORIGIN,
            "crossOrigin": False,
        } | self._client_data
        return dumps({name: value for name, value in said.items() if value is not None}, separators=(",", ":")).encode()
