"""The records of the documents: who reads with which key, an object's file, what is committed, what stays of it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sogdia.kernel.accounts import show_account_key
from sogdia.kernel.codec import Record
from sogdia.kernel.state import Table
from sogdia.kernel.values import (
    ACCOUNT_BYTES,
    Account,
    CountryCode,
    Hash,
    KeyNumber,
    Name,
    Reference,
    Seconds,
)

READERS_MAX = 16
PARTICIPANTS_MAX = 8
AUTHORITIES_MAX = 8
"""Admitted authorities of one country, and authorities that may have read one document at most."""

DOCUMENTS_MAX = 2_000
"""Documents that one object's file holds at most, erased ones included."""

BLOB_BYTES_MAX = 16 * 2**20 + 16 * 2**10
"""The largest sealed blob: 16 MiB of content and what sealing adds."""

ObjectKey = Annotated[bytes, Meta(min_length=21, max_length=37)]
"""The full key of what documents are about: the number of its table, then its account or its name."""

EncryptionPublic = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""A public X25519 key."""

ClassNumber = Annotated[int, Meta(ge=1, le=255)]
PartNumber = Annotated[int, Meta(ge=1, le=255)]
PurposeNumber = Annotated[int, Meta(ge=1, le=255)]
BlobBytes = Annotated[int, Meta(ge=1, le=BLOB_BYTES_MAX)]
Epoch = Annotated[int, Meta(ge=1, le=2**31 - 1)]
DocumentNumber = Annotated[int, Meta(ge=1, le=DOCUMENTS_MAX)]


class EncryptionKey(Record):
    """The key with which others wrap content keys for a party (X25519). Its number counts up with every change."""

    number: KeyNumber
    public: EncryptionPublic
    recoveries: int
    """How often the party's keys had been recovered when it was set; after another recovery it is void."""
    sponsor: Account
    """Whose storage the key takes."""


class Authorities(Record):
    """The authorities of a country that may read for a stated purpose what concerns their country."""

    accounts: Annotated[tuple[Account, ...], Meta(max_length=AUTHORITIES_MAX)]


class Participant(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Somebody with a part in an object, such as the carrier of an order."""

    part: PartNumber
    account: Account


class File(Record):
    """What documents about one object hang on: who had which part in it. It outlives the object's own record."""

    participants: Annotated[tuple[Participant, ...], Meta(min_length=1, max_length=PARTICIPANTS_MAX)]
    documents: Annotated[int, Meta(ge=0, le=DOCUMENTS_MAX)]
    """How many documents have been committed about it, erased ones included."""
    sponsor: Account


class Entry(Record):
    """A document's place in the file of its object."""

    document: Name


class Document(Record):
    """A sealed blob off the ledger: what it is about, its commitment, and whom its owner lets read it."""

    about: ObjectKey
    document_class: ClassNumber
    commitment: Hash
    size: BlobBytes
    """Bytes of the sealed blob; they count in the sponsor's storage until it is erased."""
    epoch: Epoch
    """Counts up whenever a reader is taken off; keys of the new epoch are not wrapped for that reader."""
    readers: Annotated[tuple[Account, ...], Meta(max_length=READERS_MAX)]
    authorities: Annotated[tuple[Account, ...], Meta(max_length=AUTHORITIES_MAX)]
    """Authorities that have recorded a reading."""
    committed_at: Seconds
    sponsor: Account


class Erased(Record):
    """What stays of an erased document: that it was there. The commitment leads nowhere once blob and keys are gone."""

    about: ObjectKey
    document_class: ClassNumber
    commitment: Hash
    authorities: Annotated[tuple[Account, ...], Meta(max_length=AUTHORITIES_MAX)]
    committed_at: Seconds
    erased_at: Seconds
    sponsor: Account


class Reading(Record):
    """An authority's last statement of why it reads a document, and how often it has made one. It is never removed."""

    purpose: PurposeNumber
    case: Reference
    """Under which number the authority keeps the matter."""
    epoch: Epoch
    recorded_at: Seconds
    times: Annotated[int, Meta(ge=1, le=2**31 - 1)]


def _country_key(country: str) -> bytes:
    return country.encode("ascii")


def _show_country(key: bytes) -> dict[str, Any]:
    return {"country": key.decode("ascii")}


def _show_object(key: bytes) -> dict[str, Any]:
    return {"about": key}


def _entry_key(key: tuple[bytes, int]) -> bytes:
    return key[0] + key[1].to_bytes(2, "big")


def _show_entry(key: bytes) -> dict[str, Any]:
    return {"about": key[:-2], "number": int.from_bytes(key[-2:], "big")}


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


def _reading_key(key: tuple[bytes, bytes]) -> bytes:
    return key[0] + key[1]


def _show_reading(key: bytes) -> dict[str, Any]:
    return {"name": key[:-ACCOUNT_BYTES], "account": key[-ACCOUNT_BYTES:]}


ENCRYPTION_KEYS: Table[bytes, EncryptionKey] = Table(
    "documents/encryption-keys", 50, EncryptionKey, show_key=show_account_key
)
AUTHORITIES: Table[CountryCode, Authorities] = Table(
    "documents/authorities", 51, Authorities, key=_country_key, show_key=_show_country
)
FILES: Table[bytes, File] = Table("documents/files", 52, File, show_key=_show_object)
ENTRIES: Table[tuple[bytes, int], Entry] = Table("documents/entries", 53, Entry, key=_entry_key, show_key=_show_entry)
DOCUMENTS: Table[bytes, Document] = Table("documents/documents", 54, Document, show_key=_show_name)
ERASED: Table[bytes, Erased] = Table("documents/erased", 55, Erased, show_key=_show_name)
READINGS: Table[tuple[bytes, bytes], Reading] = Table(
    "documents/readings", 56, Reading, key=_reading_key, show_key=_show_reading
)
