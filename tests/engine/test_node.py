"""A running node, over its socket: what clients get, when, and what happens when something goes wrong."""

from __future__ import annotations

import errno
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from sogdia.client.connection import (
    Connection,
    Durable,
    NodeNotRunningError,
    NotAdmissible,
    Postponed,
    RefusedByNodeError,
    RequestWrongError,
    TryLaterError,
    socket_path,
)
from sogdia.client.proofs import check, trusted_by_genesis
from sogdia.client.questions import Question
from sogdia.engine.ledger.scrub import Scrub
from sogdia.engine.ledger.sealing import KeyMissingError
from sogdia.engine.serving import server
from sogdia.engine.solo import producer
from sogdia.engine.solo.clock import ClockRefusedError, WallClock
from sogdia.engine.storage.block_log import BlockLog
from sogdia.engine.storage.ledger_file import DamagedError, LedgerFile
from sogdia.kernel.genesis import network_of
from sogdia.kernel.parameters import Limits
from sogdia.kernel.proof import ProvenRecord
from sogdia.kernel.refusals import KernelRefusal
from tests.engine.running_node import new_ledger, reopened, running_node
from tests.engine.tiny_module import NOTES, START, ChangeNote, NoteText, Stumble, Wallet, tiny_genesis

SECONDS_MAX = 10.0


def wallet(**genesis: Any) -> Wallet:  # noqa: ANN401 - any part of a genesis
    return Wallet(network_of(tiny_genesis(**genesis)))


def verifier_of(client: Connection) -> dict[str, Any]:
    """Ask how the verifier process is."""
    found = client.status().verifier
    assert found is not None
    return found


def until(condition):
    """Wait until something has come true."""
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "node"


# ------------------------------------------------------------------------------------------------------- submissions


def test_a_submitted_envelope_is_durable_when_the_receipt_comes(folder):
    with running_node(folder) as node, node.connect() as client:
        answer = client.submit(wallet().note(1))

        assert isinstance(answer, Durable)
        assert node.service.ledger.writer.durable_height >= answer.height
        assert client.block(answer.height).results[answer.place].receipt == answer.receipt


def test_what_is_not_admissible_is_refused_by_number(folder):
    raw = wallet().note(1)
    with running_node(folder) as node, node.connect() as client:
        client.submit(raw)

        with pytest.raises(RefusedByNodeError) as replayed:
            client.submit(raw)
        with pytest.raises(RefusedByNodeError) as malformed:
            client.submit(b"no envelope")

        assert replayed.value.code == KernelRefusal.ENVELOPE_REPLAYED
        assert malformed.value.code == KernelRefusal.ENVELOPE_MALFORMED
        assert client.status().refusals == {101: 1, 117: 1}


def test_a_bad_signature_is_refused_and_the_good_one_after_it_is_taken(folder):
    raw = wallet().note(1)
    bad = raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:]
    with running_node(folder, verifier=True) as node, node.connect() as client:
        until(lambda: verifier_of(client)["ready"])

        with pytest.raises(RefusedByNodeError) as refused:
            client.submit(bad)

        assert refused.value.code == KernelRefusal.SIGNATURE_WRONG
        assert client.submit(raw).height == 1


def test_bad_signatures_among_few_envelopes_are_refused_whoever_checks_them(folder):
    signer = wallet()
    raws = [signer.note(number) for number in range(8)]
    for number in (1, 6):
        raws[number] = raws[number][:-3] + bytes([raws[number][-3] ^ 1]) + raws[number][-2:]
    with running_node(folder, verifier=True) as node, node.connect() as client:
        until(lambda: verifier_of(client)["ready"])

        outcomes = list(client.submit_many(raws))

    refused = [number for number, each in enumerate(outcomes) if isinstance(each, NotAdmissible)]
    assert refused == [1, 6]


def test_many_envelopes_come_back_in_the_order_of_sending(folder):
    signer = wallet()
    raws = [signer.note(number, expiry=START - 1 if number % 7 == 3 else START + 60) for number in range(300)]
    with running_node(folder) as node, node.connect() as client:
        outcomes = list(client.submit_many(raws, under_way=64))

    assert [type(each) for each in outcomes] == [NotAdmissible if number % 7 == 3 else Durable for number in range(300)]


def test_envelopes_can_be_sent_together_in_one_request(folder):
    signer = wallet()
    with running_node(folder) as node, node.connect() as client:
        client.send("submit_many", [signer.note(1), b"nonsense", signer.note(2)])
        answer = client.receive()

    assert [status for status, _payload in answer.payload] == [0, 1, 0]


def test_a_block_holds_no_more_than_the_limits_allow(folder):
    limits = Limits(block_envelopes_max=7)
    signer = wallet(limits=limits)
    with running_node(folder, limits=limits) as node, node.connect() as client:
        outcomes = list(client.submit_many([signer.note(number) for number in range(50)], under_way=50))
        sizes = [len(client.block(height).envelopes) for height in range(1, client.status().height + 1)]

    assert all(isinstance(each, Durable) for each in outcomes)
    assert max(sizes) == 7


def test_a_dry_run_shows_what_would_come_and_changes_nothing(folder):
    signer = wallet()
    with running_node(folder) as node, node.connect() as client:
        before = client.status().state_root

        tried = client.dry_run(signer.note(1, deadline=START + 50))
        raw = signer.note(2)
        unsigned = client.dry_run(raw[:-33] + bytes(32) + raw[-1:], signed=False)

        assert tried.receipt is not None
        assert [(each.deadline, each.object) for each in tried.scheduled] == [
            (START + 50, NOTES.full_key(signer.name(1)))
        ]
        assert NOTES.full_key(signer.name(1)) in [each.key for each in tried.changes]
        assert unsigned.receipt is not None
        assert client.status().state_root == before


# --------------------------------------------------------------------------------------------------------- questions


def test_the_height_that_a_node_names_is_durable(folder):
    with running_node(folder) as node, node.connect() as client:
        before = client.height()

        answer = client.submit(wallet().note(1))

        assert client.height() >= answer.height > before
        assert node.service.ledger.writer.durable_height >= client.height()


def test_a_query_is_answered_from_a_durable_height(folder):
    signer = wallet()
    with running_node(folder) as node, node.connect() as client:
        durable = client.submit(signer.note(1, "silk"))

        height, answer = client.query(NoteText(name=signer.name(1)))

        assert (height >= durable.height, answer) == (True, "silk")


def test_a_proof_of_the_newest_state_comes_with_the_next_header_within_two_seconds(folder):
    signer = wallet()
    with running_node(folder) as node, node.connect() as client:
        client.submit(signer.note(1))
        began = time.monotonic()

        proven = check(client.prove(NOTES.full_key(signer.name(1))), trusted_by_genesis(tiny_genesis()))

        assert isinstance(proven, ProvenRecord)
        assert proven.value is not None
        assert time.monotonic() - began < 2.5


def test_a_quiet_node_stops_making_blocks_once_everything_is_proved(folder):
    with running_node(folder) as node, node.connect() as client:
        client.submit(wallet().note(1))
        until(lambda: not node.inside(node.service.ledger.needs_empty_block))
        height = client.status().height

        time.sleep(2 * producer.EMPTY_BLOCK_SECONDS)

        assert client.status().height == height


def test_questions_that_make_no_sense_are_answered_and_the_connection_goes_on(folder):
    with running_node(folder) as node, node.connect() as client:
        for kind, payload, words in (
            ("dance", None, "there is no request"),
            ("block", 99, "there are blocks"),
            ("block", "nine", "Expected"),
            ("query", b"\xff", "query"),
            ("prove_result", b"\x00" * 32, "no block has"),
            ("prove", (b"x", 77), "is not kept"),
            ("backup", "relative", "absolute"),
        ):
            with pytest.raises(RequestWrongError, match=words):
                client.ask(Question(kind, payload, str))
        assert client.status().height == 0


def test_a_query_with_a_fault_in_it_does_not_stop_the_node(folder):
    with running_node(folder) as node, node.connect() as client:
        with pytest.raises(RequestWrongError, match="KeyError"):
            client.query(Stumble())

        assert client.status().height == 0


def test_a_node_without_the_key_that_the_state_names_does_not_start(folder):
    new_ledger(folder).close()

    with pytest.raises(KeyMissingError, match="keys"), running_node(folder, keys=()):
        pass


def test_a_connection_that_sends_nonsense_is_cut_off_and_the_node_goes_on(folder):
    with running_node(folder) as node, node.connect() as client:
        for nonsense in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1", b"\x00\x00\x00\x05\x93" + b"\x91" * 4):
            with socket.socket(socket.AF_UNIX) as bad:
                bad.settimeout(SECONDS_MAX)
                bad.connect(str(socket_path(folder)))
                bad.sendall(nonsense)
                assert bad.recv(100) == b""
        assert client.status().height == 0


def test_a_deeply_nested_request_is_cut_off(folder):
    with running_node(folder) as node, node.connect() as client:
        raw = b"\x93\x01\xa5query" + b"\x91" * 100_000
        client._socket.sendall(len(raw).to_bytes(4, "big") + raw)

        with pytest.raises((NodeNotRunningError, ConnectionError)):
            client.receive()
        with node.connect() as second:
            assert second.status().height == 0


def test_more_connections_than_allowed_are_closed(folder, monkeypatch):
    monkeypatch.setattr(server, "CONNECTIONS_MAX", 2)
    with running_node(folder) as node, node.connect() as first, node.connect() as second:
        assert first.status().height == second.status().height == 0
        with node.connect() as third, pytest.raises((NodeNotRunningError, ConnectionError)):
            third.status()
        assert first.status().height == 0


def test_a_client_that_does_not_read_its_answers_is_cut_off(folder, monkeypatch):
    monkeypatch.setattr(server, "UNREAD_BYTES_MAX", 100_000)
    with running_node(folder) as node, node.connect() as client, node.connect() as other:
        client.submit(wallet().note(1, "x" * 20_000))
        with pytest.raises((ConnectionError, NodeNotRunningError)):
            _ask_without_reading(client)
        assert other.status().height >= 1


def _ask_without_reading(client: Connection) -> None:
    for _ in range(5_000):
        client.send("block", 1)
    while True:
        client.receive()


# ---------------------------------------------------------------------------------------------------- time and blocks


def test_deadlines_pass_by_themselves_when_nobody_sends_anything(folder):
    now = int(time.time())
    signer = wallet(clock="wall", time=now)
    with running_node(folder, time=now, wall=True) as node, node.connect() as client:
        client.submit(signer.note(1, deadline=now + 5, expiry=now + 60))
        assert client.query(NoteText(name=signer.name(1)))[1] == "saffron"

        until(lambda: client.query(NoteText(name=signer.name(1)))[1] is None)

        assert int(time.time()) > now + 5


def test_a_manual_clock_handles_everything_that_became_due(folder):
    signer = wallet()
    with running_node(folder) as node, node.connect() as client:
        for number in range(3):
            client.submit(signer.note(number, deadline=START + 10 + number))

        client.advance(START + 11)
        after_first = [client.query(NoteText(name=signer.name(number)))[1] for number in range(3)]
        client.advance(START + 100)
        after_all = [client.query(NoteText(name=signer.name(number)))[1] for number in range(3)]

        assert after_first == [None, "saffron", "saffron"]
        assert after_all == [None, None, None]
        with pytest.raises(RequestWrongError, match="cannot go back"):
            client.advance(START + 99)


# --------------------------------------------------------------------------------------------------- things go wrong


def test_when_the_disk_is_full_nothing_is_acknowledged_and_the_node_goes_on_later(folder, monkeypatch):
    monkeypatch.setattr(producer, "RETRY_SECONDS", 0.05)
    original = BlockLog._write
    full = True

    def write(self: BlockLog, record: bytes) -> None:
        if full:
            raise OSError(errno.ENOSPC, "no space left on device")
        original(self, record)

    monkeypatch.setattr(BlockLog, "_write", write)
    signer = wallet()
    with running_node(folder) as node, node.connect() as client, node.connect() as other:
        number = client.send("submit", signer.note(1))
        client._leave()
        until(lambda: other.status().waits_for is not None)
        with pytest.raises(TryLaterError, match="room on the disk"):
            other.submit(signer.note(2))
        assert other.status().durable_height == 0

        full = False
        answer = client.receive()

        assert (answer.number, answer.status) == (number, 0), answer
        assert isinstance(other.submit(signer.note(3)), Durable)
    again = reopened(folder)
    assert NOTES.find(again.state(), signer.name(1)) is not None
    again.close()


def test_envelopes_go_on_when_the_verifier_process_dies_and_a_new_one_comes(folder, monkeypatch):
    monkeypatch.setattr("sogdia.engine.serving.verification.START_AGAIN_SECONDS", 0.1)
    signer = wallet()
    with running_node(folder, verifier=True) as node, node.connect() as client:
        until(lambda: verifier_of(client)["ready"])
        first = verifier_of(client)["process"]
        raws = [signer.note(number) for number in range(600)]
        outcomes = []
        for number, outcome in enumerate(client.submit_many(raws, under_way=100)):
            if number == 200:
                os.kill(first, signal.SIGKILL)
            outcomes.append(outcome)

        assert all(isinstance(each, Durable) for each in outcomes)
        until(lambda: verifier_of(client)["ready"])
        assert verifier_of(client)["process"] != first


def test_a_verifier_that_hangs_is_replaced(folder, monkeypatch):
    monkeypatch.setattr("sogdia.engine.serving.verification.ANSWER_SECONDS_MAX", 0.2)
    with running_node(folder, verifier=True) as node, node.connect() as client:
        until(lambda: verifier_of(client)["ready"])
        first = verifier_of(client)["process"]
        os.kill(first, signal.SIGSTOP)
        signer = wallet()

        assert all(isinstance(each, Durable) for each in client.submit_many(signer.note(each) for each in range(100)))
        until(lambda: verifier_of(client)["process"] != first)


def test_a_node_that_finds_damage_stops_with_the_reason(folder, monkeypatch):
    def damage(_scrub: Scrub) -> None:
        raise DamagedError("on purpose")

    monkeypatch.setattr(Scrub, "step", damage)
    with pytest.raises(DamagedError, match="on purpose"), running_node(folder) as node:
        node.wait_for_end()
    again = reopened(folder)
    again.close()


def test_a_clock_that_leaps_stops_the_node(folder):
    began = time.monotonic()
    clock = WallClock(previous=0, wall=lambda: time.time() + 3_600 * (time.monotonic() > began + 0.3))

    with pytest.raises(ClockRefusedError), running_node(folder, clock=clock) as node:
        node.wait_for_end()


def test_a_node_behind_the_last_block_waits_says_so_and_goes_on(folder):
    back = 0.0
    start = time.time()
    clock = WallClock(previous=0, wall=lambda: time.time() - back)
    signer = wallet(time=int(start))
    with running_node(folder, clock=clock, time=int(start)) as node, node.connect() as client:
        client.submit(signer.note(1, expiry=int(start) + 3_600))
        back = 20.0
        until(lambda: client.status().waits_for is not None)
        with pytest.raises(TryLaterError, match="clock"):
            client.submit(signer.note(2, expiry=int(start) + 3_600))
        back = 0.0
        until(lambda: client.status().waits_for is None)
        assert isinstance(client.submit(signer.note(3, expiry=int(start) + 3_600)), Durable)


def test_a_backup_of_a_running_node_opens_and_holds_what_was_acknowledged(folder, tmp_path):
    signer = wallet()
    with running_node(folder) as node, node.connect() as client:
        for number in range(20):
            client.submit(signer.note(number))
        height = client.backup(tmp_path / "backup")
        client.submit(signer.note(20))
        with pytest.raises(RequestWrongError, match="nothing is yet"):
            client.backup(tmp_path / "backup")

    copy = reopened(tmp_path / "backup")

    assert copy.tip.height >= height >= 20
    assert NOTES.must(copy.state(), signer.name(19)).text == "saffron"
    copy.close()


def test_a_kept_height_can_be_proved_later_and_others_are_refused_with_those_that_are_kept(folder):
    signer = wallet()
    key = NOTES.full_key(signer.name(1))
    with running_node(folder) as node, node.connect() as client:
        client.submit(signer.note(1, "before"))
        kept = client.checkpoint()
        client.submit(signer.sign(ChangeNote(reference="n1", text="after")))
        until(lambda: not node.inside(node.service.ledger.needs_empty_block))

        proven = check(client.prove(key, kept), trusted_by_genesis(tiny_genesis()))
        newest = check(client.prove(key), trusted_by_genesis(tiny_genesis()))

        assert client.checkpoints() == [kept]
        assert isinstance(proven, ProvenRecord)
        assert isinstance(newest, ProvenRecord)
        assert (proven.height, b"before" in (proven.value or b"")) == (kept, True)
        assert b"after" in (newest.value or b"")
        with pytest.raises(RequestWrongError, match=f"kept are {kept}"):
            client.prove(key, kept + 1)


def test_a_stopped_node_has_everything_written_and_its_socket_is_gone(folder):
    signer = wallet()
    with running_node(folder) as node, node.connect() as client:
        client.submit(signer.note(1))
        client.stop()
        node.wait_for_end()

    assert not socket_path(folder).exists()
    with pytest.raises(NodeNotRunningError, match="sogdia node start"):
        Connection(folder)
    ledger_file = LedgerFile(folder)
    assert ledger_file.flushed().height == ledger_file.height()
    ledger_file.close()


def test_what_is_sent_to_a_stopping_node_may_be_sent_again(folder):
    with running_node(folder) as node, node.connect() as client:
        node.inside(lambda: setattr(node.service.producer, "_stopping", True))

        outcomes = list(client.submit_many([wallet().note(1)]))

        assert outcomes == [Postponed("the node is stopping")]


def test_a_folder_with_a_long_path_has_its_socket_elsewhere(tmp_path):
    folder = tmp_path / ("long" * 30) / "node"
    with running_node(folder) as node, node.connect() as client:
        assert client.status().height == 0
        assert len(str(socket_path(folder))) < 100


def test_only_the_owner_may_use_the_socket(folder):
    with running_node(folder):
        assert Path(socket_path(folder)).stat().st_mode & 0o077 == 0
