"""The node of the demo, in a process of its own: a Ctrl-C in the terminal reaches the demo, which then stops the node.

Should the demo die without a word, its end of the pipe closes, and the node stops by itself.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Thread

from sogdia.client.running_nodes import announced
from sogdia.demo.stage import people_keys
from sogdia.node import load_keys, run


def main() -> None:
    """Run the node of the folder that is named on the command line."""
    folder = Path(sys.argv[1])
    Thread(target=_stop_with_the_demo, daemon=True).start()
    with announced(folder, people_keys(folder)):
        run(folder, load_keys(folder, _without_passphrase), ready=_stay_silent)


def _stop_with_the_demo() -> None:
    """Wait until the other end of standard input is closed, then ask this process to stop in order."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _without_passphrase(_path: Path) -> str:
    return ""


def _stay_silent(_socket: Path) -> None:
    return


if __name__ == "__main__":
    main()
