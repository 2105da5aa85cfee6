"""Documents: what is committed about a sealed blob off the ledger, who may read it, and its end.

    committed, epoch 1 ──grant──▶ one reader more ──revoke──▶ epoch 2, sealed anew ──erase──▶ a tombstone

The ledger never sees the blob. The commitment is SHA-256 over a secret salt, the blob's address and the hash of its
content, so it binds the owner and tells nobody anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.values import Account, Hash, Reference, name_of
from sogdia.modules.documents.classes import CLASSES
from sogdia.modules.documents.encryption_keys import require_encryption_key
from sogdia.modules.documents.entitlement import has_part, known_document
from sogdia.modules.documents.events import DocumentCommitted, DocumentErased, ReadingGranted, ReadingRevoked
from sogdia.modules.documents.files import enter, next_number, parts_of
from sogdia.modules.documents.records import (
    DOCUMENTS,
    ERASED,
    FILES,
    READERS_MAX,
    BlobBytes,
    ClassNumber,
    Document,
    Erased,
    ObjectKey,
)
from sogdia.modules.documents.refusals import DocumentsRefusal as Refuse
from sogdia.modules.identity import active_party

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import State

DOCUMENT_BYTES = 1_200
"""What a document counts for in its sponsor's storage beside its blob: record, entry and readers, with their tree."""

TOMBSTONE_BYTES = 500
"""What stays counted once a document is erased."""

EPOCH_MAX = 2**31 - 1


class CommitDocument(Operation, tag=502):
    """Commit a sealed document about an object in which the sender has a part, and name its first readers."""

    reference: Reference
    about: ObjectKey
    document_class: ClassNumber
    commitment: Hash
    """SHA-256 over the salt, the blob's address and the content's hash."""
    size: BlobBytes
    """Bytes of the sealed blob."""
    readers: Annotated[tuple[Account, ...], Meta(max_length=READERS_MAX)] = ()
    """Accounts that may read beside those whose part in the object lets them."""

    def check(self) -> None:
        """Refuse an unknown class, and readers named twice."""
        require(self.document_class in tuple(CLASSES), Refuse.CLASS_UNKNOWN, document_class=self.document_class)
        require(len(frozenset(self.readers)) == len(self.readers), Refuse.READER_REPEATED)

    def apply(self, ctx: Context) -> None:
        """Write the document down in the file of its object."""
        state = ctx.state
        name = name_of(ctx.sender, self.reference)
        require(ctx.sender not in self.readers, Refuse.READER_REPEATED)
        used = DOCUMENTS.find(state, name) is not None or ERASED.find(state, name) is not None
        require(not used, Refuse.DOCUMENT_EXISTS, document=name)
        file = FILES.find(state, self.about)
        if file is None or not parts_of(file, ctx.sender):
            # Whether an order has papers is not told to those without a part in it.
            raise Refused(Refuse.FILE_UNKNOWN, facts_of({"about": self.about}))
        require(
            has_part(file, ctx.sender, self.document_class),
            Refuse.SENDER_HAS_NO_PART,
            document_class=self.document_class,
        )
        number = next_number(file)
        require_encryption_key(state, ctx.sender)
        for reader in self.readers:
            require_reader(state, reader)
        sponsor = PARTIES.must(state, ctx.sender).sponsor

        quota.occupy(state, sponsor, DOCUMENT_BYTES + self.size)
        enter(ctx, self.about, file, name)
        document = Document(
            about=self.about,
            document_class=self.document_class,
            commitment=self.commitment,
            size=self.size,
            epoch=1,
            readers=self.readers,
            authorities=(),
            committed_at=ctx.time,
            sponsor=sponsor,
        )
        DOCUMENTS.put(state, name, document)

        ctx.emit(
            DocumentCommitted(
                document=name,
                about=self.about,
                number=number,
                document_class=self.document_class,
                commitment=self.commitment,
                size=self.size,
                readers=self.readers,
            )
        )


class GrantReading(Operation, tag=503):
    """Let one more account read a document of the sender's."""

    document: Reference
    reader: Account

    def apply(self, ctx: Context) -> None:
        """Add the reader."""
        name, document = own_document(ctx, self.document)
        require(self.reader != ctx.sender, Refuse.READER_REPEATED)
        require(self.reader not in document.readers, Refuse.READER_EXISTS, reader=self.reader)
        require(len(document.readers) < READERS_MAX, Refuse.READERS_TOO_MANY, most=READERS_MAX)
        require_reader(ctx.state, self.reader)

        readers = (*document.readers, self.reader)
        DOCUMENTS.put(ctx.state, name, structs.replace(document, readers=readers))

        ctx.emit(ReadingGranted(document=name, reader=self.reader, epoch=document.epoch))


class RevokeReading(Operation, tag=504):
    """Take a reader off a document of the sender's, which has been sealed anew: a new epoch begins."""

    document: Reference
    reader: Account
    commitment: Hash
    """Of the document as it is sealed for the new epoch."""
    size: BlobBytes

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Begin the new epoch."""
        name, document = own_document(ctx, self.document)
        require(self.reader in document.readers, Refuse.READER_UNKNOWN, reader=self.reader)
        require(self.commitment != document.commitment, Refuse.COMMITMENT_UNCHANGED)
        require(document.epoch < EPOCH_MAX, Refuse.EPOCHS_USED_UP, used=document.epoch)

        quota.give_back(ctx.state, document.sponsor, document.size)
        quota.occupy(ctx.state, document.sponsor, self.size)
        after = structs.replace(
            document,
            commitment=self.commitment,
            size=self.size,
            epoch=document.epoch + 1,
            readers=tuple(each for each in document.readers if each != self.reader),
        )
        DOCUMENTS.put(ctx.state, name, after)

        ctx.emit(
            ReadingRevoked(
                document=name, reader=self.reader, epoch=after.epoch, commitment=self.commitment, size=self.size
            )
        )


class EraseDocument(Operation, tag=505):
    """Erase a document of the sender's: nobody may read it any more, and the vault destroys its blob and its keys."""

    document: Reference

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Leave a tombstone in the document's place."""
        name, document = own_document(ctx, self.document)

        quota.give_back(ctx.state, document.sponsor, DOCUMENT_BYTES + document.size - TOMBSTONE_BYTES)
        DOCUMENTS.drop(ctx.state, name)
        tombstone = Erased(
            about=document.about,
            document_class=document.document_class,
            commitment=document.commitment,
            authorities=document.authorities,
            committed_at=document.committed_at,
            erased_at=ctx.time,
            sponsor=document.sponsor,
        )
        ERASED.put(ctx.state, name, tombstone)

        ctx.emit(DocumentErased(document=name))


def own_document(ctx: Context, reference: str) -> tuple[bytes, Document]:
    """Give a document of the sender's with its name, or refuse."""
    name = name_of(ctx.sender, reference)
    return name, known_document(ctx.state, name)


def require_reader(state: State, account: bytes) -> None:
    """Refuse a reader that is not there, is suspended, or for whom nothing can be wrapped."""
    active_party(state, account)
    require_encryption_key(state, account)
