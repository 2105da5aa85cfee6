"""What the explorer is told, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

SESSION_SECONDS: Final = 900
SESSIONS_MAX: Final = 10_000
NODE_SECONDS_MAX: Final = 10.0
NODE_CONNECTIONS_MAX: Final = 8
FORM_BYTES_MAX: Final = 4_096
ROWS: Final = 24
LISTING_ROWS: Final = 16
"""Titles may have two hundred characters each, and a page shall stay small whatever they say."""

STEPS_MAX: Final = 20
LINES_MAX: Final = 20
"""How many lines of an order, or of a fact, a page shows."""

QUESTION_MAX: Final = 200


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the node and the index are, and how the site is called."""

    node_folder: Path
    database: str
    hosts: tuple[str, ...] = ()
    """The site's own names as browsers send them (with the port, if it is not that of the scheme). Nobody can sign in
    under another name, which somebody in between might have put there. `serving` knows its own address."""
