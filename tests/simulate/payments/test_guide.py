"""The guide of the payment simulation, followed literally: its tables are those that its commands write."""

from __future__ import annotations

import json

from tests.followed_guide import follow
from tests.tidy.repository import ROOT

NO_PORT = "no port is named in this guide"
GUIDE = ROOT / "docs" / "guides" / "simulate-payments.md"


def test_the_guide_shows_what_its_commands_write(tmp_path):
    status, words = follow("simulate-payments.md", tmp_path, ("bash",), NO_PORT)

    assert status == 0, words[-3_000:]
    written = (tmp_path / "rupee.md").read_text("utf-8").splitlines()
    shown = [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("| PKR, January 2023")]
    assert len(shown) == 6
    assert [line for line in shown if line not in written] == []
    heads = [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("| replay |")]
    assert len(heads) == 3
    assert set(heads) <= set(written)
    pounds = json.loads((tmp_path / "pounds.json").read_text("utf-8"))
    assert [(each["pays"], each["asks"], each["kind"]) for each in pounds["replays"]] == [("EGP", "USD", "own")]
