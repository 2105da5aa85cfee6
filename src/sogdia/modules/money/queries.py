"""Questions about money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.operation import Query
from sogdia.kernel.values import ACCOUNT_BYTES, Account, CurrencyCode, Name, Units
from sogdia.modules.money.records import BALANCES, CURRENCIES, HOLDS, Asset, Balance, Currency, Hold

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader

PAGE_MAX = 1_000


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """What one account has of one asset."""

    account: Account
    currency: CurrencyCode
    issuer: Account
    available: Units
    held: Units
    frozen: bool
    authorised: bool


class BalanceQuery(Query, tag="balance"):
    """What an account has of one asset."""

    account: Account
    currency: CurrencyCode
    issuer: Account

    def answer(self, state: Reader) -> Balance:
        """Give the balance; an account that never had any has nothing."""
        return BALANCES.find(state, (self.account, Asset(self.currency, self.issuer))) or Balance()


class BalancesQuery(Query, tag="balances"):
    """All balances, or those of one account, in order of account and asset. Reads the whole ledger: for audits."""

    account: Account | None = None
    after: Annotated[bytes, Meta(max_length=43)] = b""
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_MAX

    def answer(self, state: Reader) -> list[Owned]:
        """Give a page of balances behind `after` (account, currency, issuer laid end to end)."""
        page = sorted(
            (
                (key, balance)
                for key, balance in BALANCES.items(state)
                if key > self.after and self.account in (None, key[:ACCOUNT_BYTES])
            ),
            key=first,
        )
        return [_owned(key, balance) for key, balance in page[: self.limit]]


class CurrencyQuery(Query, tag="currency"):
    """An issuer's currency."""

    currency: CurrencyCode
    issuer: Account

    def answer(self, state: Reader) -> Currency | None:
        """Give the currency's record, or nothing."""
        return CURRENCIES.find(state, Asset(self.currency, self.issuer))


class HoldQuery(Query, tag="hold"):
    """A hold."""

    name: Name

    def answer(self, state: Reader) -> Hold | None:
        """Give the hold's record, or nothing."""
        return HOLDS.find(state, self.name)


def first(row: tuple[bytes, Balance]) -> bytes:
    """Give what rows are ordered by."""
    return row[0]


def _owned(key: bytes, balance: Balance) -> Owned:
    return Owned(
        account=key[:ACCOUNT_BYTES],
        currency=key[ACCOUNT_BYTES : ACCOUNT_BYTES + 3].decode("ascii"),
        issuer=key[ACCOUNT_BYTES + 3 :],
        available=balance.available,
        held=balance.held,
        frozen=balance.frozen,
        authorised=balance.authorised,
    )
