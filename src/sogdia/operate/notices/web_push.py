"""Web push: messages that only the subscribed browser can read (RFC 8291), from a sender that signs (RFC 8292).

browser's key p256dh ─┐
our one-time key ─────┴─ ECDH ─▶ HKDF with the browser's secret ─▶ key and nonce ─▶ AES-128-GCM, one record
"""

from __future__ import annotations

import json
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from msgspec import Meta

from sogdia.operate.notices.sending import judge, request

if TYPE_CHECKING:
    from sogdia.operate.notices.sending import Parcel
    from sogdia.settings.sections import NoticesSettings

KEY_FILE = "push.key"
CURVE = ec.SECP256R1()
POINT_BYTES = 65
SECRET_BYTES = 16
SALT_BYTES = 16
RECORD_BYTES = 4_096
MESSAGE_BYTES_MAX = 3_993
LAST_RECORD = b"\x02"
TOKEN_SECONDS = 12 * 3_600
KEPT_SECONDS_MAX = 28 * 86_400


class PushKeys(msgspec.Struct, frozen=True):
    """The browser's public key and secret, in base64url."""

    p256dh: Annotated[str, Meta(max_length=100)]
    auth: Annotated[str, Meta(max_length=40)]


class PushAddress(msgspec.Struct, frozen=True):
    """A subscription as a browser gives it (PushSubscription.toJSON)."""

    endpoint: Annotated[str, Meta(max_length=1_000, pattern=r"^https?://[^\s]+\Z")]
    keys: PushKeys


class PushAddressWrongError(Exception):
    """A subscription that no browser gave."""


def read_address(raw: str) -> PushAddress:
    """Read a browser's subscription; raises `PushAddressWrongError`."""
    try:
        found = msgspec.json.decode(raw, type=PushAddress)
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, _unspelled(found.keys.p256dh))
        secret = _unspelled(found.keys.auth)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise PushAddressWrongError(f"this is no push subscription as browsers give it ({error})") from error
    if len(secret) != SECRET_BYTES:
        raise PushAddressWrongError(f"the subscription's secret has {len(secret)} bytes, not {SECRET_BYTES}")
    return found


class WebPush:
    """Sends to browsers by way of their push services."""

    def __init__(self, settings: NoticesSettings, folder: Path, *, public_only: bool = True) -> None:
        """Send as the settings say, with the key in `folder` unless they name another."""
        self._settings = settings
        self._key = load_key(Path(settings.push_key_file) if settings.push_key_file else folder / KEY_FILE)
        self._public_only = public_only

    @property
    def public_key(self) -> str:
        """The key that a browser needs to subscribe (applicationServerKey)."""
        return _spelled(_point(self._key.public_key()))

    def send(self, address: str, parcel: Parcel) -> None:
        """Send a notice. A message that has not reached the browser is replaced by the next attempt's (Topic)."""
        to = read_address(address)
        content = {"title": parcel.text.subject, "body": parcel.text.body, "lang": parcel.language, "id": parcel.id}
        message = json.dumps(content, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(min(parcel.seconds, KEPT_SECONDS_MAX)),
            "Urgency": "high" if parcel.urgent else "normal",
            "Topic": parcel.id[:32],
            "Authorization": f"vapid t={self._token(to.endpoint)}, k={self.public_key}",
        }
        body = encrypted(message, to.keys, ec.generate_private_key(CURVE), os.urandom(SALT_BYTES))
        judge(
            request(
                "POST",
                to.endpoint,
                headers,
                body,
                seconds=self._settings.send_seconds_max,
                public_only=self._public_only,
            )
        )

    def _token(self, endpoint: str) -> str:
        """Sign who we are, for this push service and a while (RFC 8292)."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(time.time()) + TOKEN_SECONDS,
            "sub": self._settings.push_contact,
        }
        signed = ".".join(_spelled(json.dumps(each).encode()) for each in ({"typ": "JWT", "alg": "ES256"}, claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_spelled(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def encrypted(message: bytes, keys: PushKeys, own: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """Encrypt a message for a browser: one record of RFC 8188 under the keys of RFC 8291. `own` is used once."""
    if len(message) > MESSAGE_BYTES_MAX:
        raise ValueError(f"a push message has at most {MESSAGE_BYTES_MAX} bytes, not {len(message)}")
    theirs, mine = _unspelled(keys.p256dh), _point(own.public_key())
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
    base = _derived(_unspelled(keys.auth), shared, b"WebPush: info\0" + theirs + mine, 32)
    key = _derived(salt, base, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, base, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes((POINT_BYTES,)) + mine
    return head + AESGCM(key).encrypt(nonce, message + LAST_RECORD, None)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _spelled(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unspelled(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read the sender's key, or make it: browsers subscribe to this key, so it must stay the same."""
    try:
        opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        found = load_pem_private_key(path.read_bytes(), None)
        if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.name == CURVE.name:
            return found
        raise ValueError(f"{path} is no P-256 key") from None
    key = ec.generate_private_key(CURVE)
    with os.fdopen(opened, "wb") as stream:
        stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        stream.flush()
        os.fsync(stream.fileno())
    return key
