"""Traders who send whole life cycles to a node over its socket, and keep every receipt that they were given.

Each step of an order leaves when the receipt of the one before is in hand, and many orders are under way at once. When
the node dies they read what had still reached them, and go on where they stood once it is back.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.work import STEPS, Maker
from sogdia.client.connection import Connection, Durable, NodeNotRunningError, NotAdmissible, Postponed, outcome_of
from sogdia.kernel.refusals import KernelRefusal
from tests.faults.node.world import parts_of_envelope

APPLIED = 0
RESENT_MAX = 100
PAUSE_SECONDS = 0.02


@dataclass(slots=True)
class Life:
    """An order's envelopes, and which of them is the next to leave."""

    steps: tuple[bytes, ...]
    next: int = 0


@dataclass(slots=True)
class Traders:
    """What was sent, what was acknowledged, and what went wrong."""

    maker: Maker
    in_flight: int = 16
    acknowledged: dict[bytes, Durable] = field(default_factory=dict)
    """By envelope: everything whose receipt has been in hand, in that order."""
    unheard: int = 0
    """How many steps were found after a restart though nobody had been told of them."""
    postponed: list[str] = field(default_factory=list)
    """What the node said it was waiting for, each time it took nothing."""
    complaints: list[str] = field(default_factory=list)
    _lives: list[Life] = field(default_factory=list)
    _made: int = 0
    _checked: int = 0

    def id_of(self, raw: bytes) -> bytes:
        """The id of an envelope."""
        return self.maker._maker.codec.id_of(bytes(parts_of_envelope(raw)[0]))

    def new_lives(self, count: int) -> list[Life]:
        """Build and sign so many more orders."""
        self._made += count
        return [Life(self.maker.life(number)) for number in range(self._made - count, self._made)]

    def receipts(self) -> dict[bytes, Durable]:
        """Every receipt that has been in hand, by id."""
        return {self.id_of(raw): receipt for raw, receipt in self.acknowledged.items()}

    # --------------------------------------------------------------------------------------------------- trading

    def trade(self, folder: Path, steps_max: int | None = None) -> int:
        """Trade until so many more steps are acknowledged or the node is gone; gives how many were."""
        before = len(self.acknowledged)
        try:
            connection = Connection(folder)
        except NodeNotRunningError:
            return 0
        under_way: dict[int, Life] = {}
        with connection:
            try:
                while steps_max is None or len(self.acknowledged) - before + len(under_way) < steps_max or under_way:
                    self._send(connection, under_way, steps_max, before)
                    if not under_way:
                        break
                    self._hear(connection, under_way)
            except (NodeNotRunningError, OSError):
                self._hear_last_words(connection, under_way)
        return len(self.acknowledged) - before

    def _send(self, connection: Connection, under_way: dict[int, Life], steps_max: int | None, before: int) -> None:
        busy = {id(life) for life in under_way.values()}
        idle = iter([life for life in self._lives if id(life) not in busy])
        while len(under_way) < self.in_flight:
            if steps_max is not None and len(self.acknowledged) - before + len(under_way) >= steps_max:
                return
            life = next(idle, None)
            if life is None:
                (life,) = self.new_lives(1)
                self._lives.append(life)
            under_way[connection.send("submit", life.steps[life.next])] = life

    def _hear(self, connection: Connection, under_way: dict[int, Life]) -> None:
        answer = connection.receive()
        life = under_way.pop(answer.number)
        outcome = outcome_of(answer)
        if isinstance(outcome, Durable) and outcome.receipt[1] == APPLIED:
            self.acknowledged[life.steps[life.next]] = outcome
            self._advance(life)
        elif isinstance(outcome, Postponed):
            self.postponed.append(outcome.reason)
            time.sleep(PAUSE_SECONDS)
        else:
            self.complaints.append(f"step {life.next} of an order came to {outcome}")
            self._lives.remove(life)

    def _hear_last_words(self, connection: Connection, under_way: dict[int, Life]) -> None:
        """Read what had left the node before it died."""
        connection._leaving = bytearray()
        try:
            while under_way:
                self._hear(connection, under_way)
        except (NodeNotRunningError, OSError):
            return

    def _advance(self, life: Life) -> None:
        life.next += 1
        if life.next == STEPS:
            self._lives.remove(life)

    # ------------------------------------------------------------------------------------------- after a restart

    def look_again(self, folder: Path) -> None:
        """Ask a restarted node for every receipt, note what it kept without saying so, and send old steps again."""
        with Connection(folder) as connection:
            known = list(self.acknowledged.items())[self._checked :]
            for (raw, receipt), found in zip(known, self._results(connection, [raw for raw, _ in known]), strict=True):
                if found != receipt:
                    self.complaints.append(f"acknowledged at height {receipt.height}, now {found}: {raw.hex()}")
            self._checked = len(self.acknowledged)
            open_steps = [life.steps[life.next] for life in self._lives]
            for life, kept in zip(list(self._lives), list(self._results(connection, open_steps)), strict=True):
                if kept is not None:
                    self.unheard += 1
                    self.acknowledged[life.steps[life.next]] = kept
                    self._advance(life)
            again = list(self.acknowledged)[-RESENT_MAX:]
            for raw, outcome in zip(again, connection.submit_many(again), strict=True):
                if not isinstance(outcome, NotAdmissible) or outcome.code != KernelRefusal.ENVELOPE_REPLAYED:
                    self.complaints.append(f"sent again, came to {outcome}: {raw.hex()}")

    def _results(self, connection: Connection, raws: list[bytes]) -> Iterator[Durable | None]:
        for raw in raws:
            yield connection.result(self.id_of(raw))
