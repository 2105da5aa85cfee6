"""Sealed blobs: how a document is closed so that only content keys open it, and nothing of it can be put elsewhere.

    blob    magic (4) | length of header (2) | header | chunk 0 | ... | chunk n-1
    chunk   AES-256-GCM over up to 64 KiB; nonce = number (11 bytes) | 1 in the last chunk, else 0 (1 byte)
    sealed  length of particulars (2) | particulars | content | zeros up to a multiple of 256 bytes

The header stands in the open: the vault reads it to ask the ledger. Its hash is the associated data of every chunk. The
blob's address is the SHA-256 of all of it.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from sogdia.kernel.codec import Codec, NotCanonicalError, encode
from sogdia.kernel.values import Hash, Name
from sogdia.modules.documents.records import BLOB_BYTES_MAX, ClassNumber, Epoch, ObjectKey
from sogdia.vault.faults import VaultRefusal as Refuse
from sogdia.vault.faults import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"SGV1"
CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
KEY_BYTES = 32
SALT_BYTES = 32
CONTENT_BYTES_MAX = 16 * 2**20
PAD_BYTES = 256
HEADER_BYTES_MAX = 256
PARTICULARS_BYTES_MAX = 1_024


class Header(msgspec.Struct, frozen=True, array_like=True):
    """Where a blob belongs. It stands in the open, and every chunk is bound to it."""

    format: Literal[1]
    network: Hash
    about: ObjectKey
    document_class: ClassNumber
    document: Name
    epoch: Epoch


class Particulars(msgspec.Struct, frozen=True, array_like=True):
    """What is said of a document inside the seal. The salt keeps short contents from being guessed."""

    salt: Hash
    content_hash: Hash
    length: Annotated[int, Meta(ge=0, le=CONTENT_BYTES_MAX)]
    media_type: Annotated[str, Meta(max_length=100)]
    title: Annotated[str, Meta(max_length=200)]


class Sealed(NamedTuple):
    """A sealed document: its bytes, where they are found, what the ledger is told, and the key that opens them."""

    blob: bytes
    address: bytes
    commitment: bytes
    content_key: bytes


class Opened(NamedTuple):
    """An opened document."""

    content: bytes
    particulars: Particulars
    commitment: bytes


HEADERS: Codec[Header] = Codec(Header)
PARTICULARS: Codec[Particulars] = Codec(Particulars)


def seal(header: Header, content: bytes, *, media_type: str = "", title: str = "") -> Sealed:
    """Close a document for the place that `header` says, under a new content key and salt."""
    if len(content) > CONTENT_BYTES_MAX:
        raise refuse(Refuse.CONTENT_TOO_LARGE, bytes=len(content), most=CONTENT_BYTES_MAX)
    content_key, salt = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(SALT_BYTES)
    content_hash = sha256(content).digest()
    particulars = encode(Particulars(salt, content_hash, len(content), media_type, title))
    plain = len(particulars).to_bytes(2, "big") + particulars + content
    plain += bytes(-len(plain) % PAD_BYTES)
    raw_header = encode(header)
    front = MAGIC + len(raw_header).to_bytes(2, "big") + raw_header
    cipher, bound = AESGCM(content_key), sha256(b"sogdia/vault/blob/1" + front).digest()
    chunks = [cipher.encrypt(nonce, part, bound) for nonce, part in _numbered(plain, CHUNK_BYTES)]
    blob = b"".join((front, *chunks))
    address = sha256(blob).digest()
    return Sealed(blob, address, commitment_of(salt, address, content_hash), content_key)


def open_blob(blob: bytes, content_key: bytes) -> Opened:
    """Open a blob with its content key, or refuse when a single bit of it is not as it was sealed."""
    _header, front = read_header(blob)
    cipher, bound = AESGCM(content_key), sha256(b"sogdia/vault/blob/1" + front).digest()
    try:
        parts = [
            cipher.decrypt(nonce, part, bound) for nonce, part in _numbered(blob[len(front) :], CHUNK_BYTES + TAG_BYTES)
        ]
    except (InvalidTag, ValueError):
        raise refuse(Refuse.SEAL_WRONG) from None
    plain = b"".join(parts)
    particulars, start = _particulars(plain)
    content = plain[start : start + particulars.length]
    rest = plain[start + particulars.length :]
    whole = len(content) == particulars.length and len(rest) < PAD_BYTES and not any(rest)
    if not whole or sha256(content).digest() != particulars.content_hash:
        raise refuse(Refuse.SEAL_WRONG)
    commitment = commitment_of(particulars.salt, sha256(blob).digest(), particulars.content_hash)
    return Opened(content, particulars, commitment)


def read_header(blob: bytes) -> tuple[Header, bytes]:
    """Read a blob's header, and give the bytes in front of its first chunk with it."""
    if len(blob) > BLOB_BYTES_MAX:
        raise refuse(Refuse.BLOB_TOO_LARGE, bytes=len(blob), most=BLOB_BYTES_MAX)
    start = len(MAGIC) + 2
    end = start + int.from_bytes(blob[len(MAGIC) : start], "big")
    if blob[: len(MAGIC)] != MAGIC or not start < end <= start + HEADER_BYTES_MAX or len(blob) < end + TAG_BYTES:
        raise refuse(Refuse.BLOB_MALFORMED)
    try:
        return HEADERS.decode(blob[start:end]), blob[:end]
    except NotCanonicalError:
        raise refuse(Refuse.BLOB_MALFORMED) from None


def commitment_of(salt: bytes, address: bytes, content_hash: bytes) -> bytes:
    """Give what the ledger holds of a document. Without the salt nobody can try contents against it."""
    return sha256(b"sogdia/vault/commitment/1" + salt + address + content_hash).digest()


def _numbered(data: bytes, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Cut data into parts, each with its nonce: the part's number, and whether it is the last."""
    last = max(0, (len(data) - 1) // size)
    for number in range(last + 1):
        nonce = number.to_bytes(11, "big") + bytes((number == last,))
        yield nonce, data[number * size : (number + 1) * size]


def _particulars(plain: bytes) -> tuple[Particulars, int]:
    end = 2 + int.from_bytes(plain[:2], "big")
    try:
        return PARTICULARS.decode(plain[2:end]), end
    except NotCanonicalError:
        raise refuse(Refuse.SEAL_WRONG) from None
