"""The table of who sees what names every field of every record, every event and every blob, once each."""

from __future__ import annotations

import pytest
from msgspec.structs import fields

from sogdia.client.declared import operations
from sogdia.client.who_sees import (
    BLOB,
    EVENTS,
    KEY,
    OPERATIONS_OF_ALL,
    RECORDS,
    Sees,
    fields_named,
    for_operators_alone,
    has_public_part,
    open_to_all,
    public_part,
    sees,
)
from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.modules import ALL
from sogdia.modules.documents.classes import CLASSES, DocumentClass, Part, Purpose
from sogdia.vault.sealing import Header, Particulars

TABLES = (*KERNEL_TABLES, *(table for module in ALL for table in module.tables))
DECLARED = {table.codec.shape.__name__: table.codec.shape for table in TABLES}
STATED = {event.__name__: event for module in ALL for event in module.events}


def names_of(declared):
    return [each.name for each in fields(declared)]


@pytest.mark.parametrize("name", DECLARED)
def test_every_field_of_a_record_has_a_row(name):
    assert sorted(fields_named(RECORDS[name])) == sorted([KEY, *names_of(DECLARED[name])])


@pytest.mark.parametrize("name", STATED)
def test_every_field_of_an_event_has_a_row(name):
    assert sorted(fields_named(EVENTS[name])) == sorted(names_of(STATED[name]))


def test_no_row_speaks_of_what_is_not_there():
    assert set(RECORDS) == set(DECLARED)
    assert set(EVENTS) == set(STATED)
    assert not set(RECORDS) & set(EVENTS)


def test_every_field_of_a_blob_has_a_row():
    assert sorted(fields_named(BLOB)) == sorted([*names_of(Header), *names_of(Particulars), "content"])


def test_every_class_of_documents_says_who_reads_it():
    assert set(CLASSES) == set(DocumentClass)
    assert all(rule.parts for rule in CLASSES.values())
    assert {part for rule in CLASSES.values() for part in rule.parts} == set(Part)
    assert {purpose for rule in CLASSES.values() for purpose in rule.purposes} == set(Purpose)


def test_of_an_order_others_see_that_it_is_there_its_state_its_deadline_and_its_history_s_hash():
    public = {field for field in names_of(DECLARED["Order"]) if sees("Order", field) == Sees.PUBLIC}

    assert public == {"state", "deadline", "history"}
    assert sees("ReadingRecorded", "purpose") == Sees.AUTHORITY
    assert sees("SpentTotal", "live") == Sees.VALIDATOR


def test_nothing_that_names_or_finds_a_person_stands_on_the_ledger():
    on_the_ledger = {field for rows in (*RECORDS.values(), *EVENTS.values()) for field in fields_named(rows)}

    assert not on_the_ledger & {"name", "address", "phone", "email", "message", "content", "salt", "content_hash"}


def test_the_face_of_a_record_is_its_public_part_and_those_that_strangers_must_be_shown_have_one():
    faced = {table.codec.shape.__name__: table.face.__struct_fields__ for table in TABLES if table.face is not None}

    assert {name: {KEY, *shown} for name, shown in faced.items()} == {
        name: set(RECORDS[name][Sees.PUBLIC].split()) for name in faced
    }
    assert set(faced) == {"Order", "ClosedOrder", "Attestation"}


@pytest.mark.parametrize("table", [table for table in TABLES if table.face is not None], ids=lambda table: table.name)
def test_the_fields_of_a_face_are_of_the_types_that_the_record_s_have(table):
    of_record = {each.name: each.type for each in fields(table.codec.shape)}

    assert {each.name: each.type for each in fields(table.face)} == {
        name: of_record[name] for name in table.face.__struct_fields__
    }


@pytest.mark.parametrize("name", ["Party", "Passkeys", "HandleRecord", "Listing", "Variant", "Terms", "Currency"])
def test_what_everybody_needs_a_proof_of_has_no_field_that_is_not_public(name):
    assert open_to_all(DECLARED[name])


def test_a_mandate_a_quota_and_a_recovery_show_nothing_to_others():
    for name in ("Mandate", "Quota", "Recovery", "GuardianSet", "Consents", "Appeal", "Line", "Document"):
        assert not has_public_part(DECLARED[name])
    assert for_operators_alone(DECLARED["SpentTotal"])
    assert not for_operators_alone(DECLARED["Mandate"])


def test_of_a_fact_that_is_partly_public_others_see_that_part():
    withdrawn = STATED["AttestationWithdrawn"](attestation=b"a" * 21, subject=bytes(20), by=b"b" * 20)

    assert public_part(withdrawn) == {"attestation": b"a" * 21, "subject": bytes(20)}
    assert not open_to_all(type(withdrawn))


def test_why_a_party_is_suspended_is_public_and_why_its_money_is_frozen_is_not():
    assert open_to_all(STATED["PartySuspended"])
    assert sees("HolderFrozen", "reason") == Sees.AUTHORITY


def test_every_operation_that_is_shown_to_all_is_one():
    declared = {each.__name__ for each in operations().values()}

    assert declared >= OPERATIONS_OF_ALL
    assert "FreezeHolder" not in OPERATIONS_OF_ALL
