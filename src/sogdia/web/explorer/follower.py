"""The index of an explorer that keeps its own, in a process of its own. It ends when its standard input is closed.

Should another process write the same index, that one is left to it, and looked after again a little later.
"""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from threading import Event, Thread

from sogdia.index.errors import IndexForeignError, IndexStoppedError
from sogdia.index.following import follow

AGAIN_SECONDS = 5.0

_log = logging.getLogger(__name__)


def main() -> None:
    """Follow the node of the folder that is named first into the database that is named second."""
    folder, database = Path(sys.argv[1]), sys.argv[2]
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: stop.set())
    Thread(target=_stop_with_the_explorer, args=(stop,), daemon=True).start()
    while not stop.is_set():
        try:
            follow(folder, database, stop)
        except IndexForeignError as error:
            _log.error("%s", error)
            sys.exit(1)
        except IndexStoppedError as error:
            _log.warning("%s; looking again in %.0f s", error, AGAIN_SECONDS)
            stop.wait(AGAIN_SECONDS)


def _stop_with_the_explorer(stop: Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


if __name__ == "__main__":
    main()
