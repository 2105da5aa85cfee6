"""CometBFT's headers and what stands beside them, as our own wire carries them; their hashes, and what is signed.

    light block = [header, commit, [[public key, power], …]]
    header      = [[11, app], chain id, height, time, [hash, parts, parts hash] | nil, eight hashes, proposer]
    commit      = [height, round, [hash, parts, parts hash], [nil | [2 or 3, time, signature], …]]
    anchor      = [2, [light block, …], [state root, results height, results root]]

CometBFT hashes and signs protobuf messages. The few that are needed are written here by hand: each field in the order
of its number, none that is zero or empty unless CometBFT writes it all the same. Times are nanoseconds since 1970.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol

import msgspec
from msgspec import Meta

from sogdia.kernel.header import VALIDATORS_MAX
from sogdia.kernel.merkle import root
from sogdia.kernel.signature import ED25519, verify
from sogdia.kernel.values import Hash, NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ADDRESS_BYTES: Final = 20
APP_HASH_BYTES_MAX: Final = 64
BLOCK_PROTOCOL: Final = 11
BLOCKS_MAX: Final = 64
"""The most light blocks that an anchor holds."""

PATH_BLOCKS_MAX: Final = 1_000
"""The most light blocks that are asked for on the way from one height to another."""

TOTAL_POWER_MAX: Final = 2**60 - 1
"""What a whole set weighs at most, in CometBFT as here: an eighth of the largest signed number of 64 bits."""

COMMIT: Final = 2
"""The flag of a vote for the block, by CometBFT's own number."""

NIL: Final = 3
"""The flag of a vote for no block: it is signed, and counts for nothing."""

NANOSECONDS: Final = 10**9

Height = Annotated[int, Meta(ge=1, le=2**48)]
Nanoseconds = Annotated[int, Meta(ge=0, le=2**63 - 1)]
ChainId = Annotated[str, Meta(pattern=r"^[!-~]{1,50}\Z")]
Address = Annotated[bytes, Meta(min_length=ADDRESS_BYTES, max_length=ADDRESS_BYTES)]
Power = Annotated[int, Meta(ge=1, le=TOTAL_POWER_MAX)]
SignatureValue = Annotated[bytes, Meta(min_length=64, max_length=64)]


# ------------------------------------------------------------------------------------------------------------ values


class CometVersion(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """The protocol of blocks, of which there is one, and the version that the application gives itself."""

    block: Literal[11]
    app: Annotated[int, Meta(ge=0, le=2**63 - 1)]


class BlockId(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A header's hash, and into how many parts of which hash the block was cut on its way between nodes."""

    hash: Hash
    parts: Annotated[int, Meta(ge=1, le=2**32 - 1)]
    parts_hash: Hash


class CometHeader(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A block's header, its fields in CometBFT's order. `app_hash` is that of the state before this block."""

    version: CometVersion
    chain_id: ChainId
    height: Height
    time: Nanoseconds
    last_block_id: BlockId | None
    last_commit_hash: Hash
    data_hash: Hash
    validators_hash: Hash
    next_validators_hash: Hash
    consensus_hash: Hash
    app_hash: Annotated[bytes, Meta(max_length=APP_HASH_BYTES_MAX)]
    last_results_hash: Hash
    evidence_hash: Hash
    proposer_address: Address


class CometVote(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A validator's vote in a commit: for the block or for none, when, and signed."""

    flag: Literal[2, 3]
    time: Nanoseconds
    signature: SignatureValue


class Commit(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """How validators voted on a block, one entry for each in the order of the set; nil is who was not heard."""

    height: Height
    round: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    block_id: BlockId
    votes: Annotated[tuple[CometVote | None, ...], Meta(min_length=1, max_length=VALIDATORS_MAX)]


class CometValidator(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An Ed25519 key that votes, and its weight."""

    public: NodeKey
    power: Power


ValidatorSet = Annotated[tuple[CometValidator, ...], Meta(min_length=1, max_length=VALIDATORS_MAX)]
"""Who votes at one height, in CometBFT's order: the heaviest first, equals by address."""


class LightBlock(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A header, the votes on it, and who was to vote."""

    header: CometHeader
    commit: Commit
    validators: ValidatorSet


class AppState(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """What an app hash is made of: the state's root; of the last results the height, the root, and our own header.

    That header links back to all earlier ones of ours, so one header of CometBFT vouches for the whole chain of blocks.
    Before there are results it is the network's hash, to which the first header links.
    """

    state_root: Hash
    results_height: Annotated[int, Meta(ge=0, le=2**48)]
    results_root: Hash
    results_header: Hash


class CometAnchor(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=2):
    """The header that a proof leads to, last of the light blocks by which trust gets there, and its app hash opened."""

    blocks: Annotated[tuple[LightBlock, ...], Meta(min_length=1, max_length=BLOCKS_MAX)]
    state: AppState


# ---------------------------------------------------------------------------------------------------------- protobuf


def _varint(number: int) -> bytes:
    """Write a whole number in groups of seven bits, the lowest first."""
    row = bytearray()
    while rest := number >> 7:
        row.append(number & 0x7F | 0x80)
        number = rest
    row.append(number)
    return bytes(row)


def _number(tag: bytes, number: int) -> bytes:
    """Write a field that holds a number, which is left out when it is zero."""
    return tag + _varint(number) if number else b""


def _row(tag: bytes, content: bytes) -> bytes:
    """Write a field that holds bytes, a text or a message; what may be left out is left out by the caller."""
    return tag + _varint(len(content)) + content


def _time(nanoseconds: int) -> bytes:
    """Write a moment as google.protobuf.Timestamp."""
    seconds, rest = divmod(nanoseconds, NANOSECONDS)
    return _number(b"\x08", seconds) + _number(b"\x10", rest)


def _block_id(block_id: BlockId | None) -> bytes:
    """Write a BlockID, which in a vote has the same fields as in a header. Of no block, the parts stand there empty."""
    if block_id is None:
        return b"\x12\x00"
    parts = b"\x08" + _varint(block_id.parts) + b"\x12\x20" + block_id.parts_hash
    return b"\x0a\x20" + block_id.hash + _row(b"\x12", parts)


# ------------------------------------------------------------------------------------------------------------ hashes


def header_hash(header: CometHeader) -> bytes:
    """Hash a header: the root over its 14 fields, each a protobuf message of its own."""
    return root(
        (
            b"\x08" + _varint(header.version.block) + _number(b"\x10", header.version.app),
            _row(b"\x0a", header.chain_id.encode("ascii")),
            b"\x08" + _varint(header.height),
            _time(header.time),
            _block_id(header.last_block_id),
            b"\x0a\x20" + header.last_commit_hash,
            b"\x0a\x20" + header.data_hash,
            b"\x0a\x20" + header.validators_hash,
            b"\x0a\x20" + header.next_validators_hash,
            b"\x0a\x20" + header.consensus_hash,
            _row(b"\x0a", header.app_hash) if header.app_hash else b"",
            b"\x0a\x20" + header.last_results_hash,
            b"\x0a\x20" + header.evidence_hash,
            b"\x0a\x14" + header.proposer_address,
        )
    )


@lru_cache(maxsize=64)
def validators_hash(validators: tuple[CometValidator, ...]) -> bytes:
    """Hash a set in its order. Whose turn it is to propose is no part of it."""
    return root(
        [b"\x0a\x22\x0a\x20" + each.public + b"\x10" + _varint(each.power) for each in validators],
    )


def app_hash(state: AppState) -> bytes:
    """Hash what the header after a state says of it."""
    return sha256(
        b"sogdia/app"
        + state.state_root
        + state.results_height.to_bytes(8, "big")
        + state.results_root
        + state.results_header
    ).digest()


def address_of(public: bytes) -> bytes:
    """Give the address that CometBFT knows a key by."""
    return sha256(public).digest()[:ADDRESS_BYTES]


def in_order(validators: Iterable[CometValidator]) -> tuple[CometValidator, ...]:
    """Put validators into CometBFT's order: the heaviest first, equals by address."""
    return tuple(sorted(validators, key=lambda each: (-each.power, address_of(each.public))))


def chain_id_of(network: bytes) -> str:
    """Name the chain by which CometBFT replicates a network."""
    return f"sogdia-{network.hex()[:16]}"


# ------------------------------------------------------------------------------------------------------------- votes


def signed_bytes(chain_id: str, commit: Commit, votes: Iterable[CometVote]) -> list[bytes]:
    """Give what each of `votes` of a commit signs: a CanonicalVote behind its length.

    Within a commit they differ by their time, and those for no block lack the block.
    """
    head = b"\x08\x02\x11" + commit.height.to_bytes(8, "little")
    if commit.round:
        head += b"\x19" + commit.round.to_bytes(8, "little")
    with_block = head + _row(b"\x22", _block_id(commit.block_id))
    tail = _row(b"\x32", chain_id.encode("ascii"))
    messages = []
    for vote in votes:
        time = _time(vote.time)
        message = (with_block if vote.flag == COMMIT else head) + b"\x2a" + bytes((len(time),)) + time + tail
        messages.append(_varint(len(message)) + message)
    return messages


def total_power(validators: Iterable[CometValidator]) -> int:
    """Add up the weights of a set."""
    return sum(each.power for each in validators)


def power_for(block: LightBlock) -> int:
    """Add up the weights of those who voted for the block, as its commit says; nothing is checked."""
    voted = zip(block.validators, block.commit.votes, strict=False)
    return sum(each.power for each, vote in voted if vote is not None and vote.flag == COMMIT)


def power_among(trusted: Iterable[CometValidator], block: LightBlock) -> int:
    """Add up what those who voted for a block weigh in another set, as the commit says; nothing is checked."""
    weights = {each.public: each.power for each in trusted}
    voted = zip(block.validators, block.commit.votes, strict=False)
    return sum(weights.get(each.public, 0) for each, vote in voted if vote is not None and vote.flag == COMMIT)


def is_over(part: int, numerator: int, denominator: int, whole: int) -> bool:
    """Whether a part is more than so large a share of the whole; exactly the share is not."""
    return part * denominator > whole * numerator


# -------------------------------------------------------------------------------------------------------------- ways


class Provider(Protocol):
    """Whoever gives the light block of a height. What comes is not believed."""

    def __call__(self, height: int, /) -> LightBlock:
        """Give the light block of a height, or raise."""
        ...


class NoWayError(Exception):
    """No light blocks that lead from one height to another could be found."""


def way(
    validators: tuple[CometValidator, ...], height: int, target: LightBlock, provider: Provider
) -> list[LightBlock]:
    """Find the few light blocks that lead from the set of one height to `target`, which is the last of them.

    Each has votes by more than a third of the set before it, or is the next one. Only weights are counted here: who
    follows the way checks every block of it.
    """
    found: list[LightBlock] = []
    waiting = [target]
    asked = 0
    while waiting:
        for place, block in enumerate(waiting):
            if block.header.height == height + 1 or _bridges(validators, block):
                found.append(block)
                validators, height = block.validators, block.header.height
                del waiting[place:]
                break
        else:
            middle = (height + waiting[-1].header.height) // 2
            if asked == PATH_BLOCKS_MAX:
                raise NoWayError(f"{asked} light blocks did not lead to height {target.header.height}")
            asked += 1
            block = provider(middle)
            if block.header.height != middle:
                raise NoWayError(f"asked for height {middle}, and got {block.header.height}")
            waiting.append(block)
    return found


def _bridges(validators: tuple[CometValidator, ...], block: LightBlock) -> bool:
    return is_over(power_among(validators, block), 1, 3, total_power(validators))


def shortened_way(validators: tuple[CometValidator, ...], blocks: Sequence[LightBlock]) -> tuple[LightBlock, ...]:
    """Leave out the votes that are not needed to follow light blocks from the set `validators`."""
    sets = [validators, *(block.validators for block in blocks[:-1])]
    return tuple(shortened(block, earlier) for block, earlier in zip(blocks, sets, strict=True))


def shortened(block: LightBlock, trusted: tuple[CometValidator, ...] = ()) -> LightBlock:
    """Leave out the votes that a check does not need: once there are enough, the others are as if not heard.

    Enough is more than two thirds of the block's own set, and with `trusted` more than a third of that one too. Votes
    that CometBFT takes and our stricter rule for Ed25519 does not are left out as well: only their validator can make
    them, and nobody else's block shall become unreadable by it.
    """
    weights = {each.public: each.power for each in trusted}
    own, whole = 0, total_power(block.validators)
    known, known_whole = 0, sum(weights.values())
    votes: list[CometVote | None] = []
    for validator, vote in zip(block.validators, block.commit.votes, strict=True):
        enough = is_over(own, 2, 3, whole) and (not weights or is_over(known, 1, 3, known_whole))
        if vote is None or vote.flag == NIL or enough or not _is_signed(block, validator, vote):
            votes.append(None)
            continue
        votes.append(vote)
        own += validator.power
        known += weights.get(validator.public, 0)
    return msgspec.structs.replace(block, commit=msgspec.structs.replace(block.commit, votes=tuple(votes)))


def _is_signed(block: LightBlock, validator: CometValidator, vote: CometVote) -> bool:
    (message,) = signed_bytes(block.header.chain_id, block.commit, (vote,))
    return verify(ED25519, validator.public, message, vote.signature)
