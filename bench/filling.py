"""A genesis with as many records as the bench asks for: balances of made-up holders, one minor unit each.

Every process of such a network has to be told, by SOGDIA_BENCH_RECORDS and a path that leads to `bench/filled`: what a
genesis comes to is part of what all nodes must agree on.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.kernel.machine import Machine
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules.money.records import BALANCES, CURRENCIES, Asset, Balance

if TYPE_CHECKING:
    from sogdia.kernel.state import State

VARIABLE = "SOGDIA_BENCH_RECORDS"


def fill(state: State, asset: Asset, records: int) -> None:
    """Give so many made-up holders a minor unit, and count them in the supply."""
    for number in range(records):
        holder = sha256(number.to_bytes(8, "big")).digest()[:20]
        BALANCES.put(state, (holder, asset), Balance(available=1))
    currency = CURRENCIES.must(state, asset)
    CURRENCIES.put(state, asset, msgspec.structs.replace(currency, supply=currency.supply + records))


def begin_filled() -> None:
    """Let every genesis of this process come to as many records as the variable says."""
    records = int(os.environ.get(VARIABLE, "0"))
    begin = Machine.begin

    def begin_and_fill(machine: Machine, state: State, genesis: Any) -> None:  # noqa: ANN401 - depends on the modules
        begin(machine, state, genesis)
        fill(state, Asset("USD", account_of(machine.network, NO_ACCOUNT, "bank")), records)

    Machine.begin = begin_and_fill  # type: ignore[assignment, method-assign]
