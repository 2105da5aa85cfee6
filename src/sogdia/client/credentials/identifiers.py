"""Check digits of the numbers that registrars attest.

Written out rather than taken from a library: two sums of one line each, against a package of several megabytes under
the LGPL. Numbers of a single country are for its registrars to know.
"""

from __future__ import annotations

import re
from typing import Final

from sogdia.client.credentials.faults import CannotBeUsed
from sogdia.modules.identity import AttestationType

IDENTIFIER_FIELD: Final = {
    AttestationType.LEI: "lei",
    AttestationType.GLN: "gln",
    AttestationType.COMPANY_PREFIX: "company_prefix",
    AttestationType.TAX_NUMBER: "tax_number",
    AttestationType.LICENCE: "licence",
    AttestationType.AEO: "aeo",
    AttestationType.IDENTITY: "document_number",
    AttestationType.QUALIFIED_SIGNATURE: "certificate",
}
"""The field that says which firm or person it is; an attestation of the type cannot do without it."""

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}\Z")
_GLN = re.compile(r"[0-9]{13}\Z")
_COMPANY_PREFIX = re.compile(r"[0-9]{4,12}\Z")
_LEI_REMAINDER = (97, 1)


def plain(identifier: str) -> str:
    """Give an identifier without the spaces and in the capitals in which it is compared."""
    return "".join(identifier.split()).upper()


def check_identifier(attests: AttestationType, identifier: str) -> None:
    """Refuse an identifier with a wrong shape or check digit; where a country decides, any text will do."""
    number = plain(identifier)
    match attests:
        case AttestationType.LEI:
            _must(_LEI.match(number), f"{identifier!r} is no LEI: it has 18 letters or digits, then 2 digits.")
            divisor, remainder = _LEI_REMAINDER
            sound = int("".join(str(int(each, 36)) for each in number)) % divisor == remainder
            _must(sound, f"{identifier!r} is no LEI: its last two digits, which check it, are wrong.")
        case AttestationType.GLN:
            _must(_GLN.match(number), f"{identifier!r} is no GLN: it has 13 digits.")
            weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number))
            _must(weighed % 10 == 0, f"{identifier!r} is no GLN: its last digit, which checks it, is wrong.")
        case AttestationType.COMPANY_PREFIX:
            _must(_COMPANY_PREFIX.match(number), f"{identifier!r} is no GS1 company prefix: it has 4 to 12 digits.")
        case _:
            _must(number, "The identifier is empty.")


def _must(condition: object, message: str) -> None:
    if not condition:
        raise CannotBeUsed(f"{message} Compare it with the register.")
