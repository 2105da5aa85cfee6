"""What is always true of vouchers, each broken once on purpose."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sogdia.kernel.refusal import Broken
from sogdia.modules.vouchers.records import PAYERS, PURSES, Drawn, Payer
from tests.modules.vouchers.stall import (
    ANYBODY,
    BUKHARA,
    PAYER,
    SHARES,
    payer,
    purse,
    purse_name,
    redeem,
    voucher,
)
from tests.refused import poke


def with_share(ledger, share, **changes: Any):  # noqa: ANN401 - any field
    """Change one share of the purse past all rules."""
    found = purse(ledger)
    drawn = list(found.drawn)
    drawn[share] = structs.replace(drawn[share], **changes)
    poke(ledger, PURSES, purse_name(ledger), structs.replace(found, drawn=tuple(drawn)))


BREAKS: dict[str, tuple[dict[str, Any], str]] = {
    "a unit too many is left": ({"left": SHARES[BUKHARA] - 9}, "do not add up"),
    "a unit was lost": ({"left": SHARES[BUKHARA] - 11}, "do not add up"),
    "a unit was paid that is still left": ({"redeemed": 11}, "do not add up"),
    "more is paid than is set aside": ({"redeemed": SHARES[BUKHARA] + 1, "left": 0}, "do not add up"),
    "a voucher is marked and was not paid": ({"used": b"\x03"}, "more or fewer"),
    "a voucher was paid and is not marked": ({"used": b""}, "more or fewer"),
    "a voucher was counted twice": ({"vouchers": 2}, "more or fewer"),
    "the marks have a second spelling": ({"used": b"\x01\x00"}, "second spelling"),
    "a voucher was paid with nothing": (
        {"redeemed": 0, "left": SHARES[BUKHARA]},
        "paid with nothing",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_share_that_does_not_add_up_stops_the_node(ledger, what):
    changes, message = BREAKS[what]
    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 0, 10)))
    with_share(ledger, BUKHARA, **changes)

    with pytest.raises(Broken, match=message):
        ledger.block()


def test_what_a_purse_has_left_is_set_aside(ledger):
    with_share(ledger, BUKHARA, left=0, returned=SHARES[BUKHARA])

    with pytest.raises(Broken, match="does not match what is set aside"):
        ledger.block()


def test_nobody_gives_back_a_share_of_anybody_s(ledger):
    with_share(ledger, ANYBODY, left=0, returned=SHARES[ANYBODY])

    with pytest.raises(Broken, match="gave back a share of anybody's"):
        ledger.block()


def test_a_purse_has_the_shares_that_it_promised(ledger):
    found = purse(ledger)
    poke(ledger, PURSES, purse_name(ledger), structs.replace(found, drawn=(*found.drawn, Drawn(left=1))))

    with pytest.raises(Broken, match="counts other shares"):
        ledger.block()


@pytest.mark.parametrize("moved", [{"deadline": 1_900_000_000}, {"deadline": 1_700_000_001}])
def test_a_purse_that_would_be_forgotten_stops_the_node(ledger, moved):
    found = purse(ledger)
    changed = structs.replace(found, promised=structs.replace(found.promised, **moved))
    poke(ledger, PURSES, purse_name(ledger), changed)

    with pytest.raises(Broken, match="missing in the calendar"):
        ledger.block()


def test_a_purse_leaves_time_for_redeeming(ledger):
    found = purse(ledger)
    late = structs.replace(found.promised, ends_at=found.promised.deadline)
    poke(ledger, PURSES, purse_name(ledger), structs.replace(found, promised=late))

    with pytest.raises(Broken, match="no time for redeeming"):
        ledger.block()


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (None, "not counted"),
        (Payer(purses=2), "counted wrongly"),
        (Payer(purses=1, frauds=1), "without a moment"),
        (Payer(purses=1, last_fraud_at=5), "without a moment"),
    ],
)
def test_a_payer_is_counted_rightly(ledger, record, what):
    poke(ledger, PAYERS, ledger.account(PAYER), record)

    with pytest.raises(Broken, match=what):
        ledger.block()


def test_a_payer_without_purse_or_fraud_is_not_kept(ledger):
    poke(ledger, PAYERS, ledger.account("bukhara"), Payer())

    with pytest.raises(Broken, match="record of nothing"):
        ledger.block()


def test_a_fraud_is_not_forgotten(ledger):
    poke(ledger, PURSES, purse_name(ledger), structs.replace(purse(ledger), fraud_at=5))
    assert payer(ledger) == Payer(purses=1)

    with pytest.raises(Broken, match="forgotten"):
        ledger.block()
