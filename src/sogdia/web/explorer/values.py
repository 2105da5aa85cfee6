"""Values of the ledger as parts of pages: accounts and objects by what they are called, money, moments, shares."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import IntFlag
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sogdia.client.codes import account_code, name_code
from sogdia.client.locales import amount_for_people, count_for_people, read_locale
from sogdia.client.shapes import Field, Shape, fields_of, summary
from sogdia.client.wording import CALLED, FINER, is_money, length_words
from sogdia.index.reading.trade import LISTING_BY_NAME, PARTY_BY_ACCOUNT
from sogdia.kernel.values import ACCOUNT_BYTES, NO_ACCOUNT, UNITS_MAX, owner_of, reference_of
from sogdia.modules.market.records import Parts
from sogdia.modules.money import Asset
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.web.explorer.countries import NAMES
from sogdia.web.explorer.limits import LINES_MAX
from sogdia.web.explorer.parts import Amount, Badge, Called, Digest, Link, Moment, Several, Table, Words
from sogdia.web.explorer.texts import say, say_if_known

if TYPE_CHECKING:
    import sqlalchemy
    from babel.core import Locale

    from sogdia.index.reading.trade import Listing, Party
    from sogdia.web.explorer.parts import Cell

ACCOUNT_GROUPS: Final = 3
NAME_BYTES: Final = range(ACCOUNT_BYTES + 1, ACCOUNT_BYTES + 17)
HASH_BYTES: Final = 32
CURRENCY_BYTES: Final = 3
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
OBJECT_PATHS: Final = {"order": "/orders/", "listing": "/listings/"}
"""Fields that name an object with a page of its own."""

LABELS: Final = {"gtin": "GTIN", "hs_code": "HS code", "hs": "HS code"}


def short(code: str) -> str:
    """Shorten a code to what people compare first."""
    return "-".join(code.split("-")[:ACCOUNT_GROUPS]) + "…"


def label(name: str) -> str:
    """Say what a field is called."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def amount(units: int, currency: str | None, decimals: int = 0) -> Amount:
    """Show an amount in the numbers of the page's language."""
    if currency is None or currency not in MINOR_DIGITS:
        return Amount(say("units", units=count_for_people(units, _locale())))
    return Amount(f"{amount_for_people(units, currency, _locale(), decimals)}\u00a0{currency}")


def count(number: int) -> Words:
    """Show how many."""
    return Words(count_for_people(number, _locale()))


@cache
def _locale() -> Locale:
    return read_locale(say("language"))


def asset_of_key(key: bytes) -> Asset:
    """Read the key of a currency in the index."""
    return Asset(key[:CURRENCY_BYTES].decode("ascii"), key[CURRENCY_BYTES:])


def currency_path(currency: str, issuer: bytes) -> str:
    """Give the address of a currency's page."""
    return f"/currencies/{currency}/{account_code(issuer)}"


def most(units: int, currency: str) -> Cell:
    """Show a bound, or that there is none."""
    return amount(units, currency) if 0 < units < UNITS_MAX else Words(say("unlimited"))


def country(letters: str) -> Words:
    """Call a country by its name."""
    return Words(f"{NAMES[letters]} ({letters})" if letters in NAMES else letters or say("unknown"))


def share(basis_points: int) -> Words:
    """Show a share."""
    whole, rest = divmod(basis_points, 100)
    return Words(say("share", share=f"{whole}.{rest:02d}".rstrip("0").rstrip(".")))


class Values:
    """Shows values on one page: whom the index knows is called by name, moments are seen from the network's time."""

    def __init__(self, index: sqlalchemy.Connection, now: int) -> None:
        """Look names up in `index`."""
        self._index = index
        self._now = now
        self._called: dict[bytes, str] = {}
        self._titles: dict[bytes, str] = {}

    # ----------------------------------------------------------------------------------------------------------- names

    def call(self, account: bytes) -> str:
        """Call an account: @reference for a party of the genesis, @registrar/reference, or how its code begins."""
        if account not in self._called:
            self._called[account] = self._find(account)
        return self._called[account]

    def _find(self, account: bytes) -> str:
        party: Party | None = PARTY_BY_ACCOUNT.read(self._index, account)
        if party is None:
            return short(account_code(account))
        if party.registrar == NO_ACCOUNT:
            return f"@{party.reference}"
        above = self.call(party.registrar)
        return f"{above}/{party.reference}" if above.startswith("@") else short(account_code(account))

    def account(self, account: bytes, *, whole: bool = False) -> Cell:
        """Show an account."""
        if account == NO_ACCOUNT:
            return Words(say("nobody"))
        code = account_code(account)
        return Called(self.call(account), code, f"/parties/{code}", whole=whole)

    def object_called(self, name: bytes) -> str:
        """Call an object by its owner and reference."""
        return f"{self.call(owner_of(name))}/{reference_of(name)}"

    def object(self, name: bytes, what: str, *, whole: bool = False) -> Cell:
        """Show an object; orders and listings have pages, and a listing has a title."""
        code = name_code(name)
        if what == "listing" and not whole:
            title = self._title(name)
            if title:
                return Link(f"/listings/{code}", title, foreign=True)
        path = OBJECT_PATHS.get(what)
        return Called(self.object_called(name), code, path and path + code, whole=whole)

    def _title(self, name: bytes) -> str:
        if name not in self._titles:
            listing: Listing | None = LISTING_BY_NAME.read(self._index, name)
            self._titles[name] = "" if listing is None else listing.title
        return self._titles[name]

    def asset(self, asset: Asset) -> Cell:
        """Show a currency with its issuer."""
        issuer = self.call(asset.issuer).removeprefix("@")
        path = currency_path(asset.currency, asset.issuer)
        return Called(f"{asset.currency}@{issuer}", account_code(asset.issuer), path)

    # --------------------------------------------------------------------------------------------------------- moments

    def moment(self, seconds: int) -> Cell:
        """Show a moment, and how far it is."""
        if not seconds:
            return Words(say("none"))
        when = datetime.fromtimestamp(seconds, UTC)
        length = length_words(abs(seconds - self._now))
        distance = say("ahead", length=length) if seconds > self._now else say("ago", length=length)
        return Moment(f"{when:%Y-%m-%dT%H:%M:%SZ}", f"{when:%Y-%m-%d %H:%M:%S} UTC", distance)

    # ---------------------------------------------------------------------------------------------------- declarations

    def rows(
        self, value: msgspec.Struct, asset: Asset | None = None, *, without: frozenset[str] = frozenset()
    ) -> list[tuple[str, Cell]]:
        """Show the fields of a value, but for lists of values that have fields: those are tables."""
        asset = _asset_in(value) or asset
        decimals = getattr(value, "decimals", 0)
        return [
            (label(each.name), self.field(each, getattr(value, each.name), asset, decimals))
            for each in fields_of(type(value))
            if each.name not in without and not _has_rows(each.shape)
        ]

    def tables(self, value: msgspec.Struct, asset: Asset | None = None) -> list[Table]:
        """Show the lists of values that have fields."""
        asset = _asset_in(value) or asset
        made = []
        for each in fields_of(type(value)):
            held = getattr(value, each.name)
            if _has_rows(each.shape) and held and each.shape.items is not None and each.shape.items.struct is not None:
                columns = fields_of(each.shape.items.struct)
                rows = [
                    [self.field(column, getattr(entry, column.name), asset) for column in columns]
                    for entry in held[:LINES_MAX]
                ]
                numbers = frozenset(at for at, column in enumerate(columns) if column.shape.word in _NUMBERS)
                names = [label(column.name) for column in columns]
                left = len(held) - LINES_MAX
                rest = say("more.lines", count=left) if left > 0 else ""
                title = f"{label(each.name)} ({rest})" if rest else label(each.name)
                made.append(Table(title, names, rows, numbers=numbers))
        return made

    def field(self, field: Field, value: Any, asset: Asset | None, decimals: int = 0) -> Cell:  # noqa: ANN401 - any
        """Show one field."""
        called = CALLED.get(field.name)
        if called is not None and isinstance(value, int) and not is_money(field.shape):
            return _named(called, value)
        if field.name in ("country", "origin") and isinstance(value, str):
            return country(value)
        return self.value(value, field.shape, field.name, asset, decimals if field.name in FINER else 0)

    def value(  # noqa: PLR0911 - a type, a way to show it
        self,
        value: Any,  # noqa: ANN401 - any value of the ledger
        shape: Shape | None,
        name: str = "",
        asset: Asset | None = None,
        decimals: int = 0,
    ) -> Cell:
        """Show any value."""
        match value:
            case None:
                return Words(say("none"))
            case bool():
                return Words(say("yes") if value else say("no"))
            case int():
                return self._number(value, shape, asset, decimals)
            case bytes():
                return self._bytes(value, shape, name)
            case Asset():
                return self.asset(value)
            case Parts():
                return parts_words(value, asset)
            case msgspec.Struct():
                shown = [Several((Words(f"{words.lower()} "), cell), "") for words, cell in self.rows(value, asset)]
                return Several(tuple(shown), ", ")
            case list() | tuple():
                items = None if shape is None else shape.items
                cells = tuple(self.value(each, items, name, asset, decimals) for each in value[:LINES_MAX])
                return Several(cells, ", ") if cells else Words(say("none"))
        return Words(str(value), foreign=True) if value else Words(say("unknown"))

    def _number(self, value: int, shape: Shape | None, asset: Asset | None, decimals: int) -> Cell:
        if shape is None:
            return count(value)
        if is_money(shape):
            return amount(value, None if asset is None else asset.currency, decimals)
        if shape.word == "Seconds":
            return self.moment(value)
        return share(value) if shape.word == "BasisPoints" else count(value)

    def _bytes(self, value: bytes, shape: Shape | None, name: str) -> Cell:
        word = "" if shape is None else shape.word
        if word == "Account":
            return self.account(value)
        if word == "Name":
            return self.object(value, name)
        return Digest(value.hex())

    def event_words(self, event: Any) -> str:  # noqa: ANN401 - any fact
        """Say what a fact is."""
        return say_if_known(f"event.{type(event).__name__}", summary(type(event)).rstrip("."))

    def told(self, value: int | str) -> Cell:
        """Show a value of a refusal: what is an account or a name is called as such."""
        if isinstance(value, str) and _HEX.fullmatch(value):
            raw = bytes.fromhex(value)
            if len(raw) == ACCOUNT_BYTES:
                return self.account(raw)
            if len(raw) in NAME_BYTES and len(raw) != HASH_BYTES:
                try:
                    return self.object(raw, "")
                except (ValueError, UnicodeDecodeError):
                    return Digest(value)
            return Digest(value)
        return count(value) if isinstance(value, int) else Words(value, foreign=True)


_NUMBERS = frozenset({"Quantity", "Units", "PositiveUnits", "Stock"})


def _has_rows(shape: Shape) -> bool:
    """Tell whether a field is a list of values that have fields."""
    return shape.items is not None and shape.items.struct is not None


def _asset_in(value: msgspec.Struct) -> Asset | None:
    asset = getattr(value, "asset", None)
    return asset if isinstance(asset, Asset) else None


def _named(called: type[Any], value: int) -> Cell:
    if issubclass(called, IntFlag):
        names = [str(each.name).lower().replace("_", " ") for each in called if each & value]
        return Words(", ".join(names) or say("none"))
    known = {int(each): each.name for each in called}
    name = known.get(value)
    if name is None:
        return count(value)
    return Words(say_if_known(f"{called.__name__.lower()}.{name.lower()}", name.lower().replace("_", " ")))


def parts_words(parts: Parts, asset: Asset | None) -> Cell:
    """Show an amount by what it is for."""
    currency = None if asset is None else asset.currency
    total, price, freight, tax = (
        amount(units, currency).text for units in (parts.total(), parts.price, parts.freight, parts.tax)
    )
    if not parts.freight and not parts.tax:
        return Amount(total)
    return Words(say("order.parts", total=total, price=price, freight=freight, tax=tax))


def outcome_badge(code: int) -> Badge:
    """Say whether something was applied."""
    return Badge(say("transaction.refused"), "bad") if code else Badge(say("transaction.applied"), "good")


def operation_words(names: str) -> str:
    """Say what was asked: PlaceOrder is 'Place order'."""
    spoken = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower() for name in names.split()]
    seen = list(dict.fromkeys(spoken))
    said = ", ".join(f"{each} ×{spoken.count(each)}" if spoken.count(each) > 1 else each for each in seen)
    return said[:1].upper() + said[1:]
