"""A ledger with an order under way and papers about it: Nairobi buys silk of Bukhara, a carrier brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.values import name_of
from sogdia.modules.documents import DocumentClass, Purpose
from sogdia.modules.documents.documents import CommitDocument
from sogdia.modules.documents.encryption_keys import SetEncryptionKey
from sogdia.modules.documents.queries import MayReadQuery
from sogdia.modules.documents.readings import RecordReading
from sogdia.modules.documents.records import DOCUMENTS
from sogdia.modules.market.files import OpenOrderFile
from sogdia.modules.market.records import ORDERS
from sogdia.testing.ledger import Ledger, genesis, keys_of
from tests.modules.market.shop import open_shop, order

if TYPE_CHECKING:
    from sogdia.modules.documents.queries import MayRead
    from sogdia.modules.documents.records import Document

ADMITTED = {"authorities": [{"country": "KE", "parties": ["treasury"]}]}
COMMITMENT = bytes(range(32))
OTHER_COMMITMENT = bytes(range(1, 33))
SIZE = 1_000
WITH_KEYS = ("nairobi", "bukhara", "carrier", "lanzhou", "treasury", "customs")


def archive() -> Ledger:
    """Open the ledger: customs of Uzbekistan is there but admitted for no country, the treasury for Kenya."""
    parties = {each["reference"]: each for each in msgspec.to_builtins(genesis().identity)["parties"]}
    parties["customs"] = parties["treasury"] | {
        "reference": "customs",
        "country": "UZ",
        "public": keys_of("customs").public.hex(),
        "roles": (),
    }
    made = open_shop(Ledger(identity={"parties": list(parties.values())}, documents=ADMITTED))
    for who in WITH_KEYS:
        made.must(who, SetEncryptionKey(public=encryption_public(who)))
    made.must("nairobi", order(made))
    made.must("nairobi", OpenOrderFile(order=order_of(made)))
    return made


def encryption_private(who: str) -> X25519PrivateKey:
    """The key with which somebody opens what was sealed for it."""
    return X25519PrivateKey.from_private_bytes(keys_of(f"{who}/reading").seed)


def encryption_public(who: str) -> bytes:
    """Its public half."""
    return encryption_private(who).public_key().public_bytes_raw()


def order_of(ledger: Ledger) -> bytes:
    """The name of the order."""
    return name_of(ledger.account("nairobi"), "o1")


def about_order(ledger: Ledger) -> bytes:
    """The full key of the order, under which its file stands."""
    return ORDERS.full_key(order_of(ledger))


def about_party(ledger: Ledger, who: str) -> bytes:
    """The full key of a party, under which its own file stands."""
    return PARTIES.full_key(ledger.account(who))


def commit(ledger: Ledger, reference: str = "address", **changes: Any) -> CommitDocument:  # noqa: ANN401 - any field
    """A request to commit an address about the order."""
    fields: dict[str, Any] = {
        "about": about_order(ledger),
        "document_class": DocumentClass.ADDRESS,
        "commitment": COMMITMENT,
        "size": SIZE,
        "readers": (),
    }
    return CommitDocument(reference=reference, **(fields | changes))


def committed(ledger: Ledger, reference: str = "address", **changes: Any) -> bytes:  # noqa: ANN401 - any field
    """Let Nairobi commit a document; gives its name."""
    ledger.must("nairobi", commit(ledger, reference, **changes))
    return document_name(ledger, reference)


def document_name(ledger: Ledger, reference: str = "address") -> bytes:
    """The name of a document of Nairobi's."""
    return name_of(ledger.account("nairobi"), reference)


def document(ledger: Ledger, reference: str = "address") -> Document:
    """The record of a document of Nairobi's."""
    return DOCUMENTS.must(ledger.state, document_name(ledger, reference))


def reading(ledger: Ledger, reference: str = "address", **changes: Any) -> RecordReading:  # noqa: ANN401 - any field
    """A request of an authority to read."""
    fields: dict[str, Any] = {"purpose": Purpose.CUSTOMS, "case": "2026-117"}
    return RecordReading(document=document_name(ledger, reference), **(fields | changes))


def may_read(ledger: Ledger, who: str, reference: str = "address") -> MayRead:
    """Ask whether somebody may read a document of Nairobi's."""
    return MayReadQuery(account=ledger.account(who), name=document_name(ledger, reference)).answer(ledger.state)


def stored(ledger: Ledger) -> int:
    """How much storage the registrar's parties have used up."""
    return QUOTAS.must(ledger.state, ledger.account("registrar")).stored_bytes
