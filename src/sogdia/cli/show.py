"""Records, facts and receipts in words: accounts by the names people use, money in its currency, moments as dates."""

from __future__ import annotations

import re
from enum import IntFlag
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.cli.amounts import price_text, ratio_text
from sogdia.client.declared import refusal_codes, tables
from sogdia.client.shapes import Field, Shape, fields_of, summary
from sogdia.client.wording import (
    CALLED,
    FINER,
    TAKEN,
    amount_words,
    from_now_words,
    is_money,
    moment_words,
    money_beside,
)
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules.book import Price
from sogdia.modules.market.events import LineFact, Payout
from sogdia.modules.market.records import LineQuantity, Parts
from sogdia.modules.money import Asset
from sogdia.modules.reference import Ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sogdia.cli.naming import Naming
    from sogdia.kernel.codec import Event
    from sogdia.kernel.receipt import Receipt

BASIS = 100
NAME_BYTES = range(ACCOUNT_BYTES + 1, ACCOUNT_BYTES + 17)
HASH_BYTES = 32
ABOUT = ("card", "order", "hold", "listing", "terms")
"""Fields that name the object a fact is about; its money is the object's."""

_HEX = re.compile(r"(?:[0-9a-f]{2})+\Z")


def no_asset(_about: str, _name: bytes) -> Asset | None:
    """Know of no object in which money it is."""
    return None


class Showing:
    """Puts values of the ledger in words for one reader: whose names they use, and what time it is on the network."""

    def __init__(
        self,
        naming: Naming,
        now: int | None = None,
        asset_of: Callable[[str, bytes], Asset | None] = no_asset,
    ) -> None:
        """`asset_of` says in which money an object is, when a fact about it doesn't."""
        self.naming = naming
        self.now = now
        self._asset_of = asset_of

    # ----------------------------------------------------------------------------------------------------- receipts

    def receipt(self, receipt: Receipt) -> list[str]:
        """Say how an envelope or an exit ended."""
        if receipt.code:
            return [self.refusal(receipt.code, receipt.facts, receipt.operation)]
        return [line for event in receipt.events for line in self.event(event)]

    def refusal(self, number: int, facts: Iterable[tuple[str, int | str]], operation: int = 0) -> str:
        """Say which rule stood against it, with which values, and what the way out is."""
        code = refusal_codes().get(number)
        values = ", ".join(f"{name.replace('_', ' ')} {self._fact(value)}" for name, value in facts)
        values = f" ({values})" if values else ""
        which = f" in operation {operation + 1}" if operation else ""
        if code is None:
            return f"{number}{which}, a rule of a later version{values}. Update this program to read it."
        return f"{number} {code.name}{which}: {code.rule}{values}. {code.way_out}"

    def _fact(self, value: int | str) -> str:
        """Write a value of a refusal; what is an account or a name is called as such."""
        if isinstance(value, str) and _HEX.match(value):
            raw = bytes.fromhex(value)
            if len(raw) == ACCOUNT_BYTES:
                return self.naming.call(raw)
            if len(raw) in NAME_BYTES and len(raw) != HASH_BYTES:
                return self._called_object(raw)
        return str(value)

    def _called_object(self, raw: bytes) -> str:
        try:
            return self.naming.call_object(raw)
        except (ValueError, UnicodeDecodeError):
            return raw.hex()

    def record_name(self, full_key: bytes) -> str:
        """Call a record: the table's word for one, and its key."""
        table = tables().get(full_key[0])
        if table is None:
            return full_key.hex()
        parts = []
        for name, value in table.show_key(full_key[1:]).items():
            shown = value.hex() if isinstance(value, bytes) else str(value)
            if isinstance(value, bytes) and name in ("account", "issuer"):
                shown = self.naming.call(value)
            elif isinstance(value, bytes) and name == "name":
                shown = self._called_object(value)
            parts.append(shown if name == "name" else f"{name} {shown}")
        return f"{table.name.rpartition('/')[2].removesuffix('s').replace('-', ' ')} {', '.join(parts)}".rstrip()

    def event(self, event: Event) -> list[str]:
        """State a fact: what happened, then its fields."""
        return [summary(type(event)), *self.fields(event)]

    # ------------------------------------------------------------------------------------------------------- values

    def fields(self, value: msgspec.Struct, asset: Asset | None = None, indent: str = "  ") -> list[str]:
        """Show a value's fields, a line each; a list of values with fields gets a line an entry."""
        asset = self.asset_in(value) or asset
        decimals = getattr(value, "decimals", 0)
        fields = fields_of(type(value))
        width = max((len(each.name) for each in fields), default=0) + 2
        lines = []
        for each in fields:
            held = getattr(value, each.name)
            label = indent + each.name.replace("_", " ").ljust(width)
            if each.shape.items is not None and each.shape.items.struct is not None and held:
                lines.append(label.rstrip())
                lines += [f"{indent}  {self.one_line(entry, each.shape.items, asset, decimals)}" for entry in held]
            else:
                lines.append(label + self.field(each, held, self._counted_in(value, each.name, asset), decimals))
        return lines

    def field(self, field: Field, value: Any, asset: Asset | None, decimals: int = 0) -> str:  # noqa: ANN401 - any field
        """Show one field in one line."""
        called = CALLED.get(field.name)
        if called is not None and isinstance(value, int) and not is_money(field.shape):
            return _called(called, value)
        return self.one_line(value, field.shape, asset, decimals if field.name in FINER else 0)

    def one_line(self, value: Any, shape: Shape | None, asset: Asset | None, decimals: int = 0) -> str:  # noqa: ANN401, PLR0911 - a type, a way to say it
        """Show a value in one line."""
        currency = None if asset is None else asset.currency
        match value:
            case None:
                return "none"
            case bool():
                return "yes" if value else "no"
            case int():
                return self._number(value, shape, currency, decimals)
            case bytes():
                return self._bytes(value, shape)
            case msgspec.Struct():
                return self._structure(value, asset, decimals)
            case list() | tuple():
                items = None if shape is None else shape.items
                said = [self.one_line(each, items, asset, decimals) for each in value]
                return ", ".join(f"({each})" if ", " in each else each for each in said) or "none"
            case "":
                return "not known"
        return str(value)

    def _number(self, value: int, shape: Shape | None, currency: str | None, decimals: int) -> str:
        if shape is None:
            return str(value)
        if is_money(shape):
            return amount_words(value, currency, decimals)
        if shape.word == "Seconds":
            return self.moment(value)
        return _share_words(value) if shape.word == "BasisPoints" else str(value)

    def moment(self, value: int) -> str:
        """Show a moment, and how far it lies from the network's time."""
        if not value:
            return "none"
        return moment_words(value) + (f" ({from_now_words(value, self.now)})" if self.now is not None else "")

    def _bytes(self, value: bytes, shape: Shape | None) -> str:
        word = "" if shape is None else shape.word
        if word == "Account":
            return self.naming.call(value)
        if word == "ObjectKey":
            return self.record_name(value)
        return self._called_object(value) if word == "Name" else value.hex()

    def _structure(self, value: msgspec.Struct, asset: Asset | None, decimals: int) -> str:  # noqa: PLR0911 - a type, a way to say it
        """Show a value with fields: what has a way of its own to be said that way, all others by their fields."""
        currency = None if asset is None else asset.currency
        match value:
            case Asset():
                return self.naming.call_asset(value)
            case Parts():
                return _parts_words(value, currency)
            case LineFact():
                goods = (
                    f"{value.number}: {value.quantity} × {self._called_object(value.listing)}, variant {value.variant}"
                )
                less = f", after {amount_words(value.promotion, currency)} promotion" if value.promotion else ""
                return f"{goods}: {_parts_words(value.parts, currency)}{less}"
            case Price():
                return price_text(value)
            case Ratio():
                return ratio_text(value)
            case LineQuantity():
                return f"{value.quantity} of line {value.line}"
            case Payout():
                return f"{amount_words(value.units, currency)} to {self.naming.call(value.account)}"
        return self._by_its_fields(value, asset, decimals)

    def _by_its_fields(self, value: msgspec.Struct, asset: Asset | None, decimals: int) -> str:
        asset = self.asset_in(value) or asset
        decimals = getattr(value, "decimals", decimals)
        said = []
        for each in fields_of(type(value)):
            held = getattr(value, each.name)
            if each.required or held != each.default:
                money = self._counted_in(value, each.name, asset)
                said.append(f"{each.name.replace('_', ' ')} {self.field(each, held, money, decimals)}")
        return ", ".join(said)

    def asset_in(self, value: msgspec.Struct) -> Asset | None:
        """Say in which money a value's amounts are, by what it says itself or by the object it is about."""
        asset = getattr(value, "asset", None)
        if isinstance(asset, Asset):
            return asset
        for told in ("gives", "base"):
            money = getattr(value, told, None)
            if isinstance(money, Asset):
                return money
        currency, issuer = getattr(value, "currency", None), getattr(value, "issuer", None)
        if isinstance(currency, str) and isinstance(issuer, bytes):
            return Asset(currency, issuer)
        for about in ABOUT:
            name = getattr(value, about, None)
            if isinstance(name, bytes):
                return self._asset_of(about, name)
        return None

    def _counted_in(self, value: msgspec.Struct, field: str, asset: Asset | None) -> Asset | None:
        """Say in which money a field is, when its value exchanges two."""
        beside = money_beside(partial(_part_of, value), field)
        if field not in TAKEN:
            return beside or asset
        takes, card = getattr(value, "takes", None), getattr(value, "card", None)
        if isinstance(takes, Asset):
            return takes
        return self._asset_of("taken by card", card) if isinstance(card, bytes) else asset

    def counted_in(self, value: msgspec.Struct, field: str) -> Asset | None:
        """Say in which money a field of a value is."""
        return self._counted_in(value, field, self.asset_in(value))

    def named_asset(self, query: msgspec.Struct) -> Asset | None:
        """Say in which money the object is that a query is about."""
        about = {"terms": "terms", "listing": "listing", "hold": "hold"}.get(str(query.__struct_config__.tag), "order")
        name = getattr(query, "name", None)
        return self._asset_of(about, name) if isinstance(name, bytes) else None


def _part_of(value: msgspec.Struct, name: str) -> object:
    return getattr(value, name, None) if name else None


def _called(names: Any, value: int) -> str:  # noqa: ANN401 - a class of numbers with names
    """Say a number that has a name."""
    if issubclass(names, IntFlag):
        parts = [str(each.name) for each in names if each & value]
        return ", ".join(parts).lower().replace("_", " ") or "none"
    return names(value).name.lower().replace("_", " ") if value in list(names) else str(value)


def _share_words(basis_points: int) -> str:
    whole, rest = divmod(basis_points, BASIS)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def _parts_words(parts: Parts, currency: str | None) -> str:
    total = amount_words(parts.total(), currency)
    if not parts.freight and not parts.tax:
        return total
    said = [(name, getattr(parts, name)) for name in ("price", "freight", "tax")]
    return total + " (" + ", ".join(f"{name} {amount_words(units, currency)}" for name, units in said if units) + ")"


def paragraphs(parts: Sequence[Sequence[str]]) -> str:
    """Join groups of lines with an empty line between."""
    return "\n\n".join("\n".join(lines) for lines in parts if lines)
