"""Programs that a fault test starts: by argument list, with additions to the environment, and with a time limit."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Long enough for a slow machine, short enough that a program which hangs doesn't hold up the whole run.
SECONDS_MAX = 60.0

# How often a waiting loop looks again.
LOOK_SECONDS = 0.0005


def environment_with(additions: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with `additions` on top."""
    return {**os.environ, **additions}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and every whole line that it had written to its standard output until then."""

    status: int
    lines: tuple[str, ...]
    errors: str
    out_of_time: bool = False

    @property
    def signal(self) -> int | None:
        """The signal that ended the program, or nothing if it ended by itself."""
        return -self.status if self.status < 0 else None


class Running:
    """A started program whose lines are read as they come.

    A line counts from the moment its last byte has left the program: what a client may already have seen must not be
    lost, whatever happens to the program afterwards. A last line without its end never counts.
    """

    def __init__(self, argv: Sequence[str], additions: Mapping[str, str], errors: Path) -> None:
        """Start the program; what it writes to its standard error goes to the file `errors`."""
        self._errors = errors
        with errors.open("wb") as error_file:
            self.process = subprocess.Popen(
                list(argv),
                env=environment_with(additions),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=error_file,
                start_new_session=True,  # so that an end for lack of time takes its children along
            )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        stream = self.process.stdout
        if stream is None:
            return
        for line in stream:
            if line.endswith(b"\n"):
                self._lines.append(line.decode().rstrip("\n"))
        stream.close()

    @property
    def lines(self) -> tuple[str, ...]:
        """The whole lines written so far."""
        return tuple(self._lines)

    def wait_for_lines(self, count: int, seconds_max: float = SECONDS_MAX) -> bool:
        """Whether the program wrote `count` lines before it ended and before the time was over."""
        until = time.monotonic() + seconds_max
        while len(self._lines) < count and self._reader.is_alive() and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        return len(self._lines) >= count

    def kill(self) -> None:
        """End the program at once, as `kill -9` does; one that has already ended is left alone."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)

    def end(self, seconds_max: float = SECONDS_MAX) -> Ended:
        """Wait until the program has ended by itself; after `seconds_max` it and its children are killed."""
        out_of_time = False
        try:
            self.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            out_of_time = True
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._reader.join(seconds_max)
        errors = self._errors.read_text(errors="replace")
        return Ended(self.process.returncode, self.lines, errors, out_of_time)


def run(argv: Sequence[str], additions: Mapping[str, str], errors: Path, seconds_max: float = SECONDS_MAX) -> Ended:
    """Start a program and wait until it has ended."""
    return Running(argv, additions, errors).end(seconds_max)
