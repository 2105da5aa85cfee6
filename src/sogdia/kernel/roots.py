"""Roots: what a header that is trusted says of the state before it, whichever engine made the header."""

from __future__ import annotations

from typing import NamedTuple


class TrustedRoots(NamedTuple):
    """The state after `height`, still so at `time`, and the last results up to then, which are of `results_height`.

    `previous` is the hash of the header of `height`, to which the trusted one links back.
    """

    network: bytes
    height: int
    time: int
    state_root: bytes
    results_height: int
    results_root: bytes
    previous: bytes
