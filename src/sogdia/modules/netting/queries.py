"""Questions about obligations and their netting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.operation import Query
from sogdia.kernel.values import Account, AssetKey, Name, Seconds, owner_of
from sogdia.modules.money import Asset, asset_asked_for, asset_of, balance
from sogdia.modules.netting.pools import as_it_stands
from sogdia.modules.netting.records import (
    BATCHES,
    OBLIGATIONS,
    PLACES,
    POOLS,
    Batch,
    Count,
    Obligation,
)

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader

PAGE_MAX = 200
POOL_PAGE_MAX = 2_000


class NamedObligation(msgspec.Struct, frozen=True, kw_only=True):
    """An obligation with its name."""

    name: Name
    obligation: Obligation


class Pooled(msgspec.Struct, frozen=True, kw_only=True):
    """An obligation in a pool, and whether an end of it is frozen in its money: then nothing of it can be netted."""

    name: Name
    frozen: bool
    obligation: Obligation


class PoolSize(msgspec.Struct, frozen=True, kw_only=True):
    """How many obligations of one money are due on a date, and which batch holds them."""

    asset: Asset
    due: Seconds
    count: Count
    batch: Name | None
    resting_until: Seconds


class ObligationQuery(Query, tag="obligation"):
    """An obligation, as a batch that was committed has left it."""

    name: Name

    def answer(self, state: Reader) -> Obligation | None:
        """Give the obligation, or nothing."""
        found = OBLIGATIONS.find(state, self.name)
        now = None if found is None else _as_it_stands(state, found)
        return now if now is not None and now.left else None


class ObligationsQuery(Query, tag="obligations"):
    """What an account owes and is owed, by name. Reads all obligations."""

    account: Account
    after: Name | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_MAX

    def answer(self, state: Reader) -> list[NamedObligation]:
        """Give a page of obligations behind `after`."""
        found = sorted(
            name
            for name, each in OBLIGATIONS.items(state)
            if name > (self.after or b"")
            and self.account in (owner_of(name), each.debtor)
            and _as_it_stands(state, each).left
        )
        return [
            NamedObligation(name=name, obligation=_as_it_stands(state, OBLIGATIONS.must(state, name)))
            for name in found[: self.limit]
        ]


class PoolsQuery(Query, tag="netting-pools"):
    """The pools of a coordinator, by money and date. Reads all pools."""

    coordinator: Account

    def answer(self, state: Reader) -> list[PoolSize]:
        """Give the pools, at most so many as a page has."""
        found = sorted((key, pool) for key, pool in POOLS.items(state) if key.startswith(self.coordinator))
        return [
            PoolSize(
                asset=asset_of(key[len(self.coordinator) : -4]),
                due=int.from_bytes(key[-4:], "big"),
                count=pool.count,
                batch=pool.batch,
                resting_until=pool.resting_until,
            )
            for key, pool in found[:PAGE_MAX]
        ]


class PoolQuery(Query, tag="netting-pool"):
    """The obligations in a pool, by slot: what a coordinator needs to net them."""

    coordinator: Account
    asset: AssetKey
    due: Seconds
    start: Count = 0
    limit: Annotated[int, Meta(ge=1, le=POOL_PAGE_MAX)] = POOL_PAGE_MAX

    def answer(self, state: Reader) -> list[Pooled]:
        """Give a page of obligations from a slot on."""
        asset = asset_asked_for(self.asset)
        if asset is None:
            return []
        key = self.coordinator, asset, self.due
        pool = POOLS.find(state, key)
        size = 0 if pool is None else pool.count
        page: list[Pooled] = []
        for slot in range(self.start, min(size, self.start + self.limit)):
            name = PLACES.must(state, (key, slot)).obligation
            found = _as_it_stands(state, OBLIGATIONS.must(state, name))
            frozen = any(balance(state, each, asset).frozen for each in (found.debtor, owner_of(name)))
            page.append(Pooled(name=name, frozen=frozen, obligation=found))
        return page


class BatchQuery(Query, tag="netting-batch"):
    """A batch that is open or being carried out."""

    name: Name

    def answer(self, state: Reader) -> Batch | None:
        """Give the batch, or nothing."""
        return BATCHES.find(state, self.name)


def _as_it_stands(state: Reader, obligation: Obligation) -> Obligation:
    """Give an obligation as it stands. A question knows no time; an open batch has changed nothing whatever it is."""
    return as_it_stands(state, obligation, 0)
