r"""JSON read strictly, and written in its one canonical form (RFC 8785, JCS).

White space, the order of members and escapes such as \u0041 are canonicalised: they change no value, so a document
that was laid out anew is still the same. What two readers could take for two things is refused: a member named twice,
a number that is not a whole one of at most 53 bits (1.0 and 1e0 are canonically 1, but not to every reader), half
a character, a byte order mark.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

import rfc8785

from sogdia.client.credentials.faults import CheckFailed

DOCUMENT_BYTES_MAX = 256 * 1024
EXACT_MAX: Final = 2**53 - 1


def read_document(raw: bytes) -> dict[str, Any]:
    """Read an object of JSON strictly, or say what is wrong with it."""
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise CheckFailed(f"The document has {len(raw)} bytes; {DOCUMENT_BYTES_MAX} are allowed.")
    try:
        found = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_members,
            parse_float=_no_fraction,
            parse_int=_whole,
            parse_constant=_no_fraction,
        )
        canonical(found)
    except UnicodeDecodeError as fault:
        raise CheckFailed("The document is not UTF-8.") from fault
    except (json.JSONDecodeError, RecursionError) as fault:
        raise CheckFailed(f"The document is no JSON: {fault}.") from fault
    if not isinstance(found, dict):
        raise CheckFailed("The document is no object of JSON.")
    return found


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any value of JSON
    """Write a value in its canonical form."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as fault:
        raise CheckFailed(f"The document has no canonical form: {fault}.") from fault


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of members of which no two have the same name."""
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CheckFailed(f"The document names {twice!r} twice; readers would differ about which one counts.")
    return members


def _whole(text: str) -> int:
    if len(text) > len(str(-EXACT_MAX)) or not -EXACT_MAX <= int(text) <= EXACT_MAX or text == "-0":
        raise CheckFailed(f"The number {text[:40]} is not exact to every reader. Write it as text.")
    return int(text)


def _no_fraction(text: str) -> NoReturn:
    raise CheckFailed(f"The number {text[:40]} is not written as a whole number; readers would differ about its value.")
