"""Where the golden files are."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
REFUSALS = HERE / "refusals.txt"
TAGS = HERE / "tags.txt"
REFUSED = HERE / "refused.txt"
SCRIPT = HERE / "script.json"
PROGRAM = HERE / "script.py"
