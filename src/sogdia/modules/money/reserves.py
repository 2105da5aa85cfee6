"""Reserves: what auditors vouch for, which bounds what an issuer can mint.

A statement is good for a time and counts only while its auditor takes part. When it runs out nothing that exists is
lost; no more comes into being.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.parameters import DAY
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Seconds, Units
from sogdia.modules.money.events import ReserveAttested
from sogdia.modules.money.issuer_records import CONDUCT, Conduct, Statement
from sogdia.modules.money.records import CURRENCIES, Asset
from sogdia.modules.money.refusals import MoneyRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State
    from sogdia.modules.money.records import Policy

STATEMENT_MAX = 100 * DAY
"""How long a statement is good at most, from the moment of which it speaks: a quarter, and some days to write it."""


class AttestReserve(Operation, tag=314):
    """Vouch for what an issuer had in reserve at a moment, in minor units of its currency; replaces one's last word."""

    asset: Asset
    units: Units
    as_of: Seconds
    valid_until: Seconds

    def apply(self, ctx: Context) -> None:
        """Write the statement down."""
        currency = CURRENCIES.get(ctx.state, self.asset, Refuse.CURRENCY_UNKNOWN, currency=self.asset.currency)
        auditors = () if currency.policy is None else currency.policy.auditors
        require(ctx.sender in auditors, Refuse.SENDER_NOT_AUDITOR)
        known = conduct_of(ctx.state, self.asset)
        others = tuple(each for each in known.statements if each.auditor != ctx.sender)
        last = next((each.as_of for each in known.statements if each.auditor == ctx.sender), 0)
        in_order = last <= self.as_of <= ctx.time < self.valid_until <= self.as_of + STATEMENT_MAX
        require(in_order, Refuse.STATEMENT_NOT_IN_TIME, last=last, time=ctx.time, longest=STATEMENT_MAX)

        stated = Statement(ctx.sender, self.units, self.as_of, self.valid_until)
        CONDUCT.put(ctx.state, self.asset, structs.replace(known, statements=(*others, stated)))

        ctx.emit(
            ReserveAttested(
                asset=self.asset, auditor=ctx.sender, units=self.units, as_of=self.as_of, valid_until=self.valid_until
            )
        )


def conduct_of(state: Reader, asset: Asset) -> Conduct:
    """Give what an issuer is measured by."""
    return CONDUCT.find(state, asset) or Conduct()


def vouched_for(state: Reader, asset: Asset, policy: Policy, time: int) -> int | None:
    """Give the amount for which enough auditors vouch at a moment, or nothing when too few do."""
    amounts = sorted(each.units for each in conduct_of(state, asset).statements if _counts(state, each, time))
    return amounts[-policy.auditors_needed] if len(amounts) >= policy.auditors_needed else None


def require_vouched(state: State, asset: Asset, policy: Policy, supply: int) -> None:
    """Refuse a supply for which no, or too few, auditors vouch, where a policy names any."""
    if not policy.auditors:
        return
    vouched = vouched_for(state, asset, policy, state.time)
    needed = policy.auditors_needed
    require(vouched is not None, Refuse.RESERVE_NOT_VOUCHED_FOR, needed=needed)
    require(supply <= (vouched or 0), Refuse.RESERVE_PASSED, vouched=vouched or 0, supply=supply)


def _counts(state: Reader, statement: Statement, time: int) -> bool:
    """Tell whether a statement is in force: an auditor that was suspended meanwhile vouches for nothing."""
    auditor = PARTIES.must(state, statement.auditor)
    return statement.valid_until >= time and not auditor.suspended
