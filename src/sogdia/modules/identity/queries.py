"""Questions about who takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.accounts import PARTIES, Party
from sogdia.kernel.operation import Query
from sogdia.kernel.quota import QUOTAS, Quota
from sogdia.kernel.values import Account

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


class PartyQuery(Query, tag="party"):
    """A party's record."""

    account: Account

    def answer(self, state: Reader) -> Party | None:
        """Give the record, or nothing."""
        return PARTIES.find(state, self.account)


class QuotaQuery(Query, tag="quota"):
    """A sponsor's quota and what has been used of it."""

    account: Account

    def answer(self, state: Reader) -> Quota | None:
        """Give the quota, or nothing."""
        return QUOTAS.find(state, self.account)
