"""A node that began with a snapshot finds in fetched segments what it never executed: receipts, lives of objects."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sogdia.cli.exits import Exit
from sogdia.cli.running import run
from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.folders import archive_places
from sogdia.engine.folders.archive import FOLDER
from tests.network.restoring import offers, restore
from tests.network.test_pruning import chain, first, grow, place_hold, wallet  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from tests.network.chain import Chain, Member
    from tests.network.test_application import Wallet


class Late:
    """A member that began with a snapshot, and what it should find of the time before."""

    def __init__(self, chain: Chain, wallet: Wallet) -> None:  # noqa: F811 - fixtures
        """Let the first member begin anew with a snapshot of the second."""
        self.giver: Member
        self.member, self.giver = chain.members
        self.key = place_hold(chain, wallet)
        self.whole = self.giver.replica.lookups.life(self.key)
        paid = wallet.mint()
        self.id = paid.id
        chain.block(paid.raw, at=chain.time + 1)
        found = self.giver.replica.lookups.find(self.id)
        assert found is not None
        self.found = found
        grow(chain, wallet, 12)
        self.member.begin_anew()
        oldest = min(offers(self.giver), key=lambda each: each.height)
        restore(self.member, self.giver, oldest, chain.network)
        self.member.ask(info=abci.RequestInfo(abci_version="2.0.0"))
        chain.catch_up(self.member)

    def fetch(self, of: Member | None = None, source: Member | None = None) -> None:
        """Fetch the other's segments while both are at rest."""
        for member in (self.member, self.giver):
            member.close()
        status = run(["archive", "fetch", str((source or self.giver).folder), str((of or self.member).folder)])
        for member in (self.member, self.giver):
            member.open()
        assert status == Exit.DONE

    def knows(self) -> tuple[bool, bool]:
        """Tell whether it finds the receipt, and the life."""
        lookups = self.member.replica.lookups
        found = lookups.find(self.id)
        assert found is None or found[:3] == self.found[:3]
        return found is not None, lookups.life(self.key) == self.whole


@pytest.fixture
def late(chain, wallet):  # noqa: F811 - fixtures
    return Late(chain, wallet)


def test_what_was_before_its_snapshot_is_found_once_segments_are_fetched(late):
    assert late.whole[-1].height < first(late.member)
    assert late.knows() == (False, False)

    late.fetch()

    assert late.knows() == (True, True)
    late.member.die()
    assert late.knows() == (True, True)


def test_places_are_in_several_runs_when_there_are_many(late, monkeypatch):
    monkeypatch.setattr(archive_places, "RUN_ENTRIES_MAX", 2)

    late.fetch()

    assert late.knows() == (True, True)


def test_a_node_that_handed_its_blocks_on_itself_knows_each_step_once_though_it_fetched_them_again(late):
    late.fetch()
    own = late.giver.folder / FOLDER / "1-4.segment"
    own.unlink()

    late.fetch(of=late.giver, source=late.member)

    assert own.exists()
    assert list(own.parent.glob("*.places"))
    assert late.giver.replica.lookups.life(late.key) == late.whole


def test_what_was_copied_by_hand_or_not_finished_is_found_after_the_next_fetch(late):
    shutil.copytree(late.giver.folder / FOLDER, late.member.folder / FOLDER)
    assert late.knows() == (False, False)

    late.fetch()

    assert late.knows() == (True, True)


def test_steps_that_make_no_sense_are_passed_over_when_a_life_is_looked_up(late, monkeypatch):
    late.fetch()
    lookups = late.member.replica.lookups
    blocks = {height: replace(lookups.block(height), results=[], exits=[]) for height in range(1, 5)}
    monkeypatch.setattr(lookups, "block", blocks.__getitem__)

    assert lookups.life(late.key) == []


@pytest.mark.parametrize("damage", ["turned", "cut", "empty", "gone"])
def test_damaged_places_find_less_and_nothing_false(late, damage):
    late.fetch()
    for path in (late.member.folder / FOLDER).glob("*.places"):
        raw = path.read_bytes()
        path.unlink()  # and not changed in place: the node reads it as if it were memory
        if damage != "gone":
            path.write_bytes({"turned": raw[:-1] + bytes([raw[-1] ^ 1]), "cut": raw[:40], "empty": b""}[damage])
    late.member.die()

    assert late.knows() == (False, False)
