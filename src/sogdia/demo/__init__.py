"""The demo: one trade from Bukhara to Nairobi on a running node, then days of a real shop at speed."""

from __future__ import annotations

from sogdia.demo.play import play
from sogdia.demo.story import DemoFailedError

__all__ = ["DemoFailedError", "play"]
