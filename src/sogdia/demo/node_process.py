"""The node of the demo, in a process of its own: it outlives a Ctrl-C in the terminal until the demo has stopped it."""

from __future__ import annotations

import sys
from pathlib import Path

from sogdia.client.running_nodes import announced
from sogdia.demo.stage import people_keys
from sogdia.node import load_keys, run


def main() -> None:
    """Run the node of the folder that is named on the command line."""
    folder = Path(sys.argv[1])
    with announced(folder, people_keys(folder)):
        run(folder, load_keys(folder, _without_passphrase), ready=_stay_silent)


def _without_passphrase(_path: Path) -> str:
    return ""


def _stay_silent(_socket: Path) -> None:
    return


if __name__ == "__main__":
    main()
