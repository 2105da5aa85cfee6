"""Python and JavaScript judge damaged bytes alike for a long time: proofs and envelopes, whoever damaged them."""

import random
import time

import pytest

from tests.clients import network_judging, node_js
from tests.clients.test_javascript_damage import SEEDS, judged_alike, whole
from tests.clients.test_javascript_vectors import BUILDING, FILES
from tests.independent.test_checker import damaged_at_random

FULL_SECONDS = 300
QUICK_SECONDS = 3
TRIED_MIN = 300
NETWORK = "network-proofs"


@pytest.mark.slow
@pytest.mark.timeout(FULL_SECONDS + 120)
@pytest.mark.real("Node.js")
def test_no_damaged_bytes_are_judged_differently_by_the_two_clients(rotation, full_run):
    reason = node_js.missing()
    if reason is not None:
        pytest.skip(reason)
    chance = random.Random(rotation)
    vectors = [(file, vector) for file in FILES for vector in whole(file)]
    vectors += [(NETWORK, vector) for vector in network_judging.WHOLE]
    seeds = {each["name"]: [sender["seed"] for sender in each["senders"]] for each in BUILDING["vectors"]}
    tried, faults = 0, set()

    began = time.monotonic()
    module, beside = chance.choice([(node_js.SOURCE, node_js.LIGHT_SOURCE), (node_js.BUNDLE, node_js.LIGHT_BUNDLE)])
    with node_js.Judge("node", module) as judge, node_js.Judge("node", beside, node_js.LIGHT_JUDGE) as light:
        while tried < TRIED_MIN or time.monotonic() - began < (FULL_SECONDS if full_run else QUICK_SECONDS):
            file, vector = chance.choice(vectors)
            raw, seed = vector["bytes"], str(chance.randrange(SEEDS))
            made = [judge.ask("alter", raw=raw, seed=seed)]
            if file == "envelopes":
                network = BUILDING["network"]
                made.append(
                    judge.ask("alter_and_sign", raw=raw, seed=seed, network=network, seeds=seeds[vector["name"]])
                )
            by_python = damaged_at_random(bytes.fromhex(raw), chance)
            twice = damaged_at_random(bytes.fromhex(made[0]), chance)
            for damaged in (by_python, twice, *map(bytes.fromhex, made)):
                if file == NETWORK:
                    judged = network_judging.alike(light, vector, damaged)
                else:
                    judged = judged_alike(judge, file, vector, damaged, rotation)
                faults.add(judged.get("fault"))
                tried += 1

    assert {"form", "header", "signatures", "ENVELOPE_MALFORMED", "SIGNATURE_WRONG"} <= faults
