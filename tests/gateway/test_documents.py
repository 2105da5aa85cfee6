"""What rails send: read as it was meant, or refused with an exact sentence, whole."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

import pytest

from sogdia.gateway.adapters.bank import Bank, is_iban
from sogdia.gateway.adapters.qr import crc, payload
from sogdia.gateway.adapters.signed import BODY_BYTES_MAX, document_of, message_of
from sogdia.gateway.emulator.writing import BankSide
from sogdia.gateway.happenings import Answer, Closing, Entry, Kind, Order, Says
from sogdia.gateway.passing import run
from sogdia.gateway.settings import QrSettings
from sogdia.rails import xml
from sogdia.rails.reasons import MessageRefused
from sogdia.testing.ledger import keys_of
from tests.gateway.door import IBAN

NOW = 1_700_000_000
DAY = 86_400
PAYOUT = "SGD" + "A" * 29
BANK = Bank(IBAN, "USD", "House of Trade", "pain.001")
SIDE = BankSide(IBAN, "USD", "pain.001")
ENTRIES = [
    Entry("b-1", Kind.CREDIT, 2_500, NOW, texts=("for RF18", "Nairobi"), payer="KZ86125KZT5004100100"),
    Entry("b-2", Kind.CREDIT, 1, NOW),
    Entry("b-3", Kind.TAKEN_BACK, -2_500, NOW, about="b-1", reason="disputed"),
    Entry("b-4", Kind.PAID, -300, NOW, about=PAYOUT),
    Entry("b-5", Kind.RETURNED, 300, NOW, about=PAYOUT, reason="closed"),
    Entry("b-6", Kind.DEBIT, -25, NOW),
]


def entries(read, raw: bytes) -> list[Entry]:
    """Read a document that tells of entries alone."""
    found = read(raw)
    assert all(isinstance(each, Entry) for each in found)
    return list(found)


def refusal(read):
    with pytest.raises(MessageRefused) as refused:
        read()
    return str(refused.value)


# --------------------------------------------------------------------------------------------------------------- a bank


def test_what_a_bank_tells_is_what_is_read():
    (notice,) = SIDE.write(ENTRIES, NOW)

    found = entries(BANK.read, notice)

    # A payer's texts end with its own reference, where it gave one; a pay-out's is ours.
    assert [each._replace(texts=(), reason="") for each in found] == [
        each._replace(texts=(), reason="") for each in ENTRIES
    ]
    assert [each.reason for each in found if each.reason] == ["disputed", "NARR closed"]
    assert found[0].texts == ENTRIES[0].texts


def test_a_statement_is_its_entries_and_where_it_ends():
    closing = Closing(97_476, NOW // DAY * DAY + DAY)
    (statement,) = SIDE.write([*ENTRIES, closing], NOW)

    found = BANK.read(statement)

    assert len(found) == len(ENTRIES) + 1
    assert closing in found


@pytest.mark.parametrize("units", [0, -100])
def test_a_statement_may_end_with_nothing_or_less(units):
    closing = Closing(units, NOW // DAY * DAY + DAY)

    assert BANK.read(SIDE.write([closing], NOW)[0]) == [closing]


@pytest.mark.parametrize("orders", ["pain.001", "pacs.008"])
@pytest.mark.parametrize("says", Says)
def test_what_a_bank_answers_is_what_is_read(orders, says):
    (report,) = SIDE._replace(orders=orders).write([Answer(PAYOUT, says, "account closed")], NOW)

    (found,) = BANK.read(report)

    assert isinstance(found, Answer)
    assert (found.payout, found.says) == (PAYOUT, says)
    assert found.reason.endswith("account closed")


def test_an_entry_of_several_payments_is_read_payment_by_payment():
    notice = SIDE.write([ENTRIES[1]], NOW)[0].decode()
    begin, end = notice.index("<TxDtls>"), notice.index("</NtryDtls>")
    one = "<TxDtls><Refs><AcctSvcrRef>{}</AcctSvcrRef></Refs><Amt Ccy='USD'>{}</Amt></TxDtls>"
    both = f"{notice[:begin]}{one.format('x-1', '0.30')}{one.format('x-2', '0.70')}{notice[end:]}"

    found = entries(BANK.read, both.replace('<Amt Ccy="USD">0.01', '<Amt Ccy="USD">1.00').encode())

    assert [(each.reference, each.units) for each in found] == [("x-1", 30), ("x-2", 70)]
    told = refusal(lambda: BANK.read(both.encode()))
    assert told == "AM10: The payments of an entry do not add up to it. Ask the bank."


def test_what_is_not_booked_yet_is_not_money():
    notice = SIDE.write(ENTRIES, NOW)[0].replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>")

    assert BANK.read(notice) == []


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (b"<Dt>2023-11-14</Dt>", 0),
        (b"<Dt>2023-11-14Z</Dt>", 0),
        (b"<Dt>2023-11-14+03:00</Dt>", 0),
        (b"<DtTm>2023-11-14T03:00:00+03:00</DtTm>", 0),
        (b"<DtTm>2023-11-14T00:00:01</DtTm>", 1),
        (b"<DtTm>2023-11-14T00:00:01.500Z</DtTm>", 1),
    ],
)
def test_a_day_or_a_moment_of_a_booking_is_read_by_utc(written, seconds):
    notice = SIDE.write([ENTRIES[0]], NOW)[0].replace(b"<DtTm>2023-11-14T22:13:20Z</DtTm>", written)

    assert entries(BANK.read, notice)[0].booked == NOW // DAY * DAY + seconds


SIGNATURE = "DS0H: The signature is not of a key that counts here. Nothing of it is taken."
DIGITS = "AM12: 25.001 has 3 digits behind the point; USD has 2 by ISO 4217. Write no more."
ZERO = "AM01: The amount is zero. A payment is of one minor unit at least."
ANOTHER = f"AC02: This is about the account GB33BUKB20201555555555; ours is {IBAN}."
NO_SCHEMA = "is not as camt.054.001.08 asks"
BOMB = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
NOTICE = SIDE.write(ENTRIES, NOW)[0]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "FF01: This is no XML: no element found: line 1, column 0."),
        (b"<a/>", "FF01: This is no message of ISO 20022; camt.054.001.08 is understood here."),
        (
            NOTICE.replace(b"?>\n", b"?>\n" + BOMB, 1),
            "FF01: A message has no DOCTYPE and no entities of its own. Leave them out.",
        ),
        (NOTICE.replace(b"camt.054.001.08", b"camt.054.001.02"), "FF01: This is camt.054.001.02; "),
        (NOTICE.replace(b"<BkTxCd>", b"<BkTxCode>").replace(b"</BkTxCd>", b"</BkTxCode>"), NO_SCHEMA),
        (NOTICE.replace(b'"USD">25.00', b'"USD">25.001'), DIGITS),
        (NOTICE.replace(b'"USD">25.00', b'"USD">-25.00'), NO_SCHEMA),
        (NOTICE.replace(b'"USD">25.00', b'"USD">0.00'), ZERO),
        (NOTICE.replace(b'Ccy="USD">25.00', b'Ccy="EUR">25.00'), "AM03: An amount is in EUR; this account is in USD."),
        (NOTICE.replace(IBAN.encode(), b"GB33BUKB20201555555555"), ANOTHER),
        (
            NOTICE.replace(b"<AcctSvcrRef>b-1</AcctSvcrRef>", b"", 1),
            "NARR: An entry has no AcctSvcrRef, so it could be taken twice. Ask the bank for references.",
        ),
        (NOTICE.replace(b"<DtTm>2023-11-14T22:13:20Z</DtTm>", b"<Dt>2023-11-31</Dt>"), NO_SCHEMA),
        (re.sub(rb"<BookgDt>.*?</BookgDt>", b"", NOTICE, flags=re.DOTALL), "DT01: A booking has no date (BookgDt)."),
        (
            re.sub(rb"<Refs>\s*<AcctSvcrRef>b-1</AcctSvcrRef>", b"<Refs>", NOTICE),
            "NARR: A reversal does not say of which credit (Refs/AcctSvcrRef). Ask the bank.",
        ),
    ],
)  # fmt: skip
def test_a_wrong_message_is_refused_whole(house, raw, told):
    assert told in refusal(lambda: BANK.read(raw))
    (house.folder / "bank" / "in").mkdir(parents=True)
    (house.folder / "bank" / "in" / "wrong.xml").write_bytes(raw)
    before = house.ledger.height

    (why,) = house.run()

    assert told in why
    assert house.journal.unexplained() == []
    assert house.ledger.height == before
    assert house.journal.refused_documents() == [("bank", "wrong.xml", why)]


def test_a_document_that_was_refused_can_be_tried_again(house):
    notice = SIDE.write([ENTRIES[0]], NOW)[0]
    (house.folder / "bank" / "in").mkdir(parents=True)
    (house.folder / "bank" / "in" / "n").write_bytes(notice)
    bank = house.rails["bank"]
    house.rails["bank"] = bank._replace(account="KE-2")
    assert len(house.run()) == 1

    house.rails["bank"] = bank
    (house.folder / "bank" / "refused" / "n").rename(house.folder / "bank" / "in" / "n")

    assert run(house.desk) == []
    assert house.journal.credit("bank", "b-1") is not None


@pytest.mark.parametrize(
    ("account", "iban"),
    [(IBAN, True), ("GB33BUKB20201555555555", True), ("GB33BUKB20201555555554", False), ("KE-100", False), ("", False)],
)
def test_an_account_is_written_as_an_iban_where_it_is_one(account, iban):
    assert is_iban(account) == iban
    order = Order(PAYOUT, 300, account or "x", "Nairobi", "text", NOW)
    _name, content = BANK.order(order)
    assert (f"<IBAN>{account}</IBAN>".encode() in content) == iban
    xml.read(content, "pain.001.001.09")
    assert BANK.order(order) == BANK.order(order)


# --------------------------------------------------------------------------------------------------------- signed rails


def body_of(**changes: Any) -> bytes:  # noqa: ANN401 - any field, or None to leave it out
    body = {
        "id": "p-1",
        "type": "payment.settled",
        "account": "merchant-7",
        "time": NOW,
        "amount": "25.00",
        "currency": "USD",
        "reference": "for RF18",
        "payer": "card-4",
    }
    return json.dumps({name: value for name, value in (body | changes).items() if value is not None}).encode()


def signed(body, secret=b"a shared secret", moment=NOW):
    mac = hmac.new(secret, b"%d.%s" % (moment, body), hashlib.sha256).digest()
    return document_of(moment, body, mac)


def test_a_webhook_is_read(house):
    (entry,) = house.rails["card"].read(signed(body_of()))

    assert entry == Entry("p-1", Kind.CREDIT, 2_500, NOW, texts=("for RF18",), payer="card-4")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (signed(body_of(), b"another secret"), SIGNATURE),
        (signed(body_of()).replace(b"25.00", b"95.00"), SIGNATURE),
        (signed(body_of()).replace(b"t=17", b"t=18"), SIGNATURE),
        (body_of(), "FF01: The document does not begin with its signature: t=…,v1=…."),
        (b"t=1,v1=" + b"ab" * 32, "FF01: The document does not begin with its signature: t=…,v1=…."),
        (b"x" * (BODY_BYTES_MAX + 1), "FF01: The document has more than 65536 bytes."),
        (signed(b"{"), "FF01: This is no document of the rail: Input data was truncated."),
        (signed(b"[" * 60_000), "FF01: This is no document of the rail: "),
        (signed(body_of(more=1)), "FF01: This is no document of the rail: Object contains unknown field `more`."),
        (signed(body_of(id=None)), "FF01: This is no document of the rail: Object missing required field `id`."),
        (signed(body_of(id="a b")), "FF01: This is no document of the rail: "),
        (signed(body_of(amount=25)), "FF01: This is no document of the rail: Expected `str`, "),
        (signed(body_of(amount="25.001")), DIGITS),
        (signed(body_of(amount="-25.00")), "AM12: '-25.00' is no amount. Write digits and at most one point."),
        (signed(body_of(amount="2e3")), "AM12: '2e3' is no amount. Write digits and at most one point."),
        (signed(body_of(amount="0.00")), ZERO),
        (signed(body_of(amount="9" * 30)), "AM02: "),
        (signed(body_of(currency="EUR")), "AM03: The amount is in EUR, not USD."),
        (signed(body_of(currency=None)), "AM03: The amount is in no currency, not USD."),
        (signed(body_of(account="merchant-8")), "AC02: This is about the account 'merchant-8'; ours is 'merchant-7'."),
        (signed(body_of(type="payment.dreamt")), "FF01: 'payment.dreamt' is nothing that this rail tells."),
        (signed(body_of(type="dispute.lost")), "NARR: dispute.lost does not say what it is about."),
        (signed(body_of(reference="\u202eRF18")), "RR10: '\\u202eRF18' has characters that could deceive its reader."),
    ],
)  # fmt: skip
def test_a_wrong_webhook_is_refused_and_nothing_of_it_is_taken(house, raw, told):
    assert refusal(lambda: house.rails["card"].read(raw)).startswith(told)


def test_without_a_secret_or_keys_nothing_is_taken(house):
    card = house.rails["card"]._replace(secret=b"")
    empty = signed(body_of(), b"")

    assert refusal(lambda: card.read(empty)).startswith("DS0H")
    wallet = house.rails["wallet"]._replace(keys=())
    assert refusal(lambda: wallet.read(empty)).startswith("DS0H")


def test_an_agent_s_receipt_counts_when_one_of_the_keys_has_signed_it(house):
    body = body_of(type="cash.received", account="bank")
    agents = house.rails["agents"]
    good = document_of(NOW, body, keys_of("agent").sign(message_of(NOW, body)))
    forged = document_of(NOW, body, keys_of("wallet").sign(message_of(NOW, body)))

    assert agents.read(good)[0].units == 2_500
    assert refusal(lambda: agents.read(forged)).startswith("DS0H")


def test_a_replayed_webhook_has_no_second_effect_even_under_another_moment(house):
    reference = house.reference("nairobi")
    booked = house.pays_in("wallet", 2_500, reference)
    house.run()

    house.outside.tell(booked, house.now + 77)
    house.run()

    assert house.owns("nairobi") == 2_500


# ----------------------------------------------------------------------------------------------------------- a QR code

QR = QrSettings(scheme="ke.wallet", currency="404", country="KE", city="Nairobi", name="House of Trade")


def test_the_check_of_a_qr_code_is_the_standard_s():
    # "123456789" is the check value that catalogues of CRCs print for CRC-16 with 0x1021 from 0xFFFF.
    assert crc(b"123456789") == 0x29B1


def test_a_qr_code_holds_who_is_paid_and_the_funding_reference():
    text = payload(QR, "till-9", "RF48123456789012345678", "12.50")

    assert text.startswith("000201010212")
    assert "5303404540512.505802KE5914House of Trade6007Nairobi" in text
    assert "62260522RF48123456789012345678" in text
    assert int(text[-4:], 16) == crc(text[:-4].encode())
    assert payload(QR, "till-9", "RF48").startswith("000201010211")


def test_a_qr_code_does_not_take_what_does_not_fit():
    with pytest.raises(ValueError, match="holds 1 to 99"):
        payload(QR, "x" * 99, "RF48")
