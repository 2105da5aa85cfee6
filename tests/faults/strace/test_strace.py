"""The strace harness proves itself: it sees a sync before each acknowledgement, and notices one that came too early."""

import sys
from pathlib import Path

import pytest

from tests.faults.strace import harness
from tests.faults.strace.harness import Trace, early, parsed, traced
from tests.faults.workers import ADDITIONS, BATCHES

SENDS_TWO_WAYS = """
import os, socket
one, other = socket.socketpair()
one.send(b"receipt by send")
one.sendmsg([b"receipt ", b"by parts"])
os.write(one.fileno(), b"receipt by write")
os.write(2, b"not a receipt")
"""

# A sync in a thread of its own that is still under way when the receipt leaves, then one that is not.
INTERLEAVED = """\
10 openat(AT_FDCWD</>, "/d/data.mdb", O_RDWR|O_CREAT, 0644) = 4</d/data.mdb>
10 openat(AT_FDCWD</>, "/d/data.mdb", O_WRONLY|O_DSYNC|O_CLOEXEC) = 5</d/data.mdb>
10 pwrite64(4</d/data.mdb>, "\\2\\0"..., 4096, 8192) = 4096
10 fdatasync(4</d/data.mdb> <unfinished ...>
11 sendto(7<socket:[1]>, "receipt 1", 9, 0, NULL, 0) = 9
10 <... fdatasync resumed>) = 0
10 pwrite64(5</d/data.mdb>, "\\0"..., 120, 32 <unfinished ...>
11 sendto(7<socket:[1]>, "receipt 2", 9, 0, NULL, 0) = 9
10 <... pwrite64 resumed>) = 120
11 sendto(7<socket:[1]>, "receipt 3", 9, 0, NULL, 0) = 9
10 writev(4</d/data.mdb>, [{iov_base="\\5"..., iov_len=4096}], 1) = 4096
11 sendto(7<socket:[1]>, "receipt 4", 9, 0, NULL, 0) = 9
10 fdatasync(4</d/data.mdb>) = -1 EIO (Input/output error)
11 sendto(7<socket:[1]>, "receipt 5", 9, 0, NULL, 0) = 9
12 read(4</d/data.mdb>, <unfinished ...>
10 +++ exited with 0 +++
"""


@pytest.fixture
def strace() -> None:
    """Leave the test out where nothing can be traced."""
    reason = harness.missing()
    if reason:
        pytest.skip(reason)


def batches_traced(folder: Path, *options: str) -> Trace:
    trace = traced([*BATCHES, "write", str(folder / "store"), "3", *options], ADDITIONS, folder / "strace")
    assert trace.ended is not None
    assert trace.ended.status == 0, trace.ended.errors
    return trace


@pytest.mark.real("strace")
@pytest.mark.usefixtures("strace")
def test_each_acknowledgement_leaves_after_the_sync_of_its_batch(tmp_path):
    trace = batches_traced(tmp_path)
    data_file = tmp_path / "store" / "data.mdb"

    acknowledgements = trace.sent()

    assert [event.text.split('"')[1] for event in acknowledgements] == ["1\\n", "2\\n", "3\\n"]
    assert early(trace, data_file, acknowledgements) == []
    # Two commits make the tables, then one a batch.
    assert [trace.commits_before(data_file, event) for event in acknowledgements] == [3, 4, 5]


@pytest.mark.real("strace")
@pytest.mark.usefixtures("strace")
def test_the_store_writes_by_the_calls_that_the_power_shim_follows(tmp_path):
    trace = batches_traced(tmp_path)
    data_file = tmp_path / "store" / "data.mdb"

    assert {event.call for event in trace.writes(data_file)} == {"pwrite64", "writev"}
    assert {event.call for event in trace.syncs(data_file)} == {"fdatasync"}
    assert {event.call for event in trace.synced_writes(data_file)} == {"pwrite64"}
    assert len(trace.syncs(data_file)) == len(trace.synced_writes(data_file)) == 5
    assert not [event for event in trace.events if event.call == "msync"]


@pytest.mark.real("strace")
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("options", [("--acknowledge", "early"), ("--sync", "no")])
def test_the_check_notices_receipts_before_the_sync(tmp_path, options):
    trace = batches_traced(tmp_path, *options)
    data_file = tmp_path / "store" / "data.mdb"
    acknowledgements = trace.sent()

    commits = [trace.commits_before(data_file, event) for event in acknowledgements]

    assert commits != [3, 4, 5]
    if "no" in options:
        assert early(trace, data_file, acknowledgements) != []


@pytest.mark.real("strace")
@pytest.mark.usefixtures("strace")
def test_bytes_to_a_socket_are_seen_however_they_are_sent(tmp_path):
    trace = traced([sys.executable, "-c", SENDS_TWO_WAYS], {}, tmp_path / "strace")

    assert [(event.call, event.to_socket) for event in trace.sent()] == [
        ("sendto", True),
        ("sendmsg", True),
        ("write", True),
    ]


def test_a_sync_counts_from_its_end_and_a_receipt_from_its_beginning():
    trace = Trace(parsed(INTERLEAVED.splitlines()))
    data_file = Path("/d/data.mdb")

    receipts = trace.sent()
    words = early(trace, data_file, receipts)

    assert [event.text.split('"')[1] for event in receipts] == [f"receipt {number}" for number in range(1, 6)]
    assert [word.split('"')[1] for word in words] == ["receipt 1", "receipt 2", "receipt 4", "receipt 5"]
    assert [trace.commits_before(data_file, event) for event in receipts] == [0, 0, 1, 1, 1]
