"""The guide for integrators, followed literally, with the real curl and openssl and in a real network namespace."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.followed_guide import follow

PROGRAMS = ("curl", "openssl", "xxd", "sh", "unshare")


@pytest.mark.real("curl and openssl")
@pytest.mark.real("a network namespace without interfaces")
def test_a_newcomer_registers_lists_orders_and_checks_the_proof_without_a_network(tmp_path):
    if shutil.which("unshare") is None or subprocess.run(["unshare", "--net", "true"], check=False).returncode:
        pytest.skip("this user may not make a network namespace")

    status, words = follow("sandbox.md", tmp_path, PROGRAMS, "8090")

    assert status == 0, words[-3_000:]
    admitted, rest = words.split('"event":"OrderPlaced"', 1)
    checked, rest = rest.split("The proof is right.", 1)
    turned_down, failures = rest.split("This is not accepted: the network 'sandbox' is a sandbox", 1)
    assert "SANDBOX in trial: a network for trials." in admitted
    assert '"event":"ListingOpened"' in admitted
    assert "The proof is right." not in checked + turned_down + failures
    assert '"name":"HOLDER_FROZEN"' in failures
    assert '"forced":"by the sandbox' in failures
    assert failures.index('"forced":') < failures.index('"event":"Transferred"')
