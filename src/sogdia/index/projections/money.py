"""Money: currencies with what is in circulation, transfers, and what is set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from sogdia.index.batch import Projection
from sogdia.index.schema import METADATA, Whole
from sogdia.kernel.values import owner_of
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.currencies import OpenCurrency
from sogdia.modules.money.events import (
    Burned,
    CapsSet,
    CurrencyOpened,
    HoldEnded,
    HoldPlaced,
    Minted,
    RedemptionPaid,
    Transferred,
)
from sogdia.modules.money.holds import PlaceHold, PlaceHoldWithReference
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.money.policies import OpenRegulatedCurrency

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sogdia.index.batch import Batch, Need

CURRENCIES = Table(
    "currencies",
    METADATA,
    Column("asset", LargeBinary, primary_key=True),
    Column("currency", Text, nullable=False),
    Column("issuer", LargeBinary, nullable=False),
    Column("digits", Integer, nullable=False),
    Column("supply", Whole, nullable=False),
    Column("supply_max", Whole, nullable=False),
    Column("holder_max", Whole, nullable=False),
    Column("by_authorisation", Boolean, nullable=False),
    Column("opened_at", Whole, nullable=False),
)
"""`asset` is the currency's code and the issuer's account in one key, as in the ledger."""

TRANSFERS = Table(
    "transfers",
    METADATA,
    Column("position", Whole, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("time", Whole, nullable=False),
    Column("asset", LargeBinary, nullable=False),
    Column("payer", LargeBinary, nullable=False),
    Column("payee", LargeBinary, nullable=False),
    Column("units", Whole, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("end_to_end", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index("transfers_by_payer", TRANSFERS.c.payer, TRANSFERS.c.position, TRANSFERS.c.number)
Index("transfers_by_payee", TRANSFERS.c.payee, TRANSFERS.c.position, TRANSFERS.c.number)

HOLDS = Table(
    "holds",
    METADATA,
    Column("hold", LargeBinary, primary_key=True),
    Column("placed", Whole, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("payer", LargeBinary, nullable=False),
    Column("payee", LargeBinary, nullable=False),
    Column("asset", LargeBinary, nullable=False),
    Column("units", Whole, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("deadline", Whole, nullable=False),
    Column("placed_at", Whole, nullable=False),
    Column("ended_at", Whole),
    Column("captured", Whole),
    Column("returned", Whole),
)
"""A hold's name may be used again once it has ended, so where it was placed belongs to the key: the position, and the
number of the fact."""
Index("holds_by_payer", HOLDS.c.payer, HOLDS.c.placed, HOLDS.c.number)
Index("holds_by_payee", HOLDS.c.payee, HOLDS.c.placed, HOLDS.c.number)

OPEN_HOLDS = Table(
    "open_holds",
    METADATA,
    Column("hold", LargeBinary, primary_key=True),
    Column("placed", Whole, nullable=False),
    Column("number", Integer, nullable=False),
)
"""Which hold a name means now, or meant last."""


def asset_text(asset: Asset) -> str:
    """Name an asset as a subject of sums: the code, a stroke, the issuer in hexadecimal."""
    return f"{asset.currency}/{asset.issuer.hex()}"


def from_genesis(batch: Batch, genesis: Any) -> None:  # noqa: ANN401 - its type depends on the modules
    """Open the currencies that are there from the start."""
    for each in genesis.money.currencies:
        asset = Asset(each.currency, batch.founder(each.issuer))
        _open(batch, asset, MINOR_DIGITS[each.currency], each)


def _open(batch: Batch, asset: Asset, digits: int, stated: Any) -> None:  # noqa: ANN401 - a genesis entry or an operation
    row = {
        "asset": asset_key(asset),
        "currency": asset.currency,
        "issuer": asset.issuer,
        "digits": digits,
        "supply": 0,
        "supply_max": stated.supply_max,
        "holder_max": stated.holder_max,
        "by_authorisation": stated.by_authorisation,
        "opened_at": batch.time,
    }
    batch.rows(CURRENCIES).put(row)


def _asked(batch: Batch, *kinds: type[Any]) -> Iterator[tuple[bytes, Any]]:
    """Give the operations of some kinds behind a fact, each with who asks for it."""
    if batch.envelope is not None:
        for kind in kinds:
            yield from batch.envelope.operations(kind)


def opened(batch: Batch, fact: CurrencyOpened) -> None:
    """Open a currency. Its caps stand in the operation alone."""
    for asker, asked in _asked(batch, OpenCurrency, OpenRegulatedCurrency):
        if (asked.currency, asker) == (fact.asset.currency, fact.asset.issuer):
            _open(batch, fact.asset, fact.digits, asked)


def minted(batch: Batch, fact: Minted) -> None:
    """Add to what is in circulation."""
    batch.rows(CURRENCIES).change(asset_key(fact.asset))["supply"] += fact.units
    batch.involve(fact.asset.issuer)
    batch.count("minted", asset_text(fact.asset), fact.units)


def burned(batch: Batch, fact: Burned) -> None:
    """Take from what is in circulation."""
    batch.rows(CURRENCIES).change(asset_key(fact.asset))["supply"] -= fact.units
    batch.involve(fact.asset.issuer)
    batch.count("burned", asset_text(fact.asset), fact.units)


def redeemed(batch: Batch, fact: RedemptionPaid) -> None:
    """Take from what is in circulation what an issuer has paid out."""
    batch.rows(CURRENCIES).change(asset_key(fact.asset))["supply"] -= fact.units
    batch.involve(fact.asset.issuer)
    batch.count("burned", asset_text(fact.asset), fact.units)


def caps_set(batch: Batch, fact: CapsSet) -> None:
    """Note the new caps."""
    row = batch.rows(CURRENCIES).change(asset_key(fact.asset))
    row.update(supply_max=fact.supply_max, holder_max=fact.holder_max)


def transferred(batch: Batch, fact: Transferred) -> None:
    """Add a transfer."""
    batch.append(
        TRANSFERS,
        batch.position,
        batch.number,
        batch.time,
        asset_key(fact.asset),
        fact.payer,
        fact.payee,
        fact.units,
        fact.purpose,
        fact.end_to_end,
    )
    batch.count("transfers", asset_text(fact.asset), fact.units)


def hold_placed(batch: Batch, fact: HoldPlaced) -> None:
    """Add a hold. What it is for stands in the operation alone."""
    purpose = ""
    for asker, asked in _asked(batch, PlaceHold, PlaceHoldWithReference):
        if asker + asked.reference.encode() == fact.hold:
            purpose = asked.purpose
    row = {
        "hold": fact.hold,
        "placed": batch.position,
        "number": batch.number,
        "payer": owner_of(fact.hold),
        "payee": fact.payee,
        "asset": asset_key(fact.asset),
        "units": fact.units,
        "purpose": purpose,
        "deadline": fact.deadline,
        "placed_at": batch.time,
        "ended_at": None,
        "captured": None,
        "returned": None,
    }
    batch.rows(HOLDS).put(row)
    batch.rows(OPEN_HOLDS).put({"hold": fact.hold, "placed": batch.position, "number": batch.number})
    batch.count("holds", asset_text(fact.asset), fact.units)


def hold_ended(batch: Batch, fact: HoldEnded) -> None:
    """Note how a hold ended."""
    meant = batch.rows(OPEN_HOLDS).must(fact.hold)
    row = batch.rows(HOLDS).change((fact.hold, meant["placed"], meant["number"]))
    row.update(ended_at=batch.time, captured=fact.captured, returned=fact.returned)
    batch.involve(row["payee"])


def _needs_currency(fact: Minted | Burned | CapsSet | RedemptionPaid) -> Iterable[Need]:
    return ((CURRENCIES, asset_key(fact.asset)),)


PROJECTION = Projection(
    tables=(CURRENCIES, HOLDS, OPEN_HOLDS),
    appended=(TRANSFERS,),
    handlers={
        CurrencyOpened: opened,
        Minted: minted,
        Burned: burned,
        RedemptionPaid: redeemed,
        CapsSet: caps_set,
        Transferred: transferred,
        HoldPlaced: hold_placed,
        HoldEnded: hold_ended,
    },
    keyed_by={"hold": OPEN_HOLDS},
    needs={
        Minted: _needs_currency,
        Burned: _needs_currency,
        RedemptionPaid: _needs_currency,
        CapsSet: _needs_currency,
    },
    genesis=from_genesis,
)
