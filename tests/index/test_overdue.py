"""What was overdue when an envelope came upon it: the deadline takes effect first, in the index as in the ledger."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sogdia.index.writer import IndexWriter
from sogdia.modules.market.orders import SettleOrder
from sogdia.modules.market.records import OrderState
from sogdia.modules.market.returns import ApproveReturn, RefuseReturn, RequestReturn
from sogdia.modules.money.holds import PlaceHold
from tests.index.followed import Followed
from tests.index.recorder import RecordingLedger
from tests.index.test_projections import assert_says_what_the_ledger_says
from tests.modules.market.shop import BUYER, DAY, MERCHANT, bring, open_order, open_shop, quantities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sogdia.kernel.operation import Operation

ASKED = quantities((1, 1))


def followed(folder: Path, state: OrderState) -> tuple[Followed, bytes]:
    """Bring an order into a state, and write the index after every block from then on."""
    ledger = Followed()
    open_shop(ledger)
    name = bring(ledger, state)
    ledger.folder = folder
    return ledger, name


@pytest.mark.parametrize(
    ("before", "who", "operation"),
    [
        (OrderState.SHIPPED, BUYER, lambda name: RequestReturn(order=name, lines=ASKED)),
        (OrderState.SHIPPED, BUYER, lambda name: SettleOrder(order=name)),
        (OrderState.RETURNING, BUYER, lambda name: RequestReturn(order=name, lines=ASKED)),
        (OrderState.RETURNING, MERCHANT, lambda name: RefuseReturn(order=name)),
        (OrderState.CONTESTED, MERCHANT, lambda name: ApproveReturn(order=name)),
    ],
    ids=["delivered-asked", "delivered-settled", "refunded-asked", "refunded-refused", "contested-approved"],
)
def test_an_order_that_is_overdue_moves_on_before_what_is_asked_of_it(
    tmp_path: Path, before: OrderState, who: str, operation: Callable[[bytes], Operation]
) -> None:
    ledger, name = followed(tmp_path, before)

    ledger.send(who, operation(name), at=open_order(ledger, name).deadline + 1)

    assert ledger.compared == 1
    assert ledger.last_block.exits_after == [0]


def test_a_hold_that_ran_out_ends_before_the_next_under_its_name_begins(tmp_path: Path) -> None:
    ledger = RecordingLedger()
    ledger.fund(BUYER, 500)

    def holding(days: int, units: int) -> PlaceHold:
        return PlaceHold(
            reference="h", payee=ledger.account(MERCHANT), asset=ledger.asset(), units=units,
            deadline=ledger.time + days * DAY, purpose="GDDS",
        )  # fmt: skip

    ledger.must(BUYER, holding(1, 100))
    ledger.must(BUYER, holding(3, 200), at=ledger.time + DAY + 60)

    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    with closing(IndexWriter(url, ledger.genesis_json())) as writer:
        writer.write(ledger.raws)
    assert ledger.last_block.exits_after == [0]
    assert_says_what_the_ledger_says(url, ledger)
