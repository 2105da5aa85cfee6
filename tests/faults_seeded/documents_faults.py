"""Faults in documents and in the vault: who may read, what is counted, what a seal is bound to."""

from __future__ import annotations

from tools.seeded_faults import Fault

RULES = ("tests/modules/documents/test_refusals.py",)
STORIES = ("tests/modules/documents/test_stories.py",)
SEALING = ("tests/vault/test_sealing.py",)
SERVICE = ("tests/vault/test_service.py",)

DOCUMENT_FAULTS = (
    Fault(
        "Documents are sealed for a key that a recovery made void",
        "modules/documents/encryption_keys.py",
        "known.recoveries != PARTIES.must(state, account).recoveries",
        "not PARTIES.must(state, account).keys",
        STORIES,
    ),
    Fault(
        "Everybody may commit about everything",
        "modules/documents/documents.py",
        "            has_part(file, ctx.sender, self.document_class),",
        "            bool(file) or has_part(file, ctx.sender, self.document_class),",
        RULES,
    ),
    Fault(
        "A reader taken off stays",
        "modules/documents/documents.py",
        "if each != self.reader",
        "if each == self.reader or each != self.reader",
        STORIES,
    ),
    Fault(
        "A revocation begins no epoch",
        "modules/documents/documents.py",
        "epoch=document.epoch + 1,",
        "epoch=document.epoch,",
        STORIES,
    ),
    Fault(
        "An authority of any country may read",
        "modules/documents/entitlement.py",
        "return account in authorities_concerned(state, FILES.must(state, document.about))",
        "return bool(account) or account in authorities_concerned(state, FILES.must(state, document.about))",
        RULES,
    ),
    Fault(
        "A statement of an older epoch will do",
        "modules/documents/entitlement.py",
        "recorded = reading is not None and reading.epoch == document.epoch",
        "recorded = reading is not None",
        STORIES,
    ),
    Fault(
        "A suspended party goes on reading",
        "modules/documents/entitlement.py",
        "party = active_party(state, account)",
        "party = PARTIES.must(state, account)",
        STORIES,
    ),
    Fault(
        "An erased document gives back what its tombstone takes, too",
        "modules/documents/documents.py",
        "DOCUMENT_BYTES + document.size - TOMBSTONE_BYTES",
        "DOCUMENT_BYTES + document.size",
        STORIES,
    ),
)

VAULT_FAULTS = (
    Fault(
        "A key is wrapped for any place",
        "vault/wrapping.py",
        'header.epoch.to_bytes(4, "big"),',
        "bytes(4),",
        SEALING,
    ),
    Fault(
        "Chunks don't say which is the last",
        "vault/sealing.py",
        "bytes((number == last,))",
        "bytes((0,))",
        ("tests/vault/test_second.py",),
    ),
    Fault(
        "Nobody compares with the commitment",
        "vault/desk.py",
        "if opened.commitment != commitment:",
        "if opened.commitment is None:",
        SERVICE,
    ),
    Fault(
        "The vault serves what was altered",
        "vault/service.py",
        "_require(sha256(blob).digest() == address, Refuse.BLOB_DAMAGED)",
        "_require(sha256(blob).digest() != b'', Refuse.BLOB_DAMAGED)",
        SERVICE,
    ),
    Fault(
        "A receipt serves for ever",
        "vault/service.py",
        "if age > RECORDED_SECONDS:",
        "if age > 10 * RECORDED_SECONDS:",
        SERVICE,
    ),
    Fault(
        "The vault keeps keys for whom the ledger does not name",
        "vault/service.py",
        "right and named.issuperset(accounts)",
        "right or named.issuperset(accounts)",
        SERVICE,
    ),
)
