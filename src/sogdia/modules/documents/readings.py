"""What authorities read: nothing, before they have stated on the ledger why. The subject sees every statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import quota
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.values import Name, Reference
from sogdia.modules.documents.classes import CLASSES, DocumentClass, Purpose
from sogdia.modules.documents.encryption_keys import require_encryption_key
from sogdia.modules.documents.entitlement import may_read_as_authority
from sogdia.modules.documents.events import ReadingRecorded
from sogdia.modules.documents.records import (
    AUTHORITIES_MAX,
    DOCUMENTS,
    ERASED,
    READINGS,
    Document,
    PurposeNumber,
    Reading,
)
from sogdia.modules.documents.refusals import DocumentsRefusal as Refuse
from sogdia.modules.identity import Kind, active_party

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

READING_BYTES = 300
"""What an authority's first reading of a document counts for in its sponsor's storage. It stays."""

TIMES_MAX = 2**31 - 1
RECORDED_SECONDS = 86_400
"""How long after a recorded reading the vault serves the document for it."""


class RecordReading(Operation, tag=506):
    """State for which purpose, and in which case, the sender, an authority, is about to read a document."""

    document: Name
    purpose: PurposeNumber
    case: Reference
    """Under which number the authority keeps the matter; no personal facts."""

    def check(self) -> None:
        """Refuse an unknown purpose."""
        require(self.purpose in tuple(Purpose), Refuse.PURPOSE_UNKNOWN, purpose=self.purpose)

    def apply(self, ctx: Context) -> None:
        """Write the statement down; its receipt is what the vault asks for."""
        state = ctx.state
        party = active_party(state, ctx.sender)
        require(party.kind == Kind.AUTHORITY, Refuse.SENDER_NOT_AUTHORITY)
        document = DOCUMENTS.find(state, self.document) or ERASED.find(state, self.document)
        # To authorities that are not concerned no document is there, erased or not, and none is of any class.
        concerned = document is not None and may_read_as_authority(state, ctx.sender, document)
        require(concerned, Refuse.COUNTRY_NOT_CONCERNED, document=self.document)
        if not isinstance(document, Document):
            raise Refused(Refuse.DOCUMENT_ERASED, facts_of({"document": self.document}))
        open_for = CLASSES[DocumentClass(document.document_class)].purposes
        require(
            self.purpose in open_for,
            Refuse.PURPOSE_NOT_OPEN,
            document_class=document.document_class,
            purpose=self.purpose,
        )
        known = READINGS.find(state, (self.document, ctx.sender))
        room = known is not None or len(document.authorities) < AUTHORITIES_MAX
        require(room, Refuse.AUTHORITIES_TOO_MANY, most=AUTHORITIES_MAX)
        times = 1 if known is None else known.times + 1
        require(times <= TIMES_MAX, Refuse.READINGS_USED_UP, used=TIMES_MAX)
        require_encryption_key(state, ctx.sender)

        if known is None:
            quota.occupy(state, party.sponsor, READING_BYTES)
            authorities = (*document.authorities, ctx.sender)
            DOCUMENTS.put(state, self.document, structs.replace(document, authorities=authorities))
        reading = Reading(purpose=self.purpose, case=self.case, epoch=document.epoch, recorded_at=ctx.time, times=times)
        READINGS.put(state, (self.document, ctx.sender), reading)

        ctx.emit(
            ReadingRecorded(
                document=self.document,
                authority=ctx.sender,
                purpose=self.purpose,
                case=self.case,
                epoch=document.epoch,
            )
        )
