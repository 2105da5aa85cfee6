"""The order of the node's system calls: the sync of a block ends before the first byte of its receipt leaves."""

import os
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from sogdia.engine.storage.witness import NAME as WITNESS
from tests.faults.node.running import command, wait_until_ready
from tests.faults.node.traders import Traders
from tests.faults.node.world import ADDITIONS, World
from tests.faults.strace import harness
from tests.faults.strace.harness import Event, Trace, early

STEPS = 10


@pytest.fixture
def strace() -> None:
    """Leave the test out where nothing can be traced."""
    reason = harness.missing()
    if reason:
        pytest.skip(reason)


def traced(world: World, scratch: Path, in_flight: int, steps: int) -> Trace:
    """Trade with the node under strace, and stop it."""
    node = wait_until_ready(harness.start(command(world.folder), ADDITIONS, scratch))
    traders = Traders(world.maker(), in_flight=in_flight)
    assert traders.trade(world.folder, steps) == steps
    # strace keeps the signal from the program that it started, so the node itself is asked.
    (children,) = Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children").read_text().splitlines()
    os.kill(int(children.split()[0]), signal.SIGTERM)
    return harness.finish(node.end(), scratch)


def receipts_of(trace: Trace) -> list[Event]:
    """What left the node for a client's socket; one byte alone is a thread of the node that wakes another."""
    return [event for event in trace.sent() if event.to_socket and event.result > 1]


def commits_before(trace: Trace, world: World, event: Event) -> int:
    """How many writes were durable when `event` began: in the log, or as transactions of the data file."""
    syncs = [sync for sync in trace.syncs(world.log_file) if sync.ended < event.began]
    return len(syncs) + trace.commits_before(world.data_file, event)


@pytest.mark.real("strace")
@pytest.mark.usefixtures("strace")
def test_each_receipt_leaves_after_the_sync_of_its_block(world, tmp_path):
    trace = traced(world, tmp_path / "strace", in_flight=1, steps=STEPS)

    receipts = receipts_of(trace)

    assert len(receipts) == STEPS
    assert early(trace, world.data_file, receipts) == []
    assert early(trace, world.log_file, receipts) == []
    assert trace.commits_before(world.data_file, receipts[-1]) >= 1
    commits = [commits_before(trace, world, receipt) for receipt in receipts]
    assert all(before < after for before, after in pairwise([0, *commits]))
    assert not [event for event in trace.events if event.call == "msync"]


@pytest.mark.real("strace")
@pytest.mark.usefixtures("strace")
def test_the_witness_is_written_after_the_sync_and_before_the_receipt(world, tmp_path):
    trace = traced(world, tmp_path / "strace", in_flight=1, steps=STEPS)
    witnessed = trace.writes(world.folder / WITNESS)

    receipts = receipts_of(trace)

    assert early(trace, world.data_file, witnessed) == []
    assert early(trace, world.log_file, witnessed) == []
    for number, receipt in enumerate(receipts, start=1):
        assert sum(each.ended < receipt.began for each in witnessed) >= number


@pytest.mark.real("strace")
@pytest.mark.usefixtures("strace")
def test_with_many_orders_under_way_no_receipt_is_ahead_of_its_commit(world, tmp_path):
    trace = traced(world, tmp_path / "strace", in_flight=24, steps=240)

    receipts = receipts_of(trace)

    # Each answer to the blocks of a write leaves after its sync: the n-th batch of answers after at least n of them.
    commits = [commits_before(trace, world, receipt) for receipt in receipts]
    assert commits[0] >= 1
    assert all(before < after for before, after in pairwise(commits))
