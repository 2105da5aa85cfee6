"""Questions about documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.operation import Query
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import Account, CountryCode, KeyNumber, Name, owner_of
from sogdia.modules.documents.encryption_keys import current_key, number_after
from sogdia.modules.documents.entitlement import expected_readers, ground_to_read, known_document
from sogdia.modules.documents.records import (
    AUTHORITIES,
    DOCUMENTS,
    DOCUMENTS_MAX,
    ENCRYPTION_KEYS,
    ENTRIES,
    ERASED,
    FILES,
    READINGS,
    Authorities,
    Document,
    DocumentNumber,
    EncryptionKey,
    EncryptionPublic,
    Erased,
    File,
    ObjectKey,
    Reading,
)

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader

PAGE_MAX = 200


class RecordedReading(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority stated about a document."""

    authority: Account
    reading: Reading


class DocumentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A document, kept or erased, with every reading that an authority has recorded."""

    kept: Document | None
    erased: Erased | None
    readings: tuple[RecordedReading, ...]


class NumberedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document in the file of its object."""

    number: DocumentNumber
    document: Name
    kept: Document | None
    erased: Erased | None


class MayRead(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an account may read a document: for which reason, or by which refusal's number not."""

    may: bool
    ground: int
    """1 owner, 2 part in the object, 3 granted by the owner, 4 authority with a recorded reading; 0 when it may not."""
    refusal: int
    """The number of the rule that stands against it; 0 when none does."""
    facts: tuple[tuple[str, int | str], ...]
    document: Document | None
    """The document's record; nothing for whoever may not read it."""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """An account for which a document's key is wrapped, and the key to wrap it with."""

    account: Account
    number: KeyNumber
    public: EncryptionPublic


class EncryptionKeyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The key with which others seal for a party."""

    current: EncryptionKey | None
    """Nothing when there is none, or when the party's own keys have been recovered since it was set."""
    next_number: KeyNumber
    """The number of the next key that the party sets."""


class EncryptionKeyQuery(Query, tag="encryption-key"):
    """The key with which others seal for a party, unless it is void, and the number of the next."""

    account: Account

    def answer(self, state: Reader) -> EncryptionKeyAnswer:
        """Give both."""
        number = number_after(ENCRYPTION_KEYS.find(state, self.account))
        return EncryptionKeyAnswer(current=current_key(state, self.account), next_number=number)


class FileQuery(Query, tag="file"):
    """The file of an object: who has which part in it."""

    about: ObjectKey

    def answer(self, state: Reader) -> File | None:
        """Give the file, or nothing."""
        return FILES.find(state, self.about)


class AuthoritiesQuery(Query, tag="authorities"):
    """The authorities admitted for a country."""

    country: CountryCode

    def answer(self, state: Reader) -> Authorities | None:
        """Give them, or nothing."""
        return AUTHORITIES.find(state, self.country)


class DocumentQuery(Query, tag="document"):
    """A document, and what authorities have stated about it."""

    name: Name

    def answer(self, state: Reader) -> DocumentAnswer:
        """Give whichever record there is."""
        kept, erased = DOCUMENTS.find(state, self.name), ERASED.find(state, self.name)
        found = kept or erased
        readings = tuple(
            RecordedReading(authority=account, reading=READINGS.must(state, (self.name, account)))
            for account in (() if found is None else found.authorities)
        )
        return DocumentAnswer(kept=kept, erased=erased, readings=readings)


class DocumentsQuery(Query, tag="documents"):
    """The documents in an object's file, from a number on."""

    about: ObjectKey
    first: Annotated[int, Meta(ge=1, le=DOCUMENTS_MAX)] = 1
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_MAX

    def answer(self, state: Reader) -> list[NumberedDocument]:
        """Give a page of documents."""
        file = FILES.find(state, self.about)
        last = 0 if file is None else min(file.documents, self.first + self.limit - 1)
        found = []
        for number in range(self.first, last + 1):
            name = ENTRIES.must(state, (self.about, number)).document
            found.append(
                NumberedDocument(
                    number=number,
                    document=name,
                    kept=DOCUMENTS.find(state, name),
                    erased=ERASED.find(state, name),
                )
            )
        return found


class MayReadQuery(Query, tag="may-read"):
    """Whether an account may read a document, and why or why not."""

    account: Account
    name: Name

    def answer(self, state: Reader) -> MayRead:
        """Give the reason, or the rule against it."""
        try:
            ground = ground_to_read(state, self.account, self.name)
        except Refused as refused:
            return MayRead(may=False, ground=0, refusal=int(refused.code), facts=refused.facts, document=None)
        document = DOCUMENTS.find(state, self.name)
        return MayRead(may=True, ground=int(ground), refusal=0, facts=(), document=document)


class RecipientsQuery(Query, tag="recipients"):
    """For whom a document's content key is to be wrapped: the owner and everybody entitled who has published a key."""

    name: Name

    def answer(self, state: Reader) -> list[Recipient]:
        """Give them with their keys; nobody when there is no such document."""
        try:
            document = known_document(state, self.name)
        except Refused:
            return []
        file = FILES.must(state, document.about)
        return _with_keys(
            state, expected_readers(state, owner_of(self.name), file, document.document_class, document.readers)
        )


def _with_keys(state: Reader, accounts: list[bytes]) -> list[Recipient]:
    keys = [(account, ENCRYPTION_KEYS.must(state, account)) for account in accounts]
    return [Recipient(account=account, number=key.number, public=key.public) for account, key in keys]
