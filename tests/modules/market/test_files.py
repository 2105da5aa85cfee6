"""Opening the file of an order: who may, when, and what stands against it."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import name_of
from sogdia.modules.documents.refusals import DocumentsRefusal as Documents
from sogdia.modules.market.files import OpenOrderFile
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from tests.modules.market.rows import table
from tests.modules.market.shop import order, order_name
from tests.refused import Row, assert_refused, poke


def ask(ledger):
    return OpenOrderFile(order=order_name(ledger))


def placed(ledger):
    ledger.must("nairobi", order(ledger))


def opened(ledger):
    placed(ledger)
    ledger.must("nairobi", ask(ledger))


def placed_without_room(ledger):
    """Place the order and leave one byte less than a file takes."""
    placed(ledger)
    sponsor = ledger.account("registrar")
    known = QUOTAS.must(ledger.state, sponsor)
    poke(ledger, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=known.stored_bytes + 499))


REFUSALS = [
    Row(Refuse.ORDER_NEVER_PLACED, "lanzhou", ask),
    Row(Refuse.ORDER_NEVER_PLACED, "nairobi", lambda _ledger: OpenOrderFile(order=name_of(bytes(20), "o1")), placed),
    Row(Refuse.SENDER_NOT_IN_ORDER, "lanzhou", ask, opened),
    Row(Refuse.SENDER_NOT_IN_ORDER, "treasury", ask, placed, note="only-paid-by-it"),
    Row(Documents.FILE_EXISTS, "bukhara", ask, opened),
    Row(Kernel.QUOTA_STORAGE_SPENT, "carrier", ask, placed_without_room),
]


@table(REFUSALS)
def test_a_file_that_must_not_be_opened_is_refused(ledger, row):
    assert_refused(ledger, row)


@pytest.mark.parametrize("who", ["nairobi", "bukhara", "carrier"])
def test_each_side_of_an_order_may_open_its_file(ledger, who):
    placed(ledger)

    (event,) = ledger.must(who, ask(ledger)).events

    assert {each.account for each in event.participants} == {
        ledger.account(each) for each in ("nairobi", "bukhara", "carrier")
    }
