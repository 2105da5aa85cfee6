"""Envelopes: what travels. A body of one to sixteen operations, all or nothing, and a signature of each signer.

    signed    = [body, [signature, …]]
    body      = [network, expiry, not_before | nil, [[id, expiry], …], salt, [[account, key number], …], [operation, …]]
    operation = [tag, signer index, mandate | nil, fields …]
    signature = [scheme, 64 bytes, extra | nil]

The id is SHA-256("sogdia/tx" ‖ genesis hash ‖ body); it is what is signed, and signatures are outside it.
"""

from __future__ import annotations

from functools import reduce
from hashlib import sha256
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.msgpack import Decoder

from sogdia.kernel.accounts import Level, Scheme
from sogdia.kernel.codec import NOT_DECODABLE, encode
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.signature import WEBAUTHN
from sogdia.kernel.values import Account, Hash, KeyNumber, Seconds

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.parameters import Limits

NETWORK_BYTES = 8
SIGNERS_MAX = 16
OPERATIONS_MAX = 16
DOMAIN = b"sogdia/tx"
_PAIR = b"\x92"


class Predecessor(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An envelope that must have been applied before, with its expiry."""

    id: Hash
    expiry: Seconds


class Signer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An account that signs, and with which of its keys."""

    account: Account
    key: KeyNumber


class Signature(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A signature over the envelope's id."""

    scheme: Scheme
    value: Annotated[bytes, Meta(min_length=64, max_length=64)]
    extra: Annotated[bytes, Meta(max_length=1024)] | None = None


class Body(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """What is signed."""

    network: Annotated[bytes, Meta(min_length=NETWORK_BYTES, max_length=NETWORK_BYTES)]
    expiry: Seconds
    not_before: Seconds | None
    after: Annotated[tuple[Predecessor, ...], Meta(max_length=4)]
    salt: Annotated[bytes, Meta(min_length=8, max_length=8)]
    signers: Annotated[tuple[Signer, ...], Meta(min_length=1, max_length=SIGNERS_MAX)]
    operations: tuple[Any, ...]


class Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The first element of any operation, known or not."""

    tag: int


def _decoder_of(operation: Any) -> Decoder[Any]:  # noqa: ANN401 - a union of types is not a type
    """Make a decoder of signed envelopes that hold such operations."""
    operations = Annotated[tuple[operation, ...], Meta(min_length=1, max_length=OPERATIONS_MAX)]
    body = msgspec.defstruct(
        "Body", [("operations", operations)], bases=(Body,), frozen=True, array_like=True, kw_only=True
    )
    signatures = Annotated[tuple[Signature, ...], Meta(max_length=SIGNERS_MAX)]
    signed = msgspec.defstruct("Signed", [("body", body), ("signatures", signatures)], frozen=True, array_like=True)
    return Decoder(signed, strict=True)


class Envelope:
    """A decoded envelope whose form is right; whether it may be applied is for the state to say."""

    __slots__ = ("body", "id", "raw", "reserved", "signatures", "since")

    def __init__(self, raw: bytes, body: Body, signatures: tuple[Signature, ...], envelope_id: bytes) -> None:
        """Hold the parts of `raw`."""
        self.raw = raw
        self.body = body
        self.signatures = signatures
        self.id = envelope_id
        self.reserved = all(operation.reserved for operation in body.operations)
        self.since = max(operation.since for operation in body.operations)


class EnvelopeCodec:
    """Reads and writes the envelopes of one network, for a given set of operations."""

    def __init__(self, network: bytes, operations: tuple[type[Operation], ...]) -> None:
        """Prepare for the network whose genesis hash is `network`."""
        self.network = network
        self._decode = _decoder_of(reduce(or_, operations)).decode
        self._decode_heads = _decoder_of(Head).decode
        self._tags = frozenset(each.__struct_config__.tag for each in operations)

    def id_of(self, body: bytes) -> bytes:
        """Give the id of an envelope with this encoded body."""
        return sha256(DOMAIN + self.network + body).digest()

    def build(self, body: Body) -> tuple[bytes, bytes]:
        """Encode a body; give its bytes and the id that is to be signed."""
        raw = encode(body)
        return raw, self.id_of(raw)

    def seal(self, body: bytes, signatures: tuple[Signature, ...]) -> bytes:
        """Join an encoded body and its signatures into the bytes that travel."""
        return _PAIR + body + encode(signatures)

    def open(self, raw: bytes, limits: Limits) -> Envelope:
        """Decode an envelope, or refuse it when its form is wrong. Nothing here depends on the state."""
        size, allowed = len(raw), limits.envelope_bytes_max
        if size > allowed:
            raise Refused(Refuse.ENVELOPE_TOO_LARGE, facts_of({"bytes": size, "allowed": allowed}))
        try:
            signed = self._decode(raw)
        except NOT_DECODABLE as error:
            self._require_known_operations(raw)
            raise Refused(Refuse.ENVELOPE_MALFORMED, (("reason", str(error)),)) from error
        body, signatures = signed.body, signed.signatures
        body_bytes = encode(body)
        if raw != _PAIR + body_bytes + encode(signatures):
            raise Refused(Refuse.ENVELOPE_MALFORMED, (("reason", "a second spelling of the same envelope"),))
        _check_form(body, signatures, self.network)
        return Envelope(raw, body, signatures, sha256(DOMAIN + self.network + body_bytes).digest())

    def _require_known_operations(self, raw: bytes) -> None:
        """Refuse bytes that would be an envelope if this version knew the operation, so that its sender can tell."""
        try:
            heads = self._decode_heads(raw).body.operations
        except NOT_DECODABLE:
            return
        for head in heads:
            require(head.tag in self._tags, Refuse.OPERATION_UNKNOWN, tag=head.tag)


def _check_form(body: Body, signatures: tuple[Signature, ...], network: bytes) -> None:
    """Refuse what no state could make right: network, signers, signatures, and each operation's fields.

    Every envelope passes here, so the rules are spelt as conditions.
    """
    if body.network != network[:NETWORK_BYTES]:
        raise Refused(Refuse.NETWORK_WRONG, facts_of({"network": body.network}))
    signers = body.signers
    if len(signers) > 1:
        require(len({(each.account, each.key) for each in signers}) == len(signers), Refuse.SIGNER_REPEATED)
    if len(body.after) > 1:
        require(len({each.id for each in body.after}) == len(body.after), Refuse.PREDECESSOR_REPEATED)
    if len(signatures) != len(signers):
        told = facts_of({"signers": len(signers), "signatures": len(signatures)})
        raise Refused(Refuse.SIGNATURES_DO_NOT_FIT, told)
    for signature in signatures:
        if signature.extra is not None and signature.scheme != WEBAUTHN:
            raise Refused(Refuse.EXTRA_NOT_ALLOWED)
    for operation in body.operations:
        if operation.mandate is not None and operation.key_level != Level.EVERYDAY:
            raise Refused(Refuse.MANDATE_NOT_FOR_THIS)
        if operation.signer >= len(signers):
            raise Refused(Refuse.SIGNER_INDEX_WRONG, facts_of({"signer": operation.signer}))
        operation.check()
