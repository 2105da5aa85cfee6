"""Who sees what: every field of every record and event on the ledger, and every class in the vault, as plain data.

Whoever runs a node holds the whole ledger and sees every field below; `VALIDATOR` marks what no door serves to anybody
else. The doors (the HTTP interface, the explorer) go by these rows; a test holds them against the declarations, so a
new field without a row fails it.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Sees(Enum):
    """To whom a field is served."""

    PUBLIC = "public"
    """Anybody who asks."""
    PARTY = "party"
    """Those with a part in the object, and the authorities of the countries that it concerns."""
    AUTHORITY = "authority"
    """The authority that it concerns, whoever supervises it, and the party that it is about; no other party."""
    VALIDATOR = "validator"
    """Whoever runs a node, and nobody else."""


KEY: Final = "record"
"""Stands for the key of a record: that it is there at all."""

_P, _O, _A, _V = Sees.PUBLIC, Sees.PARTY, Sees.AUTHORITY, Sees.VALIDATOR

RECORDS: Final[dict[str, dict[Sees, str]]] = {
    "Parameters": {_P: "record limits"},
    "Party": {_P: "record registrar reference kind country roles key suspended", _O: "sponsor"},
    "DueNode": {_V: "record present"},
    "DuePage": {_V: "record objects"},
    "SpentPage": {_V: "record rows"},
    "SpentSlot": {_V: "record count"},
    "SpentTotal": {_V: "record live first_slot last_slot"},
    "Quota": {
        _O: "record operations_max bytes_max reserved_operations_max stored_bytes_max period_start operations_used "
        "bytes_used reserved_operations_used stored_bytes"
    },
    "ValidatorSets": {_P: "record current following changes_at"},
    "Currency": {_P: "record digits supply supply_max holder_max by_authorisation"},
    "Balance": {_O: "record available held frozen authorised"},
    "Hold": {_O: "record payer payee asset units deadline purpose sponsor history"},
    "EncryptionKey": {_P: "record number public", _O: "sponsor"},
    "Authorities": {_P: "record accounts"},
    "File": {_O: "record participants documents sponsor"},
    "Entry": {_O: "record document"},
    "Document": {_O: "record about document_class commitment size epoch readers authorities committed_at sponsor"},
    "Erased": {_O: "record about document_class commitment authorities committed_at erased_at sponsor"},
    "Reading": {_A: "record purpose case epoch recorded_at times"},
    "MarketRules": {_P: "record windows"},
    "Terms": {_P: "record asset carrier freight_per_order tax_collector platform platform_fee"},
    "Listing": {_P: "record terms title language unit hs_code origin open variants", _O: "sponsor"},
    "Variant": {_P: "record offer stock"},
    "Order": {
        _P: "record state history",
        _O: "merchant asset carrier tax_collector platform platform_fee deadline lines paid refunded commitment "
        "sponsor delivery_confirmed return_until requested split closing",
    },
    "Line": {_O: "record listing variant quantity paid promotion returned"},
    "ClosedOrder": {_P: "record outcome history", _O: "merchant asset paid refunded lines lines_root closed_at"},
}

EVENTS: Final[dict[str, dict[Sees, str]]] = {
    "PartyRegistered": {_P: "account registrar kind country", _O: "sponsor"},
    "KeyRotated": {_P: "account number public"},
    "PartySuspended": {_P: "account", _A: "reason"},
    "PartyReinstated": {_P: "account"},
    "SponsorChanged": {_O: "account sponsor"},
    "NodeKeyRotated": {_P: "old new from_height"},
    "CurrencyOpened": {_P: "asset digits"},
    "Minted": {_P: "asset units", _O: "to"},
    "Burned": {_P: "asset units"},
    "Transferred": {_O: "asset payer payee units purpose end_to_end"},
    "HolderFrozen": {_O: "asset account", _A: "reason"},
    "HolderUnfrozen": {_O: "asset account"},
    "HolderAuthorised": {_O: "asset account"},
    "AuthorisationRevoked": {_O: "asset account"},
    "CapsSet": {_P: "asset supply_max holder_max"},
    "HoldPlaced": {_O: "hold payee asset units deadline"},
    "HoldEnded": {_O: "hold captured returned"},
    "EncryptionKeySet": {_P: "account number public"},
    "FileOpened": {_O: "about participants"},
    "DocumentCommitted": {_O: "document about number document_class commitment size readers"},
    "ReadingGranted": {_O: "document reader epoch"},
    "ReadingRevoked": {_O: "document reader epoch commitment size"},
    "DocumentErased": {_O: "document"},
    "ReadingRecorded": {_A: "document authority purpose case epoch"},
    "TermsPublished": {_P: "terms asset"},
    "ListingOpened": {_P: "listing title"},
    "VariantAdded": {_P: "listing variant offer stock"},
    "OfferChanged": {_P: "listing variant offer"},
    "StockChanged": {_P: "listing variant stock"},
    "ListingClosed": {_P: "listing"},
    "OrderPlaced": {_P: "order", _O: "merchant asset paid deadline lines"},
    "OrderAccepted": {_P: "order", _O: "deadline"},
    "LinesRefunded": {_P: "order", _O: "late lines"},
    "OrderShipped": {_P: "order", _O: "deadline commitment"},
    "OrderDelivered": {_P: "order", _O: "confirmed_by return_until"},
    "ReturnRequested": {_P: "order", _O: "lines deadline"},
    "ReturnRefused": {_P: "order", _O: "deadline reason"},
    "ReturnDropped": {_P: "order", _O: "lines"},
    "SplitProposed": {_P: "order", _O: "proposer to_buyer"},
    "OrderClosed": {_P: "order outcome", _O: "paid refunded payouts"},
    "OrderDigested": {_P: "order", _O: "lines_root"},
}

BLOB: Final[dict[Sees, str]] = {
    _V: "format network about document_class document epoch",
    _O: "salt content_hash length media_type title content",
}
"""A blob's header stands in the open for whoever keeps the vault; what is sealed is for those with a wrapped key."""


def fields_named(rows: dict[Sees, str]) -> list[str]:
    """Give the fields that a row names, in no particular order, each as often as it is named."""
    return [field for names in rows.values() for field in names.split()]


def sees(declared: str, field: str) -> Sees:
    """Say to whom a field of a record or an event is served."""
    rows = RECORDS.get(declared) or EVENTS[declared]
    return next(who for who, names in rows.items() if field in names.split())
