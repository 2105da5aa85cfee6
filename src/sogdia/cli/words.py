"""The words with which fields are declared, and how each is written on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import inspect as types

from sogdia.client.shapes import Shape, fields_of
from sogdia.client.wording import is_money
from sogdia.modules.book import Side, Validity
from sogdia.modules.documents import DocumentClass, Part, Purpose
from sogdia.modules.identity import AssuranceLevel, AttestationType, Kind, Role
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.records import FinalLine, RestPaid

if TYPE_CHECKING:
    from enum import IntEnum

    import msgspec

NUMBERED: Final[dict[str, type[IntEnum | Role]]] = {
    "AttestationKind": AttestationType,
    "Kind": Kind,
    "ClassNumber": DocumentClass,
    "Level": AssuranceLevel,
    "PartNumber": Part,
    "PurposeNumber": Purpose,
    "Roles": Role,
    "CauseNumber": Cause,
    "RestPaidNumber": RestPaid,
    "SideNumber": Side,
    "ValidityNumber": Validity,
}
"""Words whose numbers have names."""

METAVARS: Final[dict[str, str]] = {
    "Account": "ACCOUNT",
    "Asset": "CURRENCY@ISSUER",
    "AssetKey": "CURRENCY@ISSUER",
    "BasisPoints": "SHARE",
    "ConsentCode": "CODE",
    "AttestationKind": "TYPE",
    "ClassNumber": "CLASS",
    "CountryCode": "COUNTRY",
    "CountryOrNone": "COUNTRY",
    "CurrencyCode": "CURRENCY",
    "FinalLine": "LINE",
    "Handle": "HANDLE",
    "Hash": "HASH",
    "Kind": "KIND",
    "Level": "LEVEL",
    "Name": "NAME",
    "NodeKey": "KEY",
    "OperationNumber": "OPERATION",
    "Period": "LENGTH",
    "Tenor": "LENGTH",
    "ObjectKey": "OBJECT",
    "Proof": "KEY",
    "PublicKey": "KEY",
    "PurposeNumber": "PURPOSE",
    "Reference": "REFERENCE",
    "Roles": "ROLES",
    "Scheme": "SCHEME",
    "Seconds": "MOMENT",
    "CauseNumber": "CAUSE",
    "RestPaidNumber": "WHEN",
    "SideNumber": "SIDE",
    "ValidityNumber": "VALIDITY",
    "bool": "yes|no",
}

HINTS: Final[dict[str, str]] = {
    "Account": "acct-…, @reference of a party of the genesis, or the name of a key",
    "AssetKey": "a currency and its issuer, such as USD@bank",
    "Asset": "a currency and its issuer, such as USD@bank",
    "AttestationKind": "one of " + ", ".join(each.name.lower() for each in AttestationType),
    "BasisPoints": "a share such as 2.5%, or basis points such as 250",
    "ConsentCode": "the 16 letters and digits of a one-time code",
    "ClassNumber": "one of " + ", ".join(each.name.lower() for each in DocumentClass),
    "CountryCode": "two letters of ISO 3166, such as KE",
    "CountryOrNone": "two letters of ISO 3166, such as KE, or nothing when unknown",
    "CurrencyCode": "three letters of ISO 4217, such as USD",
    "Digits": "digits, or nothing when unknown",
    "EndToEnd": "at most 35 characters",
    "Handle": "3 to 32 lower-case letters of one alphabet, digits, and hyphens between them",
    "Hash": "64 hexadecimal digits, or file:PATH for the SHA-256 of a file",
    "Kind": "one of " + ", ".join(kind.name.lower() for kind in Kind),
    "LinesText": "lines as listing:variant:quantity, separated by commas",
    "Language": "a language tag such as en or zh-Hans",
    "CauseNumber": "one of " + ", ".join(each.name.lower() for each in Cause),
    "RestPaidNumber": "one of " + ", ".join(each.name.lower() for each in RestPaid),
    "SideNumber": "one of " + ", ".join(each.name.lower() for each in Side),
    "ValidityNumber": "one of " + ", ".join(each.name.lower() for each in Validity),
    "Price": "a decimal such as 41.3173: minor units of the quote for one of the base",
    "Ratio": "a decimal such as 129.45, or a fraction: minor units of the quote for one of the base",
    "NodeKey": "the name or file of a key, or 64 hexadecimal digits",
    "OperationNumber": "the name of an operation such as place-order, or its number",
    "Period": "a length of time such as 30d, or seconds",
    "Level": "low, substantial or high",
    "Name": "name-…, or owner and reference such as @nairobi/o1",
    "ObjectKey": "order:@nairobi/o1, party:@nairobi, or a full key in hexadecimal",
    "Proof": "the name or file of the key that signs this, or a signature of 128 hexadecimal digits",
    "PublicKey": "the name or file of a key, or its hexadecimal digits",
    "PurposeNumber": "one of " + ", ".join(each.name.lower() for each in Purpose),
    "Purpose": "four letters of ISO 20022, such as GDDS for goods",
    "Reference": "1 to 16 of 0-9 A-Z a-z . _ -",
    "Roles": "none, or some of " + ", ".join(str(role.name).lower() for role in Role) + ", separated by commas",
    "Scheme": "ed25519, p256 or passkey",
    "Seconds": "2026-11-22T10:00:00Z, seconds since 1970, or +3d from now",
    "Tenor": "a length of time such as 30d, or seconds",
    "Title": "at most 200 characters",
    "Unit": "a unit of UN/ECE Recommendation 20, such as C62 (one) or KGM",
}
MONEY_HINT: Final = "12.50 USD, 12.50 when the currency is clear, or 1250 minor units"


def metavar(shape: Shape) -> str:
    """Name what is to be put in the place of a field."""
    if shape.items is not None:
        return metavar(shape.items)
    if is_money(shape):
        return "AMOUNT"
    if shape.word in METAVARS:
        return METAVARS[shape.word]
    if shape.struct is not None:
        return shape.struct.__name__.upper()
    return {types.IntType: "NUMBER", types.StrType: "TEXT"}.get(type(shape.kind), "VALUE")


def hint(shape: Shape) -> str:
    """Say how a field is written."""
    if is_money(shape):
        return MONEY_HINT
    if shape.word in HINTS:
        return HINTS[shape.word]
    if isinstance(shape.kind, types.IntType):
        most = f" to {shape.kind.le}" if shape.kind.le is not None else ""
        return f"a whole number from {shape.kind.ge}{most}"
    if isinstance(shape.kind, types.BoolType):
        return "yes or no"
    return ""


def form_hint(shape: Shape) -> str:
    """Say how a value with fields of its own is written."""
    inner = shape.items if shape.items is not None else shape
    if inner.struct is None or inner.word in HINTS:
        return ""
    if inner.struct is FinalLine:
        return "the line's number, and line and path are looked up; or the line of 'sogdia query final-line' as JSON"
    return f"{form_of(inner.struct)}, or JSON"


def form_of(declared: type[msgspec.Struct]) -> str:
    """Show how a value with fields is written with colons."""
    simple = [each for each in fields_of(declared) if each.shape.items is None and each.shape.struct is None]
    return ":".join(each.name if each.required else f"[{each.name}=…]" for each in simple)
