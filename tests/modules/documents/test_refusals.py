"""Every rule of documents: who breaks it, which number the answer has, and that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.documents import DocumentClass, Purpose
from sogdia.modules.documents.documents import CommitDocument, EraseDocument, GrantReading, RevokeReading
from sogdia.modules.documents.encryption_keys import SetEncryptionKey
from sogdia.modules.documents.entitlement import ground_to_read
from sogdia.modules.documents.files import OpenPartyFile
from sogdia.modules.documents.module import MODULE
from sogdia.modules.documents.readings import RecordReading
from sogdia.modules.documents.records import DOCUMENTS, ENCRYPTION_KEYS, FILES, READINGS
from sogdia.modules.documents.refusals import DocumentsRefusal as Refuse
from sogdia.modules.identity.parties import ReinstateParty, SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Identity
from tests.modules.documents.archive import (
    COMMITMENT,
    OTHER_COMMITMENT,
    SIZE,
    about_order,
    about_party,
    commit,
    committed,
    document,
    document_name,
    encryption_public,
    reading,
)
from tests.refused import Row, assert_refused, poke, rules_in, rules_of, table

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

NOBODY = bytes(20)
LAST = 2**31 - 1
WEAK_KEYS = {
    "zero": bytes(32),
    "one": (1).to_bytes(32, "little"),
    "minus-one": (2**255 - 20).to_bytes(32, "little"),
    "order-eight": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "order-eight-too": bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    "the-prime": (2**255 - 19).to_bytes(32, "little"),
    "the-prime-and-one": (2**255 - 18).to_bytes(32, "little"),
    "one-with-the-top-bit": (2**255 + 1).to_bytes(32, "little"),
}


def fill_storage(ledger, room):
    """Leave the registrar's parties so many bytes of storage."""
    sponsor = ledger.account("registrar")
    known = QUOTAS.must(ledger.state, sponsor)
    poke(ledger, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=known.stored_bytes + room))


def suspend_late(ledger):
    """Enter a party and suspend it."""
    ledger.register("late")
    ledger.must("registrar", SuspendParty(account=ledger.account("late"), reason="Papers missing"))


def read_by_others(ledger):
    """Let as many authorities have read the address as may; the invariant that looks for their readings is off."""
    changed(ledger, authorities=tuple(bytes([number]) * 20 for number in range(1, 9)))
    ledger.check_invariants = False


def changed(ledger, **changes: Any):  # noqa: ANN401 - any field
    """Change the record of Nairobi's address past all rules."""
    committed(ledger)
    poke(ledger, DOCUMENTS, document_name(ledger), structs.replace(document(ledger), **changes))


def erase(ledger):
    committed(ledger)
    ledger.must("nairobi", EraseDocument(document="address"))


def erased_after_customs_read(ledger):
    """Erase a document that the owner had let customs read, which it has done."""
    committed(ledger, readers=(ledger.account("customs"),))
    ledger.must("customs", reading(ledger))
    ledger.must("nairobi", EraseDocument(document="address"))


def lanzhou_reads(ledger):
    committed(ledger, readers=(ledger.account("lanzhou"),))


def last_reading(ledger):
    committed(ledger)
    ledger.must("treasury", reading(ledger))
    key = (document_name(ledger), ledger.account("treasury"))
    poke(ledger, READINGS, key, structs.replace(READINGS.must(ledger.state, key), times=LAST))


def without_key(who):
    def forget(ledger) -> None:
        committed(ledger)
        poke(ledger, ENCRYPTION_KEYS, ledger.account(who), None)

    return forget


def last_encryption_key(ledger):
    account = ledger.account("nairobi")
    poke(ledger, ENCRYPTION_KEYS, account, structs.replace(ENCRYPTION_KEYS.must(ledger.state, account), number=65_535))


def full_file(ledger):
    """Let the order's file count as many documents as it may."""
    key = about_order(ledger)
    poke(ledger, FILES, key, structs.replace(FILES.must(ledger.state, key), documents=2_000))
    ledger.check_invariants = False


def publishing(public):
    """Ask to publish a key."""
    return lambda _ledger: SetEncryptionKey(public=public)


def full_file_and_no_key(ledger):
    full_file(ledger)
    poke(ledger, ENCRYPTION_KEYS, ledger.account("nairobi"), None)


def last_reading_and_no_key(ledger):
    last_reading(ledger)
    poke(ledger, ENCRYPTION_KEYS, ledger.account("treasury"), None)


def grant(who):
    return lambda ledger: GrantReading(document="address", reader=ledger.account(who))


def revoke(who="lanzhou", commitment=OTHER_COMMITMENT, size=SIZE):
    return lambda ledger: RevokeReading(
        document="address", reader=ledger.account(who), commitment=commitment, size=size
    )


TABLES: dict[type[Operation], list[Row]] = {
    SetEncryptionKey: [
        *(
            Row(
                Refuse.ENCRYPTION_KEY_WEAK,
                "nairobi",
                publishing(public),
                at_the_door=True,
                note=note,
            )
            for note, public in WEAK_KEYS.items()
        ),
        Row(
            Refuse.ENCRYPTION_KEY_UNCHANGED,
            "nairobi",
            lambda _ledger: SetEncryptionKey(public=encryption_public("nairobi")),
            last_encryption_key,
        ),
        Row(
            Refuse.ENCRYPTION_KEYS_USED_UP,
            "nairobi",
            lambda _ledger: SetEncryptionKey(public=encryption_public("new")),
            last_encryption_key,
        ),
        Row(
            Kernel.QUOTA_STORAGE_SPENT,
            "platform",
            lambda _ledger: SetEncryptionKey(public=encryption_public("platform")),
            lambda ledger: fill_storage(ledger, 249),
        ),
    ],
    OpenPartyFile: [
        Row(
            Refuse.FILE_EXISTS,
            "nairobi",
            lambda _ledger: OpenPartyFile(),
            lambda ledger: (ledger.must("nairobi", OpenPartyFile()), fill_storage(ledger, 0)),
        ),
        Row(
            Kernel.QUOTA_STORAGE_SPENT,
            "nairobi",
            lambda _ledger: OpenPartyFile(),
            lambda ledger: fill_storage(ledger, 499),
        ),
    ],
    CommitDocument: [
        Row(
            Refuse.CLASS_UNKNOWN,
            "nairobi",
            lambda ledger: commit(ledger, document_class=7, readers=(NOBODY, NOBODY)),
            at_the_door=True,
        ),
        Row(
            Refuse.READER_REPEATED,
            "nairobi",
            lambda ledger: commit(ledger, readers=(NOBODY, NOBODY)),
            at_the_door=True,
            note="twice",
        ),
        Row(
            Refuse.READER_REPEATED,
            "nairobi",
            lambda ledger: commit(ledger, readers=(ledger.account("nairobi"),)),
            committed,
            note="the-owner",
        ),
        Row(
            Refuse.DOCUMENT_EXISTS,
            "nairobi",
            lambda ledger: commit(ledger, about=about_party(ledger, "bank")),
            committed,
        ),
        Row(
            Refuse.DOCUMENT_EXISTS,
            "nairobi",
            lambda ledger: commit(ledger, about=about_party(ledger, "bank")),
            erase,
            note="an-erased-one",
        ),
        Row(Refuse.FILE_UNKNOWN, "lanzhou", lambda ledger: commit(ledger, about=about_party(ledger, "bank"))),
        Row(Refuse.FILE_UNKNOWN, "lanzhou", commit, full_file, note="to-a-stranger"),
        Row(
            Refuse.SENDER_HAS_NO_PART,
            "carrier",
            lambda ledger: commit(ledger, document_class=DocumentClass.MESSAGE),
            full_file,
        ),
        Row(
            Refuse.FILE_FULL,
            "nairobi",
            commit,
            full_file_and_no_key,
        ),
        Row(
            Refuse.ENCRYPTION_KEY_MISSING,
            "nairobi",
            lambda ledger: commit(ledger, readers=(NOBODY,)),
            lambda ledger: poke(ledger, ENCRYPTION_KEYS, ledger.account("nairobi"), None),
            note="of-the-owner",
        ),
        Row(
            Refuse.ENCRYPTION_KEY_MISSING,
            "nairobi",
            lambda ledger: commit(ledger, readers=(ledger.account("bank"),)),
            note="of-a-reader",
        ),
        Row(Identity.PARTY_UNKNOWN, "nairobi", lambda ledger: commit(ledger, readers=(NOBODY,))),
        Row(
            Identity.PARTY_SUSPENDED,
            "nairobi",
            lambda ledger: commit(ledger, readers=(ledger.account("late"),)),
            suspend_late,
        ),
        Row(Kernel.QUOTA_STORAGE_SPENT, "nairobi", commit, lambda ledger: fill_storage(ledger, 1_200 + SIZE - 1)),
    ],
    GrantReading: [
        Row(Refuse.DOCUMENT_ERASED, "nairobi", grant("nairobi"), erase),
        Row(Refuse.DOCUMENT_UNKNOWN, "nairobi", grant("nairobi")),
        Row(Refuse.DOCUMENT_UNKNOWN, "bukhara", grant("bukhara"), committed, note="another-s"),
        Row(Refuse.READER_REPEATED, "nairobi", grant("nairobi"), committed),
        Row(Refuse.READER_EXISTS, "nairobi", grant("lanzhou"), lanzhou_reads),
        Row(
            Refuse.READERS_TOO_MANY,
            "nairobi",
            lambda _ledger: GrantReading(document="address", reader=NOBODY),
            lambda ledger: changed(ledger, readers=tuple(bytes([number]) * 20 for number in range(1, 17))),
        ),
        Row(
            Identity.PARTY_UNKNOWN,
            "nairobi",
            lambda _ledger: GrantReading(document="address", reader=NOBODY),
            committed,
        ),
        Row(
            Identity.PARTY_SUSPENDED,
            "nairobi",
            grant("late"),
            lambda ledger: (suspend_late(ledger), committed(ledger)),
        ),
        Row(Refuse.ENCRYPTION_KEY_MISSING, "nairobi", grant("bank"), committed),
    ],
    RevokeReading: [
        Row(Refuse.DOCUMENT_ERASED, "nairobi", revoke(), erase),
        Row(Refuse.DOCUMENT_UNKNOWN, "nairobi", revoke()),
        Row(Refuse.DOCUMENT_UNKNOWN, "lanzhou", revoke(), lanzhou_reads, note="another-s"),
        Row(Refuse.READER_UNKNOWN, "nairobi", revoke("carrier", COMMITMENT), lanzhou_reads),
        Row(
            Refuse.COMMITMENT_UNCHANGED,
            "nairobi",
            revoke(commitment=COMMITMENT),
            lambda ledger: changed(ledger, epoch=LAST, readers=(ledger.account("lanzhou"),)),
        ),
        Row(
            Refuse.EPOCHS_USED_UP,
            "nairobi",
            revoke(size=SIZE + 1),
            lambda ledger: (
                changed(ledger, epoch=LAST, readers=(ledger.account("lanzhou"),)),
                fill_storage(ledger, 0),
            ),
        ),
        Row(
            Kernel.QUOTA_STORAGE_SPENT,
            "nairobi",
            revoke(size=SIZE + 1),
            lambda ledger: (lanzhou_reads(ledger), fill_storage(ledger, 0)),
        ),
    ],
    EraseDocument: [
        Row(Refuse.DOCUMENT_ERASED, "nairobi", lambda _ledger: EraseDocument(document="address"), erase),
        Row(Refuse.DOCUMENT_UNKNOWN, "nairobi", lambda _ledger: EraseDocument(document="address")),
        Row(
            Refuse.DOCUMENT_UNKNOWN,
            "bukhara",
            lambda _ledger: EraseDocument(document="address"),
            committed,
            note="another-s",
        ),
    ],
    RecordReading: [
        Row(Refuse.PURPOSE_UNKNOWN, "nairobi", lambda ledger: reading(ledger, purpose=5), at_the_door=True),
        Row(Refuse.SENDER_NOT_AUTHORITY, "carrier", reading),
        *(
            Row(
                Refuse.COUNTRY_NOT_CONCERNED,
                who,
                lambda ledger: reading(ledger, purpose=Purpose.TAX),
                before,
                note=note,
            )
            for who, before, note in [
                ("treasury", None, "nothing-is-there"),
                ("customs", read_by_others, "of-another-country"),
                ("customs", erase, "of-another-country-and-erased"),
            ]
        ),
        Row(Refuse.DOCUMENT_ERASED, "treasury", lambda ledger: reading(ledger, purpose=Purpose.TAX), erase),
        Row(Refuse.DOCUMENT_ERASED, "customs", reading, erased_after_customs_read, note="which-it-has-read"),
        Row(Refuse.PURPOSE_NOT_OPEN, "treasury", lambda ledger: reading(ledger, purpose=Purpose.TAX), read_by_others),
        Row(
            Refuse.AUTHORITIES_TOO_MANY,
            "treasury",
            reading,
            read_by_others,
        ),
        Row(
            Refuse.READINGS_USED_UP,
            "treasury",
            reading,
            last_reading_and_no_key,
        ),
        Row(
            Refuse.ENCRYPTION_KEY_MISSING,
            "treasury",
            reading,
            lambda ledger: (without_key("treasury")(ledger), fill_storage(ledger, 0)),
        ),
        Row(
            Kernel.QUOTA_STORAGE_SPENT,
            "treasury",
            reading,
            lambda ledger: (committed(ledger), fill_storage(ledger, 299)),
        ),
    ],
}

SPONSORED = "every party has a sponsor with a quota, as an invariant says"
PRESENT = "the sender is admitted, so it is there, and a suspended one is kept out at the door"
NEVER = {
    (SetEncryptionKey, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (OpenPartyFile, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (CommitDocument, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (RevokeReading, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (RecordReading, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (RecordReading, Identity.PARTY_UNKNOWN): PRESENT,
    (RecordReading, Identity.PARTY_SUSPENDED): PRESENT,
}
"""Rules that stand in the way of an operation without ever being broken, and why."""


@table(TABLES)
def test_a_rule_refuses_and_nothing_changes(ledger, operation, row):
    answer = assert_refused(ledger, row)

    assert type(row.ask(ledger)) is operation
    assert answer.code == row.rule


@pytest.mark.parametrize("operation", MODULE.operations, ids=lambda operation: operation.__name__)
def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried(operation):
    rows = list(dict.fromkeys(row.rule for row in TABLES[operation]))

    assert rows == [rule for rule in rules_of(operation) if (operation, rule) not in NEVER]


def test_every_number_of_documents_stands_in_a_table_or_stands_against_reading():
    found = {row.rule for rows in TABLES.values() for row in rows} | set(rules_in(ground_to_read))

    assert found >= set(Refuse)
    assert [int(code) for code in Refuse] == list(range(500, 500 + len(Refuse)))


@pytest.mark.parametrize("what", [commit, reading])
def test_a_suspended_sender_neither_commits_nor_reads(ledger, what):
    who = ledger.register("late")
    ledger.must("registrar", SuspendParty(account=who, reason="Papers missing"))
    before = ledger.snapshot()

    answer = ledger.block(ledger.sign("late", what(ledger)))[0]

    assert answer.code == Kernel.SIGNER_SUSPENDED
    assert ledger.snapshot() == before
    ledger.must("registrar", ReinstateParty(account=who))
    assert ledger.block(ledger.sign("late", what(ledger)))[0].code >= 500
