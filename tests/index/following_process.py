"""A process that follows a node in small batches, so that a kill falls between and into many transactions."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sogdia.index import following
from sogdia.index.writer import IndexWriter

PACE_VARIABLE = "INDEX_TEST_PACE"


def main() -> None:
    """Follow until a signal; with a pace, every batch is one block and waits before it is committed."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    pace = os.environ.get(PACE_VARIABLE)
    if pace:
        following.BATCH_BLOCKS = 1
        move = IndexWriter._move

        def slow(self: IndexWriter, *arguments: Any) -> None:  # noqa: ANN401 - handed on
            time.sleep(float(pace))
            move(self, *arguments)
            time.sleep(float(pace))

        IndexWriter._move = slow  # type: ignore[method-assign]
    following.follow(Path(sys.argv[1]), sys.argv[2], stop)


if __name__ == "__main__":
    main()
