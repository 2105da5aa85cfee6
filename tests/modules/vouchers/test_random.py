"""Random markets without a network: whatever a payer signs, a payee with a share of its own is always paid.

Payees look at vouchers as they would without a connection, by the terms of the purse and by what they took before, and
bring them to the ledger whenever it pleases them. The payer's phone signs whatever it likes: numbers twice, more than
was set aside, for the wrong share. All invariants are checked after every block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as some

from sogdia.modules.vouchers.records import PAYERS, Share
from sogdia.modules.vouchers.refusals import VoucherRefusal as Refuse
from sogdia.testing.ledger import Ledger
from tests.modules.vouchers.stall import (
    GRACE,
    LIFE,
    PAYER,
    has,
    opening,
    payer,
    purse,
    redeem,
    report,
    voucher,
)

if TYPE_CHECKING:
    from sogdia.modules.vouchers.signed import SignedVoucher

NAMED = ("bukhara", "lanzhou")
EVERYBODY = ("bukhara", "lanzhou", "carrier", "platform")
UNITS = (6, 4, 5)
"""What the shares hold: Bukhara's, Lanzhou's, anybody's."""


class Signed(NamedTuple):
    """What the phone signs, and who shows up with it."""

    share: int
    sequence: int
    units: int
    payee: str
    wait: int
    expired: bool


SIGNED = some.builds(
    Signed,
    share=some.integers(0, 2),
    sequence=some.integers(0, 3),
    units=some.integers(1, 6),
    payee=some.sampled_from(EVERYBODY),
    wait=some.integers(0, 3),
    expired=some.booleans(),
)


def fits(taken: list[SignedVoucher], made: SignedVoucher, share: int) -> bool:
    """Whether a payee may take a voucher of its own share: by the terms, and by what it took before."""
    said = made.voucher
    fresh = all(each.voucher.sequence != said.sequence for each in taken)
    return fresh and sum(each.voucher.units for each in taken) + said.units <= UNITS[share]


@settings(max_examples=40, deadline=None)
@given(deeds=some.lists(SIGNED, max_size=14), order=some.randoms(use_true_random=False))
def test_whoever_has_a_share_is_always_paid_and_no_voucher_twice(deeds, order):
    ledger = Ledger()
    ledger.fund(PAYER, 100)
    accounts = [ledger.account(who) for who in NAMED]
    shares = (Share(accounts[0], UNITS[0]), Share(accounts[1], UNITS[1]), Share(None, UNITS[2]))
    ledger.must(PAYER, opening(ledger, shares=shares))
    taken: dict[str, list[SignedVoucher]] = {who: [] for who in NAMED}
    waiting: list[tuple[str, SignedVoucher]] = []
    paid: dict[tuple[int, int], int] = {}
    everything: list[SignedVoucher] = []
    for deed in deeds:
        own = deed.share < len(NAMED) and NAMED[deed.share] == deed.payee
        expiry = ledger.time - 1 if deed.expired and not own else ledger.time + 1_000
        made = voucher(ledger, deed.share, deed.sequence, deed.units, deed.payee, expiry=expiry)
        everything.append(made)
        if own and fits(taken[deed.payee], made, deed.share):
            taken[deed.payee].append(made)
            waiting.append((deed.payee, made))
        elif not own:
            _try(ledger, made, paid)
        if waiting and deed.wait == 0:
            _certain(ledger, waiting.pop(order.randrange(len(waiting))), paid)
    order.shuffle(waiting)
    for each in waiting:
        _certain(ledger, each, paid)
    for made in everything:
        assert ledger.send("bukhara", redeem(made)).code != 0 or _first(made, paid)
    _look_for_fraud(ledger, everything, paid)
    total = sum(paid.values())
    ledger.wait(LIFE + GRACE + 1)
    assert has(ledger, PAYER) == (100 - total, 0)
    assert sum(has(ledger, who)[0] for who in EVERYBODY) == total


def _certain(ledger: Ledger, taken: tuple[str, SignedVoucher], paid: dict[tuple[int, int], int]) -> None:
    """Bring a voucher that its payee was right to take: it has to be paid."""
    who, made = taken
    before = has(ledger, who)[0]

    ledger.must(who, redeem(made))

    assert has(ledger, who)[0] == before + made.voucher.units
    assert _first(made, paid)


def _try(ledger: Ledger, made: SignedVoucher, paid: dict[tuple[int, int], int]) -> None:
    """Bring a voucher that may be worth nothing."""
    receipt = ledger.send("bukhara", redeem(made))

    expected = (0, Refuse.PAYEE_OTHER, Refuse.VOUCHER_EXPIRED, Refuse.SEQUENCE_USED, Refuse.SHARE_SPENT)
    assert receipt.code in expected
    if receipt.code == 0:
        assert made.voucher.expiry >= ledger.time
        assert _first(made, paid)


def _first(made: SignedVoucher, paid: dict[tuple[int, int], int]) -> bool:
    """Note that a voucher was paid; whether it is the first of its number in its share, and within the share."""
    key = (made.voucher.share, made.voucher.sequence)
    if key in paid:
        return False
    paid[key] = made.voucher.units
    return sum(units for (share, _number), units in paid.items() if share == key[0]) <= UNITS[key[0]]


def _look_for_fraud(ledger: Ledger, everything: list[SignedVoucher], paid: dict[tuple[int, int], int]) -> None:
    """Whatever cannot all be paid is proof; what can be is none."""
    shares = purse(ledger).promised.shares
    for share, terms in enumerate(shares):
        distinct = list(
            {
                each.voucher: each
                for each in everything
                if each.voucher.share == share and terms.payee in (None, each.voucher.payee)
            }.values()
        )[:8]
        if not distinct or purse(ledger).fraud_at is not None:
            continue
        numbers = {each.voucher.sequence for each in distinct}
        promised = sum(units for (of, _number), units in paid.items() if of == share) + sum(
            each.voucher.units
            for each in distinct
            if (share, each.voucher.sequence) not in paid and each.voucher.expiry >= ledger.time
        )
        bad = len(numbers) < len(distinct) or promised > terms.units
        code = ledger.send("treasury", report(*distinct)).code
        assert (code == 0) == bad, code
        assert code in (0, Refuse.NO_FRAUD)
        if bad:
            known = payer(ledger)
            assert known is not None
            assert known.frauds == 1
    assert PAYERS.must(ledger.state, ledger.account(PAYER)).purses == 1
