"""Signatures: which schemes the ledger knows, and the one rule by which each of them is checked.

The rule is that of libsodium, reached through PyNaCl and nothing else. Ed25519 libraries differ on keys and signatures
that nobody makes by accident; two nodes with two libraries could therefore be split on purpose. `self_test` compares
the library at hand with pinned answers, so that a node with a different rule stops before its first block.
"""

from typing import Final, NamedTuple

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError

from sogdia.kernel.ed25519_answers import KEY_ANSWERS, SIGNATURE_ANSWERS
from sogdia.kernel.refusal import ensure

ED25519: Final = 1
P256: Final = 2
WEBAUTHN: Final = 3

SUPPORTED: Final = (ED25519,)
"""The schemes that are checked today. The others have their numbers, so that nothing else takes them."""

PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


class KnownAnswer(NamedTuple):
    """One signature and whether it has to be accepted."""

    name: str
    public_key: bytes
    signature: bytes
    message: bytes
    accepted: bool


class KnownKey(NamedTuple):
    """One public key and whether it has to be called weak."""

    name: str
    public_key: bytes
    weak: bool


def verify(scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the key's signature over `message`; anything malformed is simply not."""
    # The library reads 32 bytes of the key without looking how many there are, so the lengths are checked here.
    if scheme != ED25519 or len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        return False
    return True


def weak_key(public_key: bytes) -> bool:
    """Whether an Ed25519 key must not be registered: a wrong length, no point, two spellings or a small-order part.

    Under a small-order key, signatures that nobody made can verify. Nobody gets such a key from an ordinary generator.
    """
    return len(public_key) != PUBLIC_KEY_BYTES or not crypto_core_ed25519_is_valid_point(public_key)


def known_answers() -> tuple[KnownAnswer, ...]:
    """The pinned signatures with their verdicts."""
    return tuple(
        KnownAnswer(name, bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message), accepted)
        for name, key, signature, message, accepted in SIGNATURE_ANSWERS
    )


def known_keys() -> tuple[KnownKey, ...]:
    """The pinned public keys with their verdicts."""
    return tuple(KnownKey(name, bytes.fromhex(key), weak) for name, key, weak in KEY_ANSWERS)


def self_test() -> None:
    """Stop the node unless its cryptographic library gives every pinned answer."""
    for answer in known_answers():
        accepted = verify(ED25519, answer.public_key, answer.message, answer.signature)
        ensure(
            accepted == answer.accepted,
            f"the Ed25519 library {'accepts' if accepted else 'refuses'} the pinned signature {answer.name!r}: it"
            " follows another rule than this ledger. Install the PyNaCl wheel that requirements.lock names.",
        )
    for key in known_keys():
        weak = weak_key(key.public_key)
        ensure(
            weak == key.weak,
            f"the Ed25519 library calls the pinned key {key.name!r} {'weak' if weak else 'sound'}: it follows another"
            " rule than this ledger. Install the PyNaCl wheel that requirements.lock names.",
        )
