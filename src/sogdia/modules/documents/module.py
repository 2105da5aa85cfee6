"""Documents: commitments to sealed blobs off the ledger, who may read them, and the trace of authorities' readings."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.documents import documents, encryption_keys, events, files, invariants, queries, readings, records
from sogdia.modules.documents.genesis import DocumentsGenesis, load_genesis
from sogdia.modules.documents.refusals import DocumentsRefusal

MODULE = Module(
    name="documents",
    number=500,
    operations=(
        encryption_keys.SetEncryptionKey,
        files.OpenPartyFile,
        documents.CommitDocument,
        documents.GrantReading,
        documents.RevokeReading,
        documents.EraseDocument,
        readings.RecordReading,
    ),
    tables=(
        records.ENCRYPTION_KEYS,
        records.AUTHORITIES,
        records.FILES,
        records.ENTRIES,
        records.DOCUMENTS,
        records.ERASED,
        records.READINGS,
    ),
    events=(
        events.EncryptionKeySet,
        events.FileOpened,
        events.DocumentCommitted,
        events.ReadingGranted,
        events.ReadingRevoked,
        events.DocumentErased,
        events.ReadingRecorded,
    ),
    refusals=DocumentsRefusal,
    queries=(
        queries.EncryptionKeyQuery,
        queries.FileQuery,
        queries.AuthoritiesQuery,
        queries.DocumentQuery,
        queries.DocumentsQuery,
        queries.MayReadQuery,
        queries.RecipientsQuery,
    ),
    invariants=(
        invariants.every_document_stands_once_in_its_file,
        invariants.every_reading_is_shown_on_its_document,
    ),
    exits=(),
    genesis=DocumentsGenesis,
    load_genesis=load_genesis,
)
