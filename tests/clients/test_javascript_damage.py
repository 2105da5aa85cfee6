"""Python and JavaScript judge damaged bytes alike, whichever of them made the bytes and whichever did the damage."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.client.keys import KeyPair
from tests.clients.node_js import Wrong
from tests.clients.test_javascript_vectors import BUILDING, FILES, alike, judged_by_javascript, title
from tests.independent.test_checker import damaged_at_random
from tools import vector_client, vectors

if TYPE_CHECKING:
    from tests.clients.node_js import Judge

pytestmark = pytest.mark.real("Node.js")

CASES, CASES_FULL = 40, 4_000
SEEDS = 2**62


def judged_by_python(file: str, vector: dict[str, Any], raw: bytes) -> dict[str, Any]:
    content = FILES[file]
    if file == "envelopes":
        keys = [bytes.fromhex(key) for key in vector["keys"]]
        return vectors.judge_envelope(raw, bytes.fromhex(content["network"]), keys)
    return vectors.judge_proof(raw, vectors.trusted_of(content["trusted"][vector["trusted"]]))


def judged_alike(judge: Judge, file: str, vector: dict[str, Any], raw: bytes, seed: int) -> dict[str, Any]:
    ours, theirs = judged_by_python(file, vector, raw), judged_by_javascript(judge, file, vector, raw)

    assert alike(file, ours, theirs), f"{file}, {title(vector)}, seed {seed}: {ours}, {theirs}, {raw.hex()}"
    return ours


def whole(file: str) -> list[dict[str, Any]]:
    return [vector for vector in FILES[file]["vectors"] if vector["expected"] == "accept"]


@pytest.mark.parametrize("file", FILES)
def test_bytes_made_and_damaged_by_python_are_judged_alike(judge, file, rotation, full_run):
    chance = random.Random(f"{rotation} {file}")

    for vector in whole(file):
        for _ in range(CASES_FULL if full_run else CASES):
            raw = damaged_at_random(bytes.fromhex(vector["bytes"]), chance)
            judged_alike(judge, file, vector, raw, rotation)


@pytest.mark.parametrize("file", FILES)
def test_bytes_written_anew_by_javascript_with_another_value_in_them_are_judged_alike(judge, file, rotation, full_run):
    chance = random.Random(f"{rotation} {file}")
    faults = set()

    for vector in whole(file):
        for _ in range(CASES_FULL if full_run else CASES):
            raw = bytes.fromhex(judge.ask("alter", raw=vector["bytes"], seed=str(chance.randrange(SEEDS))))
            faults.add(judged_alike(judge, file, vector, raw, rotation).get("fault"))

    assert len(faults) > 2, "the damage is always of one kind, so the test looks at nothing"


def test_envelopes_built_and_signed_wrongly_by_javascript_are_judged_alike(judge, rotation, full_run):
    chance = random.Random(rotation)
    faults = set()

    for vector in BUILDING["vectors"]:
        seeds = [sender["seed"] for sender in vector["senders"]]
        keys = [KeyPair(bytes.fromhex(seed)).public.hex() for seed in seeds]
        for _ in range(CASES_FULL if full_run else CASES):
            made = judge.ask(
                "alter_and_sign",
                raw=vector["bytes"],
                seed=str(chance.randrange(SEEDS)),
                network=BUILDING["network"],
                seeds=seeds,
            )
            judged = judged_alike(judge, "envelopes", {**vector, "keys": keys}, bytes.fromhex(made), rotation)
            faults.add(judged.get("fault"))

    assert {None, "ENVELOPE_MALFORMED", "NETWORK_WRONG"} <= faults
    if full_run:  # these are rare: a few hundred draws may miss them
        assert {"SIGNATURES_DO_NOT_FIT", "SIGNER_INDEX_WRONG"} <= faults


def test_a_damaged_encoding_is_read_or_refused_by_both(judge, rotation, full_run):
    chance = random.Random(rotation)
    wholes = [bytes.fromhex(each["bytes"]) for name in FILES for each in FILES[name]["vectors"][:8] if each["bytes"]]

    for _ in range(20 * CASES_FULL if full_run else 20 * CASES):
        raw = damaged_at_random(chance.choice(wholes)[: chance.randrange(1, 400)], chance)
        for start in range(0, len(raw), 40):
            judged_as_value(judge, raw[start:])


def judged_as_value(judge: Judge, raw: bytes) -> None:
    ours = vector_client.judge_value(raw)
    try:
        answer = judge.ask("decode", raw=raw.hex())
    except Wrong as refused:
        if refused.name != "Malformed":
            raise  # the module stumbled, which is not the same as refusing
        answer = None
    if answer is None:
        assert ours["expected"] == "refuse", raw.hex()
    else:
        assert ours == {"expected": "accept", "value": answer["value"]}, raw.hex()
        assert answer["again"] == raw.hex()


def test_a_damaged_code_is_read_or_refused_by_both_for_the_same_fault(judge, rotation, full_run):
    chance = random.Random(rotation)
    kinds = {"account": vector_client.BUKHARA, "name": vector_client.BUKHARA + b"INV-536365"}

    for _ in range(10 * CASES_FULL if full_run else 10 * CASES):
        kind = chance.choice(list(kinds))
        code = list(vector_client.WRITERS[kind](kinds[kind]))
        for _ in range(chance.randrange(4)):
            code[chance.randrange(len(code))] = chance.choice("0123oilLIO- \u2013Kuжİ\u212a🧵acegxz")
        if chance.randrange(4) == 0:
            del code[chance.randrange(len(code))]
        text = "".join(code)

        ours = vector_client.judge_code(kind, text)
        assert judged_code(judge, kind, text) == ours, text


def judged_code(judge: Judge, kind: str, text: str) -> dict[str, Any]:
    try:
        return {"expected": "accept", "bytes": judge.ask("read_code", kind=kind, code=text)}
    except Wrong as wrong:
        return {"expected": "refuse", "fault": wrong.fault, "where": wrong.where}
