"""Questions about vouchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.operation import Query
from sogdia.kernel.values import Account, Name
from sogdia.modules.vouchers.purses import NOBODY_YET
from sogdia.modules.vouchers.records import PAYERS, PURSES, Payer, Purse

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


class PurseQuery(Query, tag="purse"):
    """A purse: what it promises, and what has been drawn."""

    name: Name

    def answer(self, state: Reader) -> Purse | None:
        """Give the purse, or nothing when there is none or its time is over."""
        return PURSES.find(state, self.name)


class PayerQuery(Query, tag="payer"):
    """How many purses a party has open, and how often its keys were caught signing more than could be paid."""

    account: Account

    def answer(self, state: Reader) -> Payer:
        """Give what is known; nothing but zeros of a party that never had a purse."""
        return PAYERS.find(state, self.account) or NOBODY_YET
