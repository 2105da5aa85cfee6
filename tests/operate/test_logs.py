"""The log: one line a record, in UTC, without secrets, without floods."""

from __future__ import annotations

import io
import json
import logging

import pytest

from sogdia.operate import logs
from sogdia.settings.sections import LogSettings

_log = logging.getLogger("sogdia.engine.solo.producer")


@pytest.fixture
def stream():
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    written = io.StringIO()
    yield written
    for handler in [each for each in root.handlers if each not in before]:
        root.removeHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = raising


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_json_object_with_a_moment_in_utc(stream):
    logs.begin(LogSettings(format="json"), stream)

    _log.warning("the node waits for %s", "room\non the disk")

    (line,) = lines(stream)
    assert list(line) == ["time", "level", "source", "message"]
    assert line["time"].endswith("Z")
    assert (line["level"], line["source"]) == ("warning", "engine.solo.producer")
    assert line["message"] == "the node waits for room\non the disk"


def test_a_line_for_people_is_one_line_whatever_is_in_it(stream):
    logs.begin(LogSettings(), stream)

    _log.warning("cut off: %s", "a\n2026 ERROR forged\x1b[31m\u202e")

    (line,) = stream.getvalue().splitlines()
    assert "a\\u000a2026 ERROR forged\\u001b[31m\\u202e" in line


def test_an_error_is_told_with_its_place(stream):
    logs.begin(LogSettings(format="json"), stream)

    try:
        int("silk")
    except ValueError:
        _log.exception("it failed")

    (line,) = lines(stream)
    assert line["error"].startswith("ValueError: ")
    assert "test_logs.py" in line["trace"]


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----",
        "passphrase: silk-road-1",
        "password=silk-road-1",
        "Authorization: Bearer silk-road-1",
        "postgresql://sogdia:silk-road-1@db/x",
        "zarina@example.org",
        "+254 712 345 678",
    ],
)
@pytest.mark.parametrize("kind", ["json", "text"])
def test_secrets_and_addresses_are_hidden(stream, secret, kind):
    logs.begin(LogSettings(format=kind), stream)

    _log.error("it failed for %s", secret)
    _log.error("again", exc_info=ValueError(secret))

    written = stream.getvalue()
    for part in ("silk-road-1", "MC4CAQAwBQYDK2VwBCIEIA", "zarina", "712 345"):
        assert part not in written


def test_accounts_hashes_and_moments_are_not_taken_for_secrets(stream):
    logs.begin(LogSettings(format="json"), stream)
    told = f"height 17, {'ab' * 32}, 1795389790, 2026-11-22T23:13:31Z, acct-k3v9-0qfw, 127.0.0.1:9464"

    _log.error("at %s", told)

    assert lines(stream)[0]["message"] == f"at {told}"


def test_repeats_are_counted_instead_of_written(stream):
    logs.begin(LogSettings(format="json", repeats_max=2, repeat_seconds=60), stream)
    clock = [0.0]
    (_handler, repeats) = logs._handlers[0]
    repeats._counter = lambda: clock[0]

    for number in range(5):
        _log.warning("a connection was cut off: %s", number)
    _log.warning("something else")
    clock[0] = 59.9
    _log.warning("a connection was cut off: %s", 5)
    clock[0] = 60.0
    _log.warning("a connection was cut off: %s", 6)

    assert [line["message"][-1] for line in lines(stream)] == ["0", "1", "e", "6"]
    assert lines(stream)[-1]["repeated"] == 4


def test_what_stops_the_node_is_always_written(stream):
    logs.begin(LogSettings(repeats_max=1), stream)

    for _ in range(3):
        _log.critical("the node stops")

    assert len(stream.getvalue().splitlines()) == 3


def test_the_level_can_be_changed_while_it_runs(stream):
    logs.begin(LogSettings(level="error"), stream)
    _log.warning("unheard")
    logs.change(LogSettings(level="debug"))
    _log.debug("heard")

    assert "unheard" not in stream.getvalue()
    assert "heard" in stream.getvalue()


def test_a_log_that_cannot_be_written_stops_nothing(stream):
    logs.begin(LogSettings(), stream)
    stream.close()

    _log.error("nobody hears this")
