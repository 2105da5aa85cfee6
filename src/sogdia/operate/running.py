"""Running a node under settings: its log, its figures, the service manager, and what it takes over on SIGHUP."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

from sogdia.engine.signals import hear
from sogdia.operate import logs, service_notify
from sogdia.operate.watching import Watch
from sogdia.settings.sections import RELOADED
from sogdia.settings.sources import FIELDS, SettingsWrong, value_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.engine.serving.service import Service
    from sogdia.operate.beside import Beside
    from sogdia.settings.sections import Settings

_log = logging.getLogger(__name__)


class Run:
    """A node's run under settings that may be read again."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        read_again: Callable[[], Settings] | None,
        beside: Beside | None = None,
    ) -> None:
        """Run `service` and the doors `beside` it; `read_again` gives the settings anew when a reload is asked for."""
        self._service = service
        self._settings = settings
        self._read_again = read_again
        self._beside = beside
        self._watch = Watch(service, stuck_seconds=settings.metrics.stuck_seconds)
        self._alive: asyncio.TimerHandle | None = None
        service.on_stop = self._stopping
        self._apply(settings)

    async def start(self) -> None:
        """Begin to answer those who watch, and to listen for SIGHUP."""
        listen = self._settings.metrics.listen
        if listen:
            host, port = await self._watch.start(listen)
            _log.info("figures and health are at http://%s:%s", host, port)
        hear(self.reload, signal.SIGHUP)

    def ready(self) -> None:
        """Say that the node answers, and from now on that it is alive."""
        service_notify.notify("READY=1", f"STATUS=runs at height {self._service.ledger.tip.height}")
        self._say_alive()
        if self._beside is not None:
            self._beside.begin()

    def _say_alive(self) -> None:
        # It is the node's own loop that says so: a loop that hangs says nothing, and the manager starts it again.
        seconds = service_notify.watchdog_seconds()
        if seconds is not None:
            service_notify.notify("WATCHDOG=1")
            self._alive = asyncio.get_running_loop().call_later(seconds, self._say_alive)

    def _stopping(self) -> None:
        service_notify.notify("STOPPING=1", "STATUS=stops; what was acknowledged is being written")
        if self._beside is not None:
            self._beside.ask_to_end()

    def reload(self) -> None:
        """Read the settings again and take over what may change; say what may not."""
        if self._read_again is None:
            return
        service_notify.reloading()
        try:
            found = self._read_again()
        except SettingsWrong as wrong:
            for fault in wrong.faults:
                _log.error("settings are not taken over: %s: %s. %s", fault.where, fault.message, fault.way_out)
        else:
            self._take_over(found)
        service_notify.notify("READY=1")

    def _take_over(self, found: Settings) -> None:
        changed = [key for key in FIELDS if value_of(found, key) != value_of(self._settings, key)]
        for key in changed:
            if key not in RELOADED:
                _log.warning("%s needs a new start; it stays %r", key, value_of(self._settings, key))
        self._apply(found)
        taken = [key for key in changed if key in RELOADED]
        _log.info("settings were read again; changed: %s", ", ".join(taken) or "nothing")
        self._settings = _mixed(self._settings, found)

    def _apply(self, settings: Settings) -> None:
        logs.change(settings.log)
        self._service.producer.waiting_max = settings.node.waiting_envelopes_max
        self._service.server.connections_max = settings.node.connections_max

    async def stop(self) -> None:
        """End what was begun."""
        if self._alive is not None:
            self._alive.cancel()
        if self._beside is not None:
            await self._beside.end()
        await self._watch.stop()


def _mixed(before: Settings, found: Settings) -> Settings:
    """Give the settings that hold now: what may change from `found`, all else as it was."""
    from msgspec.structs import replace  # noqa: PLC0415 - only a reload needs it

    sections: dict[str, dict[str, object]] = {}
    for key in sorted(RELOADED):
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value_of(found, key)
    changed = {section: replace(getattr(before, section), **values) for section, values in sections.items()}
    return replace(before, **changed)
