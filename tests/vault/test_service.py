"""The vault's service on both stores: put, get, grant, revoke, erase, and everybody whom it turns away."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest
from msgspec import structs

from sogdia.modules.documents import DocumentClass
from sogdia.modules.documents.documents import EraseDocument
from sogdia.modules.documents.encryption_keys import SetEncryptionKey
from sogdia.modules.documents.refusals import DocumentsRefusal as Ledger
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Identity
from sogdia.vault.desk import open_served, rewrap, wraps_for
from sogdia.vault.faults import VaultRefusal as Refuse
from sogdia.vault.sealing import open_blob, seal
from sogdia.vault.service import ORPHAN_SECONDS
from sogdia.vault.wrapping import wrap
from tests.modules.documents.archive import encryption_private, encryption_public, reading
from tests.vault.room import ADDRESS, code_of

NOTHING = {"blobs": 0, "wraps": 0, "documents": 0}
ONE = {"blobs": 1, "wraps": 1, "documents": 1}

# ------------------------------------------------------------------------------------------- on both kinds of stores


def test_those_whom_the_ledger_entitles_read_and_nobody_else(room):
    sealed = room.put()

    assert [room.read(sealed, who) for who in ("nairobi", "bukhara", "carrier")] == [ADDRESS] * 3
    assert code_of(lambda: room.served(sealed, "lanzhou")) == Ledger.READER_NOT_ENTITLED
    assert code_of(lambda: room.served(sealed, "bank")) == Ledger.READER_NOT_ENTITLED
    assert room.kept() == ONE


def test_a_reader_is_granted_and_reads_the_same_blob(room):
    sealed = room.put()

    room.grant(sealed, "lanzhou")

    assert room.read(sealed, "lanzhou") == ADDRESS
    assert room.vault.address_of(room.header().document) == sealed.address


def test_a_revoked_reader_is_refused_and_no_key_of_the_new_epoch_is_wrapped_for_it(room):
    old = room.put(readers=("lanzhou",))
    copy = room.served(old, "lanzhou")

    new = room.revoke(old, "lanzhou")

    assert code_of(lambda: room.served(new, "lanzhou")) == Ledger.READER_NOT_ENTITLED
    assert code_of(lambda: room.served(old, "lanzhou")) == Refuse.BLOB_UNKNOWN
    assert code_of(lambda: open_blob(new.blob, old.content_key)) == Refuse.SEAL_WRONG
    assert room.account("lanzhou") not in {each.account for each in room.wraps(new)}
    assert room.read(new, "bukhara") == ADDRESS
    assert room.kept() == ONE
    private = encryption_private("lanzhou")
    kept = open_served(copy, room.header(), old.commitment, lambda _number: private)
    assert kept.content == ADDRESS, "who kept a copy keeps it; nothing can take that back"


def test_an_erased_document_is_gone_with_its_keys(room):
    sealed = room.put()
    room.erase()

    room.vault.erase(room.header().document)

    assert room.kept() == NOTHING
    assert code_of(lambda: room.served(sealed, "nairobi")) == Refuse.BLOB_UNKNOWN
    room.vault.erase(room.header().document)


def test_what_the_ledger_has_erased_is_destroyed_at_the_next_look_even_if_nobody_asked(room):
    sealed = room.put()
    room.erase()

    assert code_of(lambda: room.served(sealed, "bukhara")) == Ledger.DOCUMENT_ERASED
    assert room.kept() == NOTHING


def test_an_authority_reads_with_the_receipt_of_its_recorded_reading(room):
    sealed = room.put()
    without = code_of(lambda: room.served(sealed, "treasury"))

    receipt = room.record("treasury", reading(room.ledger))

    assert without == Ledger.READING_NOT_RECORDED
    assert code_of(lambda: room.served(sealed, "treasury")) == Refuse.RECEIPT_MISSING
    assert room.read(sealed, "treasury", receipt) == ADDRESS


def test_a_large_document_goes_in_and_out(room):
    content = bytes(range(256)) * 4_000 * 5

    sealed = room.put(content)

    assert room.read(sealed, "bukhara") == content


def test_blobs_that_were_altered_in_the_store_are_not_served(room):
    sealed = room.put()
    key = f"blobs/{sealed.address.hex()}"

    for altered in (sealed.blob[:-1], sealed.blob[:-1] + bytes((sealed.blob[-1] ^ 1,)), b"", sealed.blob + b"\x00"):
        room.store.put(key, altered)
        assert code_of(lambda: room.served(sealed, "bukhara")) == Refuse.BLOB_DAMAGED
    room.store.put(key, sealed.blob)
    room.store.put(f"wraps/{sealed.address.hex()}", b"no wraps")
    assert code_of(lambda: room.served(sealed, "bukhara")) == Refuse.BLOB_DAMAGED


# ---------------------------------------------------------------------------------------------------------- authorities


def test_a_receipt_serves_its_authority_its_document_and_its_epoch_for_a_day(folder_room):
    room = folder_room
    sealed, other = room.put(readers=("lanzhou", "customs")), room.put(reference="second")
    receipt = room.record("treasury", reading(room.ledger))
    room.record("treasury", reading(room.ledger, "second"))
    customs = room.record("customs", reading(room.ledger))

    assert code_of(lambda: room.served(other, "treasury", receipt)) == Refuse.RECEIPT_WRONG
    assert code_of(lambda: room.served(sealed, "treasury", customs)) == Refuse.RECEIPT_WRONG
    assert code_of(lambda: room.served(sealed, "treasury", bytes(32))) == Refuse.RECEIPT_WRONG
    room.ledger.time += 86_400
    assert room.read(sealed, "treasury", receipt) == ADDRESS
    room.ledger.time += 1
    assert code_of(lambda: room.served(sealed, "treasury", receipt)) == Refuse.RECEIPT_OLD


def test_a_refused_reading_is_no_receipt_and_a_new_epoch_asks_for_a_new_one(folder_room):
    room = folder_room
    old = room.put(readers=("lanzhou",))
    receipt = room.record("treasury", reading(room.ledger))
    new = room.revoke(old, "lanzhou")
    refused = room.record("treasury", reading(room.ledger, purpose=2))

    assert code_of(lambda: room.served(new, "treasury", receipt)) == Ledger.READING_NOT_RECORDED
    again = room.record("treasury", reading(room.ledger))
    assert code_of(lambda: room.served(new, "treasury", receipt)) == Refuse.RECEIPT_WRONG
    assert code_of(lambda: room.served(new, "treasury", refused)) == Refuse.RECEIPT_WRONG
    assert room.read(new, "treasury", again) == ADDRESS


# ---------------------------------------------------------------------------------------------------------- the writers


def committed(room, **changes: Any):  # noqa: ANN401 - any field
    """Seal and commit an address, and give what would have been put."""
    sealed = seal(room.header(**changes), ADDRESS)
    room.commit(sealed)
    return sealed


def put(room, sealed, who="nairobi", wraps=None):
    return room.vault.put(sealed.blob, room.wraps(sealed) if wraps is None else wraps, room.account(who))


def test_a_blob_is_put_by_its_owner_alone(folder_room):
    sealed = committed(folder_room)

    assert code_of(lambda: put(folder_room, sealed, "bukhara")) == Refuse.WRITER_NOT_OWNER
    assert folder_room.kept() == NOTHING


@pytest.mark.parametrize(
    "changes",
    [{"document_class": int(DocumentClass.NAME)}, {"epoch": 2}, {"about": bytes(21)}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_blob_that_is_not_as_committed_is_not_kept(folder_room, changes):
    sealed = committed(folder_room)
    other = seal(folder_room.header(**changes), ADDRESS)

    assert code_of(lambda: put(folder_room, other, wraps=folder_room.wraps(sealed))) == Refuse.BLOB_NOT_COMMITTED
    assert folder_room.kept() == NOTHING


def test_a_blob_of_another_size_network_or_document_is_not_kept(folder_room):
    room = folder_room
    sealed = committed(room)
    longer = seal(room.header(), ADDRESS * 20)
    foreign = seal(room.header(network=bytes(32)), ADDRESS)
    unknown = seal(room.header("unknown"), ADDRESS)
    wraps = room.wraps(sealed)

    assert code_of(lambda: put(room, longer, wraps=wraps)) == Refuse.BLOB_NOT_COMMITTED
    assert code_of(lambda: put(room, foreign, wraps=wraps)) == Refuse.NETWORK_WRONG
    assert code_of(lambda: put(room, unknown, wraps=wraps)) == Ledger.DOCUMENT_UNKNOWN
    assert code_of(lambda: room.vault.put(b"noise", wraps, room.account("nairobi"))) == Refuse.BLOB_MALFORMED
    room.ledger.must("nairobi", EraseDocument(document="address"))
    assert code_of(lambda: put(room, sealed, wraps=wraps)) == Ledger.DOCUMENT_ERASED
    assert room.kept() == NOTHING


def test_keys_are_kept_for_those_whom_the_ledger_names_once_each(folder_room):
    room = folder_room
    sealed = committed(room)
    good = room.wraps(sealed)
    stranger = wrap(
        sealed.content_key, room.header(), sealed.address, room.account("lanzhou"), 0, encryption_public("lanzhou")
    )

    for wraps in ((), (*good, stranger), (*good, good[0])):
        assert code_of(partial(put, room, sealed, wraps=wraps)) == Refuse.WRAPS_WRONG
    put(room, sealed)
    assert code_of(lambda: room.vault.grant(sealed.address, (stranger,), room.account("nairobi"))) == Refuse.WRAPS_WRONG
    assert code_of(lambda: room.vault.grant(sealed.address, good, room.account("bukhara"))) == Refuse.WRITER_NOT_OWNER


def test_putting_twice_is_as_good_as_once(folder_room):
    sealed = folder_room.put()

    assert put(folder_room, sealed) == sealed.address

    assert folder_room.kept() == ONE
    assert folder_room.read(sealed, "bukhara") == ADDRESS


def test_a_reader_s_new_key_gets_a_wrap_in_the_old_one_s_place(folder_room):
    room = folder_room
    sealed = room.put()
    room.ledger.must("bukhara", SetEncryptionKey(public=encryption_public("bukhara-2")))
    header = room.header()
    new = [each for each in room.asked.recipients(header.document) if each.account == room.account("bukhara")]

    room.vault.grant(sealed.address, rewrap(sealed.content_key, header, sealed.address, new), room.account("nairobi"))

    served = room.served(sealed, "bukhara")
    private = encryption_private("bukhara-2")
    assert served.wrap.number == 1
    assert open_served(served, header, sealed.commitment, lambda _number: private).content == ADDRESS


def test_a_reader_without_a_key_is_served_and_told_that_no_key_is_wrapped(folder_room):
    room = folder_room
    sealed = committed(room)
    own = tuple(each for each in room.wraps(sealed) if each.account == room.account("nairobi"))
    put(room, sealed, wraps=own)

    assert room.served(sealed, "bukhara").wrap is None
    assert code_of(lambda: room.read(sealed, "bukhara")) == Refuse.WRAP_MISSING


# ---------------------------------------------------------------------------------------------------------- the readers


def test_a_suspended_reader_is_refused_and_its_own_document_is_served(folder_room):
    room = folder_room
    late = room.ledger.register("late")
    room.ledger.must("late", SetEncryptionKey(public=encryption_public("late")))
    sealed = room.put(readers=("late",))
    room.ledger.must("registrar", SuspendParty(account=late, reason="Papers missing"))

    assert code_of(lambda: room.served(sealed, "late")) == Identity.PARTY_SUSPENDED


def test_a_blob_of_an_old_epoch_is_served_to_its_owner_alone_until_the_new_one_is_put(folder_room):
    room = folder_room
    old = room.put(readers=("lanzhou",))
    put_later = room.vault.put
    room.vault.put = lambda *_what: b""
    new = room.revoke(old, "lanzhou")
    room.vault.put = put_later

    assert code_of(lambda: room.served(old, "bukhara")) == Refuse.EPOCH_OLD
    assert room.served(old, "nairobi").blob == old.blob
    put(room, new)
    assert room.read(new, "bukhara") == ADDRESS


def test_an_owner_who_puts_something_else_than_it_committed_is_found_out_by_every_reader(folder_room):
    room = folder_room
    promised, other = committed(room), seal(room.header(), ADDRESS[::-1])

    put(room, other, wraps=wraps_for(other, room.asked.recipients(room.header().document)))

    assert code_of(lambda: room.read(other, "bukhara")) == Refuse.COMMITMENT_WRONG
    assert promised.address != other.address


def test_a_served_blob_of_another_document_is_not_taken_for_the_one_asked_for(folder_room):
    room = folder_room
    room.put()
    other = room.put(reference="second")
    served = room.served(other, "bukhara")

    with_header = structs.replace(room.header(), document=room.header("address").document)

    assert (
        code_of(lambda: open_served(served, with_header, other.commitment, lambda _n: encryption_private("bukhara")))
        == Refuse.SEAL_WRONG
    )


def test_an_unknown_address_is_unknown(folder_room):
    assert code_of(lambda: folder_room.vault.get(bytes(32), folder_room.account("nairobi"))) == Refuse.BLOB_UNKNOWN
    assert code_of(lambda: folder_room.vault.erase(folder_room.header().document)) == Refuse.NOT_ERASED


# ------------------------------------------------------------------------------------------------------------- clearing


def test_a_staged_blob_is_served_to_nobody_and_cleared_away_after_an_hour(folder_room, monkeypatch):
    room = folder_room
    sealed = committed(room)
    kept = room.put(reference="second")
    room.vault.stage(sealed.blob)

    early = room.vault.clear()
    later = time.time() + ORPHAN_SECONDS + 5
    monkeypatch.setattr("sogdia.vault.stores.time.time", lambda: later)
    late = room.vault.clear()

    assert (early, late) == (0, 1)
    assert code_of(lambda: room.served(sealed, "nairobi")) == Refuse.BLOB_UNKNOWN
    assert room.read(kept, "bukhara") == ADDRESS


def test_clearing_destroys_what_the_ledger_has_erased(room):
    room.put()
    kept = room.put(reference="second")
    room.erase()

    assert room.vault.clear() == 1
    assert room.kept() == ONE
    assert room.read(kept, "bukhara") == ADDRESS
