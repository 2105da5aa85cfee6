"""Proofs that begin with a header which their reader names, where the node's own begin with the genesis.

The node gives light blocks, which need not be believed; the way over them is found here, and whoever reads the proof
checks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.client import questions
from sogdia.kernel.comet import CometAnchor, NoWayError, header_hash, shortened_way, way
from sogdia.kernel.comet_answers import light_block
from sogdia.kernel.proof import anchor_of, with_anchor

if TYPE_CHECKING:
    from sogdia.client.connection import Connection
    from sogdia.kernel.comet import LightBlock, Provider
    from sogdia.kernel.proof import Proof

PAGE_SIZE: Final = 100
"""The validators of any of our networks fit on one page of the engine's answer."""


class Begun(NamedTuple):
    """A proof, and the hash of the header that it begins with."""

    proof: Proof
    header: bytes


def light_blocks_of(connection: Connection) -> Provider:
    """Give who fetches light blocks from a node; raises `NoWayError` for one that its engine does not have."""
    known: dict[int, LightBlock] = {}

    def fetch(height: int, /) -> LightBlock:
        if height not in known:
            answers = []
            for method in ("commit", "validators"):
                has_it, content = connection.ask(questions.engine(method, height, 1, PAGE_SIZE))
                if not has_it:
                    raise NoWayError(f"its engine has no header of height {height}: {content.decode()}")
                answers.append(b'{"result":%b}' % content)
            known[height] = light_block(answers[0], answers[1:])
        return known[height]

    return fetch


def begun_at(proof: Proof, height: int, provider: Provider) -> Begun:
    """Let a proof begin with the header of a height; raises `NoWayError` when nothing leads from there to its own."""
    anchor = anchor_of(proof)
    if not isinstance(anchor, CometAnchor):
        raise NoWayError("the embedded engine made it, and such proofs begin with any key that is trusted")
    end = anchor.blocks[-1].header.height
    if height > end:
        raise NoWayError(f"it leads to the header of height {end}, which is older than {height}")
    start = provider(height)
    later = [] if height == end else way(start.validators, height, provider(end), provider)
    blocks = shortened_way((), [start, *later])
    begun = with_anchor(proof, CometAnchor(blocks=blocks, state=anchor.state))
    return Begun(begun, header_hash(start.header))
