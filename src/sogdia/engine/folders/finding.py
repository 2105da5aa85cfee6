"""What an audit finds."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it must be.

    `part` is "genesis", "block", "header", "index", "records" (they cannot be read as a whole), "record", "invariant",
    or "audit" (there is more than is told).
    """

    part: str
    message: str
    height: int | None = None
    table: str | None = None
    key: bytes | None = None
