"""Facts about documents. Numbers 500 to 599, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, Hash, KeyNumber, Name, Reference
from sogdia.modules.documents.records import (
    BlobBytes,
    ClassNumber,
    DocumentNumber,
    EncryptionPublic,
    Epoch,
    ObjectKey,
    Participant,
    PurposeNumber,
)


class EncryptionKeySet(Event, tag=500):
    """A party published the key with which others seal for it."""

    account: Account
    number: KeyNumber
    public: EncryptionPublic


class FileOpened(Event, tag=501):
    """An object has a file from now on, and these have a part in it."""

    about: ObjectKey
    participants: tuple[Participant, ...]


class DocumentCommitted(Event, tag=502):
    """A sealed document was committed about an object."""

    document: Name
    about: ObjectKey
    number: DocumentNumber
    document_class: ClassNumber
    commitment: Hash
    size: BlobBytes
    readers: tuple[Account, ...]


class ReadingGranted(Event, tag=503):
    """The owner lets one more account read."""

    document: Name
    reader: Account
    epoch: Epoch


class ReadingRevoked(Event, tag=504):
    """The owner took a reader off; the document was sealed anew for a new epoch."""

    document: Name
    reader: Account
    epoch: Epoch
    commitment: Hash
    size: BlobBytes


class DocumentErased(Event, tag=505):
    """The owner had the document erased; whoever keeps blobs destroys this one and all keys to it."""

    document: Name


class ReadingRecorded(Event, tag=506):
    """An authority stated why it reads a document."""

    document: Name
    authority: Account
    purpose: PurposeNumber
    case: Reference
    epoch: Epoch
