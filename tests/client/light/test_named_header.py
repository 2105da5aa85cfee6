"""Proofs that begin with a header which their reader names: the way is found, checked, or there is none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sogdia.client.light.anchor import CheckedAnchor, check_anchor
from sogdia.client.light.named_header import Begun, begun_at
from sogdia.client.light.roots import root_by_header
from sogdia.client.light.store import LightStore
from sogdia.client.light.verify import LightFault, LightWrong
from sogdia.kernel.comet import (
    CometAnchor,
    CometValidator,
    LightBlock,
    NoWayError,
    header_hash,
    shortened,
    validators_hash,
)
from sogdia.kernel.proof import HistoryProof, Proof, StateProof, anchor_of
from tools.light_anchors import NETWORK, anchor, block
from tools.light_cases import BOUNDS, NOW
from tools.light_made import voters

END = 40


def proof(blocks: tuple[LightBlock, ...]) -> StateProof:
    """Give a proof that leads over these light blocks; what it proves does not matter here."""
    return StateProof(anchor=anchor(*blocks), table=1, key=b"k", stored=None, entries=b"", levels=())


class Node:
    """Gives the light blocks of a chain whose validators are all others from some heights on, and remembers which."""

    def __init__(self, changes: tuple[int, ...] = (), begins: int = 1) -> None:
        """Have the headers from `begins` on."""
        self._changes = changes
        self._begins = begins
        self.asked: list[int] = []

    def __call__(self, height: int, /) -> LightBlock:
        """Give one."""
        self.asked.append(height)
        if height < self._begins:
            raise NoWayError(f"its engine has no header of height {height}")
        return self.block(height)

    def block(self, height: int) -> LightBlock:
        """Make one."""
        return block(height, self._set(height), next_validators_hash=validators_hash(self._set(height + 1)))

    def _set(self, height: int) -> tuple[CometValidator, ...]:
        return voters(1, 1, 1, 1, first=4 * sum(height >= change for change in self._changes))


def anchor_in(proof: Proof) -> CometAnchor:
    """Give its anchor."""
    found = anchor_of(proof)
    assert isinstance(found, CometAnchor)
    return found


def checked(begun: Begun, height: int) -> CheckedAnchor:
    """Check it as its reader does, who trusts that header alone."""
    root = root_by_header(NETWORK, height, begun.header)
    return check_anchor(anchor_in(begun.proof), LightStore(root=root), NOW, BOUNDS)


@pytest.mark.parametrize("height", [1, 9, END - 1, END])
def test_a_proof_begins_where_its_reader_says(height):
    node = Node()
    own = proof((shortened(node.block(END)),))

    begun = begun_at(own, height, node)

    assert begun.header == header_hash(node.block(height).header)
    assert checked(begun, height).roots.height == END - 1
    assert [each.header.height for each in anchor_in(begun.proof).blocks] == sorted({height, END})
    assert replace(begun.proof, anchor=own.anchor) == own
    with pytest.raises(LightWrong) as wrong:
        check_anchor(anchor_in(own), LightStore(root=root_by_header(NETWORK, 5, begun.header)), NOW, BOUNDS)
    assert wrong.value.fault is LightFault.HEIGHT


def test_it_leads_over_every_change_of_the_validators_that_comes_after():
    node = Node(changes=(10, 20, 30))

    begun = begun_at(proof((node.block(END),)), 12, node)

    heights = [each.header.height for each in anchor_in(begun.proof).blocks]
    assert heights[0] == 12
    assert heights[-1] == END
    assert {19, 20} <= set(heights)
    assert {29, 30} <= set(heights)
    assert min(node.asked) == 12
    assert checked(begun, 12).roots.height == END - 1


def test_the_life_of_an_object_begins_there_as_well():
    node = Node()
    life = HistoryProof(state=proof((node.block(END),)), steps=())

    begun = begun_at(life, 7, node)

    assert checked(begun, 7).roots.height == END - 1
    assert isinstance(begun.proof, HistoryProof)


def test_headers_that_no_proof_can_begin_with_are_told_apart():
    node = Node(begins=10)
    own = proof((node.block(END),))

    with pytest.raises(NoWayError, match=f"height {END}, which is older than {END + 1}"):
        begun_at(own, END + 1, node)
    with pytest.raises(NoWayError, match="no header of height 9"):
        begun_at(own, 9, node)
