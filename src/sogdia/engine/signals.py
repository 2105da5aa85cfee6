"""Signals that a process of ours hears while its loop runs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from signal import Signals


def hear(heard: Callable[[], object], *signals: Signals) -> None:
    """Let the running loop call something when one of these signals comes.

    Outside the main thread, and where the system knows no such handlers, none is set: whoever started the loop there
    ends it by other means.
    """
    loop = asyncio.get_running_loop()
    for each in signals:
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(each, heard)
