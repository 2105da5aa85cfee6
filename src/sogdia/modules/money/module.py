"""Money: issuers, balances, payments, holds."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.money import currencies, events, holds, invariants, queries
from sogdia.modules.money.genesis import MoneyGenesis, load_genesis
from sogdia.modules.money.records import BALANCES, CURRENCIES, FREEZES, HOLDS
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.modules.money.transfers import Transfer

MODULE = Module(
    name="money",
    number=300,
    operations=(
        currencies.OpenCurrency,
        currencies.Mint,
        currencies.Burn,
        Transfer,
        currencies.FreezeHolder,
        currencies.UnfreezeHolder,
        currencies.AuthoriseHolder,
        currencies.RevokeAuthorisation,
        currencies.SetCaps,
        holds.PlaceHold,
        holds.CaptureHold,
        holds.ReleaseHold,
    ),
    tables=(CURRENCIES, BALANCES, HOLDS, FREEZES),
    events=(
        events.CurrencyOpened,
        events.Minted,
        events.Burned,
        events.Transferred,
        events.HolderFrozen,
        events.HolderUnfrozen,
        events.HolderAuthorised,
        events.AuthorisationRevoked,
        events.CapsSet,
        events.HoldPlaced,
        events.HoldEnded,
    ),
    refusals=MoneyRefusal,
    queries=(queries.BalanceQuery, queries.BalancesQuery, queries.CurrencyQuery, queries.HoldQuery),
    invariants=(
        invariants.no_money_is_made_or_lost,
        invariants.no_empty_balance_is_kept,
        invariants.every_hold_is_due_at_its_deadline,
    ),
    exits=(holds.HOLD_EXIT,),
    genesis=MoneyGenesis,
    load_genesis=load_genesis,
)
