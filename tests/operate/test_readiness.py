"""When a node is not ready, and what its figures say then; shown on a node in the test's own process."""

from __future__ import annotations

import errno
import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sogdia.client.connection import RefusedByNodeError
from sogdia.engine.ledger.sealing import SealedBlock
from sogdia.engine.solo import producer
from sogdia.engine.solo.clock import WallClock
from sogdia.engine.solo.producer import Producer
from sogdia.engine.storage.block_log import BlockLog
from sogdia.kernel.genesis import network_of
from sogdia.kernel.machine import Result
from sogdia.operate.figures import NodeFigures
from sogdia.operate.watching import not_ready_because
from tests.engine.running_node import running_node
from tests.engine.tiny_module import START, Wallet, tiny_genesis

STUCK_SECONDS = 0.3


def wallet(**genesis: Any) -> Wallet:  # noqa: ANN401 - any part of a genesis
    return Wallet(network_of(tiny_genesis(**genesis)))


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


def reasons(node) -> list[str]:
    found: list[str] = node.inside(lambda: not_ready_because(node.service, STUCK_SECONDS))
    return found


def samples(node, figures) -> dict[str, float]:
    text = node.inside(figures.exposition).decode()
    return {
        f"{sample.name}{''.join(f'/{value}' for value in sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_without_room_on_the_disk_a_node_is_not_ready_and_counts_it(tmp_path, monkeypatch):
    monkeypatch.setattr(producer, "RETRY_SECONDS", 0.05)
    original = BlockLog._write
    full = True

    def write(self: BlockLog, record: bytes) -> None:
        if full:
            raise OSError(errno.ENOSPC, "no space left on device")
        original(self, record)

    monkeypatch.setattr(BlockLog, "_write", write)
    with running_node(tmp_path / "node") as node, node.connect() as client:
        figures = node.inside(lambda: NodeFigures(node.service))
        assert reasons(node) == []
        client.send("submit", wallet().note(1))
        client._leave()
        until(lambda: reasons(node))

        (reason,) = reasons(node)
        assert "room on the disk" in reason
        assert samples(node, figures)["sogdia_waiting/disk"] == 1
        full = False
        client.receive()
        until(lambda: not reasons(node))
        after = samples(node, figures)
        assert (after["sogdia_waiting/disk"], after["sogdia_waits_total/disk"]) == (0, 1)


def test_behind_the_last_block_a_node_is_not_ready_and_counts_it(tmp_path):
    back = 0.0
    start = int(time.time())
    clock = WallClock(previous=0, wall=lambda: time.time() - back)
    with running_node(tmp_path / "node", clock=clock, time=start) as node, node.connect() as client:
        figures = node.inside(lambda: NodeFigures(node.service))
        client.submit(wallet(time=start).note(1, expiry=start + 3_600))
        back = 20.0
        until(lambda: reasons(node))

        assert "clock" in reasons(node)[0]
        assert samples(node, figures)["sogdia_waits_total/clock"] == 1
        back = 0.0
        until(lambda: not reasons(node))


@pytest.mark.parametrize(("quiet", "ready"), [(STUCK_SECONDS - 0.1, True), (STUCK_SECONDS + 0.1, False)])
def test_work_without_a_new_block_makes_a_node_not_ready(tmp_path, quiet, ready):
    with running_node(tmp_path / "node") as node:

        def look() -> list[str]:
            making = node.service.producer
            assert isinstance(making, Producer)
            making._checking, making._last_block = 1, time.monotonic() - quiet
            try:
                return not_ready_because(node.service, STUCK_SECONDS)
            finally:
                making._checking = 0

        assert (node.inside(look) == []) is ready


def test_refusals_and_exits_are_counted_by_number_and_place(tmp_path):
    signer = wallet()
    with running_node(tmp_path / "node") as node, node.connect() as client:
        figures = node.inside(lambda: NodeFigures(node.service))
        raw = signer.note(1, deadline=START + 10)
        client.submit(raw)
        with pytest.raises(RefusedByNodeError):
            client.submit(raw)
        client.submit(signer.note(1))
        due = samples(node, figures)
        client.advance(START + 100)
        found = samples(node, figures)

    in_receipts = {name: value for name, value in found.items() if name.endswith("/receipt")}
    assert due["sogdia_earliest_due_timestamp_seconds"] == START + 10
    assert due["sogdia_deadline_exits_total"] == 0
    assert found["sogdia_deadline_exits_total"] == 1
    assert found["sogdia_refusals_total/117/turned_away"] == 1
    assert len(in_receipts) == 1
    assert set(in_receipts.values()) == {1}
    assert "sogdia_earliest_due_timestamp_seconds" not in found
    assert found["sogdia_block_envelopes_sum"] == 2


def test_watching_costs_a_node_less_than_a_hundredth(tmp_path):
    # Figures are written at most once a second, so what one writing takes is the share of a second that it costs.
    with running_node(tmp_path / "node") as node:
        figures = node.inside(lambda: NodeFigures(node.service))
        node.inside(figures.exposition)

        def cost() -> float:
            began = time.perf_counter()
            figures.exposition()
            return time.perf_counter() - began

        writing = sorted(node.inside(cost) for _ in range(50))[25]
        block = SealedBlock(1, START, None, b"", [Result(b"", b"\x94\x00")] * 500, [], [], [], b"", None)  # type: ignore[arg-type]
        began = time.perf_counter()
        for _ in range(100):
            figures.seen.block(block, 0.05)
        noting = (time.perf_counter() - began) / 100

    # A block of 500 envelopes takes 50 ms and more to execute.
    assert writing < 0.01
    assert noting < 0.0005
