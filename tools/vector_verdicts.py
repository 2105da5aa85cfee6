"""What a proof proves, written as it stands in a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.proof import ProvenFace, ProvenHistory, ProvenReceipt

if TYPE_CHECKING:
    from sogdia.kernel.proof import Proven


def proves(proven: Proven) -> dict[str, Any]:
    """Give what a proof proves as it stands in a vector."""
    match proven:
        case ProvenReceipt():
            return {
                "id": proven.id.hex(),
                "receipt": proven.receipt.hex(),
                "height": proven.height,
                "time": proven.time,
                "sealed_at": proven.sealed_at,
                "root": proven.root.hex(),
                "included": proven.included,
            }
        case ProvenHistory():
            return {**proves(proven.record), "steps": len(proven.steps)}
        case _:
            shown = (
                {"face": proven.face.hex(), "rest": proven.rest.hex()}
                if isinstance(proven, ProvenFace)
                else {"value": hex_of(proven.value)}
            )
            return {
                "table": proven.table,
                "key": proven.key.hex(),
                **shown,
                "height": proven.height,
                "time": proven.time,
                "root": proven.root.hex(),
            }


def hex_of(value: bytes | None) -> str | None:
    """Write bytes for JSON."""
    return None if value is None else value.hex()
