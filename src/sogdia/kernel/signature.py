"""Signatures: which schemes the ledger knows, and the one rule by which each of them is checked.

    1  Ed25519     32-byte key    over the message itself
    2  P-256       33-byte key    ECDSA with SHA-256 over the message
    3  WebAuthn    33-byte key    P-256 over what the authenticator has signed (see `kernel.passkey`)

The rule of Ed25519 is that of libsodium, reached through PyNaCl and nothing else; of P-256 that of `kernel.p256`.
Libraries differ on keys and signatures that nobody makes by accident; two nodes with two libraries could therefore be
split on purpose. `self_test` compares the libraries at hand with pinned answers, so that a node with a different rule
stops before its first block.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError

from sogdia.kernel import ed25519_answers, p256, p256_answers
from sogdia.kernel.refusal import ensure

ED25519: Final = 1
P256: Final = 2
WEBAUTHN: Final = 3

SCHEMES: Final = {ED25519: "Ed25519", P256: "P-256", WEBAUTHN: "WebAuthn"}
"""What the schemes are called."""

PUBLIC_KEY_BYTES: Final = 32
"""The size of an Ed25519 key; the two others have a byte more."""

SIGNATURE_BYTES: Final = 64
DIGEST_BYTES: Final = 32


class KnownAnswer(NamedTuple):
    """One signature and whether it has to be accepted."""

    scheme: int
    name: str
    public_key: bytes
    signature: bytes
    message: bytes
    accepted: bool


class KnownKey(NamedTuple):
    """One public key and whether it has to be called weak."""

    scheme: int
    name: str
    public_key: bytes
    weak: bool


def verify(scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the key's signature over `message`; anything malformed is simply not.

    For a passkey the message is what its authenticator has signed, not yet the envelope's id.
    """
    if scheme == ED25519:
        # The library reads 32 bytes of the key without looking how many there are, so the lengths are checked here.
        if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
            return False
        try:
            crypto_sign_open(signature + message, public_key)
        except BadSignatureError:
            return False
        return True
    if scheme in (P256, WEBAUTHN):
        return p256.verify_digest(public_key, sha256(message).digest(), signature)
    return False


def weak_key(scheme: int, public_key: bytes) -> bool:
    """Whether a key must not be registered: a wrong length, no point, two spellings or a small-order part.

    Under a small-order key, signatures that nobody made can verify. Nobody gets such a key from an ordinary generator.
    """
    if scheme == ED25519:
        return len(public_key) != PUBLIC_KEY_BYTES or not crypto_core_ed25519_is_valid_point(public_key)
    return scheme not in SCHEMES or not p256.is_key(public_key)


def known_answers() -> tuple[KnownAnswer, ...]:
    """The pinned signatures with their verdicts."""
    pages = ((ED25519, ed25519_answers.SIGNATURE_ANSWERS), (P256, p256_answers.SIGNATURE_ANSWERS))
    return tuple(
        KnownAnswer(scheme, name, bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message), accepted)
        for scheme, answers in pages
        for name, key, signature, message, accepted in answers
    )


def known_keys() -> tuple[KnownKey, ...]:
    """The pinned public keys with their verdicts."""
    pages = ((ED25519, ed25519_answers.KEY_ANSWERS), (P256, p256_answers.KEY_ANSWERS))
    return tuple(
        KnownKey(scheme, name, bytes.fromhex(key), weak) for scheme, answers in pages for name, key, weak in answers
    )


def self_test() -> None:
    """Stop the node unless its cryptographic libraries give every pinned answer."""
    for answer in known_answers():
        accepted = verify(answer.scheme, answer.public_key, answer.message, answer.signature)
        ensure(
            accepted == answer.accepted,
            f"the {SCHEMES[answer.scheme]} library {'accepts' if accepted else 'refuses'} the pinned signature"
            f" {answer.name!r}: it follows another rule than this ledger. {WAY_OUT}",
        )
    for key in known_keys():
        weak = weak_key(key.scheme, key.public_key)
        ensure(
            weak == key.weak,
            f"the {SCHEMES[key.scheme]} library calls the pinned key {key.name!r} {'weak' if weak else 'sound'}: it"
            f" follows another rule than this ledger. {WAY_OUT}",
        )


WAY_OUT: Final = "Install the wheels of PyNaCl and cryptography that requirements.lock names."
