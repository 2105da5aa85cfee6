"""What a CometBFT node answers in JSON to `/commit` and `/validators`, read into the values of our wire."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Final

import msgspec

from sogdia.kernel.codec import NOT_DECODABLE, Codec, encode
from sogdia.kernel.comet import LightBlock, address_of

if TYPE_CHECKING:
    from collections.abc import Sequence

ABSENT: Final = 1
ANSWER_BYTES_MAX: Final = 1024 * 1024
KEY_TYPE: Final = "tendermint/PubKeyEd25519"
NANO_PLACES: Final = 9
_EPOCH_DAYS: Final = 719_468
"""Days from 1 March of the year 0 to 1 January 1970."""


class AnswerWrong(Exception):  # noqa: N818 - reads as what it says
    """An answer of a CometBFT node that is none, or says what no light block of our networks can hold."""


class _Parts(msgspec.Struct, frozen=True):
    total: int
    hash: str


class _BlockId(msgspec.Struct, frozen=True):
    hash: str
    parts: _Parts


class _Version(msgspec.Struct, frozen=True):
    block: str
    app: str = "0"


class _Header(msgspec.Struct, frozen=True):
    version: _Version
    chain_id: str
    height: str
    time: str
    last_block_id: _BlockId
    last_commit_hash: str
    data_hash: str
    validators_hash: str
    next_validators_hash: str
    consensus_hash: str
    app_hash: str
    last_results_hash: str
    evidence_hash: str
    proposer_address: str


class _Vote(msgspec.Struct, frozen=True):
    block_id_flag: int
    validator_address: str
    timestamp: str
    signature: str | None


class _Commit(msgspec.Struct, frozen=True):
    height: str
    round: int
    block_id: _BlockId
    signatures: tuple[_Vote, ...]


class _SignedHeader(msgspec.Struct, frozen=True):
    header: _Header
    commit: _Commit


class _CommitResult(msgspec.Struct, frozen=True):
    signed_header: _SignedHeader


class CommitAnswer(msgspec.Struct, frozen=True):
    """What `/commit?height=…` answers."""

    result: _CommitResult


class _Key(msgspec.Struct, frozen=True):
    type: str
    value: str


class _Validator(msgspec.Struct, frozen=True):
    address: str
    pub_key: _Key
    voting_power: str


class _ValidatorsResult(msgspec.Struct, frozen=True):
    block_height: str
    validators: tuple[_Validator, ...]
    total: str


class ValidatorsAnswer(msgspec.Struct, frozen=True):
    """A page of what `/validators?height=…` answers."""

    result: _ValidatorsResult


_COMMITS: Final = msgspec.json.Decoder(CommitAnswer)
_VALIDATORS: Final = msgspec.json.Decoder(ValidatorsAnswer)
_BLOCKS: Final[Codec[LightBlock]] = Codec(LightBlock)


def light_block(commit: bytes, pages: Sequence[bytes]) -> LightBlock:
    """Join the answer to `/commit` with all pages of `/validators` of the same height.

    Only what our wire can carry is taken. Nothing is checked by hash or signature, but an entry of the commit must
    name the validator whose place it stands at, because our wire leaves the names out.
    """
    for raw in (commit, *pages):
        if len(raw) > ANSWER_BYTES_MAX:
            raise AnswerWrong(f"an answer has {len(raw)} bytes; at most {ANSWER_BYTES_MAX} are read")
    try:
        signed = _COMMITS.decode(commit).result.signed_header
        answers = [_VALIDATORS.decode(page).result for page in pages]
        return _joined(signed, answers)
    except (*NOT_DECODABLE, ValueError) as error:
        raise AnswerWrong(f"the answers are no light block: {error}") from error


def _joined(signed: _SignedHeader, answers: list[_ValidatorsResult]) -> LightBlock:
    validators = [each for answer in answers for each in answer.validators]
    for answer in answers:
        if answer.block_height != signed.header.height or answer.total != str(len(validators)):
            raise AnswerWrong(
                f"{len(validators)} validators of height {answer.block_height} out of {answer.total} stand beside a"
                f" commit of height {signed.header.height}"
            )
    if len(validators) != len(signed.commit.signatures):
        raise AnswerWrong(f"{len(signed.commit.signatures)} entries of the commit, and {len(validators)} validators")
    keys = [_key(each) for each in validators]
    votes = [_vote(vote, key) for vote, key in zip(signed.commit.signatures, keys, strict=True)]
    commit = signed.commit
    # Written and read once, so that every limit of the wire holds for what came as JSON.
    return _BLOCKS.decode(
        encode(
            [
                _header(signed.header),
                [int(commit.height), commit.round, _block_id(commit.block_id), votes],
                [[key, int(each.voting_power)] for each, key in zip(validators, keys, strict=True)],
            ]
        )
    )


def _header(header: _Header) -> list[object]:
    return [
        [int(header.version.block), int(header.version.app)],
        header.chain_id,
        int(header.height),
        nanoseconds_of(header.time),
        _block_id(header.last_block_id) if header.last_block_id.hash else None,
        bytes.fromhex(header.last_commit_hash),
        bytes.fromhex(header.data_hash),
        bytes.fromhex(header.validators_hash),
        bytes.fromhex(header.next_validators_hash),
        bytes.fromhex(header.consensus_hash),
        bytes.fromhex(header.app_hash),
        bytes.fromhex(header.last_results_hash),
        bytes.fromhex(header.evidence_hash),
        bytes.fromhex(header.proposer_address),
    ]


def _block_id(block_id: _BlockId) -> list[object]:
    return [bytes.fromhex(block_id.hash), block_id.parts.total, bytes.fromhex(block_id.parts.hash)]


def _key(validator: _Validator) -> bytes:
    key = validator.pub_key
    if key.type != KEY_TYPE:
        raise AnswerWrong(f"validator {validator.address} has a key of type {key.type}; only {KEY_TYPE} is taken")
    public = b64decode(key.value, validate=True)
    if address_of(public) != bytes.fromhex(validator.address):
        raise AnswerWrong(f"validator {validator.address} has a key whose address is {address_of(public).hex()}")
    return public


def _vote(vote: _Vote, key: bytes) -> list[object] | None:
    if vote.block_id_flag == ABSENT:
        if vote.validator_address or vote.signature:
            raise AnswerWrong("an entry of who was not heard has an address or a signature")
        return None
    if bytes.fromhex(vote.validator_address) != address_of(key):
        raise AnswerWrong(f"the vote at the place of {address_of(key).hex()} is by {vote.validator_address}")
    return [vote.block_id_flag, nanoseconds_of(vote.timestamp), b64decode(vote.signature or "", validate=True)]


def nanoseconds_of(text: str) -> int:
    """Read a moment as CometBFT writes it, in UTC with up to nine places behind the point, without any float."""
    point, rest = text[19:20], text[20:-1]
    fits = (point, rest) == ("Z", "") or (point == "." and 1 <= len(rest) <= NANO_PLACES)
    if not (fits and text.endswith("Z")):
        raise AnswerWrong(f"{text!r} is no moment in UTC")
    year, month, day = (int(part) for part in text[:10].split("-"))
    hour, minute, second = (int(part) for part in text[11:19].split(":"))
    seconds = (_days(year, month, day) * 24 + hour) * 3_600 + minute * 60 + second
    return seconds * 10**9 + int(rest.ljust(NANO_PLACES, "0"))


def _days(year: int, month: int, day: int) -> int:
    """Count the days from 1970 to a date. Years are taken to begin in March, so that leap days come last."""
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)  # noqa: PLR2004 - March is the third month
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1 - _EPOCH_DAYS
