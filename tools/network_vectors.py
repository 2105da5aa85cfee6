"""Writes the vectors of proofs from networks on CometBFT: from where trust begins to what is proved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sogdia.client.checking import check
from sogdia.client.light.store import LightStore
from sogdia.kernel.proof import ProofWrong
from tools.light_vectors import root_entry
from tools.network_proofs import BOUNDS, network_cases
from tools.vector_verdicts import proves

if TYPE_CHECKING:
    from sogdia.client.light.roots import Root
    from tools.vector_story import Story

NETWORK_FILE = Path("network-proofs.json")


def judge_network_proof(raw: bytes, root: Root, now: int) -> dict[str, Any]:
    """Let the client judge a proof, with nothing trusted but its root."""
    try:
        return {"expected": "accept", "proves": proves(check(raw, LightStore(root=root), now, BOUNDS).proven)}
    except ProofWrong as wrong:
        return {"expected": "refuse", "fault": str(wrong.fault)}


def network_text(story: Story) -> str:
    """Give the file."""
    roots, cases = network_cases(story)
    vectors = []
    for case in cases:
        judged = judge_network_proof(case.raw, roots[case.root], case.now)
        if judged.get("fault") != case.fault:
            message = f"{case.name}, {case.damage or 'whole'}: {judged}, and not {case.fault}"
            raise ValueError(message)
        vectors.append(
            {
                "name": case.name,
                **({"damage": case.damage} if case.damage else {}),
                **({"every_byte": True} if case.every_byte else {}),
                "root": case.root,
                "now": str(case.now),
                "bytes": case.raw.hex(),
                **judged,
            }
        )
    about = (
        "Proofs of every kind from networks on CometBFT. Trust begins with a genesis or a header; moments are"
        " nanoseconds. With `every_byte`, no proof that differs in one byte may hold."
    )
    content = {
        "about": about,
        "trusting_period": str(BOUNDS.trusting_period),
        "clock_drift": str(BOUNDS.clock_drift),
        "roots": {name: root_entry(root) for name, root in roots.items()},
        "vectors": vectors,
    }
    return json.dumps(content, indent=1) + "\n"
