"""The classes of documents, and who may read each by what they are in the trade. Plain data; the pages show it.

Whoever may read a class by its part may also commit documents of it. The owner names further readers one by one.
An authority reads nothing without stating a purpose on the ledger first.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class DocumentClass(IntEnum):
    """What a document is."""

    ADDRESS = 1
    NAME = 2
    MESSAGE = 3
    EVIDENCE = 4
    DOCUMENT = 5
    IDENTITY = 6


class Part(IntEnum):
    """What somebody is to the object that a document is about."""

    SUBJECT = 1
    REGISTRAR = 2
    BUYER = 3
    MERCHANT = 4
    CARRIER = 5


class Purpose(IntEnum):
    """Why an authority reads."""

    CUSTOMS = 1
    TAX = 2
    PRODUCT_SAFETY = 3
    COURT_ORDER = 4


class ClassRule(NamedTuple):
    """Who may read documents of a class: by their part, and authorities for which purposes."""

    parts: tuple[Part, ...]
    purposes: tuple[Purpose, ...]


CLASSES: dict[DocumentClass, ClassRule] = {
    DocumentClass.ADDRESS: ClassRule((Part.BUYER, Part.MERCHANT, Part.CARRIER), (Purpose.CUSTOMS, Purpose.COURT_ORDER)),
    DocumentClass.NAME: ClassRule(
        (Part.SUBJECT, Part.REGISTRAR, Part.BUYER, Part.MERCHANT, Part.CARRIER),
        (Purpose.CUSTOMS, Purpose.TAX, Purpose.COURT_ORDER),
    ),
    DocumentClass.MESSAGE: ClassRule((Part.BUYER, Part.MERCHANT), (Purpose.COURT_ORDER,)),
    DocumentClass.EVIDENCE: ClassRule((Part.BUYER, Part.MERCHANT), (Purpose.PRODUCT_SAFETY, Purpose.COURT_ORDER)),
    DocumentClass.DOCUMENT: ClassRule(
        (Part.BUYER, Part.MERCHANT, Part.CARRIER),
        (Purpose.CUSTOMS, Purpose.TAX, Purpose.PRODUCT_SAFETY, Purpose.COURT_ORDER),
    ),
    DocumentClass.IDENTITY: ClassRule((Part.SUBJECT, Part.REGISTRAR), (Purpose.COURT_ORDER,)),
}

COUNTRY_PARTS = frozenset((Part.SUBJECT, Part.BUYER, Part.MERCHANT))
"""Whose countries a document concerns: where goods come from and go to, or where a party is at home."""
