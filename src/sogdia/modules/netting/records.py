"""The records of netting: obligations, the pools in which they are gathered, and batches that net a pool."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any

from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Table
from sogdia.kernel.values import ACCOUNT_BYTES, Account, Name, Seconds, Units
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.records import EndToEnd

DUES_MAX = 31
"""So many due dates can be netted in one batch."""

ASSET_BYTES = 23

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Period = Annotated[int, Meta(ge=60, le=7 * 86_400)]
Potential = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""A party's place in the certificate of a batch (see `certificate`)."""

Sum = Annotated[int, Meta(ge=-(2**62), le=2**62)]
"""A running sum: what a party has given up of its claims less what it has been let off."""

Link = Annotated[bytes, Meta(max_length=ACCOUNT_BYTES)]
"""The party before in a chain, or nothing."""


class Stage(IntEnum):
    """Where a batch stands."""

    OPEN = 1
    COMMITTED = 2
    LAPSED = 3


class NettingRules(Record):
    """How long a batch may hold obligations, how long they are left in peace after one that lapsed, and how many."""

    batch_period: Period
    rest_period: Period
    pool_max: Count


class Obligation(Record):
    """What a debtor owes a creditor on a date. Its name is the creditor's account and reference."""

    debtor: Account
    asset: Asset
    due: Seconds
    """Midnight UTC of the due date."""
    units: Units
    left: Units
    """What is left to pay, less `flow` once its batch is committed."""
    accepted: bool
    coordinator: Account | None
    """Through whom it may be netted; it sees the obligation."""
    slot: Count | None
    """Its place in the pool, once the debtor has accepted it for netting."""
    batch: Name | None
    flow: Units
    """By how much the batch reduces it."""
    end_to_end: EndToEnd
    sponsor: Account
    """Whose storage the obligation takes."""


class Pool(Record):
    """The obligations in one money, due on one date, that may be netted through one coordinator."""

    count: Count
    batch: Name | None
    """The batch that holds the pool, or that is being carried out."""
    resting_until: Seconds
    """Until then no batch may hold it again."""


class Place(Record):
    """Which obligation stands at a slot of a pool. Slots have no gaps."""

    obligation: Name


class Batch(Record):
    """The netting of one or several pools of a coordinator, with counters of what has been declared and checked."""

    asset: Asset
    dues: Annotated[tuple[Seconds, ...], Meta(min_length=1, max_length=DUES_MAX)]
    sizes: Annotated[tuple[Count, ...], Meta(min_length=1, max_length=DUES_MAX)]
    """How many obligations the pool of each date had when the batch was opened."""
    stage: Annotated[int, Meta(ge=1, le=3)]
    deadline: Seconds
    """When it lapses; once it has ended, when the next part of it is carried out."""
    freezes: Units
    """How often the issuer had frozen or unfrozen a holder when the batch was opened."""
    covered: Count
    """How many obligations have a flow. Once it has ended: how many still have to be carried out."""
    cleared: Units
    """The sum of all flows."""
    parties: Count
    """How many parties have a position."""
    unbalanced: Count
    """How many of them give up more or less than they are let off."""
    last_party: Link
    """The end of the chain of positions."""
    sponsor: Account
    """Whose storage batch and positions take."""


class Position(Record):
    """A party in a batch: its potential, and what its flows come to so far."""

    potential: Potential
    frozen: bool
    """Whether the issuer has frozen it: then nothing of its obligations is netted."""
    net: Sum
    """What it has been let off less what it has given up; nothing when the batch is complete."""
    before: Link


PoolKey = tuple[bytes, Asset, int]
"""A coordinator, a money and a due date."""


def pool_key(key: PoolKey) -> bytes:
    """Lay out a pool's key."""
    coordinator, asset, due = key
    return coordinator + asset_key(asset) + due.to_bytes(4, "big")


def _place_key(key: tuple[PoolKey, int]) -> bytes:
    return pool_key(key[0]) + key[1].to_bytes(4, "big")


def _position_key(key: tuple[bytes, bytes]) -> bytes:
    return key[0] + key[1]


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


def _show_pool(key: bytes) -> dict[str, Any]:
    asset = key[ACCOUNT_BYTES:]
    return {
        "coordinator": key[:ACCOUNT_BYTES],
        "currency": asset[:3].decode("ascii"),
        "issuer": asset[3:ASSET_BYTES],
        "due": int.from_bytes(asset[ASSET_BYTES : ASSET_BYTES + 4], "big"),
    }


def _show_place(key: bytes) -> dict[str, Any]:
    return {**_show_pool(key[:-4]), "slot": int.from_bytes(key[-4:], "big")}


def _show_position(key: bytes) -> dict[str, Any]:
    return {"name": key[:-ACCOUNT_BYTES], "account": key[-ACCOUNT_BYTES:]}


RULES: Table[None, NettingRules] = Table("netting/rules", 80, NettingRules, key=no_key, show_key=show_no_key)
OBLIGATIONS: Table[bytes, Obligation] = Table("netting/obligations", 81, Obligation, show_key=_show_name)
POOLS: Table[PoolKey, Pool] = Table("netting/pools", 82, Pool, key=pool_key, show_key=_show_pool)
PLACES: Table[tuple[PoolKey, int], Place] = Table("netting/places", 83, Place, key=_place_key, show_key=_show_place)
BATCHES: Table[bytes, Batch] = Table("netting/batches", 84, Batch, show_key=_show_name)
POSITIONS: Table[tuple[bytes, bytes], Position] = Table(
    "netting/positions", 85, Position, key=_position_key, show_key=_show_position
)
