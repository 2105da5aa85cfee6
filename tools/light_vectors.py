"""Writes the vectors of the light client: steps of trust from one light block to another, and anchors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sogdia.client.light.anchor import check_anchor, read_anchor
from sogdia.client.light.roots import GenesisRoot, Root
from sogdia.client.light.store import LightStore
from sogdia.client.light.verify import LightWrong, trust_in, verify_next
from sogdia.kernel.codec import encode
from tools.light_anchors import AnchorCase, anchor_cases
from tools.light_cases import BOUNDS, Case, cases
from tools.light_made import RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.comet import LightBlock

REAL_EVERY = 8
"""Of the many steps on real chains, one in so many is published."""


def judge_step(case: Case) -> dict[str, Any]:
    """Let the client judge a step."""
    try:
        trust = verify_next(trust_in(case.trusted), case.new, case.now, case.bounds)
    except LightWrong as wrong:
        return {"expected": "refuse", "fault": str(wrong.fault)}
    return {"expected": "accept", "proves": {"height": trust.height, "hash": trust.hash.hex()}}


def judge_anchor(case: AnchorCase) -> dict[str, Any]:
    """Let the client judge an anchor, with nothing trusted but its root."""
    try:
        roots = check_anchor(read_anchor(case.raw), LightStore(root=case.root), case.now, BOUNDS).roots
    except LightWrong as wrong:
        return {"expected": "refuse", "fault": str(wrong.fault)}
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in roots._asdict().items()}
    return {"expected": "accept", "proves": shown}


def root_entry(root: Root) -> dict[str, Any]:
    """Write where trust begins."""
    start = root.start
    if isinstance(start, GenesisRoot):
        validators = [[each.public.hex(), each.power] for each in start.validators]
        return {"network": root.network.hex(), "time": start.time // 10**9, "validators": validators}
    return {"network": root.network.hex(), "height": start.height, "hash": start.hash.hex()}


def published() -> list[Case]:
    """Choose the steps that are published: all that were made, and some of the real ones."""
    made = cases()
    real = [case for case in made if case.name.startswith("v0.") and " to " in case.name]
    return real[::REAL_EVERY] + [case for case in made if case not in real]


def light_text() -> str:
    """Give the file."""
    verdicts = json.loads((RECORDED / "verdicts.json").read_text("utf-8"))["verdicts"]
    names: dict[bytes, str] = {}

    def name_of(block: LightBlock) -> str:
        return names.setdefault(encode(block), f"block {len(names)}")

    steps = [
        {
            "name": case.name,
            "trusted": name_of(case.trusted),
            "new": name_of(case.new),
            "now": str(case.now),
            "trusting_period": str(case.bounds.trusting_period),
            "clock_drift": str(case.bounds.clock_drift),
            **judge_step(case),
            "cometbft": "refuse" if verdicts[case.name] else "accept",
        }
        for case in published()
    ]
    anchors = [
        {
            "name": case.name,
            "root": root_entry(case.root),
            "bytes": case.raw.hex(),
            "now": str(case.now),
            "trusting_period": str(BOUNDS.trusting_period),
            "clock_drift": str(BOUNDS.clock_drift),
            **judge_anchor(case),
        }
        for case in anchor_cases()
    ]
    about = (
        "The light client for networks on CometBFT. A step asks whether a new light block may be trusted because"
        " another is; `cometbft` is what CometBFT v0.40.0 itself says. Moments and lengths of time are nanoseconds."
    )
    blocks = {name: raw.hex() for raw, name in names.items()}
    return _lines({"about": about, "blocks": blocks, "steps": steps, "anchors": anchors})


def _lines(content: dict[str, Any]) -> str:
    """Write JSON with an entry a line."""
    parts = []
    for name, value in content.items():
        if isinstance(value, dict):
            rows: Iterable[str] = (f"{json.dumps(key)}: {json.dumps(row)}" for key, row in value.items())
            parts.append(f"{json.dumps(name)}: {{\n  " + ",\n  ".join(rows) + "\n }")
        elif isinstance(value, list):
            parts.append(f"{json.dumps(name)}: [\n  " + ",\n  ".join(json.dumps(row) for row in value) + "\n ]")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return "{\n " + ",\n ".join(parts) + "\n}\n"


LIGHT_FILE = Path("light-blocks.json")
