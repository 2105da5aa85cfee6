"""Payments between holders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Account, Hash, PositiveUnits
from sogdia.modules.money import balances
from sogdia.modules.money.events import ReferenceGiven, Transferred
from sogdia.modules.money.records import Asset, EndToEnd, Purpose, asset_key
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.texts import check_text

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader


class Transfer(Operation, tag=303):
    """Pay another holder, with a purpose and the payer's own reference."""

    to: Account
    asset: Asset
    units: PositiveUnits
    purpose: Purpose
    end_to_end: EndToEnd

    def check(self) -> None:
        """Refuse a reference that could deceive its reader."""
        check_text(self.end_to_end)

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is paid."""
        return asset_key(self.asset), self.units

    def apply(self, ctx: Context) -> None:
        """Move the money."""
        require(self.to != ctx.sender, Refuse.PARTIES_IDENTICAL)
        require(PARTIES.find(ctx.state, self.to) is not None, Refuse.PAYEE_UNKNOWN, account=self.to)

        reference = self.travel_rule()
        balances.move(ctx.state, self.asset, self.units, ctx.sender, self.to, reference=reference)

        ctx.emit(
            Transferred(
                asset=self.asset,
                payer=ctx.sender,
                payee=self.to,
                units=self.units,
                purpose=self.purpose,
                end_to_end=self.end_to_end,
            )
        )
        if reference:
            ctx.emit(
                ReferenceGiven(
                    payer=ctx.sender,
                    payee=self.to,
                    asset=self.asset,
                    units=self.units,
                    travel_reference=reference,
                )
            )

    def travel_rule(self) -> bytes:
        """Give the payment's travel-rule reference, if it has one."""
        return balances.NO_REFERENCE


class TransferWithReference(Transfer, tag=322):
    """Pay another holder, with a travel-rule reference: who pays whom stands in a document that travels sealed."""

    travel_reference: Hash
    """A salted hash of the document (IVMS101); the two institutions exchange the document itself encrypted."""

    def travel_rule(self) -> bytes:
        """Give the payment's travel-rule reference."""
        return self.travel_reference
