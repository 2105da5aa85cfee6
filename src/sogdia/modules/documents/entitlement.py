"""Who may read a document, and why: asked by the vault before it serves anything, and by clients who seal."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.refusal import require
from sogdia.kernel.values import owner_of
from sogdia.modules.documents.classes import CLASSES, COUNTRY_PARTS, DocumentClass
from sogdia.modules.documents.encryption_keys import current_key
from sogdia.modules.documents.files import parts_of
from sogdia.modules.documents.records import AUTHORITIES, DOCUMENTS, ERASED, FILES, READINGS, Document
from sogdia.modules.documents.refusals import DocumentsRefusal as Refuse
from sogdia.modules.identity import Kind, active_party

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader
    from sogdia.modules.documents.records import Erased, File


class Ground(IntEnum):
    """Why somebody may read a document."""

    OWNER = 1
    PART = 2
    GRANT = 3
    RECORDED_READING = 4


def known_document(state: Reader, name: bytes) -> Document:
    """Give a document that has not been erased, or refuse."""
    require(ERASED.find(state, name) is None, Refuse.DOCUMENT_ERASED, document=name)
    return DOCUMENTS.get(state, name, Refuse.DOCUMENT_UNKNOWN, document=name)


def ground_to_read(state: Reader, account: bytes, name: bytes) -> Ground:
    """Say why an account may read a document, or refuse. A suspended party reads nothing but what is its own."""
    document = known_document(state, name)
    if account == owner_of(name):
        return Ground.OWNER
    party = active_party(state, account)
    if party.kind == Kind.AUTHORITY:
        require(may_read_as_authority(state, account, document), Refuse.READER_NOT_ENTITLED, account=account)
        reading = READINGS.find(state, (name, account))
        recorded = reading is not None and reading.epoch == document.epoch
        require(recorded, Refuse.READING_NOT_RECORDED, account=account, epoch=document.epoch)
        return Ground.RECORDED_READING
    if has_part(FILES.must(state, document.about), account, document.document_class):
        return Ground.PART
    require(account in document.readers, Refuse.READER_NOT_ENTITLED, account=account)
    return Ground.GRANT


def has_part(file: File, account: bytes, kind: int) -> bool:
    """Tell whether an account's part in an object lets it read, and commit, documents of a class."""
    return not parts_of(file, account).isdisjoint(CLASSES[DocumentClass(kind)].parts)


def may_read_as_authority(state: Reader, account: bytes, document: Document | Erased) -> bool:
    """Tell whether an authority may record a reading: the owner lets it, or the document concerns its country.

    Of an erased one: whether it might have. Whom the owner had let read stays known of those who have read.
    """
    if account in (document.readers if isinstance(document, Document) else document.authorities):
        return True
    return account in authorities_concerned(state, FILES.must(state, document.about))


def authorities_concerned(state: Reader, file: File) -> tuple[bytes, ...]:
    """Give the authorities admitted for the countries that an object concerns, in order and each once."""
    found: dict[bytes, None] = {}
    for each in file.participants:
        if each.part in COUNTRY_PARTS:
            admitted = AUTHORITIES.find(state, PARTIES.must(state, each.account).country)
            found |= dict.fromkeys(() if admitted is None else admitted.accounts)
    return tuple(found)


def expected_readers(state: Reader, owner: bytes, file: File, kind: int, readers: tuple[bytes, ...]) -> list[bytes]:
    """Give everybody for whom a document's key is to be wrapped: its owner, the entitled, and those with a key only."""
    rule = CLASSES[DocumentClass(kind)]
    found = dict.fromkeys((owner,))
    found |= dict.fromkeys(each.account for each in file.participants if each.part in rule.parts)
    found |= dict.fromkeys(readers)
    if rule.purposes:
        found |= dict.fromkeys(authorities_concerned(state, file))
    return [account for account in found if current_key(state, account) is not None]
