"""What is asked of the index over HTTP, and how its answers are described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sogdia.index.reading import series as counted
from sogdia.kernel.values import Account, AssetKey, CountryCode, Name, Seconds

if TYPE_CHECKING:
    from sogdia.index.reading.chain import Result

Limit = Annotated[int, Meta(ge=1, le=100)]
Cursor = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{27}\Z")]
Question = Annotated[str, Meta(min_length=1, max_length=200)]
Buckets = Annotated[int, Meta(ge=1, le=counted.BUCKETS_MAX)]
Moment = Annotated[int, Meta(ge=0, le=2**40)]


class Paging(msgspec.Struct, frozen=True):
    """Which page."""

    cursor: Cursor | None = None
    limit: Limit = 24


class Searching(msgspec.Struct, frozen=True):
    """Words that all have to be there, in any script."""

    q: Question
    cursor: Cursor | None = None
    limit: Limit = 24


class Begun(msgspec.Struct, frozen=True):
    """What somebody has typed so far."""

    q: Question


class ListingPage(msgspec.Struct, frozen=True):
    """Which listings: all, or a merchant's."""

    merchant: Account | None = None
    cursor: Cursor | None = None
    limit: Limit = 24


class PartyPage(msgspec.Struct, frozen=True):
    """Which parties: all, or those of a country."""

    country: CountryCode | None = None
    cursor: Cursor | None = None
    limit: Limit = 24


class OrderPage(msgspec.Struct, frozen=True):
    """Which orders: those a party has placed, or those placed with it."""

    side: Literal["buyer", "merchant", "carrier"] = "buyer"
    cursor: Cursor | None = None
    limit: Limit = 24


class PaymentPage(msgspec.Struct, frozen=True):
    """Which payments: those a party has made, or received."""

    side: Literal["payer", "payee"] = "payer"
    cursor: Cursor | None = None
    limit: Limit = 24


class HoldingsPage(msgspec.Struct, frozen=True):
    """Behind which money to go on: the `next` of the page before."""

    after: AssetKey | None = None
    limit: Limit = 24


class RefusalPage(msgspec.Struct, frozen=True):
    """What a rule has turned down."""

    number: Annotated[int, Meta(ge=1, le=65_535)]
    cursor: Cursor | None = None
    limit: Limit = 24


class Plot(msgspec.Struct, frozen=True):
    """What to count, of what, in which spans of time, up to when."""

    measure: counted.Measure
    subject: Annotated[str, Meta(max_length=80)] = ""
    span: counted.Span = "hour"
    buckets: Buckets = 48
    until: Moment | None = None


class Sum(msgspec.Struct, frozen=True):
    """What to count since the beginning."""

    measure: counted.Measure


class Late(msgspec.Struct, frozen=True):
    """In which spans of time, up to when."""

    span: counted.Span = "hour"
    buckets: Buckets = 48
    until: Moment | None = None


class OfAccount(msgspec.Struct, frozen=True):
    """Whose."""

    account: Account


class OfName(msgspec.Struct, frozen=True):
    """Which object."""

    name: Name


class OfIssuer(msgspec.Struct, frozen=True):
    """Whose currencies; without one, all."""

    issuer: Account | None = None


class IndexAnswer(msgspec.Struct, frozen=True):
    """How far the index is, and how far the ledger."""

    height: int
    time: Seconds
    ledger_height: int


class Ended(msgspec.Struct, frozen=True):
    """How an envelope or an exit ended, in a list."""

    id: bytes
    height: int
    time: int
    exit: bool
    code: int
    operations: str


def ended(found: Result) -> Ended:
    """Give of a result what anybody may know."""
    return Ended(found.id, found.height, found.time, found.exit, found.code, found.operations)


def object_of(fields: dict[str, Any]) -> Any:  # noqa: ANN401 - see openapi
    """Describe an object by the types of its fields: a type, a list of one, or another such object."""

    def described(schemas: Any) -> dict[str, Any]:  # noqa: ANN401 - see openapi
        def inner(shape: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
            if isinstance(shape, list):
                return {"type": "array", "items": inner(shape[0])}
            if isinstance(shape, dict) and "type" not in shape:
                return {
                    "type": "object",
                    "required": list(shape),
                    "properties": {name: inner(each) for name, each in shape.items()},
                }
            found: dict[str, Any] = schemas.of(shape)
            return found

        return inner(fields)

    return described


def page_of(row: Any) -> Any:  # noqa: ANN401 - a type, or the fields of an object
    """Describe a page of a list: its rows, and the cursor of the next page, if there is one."""
    return object_of({"rows": [row], "next": {"type": ["string", "null"]}})
