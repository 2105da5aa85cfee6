"""Content keys wrapped for their readers by HPKE (RFC 9180), each bound to one reader, one blob and one place.

Base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. A wrapped key is the encapsulated key (32 bytes) and
the sealed content key (48 bytes). Everything it is bound to stands in `info`, so a wrap that is moved opens nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta

from sogdia.kernel.codec import Codec
from sogdia.kernel.values import Account, Hash, KeyNumber
from sogdia.modules.documents.records import Epoch
from sogdia.vault.faults import VaultRefusal as Refuse
from sogdia.vault.faults import refuse
from sogdia.vault.sealing import KEY_BYTES, Header

WRAPPED_BYTES = 80
WRAPS_MAX = 64

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Wrap(msgspec.Struct, frozen=True, array_like=True):
    """A content key, wrapped for one reader's key."""

    account: Account
    number: KeyNumber
    wrapped: Annotated[bytes, Meta(min_length=WRAPPED_BYTES, max_length=WRAPPED_BYTES)]


class Wraps(msgspec.Struct, frozen=True, array_like=True):
    """All wraps of one blob. They lie apart from it, so that granting changes neither its bytes nor its address."""

    format: Literal[1]
    address: Hash
    epoch: Epoch
    wraps: Annotated[tuple[Wrap, ...], Meta(max_length=WRAPS_MAX)]


WRAPS: Codec[Wraps] = Codec(Wraps)


def wrap(content_key: bytes, header: Header, address: bytes, account: bytes, number: int, public: bytes) -> Wrap:  # noqa: PLR0913 - what a wrap is bound to
    """Wrap a content key for a reader's public key."""
    recipient = X25519PublicKey.from_public_bytes(public)
    wrapped = SUITE.encrypt(content_key, recipient, info=bound_to(header, address, account, number))
    return Wrap(account, number, wrapped)


def unwrap(wrapped: Wrap, header: Header, address: bytes, private: X25519PrivateKey) -> bytes:
    """Unwrap a content key with the reader's private key, or refuse when anything it is bound to differs."""
    info = bound_to(header, address, wrapped.account, wrapped.number)
    try:
        content_key = SUITE.decrypt(wrapped.wrapped, private, info=info)
    except (InvalidTag, ValueError):
        raise refuse(Refuse.WRAP_WRONG) from None
    if len(content_key) != KEY_BYTES:
        raise refuse(Refuse.WRAP_WRONG)
    return content_key


def bound_to(header: Header, address: bytes, account: bytes, number: int) -> bytes:
    """Lay out what a wrap is bound to; the address binds every byte of the blob, its header and content included."""
    return b"".join(
        (
            b"sogdia/vault/wrap/1",
            header.network,
            address,
            account,
            number.to_bytes(2, "big"),
            header.epoch.to_bytes(4, "big"),
            header.document_class.to_bytes(1, "big"),
            len(header.about).to_bytes(1, "big"),
            header.about,
            header.document,
        )
    )


def encryption_key(seed: bytes, number: int) -> X25519PrivateKey:
    """Derive a party's encryption key from the seed of a signing key, so that one key file keeps both."""
    info = b"sogdia/vault/encryption-key/1" + number.to_bytes(2, "big")
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(seed)
    return X25519PrivateKey.from_private_bytes(derived)
