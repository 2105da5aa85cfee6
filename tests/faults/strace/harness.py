"""The order of system calls: whether the data file was synced before the first byte of a receipt left.

    trace = traced(argv, environment, scratch)
    receipts = [event for event in trace.sent() if "receipt" in event.text]
    assert early(trace, data_file, receipts) == []

strace notes a call when it begins and when it ends. A sync counts from its end, a receipt from its beginning: so an
order that is right here was right in the kernel, whatever the threads did.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.faults.commands import SECONDS_MAX, Ended, Running

SYNCS = frozenset({"fdatasync", "fsync"})
WRITES = frozenset({"write", "writev", "pwrite64", "pwritev", "pwritev2"})
SENDS = frozenset({"sendto", "sendmsg", "sendmmsg", "sendfile"})
# msync is traced to show that a read-only map needs none; open, openat and close tell which
# descriptors sync each write.
OTHERS = frozenset({"msync", "openat", "open", "close"})
TEXT_BYTES_MAX = 200

# 4612  pwrite64(5</folder/data.mdb>, "…", 120, 32) = 120
WHOLE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<text>.*)\) += (?P<result>-?\d+|\?)(?P<rest>.*)")
BEGUN = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<text>.*) <unfinished \.\.\.>")
RESUMED = re.compile(
    r"(?P<thread>\d+) +<\.\.\. (?P<call>\w+) resumed>(?P<text>.*)\) += (?P<result>-?\d+|\?)(?P<rest>.*)"
)
DESCRIPTOR = re.compile(r"(?P<number>\d+)<(?P<target>[^>]*)>")


class StraceError(Exception):
    """strace could not be used, or the program under it didn't end by itself."""


@cache
def missing() -> str | None:
    """Why no call can be traced here, or nothing; finds out by tracing one program."""
    if shutil.which("strace") is None:
        return "there is no strace program"
    with tempfile.NamedTemporaryFile() as log:
        tried = subprocess.run([*arguments(Path(log.name)), "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()}"


def arguments(log: Path) -> list[str]:
    """What to put before a command so that its calls are noted in `log`."""
    calls = ",".join(sorted(SYNCS | WRITES | SENDS | OTHERS))
    # An old kernel's interface may lack a name, say `open` where only `openat` exists; a question mark forgives that.
    traced_calls = ",".join(f"?{call}" for call in calls.split(","))
    return [
        "strace",
        "-f",
        "-y",
        "--seccomp-bpf",
        "-s",
        str(TEXT_BYTES_MAX),
        "-e",
        f"trace={traced_calls}",
        "-o",
        str(log),
    ]


@dataclass(frozen=True, slots=True)
class Event:
    """One call: the places in the order of all beginnings and ends at which it began and ended."""

    began: int
    ended: int
    thread: int
    call: str
    descriptor: int
    target: str
    text: str
    result: int

    @property
    def to_socket(self) -> bool:
        """Whether the bytes went to a socket."""
        return self.target.startswith("socket:")


@dataclass(frozen=True, slots=True)
class Trace:
    """The calls of a program and of all its threads and children, in the order in which they began."""

    events: tuple[Event, ...]
    ended: Ended | None = None

    def sent(self) -> list[Event]:
        """What left the program: writes to a socket, a pipe or the standard output, and sends."""
        return [
            event
            for event in self.events
            if event.result > 0
            and (event.call in SENDS or (event.call in WRITES and (event.to_socket or _leaves(event))))
        ]

    def writes(self, data_file: Path) -> list[Event]:
        """The writes to the data file."""
        path = os.path.realpath(data_file)
        return [event for event in self.events if event.call in WRITES and event.target == path and event.result > 0]

    def syncs(self, data_file: Path) -> list[Event]:
        """The syncs of the data file that succeeded."""
        path = os.path.realpath(data_file)
        return [event for event in self.events if event.call in SYNCS and event.target == path and event.result == 0]

    def synced_writes(self, data_file: Path) -> list[Event]:
        """The writes through a descriptor that syncs each one: LMDB's heads, each of which ends a commit."""
        path = os.path.realpath(data_file)
        syncing: set[int] = set()
        found = []
        for event in self.events:
            if event.call in {"open", "openat"} and event.result >= 0:
                syncs = event.target == path and ("O_DSYNC" in event.text or "O_SYNC" in event.text)
                (syncing.add if syncs else syncing.discard)(event.result)
            elif event.call == "close":
                syncing.discard(event.descriptor)
            elif event.call in WRITES and event.target == path and event.descriptor in syncing and event.result > 0:
                found.append(event)
        return found

    def commits_before(self, data_file: Path, event: Event) -> int:
        """How many commits were durable when `event` began: heads written, each after a sync of what it points to."""
        syncs = self.syncs(data_file)
        heads = self.synced_writes(data_file)
        whole, previous_end = 0, 0
        for head in heads:
            synced = any(previous_end <= sync.began and sync.ended < head.began for sync in syncs)
            whole += synced and head.ended < event.began
            previous_end = head.ended
        return whole


def _leaves(event: Event) -> bool:
    return event.target.startswith("pipe:") or event.descriptor == 1


def early(trace: Trace, data_file: Path, receipts: Iterable[Event]) -> list[str]:
    """The receipts that left while bytes of the data file, written before, had not been synced; in words.

    For a run with one transaction in flight. With several, a next block may rightly be on its way to the file when
    the receipt of the last one leaves: count with `commits_before` there.
    """
    heads = {head.began for head in trace.synced_writes(data_file)}
    writes = [write for write in trace.writes(data_file) if write.began not in heads]
    syncs = trace.syncs(data_file)
    found = []
    for receipt in receipts:
        for write in writes:
            if write.began > receipt.began:
                continue
            if not any(write.ended <= sync.began and sync.ended < receipt.began for sync in syncs):
                found.append(f"{receipt.text[:80]} left before a sync of {write.text[:80]}")
                break
        found.extend(
            f"{receipt.text[:80]} left while a head was being written"
            for head in trace.synced_writes(data_file)
            if head.began < receipt.began < head.ended
        )
    return found


def parsed(lines: Iterable[str]) -> tuple[Event, ...]:
    """Read the lines of a log; calls that never ended, of threads that were killed, are left out."""
    begun: dict[tuple[str, str], tuple[int, str]] = {}
    events = []
    for place, line in enumerate(lines):
        if match := BEGUN.fullmatch(line):
            begun[match["thread"], match["call"]] = (place, match["text"])
        elif match := RESUMED.fullmatch(line):
            start = begun.pop((match["thread"], match["call"]), None)
            if start is not None:
                events.append(_event(start[0], place, match, start[1] + match["text"]))
        elif match := WHOLE.fullmatch(line):
            events.append(_event(place, place, match, match["text"]))
    return tuple(sorted(events, key=lambda event: event.began))


def _event(began: int, ended: int, match: re.Match[str], text: str) -> Event:
    """One event; an opening call names its descriptor in the result, every other call in its first argument."""
    result = -1 if match["result"] == "?" else int(match["result"])
    opens = match["call"] in {"open", "openat"}
    named = DESCRIPTOR.match(f"{result}{match['rest']}" if opens else text)
    descriptor, target = (int(named["number"]), named["target"]) if named else (-1, "")
    return Event(began, ended, int(match["thread"]), match["call"], descriptor, target, text, result)


def start(argv: Sequence[str], additions: Mapping[str, str], scratch: Path) -> Running:
    """Start a command under strace, for a node that is driven from outside; call `finish` once it has ended."""
    scratch.mkdir(parents=True, exist_ok=True)
    return Running([*arguments(scratch / "calls"), *argv], additions, scratch / "errors")


def finish(ended: Ended, scratch: Path) -> Trace:
    """Read what strace has noted of a command that has ended."""
    if ended.out_of_time:
        raise StraceError(f"the command didn't end in time: {ended.errors}")
    return Trace(parsed((scratch / "calls").read_text(errors="replace").splitlines()), ended)


def traced(argv: Sequence[str], additions: Mapping[str, str], scratch: Path, seconds_max: float = SECONDS_MAX) -> Trace:
    """Run a command under strace to its end."""
    return finish(start(argv, additions, scratch).end(seconds_max), scratch)
