"""What becomes of documents, from the commit to the tombstone; who may read them, and what is stored."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.accounts import PARTIES, Key, Thresholds
from sogdia.kernel.genesis import network_of
from sogdia.kernel.refusal import Broken
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import name_of
from sogdia.modules.documents import DocumentClass, Part, Purpose
from sogdia.modules.documents.classes import CLASSES
from sogdia.modules.documents.documents import EraseDocument, GrantReading, RevokeReading
from sogdia.modules.documents.encryption_keys import SetEncryptionKey
from sogdia.modules.documents.entitlement import Ground
from sogdia.modules.documents.events import (
    DocumentCommitted,
    DocumentErased,
    EncryptionKeySet,
    FileOpened,
    ReadingGranted,
    ReadingRecorded,
    ReadingRevoked,
)
from sogdia.modules.documents.files import OpenPartyFile
from sogdia.modules.documents.queries import (
    AuthoritiesQuery,
    DocumentQuery,
    DocumentsQuery,
    EncryptionKeyAnswer,
    EncryptionKeyQuery,
    FileQuery,
    RecipientsQuery,
)
from sogdia.modules.documents.records import DOCUMENTS, ENTRIES, FILES, EncryptionKey, Participant
from sogdia.modules.documents.refusals import DocumentsRefusal as Refuse
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Identity
from sogdia.modules.market.files import OpenOrderFile
from sogdia.modules.market.orders import CancelOrder
from sogdia.testing.ledger import Ledger
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
    may_read,
    order_of,
    reading,
    stored,
)
from tests.modules.identity.town import other_keys
from tests.modules.market.shop import order
from tests.refused import poke


def test_a_committed_document_stands_in_the_file_of_its_order(ledger):
    before = stored(ledger)

    receipt = ledger.must("nairobi", commit(ledger))

    name = document_name(ledger)
    assert receipt.events == (
        DocumentCommitted(
            document=name,
            about=about_order(ledger),
            number=1,
            document_class=DocumentClass.ADDRESS,
            commitment=COMMITMENT,
            size=SIZE,
            readers=(),
        ),
    )
    (only,) = DocumentsQuery(about=about_order(ledger)).answer(ledger.state)
    assert (only.number, only.document, only.kept) == (1, name, document(ledger))
    assert stored(ledger) - before == 1_200 + SIZE


def test_the_file_of_an_order_names_who_is_who_and_outlives_the_order(ledger):
    second = name_of(ledger.account("nairobi"), "o2")
    ledger.must("nairobi", order(ledger, reference="o2"))

    receipt = ledger.must("bukhara", OpenOrderFile(order=second))
    ledger.must("nairobi", CancelOrder(order=second))

    about = b"\x2c" + second
    participants = (
        Participant(Part.BUYER, ledger.account("nairobi")),
        Participant(Part.MERCHANT, ledger.account("bukhara")),
        Participant(Part.CARRIER, ledger.account("carrier")),
    )
    assert receipt.events == (FileOpened(about=about, participants=participants),)
    found = FileQuery(about=about).answer(ledger.state)
    assert found is not None
    assert found.participants == participants
    ledger.must("carrier", commit(ledger, "waybill", about=about, document_class=DocumentClass.DOCUMENT))


def test_the_file_of_a_closed_order_has_no_carrier(ledger):
    second = name_of(ledger.account("nairobi"), "o2")
    ledger.must("nairobi", order(ledger, reference="o2"))
    ledger.must("nairobi", CancelOrder(order=second))

    (opened,) = ledger.must("nairobi", OpenOrderFile(order=second)).events

    assert [each.part for each in opened.participants] == [Part.BUYER, Part.MERCHANT]


def test_a_party_s_own_file_lets_the_registrar_that_entered_it_read_its_papers(ledger):
    account = ledger.register("mombasa")
    for who in ("mombasa", "registrar"):
        ledger.must(who, SetEncryptionKey(public=encryption_public(who)))

    ledger.must("mombasa", OpenPartyFile())
    papers = commit(ledger, "id", about=about_party(ledger, "mombasa"), document_class=DocumentClass.IDENTITY)
    ledger.must("mombasa", papers)

    recipients = RecipientsQuery(name=name_of(account, "id")).answer(ledger.state)
    assert [each.account for each in recipients] == [account, ledger.account("registrar"), ledger.account("treasury")]


def test_a_party_of_the_genesis_has_no_registrar_in_its_file(ledger):
    (opened,) = ledger.must("nairobi", OpenPartyFile()).events

    assert opened.participants == (Participant(Part.SUBJECT, ledger.account("nairobi")),)


def test_an_encryption_key_is_numbered_and_replaced_without_taking_more_storage(ledger):
    before = stored(ledger)

    receipt = ledger.must("nairobi", SetEncryptionKey(public=encryption_public("new")))

    assert receipt.events == (
        EncryptionKeySet(account=ledger.account("nairobi"), number=1, public=encryption_public("new")),
    )
    found = EncryptionKeyQuery(account=ledger.account("nairobi")).answer(ledger.state)
    sponsor = ledger.account("registrar")
    current = EncryptionKey(number=1, public=encryption_public("new"), recoveries=0, sponsor=sponsor)
    assert found == EncryptionKeyAnswer(current=current, next_number=2)
    assert stored(ledger) == before


def recovered(ledger, who):
    """Let guardians have put other keys in place for somebody, past all rules."""
    known = PARTIES.must(ledger.state, ledger.account(who))
    poke(ledger, PARTIES, ledger.account(who), structs.replace(known, recoveries=known.recoveries + 1))


def test_a_recovery_makes_the_encryption_key_void_until_it_is_set_anew(ledger):
    name = committed(ledger, readers=(ledger.account("lanzhou"),))
    account = ledger.account("lanzhou")
    before = stored(ledger)

    recovered(ledger, "lanzhou")

    assert EncryptionKeyQuery(account=account).answer(ledger.state) == EncryptionKeyAnswer(current=None, next_number=1)
    assert account not in [each.account for each in RecipientsQuery(name=name).answer(ledger.state)]
    again = commit(ledger, "again", readers=(account,))
    assert ledger.send("nairobi", again).code == Refuse.ENCRYPTION_KEY_MISSING
    receipt = ledger.must("lanzhou", SetEncryptionKey(public=encryption_public("lanzhou")))
    assert receipt.events[0].number == 1
    assert ledger.send("nairobi", again).code == 0
    assert stored(ledger) == before + 1_200 + SIZE


def test_an_everyday_key_cannot_redirect_what_is_sealed_for_its_party(ledger):
    known = PARTIES.must(ledger.state, ledger.account("nairobi"))
    more = structs.replace(known, thresholds=Thresholds(1, 1, 2), keys=(known.keys[0], Key(1, 1, other_keys().public)))
    poke(ledger, PARTIES, ledger.account("nairobi"), structs.replace(more, next_key=2))
    ledger.second_key("nairobi", "manager", other_keys(), 1)
    asked = SetEncryptionKey(public=encryption_public("a thief's"))

    alone = ledger.block(ledger.sign("nairobi", asked))[0]
    together = ledger.send(("nairobi", "manager"), asked)

    assert (alone.code, together.code) == (Kernel.WEIGHT_TOO_LOW, 0)


# ------------------------------------------------------------------------------------------------------- who may read


def test_everybody_reads_by_their_part_and_nobody_else_does(ledger):
    committed(ledger)

    grounds = {who: may_read(ledger, who).ground for who in ("nairobi", "bukhara", "carrier", "lanzhou", "bank")}

    assert grounds == {
        "nairobi": Ground.OWNER,
        "bukhara": Ground.PART,
        "carrier": Ground.PART,
        "lanzhou": 0,
        "bank": 0,
    }
    assert may_read(ledger, "lanzhou").refusal == Refuse.READER_NOT_ENTITLED


@pytest.mark.parametrize("document_class", DocumentClass)
def test_the_table_of_classes_alone_says_which_part_reads_what(ledger, document_class):
    writer = "nairobi"
    committed(ledger, document_class=DocumentClass.DOCUMENT)
    poke(
        ledger,
        DOCUMENTS,
        document_name(ledger),
        structs.replace(document(ledger), document_class=document_class),
    )

    may = {who for who in ("bukhara", "carrier") if may_read(ledger, who).may}

    parts = {Part.MERCHANT: "bukhara", Part.CARRIER: "carrier"}
    assert may == {who for part, who in parts.items() if part in CLASSES[document_class].parts}
    assert may_read(ledger, writer).may


def test_a_reader_is_granted_and_taken_off_again_and_a_new_epoch_begins(ledger):
    committed(ledger)
    before = stored(ledger)

    granted = ledger.must("nairobi", GrantReading(document="address", reader=ledger.account("lanzhou")))
    during = may_read(ledger, "lanzhou")
    revoked = ledger.must(
        "nairobi",
        RevokeReading(document="address", reader=ledger.account("lanzhou"), commitment=OTHER_COMMITMENT, size=SIZE - 1),
    )
    after = may_read(ledger, "lanzhou")

    name, lanzhou = document_name(ledger), ledger.account("lanzhou")
    assert granted.events == (ReadingGranted(document=name, reader=lanzhou, epoch=1),)
    assert (during.may, during.ground) == (True, Ground.GRANT)
    assert revoked.events == (
        ReadingRevoked(document=name, reader=lanzhou, epoch=2, commitment=OTHER_COMMITMENT, size=SIZE - 1),
    )
    assert (after.may, after.refusal) == (False, Refuse.READER_NOT_ENTITLED)
    assert document(ledger).epoch == 2
    assert stored(ledger) == before - 1


def test_the_16th_reader_is_the_last(ledger):
    committed(ledger)
    for number in range(16):
        ledger.register(f"r{number}")
        ledger.must(f"r{number}", SetEncryptionKey(public=encryption_public(f"r{number}")))
        ledger.must("nairobi", GrantReading(document="address", reader=ledger.account(f"r{number}")))

    refused = ledger.send("nairobi", GrantReading(document="address", reader=ledger.account("lanzhou")))

    assert len(document(ledger).readers) == 16
    assert refused.code == Refuse.READERS_TOO_MANY


def test_a_suspended_reader_reads_nothing_but_what_is_its_own(ledger):
    late = ledger.register("late")
    ledger.must("late", SetEncryptionKey(public=encryption_public("late")))
    ledger.must("late", OpenPartyFile())
    ledger.must("late", commit(ledger, "own", about=about_party(ledger, "late"), document_class=DocumentClass.NAME))
    committed(ledger, readers=(late,))

    ledger.must("registrar", SuspendParty(account=late, reason="Papers missing"))

    assert may_read(ledger, "late").refusal == Identity.PARTY_SUSPENDED
    own = RecipientsQuery(name=name_of(late, "own")).answer(ledger.state)
    assert own[0].account == late


# ---------------------------------------------------------------------------------------------------------- authorities


def test_an_authority_reads_once_it_has_stated_why_and_everybody_can_see_it(ledger):
    committed(ledger)
    before = may_read(ledger, "treasury")

    receipt = ledger.must("treasury", reading(ledger))

    name, treasury = document_name(ledger), ledger.account("treasury")
    assert before.refusal == Refuse.READING_NOT_RECORDED
    assert may_read(ledger, "treasury").ground == Ground.RECORDED_READING
    assert receipt.events == (
        ReadingRecorded(document=name, authority=treasury, purpose=Purpose.CUSTOMS, case="2026-117", epoch=1),
    )
    (shown,) = DocumentQuery(name=name).answer(ledger.state).readings
    assert (shown.authority, shown.reading.case, shown.reading.times) == (treasury, "2026-117", 1)
    assert shown.reading.recorded_at == ledger.time


def test_a_second_reading_counts_and_takes_no_more_storage(ledger):
    committed(ledger)
    ledger.must("treasury", reading(ledger))
    before = stored(ledger)

    ledger.must("treasury", reading(ledger, case="2026-118"))

    (shown,) = DocumentQuery(name=document_name(ledger)).answer(ledger.state).readings
    assert (shown.reading.times, shown.reading.case) == (2, "2026-118")
    assert stored(ledger) == before


def test_a_new_epoch_asks_an_authority_for_a_new_statement(ledger):
    committed(ledger, readers=(ledger.account("lanzhou"),))
    ledger.must("treasury", reading(ledger))
    ledger.must(
        "nairobi",
        RevokeReading(document="address", reader=ledger.account("lanzhou"), commitment=OTHER_COMMITMENT, size=SIZE),
    )

    before = may_read(ledger, "treasury").refusal
    ledger.must("treasury", reading(ledger))

    assert before == Refuse.READING_NOT_RECORDED
    assert may_read(ledger, "treasury").may


def test_an_authority_that_the_owner_lets_read_states_its_purpose_like_every_other(ledger):
    committed(ledger, readers=(ledger.account("customs"),))
    before = may_read(ledger, "customs").refusal

    ledger.must("customs", reading(ledger))

    assert before == Refuse.READING_NOT_RECORDED
    assert may_read(ledger, "customs").may


def test_an_authority_of_neither_country_may_not_read_even_with_a_part_by_accident(ledger):
    committed(ledger)

    assert may_read(ledger, "customs").refusal == Refuse.READER_NOT_ENTITLED


@pytest.mark.parametrize("country", ["KE", "UZ"])
def test_the_countries_of_buyer_and_merchant_are_concerned(country):
    ledger = Ledger(documents={"authorities": [{"country": country, "parties": ["treasury"]}]})
    found = AuthoritiesQuery(country=country).answer(ledger.state)

    assert found is not None
    assert found.accounts == (ledger.account("treasury"),)
    assert PARTIES.must(ledger.state, ledger.account("bukhara")).country == "UZ"


@pytest.mark.parametrize(
    ("authorities", "words"),
    [
        ([{"country": "QQ", "parties": ["treasury"]}], "no country"),
        ([{"country": "KE", "parties": ["treasury"]}] * 2, "names KE twice"),
        ([{"country": "KE", "parties": ["treasury", "treasury"]}], "an authority of KE twice"),
        ([{"country": "KE", "parties": ["bank"]}], "bank is no authority"),
        ([{"country": "KE", "parties": ["nobody"]}], "nobody is no authority"),
    ],
)
def test_a_network_that_admits_nonsense_does_not_start(authorities, words):
    with pytest.raises(Broken, match=words):
        Ledger(documents={"authorities": authorities})


def test_whom_a_network_admits_is_part_of_its_identity():
    with_treasury = Ledger(documents={"authorities": [{"country": "KE", "parties": ["treasury"]}]})

    assert network_of(with_treasury.genesis) != network_of(Ledger().genesis)


# -------------------------------------------------------------------------------------------------------------- erasing


def test_an_erased_document_leaves_a_tombstone_that_says_nothing_and_gives_storage_back(ledger):
    before = stored(ledger)
    committed(ledger)
    ledger.must("treasury", reading(ledger))

    receipt = ledger.must("nairobi", EraseDocument(document="address"))

    name = document_name(ledger)
    found = DocumentQuery(name=name).answer(ledger.state)
    assert receipt.events == (DocumentErased(document=name),)
    assert found.kept is None
    assert found.erased is not None
    assert found.erased.commitment == COMMITMENT
    assert [each.authority for each in found.readings] == [ledger.account("treasury")]
    assert all(may_read(ledger, who).refusal == Refuse.DOCUMENT_ERASED for who in ("nairobi", "bukhara", "treasury"))
    assert RecipientsQuery(name=name).answer(ledger.state) == []
    assert stored(ledger) == before + 500 + 300


def test_documents_are_listed_by_pages_and_the_erased_ones_stand_among_them(ledger):
    for number in range(1, 6):
        committed(ledger, f"d{number}")
    ledger.must("nairobi", EraseDocument(document="d2"))

    page = DocumentsQuery(about=about_order(ledger), first=2, limit=3).answer(ledger.state)

    assert [each.number for each in page] == [2, 3, 4]
    assert [each.kept is None for each in page] == [True, False, False]
    assert DocumentsQuery(about=about_order(ledger), first=6).answer(ledger.state) == []
    assert DocumentsQuery(about=about_party(ledger, "bank")).answer(ledger.state) == []


# ----------------------------------------------------------------------------------------------------------- invariants


def test_a_document_that_is_lost_from_its_file_is_noticed(ledger):
    committed(ledger)
    poke(ledger, ENTRIES, (about_order(ledger), 1), None)

    with pytest.raises(Broken, match="counts other documents"):
        ledger.machine.check_invariants(ledger.state)


def test_a_file_that_counts_wrongly_is_noticed(ledger):
    committed(ledger)
    file = FILES.must(ledger.state, about_order(ledger))
    poke(ledger, FILES, about_order(ledger), structs.replace(file, documents=0))

    with pytest.raises(Broken, match="outside its file"):
        ledger.machine.check_invariants(ledger.state)


def test_a_reading_that_is_hidden_is_noticed(ledger):
    committed(ledger)
    ledger.must("treasury", reading(ledger))
    poke(ledger, DOCUMENTS, document_name(ledger), structs.replace(document(ledger), authorities=()))

    with pytest.raises(Broken, match="not shown"):
        ledger.machine.check_invariants(ledger.state)


def test_an_order_s_papers_cannot_be_committed_about_an_order_without_a_file(ledger):
    second = name_of(ledger.account("nairobi"), "o2")
    ledger.must("nairobi", order(ledger, reference="o2"))

    answer = ledger.send("nairobi", commit(ledger, about=b"\x2c" + second))

    assert answer.code == Refuse.FILE_UNKNOWN
    assert order_of(ledger) != second


def test_who_may_not_read_a_document_is_told_nothing_of_its_record(ledger):
    ledger.must("nairobi", commit(ledger))

    entitled, stranger = may_read(ledger, "bukhara"), may_read(ledger, "lanzhou")

    assert entitled.document == document(ledger)
    assert (stranger.may, stranger.refusal, stranger.document) == (False, Refuse.READER_NOT_ENTITLED, None)
