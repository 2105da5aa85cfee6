"""What leaves as a message: valid by ISO's own schema, and read by somebody else's program as what the ledger says."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import pytest
from pyiso20022.camt.camt_053_001_08 import Document as StatementDocument
from pyiso20022.camt.camt_054_001_08 import Document as NoticeDocument
from pyiso20022.pacs.pacs_002_001_10 import Document as StatusDocument
from pyiso20022.pacs.pacs_004_001_09 import Document as ReturnDocument
from pyiso20022.pacs.pacs_008_001_08 import Document as CustomerDocument
from pyiso20022.pacs.pacs_009_001_08 import Document as InstitutionDocument
from xsdata.formats.dataclass.parsers import XmlParser

from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.book.records import Side
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, SettleOrder, ShipOrder
from sogdia.rails import xml
from sogdia.rails.camt import notice_message, statement_message
from sogdia.rails.clearing import message_of, status_message
from sogdia.rails.payments import Way
from sogdia.rails.spelling import read_account, write_amount
from sogdia.rails.statements import Account, Period
from sogdia.rails.uetr import FORM
from tests.modules.book.stand import offer, open_stand, paying
from tests.modules.exchange.bureau import CUSTOMER, DEALER, convert, digest, open_bureau
from tests.modules.market.at_a_rate import PAYMENT, PREMIUM, at_rate
from tests.modules.market.shop import open_shop, order_name
from tests.rails.walks import PayingLedger, walk

DAY = 86_400
STEPS = 1_500


def decimal(units: int, currency: str) -> Decimal:
    """An amount as others read it."""
    return Decimal(write_amount(units, currency))


def reading(raw: bytes, kind: str, declared: type[Any]) -> Any:  # noqa: ANN401 - a document of that kind
    """Check a message by its schema and read it with an independent library."""
    xml.read(raw, kind)
    return XmlParser().from_bytes(raw, declared)


def account_in(identified: Any) -> bytes:  # noqa: ANN401 - an account of that library's
    """Read an account back."""
    return read_account(identified.id.othr.id)


@pytest.fixture
def bureau():
    """A ledger with a dealer and a shop, read for its payments."""
    ledger = PayingLedger()
    open_bureau(ledger)
    return open_shop(ledger)


@pytest.mark.parametrize("number", range(2))
def test_every_payment_of_a_walk_is_a_valid_message_that_says_what_was_paid(number, rotation, monkeypatch):
    ledger = walk(rotation + number, STEPS, monkeypatch)
    paid = [each for each in ledger.payments if each.way is Way.CUSTOMER]

    kind, raw = message_of(paid, ledger.network)

    body = reading(raw, kind, CustomerDocument).fito_ficstmr_cdt_trf
    assert int(body.grp_hdr.nb_of_txs) == len(paid) > 0
    for each, told in zip(paid, body.cdt_trf_tx_inf, strict=True):
        amount = told.intr_bk_sttlm_amt
        assert (amount.value, amount.ccy) == (decimal(each.units, each.asset.currency), each.asset.currency)
        assert (account_in(told.dbtr_acct), account_in(told.cdtr_acct)) == (each.debtor, each.creditor)
        assert read_account(told.cdtr_agt.fin_instn_id.othr.id) == each.asset.issuer
        assert told.pmt_id.uetr == each.uetr
        assert told.pmt_id.end_to_end_id == (each.reference or "NOTPROVIDED")
    for each in ledger.payments:
        kind, raw = message_of([each], ledger.network)
        xml.read(raw, kind)


def test_every_uetr_of_a_walk_is_unique_and_well_formed(rotation, monkeypatch):
    ledger = walk(rotation, STEPS, monkeypatch)

    uetrs = [each.uetr for told in ledger.told for each in told.legs]

    assert len(set(uetrs)) == len(uetrs) > 0
    assert all(FORM.match(each) for each in uetrs)


def test_a_conversion_is_a_customers_payment_with_its_rate_and_the_providers_leg(bureau):
    before = len(bureau.payments)
    terms = digest(bureau)

    bureau.must(CUSTOMER, convert(bureau, 100_000))

    taken, given = bureau.payments[before:]
    kind, raw = message_of([given], bureau.network)
    told = reading(raw, kind, CustomerDocument).fito_ficstmr_cdt_trf.cdt_trf_tx_inf[0]
    assert (told.instd_amt.value, told.instd_amt.ccy) == (Decimal("307.700"), "KWD")
    assert (told.intr_bk_sttlm_amt.value, told.intr_bk_sttlm_amt.ccy) == (Decimal("1000.00"), "USD")
    assert told.xchg_rate == Decimal("3.2499187520"), (
        "a thousand dollars for 307.700 dinars, ten digits behind the point"
    )
    assert told.rmt_inf.ustrd == [f"Contract of the rate: {terms.hex()}"]
    kind, raw = message_of([taken], bureau.network)
    told = reading(raw, kind, InstitutionDocument).ficdt_trf.cdt_trf_tx_inf[0]
    assert told.intr_bk_sttlm_amt.value == Decimal("307.700")
    assert read_account(told.dbtr.fin_instn_id.othr.id) == bureau.account("bank")
    assert read_account(told.cdtr.fin_instn_id.othr.id) == bureau.account(DEALER)


def test_a_payment_across_books_says_what_was_sent_what_arrived_and_names_no_contract():
    stand = PayingLedger()
    open_stand(stand)
    stand.must("bukhara", offer(stand, Side.SELL, 90_000, "3.25"))
    before = len(stand.payments)

    stand.must("nairobi", paying(stand, 40_000, 10**6))

    (paid,) = [each for each in stand.payments[before:] if each.exchange is not None]
    kind, raw = message_of([paid], stand.network)
    told = reading(raw, kind, CustomerDocument).fito_ficstmr_cdt_trf.cdt_trf_tx_inf[0]
    assert (told.instd_amt.value, told.instd_amt.ccy) == (Decimal("1300.00"), "USD")
    assert (told.intr_bk_sttlm_amt.value, told.intr_bk_sttlm_amt.ccy) == (Decimal("40.000"), "KWD")
    assert told.xchg_rate == Decimal("0.0307692308")
    assert told.rmt_inf is None
    assert (account_in(told.dbtr_acct), account_in(told.cdtr_acct)) == (paid.debtor, paid.creditor)
    assert (paid.debtor, paid.creditor) == (stand.account("nairobi"), stand.account("carrier"))
    assert told.pmt_id.end_to_end_id == "ORDER-7"


def test_an_order_at_a_rate_pays_the_provider_when_the_goods_leave_and_the_payees_when_it_settles(bureau):
    name = order_name(bureau)
    terms = digest(bureau)
    bureau.must("nairobi", at_rate(bureau))
    bureau.must("bukhara", AcceptOrder(order=name))
    before = len(bureau.payments)
    bureau.must("bukhara", ShipOrder(order=name))
    (provider,) = bureau.payments[before:]
    bureau.must("carrier", ConfirmDelivery(order=name))

    bureau.must("nairobi", SettleOrder(order=name))

    assert (provider.way, provider.units) == (Way.INSTITUTION, PAYMENT + PREMIUM)
    payouts = bureau.payments[before + 1 :]
    assert all(each.way is Way.CUSTOMER and each.debtor == bureau.account("nairobi") for each in payouts)
    assert all(each.exchange is not None and each.exchange.digest == terms for each in payouts)
    shares = sum(each.exchange.units for each in payouts if each.exchange is not None)
    assert PAYMENT - len(payouts) < shares <= PAYMENT
    kind, raw = message_of(payouts, bureau.network)
    xml.read(raw, kind)


def with_returns(seed, monkeypatch):
    """Walk until a merchant has paid something back; gives the ledger and what was returned."""
    while True:
        ledger = walk(seed, STEPS, monkeypatch)
        returns = [each for each in ledger.payments if each.way is Way.RETURN and each.original is not None]
        if returns:
            return ledger, returns
        seed += 1


def test_what_is_returned_names_the_payment_that_it_comes_from(rotation, monkeypatch):
    ledger, returns = with_returns(rotation, monkeypatch)

    kind, raw = message_of(returns, ledger.network)

    known = {each.uetr: each for each in ledger.payments}
    told = reading(raw, kind, ReturnDocument).pmt_rtr.tx_inf
    for each, returned in zip(told, returns, strict=True):
        original = known[each.orgnl_uetr]
        assert (original.reference, original.creditor) == (returned.reference, returned.debtor)
        assert each.rtrd_intr_bk_sttlm_amt.value == decimal(returned.units, returned.asset.currency)
        if each.orgnl_intr_bk_sttlm_amt is not None:
            assert each.rtrd_intr_bk_sttlm_amt.value <= each.orgnl_intr_bk_sttlm_amt.value


def test_the_status_of_payments_names_each_by_its_uetr(bureau):
    bureau.must(CUSTOMER, convert(bureau, 100_000))

    raw = status_message(bureau.payments)

    told = reading(raw, "pacs.002.001.10", StatusDocument).fito_fipmt_sts_rpt.tx_inf_and_sts
    assert [(each.orgnl_uetr, each.tx_sts) for each in told] == [(each.uetr, "ACCC") for each in bureau.payments]


def test_payments_of_two_ways_are_two_messages(bureau):
    bureau.must(CUSTOMER, convert(bureau, 100_000))

    with pytest.raises(ValueError, match="one way"):
        message_of(bureau.payments, bureau.network)


def test_the_same_payments_make_the_same_message(bureau):
    assert message_of(bureau.payments, bureau.network) == message_of(bureau.payments, bureau.network)


def test_a_message_that_its_schema_refuses_is_not_given_out(bureau):
    too_much = bureau.payments[0]._replace(units=UNITS_MAX)

    with pytest.raises(xml.NotByTheSchemaError, match=r"pacs\.008"):
        message_of([too_much], bureau.network)


def statements(ledger: PayingLedger, account: bytes, period: Period) -> Any:  # noqa: ANN401 - statements
    """An account's statements from all that was told."""
    making = Account(account, period, ledger.book)
    for told in ledger.told:
        making.take(told)
    return making.statements(ledger.height, ledger.time)


def test_statements_and_notices_are_valid_and_others_read_the_same_balances(rotation, monkeypatch):
    ledger = walk(rotation, STEPS, monkeypatch)
    middle = (ledger.told[0].time + ledger.time) // 2
    accounts = sorted({key[0] for key in ledger.holdings})

    for account in accounts:
        made = statements(ledger, account, Period(middle, ledger.time))
        if not made:  # its first money came in the last block, which the period leaves out
            assert statements(ledger, account, Period(ledger.time, ledger.time + 1))
            continue
        body = reading(statement_message(made, ledger.network), "camt.053.001.08", StatementDocument).bk_to_cstmr_stmt
        notices = reading(notice_message(made, ledger.network), "camt.054.001.08", NoticeDocument)
        for statement, told in zip(made, body.stmt, strict=True):
            assert_adds_up(statement, told)
        for statement, told in zip(made, notices.bk_to_cstmr_dbt_cdt_ntfctn.ntfctn, strict=True):
            assert len(told.ntry) == len(statement.booked)


def assert_adds_up(statement, told):
    """Look, with nothing but what the message says, that its opening and booked entries give its closing."""
    balances = {each.tp.cd_or_prtry.cd or each.tp.cd_or_prtry.prtry: signed(each) for each in told.bal}
    booked = [signed(each) for each in told.ntry if each.sts.cd == "BOOK"]
    assert balances["OPBD"] + sum(booked) == balances["CLBD"]
    assert balances["CLBD"] - balances["CLAV"] == balances["SET ASIDE"]
    currency = statement.asset.currency
    assert balances["CLBD"] == decimal(statement.closing.booked, currency)
    assert account_in(told.acct) == statement.account
    assert told.txs_summry.ttl_cdt_ntries.sum - told.txs_summry.ttl_dbt_ntries.sum == sum(booked)


def signed(each: Any) -> Decimal:  # noqa: ANN401 - a balance or an entry
    """An amount with the sign that its direction gives it."""
    value: Decimal = each.amt.value
    return value if each.cdt_dbt_ind.value == "CRDT" else -value


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lxml", None)

    with pytest.raises(xml.LibraryMissingError, match=r"pip install 'sogdia\[iso20022\]'"):
        xml.library()


def test_nothing_is_opened_or_fetched_by_the_parser_behind_the_first_look(tmp_path):
    """The second guard, taken alone: even a document that got past the first look expands and fetches nothing."""
    secret = tmp_path / "secret"
    secret.write_text("do not tell", "utf-8")
    raw = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'.encode()

    root = xml._parse(raw)

    assert "do not tell" not in "".join(map(str, root.itertext()))
