"""The limits of the pages, which hold for every explorer; what an operator decides stands in the settings."""

from __future__ import annotations

from typing import Final

SESSION_SECONDS: Final = 900
SESSIONS_MAX: Final = 10_000
FORM_BYTES_MAX: Final = 4_096
ROWS: Final = 24
LISTING_ROWS: Final = 16
"""Titles may have two hundred characters each, and a page shall stay small whatever they say."""

STEPS_MAX: Final = 20
LINES_MAX: Final = 20
"""How many lines of an order, or of a fact, a page shows."""

QUESTION_MAX: Final = 200
