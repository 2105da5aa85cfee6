"""The JavaScript module judges the published vectors as they say, and as the Python client does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sogdia.kernel.codec import encode
from tests.clients.node_js import Judge, Wrong, given
from tools import vector_client, vectors

pytestmark = pytest.mark.real("Node.js")

NAMES = ("envelopes", "state-proofs", "face-proofs", "receipt-proofs", "history-proofs")
FILES = {name: json.loads((vectors.FOLDER / f"{name}.json").read_text("utf-8")) for name in NAMES}
CODEC, CODES, BUILDING, SIGNATURES = (
    json.loads((vectors.FOLDER / f"{name}.json").read_text("utf-8"))
    for name in ("codec", "codes", "building", "signatures")
)
CASES = [(name, vector) for name, file in FILES.items() for vector in file["vectors"]]
KNOWN_TO_BOTH = set(
    "NETWORK_WRONG SIGNER_REPEATED PREDECESSOR_REPEATED SIGNATURES_DO_NOT_FIT EXTRA_NOT_ALLOWED"
    " SIGNER_INDEX_WRONG SIGNATURE_WRONG".split()
)
"""The faults of envelopes that both must name. The fields of operations are known to the ledger alone, so what it calls
malformed for them may have another fault for the module: mostly that the signature no longer fits."""


def title(case: dict[str, str] | str) -> str:
    return f"{case['name']}: {case.get('damage', 'whole')}" if isinstance(case, dict) else case


def proved(answer: dict[str, Any]) -> dict[str, Any]:
    """Give what the module says is proved as it stands in a vector."""
    names = {"sealedAt": "sealed_at"}
    told = {names.get(name, name): given(value) for name, value in answer.items()}
    kept = {name: value for name, value in told.items() if name not in {"kind", "network", "envelope"}}
    found = {name: value.hex() if isinstance(value, bytes) else value for name, value in kept.items()}
    return found | ({"steps": len(found["steps"])} if "steps" in found else {})


def judged_by_javascript(judge: Judge, file: str, vector: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """Let the module judge the bytes of a vector, or others in their place."""
    content = FILES[file]
    try:
        if file == "envelopes":
            answer = judge.ask("envelope", raw=raw.hex(), network=content["network"], keys=vector["keys"])
        else:
            answer = judge.ask("proof", raw=raw.hex(), trusted=content["trusted"][vector["trusted"]])
    except Wrong as wrong:
        if wrong.name != ("EnvelopeWrong" if file == "envelopes" else "ProofWrong"):
            raise  # the module stumbled, which is not the same as refusing
        return {"expected": "refuse", "fault": wrong.fault}
    return {"expected": "accept", "proves": proved(answer)}


def alike(file: str, ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two verdicts are the same, the fault included where both can know it."""
    if file == "envelopes" and "fault" in ours and ours["fault"] not in KNOWN_TO_BOTH:
        return bool(ours["expected"] == theirs["expected"])
    return ours == theirs


@pytest.mark.parametrize(("file", "vector"), CASES, ids=title)
def test_the_javascript_module_judges_a_vector_as_it_says(judge, file, vector):
    judged = judged_by_javascript(judge, file, vector, bytes.fromhex(vector["bytes"]))

    expected = {name: vector[name] for name in ("expected", "proves", "fault") if name in vector}
    assert alike(file, expected, judged), judged


@pytest.mark.parametrize("vector", CODEC["vectors"], ids=title)
def test_a_value_has_one_spelling_in_both_clients(judge, vector):
    raw = vector["bytes"]

    assert vector_client.judge_value(bytes.fromhex(raw)) == {
        name: vector[name] for name in ("expected", "value") if name in vector
    }
    if vector["expected"] == "accept":
        assert judge.ask("decode", raw=raw) == {"value": vector["value"], "again": raw}
        assert judge.ask("encode", value=vector["value"]) == raw
    else:
        with pytest.raises(Wrong, match="Malformed: "):
            judge.ask("decode", raw=raw)


@pytest.mark.parametrize("size", [65_535, 65_536])
def test_long_texts_bytes_and_arrays_have_one_spelling_in_both_clients(judge, size):
    for value in ("a" * size, bytes(size), [None] * size):
        raw = encode(value).hex()

        assert judge.ask("decode", raw=raw)["again"] == raw


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 2**80])
def test_a_number_beyond_64_bits_cannot_be_written(judge, number):
    with pytest.raises(Wrong, match="does not fit into 64 bits"):
        judge.ask("encode", value=vector_client.shown(number))


def test_a_number_that_is_no_bigint_is_refused_with_the_way_out(judge):
    with pytest.raises(Wrong, match="Integers are BigInt: write 5n, not 5"):
        judge.ask("encode", value=[5])


def test_half_a_character_cannot_be_written(judge):
    with pytest.raises(Wrong, match="lone surrogate"):
        judge.ask("encode", value="a\ud800")


@pytest.mark.parametrize("vector", CODES["vectors"], ids=lambda vector: f"{vector['kind']} {vector['name']}")
def test_a_code_is_read_alike_by_both_clients(judge, vector):
    kind, code = vector["kind"], vector["code"]
    expected = {name: vector[name] for name in ("expected", "bytes", "fault", "where") if name in vector}

    try:
        judged = {"expected": "accept", "bytes": judge.ask("read_code", kind=kind, code=code)}
    except Wrong as wrong:
        judged = {"expected": "refuse", "fault": wrong.fault, "where": wrong.where}

    assert vector_client.judge_code(kind, code) == expected
    assert judged == expected
    if vector["name"] == "as it is written":
        assert judge.ask("code", kind=kind, bytes=vector["bytes"]) == code


@pytest.mark.parametrize(("kind", "content"), [("account", "00" * 21), ("name", "00" * 20), ("name", "00" * 20 + "20")])
def test_bytes_that_no_code_stands_for_get_none(judge, kind, content):
    with pytest.raises(Wrong, match=r"^RangeError: A code .* cannot stand for these"):
        judge.ask("code", kind=kind, bytes=content)


@pytest.mark.parametrize("vector", BUILDING["vectors"], ids=title)
def test_an_envelope_is_built_to_the_same_bytes(judge, vector):
    parts = {name: value for name, value in vector.items() if name not in {"name", "id", "bytes"}}

    made = given(judge.ask("make", network=BUILDING["network"], **parts))

    assert made["id"].hex() == vector["id"]
    assert made["raw"].hex() == vector["bytes"]
    assert str(made["expiry"]) == vector["expiry"]


@pytest.mark.parametrize("vector", SIGNATURES["vectors"], ids=title)
def test_a_signature_is_judged_by_the_ledger_s_strict_rule(judge, vector):
    parts = {name: vector[name] for name in ("key", "message", "signature")}

    accepted = judge.ask("verify", scheme=str(vector["scheme"]), **parts)

    assert accepted == (vector["expected"] == "accept")
