"""Ed25519 public keys as W3C documents write them: base58btc, Multikey, did:key."""

from __future__ import annotations

from typing import Final

from sogdia.client.credentials.faults import CheckFailed

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519_MARK: Final = b"\xed\x01"
"""What stands before an Ed25519 public key by the table of multicodec."""

KEY_BYTES = 32
TEXT_MAX = 200


def to_base58btc(content: bytes) -> str:
    """Write bytes as multibase text: z, then base 58 as Bitcoin writes it."""
    number, digits = int.from_bytes(content, "big"), ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    zeros = len(content) - len(content.lstrip(b"\x00"))
    return "z" + ALPHABET[0] * zeros + digits


def from_base58btc(text: str) -> bytes:
    """Read multibase text, of which there is one spelling only."""
    digits = text[1:]
    if text[:1] != "z" or len(text) > TEXT_MAX or any(digit not in ALPHABET for digit in digits):
        raise CheckFailed(f"{text[:60]!r} is not written in base58btc.")
    number = 0
    for digit in digits:
        number = number * len(ALPHABET) + ALPHABET.index(digit)
    zeros = len(digits) - len(digits.lstrip(ALPHABET[0]))
    return bytes(zeros) + number.to_bytes(-(-number.bit_length() // 8), "big")


def multikey(public: bytes) -> str:
    """Write an Ed25519 public key as a Multikey, such as z6Mk… and more."""
    return to_base58btc(ED25519_MARK + public)


def read_multikey(text: str) -> bytes:
    """Read an Ed25519 public key."""
    content = from_base58btc(text)
    if content[:2] != ED25519_MARK or len(content) != len(ED25519_MARK) + KEY_BYTES:
        raise CheckFailed(f"{text[:60]!r} is no Ed25519 key.")
    return content[2:]


def did_of(public: bytes) -> str:
    """Write the did:key of a public key."""
    return f"did:key:{multikey(public)}"


def method_of(issuer: str, public: bytes) -> str:
    """Name the key by which an issuer signs: its DID, # and the key itself."""
    return f"{issuer}#{multikey(public)}"


def key_of(method: str) -> tuple[str, bytes]:
    """Give the issuer and the public key that a verification method names."""
    issuer, mark, key = method.partition("#")
    if not mark or not issuer.startswith("did:"):
        raise CheckFailed(f"The verification method {method[:100]!r} names no key of a DID.")
    public = read_multikey(key)
    if issuer.startswith("did:key:") and issuer != did_of(public):
        raise CheckFailed(f"The verification method {method[:100]!r} names another key than its did:key.")
    return issuer, public
