"""Following a node: new blocks go into the index as they come; what breaks off is taken up again, what is wrong stops.

connect ──▶ same network, same last block? ──▶ fetch what is there, in batches ──▶ ask for the height again
   ▲                                                                                     │
   └────────────── wait, longer each time ◀── node or database does not answer ◀─────────┘
"""

from __future__ import annotations

import logging
import time
from contextlib import closing
from typing import TYPE_CHECKING

from sogdia.client.connection import NodeNotRunningError, TryLaterError
from sogdia.engine.collector import spared_collector
from sogdia.index.errors import IndexStoppedError, IndexUnreachableError
from sogdia.index.sources import NodeSource
from sogdia.index.writer import IndexWriter

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from sogdia.index.sources import Source

BATCH_BYTES = 2_000_000
BATCH_BLOCKS = 256
"""What is written in one transaction at most: about 5,000 envelopes, half a second of work."""

POLL_SECONDS = 0.2
WAIT_SECONDS = 0.5
WAIT_SECONDS_MAX = 15.0

_log = logging.getLogger(__name__)


def _silent(_done: int, _total: int) -> None:
    """Take no notice."""


def catch_up(
    writer: IndexWriter,
    source: Source,
    *,
    progress: Callable[[int, int], None] = _silent,
    stop: threading.Event | None = None,
    clock: Callable[[], float] | None = None,
) -> int:
    """Write all blocks that are there and not in the index yet, in batches; give the height that is reached."""
    last = source.height()
    first = writer.stand.height + 1
    waiting: list[bytes] = []
    size = 0
    with closing(source.blocks(first, last)) as blocks:  # type: ignore[type-var]
        for raw in blocks:
            waiting.append(raw)
            size += len(raw)
            if size >= BATCH_BYTES or len(waiting) >= BATCH_BLOCKS:
                writer.write(waiting, now=None if clock is None else int(clock()))
                waiting, size = [], 0
                progress(writer.stand.height, last)
                if stop is not None and stop.is_set():
                    return writer.stand.height
    if waiting:
        writer.write(waiting, now=None if clock is None else int(clock()))
        progress(writer.stand.height, last)
    return writer.stand.height


def follow(
    folder: Path,
    url: str,
    stop: threading.Event,
    *,
    ready: Callable[[IndexWriter], None] | None = None,
) -> None:
    """Follow the node of a folder until told to stop; a node or database that is away is waited for."""
    wait = WAIT_SECONDS
    while not stop.is_set():
        try:
            with closing(NodeSource(folder)) as source, closing(IndexWriter(url, source.genesis())) as writer:
                writer.check_origin(source.header_hash(writer.stand.height) if writer.stand.height else None)
                if ready is not None:
                    ready(writer)
                    ready = None
                wait = WAIT_SECONDS
                with spared_collector():
                    _follow(writer, source, stop)
        except (NodeNotRunningError, TryLaterError, IndexUnreachableError, OSError) as error:
            _log.warning("%s; trying again in %.1f s", error, wait)
            stop.wait(wait)
            wait = min(wait * 2, WAIT_SECONDS_MAX)


def _follow(writer: IndexWriter, source: Source, stop: threading.Event) -> None:
    while not stop.is_set():
        height = source.height()
        if height < writer.stand.height:
            writer.check_origin(None)
        if height == writer.stand.height:
            stop.wait(POLL_SECONDS)
            continue
        catch_up(writer, source, stop=stop, clock=time.time)


def build(
    source: Source, url: str, progress: Callable[[int, int], None] = _silent, stop: threading.Event | None = None
) -> int:
    """Bring an index, new or known, to the height of a source; give that height."""
    with closing(IndexWriter(url, source.genesis())) as writer, spared_collector():
        writer.check_origin(source.header_hash(writer.stand.height) if writer.stand.height else None)
        return catch_up(writer, source, progress=progress, stop=stop)


__all__ = ["IndexStoppedError", "build", "catch_up", "follow"]
