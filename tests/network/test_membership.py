"""A fifth organisation joins by the others' votes, changes its key, and goes again: the real engine follows each."""

from __future__ import annotations

import pytest

from sogdia.engine.cometbft.home import CONFIG
from sogdia.engine.cometbft.next_key import NEXT_KEY_FILE, OLD_KEY_FILE
from sogdia.engine.cometbft.places import home
from sogdia.modules.governance.proposing import ProposeRemoval
from sogdia.modules.identity.node_keys import RotateNodeKey
from sogdia.network.validator_keys import prepare_change, prove_held
from tests.network.council import NEWCOMER, Council


@pytest.fixture
def council(four):
    return Council(four)


def test_an_organisation_joins_by_vote_changes_its_key_and_goes(four, council):
    house = council.add_newcomer()
    council.admit_newcomer("kz-bank")
    four.goes_on()
    # With one of five away, more than two thirds need the newcomer's vote.
    four.down("ke-customs")
    rest = [name for name in four.names if name != "ke-customs"]
    four.goes_on(rest)

    change = prepare_change(house)
    assert prepare_change(house)[:2] == change[:2], "asked again, it is the same next key"
    council.send([NEWCOMER], RotateNodeKey(**change._asdict()))
    four.until(lambda: council.keys("kz-bank")[council.newcomer.account] == change.new, "the key has not changed")
    # Its two processes begin anew meanwhile, each after a pause.
    four.goes_on(rest, seconds=60)
    config = home(house) / CONFIG
    assert not (config / NEXT_KEY_FILE).exists()
    assert (config / OLD_KEY_FILE).exists()
    assert prove_held(house, council.newcomer.account).public == change.new

    four.up("ke-customs")
    four.agrees()
    council.decide(["kz-bank"], ProposeRemoval(reference="leave", height=0, account=council.newcomer.account))
    four.until(lambda: len(council.keys("kz-bank")) == 4, "the member has not gone")
    four.goes_on(four.names[:4])
    four.down(NEWCOMER)
    # Three of four decide without it.
    four.down("ke-customs")
    four.goes_on(four.names[:3])
    four.up("ke-customs", NEWCOMER)
    four.agrees()
