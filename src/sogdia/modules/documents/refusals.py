"""Why documents are refused. Numbers 500 to 599, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class DocumentsRefusal(RefusalCode):
    """Rules of what is committed about documents off the ledger, and of who may read them."""

    ENCRYPTION_KEY_WEAK = 500, "This key would hide nothing from anybody", "Generate a new X25519 key."
    ENCRYPTION_KEY_UNCHANGED = 501, "This is the sender's encryption key already", "Nothing to do."
    ENCRYPTION_KEYS_USED_UP = (
        502,
        "The party has used as many encryption keys as can be numbered",
        "Have a registrar enter a new party.",
    )
    ENCRYPTION_KEY_MISSING = (
        503,
        "The party has published no encryption key, so nothing can be wrapped for it",
        "Let it publish one with SetEncryptionKey.",
    )
    FILE_EXISTS = 504, "The object has a file already", "Commit the document."
    FILE_UNKNOWN = (
        505,
        "The object has no file in which the sender has a part",
        "Open one first: OpenOrderFile for an order, OpenPartyFile for a party.",
    )
    FILE_FULL = 506, "The object's file holds as many documents as it may", "Join several into one document."
    CLASS_UNKNOWN = 507, "There is no such class of documents", "Choose one of those in the reference."
    SENDER_HAS_NO_PART = (
        508,
        "The sender has no part in the object that allows documents of this class",
        "Let one of those entitled commit it.",
    )
    DOCUMENT_EXISTS = 509, "The sender has used this reference for a document", "Choose another reference."
    DOCUMENT_UNKNOWN = 510, "There is no such document", "Correct the document's name."
    DOCUMENT_ERASED = 511, "The document has been erased", "Nothing of it can be read any more."
    READER_REPEATED = 512, "A reader is named twice, or is the owner", "Name each reader once; the owner always reads."
    READER_EXISTS = 513, "The document has this reader already", "Nothing to do."
    READER_UNKNOWN = 514, "The document has no such reader", "Look at its readers; parts in a trade are not granted."
    READERS_TOO_MANY = 515, "The document has as many readers as it may", "Take one off first."
    COMMITMENT_UNCHANGED = (
        516,
        "A new epoch needs the document sealed anew, and this is the old commitment",
        "Seal it anew and give the new commitment.",
    )
    SENDER_NOT_AUTHORITY = 517, "Only an authority records its readings", "Others read without recording."
    PURPOSE_UNKNOWN = 518, "There is no such purpose", "Choose one of those in the reference."
    PURPOSE_NOT_OPEN = 519, "Documents of this class are not open for this purpose", "State the purpose that applies."
    COUNTRY_NOT_CONCERNED = (
        520,
        "No document of this name concerns a country for which the sender is admitted, and nobody has let it read one",
        "Ask the authority of a country concerned, or the owner.",
    )
    AUTHORITIES_TOO_MANY = 521, "As many authorities as may have read this document", "Ask one that has."
    READER_NOT_ENTITLED = 522, "The account may not read this document", "Ask its owner."
    READING_NOT_RECORDED = (
        523,
        "An authority states its purpose before it reads, and has not done so for this epoch",
        "Send RecordReading first.",
    )
    READINGS_USED_UP = 524, "The authority has recorded as many readings as can be counted", "Ask another authority."
    EPOCHS_USED_UP = 525, "The document has had as many epochs as can be counted", "Erase it and commit it anew."
