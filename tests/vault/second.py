"""A second implementation of the vault's bytes, from the page alone: X25519, HMAC, SHA-256 and AES, no HPKE library.

HPKE is RFC 9180, sections 4.1 (DHKEM), 5.1 (key schedule, base mode) and 6.1 (single shot).
"""

from __future__ import annotations

import hmac
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM_SUITE = b"KEM" + (0x0020).to_bytes(2, "big")
HPKE_SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0002))


def _extract(suite: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key, "sha256")


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labelled + b"\x01", "sha256")[:length]


def hpke_open(wrapped: bytes, private: bytes, info: bytes) -> bytes:
    """Open what was sealed to a private key's public half, in base mode."""
    secret = X25519PrivateKey.from_private_bytes(private)
    shared = secret.exchange(X25519PublicKey.from_public_bytes(wrapped[:32]))
    context = wrapped[:32] + secret.public_key().public_bytes_raw()
    eae = _extract(KEM_SUITE, b"", b"eae_prk", shared)
    shared_secret = _expand(KEM_SUITE, eae, b"shared_secret", context, 32)
    psk_hash = _extract(HPKE_SUITE, b"", b"psk_id_hash", b"")
    info_hash = _extract(HPKE_SUITE, b"", b"info_hash", info)
    schedule = b"\x00" + psk_hash + info_hash
    prk = _extract(HPKE_SUITE, shared_secret, b"secret", b"")
    key = _expand(HPKE_SUITE, prk, b"key", schedule, 32)
    nonce = _expand(HPKE_SUITE, prk, b"base_nonce", schedule, 12)
    return AESGCM(key).decrypt(nonce, wrapped[32:], b"")


def open_document(blob: bytes, account: bytes, number: int, wrapped: bytes, private: bytes) -> tuple[bytes, bytes]:  # noqa: PLR0913, RUF100 - what a reader has
    """Open a blob for a reader; gives the content and the commitment."""
    end = 6 + int.from_bytes(blob[4:6], "big")
    front = blob[:end]
    _format, network, about, document_class, document, epoch = msgspec.msgpack.decode(front[6:])
    address = sha256(blob).digest()
    info = b"sogdia/vault/wrap/1" + network + address + account + number.to_bytes(2, "big") + epoch.to_bytes(4, "big")
    info += bytes((document_class, len(about))) + about + document
    cipher = AESGCM(hpke_open(wrapped, private, info))
    bound = sha256(b"sogdia/vault/blob/1" + front).digest()
    sealed = blob[end:]
    parts = [sealed[at : at + 65_552] for at in range(0, len(sealed), 65_552)]
    plain = b""
    for place, part in enumerate(parts):
        nonce = place.to_bytes(11, "big") + bytes((place == len(parts) - 1,))
        plain += cipher.decrypt(nonce, part, bound)
    start = 2 + int.from_bytes(plain[:2], "big")
    salt, content_hash, length, _media_type, _title = msgspec.msgpack.decode(plain[2:start])
    content = plain[start : start + length]
    if sha256(content).digest() != content_hash or any(plain[start + length :]):
        message = "the content is not what was sealed"
        raise ValueError(message)
    return content, sha256(b"sogdia/vault/commitment/1" + salt + address + content_hash).digest()
