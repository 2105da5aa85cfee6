"""An upgrade rehearsed on a ledger in a folder: older software stops before it, newer software goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.engine.ledger.dry_run import dry_run
from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel.admission import direct
from sogdia.kernel.genesis import network_of
from sogdia.kernel.protocol import Protocol, UpgradeNeededError, protocol_of
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules import ALL
from sogdia.modules.governance.proposing import ProposeUpgrade
from sogdia.testing.ledger import START, genesis, keys_of
from sogdia.testing.rehearsal import MARKS, REHEARSAL, LeaveMark

if TYPE_CHECKING:
    from pathlib import Path

LATER = (*ALL, REHEARSAL)
KEYS = (keys_of("node"),)


class Network:
    """Sends envelopes to whatever software runs the ledger of a folder."""

    def __init__(self, ledger: Ledger) -> None:
        """Prepare for its network."""
        self.network = ledger.machine.network
        self.maker = EnvelopeMaker(self.network)
        self.sent = 0

    def account(self, name: str) -> bytes:
        """Give a party's account."""
        return account_of(self.network, NO_ACCOUNT, name)

    def raw(self, who, operation) -> bytes:
        """Sign an operation."""
        self.sent += 1
        sender = Sender(self.account(who), keys_of(who), 0)
        return self.maker.make([sender], [operation], expiry=START + 9_000, salt=self.sent.to_bytes(8, "big")).raw

    def send(self, ledger, who, operation):
        """Let a block hold an operation; give its outcome."""
        envelope = ledger.machine.envelopes.open(self.raw(who, operation), ledger.limits())
        return ledger.build_block(ledger.tip.time + 1, [envelope]).outcomes[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def decided(folder, height=6):
    """A ledger of today's software, on which version 2 from a height on has been decided; it stands just before."""
    ledger = Ledger.create(folder, ALL, genesis(), KEYS)
    network = Network(ledger)
    network.send(ledger, "registrar", ProposeUpgrade(reference="up", height=height, version=2))
    assert protocol_of(ledger.state()) == Protocol(version=1, next_version=2, next_height=height)
    while ledger.tip.height < height - 1:
        ledger.build_block(ledger.tip.time + 1, empty=True)
    return ledger, network


def test_older_software_executes_up_to_the_upgrade_and_stops_before_it(folder):
    ledger, _network = decided(folder)

    with pytest.raises(UpgradeNeededError, match=r"version 2.*block 6.*Install"):
        ledger.build_block(ledger.tip.time + 1, empty=True)

    assert ledger.tip.height == 5
    assert ledger.needs_empty_block(), "so that a node without traffic finds out within a second"
    ledger.close()
    with Opened(folder, ALL) as again, pytest.raises(UpgradeNeededError):
        again.build_block(again.tip.time + 1, empty=True)


class Opened:
    """A ledger that is closed again."""

    def __init__(self, folder, modules) -> None:
        """Open it with some software."""
        self.ledger = Ledger.open(folder, modules, KEYS)

    def __enter__(self) -> Ledger:
        """Give it."""
        return self.ledger

    def __exit__(self, *_error: object) -> None:
        """Close it."""
        self.ledger.close()


def test_newer_software_goes_on_from_the_very_block(folder):
    ledger, network = decided(folder)
    root = ledger.tree.root
    ledger.close()

    with Opened(folder, LATER) as newer:
        assert newer.machine.network == network_of(newer.genesis) == network.network
        assert newer.tree.root == root
        network.send(newer, "nairobi", LeaveMark())

        assert newer.tip.height == 6
        assert MARKS.must(newer.state(), network.account("nairobi")).height == 6


def test_newer_software_that_is_installed_before_goes_by_the_old_rules_until_then(folder):
    ledger = Ledger.create(folder, LATER, genesis(), KEYS)
    network = Network(ledger)

    early = network.send(ledger, "nairobi", LeaveMark())
    network.send(ledger, "registrar", ProposeUpgrade(reference="up", height=3, version=2))
    ledger.build_block(ledger.tip.time + 1, empty=True)
    network.send(ledger, "nairobi", LeaveMark())

    assert isinstance(early, Refused)
    assert early.code == KernelRefusal.OPERATION_NOT_IN_FORCE
    assert MARKS.must(ledger.state(), network.account("nairobi")).height == 3
    ledger.close()


def test_a_dry_run_goes_by_the_version_of_the_next_block(folder):
    ledger, network = decided(folder)
    ledger.close()
    raw = network.raw("nairobi", LeaveMark())

    with Opened(folder, LATER) as newer:
        assert dry_run(newer, raw, newer.tip.time, direct).receipt is not None
    with Opened(folder, ALL) as older, pytest.raises(UpgradeNeededError):
        dry_run(older, network.raw("registrar", ProposeUpgrade(reference="x", height=0, version=3)), START, direct)


def test_old_blocks_are_replayed_by_newer_software_and_no_newer_ones_by_older(folder):
    ledger, network = decided(folder)
    ledger.close()
    before = replay(folder, LATER)
    with Opened(folder, LATER) as newer:
        network.send(newer, "nairobi", LeaveMark())

    after = replay(folder, LATER)

    assert isinstance(before, Replayed)
    assert isinstance(after, Replayed)
    assert (before.height, after.height) == (5, 6)
    with pytest.raises(UpgradeNeededError):
        replay(folder, ALL)
