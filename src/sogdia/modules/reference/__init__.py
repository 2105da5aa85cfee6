"""The reference rates' public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.reference.guard import Part, Standing, rate_in_force, require_near, standing
from sogdia.modules.reference.module import MODULE
from sogdia.modules.reference.ratios import RATIO_PART_MAX, Ratio, decimal_text
from sogdia.modules.reference.records import RateState

__all__ = [
    "MODULE",
    "RATIO_PART_MAX",
    "Part",
    "RateState",
    "Ratio",
    "Standing",
    "decimal_text",
    "rate_in_force",
    "require_near",
    "standing",
]
