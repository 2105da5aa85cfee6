"""How a replay ends before its time: a promise did not hold, or the ledger refused what has to go through."""

from __future__ import annotations


class PromiseBroken(Exception):  # noqa: N818 - what the simulation is there to find
    """Somebody has not exactly what was agreed. Says which order, who, and by how much."""


class StepRefused(Exception):  # noqa: N818 - an answer of the ledger's, with its number
    """The ledger refused a step that the replay counts on: the replay cannot go on."""
