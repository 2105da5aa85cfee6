"""Why the vault refuses. These numbers stand in no block; they are answers of the vault's door, and permanent, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.refusal import RefusalCode, Refused, facts_of

if TYPE_CHECKING:
    from sogdia.kernel.refusal import Fact


class VaultRefusal(RefusalCode):
    """Rules of the vault itself. Who may read is the ledger's to say; its refusals keep their own numbers."""

    BLOB_MALFORMED = 10_000, "These bytes are no sealed blob of this version", "Seal the document anew."
    BLOB_TOO_LARGE = 10_001, "The blob is larger than a blob may be", "Divide the document; 16 MiB of content fit."
    BLOB_UNKNOWN = 10_002, "The vault keeps no such blob", "Correct the address, or ask its owner to put it again."
    BLOB_DAMAGED = 10_003, "What is kept under this address has been altered", "Take it from a copy of the store."
    NETWORK_WRONG = 10_004, "The blob belongs to another network", "Put it into that network's vault."
    WRITER_NOT_OWNER = 10_005, "Only the document's owner may do this", "Ask its owner."
    BLOB_NOT_COMMITTED = (
        10_006,
        "The ledger's document has another object, class, epoch or size",
        "Commit the document first; seal it for its present epoch.",
    )
    WRAPS_WRONG = (
        10_007,
        "A key is wrapped for nobody, twice, or for somebody who may not read",
        "Wrap it once for each of the recipients that the ledger names.",
    )
    EPOCH_OLD = 10_008, "The blob is of an epoch that is over", "Wait until its owner has put the new one."
    RECEIPT_MISSING = (
        10_009,
        "An authority shows the receipt of the reading that it has recorded",
        "Send RecordReading, and give the envelope's id.",
    )
    RECEIPT_WRONG = 10_010, "The receipt is not of this authority's reading of this document", "Give the right id."
    RECEIPT_OLD = 10_011, "The recorded reading is too long ago", "Record it anew."
    WRAP_MISSING = 10_012, "No key is wrapped for this reader", "Ask the document's owner to grant it again."
    NOT_ERASED = 10_013, "The ledger still has this document", "Send EraseDocument first."
    WRAP_WRONG = 10_014, "The wrapped key is not for this key, blob and place", "Use the key it was wrapped for."
    SEAL_WRONG = 10_015, "The sealed content has been altered, moved or cut short", "Ask for the blob again."
    COMMITMENT_WRONG = (
        10_016,
        "The content is not what the ledger's commitment binds",
        "Don't rely on it: ask its owner for what was committed.",
    )
    CONTENT_TOO_LARGE = 10_017, "The document is larger than may be sealed", "Divide it; 16 MiB fit."


def refuse(code: RefusalCode, **facts: Fact) -> Refused:
    """Make a refusal, to be raised where it can be followed up."""
    return Refused(code, facts_of(facts))


class StoreFullError(Exception):
    """The store has no room left; nothing was kept."""


class StoreFailedError(Exception):
    """The store cannot be reached or does not do what it is asked."""
