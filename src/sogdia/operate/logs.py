"""The log: one line a record on standard error, as JSON or for people; UTC; nothing personal, no secret, no flood.

The standard library's logging carries it, so that every library's records go the same way without another
dependency: a node writes a few lines a minute, and what a richer one offers would not be used.

    {"time":"2026-11-22T23:13:31.204Z","level":"warning","source":"engine.solo.producer","message":"…"}
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from typing import TYPE_CHECKING, TextIO

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.settings.sections import LogSettings

MESSAGE_CHARACTERS_MAX = 4_000
TRACE_CHARACTERS_MAX = 16_000
KINDS_MAX = 1_000
OWN = "sogdia."

_MASKED = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), "[key]"),
    (re.compile(r"(?i)\bbearer\s+\S+"), "Bearer [hidden]"),
    (re.compile(r"(?i)\b(pass(?:word|phrase)|secret|token|authorization|api[_-]?key)\b(\s*[=:]\s*)\S+"),
     r"\1\2[hidden]"),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), "://[hidden]@"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "[mail address]"),
    (re.compile(r"(?<![\w.:-])\+\d[\d ()-]{6,18}\d\b"), "[phone number]"),
)  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Line(msgspec.Struct, omit_defaults=True):
    """A record as JSON, its fields in this order."""

    time: str
    level: str
    source: str
    message: str
    repeated: int = 0
    error: str = ""
    trace: str = ""


def masked(text: str) -> str:
    """Hide what looks like a key, a password, a mail address or a phone number."""
    for pattern, instead in _MASKED:
        text = pattern.sub(instead, text)
    return text


def line_of(record: logging.LogRecord) -> Line:
    """Put a record together, within limits."""
    seconds, fraction = divmod(record.created, 1)
    moment = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(fraction * 1000):03}Z"
    error = record.exc_info[1] if record.exc_info else None
    trace = ""
    if error is not None:
        frames = traceback.format_tb(error.__traceback__)
        trace = "".join(frames)[-TRACE_CHARACTERS_MAX:]
    return Line(
        time=moment,
        level=record.levelname.lower(),
        source=record.name.removeprefix(OWN),
        message=masked(record.getMessage())[:MESSAGE_CHARACTERS_MAX],
        repeated=int(getattr(record, "repeated", 0)),
        error="" if error is None else masked(f"{type(error).__name__}: {error}")[:MESSAGE_CHARACTERS_MAX],
        trace=masked(trace),
    )


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return msgspec.json.encode(line_of(record)).decode()


class TextLines(logging.Formatter):
    """One line for people; control characters are shown, never obeyed."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = line_of(record)
        more = f" (and {line.repeated} more like it)" if line.repeated else ""
        error = f" [{line.error}]" if line.error else ""
        words = f"{line.time} {line.level.upper():<8} {line.source}: {line.message}{more}{error}"
        return _CONTROL.sub(_shown, words) + (f"\n{line.trace.rstrip()}" if line.trace else "")


def _shown(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"


class Repeats(logging.Filter):
    """Lets one message through only so often within a span; the next after it says how many were left out."""

    def __init__(self, most: int, seconds: float, counter: Callable[[], float] = time.monotonic) -> None:
        """Allow `most` of a kind within `seconds`."""
        super().__init__()
        self.most = most
        self.seconds = seconds
        self._counter = counter
        self._seen: dict[tuple[str, int, str], list[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written."""
        if record.levelno >= logging.CRITICAL:
            return True
        now = self._counter()
        kind = (record.name, record.levelno, str(record.msg)[:200])
        if kind not in self._seen and len(self._seen) >= KINDS_MAX:
            del self._seen[next(iter(self._seen))]
        since, count = self._seen.get(kind, (now, 0))
        if now - since >= self.seconds:
            record.repeated = max(0, int(count) - self.most)
            since, count = now, 0
        self._seen[kind] = [since, count + 1]
        return count < self.most


_handlers: list[tuple[logging.Handler, Repeats]] = []


def begin(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send every record of this process to `stream`, as the settings say; what was set before is replaced."""
    # A log that cannot be written (a full disk, a reader that went away) must not stop what it tells of.
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonLines() if settings.format == "json" else TextLines())
    repeats = Repeats(settings.repeats_max, settings.repeat_seconds)
    handler.addFilter(repeats)
    root = logging.getLogger()
    for before, _repeats in _handlers:
        root.removeHandler(before)
    _handlers[:] = [(handler, repeats)]
    root.addHandler(handler)
    change(settings)


def change(settings: LogSettings) -> None:
    """Take over the level and the limits while the process runs."""
    logging.getLogger().setLevel(settings.level.upper())
    for _handler, repeats in _handlers:
        repeats.most, repeats.seconds = settings.repeats_max, settings.repeat_seconds
