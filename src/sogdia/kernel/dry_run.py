"""What a dry run answers: what would become of an envelope now, and what it would change. Nothing of it is hashed."""

from __future__ import annotations

from typing import Any

import msgspec

Facts = tuple[tuple[str, Any], ...]
"""Values that a rule compared, each with its name."""


class NotAdmissible(msgspec.Struct, frozen=True, array_like=True):
    """An envelope that no block may hold now: the number of the refusal and the values that were compared."""

    code: int
    facts: Facts


class ChangedRecord(msgspec.Struct, frozen=True, array_like=True):
    """A record that would change: its full key, and its bytes before and after, nothing where there is none."""

    key: bytes
    before: bytes | None
    after: bytes | None


class Scheduled(msgspec.Struct, frozen=True, array_like=True):
    """A deadline that would be made: when, and for which object."""

    deadline: int
    object: bytes


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of an envelope now."""

    height: int
    time: int
    id: bytes
    receipt: bytes | None
    not_admissible: NotAdmissible | None
    changes: list[ChangedRecord]
    scheduled: list[Scheduled]
