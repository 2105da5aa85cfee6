"""What is always true of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.refusal import ensure
from sogdia.modules.documents.records import DOCUMENTS, ENTRIES, ERASED, FILES, READINGS

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def every_document_stands_once_in_its_file(state: Reader) -> None:
    """No document can be lost from the sight of those whom it concerns, and none is kept and erased."""
    found: dict[bytes, int] = {}
    places: set[bytes] = set()
    for key, entry in ENTRIES.items(state):
        about, number = key[:-2], int.from_bytes(key[-2:], "big")
        file = FILES.find(state, about)
        ensure(file is not None and 1 <= number <= file.documents, "an entry lies outside its file")
        found[about] = found.get(about, 0) + 1
        kept, erased = DOCUMENTS.find(state, entry.document), ERASED.find(state, entry.document)
        ensure((kept is None) != (erased is None), "a document is kept and erased, or neither")
        ensure((kept or erased).about == about, "a document stands in another object's file")  # type: ignore[union-attr]
        ensure(entry.document not in places, "a document stands in its file twice")
        places.add(entry.document)
    for about, file in FILES.items(state):
        ensure(file.documents == found.get(about, 0), "a file counts other documents than it holds")
    for table in (DOCUMENTS, ERASED):
        for name, _document in table.items(state):
            ensure(name in places, "a document stands in no file")


def every_reading_is_shown_on_its_document(state: Reader) -> None:
    """No authority's reading can be hidden from the subject."""
    readings = 0
    for table in (DOCUMENTS, ERASED):
        for name, document in table.items(state):
            for account in document.authorities:
                ensure(READINGS.find(state, (name, account)) is not None, "a reading has been removed")
            readings += len(document.authorities)
    ensure(readings == sum(1 for _each in READINGS.items(state)), "a reading is not shown on its document")
