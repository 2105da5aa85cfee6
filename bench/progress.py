"""Saying how far a long part of the bench has come, on the error output, so that nobody takes it for stuck."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Write a line under that of the part."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()
