"""What a node answers instead of what it no longer has, or never had. These numbers stand in no block."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class NodeRefusal(RefusalCode):
    """Numbers 10200 to 10299, for ever."""

    BLOCK_IN_ARCHIVE = (
        10_200,
        "The block is older than those that this node has",
        "Ask a node that has it, or fetch its segment: 'sogdia archive fetch'.",
    )
    STATE_NOT_KEPT = (
        10_201,
        "The state of this height is not kept here",
        "Ask for one of the kept heights, for the present one, or another node.",
    )
