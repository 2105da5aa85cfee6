"""What the commands of `sogdia network` and of a node of a network do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.cli.exits import Exit, Stopped
from sogdia.network import pair
from sogdia.network.engine_program import PINNED, UNTESTED, find_engine, version_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sogdia.settings.sections import Settings

FINAL = frozenset({int(Exit.USAGE), int(Exit.UNREACHABLE), int(Exit.DAMAGED)})
"""With these the application ends when a person has to do something first."""


def start_pair(place: Path, options: list[str], settings: Settings, say: Callable[[str], None]) -> None:
    """Run a node's application and engine until asked to stop."""
    from sogdia.operate import logs  # noqa: PLC0415 - it needs the settings

    logs.begin(settings.log)
    engine = find_engine()
    version = version_of(engine)
    if version.endswith(UNTESTED):
        say(f"CometBFT {version.removesuffix(UNTESTED)} was not tested with this release; {PINNED} was.")
    say(f"CometBFT {version} ({engine}) orders the blocks; what it says stands in {place / 'engine.log'}.")
    try:
        pair.run(place, engine, options=tuple(options), final=FINAL, ready=lambda: None)
    except pair.PairStoppedError as stopped:
        status = next(each for each in Exit if each == stopped.status)
        raise Stopped(status, "The node's application cannot go on; it has said why.", "") from stopped
