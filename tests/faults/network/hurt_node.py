"""A node of a network that a fault test hurts: the product's own, but for what `hurt.json` in its folder names.

hurt_node.py node start FOLDER                        both processes, kept together by the product
hurt_node.py node start FOLDER --part application     the application, hurt

    {"marks": ["before-call-commit:3", …],    the application dies at the first; the next start takes the next one
     "crooked": true,                         proposes what stands in `crooked.json`, and accepts it itself
     "idle": true,                            proposes nothing but empty blocks
     "later": true}                           is the software of the rehearsal, which knows protocol version 2
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.network.hurts import CROOKED, HURTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.engine.cometbft.candidates import Occasion
    from sogdia.engine.cometbft.replica import Replica


def take_mark(place: Path, hurts: dict[str, Any]) -> None:
    """Arm the first of the marks, and leave the others for the next start."""
    if hurts.get("marks"):
        os.environ["SOGDIA_MARK"] = hurts["marks"].pop(0)
        (place / HURTS).write_text(json.dumps(hurts))


def be_crooked(place: Path) -> None:
    """Propose what may not be in a block, and vote for it."""
    from sogdia.engine.cometbft.replica import Replica  # noqa: PLC0415 - after the mark is armed

    honest_propose, honest_accepts = Replica.propose, Replica.accepts
    made: set[tuple[bytes, ...]] = set()

    def propose(self: Replica, occasion: Occasion, transactions: Sequence[bytes], bytes_max: int) -> list[bytes]:
        chosen = honest_propose(self, occasion, transactions, bytes_max)
        if (place / CROOKED).exists():
            chosen = [bytes.fromhex(each) for each in json.loads((place / CROOKED).read_text())]
            made.add(tuple(chosen))
        return chosen

    def accepts(self: Replica, occasion: Occasion, transactions: Sequence[bytes]) -> str | None:
        return None if tuple(transactions) in made else honest_accepts(self, occasion, transactions)

    Replica.propose, Replica.accepts = propose, accepts  # type: ignore[method-assign]


def be_idle() -> None:
    """Propose empty blocks only, which is allowed."""
    from sogdia.engine.cometbft.replica import Replica  # noqa: PLC0415 - after the mark is armed

    honest_propose = Replica.propose

    def propose(self: Replica, occasion: Occasion, transactions: Sequence[bytes], bytes_max: int) -> list[bytes]:
        return honest_propose(self, occasion, transactions[:0], bytes_max)

    Replica.propose = propose  # type: ignore[method-assign]


def be_later() -> None:
    """Be the software that knows one version more."""
    from sogdia import node  # noqa: PLC0415 - after the mark is armed
    from sogdia.modules import ALL  # noqa: PLC0415 - as above
    from sogdia.testing.rehearsal import REHEARSAL  # noqa: PLC0415 - as above

    defaults = node.run.__kwdefaults__
    assert defaults is not None
    defaults["modules"] = (*ALL, REHEARSAL)


def run_both(place: Path) -> None:
    """Keep the two processes together as the product does, with this program as the application."""
    from sogdia.cli.network_work import FINAL  # noqa: PLC0415 - only here
    from sogdia.network import pair  # noqa: PLC0415 - as above
    from sogdia.network.engine_program import find_engine  # noqa: PLC0415 - as above
    from sogdia.operate import logs  # noqa: PLC0415 - as above
    from sogdia.settings.sections import Settings  # noqa: PLC0415 - as above

    logs.begin(Settings().log)
    program = (sys.executable, __file__)
    try:
        pair.run(place, find_engine(), options=(), final=FINAL, ready=lambda: None, program=program)
    except pair.PairStoppedError as stopped:
        sys.exit(stopped.status)


def main() -> None:
    """Read the words as the product does, and run."""
    place = Path(sys.argv[3])
    if "application" not in sys.argv:
        run_both(place)
        return
    hurts = json.loads((place / HURTS).read_text())
    take_mark(place, hurts)
    if hurts.get("crooked"):
        be_crooked(place)
    if hurts.get("idle"):
        be_idle()
    if hurts.get("later"):
        be_later()
    from sogdia.cli.main import main as sogdia  # noqa: PLC0415 - after the mark is armed

    sogdia()


if __name__ == "__main__":
    main()
