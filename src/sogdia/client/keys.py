"""Keys: pairs that sign, pairs derived from one seed, and key files that only a passphrase opens.

A key file is JSON that a person may look into. Its header says whose key it is and how it was sealed; the seed is
sealed with XChaCha20-Poly1305 under a key that Argon2id makes from the passphrase. The header is bound to it as
associated data: whoever changes a word of it makes the file useless, and is noticed.
"""

from __future__ import annotations

import hmac
import os
import secrets
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_ABYTES,
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    crypto_pwhash_alg,
    crypto_pwhash_ALG_ARGON2ID13,
    crypto_pwhash_SALTBYTES,
    crypto_sign,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import CryptoError

from sogdia.client.codes import CodeWrong, account_code, read_account
from sogdia.client.p256_keys import P256KeyPair
from sogdia.kernel import p256
from sogdia.kernel.envelope import Signature
from sogdia.kernel.signature import ED25519, PUBLIC_KEY_BYTES, SIGNATURE_BYTES
from sogdia.kernel.text import text_problem

if TYPE_CHECKING:
    from pathlib import Path

SEED_BYTES = 32
FORMAT: Final = 1
LABEL_CHARACTERS_MAX = 80
FILE_BYTES_MAX = 8192

PASSPHRASE_COST = (3, 64 * 2**20)
"""Passes and bytes of memory of Argon2id: RFC 9106's choice for machines with little memory, about 0.15 s."""

NO_COST = (1, 8192)
"""The least that Argon2id takes: there is nothing to guess where there is no passphrase."""

COST_MAX = (16, 2**30)
"""A key file from elsewhere may not ask for more, or opening it would stop the machine."""

FIELD_BYTES = (
    crypto_pwhash_SALTBYTES,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    SEED_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
)
"""The sizes of a key file's salt, nonce and sealed seed."""

PUBLIC_BYTES: Final = {"ed25519": PUBLIC_KEY_BYTES, "p256": p256.PUBLIC_KEY_BYTES}
"""The sizes of public keys by their scheme."""

DERIVATION_SALT = b"sogdia/key/1"


class KeyPair:
    """An Ed25519 key pair: the public half to register, the secret half to sign with, which never shows itself.

    It is made from the seed alone: signing with a public half that is not the seed's own would give the seed away.
    """

    __slots__ = ("_secret", "public")

    scheme: Final = ED25519

    def __init__(self, seed: bytes) -> None:
        """Make the pair that belongs to a secret seed of 32 bytes."""
        self.public, self._secret = crypto_sign_seed_keypair(seed)

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public.hex()})"

    @property
    def seed(self) -> bytes:
        """The secret from which the pair is made again; for sealing it in a file and nothing else."""
        return self._secret[:SEED_BYTES]

    def sign(self, message: bytes) -> bytes:
        """Sign a message: 64 bytes."""
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def signature(self, message: bytes) -> Signature:
        """Sign a message: as it stands in an envelope."""
        return Signature(ED25519, self.sign(message))


AnyKeyPair = KeyPair | P256KeyPair
"""A pair that a key file can hold."""

PAIRS: Final[dict[str, type[AnyKeyPair]]] = {"ed25519": KeyPair, "p256": P256KeyPair}
"""The schemes of key files by the names that stand in them."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a key file says about its key without a passphrase. It is certain only once the file has been opened."""

    public: bytes
    account: bytes | None
    label: str
    protected: bool
    scheme: str = "ed25519"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An opened key file: the pair that signs, and what its header says, which has been checked."""

    keypair: AnyKeyPair
    facts: KeyFacts


class KeyFileWrong(Exception):  # noqa: N818 - reads as what it says
    """A key file that cannot be used, with what to do about it."""


class PassphraseMissing(KeyFileWrong):
    """No passphrase was given, and nobody said that the key shall be unprotected."""


class WrongPassphrase(KeyFileWrong):
    """The passphrase doesn't open the file, or somebody changed the file."""


class KeyFileUnreadable(KeyFileWrong):
    """The file is no key file, or a damaged one."""


class KeyFileTooNew(KeyFileWrong):
    """The file was written by a later version of the program."""


class KeyFileExists(KeyFileWrong):
    """A file of that name is there already; key files are never overwritten."""


def generate() -> KeyPair:
    """Make a new Ed25519 pair from the system's randomness."""
    return KeyPair(secrets.token_bytes(SEED_BYTES))


def generate_p256() -> P256KeyPair:
    """Make a new P-256 pair from the system's randomness."""
    return P256KeyPair(secrets.token_bytes(SEED_BYTES))


def derive(seed: bytes, *path: str) -> KeyPair:
    """Derive the pair that `seed` has under `path`, say ("buyer", "17850"): always the same, telling nothing of others.

    Who knows the seed knows every key, so it must be as hard to guess as a key, except in simulations.
    """
    return KeyPair(derived_seed(seed, *path))


def derived_seed(seed: bytes, *path: str) -> bytes:
    """Derive the seed of the pair that `seed` has under `path`."""
    parts = [part.encode() for part in path]
    # Each part carries its length: ("ab", "c") and ("a", "bc") are two paths.
    info = b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    return hkdf_sha256(seed, DERIVATION_SALT, info, SEED_BYTES)


def hkdf_sha256(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """Stretch a secret into `length` bytes for the purpose `info` (RFC 5869)."""
    extracted = hmac.digest(salt or bytes(sha256().digest_size), secret, "sha256")
    block, made = b"", b""
    for number in range(1, -(-length // sha256().digest_size) + 1):
        block = hmac.digest(extracted, block + info + bytes([number]), "sha256")
        made += block
    return made[:length]


# ------------------------------------------------------------------------------------------------------ key files

Hex = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*\Z", max_length=256)]


class _Kdf(Struct, frozen=True, forbid_unknown_fields=True):
    """How the passphrase becomes a key."""

    name: Literal["argon2id13"]
    passes: Annotated[int, Meta(ge=1, le=COST_MAX[0])]
    memory_bytes: Annotated[int, Meta(ge=8192, le=COST_MAX[1])]
    salt: Hex


class _Header(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands in the open in a key file, bound to what is sealed."""

    protection: Literal["passphrase", "none: whoever has this file can sign with it"]
    label: Annotated[str, Meta(max_length=LABEL_CHARACTERS_MAX)]
    account: str | None
    public_key: Hex
    kdf: _Kdf
    cipher: Literal["xchacha20poly1305-ietf"]
    nonce: Hex
    scheme: Literal["ed25519", "p256"] = "ed25519"
    """Left out where it is the first, as in files that were written before there was a second."""


class _KeyFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A key file: its format's number, its open header and the sealed seed."""

    sogdia_key_file: Literal[1]
    header: _Header
    sealed_seed: Hex


class _Format(Struct, frozen=True):
    """The number that says how the rest of a key file is to be read."""

    sogdia_key_file: int


def save(  # noqa: PLR0913 - what a key file holds is named where it is called
    path: Path,
    keypair: AnyKeyPair,
    passphrase: str,
    *,
    account: bytes | None = None,
    label: str = "",
    unprotected: bool = False,
) -> None:
    """Write a new key file that only its owner's login can read and only the passphrase can open.

    The passphrase may be empty only if `unprotected` says so, for keys that are worth nothing; the file says it, too.
    """
    if not passphrase and not unprotected:
        raise PassphraseMissing("A key file needs a passphrase. Give one, or say that the key shall be unprotected.")
    if passphrase and unprotected:
        raise ValueError("A passphrase and `unprotected` contradict each other.")
    if len(label) > LABEL_CHARACTERS_MAX or text_problem(label) is not None:
        message = f"The label must be one line of at most {LABEL_CHARACTERS_MAX} visible characters."
        raise ValueError(message)
    passes, memory_bytes = NO_COST if unprotected else PASSPHRASE_COST
    header = _Header(
        protection="none: whoever has this file can sign with it" if unprotected else "passphrase",
        label=label,
        account=None if account is None else account_code(account),
        public_key=keypair.public.hex(),
        kdf=_Kdf("argon2id13", passes, memory_bytes, secrets.token_hex(crypto_pwhash_SALTBYTES)),
        cipher="xchacha20poly1305-ietf",
        nonce=secrets.token_hex(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES),
        scheme="ed25519" if isinstance(keypair, KeyPair) else "p256",
    )
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        keypair.seed, _bound(header), bytes.fromhex(header.nonce), _file_key(passphrase, header.kdf)
    )
    content = msgspec.json.format(msgspec.json.encode(_KeyFile(FORMAT, header, sealed.hex())), indent=2)
    _write_new(path, content + b"\n")


def load(path: Path, passphrase: str) -> StoredKey:
    """Open a key file."""
    file = _read(path)
    facts = _facts(path, file)
    file_key = _file_key(passphrase, file.header.kdf)
    try:
        seed = crypto_aead_xchacha20poly1305_ietf_decrypt(
            bytes.fromhex(file.sealed_seed), _bound(file.header), bytes.fromhex(file.header.nonce), file_key
        )
    except CryptoError:
        way_out = (
            "Check capitals and keyboard layout. If it is the right one, the file was changed: take your copy of it."
            if facts.protected
            else "This file has no passphrase: leave it empty. If it was empty, the file was changed."
        )
        raise WrongPassphrase(f"The passphrase doesn't open {path}. {way_out}") from None
    keypair = PAIRS[facts.scheme](seed)
    if keypair.public != facts.public:
        raise KeyFileUnreadable(f"{path} holds another key than it says. Take your copy of it.")
    return StoredKey(keypair, facts)


def describe(path: Path) -> KeyFacts:
    """Say whose key a file holds, without opening it. Whoever can write the file can make it say anything."""
    return _facts(path, _read(path))


def _read(path: Path) -> _KeyFile:
    """Read a key file as far as it goes without the passphrase."""
    with path.open("rb") as stream:
        content = stream.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise KeyFileUnreadable(f"{path} is no key file: it has more than {FILE_BYTES_MAX} bytes.")
    try:
        number = msgspec.json.decode(content, type=_Format).sogdia_key_file
        if number > FORMAT:
            raise KeyFileTooNew(
                f"{path} has format {number}; this version reads up to {FORMAT}. Use the version that wrote it."
            )
        return msgspec.json.decode(content, type=_KeyFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise KeyFileUnreadable(f"{path} is no key file, or a damaged one: {fault}. Take your copy of it.") from fault


def _facts(path: Path, file: _KeyFile) -> KeyFacts:
    """Turn a file's header into what it says, or say why it cannot be."""
    header = file.header
    try:
        account = None if header.account is None else read_account(header.account)
    except CodeWrong as fault:
        raise KeyFileUnreadable(f"{path} names an account that cannot be read. {fault}") from fault
    fields = (header.kdf.salt, header.nonce, file.sealed_seed)
    sizes = tuple(len(field) // 2 for field in (header.public_key, *fields))
    if sizes != (PUBLIC_BYTES[header.scheme], *FIELD_BYTES) or text_problem(header.label) is not None:
        raise KeyFileUnreadable(f"{path} is a damaged key file: a field of it cannot be. Take your copy of it.")
    protected = header.protection == "passphrase"
    return KeyFacts(bytes.fromhex(header.public_key), account, header.label, protected, header.scheme)


def _bound(header: _Header) -> bytes:
    """Spell the header as it is sealed: one way only, however the file lays it out."""
    return msgspec.json.encode((FORMAT, header))


def _file_key(passphrase: str, kdf: _Kdf) -> bytes:
    """Make the key of a file from its passphrase. Two keyboards may spell é differently, so it is composed first."""
    return crypto_pwhash_alg(
        crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
        unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogateescape"),
        bytes.fromhex(kdf.salt),
        kdf.passes,
        kdf.memory_bytes,
        crypto_pwhash_ALG_ARGON2ID13,
    )


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet, wholly or not at all, so that only its owner can read it.

    The complete, synced file gets its name by a hard link, because that, unlike renaming, never replaces a file.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, path)
    except FileExistsError:
        raise KeyFileExists(f"{path} exists; key files are never overwritten. Choose another name.") from None
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
