"""A graceful stop under load: every envelope that reached the node is answered, and what was receipted is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from sogdia.client.connection import Answer, Connection, NodeNotRunningError, Status
from sogdia.kernel.genesis import network_of
from tests.engine.running_node import new_ledger, reopened
from tests.engine.tiny_module import Wallet, tiny_genesis

ENVELOPES = 3_000
SECONDS_MAX = 30.0
SERVE = """
import sys
from pathlib import Path
from sogdia.node import run
from tests.engine.tiny_module import MODULES, NODE_KEY
run(Path(sys.argv[1]), [NODE_KEY], ready=lambda path: print(path, flush=True), verifier=sys.argv[2] == "on",
    modules=MODULES)
"""


def stop_in_the_middle(process, client, raws):
    """Send everything, have the node stopped while it works, and give each answer by its number."""
    for raw in raws:
        client.send("submit", raw)
    answers: dict[int, Answer] = {}
    try:
        while len(answers) < len(raws):
            answer = client.receive()
            answers[answer.number] = answer
            if len(answers) == 1:
                os.kill(process.pid, signal.SIGTERM)
    except NodeNotRunningError:
        pass
    return answers


@pytest.mark.parametrize("verifier", ["on", "off"])
def test_a_stop_answers_every_envelope_that_it_has_taken(tmp_path, verifier):
    folder = tmp_path / "node"
    new_ledger(folder, clock="manual").close()
    signer = Wallet(network_of(tiny_genesis(clock="manual")))
    raws = [signer.note(number) for number in range(ENVELOPES)]
    command = [sys.executable, "-c", SERVE, str(folder), verifier]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with Connection(folder, seconds=SECONDS_MAX) as client:
            answers = stop_in_the_middle(process, client, raws)
        began = time.monotonic()
        assert process.wait(SECONDS_MAX) == 0
        assert time.monotonic() - began < 10

    done = [number for number, answer in answers.items() if answer.status == Status.DONE]
    later = [number for number, answer in answers.items() if answer.status == Status.LATER]
    assert len(done) + len(later) == len(answers)
    assert done
    # Answers are by the numbers of the requests: no envelope that the node has read lies between two that it answered.
    assert sorted(answers) == list(range(1, len(answers) + 1))
    assert all(answers[number].payload == "the node is stopping" for number in later)
    ledger = reopened(folder)
    try:
        kept = {ledger.machine.envelopes.open(raws[number - 1], ledger.limits()).id for number in done}
        assert all(ledger.ids.outcome(each) is not None for each in kept)
    finally:
        ledger.close()
