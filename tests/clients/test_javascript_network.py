"""Proofs from networks on CometBFT: both clients judge the published ones as they say, and damaged ones alike."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.clients import node_js
from tests.clients.network_judging import (
    OTHER_ENGINE,
    VECTORS,
    WHOLE,
    alike,
    asked,
    by_javascript,
    said,
    title,
)
from tests.clients.node_js import Judge, Wrong
from tests.clients.test_javascript_damage import SEEDS
from tests.clients.test_javascript_vectors import FILES
from tests.independent.test_checker import damaged_at_random

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.real("Node.js")

CASES, CASES_FULL = 10, 4_000
STEP = 5
"""One place in so many is altered on every commit, another on the next; in a full run, and by Python, all are."""


@pytest.fixture(scope="module", params=[node_js.LIGHT_SOURCE, node_js.LIGHT_BUNDLE], ids=["sources", "one file"])
def light(request: pytest.FixtureRequest, node: str) -> Iterator[Judge]:
    """Node.js with the light client: once with its sources, once with its file beside that of the module."""
    with Judge(node, request.param, node_js.LIGHT_JUDGE) as running:
        yield running


@pytest.mark.parametrize("vector", VECTORS, ids=title)
def test_the_light_client_judges_a_proof_as_it_says(light, vector):
    judged = by_javascript(light, vector, bytes.fromhex(vector["bytes"]))

    if vector.get("damage") in OTHER_ENGINE:
        assert judged == {"expected": "refuse", "fault": "form"}
    else:
        assert judged == said(vector)


@pytest.mark.parametrize("vector", [each for each in WHOLE if "every_byte" in each], ids=title)
def test_no_byte_of_a_proof_can_be_altered_for_the_light_client(light, vector, rotation, full_run):
    raw = bytes.fromhex(vector["bytes"])
    step = 1 if full_run else STEP

    held = light.ask(
        "altered_everywhere", bits=1 << rotation % 8, first=rotation % step, step=step, **asked(vector, raw)
    )

    assert held == []


def test_a_proof_of_a_network_is_refused_by_whoever_trusts_the_embedded_engine_s_keys(judge):
    vector = WHOLE[0]
    trusted = {"network": "00" * 32, "validators": [["00" * 32, 1]], "since": 1}

    with pytest.raises(Wrong) as wrong:
        judge.ask("proof", raw=vector["bytes"], trusted=trusted)

    assert (wrong.value.name, wrong.value.fault) == ("ProofWrong", "form")


@pytest.mark.parametrize(("engine", "fault"), [("solo", None), ("cometbft", "validators")])
def test_headers_of_the_embedded_engine_prove_nothing_to_whoever_trusts_a_network(judge, engine, fault):
    file = FILES["state-proofs"]
    vector = file["vectors"][0]
    trusted = {**file["trusted"][vector["trusted"]], "engine": engine}

    try:
        judge.ask("proof", raw=vector["bytes"], trusted=trusted)
        found = None
    except Wrong as wrong:
        found = wrong.fault

    assert found == fault


def test_damaged_proofs_are_judged_alike_whoever_damaged_them(judge, light, rotation, full_run):
    chance = random.Random(rotation)
    faults = set()

    for vector in WHOLE:
        for _ in range(CASES_FULL if full_run else CASES):
            by_hand = damaged_at_random(bytes.fromhex(vector["bytes"]), chance)
            anew = bytes.fromhex(judge.ask("alter", raw=vector["bytes"], seed=str(chance.randrange(SEEDS))))
            faults |= {alike(light, vector, raw).get("fault") for raw in (by_hand, anew)}

    assert {"form", "header", "value"} <= faults
