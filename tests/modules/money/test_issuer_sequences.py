"""Random sequences of everything an issuer, its panel and its holders can do, with tiny balances, against a book.

Every block of the test ledger checks all invariants; here balances, supply and counts are compared with the book.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sogdia.modules.money.currencies import FreezeHolder, UnfreezeHolder
from sogdia.modules.money.holds import CaptureHold
from sogdia.modules.money.measures import ApproveMeasure
from sogdia.modules.money.redemptions import ConfirmRedemption, DeclineRedemption
from sogdia.testing.ledger import Ledger
from tests.modules.money.issuers_book import A_DAY, AT_ONCE, DAY, MEASURES, REDEMPTIONS, REST, STATEMENTS, TERM, Book
from tests.modules.money.issuing import (
    PANEL,
    claw_back,
    conduct,
    measure_name,
    minting,
    pounds,
    redeeming,
    statement,
)
from tests.modules.money.purse import currency, has, hold, hold_name, pay

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

HOLDERS = ("nairobi", "bukhara", "lanzhou", "bank")
who = st.sampled_from(HOLDERS)
units = st.integers(1, 30)
reference = st.sampled_from(("x1", "x2"))
STEPS = st.one_of(
    st.tuples(st.just("vouch"), st.integers(0, 150)),
    st.tuples(st.just("mint"), who, units),
    st.tuples(st.just("pay"), who, who, units),
    st.tuples(st.just("pay"), who, who, units),
    st.tuples(st.just("hold"), who, who, reference, units),
    st.tuples(st.just("capture"), who, reference, units),
    st.tuples(st.just("redeem"), who, reference, units),
    st.tuples(st.just("answer"), who, reference, st.sampled_from(("paid", "declined"))),
    st.tuples(st.just("freeze"), who),
    st.tuples(st.just("unfreeze"), who),
    st.tuples(st.just("propose"), reference, who, who, units),
    st.tuples(st.just("agree"), st.sampled_from(PANEL), reference),
    st.tuples(st.just("agree"), st.sampled_from(PANEL), reference),
    st.tuples(st.just("wait"), st.sampled_from((1, DAY // 2, DAY, 3 * DAY + 1))),
)


def begin() -> Ledger:
    """A network that begins with pounds under a policy, and short terms."""
    policy = {
        "auditors": ["platform"],
        "panel": list(PANEL),
        "panel_needed": 2,
        "limits": [[AT_ONCE, A_DAY]] * 4,
    }
    money = {
        "currencies": [{"currency": "GBP", "issuer": "bank", "policy": policy}],
        "freeze_term": TERM,
        "freeze_rest": REST,
        "measure_period": MEASURES,
        "redemption_period": REDEMPTIONS,
    }
    return Ledger(money=money, market={"windows": {"pay": DAY, "remit": DAY}})


def request(ledger, step):  # noqa: C901, PLR0911 - one line for each kind of step
    """Put a step into an operation; give who sends it, too."""
    kind, *rest = step
    asset = pounds(ledger)
    match kind:
        case "vouch":
            return "platform", statement(ledger, rest[0], valid_until=ledger.time + STATEMENTS)
        case "mint":
            return "bank", minting(ledger, rest[1], rest[0])
        case "pay":
            return rest[0], pay(ledger, rest[2], rest[1], "GBP")
        case "hold":
            later = ledger.time + 300 * DAY
            asked = hold(ledger, rest[3], rest[2], payee=ledger.account(rest[1]), asset=asset, deadline=later)
            return rest[0], asked
        case "redeem":
            return rest[0], redeeming(ledger, rest[2], rest[1])
        case "answer":
            name = hold_name(ledger, rest[1], rest[0])
            if rest[2] == "paid":
                return "bank", ConfirmRedemption(redemption=name)
            return "bank", DeclineRedemption(redemption=name, reason="No")
        case "freeze":
            return "bank", FreezeHolder(currency="GBP", account=ledger.account(rest[0]), reason="Court order")
        case "unfreeze":
            return "bank", UnfreezeHolder(currency="GBP", account=ledger.account(rest[0]))
        case "propose":
            sides = {"account": ledger.account(rest[1]), "to": ledger.account(rest[2])}
            return "bank", claw_back(ledger, rest[3], rest[0], **sides)
        case _:
            return rest[0], ApproveMeasure(measure=measure_name(ledger, rest[1]))


def capture(ledger: Ledger, book: Book, payer: str, name: str, amount: int) -> tuple[str, Operation]:
    """Let the payee of a hold take some of it; of one that is not there, anybody may try."""
    payee = book.holds.get((payer, name), ("lanzhou", 0))[0]
    return payee, CaptureHold(hold=hold_name(ledger, name, payer), units=amount)


@given(st.lists(STEPS, min_size=10, max_size=60))
def test_the_ledger_and_the_book_of_what_binds_issuers_agree(steps):
    ledger = begin()
    book = Book(ledger.time)
    for step in (("vouch", 120), *(("mint", each, 30) for each in HOLDERS), *steps):
        if step[0] == "wait":
            ledger.wait(step[1])
            book.wait(step[1])
            continue
        sender, operation = capture(ledger, book, *step[1:]) if step[0] == "capture" else request(ledger, step)
        if step[0] == "propose" and step[2] == step[3]:
            continue
        applied = ledger.send(sender, operation).code == 0
        assert applied == getattr(book, step[0])(*step[1:]), step

    for each in HOLDERS:
        assert has(ledger, each, "GBP") == (book.free[each], book.held(each))
    assert currency(ledger, "GBP").supply == book.supply
    for how, (times, counted) in book.counts.items():
        found = getattr(conduct(ledger), how)
        assert (found.times, found.units) == (times, counted)
