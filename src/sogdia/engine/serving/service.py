"""A node while it runs: opens nothing and decides nothing, but starts the parts, waits, and ends them in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sogdia.engine.collector import spare_the_collector
from sogdia.engine.serving.requests import Requests
from sogdia.engine.serving.server import Server
from sogdia.engine.signals import hear

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.engine.serving.block_maker import BlockMaker

SWITCH_SECONDS = 0.0005
"""How long one thread may keep the interpreter while another waits: the commit's thread needs it for a moment only."""

_log = logging.getLogger(__name__)


def runtime_folder() -> Path:
    """Give a short path for the socket of a data folder whose own path is too long."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    return Path(given) / "sogdia" if given else Path(tempfile.gettempdir()) / f"sogdia-{os.getuid()}"


class Service:
    """A running node."""

    def __init__(self, producer: BlockMaker) -> None:
        """Prepare to run what makes the blocks, or takes part in making them."""
        self.ledger = producer.ledger
        self.producer = producer
        self.requests = Requests(self.producer, self.stop)
        self.server = Server(self.producer, self.requests)
        self._ended = asyncio.Event()
        self._error: BaseException | None = None
        self.is_open = False
        self.on_stop: Callable[[], None] | None = None

    def stop(self) -> None:
        """Ask the node to end."""
        self._ended.set()

    async def run(self, ready: Callable[[Path], None]) -> None:
        """Run until asked to end, or until something is found to be wrong; `ready` hears the socket's path."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        hear(self.stop, signal.SIGTERM, signal.SIGINT)
        sys.setswitchinterval(SWITCH_SECONDS)
        spare_the_collector()
        try:
            await self.producer.start()
            ready(await self.server.start(self.ledger.folder, runtime_folder()))
            self.is_open = True
            await self._ended.wait()
            self.is_open = False
            if self.on_stop is not None:
                self.on_stop()
            if self._error is None:
                await self.producer.stop()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parts are ended first; then it is raised
            self._error = error
        await self.server.stop()
        await self.requests.close()
        if self._error is None:
            if self.producer.may_be_written():
                self.ledger.close()
            else:
                self.ledger.abandon()
            return
        # What was found may be anything, so nothing more is written; what was not acknowledged is lost, and may be.
        self.producer.abandon()
        self.ledger.abandon()
        raise self._error

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Hear of an error that nothing caught: the node ends."""
        error = context.get("exception")
        if isinstance(error, ConnectionError):
            return
        _log.critical("the node stops: %s", error or context.get("message"))
        if self._error is None:
            self._error = error or RuntimeError(context.get("message"))
        self._ended.set()
