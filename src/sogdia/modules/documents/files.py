"""Files: what documents about one object hang on. The module that owns the object opens its file and names who is who.

A file outlives the object: when an order is closed its record shrinks, but who bought, sold and carried still decides
who may read its papers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import NO_ACCOUNT
from sogdia.modules.documents.classes import Part
from sogdia.modules.documents.events import FileOpened
from sogdia.modules.documents.records import DOCUMENTS_MAX, ENTRIES, FILES, Entry, File, Participant
from sogdia.modules.documents.refusals import DocumentsRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

FILE_BYTES = 500
"""What a file counts for in its opener's sponsor's storage, its share of the tree included. It stays."""


class OpenPartyFile(Operation, tag=501):
    """Open the sender's own file, for papers about itself: it and the registrar that entered it have a part in it."""

    def apply(self, ctx: Context) -> None:
        """Open the file."""
        registrar = PARTIES.must(ctx.state, ctx.sender).registrar
        participants = [Participant(Part.SUBJECT, ctx.sender)]
        if registrar != NO_ACCOUNT:
            participants.append(Participant(Part.REGISTRAR, registrar))
        open_file(ctx, PARTIES.full_key(ctx.sender), tuple(participants))


def open_file(ctx: Context, about: bytes, participants: tuple[Participant, ...]) -> None:
    """Open the file of an object, or refuse; the caller has looked that the object is there and whose it is."""
    require(FILES.find(ctx.state, about) is None, Refuse.FILE_EXISTS, about=about)
    sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor

    quota.occupy(ctx.state, sponsor, FILE_BYTES)
    FILES.put(ctx.state, about, File(participants=participants, documents=0, sponsor=sponsor))

    ctx.emit(FileOpened(about=about, participants=participants))


def next_number(file: File) -> int:
    """Give the number of the next document in a file, or refuse when it is full."""
    require(file.documents < DOCUMENTS_MAX, Refuse.FILE_FULL, most=DOCUMENTS_MAX)
    return file.documents + 1


def enter(ctx: Context, about: bytes, file: File, document: bytes) -> None:
    """Write a document down as the next in a file."""
    FILES.put(ctx.state, about, structs.replace(file, documents=file.documents + 1))
    ENTRIES.put(ctx.state, (about, file.documents + 1), Entry(document=document))


def parts_of(file: File, account: bytes) -> frozenset[int]:
    """Give the parts that an account has in an object."""
    return frozenset(each.part for each in file.participants if each.account == account)
