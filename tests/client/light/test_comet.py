"""CometBFT's hashes and signed bytes are those of real chains, and its JSON is read as strictly as our own wire."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace
from nacl.signing import VerifyKey

from sogdia.kernel.codec import encode
from sogdia.kernel.comet import (
    AppState,
    CometValidator,
    address_of,
    app_hash,
    chain_id_of,
    header_hash,
    in_order,
    power_among,
    power_for,
    shortened,
    signed_bytes,
    total_power,
    validators_hash,
)
from sogdia.kernel.comet_answers import ANSWER_BYTES_MAX, AnswerWrong, light_block, nanoseconds_of
from tests.client.light.oracle import moment, written
from tools.light_made import NOTHING, answers_at, made, public, recorded, recording, voters

CASES = [(name, height) for name in ("v0.40", "v0.38") for height in recorded(name)]


@pytest.mark.parametrize(("name", "height"), CASES)
def test_the_hashes_of_a_recorded_light_block_are_those_that_cometbft_found(name, height):
    block = recorded(name)[height]

    assert header_hash(block.header) == block.commit.block_id.hash
    assert validators_hash(block.validators) == block.header.validators_hash
    assert in_order(reversed(block.validators)) == block.validators


@pytest.mark.parametrize(("name", "height"), CASES)
def test_what_validators_of_a_recorded_chain_signed_is_what_we_say_they_sign(name, height):
    block = recorded(name)[height]
    pairs = zip(block.validators, block.commit.votes, strict=True)
    voted = [(validator, vote) for validator, vote in pairs if vote is not None]

    messages = signed_bytes(block.header.chain_id, block.commit, [vote for _validator, vote in voted])

    for (validator, vote), message in zip(voted, messages, strict=True):
        VerifyKey(validator.public).verify(message, vote.signature)


def test_the_recordings_hold_what_is_rare():
    votes = [vote for block in recorded("v0.40").values() for vote in block.commit.votes]
    rounds = {block.commit.round for block in recorded("v0.40").values()}

    assert None in votes
    assert {vote.flag for vote in votes if vote is not None} == {2, 3}
    assert max(rounds) > 0
    assert {recording(name)["cometbft"] for name in ("v0.40", "v0.38")} == {"v0.40.0", "v0.38.26"}


def test_a_set_is_ordered_by_weight_and_then_by_address():
    heavy, light, other = (CometValidator(public(number), power) for number, power in enumerate((5, 2, 2)))
    by_address = sorted((light, other), key=lambda each: address_of(each.public))

    assert in_order((light, heavy, other)) == (heavy, *by_address)


def test_the_chain_of_a_network_is_named_after_the_first_half_of_its_hash():
    assert chain_id_of(bytes(range(32))) == "sogdia-0001020304050607"


def test_an_app_hash_binds_both_roots_and_the_height_and_header_of_the_results():
    state = AppState(
        state_root=b"\x01" * 32, results_height=258, results_root=b"\x02" * 32, results_header=b"\x03" * 32
    )
    others = (
        replace(state, state_root=b"\x03" * 32),
        replace(state, results_height=259),
        replace(state, results_root=b"\x01" * 32),
        replace(state, results_header=b"\x01" * 32),
    )

    assert app_hash(state).hex() == "ead0dbbc1fda00ff9effb4aaf362e768d2b57f156a638c886f2d9e3847176378"
    assert len({app_hash(each) for each in (state, *others)}) == 5


@pytest.mark.parametrize(
    ("votes", "own", "known"), [("CCCC", 10, 3), ("CNC-", 6, 3), ("----", 0, 0), ("NNNN", 0, 0), ("-C--", 3, 0)]
)
def test_only_votes_for_the_block_weigh(votes, own, known):
    block = made(6, tuple(CometValidator(public(number), 4 - number) for number in range(4)), votes)
    trusted = [CometValidator(public(number), 3) for number in (0, 8)]

    assert (power_for(block), power_among(trusted, block)) == (own, known)


def test_votes_that_a_check_does_not_need_are_left_out():
    block = made(6, voters(5, 4, 3, 2, 1), "CNCCC")

    alone = shortened(block)
    for_others = shortened(block, (CometValidator(block.validators[4].public, 1),))

    assert [vote is not None for vote in alone.commit.votes] == [True, False, True, True, True]
    assert [vote is not None for vote in shortened(made(6, voters(9, 4, 3, 2, 1))).commit.votes] == [True, True] + [
        False
    ] * 3
    assert for_others.commit.votes[4] is not None
    assert shortened(alone) == alone
    assert power_for(alone) * 3 > 2 * total_power(block.validators)


# ----------------------------------------------------------------------------------------------------------- answers


def test_a_recorded_answer_is_read_and_written_alike():
    for name, height in CASES:
        commit, (page,) = answers_at(name, height)
        block = recorded(name)[height]
        ours = written(block)

        assert ours["signed_header"] == json.loads(commit)["result"]["signed_header"]
        theirs = json.loads(page)["result"]["validators"]
        assert [each | {"proposer_priority": "0"} for each in theirs] == ours["validators"]


def test_pages_of_validators_are_joined():
    commit, (page,) = answers_at("v0.40", 20)
    whole = json.loads(page)
    everybody = whole["result"]["validators"]
    parts = (everybody[:2], everybody[2:])
    pages = [json.dumps({"result": whole["result"] | {"validators": part}}).encode() for part in parts]

    assert light_block(commit, pages) == recorded("v0.40")[20]
    with pytest.raises(AnswerWrong, match="2 validators of height 20 out of "):
        light_block(commit, pages[:1])


def changed(change: str, value: object) -> tuple[bytes, list[bytes]]:
    """Give the recorded answers of height 20 with one member changed, named by its path."""
    commit, (page,) = answers_at("v0.40", 20)
    said: dict[str, Any] = {"commit": json.loads(commit)["result"]["signed_header"], "set": json.loads(page)["result"]}
    *way, last = [int(part) if part.isdecimal() else part for part in change.split(".")]
    place: Any = said
    for part in way:
        place = place[part]
    place[last] = value
    return (
        json.dumps({"result": {"signed_header": said["commit"]}}).encode(),
        [json.dumps({"result": said["set"]}).encode()],
    )


@pytest.mark.parametrize(
    ("change", "value", "words"),
    [
        (
            "set.validators.1.pub_key.type",
            "tendermint/PubKeySecp256k1",
            "PubKeySecp256k1; only tendermint/PubKeyEd25519",
        ),
        ("set.validators.1.address", "00" * 20, "has a key whose address is"),
        ("set.validators.1.pub_key.value", "AAAA", "has a key whose address is"),
        ("set.validators.1.voting_power", "0", "no light block"),
        ("set.validators.1.voting_power", str(2**60), "no light block"),
        ("set.validators", [], "stand beside a commit"),
        ("set.block_height", "21", "stand beside a commit"),
        ("set.total", "6", "stand beside a commit"),
        ("commit.commit.signatures.0.validator_address", "00" * 20, "is by 0000"),
        ("commit.commit.signatures.0.validator_address", "", "is by "),
        ("commit.commit.signatures.0.block_id_flag", 1, "who was not heard has"),
        ("commit.commit.signatures.0.block_id_flag", 0, "no light block"),
        ("commit.commit.signatures.0.block_id_flag", 4, "no light block"),
        ("commit.commit.signatures.0.signature", None, "no light block"),
        ("commit.commit.signatures.0.signature", "AA==", "no light block"),
        ("commit.commit.signatures.0.signature", "*", "no light block"),
        ("commit.commit.signatures.0.timestamp", "yesterday", "no moment"),
        ("commit.commit.signatures", [], "0 entries"),
        ("commit.commit.height", "-20", "no light block"),
        ("commit.commit.round", -1, "no light block"),
        ("commit.commit.block_id.hash", "", "no light block"),
        ("commit.header.version.block", "12", "no light block"),
        ("commit.header.chain_id", "", "no light block"),
        ("commit.header.chain_id", "x" * 51, "no light block"),
        ("commit.header.chain_id", "цепь", "no light block"),
        ("commit.header.validators_hash", "", "no light block"),
        ("commit.header.data_hash", "00", "no light block"),
        ("commit.header.app_hash", "00" * 65, "no light block"),
        ("commit.header.proposer_address", "00" * 19, "no light block"),
        ("commit.header.time", "1969-12-31T23:59:59Z", "no light block"),
    ],
)
def test_an_answer_that_is_no_light_block_is_refused_with_its_reason(change, value, words):
    assert light_block(*changed("set.count", "5")) == recorded("v0.40")[20]

    with pytest.raises(AnswerWrong, match=words):
        light_block(*changed(change, value))


def test_an_answer_may_have_a_mebibyte_and_no_more():
    commit, pages = answers_at("v0.40", 20)
    padded = commit + b" " * (ANSWER_BYTES_MAX - len(commit))

    assert light_block(padded, pages) == recorded("v0.40")[20]
    with pytest.raises(AnswerWrong, match="at most 1048576"):
        light_block(padded + b" ", pages)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"result":{}}', '{"error":{"code":-32603}}', "\x00", "[" * 10_000])
def test_other_text_is_no_answer(text):
    with pytest.raises(AnswerWrong):
        light_block(text.encode(), [])


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01T00:00:00Z",
        "2000-02-29T23:59:59Z",
        "2026-11-28T03:18:43.896688363Z",
        "2026-11-28T03:18:45.73142139Z",
        "2100-03-01T00:00:00.000000001Z",
        "2024-02-29T12:00:00.5Z",
        "2262-04-11T23:47:16.854775807Z",
    ],
)
def test_a_moment_is_read_to_the_nanosecond(text):
    found = nanoseconds_of(text)

    whole = datetime.fromisoformat(text[:19] + "+00:00")
    assert found // 10**9 == int(whole.timestamp())
    assert moment(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T03:18:43",
        "2026-11-28T03:18:43.Z",
        "2026-11-28T03:18:43.1234567890Z",
        "2026-11-28T03:18:43+01:00",
        "",
    ],
)
def test_another_spelling_of_a_moment_is_refused(text):
    with pytest.raises(AnswerWrong, match="no moment"):
        nanoseconds_of(text)


def test_a_light_block_of_four_validators_is_less_than_a_kilobyte():
    assert max(len(encode(block)) for block in recorded("v0.38").values()) < 1_000
    assert len(encode(made(2**48, voters(*[2**50] * 64), time=2**63 - 10**10, app_hash=NOTHING * 2))) < 9_000
