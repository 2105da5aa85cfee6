"""What goes wrong, as RFC 9457 describes it: a problem with its status, words, values and way out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from sogdia.api.faults import DoorRefusal
from sogdia.client.declared import refusal_codes
from sogdia.client.questions import (
    NodeNotRunningError,
    RefusedByNodeError,
    RequestWrongError,
    TooLargeError,
    TryLaterError,
)
from sogdia.vault.faults import VaultRefusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sogdia.kernel.refusal import RefusalCode

PROBLEM = "application/problem+json"
TITLES = {
    400: "The request was not understood",
    401: "Say who asks",
    403: "Not for this reader",
    404: "There is no such thing",
    405: "This address has other methods",
    406: "Not in that form",
    408: "The request came too slowly",
    409: "A rule of the ledger stands against it",
    410: "It is gone",
    413: "Too large",
    414: "The address is too long",
    415: "Not in a form that is read here",
    421: "Another name is asked for",
    429: "Too many requests",
    431: "Headers too large",
    500: "The API has failed",
    503: "Try again later",
    507: "There is no room",
}


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """Why a request cannot be served."""

    def __init__(
        self, status: int, detail: str, way_out: str = "", *, headers: Mapping[str, str] | None = None, **more: object
    ) -> None:
        """Describe it; `more` are members of the document beside those of the RFC."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.way_out = way_out
        self.headers = dict(headers or {})
        self.more = more

    def document(self) -> dict[str, Any]:
        """Write it down; the status is a number, as the RFC asks."""
        title = TITLES.get(self.status, "It cannot be done")
        found = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        return found | ({"way_out": self.way_out} if self.way_out else {}) | self.more

    def response(self) -> Response:
        """Answer with it."""
        return Response(
            msgspec.json.encode(self.document()),
            self.status,
            {**self.headers, "cache-control": "no-store"},
            media_type=PROBLEM,
        )


def refusal(number: int, facts: Iterable[tuple[str, object]], operation: int | None = None) -> dict[str, Any]:
    """Write a refusal down: its number, name, rule, the values that were compared, and the way out."""
    code = _codes().get(number)
    told = {name: value.hex() if isinstance(value, bytes) else str(value) for name, value in facts}
    return {
        "number": str(number),
        "name": None if code is None else code.name,
        "rule": "A rule of a later version" if code is None else code.rule,
        "values": told,
        "way_out": "Update the client." if code is None else code.way_out,
        "operation": None if operation is None else str(operation),
    }


@cache
def _codes() -> dict[int, RefusalCode]:
    """Give every refusal of the ledger, of the vault and of this door by its number."""
    return refusal_codes() | {int(code): code for each in (VaultRefusal, DoorRefusal) for code in each}


def numbered(
    status: int,
    code: RefusalCode,
    facts: Iterable[tuple[str, object]] = (),
    *,
    headers: Mapping[str, str] | None = None,
) -> Problem:
    """Make the problem of a rule of a door."""
    told = refusal(int(code), facts)
    return Problem(status, f"{int(code)} {code.name}: {code.rule}.", code.way_out, headers=headers, refusal=told)


def refused(number: int, facts: Iterable[tuple[str, object]], **more: object) -> Problem:
    """Make the problem of an envelope that a rule stands against."""
    told = refusal(number, facts)
    problem = Problem(409, f"{number} {told['name']}: {told['rule']}.", told["way_out"])
    problem.more = {"refusal": told, **more}
    return problem


def problem_of(error: Exception) -> Problem | None:
    """Give the problem that an error means; none when it can only be a fault of our own."""
    match error:
        case Problem():
            return error
        case RefusedByNodeError():
            return refused(error.code, error.facts)
        case TryLaterError():
            return Problem(503, f"The node cannot take it now: {error}.", "Try again.", headers={"retry-after": "1"})
        case NodeNotRunningError():
            return Problem(503, "The node does not answer.", "Try again.", headers={"retry-after": "2"})
        case RequestWrongError():
            return Problem(413 if isinstance(error, TooLargeError) else 404, f"The node answers: {error}.")
    return None


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A problem as in RFC 9457; of a refusal, with its number, rule, values and way out.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "way_out": {"type": "string"},
        "refusal": {"$ref": "#/components/schemas/Refusal"},
    },
    "required": ["type", "title", "status", "detail"],
}
REFUSAL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Why a rule of the ledger stands against something.",
    "properties": {
        "number": {"type": "string", "pattern": "^[1-9][0-9]{2,4}$"},
        "name": {"type": ["string", "null"]},
        "rule": {"type": "string"},
        "values": {"type": "object", "additionalProperties": {"type": "string"}},
        "way_out": {"type": "string"},
        "operation": {"type": ["string", "null"]},
    },
    "required": ["number", "name", "rule", "values", "way_out", "operation"],
}
