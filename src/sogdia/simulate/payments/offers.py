"""What an order costs with each dealer today, and with whom it costs least."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.exact import up
from sogdia.simulate.payments.dealers import OUT
from sogdia.simulate.payments.trades import BASIS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.modules.exchange.records import Rate
    from sogdia.simulate.payments.backing import Backing
    from sogdia.simulate.payments.dealers import Dealer


class Offered(NamedTuple):
    """What a dealer asks for an order, in the buyer's money."""

    dealer: Dealer
    rate: Rate
    payment: int
    premium: int
    cover_premium: int

    @property
    def total(self) -> int:
        """What the buyer pays when it orders."""
        return self.payment + self.premium + self.cover_premium


def cheapest(dealers: Sequence[Dealer], units: int, backing: Backing) -> Offered | None:
    """Give the offer that costs least for so many units of the merchant's money; nothing when no card has so many."""
    offers = [found for dealer in dealers if (found := _offer(dealer, units, backing)) is not None]
    return min(offers, key=lambda offer: offer.total, default=None)


def _offer(dealer: Dealer, units: int, backing: Backing) -> Offered | None:
    card = dealer.cards[OUT]
    if card.rate is None or card.terms is None or units > card.left:
        return None
    payment = up(units * card.rate.taken, card.rate.given)
    premium = up(payment * card.terms.premiums[-1].points, BASIS)
    cover = up(payment * card.terms.covers[0].premium, BASIS) if backing.cover_points else 0
    return Offered(dealer, card.rate, payment, premium, cover)
