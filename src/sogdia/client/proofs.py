"""Proofs for those who do not trust the node that made them: whom to trust, the check, and files.

All of it works offline. What is trusted is a network, by its genesis hash, and the keys that sign its headers; they
come from the genesis or from a header that was trusted before, never from the proof. The rules of the check itself,
the same for all engines, stand in `kernel.proof`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import encode
from sogdia.kernel.genesis import GenesisValidator, HexKey, is_sandbox, network_of
from sogdia.kernel.header import Validator, digest_of
from sogdia.kernel.proof import (
    PROOF_BYTES_MAX,
    Anchor,
    Handover,
    Proof,
    ProofFault,
    ProofWrong,
    Proven,
    anchor_of,
    decode_proof,
)
from sogdia.kernel.proof_checks import check_against, roots_of
from sogdia.kernel.signature import ED25519, verify

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sogdia.kernel.genesis import GenesisBase
    from sogdia.kernel.header import Header, SignedHeader

TRUST_BYTES_MAX = 64 * 1024
"""The longest file of trusted keys that is read."""


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """A network, and the validators that are trusted to sign its headers from the height `since` on."""

    network: bytes
    validators: tuple[Validator, ...]
    since: int = 1


class TrustFileWrong(Exception):  # noqa: N818 - reads as what it says
    """A file that should say whom to trust and does not."""


class SandboxRefused(Exception):  # noqa: N818 - reads as what it says
    """The genesis of a network for trials where nobody has said that trials are meant."""


class _TrustFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Trusted` as people write it: JSON with hexadecimal keys."""

    network: HexKey
    validators: Annotated[tuple[GenesisValidator, ...], Meta(min_length=1, max_length=64)]
    since: Annotated[int, Meta(ge=1, le=2**48)] = 1


# -------------------------------------------------------------------------------------------------------------- trust


def trusted_by_genesis(genesis: GenesisBase, *, sandbox: bool = False) -> Trusted:
    """Trust the network of a genesis and the validators that it names; a sandbox only when `sandbox` is meant."""
    if is_sandbox(genesis.name) and not sandbox:
        raise SandboxRefused(f"the network {genesis.name!r} is a sandbox: what is proved there is worth nothing.")
    validators = tuple(Validator(bytes.fromhex(each.public), each.power) for each in genesis.validators)
    return Trusted(network=network_of(genesis), validators=validators)


def trusted_by_key(network: bytes, public: bytes, since: int = 1) -> Trusted:
    """Trust the one key of a network that the embedded engine runs."""
    return Trusted(network=network, validators=(Validator(public, 1),), since=since)


def trust_header(signed: SignedHeader, trusted: Trusted) -> Header:
    """Give a header of the embedded engine once it is certain that the trusted validators, every one, signed it."""
    header = signed.header
    if header.network != trusted.network:
        raise ProofWrong(ProofFault.NETWORK, f"the header is of network {header.network.hex()}, not of the trusted one")
    if header.height < trusted.since:
        raise ProofWrong(
            ProofFault.HEIGHT, f"the header has height {header.height}; the keys are trusted from {trusted.since} on"
        )
    if header.validators != digest_of(trusted.validators):
        raise ProofWrong(
            ProofFault.VALIDATORS,
            f"the header of height {header.height} is for other validators than the trusted ones; if they changed,"
            " the proof needs the headers that handed over, or you a newer file of trusted keys",
        )
    if len(signed.signatures) != len(trusted.validators):
        raise ProofWrong(
            ProofFault.SIGNATURES,
            f"the header has {len(signed.signatures)} signatures, and {len(trusted.validators)} validators sign",
        )
    message = header.hash()
    for number, (validator, signature) in enumerate(zip(trusted.validators, signed.signatures, strict=True)):
        if not verify(ED25519, validator.public, message, signature):
            raise ProofWrong(
                ProofFault.SIGNATURES,
                f"signature {number} of the header of height {header.height} is not by {validator.public.hex()}",
            )
    return header


def follow(trusted: Trusted, handovers: Iterable[Handover]) -> Trusted:
    """Move trust along changes of validators, each announced in a header by the validators before.

    Handovers from before `trusted.since` are passed over: who has moved on can still use proofs that begin at genesis.
    """
    for handover in handovers:
        if handover.header.header.height < trusted.since:
            continue
        header = trust_header(handover.header, trusted)
        if header.next_validators != digest_of(handover.validators):
            raise ProofWrong(
                ProofFault.HANDOVER, f"the header of height {header.height} announces other validators than are shown"
            )
        trusted = Trusted(network=trusted.network, validators=handover.validators, since=header.height + 1)
    return trusted


def own_anchor(proof: Proof) -> Anchor:
    """Give the anchor of a proof of the embedded engine."""
    anchor = anchor_of(proof)
    if isinstance(anchor, Anchor):
        return anchor
    raise ProofWrong(
        ProofFault.VALIDATORS, "it leads to a header of CometBFT, and the trusted network has the embedded engine"
    )


def trust_anchor(anchor: Anchor, trusted: Trusted) -> Header:
    """Give the header that a proof leads to once it is certain that it is to be trusted."""
    return trust_header(anchor.header, follow(trusted, anchor.handovers))


def check(proof: Proof | bytes, trusted: Trusted) -> Proven:
    """Check a proof of the embedded engine, in bytes or read already, and say what it proves.

    Raises `ProofWrong` when it proves nothing. Proofs of any network are checked by `client.checking`.
    """
    read = decode_proof(proof) if isinstance(proof, bytes) else proof
    return check_against(read, roots_of(trust_anchor(own_anchor(read), trusted)))


# -------------------------------------------------------------------------------------------------------------- files


def proof_bytes(proof: Proof) -> bytes:
    """Give a proof's bytes, as they are sent and kept in files."""
    return encode(proof)


def save_proof(path: Path, proof: Proof) -> None:
    """Write a proof file."""
    path.write_bytes(proof_bytes(proof))


def load_proof(path: Path) -> Proof:
    """Read a proof file; only its form is checked."""
    with path.open("rb") as stream:
        return decode_proof(stream.read(PROOF_BYTES_MAX + 1))


def trusted_to_json(trusted: Trusted) -> str:
    """Write down whom to trust, for a file that people hand over by a way they trust."""
    validators = tuple(GenesisValidator(each.public.hex(), each.power) for each in trusted.validators)
    text = _TrustFile(network=trusted.network.hex(), validators=validators, since=trusted.since)
    return msgspec.json.format(msgspec.json.encode(text), indent=2).decode() + "\n"


def trusted_from_json(text: bytes | str) -> Trusted:
    """Read whom to trust."""
    if len(text) > TRUST_BYTES_MAX:
        raise TrustFileWrong(f"a file of trusted keys has at most {TRUST_BYTES_MAX} bytes; this one has {len(text)}")
    try:
        file = msgspec.json.decode(text, type=_TrustFile)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TrustFileWrong(
            f"this is no file of trusted keys: {error}. It is made by the node or from a genesis."
        ) from error
    validators = tuple(Validator(bytes.fromhex(each.public), each.power) for each in file.validators)
    return Trusted(network=bytes.fromhex(file.network), validators=validators, since=file.since)
