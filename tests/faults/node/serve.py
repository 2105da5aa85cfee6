"""The real node as the fault tests start it, with limits so small that everything which happens rarely happens soon.

serve.py FOLDER [options]      says `ready` once it listens, and at an orderly end `passed: …`, the marks it passed
"""

import argparse
import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.work import keys_of
from sogdia.engine import marks
from sogdia.engine.ledger import writing
from sogdia.engine.solo import alone
from sogdia.engine.solo.clock import WallClock
from sogdia.engine.storage import block_log, ledger_file
from sogdia.engine.storage.ledger_file import LedgerFile
from sogdia.engine.storage.writes import BlockWrite
from sogdia.node import run


class EveryMark:
    """Stands where an armed mark would stand, and notes each name that it is compared with."""

    def __init__(self) -> None:
        """Begin with none."""
        self.names: set[str] = set()

    @property
    def name(self) -> object:
        """Something that is no name, but sees the one that it is compared with."""
        return self

    def __eq__(self, other: object) -> bool:
        """Note the name; it is never this one."""
        self.names.add(str(other))
        return False

    __hash__ = None  # type: ignore[assignment]


def wall_with_offset(offset: Path) -> float:
    """The computer's time and as many seconds more as the file says."""
    return time.time() + int(offset.read_text())


def write_nothing(_file: LedgerFile, _what: BlockWrite, entered: Callable[[], None] | None = None) -> None:
    """Say that all is written."""
    if entered is not None:
        entered()


def say(line: str) -> None:
    """Write one line to the standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the options, set the limits, and run the node."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--verifier", action="store_true", help="check signatures in a second process")
    parser.add_argument("--flush-blocks", type=int, default=writing.FLUSH_BLOCKS)
    parser.add_argument("--run-blocks", type=int, default=writing.RUN_BLOCKS)
    parser.add_argument("--log-bytes", type=int, default=block_log.LOG_BYTES, help="the size of a log that is made")
    parser.add_argument("--map-step", type=int, help="by how many bytes the map grows, with none to spare")
    parser.add_argument("--clock-offset", type=Path, help="a file with seconds that the wall clock is ahead")
    parser.add_argument("--accept-clock", action="store_true")
    parser.add_argument("--forgetful", action="store_true", help="write nothing: for the test of the tests")
    options = parser.parse_args()

    block_log.LOG_BYTES = options.log_bytes
    writing.FLUSH_BLOCKS, writing.RUN_BLOCKS = options.flush_blocks, options.run_blocks
    if options.map_step:
        ledger_file.MAP_STEP, ledger_file.MAP_SLACK = options.map_step, 0
    if options.clock_offset:
        jumping = functools.partial(WallClock, wall=lambda: wall_with_offset(options.clock_offset))
        alone.WallClock = jumping  # type: ignore[assignment,attr-defined]
    if options.forgetful:
        LedgerFile.write = write_nothing  # type: ignore[assignment,method-assign]
    passed = EveryMark()
    if marks._ARMED is None:
        marks._ARMED = passed  # type: ignore[assignment,misc]
    run(
        options.folder,
        [keys_of("node")],
        ready=lambda _socket: say("ready"),
        accept_clock=options.accept_clock,
        verifier=options.verifier,
    )
    say("passed: " + " ".join(sorted(passed.names)))


if __name__ == "__main__":
    main()
