"""Records real chains for the tests: `python -m tests.client.light.record [FOLDER]`, about two minutes.

Two chains of CometBFT run on loopback, with the key-value store that is built into the program. While the first, of the
pinned version, makes blocks, weights change, all four first validators are replaced one after another, a node sleeps
and wakes, and one is killed, so that commits lack votes and take more rounds than one. The second, of the older
version, only changes one weight. Of each chain chosen heights are kept, just as the node answered.

Every run makes another chain, with other keys: the files are recorded once, and kept.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import go_programs
from tests.client.light.chain import NEWEST, OLDER, Chain

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).resolve().parents[3] / "tools" / "recorded"


def recorded(chain: Chain, version: str, heights: Iterable[int]) -> dict[str, Any]:
    """Give what is kept of a chain."""
    kept = {}
    for height in heights:
        commit, (validators,) = chain.answers(height)
        kept[str(height)] = {"commit": json.loads(commit), "validators": json.loads(validators)}
    return {"cometbft": version, "genesis": chain.genesis, "heights": kept}


def changing(program: Path, folder: Path) -> dict[str, Any]:
    """Record a chain whose validators all change."""
    with Chain(program, folder, voting=4, others=4) as chain:
        chain.wait_for(8)
        chain.weigh(0, 3)
        for old, new in ((1, 4), (2, 5), (3, 6), (0, 7)):
            chain.weigh(new, 2)
            chain.weigh(old, 0)
        quiet = chain.height()
        for _ in range(6):
            chain.signal(6, signal.SIGSTOP)
            time.sleep(0.45)
            chain.signal(6, signal.SIGCONT)
            time.sleep(0.45)
        chain.signal(7, signal.SIGKILL)
        chain.wait_for(chain.height() + 8)
        end = chain.height() - 1
        heights = sorted({*range(1, quiet), *rarities(chain, quiet, end), end - 1, end})
        return recorded(chain, "v0.40.0", heights)


def rarities(chain: Chain, since: int, end: int) -> list[int]:
    """Choose heights whose commit has something rare: a later round, a vote for no block, somebody not heard."""
    found: dict[tuple[bool, bool, bool], int] = {}
    for height in range(since, end):
        commit = json.loads(chain.answers(height)[0])["result"]["signed_header"]["commit"]
        flags = {vote["block_id_flag"] for vote in commit["signatures"]}
        found.setdefault((commit["round"] > 0, 3 in flags, 1 in flags), height)
    return list(found.values())


def steady(program: Path, folder: Path) -> dict[str, Any]:
    """Record a chain of the older version, whose validators stay."""
    with Chain(program, folder, voting=4) as chain:
        chain.wait_for(5)
        chain.weigh(2, 4)
        chain.wait_for(chain.height() + 4)
        return recorded(chain, "v0.38.26", [1, 2, 4, *range(6, chain.height() - 1, 3)])


def main(arguments: list[str]) -> int:
    """Record both chains."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(exist_ok=True)
    for name, module, record in (("v0.40", NEWEST, changing), ("v0.38", OLDER, steady)):
        program = go_programs.program(module)
        if not isinstance(program, Path):
            sys.stderr.write(f"{program}\n")
            return 1
        with tempfile.TemporaryDirectory() as place:
            found = record(program, Path(place) / "chain")
        path = folder / f"{name}.json"
        path.write_text(json.dumps(found, separators=(",", ":")) + "\n", "utf-8")
        sys.stdout.write(f"wrote {path}: {len(found['heights'])} heights, {path.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
