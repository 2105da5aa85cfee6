"""Governance's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.governance.actions import ActionKind
from sogdia.modules.governance.module import MODULE
from sogdia.modules.governance.records import Ending

__all__ = ["MODULE", "ActionKind", "Ending"]
