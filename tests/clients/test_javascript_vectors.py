"""The JavaScript module judges the published vectors as they say, and as the Python client does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.node_js import Judge, Wrong, given
from tools import vectors

pytestmark = pytest.mark.real("Node.js")

NAMES = ("envelopes", "state-proofs", "receipt-proofs", "history-proofs")
FILES = {name: json.loads((vectors.FOLDER / f"{name}.json").read_text("utf-8")) for name in NAMES}
CASES = [(name, vector) for name, file in FILES.items() for vector in file["vectors"]]
ONLY_THE_LEDGER_KNOWS = {"ENVELOPE_MALFORMED", "SCHEME_UNSUPPORTED"}
"""What the module may call by another name: the fields of operations, and which schemes a network takes."""


def title(case: dict[str, str] | str) -> str:
    return f"{case['name']}: {case.get('damage', 'whole')}" if isinstance(case, dict) else case


def proved(answer: dict[str, Any]) -> dict[str, Any]:
    """Give what the module says is proved as it stands in a vector."""
    names = {"sealedAt": "sealed_at"}
    told = {names.get(name, name): given(value) for name, value in answer.items()}
    left = {"kind", "network", "envelope"}
    found = {name: value.hex() if isinstance(value, bytes) else value for name, value in told.items() if name not in left}
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
        assert wrong.name == ("EnvelopeWrong" if file == "envelopes" else "ProofWrong"), wrong
        return {"expected": "refuse", "fault": wrong.fault}
    return {"expected": "accept", "proves": proved(answer)}


def alike(file: str, ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two verdicts are the same, the fault included; only the ledger knows the fields of operations."""
    if file == "envelopes" and ours.get("fault") in ONLY_THE_LEDGER_KNOWS:
        return ours["expected"] == theirs["expected"]
    return ours == theirs


@pytest.mark.parametrize(("file", "vector"), CASES, ids=title)
def test_the_javascript_module_judges_a_vector_as_it_says(judge, file, vector):
    judged = judged_by_javascript(judge, file, vector, bytes.fromhex(vector["bytes"]))

    expected = {name: vector[name] for name in ("expected", "proves", "fault") if name in vector}
    assert alike(file, expected, judged), judged
