"""Conversions: one money for another, at once, payment against payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.operation import UNKNOWN_MONEY, Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Hash, Name, PositiveUnits
from sogdia.modules.exchange.cards import accept, take
from sogdia.modules.exchange.events import Converted
from sogdia.modules.exchange.records import CARDS
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.money import asset_key, keep_promise, move, require_may_receive

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader


class Convert(Operation, tag=704):
    """Get exactly `units` of a card's money for at most `pay_at_most` of the other, by the terms of the digest."""

    card: Name
    digest: Hash
    units: PositiveUnits
    pay_at_most: PositiveUnits

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - the same for all senders
        """Give what may be paid."""
        card = CARDS.find(state, self.card)
        return UNKNOWN_MONEY if card is None else asset_key(card.takes), self.pay_at_most

    def apply(self, ctx: Context) -> None:
        """Pay the provider; it pays from what it has set aside."""
        accepted = accept(ctx, self.card, self.digest, self.units)
        card, payment = accepted.card, accepted.payment
        require(payment <= self.pay_at_most, Refuse.PAYMENT_ABOVE_MAXIMUM, payment=payment, at_most=self.pay_at_most)

        move(ctx.state, card.takes, payment, ctx.sender, accepted.provider, reference=self.card)
        require_may_receive(ctx.state, card.gives, ctx.sender, self.units)
        keep_promise(ctx.state, card.gives, self.units, accepted.provider, ((ctx.sender, self.units),))
        take(ctx, self.card, card, self.units)

        ctx.emit(
            Converted(
                card=self.card,
                account=ctx.sender,
                takes=card.takes,
                payment=payment,
                gives=card.gives,
                units=self.units,
            )
        )
