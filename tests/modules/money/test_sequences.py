"""Random sequences of payments, holds and the issuer's decisions, against a model that shares nothing with the module.

Every block of the test ledger checks all invariants; here the balances themselves are compared with a plain account
book that is kept by hand.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sogdia.modules.money.currencies import Burn, FreezeHolder, Mint, SetCaps, UnfreezeHolder
from sogdia.modules.money.holds import CaptureHold, ReleaseHold
from sogdia.testing.ledger import Ledger
from tests.modules.money.purse import has, hold, hold_name, pay

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

PEOPLE = ("nairobi", "bukhara", "lanzhou", "bank")
who = st.sampled_from(PEOPLE)
units = st.integers(1, 40)
reference = st.sampled_from(("h1", "h2"))
STEPS = st.one_of(
    st.tuples(st.just("mint"), who, units),
    st.tuples(st.just("burn"), units),
    st.tuples(st.just("pay"), who, who, units),
    st.tuples(st.just("hold"), who, who, units, reference, st.integers(0, 3)),
    st.tuples(st.just("capture"), who, who, reference, units),
    st.tuples(st.just("release"), who, who, reference),
    st.tuples(st.just("freeze"), who),
    st.tuples(st.just("unfreeze"), who),
    st.tuples(st.just("caps"), st.integers(1, 120), st.integers(1, 80)),
    st.tuples(st.just("wait"), st.integers(0, 2)),
)


class Book:
    """The account book: who has what, what is set aside until when, what the issuer has decided."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.free: defaultdict[str, int] = defaultdict(int)
        self.holds: dict[tuple[str, str], tuple[str, int, int]] = {}
        self.frozen: set[str] = set()
        self.supply, self.supply_max, self.holder_max = 0, 10**15, 10**15

    def owned(self, holder):
        """All that somebody has, free or set aside."""
        return self.free[holder] + sum(held[1] for (payer, _), held in self.holds.items() if payer == holder)

    def run_out(self, now):
        """Give back what was set aside until a moment that is past."""
        for name, (_payee, amount, deadline) in list(self.holds.items()):
            if deadline < now:
                self.free[name[0]] += amount
                del self.holds[name]

    def mint(self, _now, to, amount):
        """Create money. Tell whether it is allowed."""
        if self.supply + amount > self.supply_max or self.owned(to) + amount > self.holder_max:
            return False
        self.supply += amount
        self.free[to] += amount
        return True

    def burn(self, _now, amount):
        """Destroy money of the bank. Tell whether it is allowed."""
        if self.free["bank"] < amount:
            return False
        self.supply -= amount
        self.free["bank"] -= amount
        return True

    def pay(self, _now, payer, payee, amount):
        """Pay somebody. Tell whether it is allowed."""
        if payer == payee or payer in self.frozen or self.free[payer] < amount:
            return False
        if self.owned(payee) + amount > self.holder_max:
            return False
        self.free[payer] -= amount
        self.free[payee] += amount
        return True

    def hold(self, now, payer, payee, amount, name, ahead):  # noqa: PLR0913 - a hold has these parts
        """Set money aside. Tell whether it is allowed."""
        if payer == payee or ahead == 0 or (payer, name) in self.holds or self.owned(payee) + amount > self.holder_max:
            return False
        if payer in self.frozen or self.free[payer] < amount:
            return False
        self.free[payer] -= amount
        self.holds[payer, name] = (payee, amount, now + ahead)
        return True

    def capture(self, _now, sender, payer, name, amount):
        """Take money that was set aside. Tell whether it is allowed."""
        payee, held, _deadline = self.holds.get((payer, name), ("", 0, 0))
        if payee != sender or amount > held:
            return False
        self.free[payee] += amount
        self.free[payer] += held - amount
        del self.holds[payer, name]
        return True

    def release(self, now, sender, payer, name):
        """Give back money that was set aside. Tell whether it is allowed."""
        payee, held, _deadline = self.holds.get((payer, name), ("", 0, 0))
        if payee != sender:
            return False
        self.run_out(now)
        self.free[payer] += held
        del self.holds[payer, name]
        return True

    def freeze(self, _now, holder):
        """Stop a holder from paying. Tell whether it is allowed."""
        known = holder in self.frozen
        self.frozen.add(holder)
        return not known

    def unfreeze(self, _now, holder):
        """Let a holder pay again. Tell whether it is allowed."""
        known = holder in self.frozen
        self.frozen.discard(holder)
        return known

    def caps(self, _now, supply_max, holder_max):
        """Set the caps. Tell whether it is allowed."""
        if self.supply > supply_max:
            return False
        self.supply_max, self.holder_max = supply_max, holder_max
        return True


def request(ledger, step):
    """Put a step into an operation; give who sends it, too."""
    kind, *rest = step
    sender: str
    operation: Operation
    match kind:
        case "mint":
            sender, operation = "bank", Mint(currency="USD", to=ledger.account(rest[0]), units=rest[1])
        case "burn":
            sender, operation = "bank", Burn(currency="USD", units=rest[0])
        case "pay":
            sender, operation = rest[0], pay(ledger, rest[2], to=rest[1])
        case "hold":
            payee, deadline = ledger.account(rest[1]), ledger.time + rest[4]
            sender, operation = rest[0], hold(ledger, rest[2], rest[3], payee=payee, deadline=deadline)
        case "capture":
            sender, operation = rest[0], CaptureHold(hold=hold_name(ledger, rest[2], rest[1]), units=rest[3])
        case "release":
            sender, operation = rest[0], ReleaseHold(hold=hold_name(ledger, rest[2], rest[1]))
        case "freeze":
            account = ledger.account(rest[0])
            sender, operation = "bank", FreezeHolder(currency="USD", account=account, reason="Court order")
        case "unfreeze":
            sender, operation = "bank", UnfreezeHolder(currency="USD", account=ledger.account(rest[0]))
        case _:
            sender, operation = "bank", SetCaps(currency="USD", supply_max=rest[0], holder_max=rest[1])
    return sender, operation


@given(st.lists(STEPS, min_size=5, max_size=40))
def test_the_ledger_and_the_account_book_agree(steps):
    ledger, book = Ledger(), Book()
    for person in PEOPLE[:3]:
        ledger.fund(person, 50)
        book.mint(0, person, 50)

    for step in steps:
        if step[0] == "wait":
            ledger.wait(step[1])
            book.run_out(ledger.time)
            continue
        sender, operation = request(ledger, step)
        applied = ledger.send(sender, operation).code == 0
        book.run_out(ledger.time)
        assert applied == getattr(book, step[0])(ledger.time, *step[1:]), step

    for person in PEOPLE:
        assert has(ledger, person) == (book.free[person], book.owned(person) - book.free[person])
