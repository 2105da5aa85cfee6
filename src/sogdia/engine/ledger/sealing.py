"""What makes executed envelopes a block: its roots, its header, and the comparison with one that is there already."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sogdia.kernel import merkle
from sogdia.kernel.codec import encode
from sogdia.kernel.header import Header, SignedHeader, digest_of, validators_at
from sogdia.kernel.proof import Handover
from sogdia.kernel.receipt import result_leaves
from sogdia.kernel.signature import ED25519, verify
from sogdia.kernel.stored_block import StoredBlock, StoredStep, encode_block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.kernel.header import Validator
    from sogdia.kernel.machine import Block, Result, Step
    from sogdia.kernel.refusal import Refused
    from sogdia.kernel.state import Reader


class NodeKey(Protocol):
    """A key that signs headers."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """Give the signature over `message`, 64 bytes."""


class KeyMissingError(Exception):
    """The state names a key for the next header that this node does not hold."""


class DifferenceError(Exception):
    """A block does not come out as it is stored."""

    def __init__(self, height: int, what: str, transaction: int | None = None) -> None:
        """Remember at which height, about what, and at which of its envelopes."""
        at = "" if transaction is None else f", envelope {transaction}"
        super().__init__(f"height {height}{at}: {what}")
        self.height = height
        self.what = what
        self.transaction = transaction


class Tip(NamedTuple):
    """The last executed block, as far as the next one needs it. Before the first block it stands for the genesis."""

    height: int
    time: int
    hash: bytes
    results_root: bytes
    header: SignedHeader | None


class SealedBlock(NamedTuple):
    """An executed block with its signed header, and the bytes in which it is stored."""

    height: int
    time: int
    header: SignedHeader
    hash: bytes
    results: list[Result]
    exits: list[Result]
    exits_after: list[int]
    steps: list[Step]
    raw: bytes
    handover: bytes | None


class Built(NamedTuple):
    """What became of the envelopes, one result or refusal each, in order; no block when there was nothing for one."""

    block: SealedBlock | None
    outcomes: list[Result | Refused]


def transactions_root(envelopes: Sequence[bytes]) -> bytes:
    """Give the root over a block's signed envelopes."""
    return merkle.root([sha256(raw).digest() for raw in envelopes])


def results_root(results: Sequence[Result], exits_after: Sequence[int]) -> bytes:
    """Give the root over a block's results, and over when its exits came."""
    return merkle.root(result_leaves(results, exits_after))


def next_header(network: bytes, tip: Tip, before: Reader, state_root: bytes, time: int, root: bytes) -> Header:  # noqa: PLR0913 - the parts of a header
    """Make the header after `tip`, over the state `before` the block and the `root` of its envelopes."""
    height = tip.height + 1
    return Header(
        network=network,
        height=height,
        time=time,
        previous=tip.hash,
        transactions_root=root,
        state_root=state_root,
        results_root=tip.results_root,
        validators=digest_of(validators_at(before, height)),
        next_validators=digest_of(validators_at(before, height + 1)),
    )


def stored_form(header: SignedHeader, envelopes: list[bytes], block: Block) -> bytes:
    """Lay an executed block out for storage."""
    steps: list[StoredStep] = []
    if block.steps:
        numbers = {result.id: number for number, result in enumerate(block.all_results())}
        steps = [StoredStep(step.object, numbers[step.id], step.operation, step.first) for step in block.steps]
    return encode_block(
        StoredBlock(
            header=header,
            envelopes=envelopes,
            results=block.results,
            exits=block.exits,
            steps=steps,
            misbehaviour=block.misbehaviour,
            exits_after=block.exits_after,
        )
    )


def sealed_from(header: SignedHeader, header_hash: bytes, block: Block, raw: bytes, before: Reader) -> SealedBlock:
    """Join the parts of a sealed block over the state `before` it."""
    handover = None
    if header.header.validators != header.header.next_validators:
        handover = encode(Handover(header=header, validators=validators_at(before, block.height + 1)))
    return SealedBlock(
        height=block.height,
        time=block.time,
        header=header,
        hash=header_hash,
        results=block.results,
        exits=block.exits,
        exits_after=block.exits_after,
        steps=block.steps,
        raw=raw,
        handover=handover,
    )


def tip_after(block: SealedBlock) -> Tip:
    """Give what the next block needs of this one."""
    root = results_root(block.results + block.exits, block.exits_after)
    return Tip(block.height, block.time, block.hash, root, block.header)


def check_header(stored: StoredBlock, expected: Header, tip: Tip, signers: tuple[Validator, ...]) -> None:
    """Raise unless a stored block's header is the expected one, not earlier than the one before, and rightly signed."""
    header = stored.header.header
    height = tip.height + 1
    if header.time < tip.time:
        raise DifferenceError(height, f"its time, {header.time}, is before that of the block before, {tip.time}")
    for field in Header.__struct_fields__:
        found, wanted = getattr(header, field), getattr(expected, field)
        if found != wanted:
            raise DifferenceError(height, f"the header's {field} is {_show(found)}, and {_show(wanted)} was derived")
    message = header.hash()
    signatures = stored.header.signatures
    if len(signatures) != len(signers) or not all(
        verify(ED25519, signer.public, message, signature)
        for signer, signature in zip(signers, signatures, strict=True)
    ):
        raise DifferenceError(height, "the header is not signed by the validators that the state names")


def check_results(stored: StoredBlock, block: Block) -> None:
    """Raise unless an executed block gave the results that are stored."""
    for number, (found, derived) in enumerate(zip(stored.results, block.results, strict=False)):
        if found != derived:
            raise DifferenceError(block.height, _what_differs(found, derived), number)
    if len(stored.results) != len(block.results):
        raise DifferenceError(block.height, f"{len(stored.results)} results stored, {len(block.results)} derived")
    if stored.exits != block.exits:
        raise DifferenceError(block.height, "the exits that deadlines caused are not those that are stored")
    if stored.exits_after != block.exits_after:
        raise DifferenceError(block.height, "the exits that deadlines caused did not come when the block says")


def _what_differs(found: Result, derived: Result) -> str:
    if found.id != derived.id:
        return f"the stored id is {found.id.hex()}, and {derived.id.hex()} was derived"
    return f"the stored receipt is {found.receipt.hex()}, and {derived.receipt.hex()} was derived"


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
