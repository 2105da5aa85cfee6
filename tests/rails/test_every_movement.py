"""Every fact that moves money, and every part of what it moves, in stories that no seed changes.

Random walks find what nobody thought of, but a walk of one seed may never meet what another meets at once. Here each
line of `MOVES` is told with an amount in it, and after every block the books have to give what the ledger has.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from inspect import getsource
from typing import TYPE_CHECKING, Any, cast

import pytest

from sogdia.modules.book.offers import CancelLimitOffer
from sogdia.modules.book.records import Side
from sogdia.modules.exchange.bonds import WithdrawBond
from sogdia.modules.exchange.cards import ChangeCard, CloseCard, FundCard
from sogdia.modules.exchange.events import CardChanged
from sogdia.modules.market.orders import CancelOrder, DeclineOrder
from sogdia.modules.money.currencies import Burn
from sogdia.modules.money.events import Burned, Minted, RedemptionPaid
from sogdia.modules.money.holds import CaptureHold
from sogdia.modules.money.redemptions import ConfirmRedemption, DeclineRedemption
from sogdia.modules.netting.obligations import Payment, PayObligations
from sogdia.modules.vouchers.purses import ReturnShare
from sogdia.rails import movements
from sogdia.rails.books import pairs
from sogdia.rails.looking_up import INFORMATION, SETTLED, status_of
from sogdia.rails.movements import MOVES
from tests.modules.book.stand import offer, open_stand, paying
from tests.modules.exchange.bureau import CUSTOMER, DEALER, convert, open_bureau, rate_terms
from tests.modules.market.backed import ALL, FALLEN_FAR, RISEN, backed, delivered, placed, sells_back, sent_back
from tests.modules.market.shop import BUYER, DAY, MERCHANT, open_shop, order_name
from tests.modules.market.test_late_refunds import late, settle
from tests.modules.money.issuing import agree, claw_back, minting, open_pounds, redeeming, redemption_name
from tests.modules.money.purse import PAYEE, PAYER, pay, place
from tests.modules.netting.house import open_house, owe
from tests.modules.vouchers.stall import BUKHARA, GRACE, LANZHOU, LIFE, open_stall, purse_name, redeem, voucher
from tests.rails.test_steps_told import told_town
from tests.rails.watched import WatchedLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.refusal import Refused
    from sogdia.rails.movements import Fold, Movement

    Moves = Callable[[Fold, Any], Iterator[Movement]]


class Agreeing(WatchedLedger):
    """A ledger whose books are compared with it after every block."""

    def block(self, *signed: Any, at: int | None = None) -> list[Receipt | Refused]:  # noqa: ANN401 - as a ledger
        """Make a block, read it and compare."""
        answers = super().block(*signed, at=at)
        self.agrees()
        return answers


def simple_money() -> None:
    """Money is made, paid, set aside, taken in part, and destroyed."""
    ledger = Agreeing()
    ledger.fund(PAYER, 1_000)
    ledger.must(PAYER, pay(ledger, 10))
    ledger.must(PAYEE, CaptureHold(hold=place(ledger, 60), units=25))
    ledger.must(PAYER, pay(ledger, 100, to="bank"))
    ledger.must("bank", Burn(currency="USD", units=100))


def an_issuers_duties() -> None:
    """Redemptions are paid, declined and missed; a panel lets money be taken back."""
    ledger = open_pounds(Agreeing())
    ledger.must("bank", minting(ledger, 1_000))
    for number in range(3):
        ledger.must(PAYER, redeeming(ledger, 100 + number, f"r{number}"))
    ledger.must("bank", ConfirmRedemption(redemption=redemption_name(ledger, "r0")))
    ledger.must("bank", DeclineRedemption(redemption=redemption_name(ledger, "r1"), reason="Payout reference unknown"))
    ledger.must("bank", claw_back(ledger, 300))
    assert not agree(ledger, "treasury").code
    assert not agree(ledger, "platform").code
    ledger.wait(5 * DAY + 1)


def promises() -> None:
    """An obligation is paid; a purse is opened, drawn on, given up in part, and ends."""
    ledger = open_stall(open_house(Agreeing()))
    owed = owe(ledger, PAYER, "lanzhou", 500, "i1")
    ledger.must(PAYER, PayObligations(asset=ledger.asset(), payments=(Payment(owed, 200),)))
    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 0, 120)))
    ledger.must("lanzhou", ReturnShare(purse=purse_name(ledger), share=LANZHOU))
    ledger.wait(LIFE + GRACE + 1)


def a_book_of_offers() -> None:
    """Offers are placed, taken at a better price than theirs and to their end, taken back, and paid across."""
    ledger = open_stand(Agreeing())
    ledger.must("bukhara", offer(ledger, Side.BUY, 1_001, "3.0773", "b1"))
    ledger.must("bukhara", offer(ledger, Side.SELL, 900, "3.5", "s1"))
    for units in (333, 668):
        ledger.must("lanzhou", offer(ledger, Side.SELL, units, "3"))
    ledger.must("nairobi", paying(ledger, 50, 1_000))
    ledger.must("bukhara", CancelLimitOffer(offer="s1"))


def cards() -> None:
    """A card is posted, changed, funded, used and closed."""
    ledger = open_bureau(Agreeing())
    ledger.must(DEALER, ChangeCard(card="usd", rates=rate_terms(ledger, most=700_000)))
    ledger.must(DEALER, FundCard(card="usd", units=77))
    ledger.must(CUSTOMER, convert(ledger, 5_000))
    ledger.must(DEALER, CloseCard(card="usd"))
    ledger.wait(1)


def orders_at_a_rate() -> None:
    """An order is called off by its merchant, one by its buyer; of others money comes back at one rate and another."""
    ledger = backed(Agreeing())
    ledger.must(MERCHANT, DeclineOrder(order=placed(ledger)))
    ledger.must(MERCHANT, WithdrawBond(asset=ledger.asset(), units=500))
    ledger = backed(Agreeing())
    name = placed(ledger)
    ledger.must(BUYER, CancelOrder(order=name), at=ledger.time + 60)
    for rate in (RISEN, FALLEN_FAR):
        ledger = backed(Agreeing())
        name = delivered(ledger)
        sells_back(ledger, rate)
        sent_back(ledger, name, *ALL)
        ledger.wait(16 * DAY)


def orders_in_steps() -> None:
    """Orders are paid in steps and at the door, and end in every way."""
    told_town(Agreeing)


def a_late_refund() -> None:
    """A merchant gives back what an order has long brought it."""
    ledger = open_shop(Agreeing())
    ledger.must(MERCHANT, late(order_name(ledger), settle(ledger), 1, 2))


STORIES = (
    simple_money,
    an_issuers_duties,
    promises,
    a_book_of_offers,
    cards,
    orders_at_a_rate,
    orders_in_steps,
    a_late_refund,
)


@dataclass
class Seen:
    """What the stories told: facts, and lines of `rails/movements.py` that told of more than nothing."""

    facts: set[type[Any]] = field(default_factory=set)
    lines: set[int] = field(default_factory=set)
    told: list[tuple[Any, bool]] = field(default_factory=list)
    """Each fact that moved something, and whether it let money change hands."""

    def noting(self, moved: Moves) -> Moves:
        """Give the same movements, and note of which fact and line they come."""

        def note(fold: Fold, fact: Any) -> Iterator[Movement]:  # noqa: ANN401 - any event
            telling, found = moved(fold, fact), []
            for each in telling:
                if each.available or each.held:
                    self.lines.add(cast("Any", telling).gi_frame.f_lineno)
                    found.append(each)
                yield each
            if found:
                self.facts.add(type(fact))
                self.told.append((fact, any(len(leg) > 1 for leg in pairs(found))))

        return note


@pytest.fixture(scope="module")
def seen() -> Seen:
    """What was told in all stories, with the books compared after every block."""
    found = Seen()
    with pytest.MonkeyPatch.context() as patch:
        for declared, moved in MOVES.items():
            patch.setitem(MOVES, declared, found.noting(moved))
        for story in STORIES:
            story()
    return found


def test_every_fact_that_moves_money_is_told(seen):
    assert set(MOVES) - seen.facts == {CardChanged}, "CardChanged changes what is remembered of a card, and no money"


def test_every_line_that_moves_money_has_told_of_some(seen):
    telling = {moved.__name__ for moved in MOVES.values()}
    functions = [each for each in ast.parse(getsource(movements)).body if isinstance(each, ast.FunctionDef)]
    lines = {
        node.lineno
        for function in functions
        if function.name in telling
        for node in ast.walk(function)
        if isinstance(node, ast.Yield | ast.YieldFrom)
    }

    assert len(lines) >= len(MOVES)
    assert lines - seen.lines == set(), "no story in this file lets these lines move anything"


def test_a_fact_is_settled_when_it_lets_money_change_hands_or_come_and_go(seen):
    alone = (Minted, Burned, RedemptionPaid)

    wrong = [
        fact
        for fact, paid in seen.told
        if status_of(fact) != (SETTLED if paid or isinstance(fact, alone) else INFORMATION)
    ]

    assert wrong == []
    assert {status_of(fact) for fact, _paid in seen.told} == {SETTLED, INFORMATION}
