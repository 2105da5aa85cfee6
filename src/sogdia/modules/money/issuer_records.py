"""What binds an issuer, and what it answers for: policies, reserves, freezes, measures, redemptions, limits."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.accounts import show_account_key
from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import DAY, no_key, show_no_key
from sogdia.kernel.state import Table
from sogdia.kernel.values import Account, CurrencyCode, Hash, Name, PositiveUnits, Seconds, Units
from sogdia.modules.money.records import (
    PANEL_MAX,
    Asset,
    EndToEnd,
    asset_key,
    balance_key,
    show_asset,
    show_balance,
    show_name,
)

TERM_MAX = 400 * DAY

Reason = Annotated[str, Meta(min_length=1, max_length=200)]
Term = Annotated[int, Meta(ge=1, le=TERM_MAX)]
Count = Annotated[int, Meta(ge=0, le=2**62 - 1)]
Day = Annotated[int, Meta(ge=0, le=2**32 // DAY)]
"""A day of the calendar in UTC, counted from 1970-01-01."""


class MoneyRules(Record):
    """What a network has decided for all its issuers."""

    freeze_term: Term
    """How long an issuer can freeze a holder by itself."""
    freeze_rest: Term
    """After a freeze has run out: how long the issuer cannot freeze the same holder by itself again."""
    measure_period: Term
    """How long a panel has to agree."""
    redemption_period: Term
    """How long an issuer has to redeem."""


class Statement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an auditor vouches for: so much was in the reserve at `as_of`; good until `valid_until`, to that second."""

    auditor: Account
    units: Units
    as_of: Seconds
    valid_until: Seconds


class Redeemed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often holders have asked an issuer to redeem, and for how many units, or for so many that no more count."""

    times: Count = 0
    units: Units = 0


class Conduct(Record):
    """What an issuer is measured by: its auditors' statements, and how it has redeemed."""

    statements: tuple[Statement, ...] = ()
    asked: Redeemed = Redeemed()
    paid: Redeemed = Redeemed()
    declined: Redeemed = Redeemed()
    missed: Redeemed = Redeemed()
    """Those that it let run out."""
    freezes: Units = 0
    """How often a holder was frozen, or a freeze ended. Whoever remembers the number can tell later, without looking at
    every holder, whether those it has looked at are still what they were."""


class Spell(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A time in which a freeze holds, or held before it was lifted: its first and its last second."""

    since: Seconds
    until: Seconds


SPELLS_MAX = 8

Spells = Annotated[tuple[Spell, ...], Meta(min_length=1, max_length=SPELLS_MAX)]


class Freeze(Record):
    """How long an issuer may keep a holder from paying. It stays while it rests, so that no freeze follows a freeze."""

    until: Seconds
    """The last second in which it can hold."""
    rests_until: Seconds
    spells: Spells
    """When it held, in order: it may be lifted and made again."""
    over: bool = False


class Standing(Record):
    """By which attestation a party says who it is, where its limits depend on that."""

    attestation: Name


class Spending(Record):
    """What a holder has spent on a day, of an asset that has limits. The next day writes over it."""

    day: Day
    units: Units


class MeasureKind(IntEnum):
    """What an issuer cannot do alone. Numbers are never changed or used again."""

    CLAW_BACK = 1
    LONGER_FREEZE = 2


class Measure(Record):
    """A step against a holder that an issuer proposes and its panel has to agree to. Named (issuer, reference)."""

    measure_kind: Annotated[int, Meta(ge=1, le=len(MeasureKind))]
    currency: CurrencyCode
    account: Account
    """The holder whom it concerns."""
    units: Units
    """How much is taken at most; nothing in a freeze."""
    to: Account
    """Who gets it; the issuer in a freeze."""
    court_order: Hash
    """A salted hash of the order behind it, which stays off the ledger."""
    panel: Annotated[tuple[Account, ...], Meta(max_length=PANEL_MAX)]
    needed: Annotated[int, Meta(ge=2, le=PANEL_MAX)]
    approvals: Annotated[tuple[Account, ...], Meta(max_length=PANEL_MAX)]
    deadline: Seconds
    sponsor: Account
    """Whose storage it takes."""


class Redemption(Record):
    """Money that a holder has set aside for its issuer to redeem until a deadline. Named (holder, reference)."""

    asset: Asset
    units: PositiveUnits
    payout: EndToEnd
    """The holder's reference for the payment outside."""
    deadline: Seconds
    sponsor: Account
    """Whose storage it takes."""


FREEZES: Table[tuple[bytes, Asset], Freeze] = Table("money/freezes", 33, Freeze, key=balance_key, show_key=show_balance)
CONDUCT: Table[Asset, Conduct] = Table("money/conduct", 34, Conduct, key=asset_key, show_key=show_asset)
STANDINGS: Table[bytes, Standing] = Table("money/standings", 35, Standing, show_key=show_account_key)
SPENDING: Table[tuple[bytes, Asset], Spending] = Table(
    "money/spending", 36, Spending, key=balance_key, show_key=show_balance
)
MEASURES: Table[bytes, Measure] = Table("money/measures", 37, Measure, show_key=show_name)
REDEMPTIONS: Table[bytes, Redemption] = Table("money/redemptions", 38, Redemption, show_key=show_name)
RULES: Table[None, MoneyRules] = Table("money/rules", 39, MoneyRules, key=no_key, show_key=show_no_key)
