"""Organisations by their names: `kz-bank` is a bank in Kazakhstan, and what a bank does is written here.

A name is a country in two letters, a hyphen and a word for what it is; more words may follow (`cn-platform-2`).
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from sogdia.modules.identity import COUNTRIES, Kind
from sogdia.network.country_currencies import CURRENCY_OF

ORGANISATIONS_MAX: Final = 64
_NAME: Final = re.compile(r"([a-z]{2})-([a-z]+)(?:-[a-z0-9]+)*")

TRADES: Final[dict[str, tuple[Kind, tuple[str, ...]]]] = {
    "platform": (Kind.PLATFORM, ("operator", "registrar", "platform")),
    "bank": (Kind.PAYMENT_INSTITUTION, ("operator", "issuer")),
    "post": (Kind.CARRIER, ("operator", "registrar", "carrier")),
    "carrier": (Kind.CARRIER, ("operator", "carrier")),
    "customs": (Kind.AUTHORITY, ("operator", "tax_collector")),
    "registrar": (Kind.REGISTRAR, ("operator", "registrar")),
    "enterprise": (Kind.ENTERPRISE, ("operator",)),
}
"""What an organisation is and which roles it has, by the word in its name."""


class NameWrongError(Exception):
    """A name from which no organisation can be made; the message says what would do."""


class Organisation(NamedTuple):
    """One organisation that runs a node."""

    name: str
    country: str
    kind: Kind
    roles: tuple[str, ...]

    def currency(self) -> str | None:
        """Give the currency that it issues, if it is a bank."""
        return CURRENCY_OF.get(self.country) if "issuer" in self.roles else None

    def party(self, public: bytes) -> dict[str, Any]:
        """Describe it as a party of a genesis: its own sponsor, with the usual quota."""
        return {
            "reference": self.name,
            "kind": int(self.kind),
            "country": self.country,
            "public": public.hex(),
            "roles": self.roles,
            "quota": {},
        }


def read_organisations(names: str) -> list[Organisation]:
    """Read names with commas between them."""
    found = [_read(name.strip()) for name in names.split(",") if name.strip()]
    if not 1 <= len(found) <= ORGANISATIONS_MAX:
        raise NameWrongError(f"a network has 1 to {ORGANISATIONS_MAX} organisations, and {len(found)} are named")
    doubled = sorted({each.name for each in found if [other.name for other in found].count(each.name) > 1})
    if doubled:
        raise NameWrongError(f"{doubled[0]!r} is named twice; add a word, such as {doubled[0]}-2")
    return found


def _read(name: str) -> Organisation:
    parts = _NAME.fullmatch(name)
    if parts is None or len(name) > 16:  # noqa: PLR2004 - a reference on the ledger has at most 16 characters
        raise NameWrongError(
            f"{name!r} is no name of an organisation: write a country, a hyphen and a trade in at most 16 small"
            " letters, such as kz-bank"
        )
    country, trade = parts[1].upper(), parts[2]
    if country not in COUNTRIES:
        raise NameWrongError(f"{name!r} begins with no country of ISO 3166; write two letters such as kz")
    if trade not in TRADES:
        raise NameWrongError(f"{name!r}: nothing is known of the trade {trade!r}; there are {', '.join(TRADES)}")
    kind, roles = TRADES[trade]
    return Organisation(name, country, kind, roles)
