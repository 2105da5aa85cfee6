"""The vectors of proofs from networks on CometBFT, judged by Python and by JavaScript."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sogdia.client.light.roots import GenesisRoot, Root, root_by_header
from sogdia.kernel.comet import NANOSECONDS, CometValidator
from tests.clients.node_js import Wrong
from tools import vectors
from tools.network_vectors import NETWORK_FILE, judge_network_proof

if TYPE_CHECKING:
    from tests.clients.node_js import Judge

FILE = json.loads((vectors.FOLDER / NETWORK_FILE).read_text("utf-8"))
VECTORS: list[dict[str, Any]] = FILE["vectors"]
WHOLE = [vector for vector in VECTORS if vector["expected"] == "accept"]
BOUNDS = {name: FILE[name] for name in ("trusting_period", "clock_drift")}
OTHER_ENGINE = ("the embedded engine's anchor", "the embedded engine's block")
"""What the Python client reads and turns down; JavaScript's light client can't read it, so for it the form is wrong."""


def title(vector: dict[str, Any]) -> str:
    return f"{vector['name']}: {vector.get('damage', 'whole')}"


def said(vector: dict[str, Any]) -> dict[str, Any]:
    """Give the verdict that is published."""
    return {name: vector[name] for name in ("expected", "proves", "fault") if name in vector}


def root_of(entry: dict[str, Any]) -> Root:
    """Read where trust begins."""
    network = bytes.fromhex(entry["network"])
    if "hash" in entry:
        return root_by_header(network, entry["height"], bytes.fromhex(entry["hash"]))
    validators = tuple(CometValidator(bytes.fromhex(key), power) for key, power in entry["validators"])
    return Root(network=network, start=GenesisRoot(time=entry["time"] * NANOSECONDS, validators=validators))


def by_python(vector: dict[str, Any], raw: bytes) -> dict[str, Any]:
    return judge_network_proof(raw, root_of(FILE["roots"][vector["root"]]), int(vector["now"]))


def asked(vector: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """Give what the light client in JavaScript is asked."""
    return {"root": FILE["roots"][vector["root"]], "raw": raw.hex(), "now": vector["now"], **BOUNDS}


def by_javascript(light: Judge, vector: dict[str, Any], raw: bytes) -> dict[str, Any]:
    try:
        answer = light.ask("proof", **asked(vector, raw))
    except Wrong as wrong:
        if wrong.name != "ProofWrong":
            raise  # the module stumbled, which is not the same as refusing
        return {"expected": "refuse", "fault": wrong.fault}
    told = {{"sealedAt": "sealed_at"}.get(name, name): value for name, value in answer.items()}
    kept = {name: value for name, value in told.items() if name not in {"kind", "network", "envelope"}}
    return {"expected": "accept", "proves": kept | ({"steps": len(kept["steps"])} if "steps" in kept else {})}


def alike(light: Judge, vector: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """Let both judge, and look that they say the same; gives the verdict."""
    ours, theirs = by_python(vector, raw), by_javascript(light, vector, raw)
    assert ours == theirs, f"{title(vector)}: {ours}, {theirs}, {raw.hex()}"
    return ours
