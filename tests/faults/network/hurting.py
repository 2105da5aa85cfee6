"""A real network whose nodes can be hurt, and the one look that ends every case."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from sogdia.engine.cometbft.engine_rpc import EngineAwayError, EngineRefusedError, EngineRpc
from sogdia.engine.cometbft.places import ENGINE_LOG, rpc_socket
from sogdia.network import local
from sogdia.network.engine_program import VARIABLE
from tests.faults.network.hurts import ENGINE_FAILS, HURTS, PROGRAM, failing_engine
from tests.faults.workers import ROOT
from tests.network.running import FOUR, LOOK_SECONDS, RECOVERY_SECONDS, Load, RunningNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADERS = 20
"""So many of the engine's headers are compared; its RPC gives no more at a time."""

RETURN_SECONDS = 120.0
"""A node that was hurt may take longer than the network, which never waits for it: it starts anew, perhaps several
times on a machine that others use as well, and catches up."""


class HurtNetwork(RunningNetwork):
    """A network of organisations, any of which can be hurt."""

    def __init__(self, folder: Path, engine: Path, names: Sequence[str] = FOUR, **wanted: Any) -> None:  # noqa: ANN401
        """Make it; it does not run yet."""
        super().__init__(folder, engine, names, **wanted)
        self.engine = failing_engine(folder, engine)
        self.whole = True
        """Whether the last case has ended with everything as it should be."""

    def up(self, *names: str) -> None:
        """Start nodes, hurt ones as they are to be hurt, and wait until they have a block."""
        self.start(*names)
        super().up(*names)

    def start(self, *names: str) -> None:
        """Start nodes and do not wait."""
        os.environ[VARIABLE] = str(self.engine)
        for name in names or self.names:
            place = self.place(name)
            if (place / HURTS).exists() and local.process_of(place) is None:
                local.start(place, ["env", f"PYTHONPATH={ROOT}", *self.prefix(name, str(PROGRAM))])
            elif local.process_of(place) is None:
                local.start(place, self.prefix(name, "-m", "sogdia"))

    def prefix(self, name: str, *words: str) -> list[str]:  # noqa: ARG002 - networks of another kind start it elsewhere
        """Give the beginning of the command line that starts a node."""
        return [sys.executable, *words]

    # ---------------------------------------------------------------------------------------------------- hurting

    def hurt(self, name: str, **hurts: Any) -> None:  # noqa: ANN401 - what `hurt_node` knows
        """Say what is to be wrong with a node from its next start on; nothing heals it."""
        if hurts:
            (self.place(name) / HURTS).write_text(json.dumps(hurts))
        else:
            (self.place(name) / HURTS).unlink(missing_ok=True)

    def fail_engine(self, name: str, *places: int) -> None:
        """Let a node's engine fail at its marked places, one at each of its next starts."""
        (self.place(name) / ENGINE_FAILS).write_text("".join(f"{each}\n" for each in places))

    def is_up(self, name: str) -> bool:
        """Tell whether the process that keeps a node's two together is there."""
        return local.process_of(self.place(name)) is not None

    def pause(self, name: str, part: str, seconds: float) -> None:
        """Let a process stand still."""
        process = self.processes(name)[part]
        os.kill(process, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(process, signal.SIGCONT)

    # ---------------------------------------------------------------------------------------------------- looking

    def ask_engine(self, name: str, method: str, **parameters: object) -> Any:  # noqa: ANN401 - what it answers
        """Ask a node's engine; nothing when it does not answer."""

        async def ask() -> Any:  # noqa: ANN401 - as above
            rpc = EngineRpc(rpc_socket(self.place(name)))
            try:
                return await rpc.ask(method, **parameters)
            except (EngineAwayError, EngineRefusedError):
                return None
            finally:
                rpc.close()

        return asyncio.run(ask())

    def engine_said(self, name: str, words: str) -> int:
        """Give how often a node's engine has said something."""
        return _times(self.place(name) / ENGINE_LOG, words)

    def said_by(self, name: str, words: str) -> int:
        """Give how often a node has said something."""
        return _times(self.place(name) / local.NODE_LOG, words)

    def app_hash(self, name: str) -> tuple[int, str] | None:
        """Ask a node's application, by the engine, for its height and app hash."""
        told = self.ask_engine(name, "abci_info")
        if told is None:
            return None
        return int(told["response"].get("last_block_height", 0)), told["response"].get("last_block_app_hash", "")

    def headers(self, name: str, height: int) -> dict[int, str]:
        """Give the hashes of the engine's last headers up to a height; they cover every app hash."""
        told = self.ask_engine(name, "blockchain", minHeight=str(max(1, height - HEADERS + 1)), maxHeight=str(height))
        return {int(each["header"]["height"]): each["block_id"]["hash"] for each in told["block_metas"]}

    def stands(self, load: Load, names: Sequence[str] = (), *, back: float = RECOVERY_SECONDS) -> None:
        """Look that a fault has left nothing behind; the load goes on until then.

        1. There is progress within 20 s: everywhere, or at those who were not hurt when the others get longer (`back`).
        2. Nothing that was acknowledged is lost: every node has it in the same block with the same receipt.
        3. All app hashes are equal.
        4. There is no fork: the blocks of the last 200 heights are the same, and so are the engine's headers.
        """
        chosen = tuple(names or self.names)
        before, acknowledged = max(self.height(name) for name in chosen), len(load.acknowledged)
        self.until(lambda: sum(self.height(each) > before for each in chosen) * 3 > len(self.names) * 2, "no progress")
        self.until(lambda: len(load.acknowledged) > acknowledged, "nothing is acknowledged", back)
        self.until(lambda: all(self.height(name) > before for name in chosen), "a node is not back", back)
        load.stop()
        self.agrees(chosen)
        assert load.check(chosen) > 0
        self._app_hashes_are_equal(chosen)
        height = min(self.height(name) for name in chosen)
        seen = [self.headers(name, height) for name in chosen]
        assert all(each == seen[0] and each for each in seen), f"the engines' headers differ: {seen}"
        self.whole = True

    def _app_hashes_are_equal(self, names: Sequence[str]) -> None:
        until = time.monotonic() + RECOVERY_SECONDS
        while True:
            found = {name: self.app_hash(name) for name in names}
            hashes = {each for each in found.values() if each is not None}
            heights = {height for height, _hash in hashes}
            if len(heights) == 1 and None not in found.values():
                assert len(hashes) == 1, f"the app hashes differ: {found}"
                return
            assert time.monotonic() < until, f"the nodes do not come to one height: {found}"
            time.sleep(LOOK_SECONDS)


def _times(log: Path, words: str) -> int:
    """Give how often something stands in a log, which may not be there yet."""
    return log.read_text(errors="replace").count(words) if log.exists() else 0
