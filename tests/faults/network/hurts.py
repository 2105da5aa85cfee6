"""How a fault test tells a node what is wrong with it: files in the node's folder, read by programs of the test's own.

The engine is started through a script that lets it fail at one of its own marked places, once for each line of a file.
"""

from __future__ import annotations

from pathlib import Path

HURTS = "hurt.json"
CROOKED = "crooked.json"
ENGINE_FAILS = "engine-fails"
PROGRAM = Path(__file__).with_name("hurt_node.py")

FAILING_ENGINE = """#!/bin/sh
# {engine}, which fails once at the place that the first line of the node's file names.
fails="${{3:-/nowhere/engine}}/../{file}"
if [ "$1" = start ] && [ -s "$fails" ]; then
    FAIL_TEST_INDEX=$(head -n 1 "$fails")
    export FAIL_TEST_INDEX
    sed -i 1d "$fails"
fi
exec {engine} "$@"
"""


def failing_engine(folder: Path, engine: Path) -> Path:
    """Write the script through which the engine is started."""
    script = folder / "failing-engine"
    script.write_text(FAILING_ENGINE.format(engine=engine, file=ENGINE_FAILS), encoding="ascii")
    script.chmod(0o755)
    return script
