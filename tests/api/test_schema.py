"""The OpenAPI document and the server say the same: routes are tried with what fits the document and what does not.

A full run tries every case that the document suggests; every other run draws some for each route.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import rotation

FULL = bool(os.environ.get("SOGDIA_FULL"))
CASES = 50 if FULL else 5
PHASES = "coverage,fuzzing" if FULL else "fuzzing"
SLOW_ROUTES = "/v1/events/stream"
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_check_of_schemathesis_holds_on_every_route(town, tmp_path):
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG),
        "run", f"{town.address}/v1/openapi.json",
        "--max-examples", str(CASES),
        "--exclude-path", SLOW_ROUTES, "--phases", PHASES, "--seed", str(rotation.seed()),
        "--workers", "2", "--request-timeout", "10", "--no-color", "--suppress-health-check", "all",
        "--header", f"Authorization: {town.token('bank')}",
    ]  # fmt: skip

    ended = subprocess.run(command, cwd=tmp_path, env={**os.environ}, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout[:16_000]
    assert town.ask("/v1/status").status == 200


def test_every_reference_in_the_document_leads_somewhere(town):
    described = town.ask("/v1/openapi.json").raw.decode()
    known = {f"#/components/schemas/{name}" for name in json.loads(described)["components"]["schemas"]}
    used: set[str] = set()

    def look(value) -> None:
        if isinstance(value, dict):
            used.update(each for name, each in value.items() if name == "$ref")
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(json.loads(described))

    assert used <= known
    assert len(used) > 20
