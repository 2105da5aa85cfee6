"""A replay: day by day over a series, until no order is open and everybody has taken its money out.

    09:00   dealers change their cards to the day's rate (on days that have one), in force until five
    09:05   what merchants and buyers do about orders under way; what is refunded is exchanged by the dealers' cards
    09:10   buyers cancel, order, and turn what came back in the merchant's money into their own
    16:00   dealers hedge; deadlines that have passed

A buyer whose order waits to be accepted looks at the rate each day: when cancelling, paying the premium for the time
and ordering again costs less than what it has locked, that is what it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.exact import up
from sogdia.kernel.values import name_of
from sogdia.modules.market.orders import CancelOrder, OrderLine, PlaceOrderAtRate
from sogdia.modules.money.currencies import Burn, Mint
from sogdia.modules.money.records import CURRENCIES
from sogdia.modules.money.transfers import Transfer
from sogdia.simulate.payments import returns, shops
from sogdia.simulate.payments.acts import acts
from sogdia.simulate.payments.backing import Backing
from sogdia.simulate.payments.books import Books
from sogdia.simulate.payments.dealers import (
    BACK,
    OUT,
    PURPOSE,
    Dealer,
    capital_steps,
    closing_steps,
    conversion,
    enter_sale,
    hedge_steps,
    is_worth_turning,
    make_dealer,
    profit,
    quote_steps,
)
from sogdia.simulate.payments.friends import weigh
from sogdia.simulate.payments.offers import Offered, cheapest
from sogdia.simulate.payments.pricing import MARGINS, asked, minor
from sogdia.simulate.payments.promises import PromiseBroken
from sogdia.simulate.payments.stage import (
    BUYERS,
    DEALERS,
    FRIEND,
    FRIENDS_SHOP,
    HOLDERS,
    ISSUER_A,
    ISSUER_B,
    MERCHANT,
    Stage,
    Step,
    moment,
)
from sogdia.simulate.payments.storms import ordinal
from sogdia.simulate.payments.trades import (
    BASIS,
    PRICES,
    Action,
    Outcome,
    Plan,
    Trade,
    draw,
    plan_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction
    from pathlib import Path

    from sogdia.simulate.payments.pricing import Asked
    from sogdia.simulate.payments.rates import Series
    from sogdia.simulate.payments.storms import Replay
    from sogdia.simulate.payments.trades import Part

TAIL_DAYS_MAX = 120
"""So long after the last order a replay has to be over; anything else is a fault."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A refund after the swap that its buyer turned into its own money: paid and got."""

    reference: str
    paid: int
    got: int
    mid: Fraction
    """The mid rate of the day."""
    since: Fraction
    """The mid rate of the day of the refund: the same, unless no rate was published then."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a replay."""

    replay: Replay
    series: Series
    first: int
    last: int
    ended: int
    trades: tuple[Trade, ...]
    conversions: tuple[Conversion, ...]
    dealers: tuple[Dealer, ...]
    profits: tuple[int, ...]
    quotes: tuple[Asked, ...]
    not_placed: int
    blocks: int
    envelopes: int
    checks: int
    minted: dict[str, int]
    burned: dict[str, int]


class Basket(NamedTuple):
    """What somebody wants to order, and how it is meant to go on."""

    reference: str
    buyer: str
    quantities: tuple[int, int]
    plan: Plan
    backing: Backing
    merchant: str = MERCHANT
    instead_of: str = ""
    """The order that it replaces, when the rate has moved."""

    @property
    def paid(self) -> tuple[int, int]:
        """What each line costs."""
        return self.quantities[0] * PRICES[0], self.quantities[1] * PRICES[1]


class Player:
    """Plays one replay on a ledger of its own."""

    def __init__(self, replay: Replay, series: Series, days: tuple[int, ...], folder: Path, seed: str) -> None:
        """Set the stage; `days` are those on which an order is placed, in order, one entry an order."""
        self.replay, self.series = replay, series
        self._to_place = list(days)
        self._first, self._last = days[0], days[-1]
        self._chance = Random(f"{seed}/{replay.name}")  # noqa: S311 - no secret: a run that can be made again
        self.stage = Stage(replay, folder, seed, days[0])
        self.books = Books(self.stage)
        self.trades: list[Trade] = []
        self._open: dict[str, Trade] = {}
        self._refunds: list[tuple[Trade, Part]] = []
        self._conversions: list[Conversion] = []
        self._quotes: list[Asked] = []
        self._asked: Asked | None = None
        self._not_placed = 0
        a_day = up(len(days), len(set(days)))
        largest = sum(price * replay.lots[1] for price in PRICES) * ((a_day + 1) // 2)
        mid = self._mid(days[0])
        back = up(3 * largest * mid.numerator, mid.denominator)
        capital = largest * (len(days) + 20)
        self.dealers = [
            make_dealer(self.stage, name, margin, (largest, back), capital)
            for name, margin in zip(DEALERS, MARGINS, strict=True)
        ]
        self._turnover = capital

    def play(self, tell: Callable[[int, int], None]) -> Played:
        """Play it to its end."""
        try:
            self._set_up()
            day = self._first
            while day <= self._last or self._open or self._waiting(day):
                self._day(day)
                day = self._next_to_play(day)
                tell(min(day, self._last + 1) - self._first, self._last + 1 - self._first)
                if day > self._last + TAIL_DAYS_MAX:
                    waiting = [*self._open, *(trade.reference for trade, _part in self._refunds)]
                    raise PromiseBroken(f"orders {', '.join(waiting)} do not come to an end")
            profits = self._wind_up(day)
        finally:
            self.stage.leave()
        return Played(
            replay=self.replay,
            series=self.series,
            first=self._first,
            last=self._last,
            ended=day - 1,
            trades=tuple(self.trades),
            conversions=tuple(self._conversions),
            dealers=tuple(self.dealers),
            profits=profits,
            quotes=tuple(self._quotes),
            not_placed=self._not_placed,
            blocks=self.stage.blocks,
            envelopes=self.stage.envelopes,
            checks=self.books.checks,
            minted=dict(self.books.minted),
            burned=dict(self.books.burned),
        )

    # --------------------------------------------------------------------------------------------------- a day's work

    def _set_up(self) -> None:
        stage = self.stage
        steps = shops.opening_steps(stage, self._turnover)
        for dealer in self.dealers:
            steps += capital_steps(stage, dealer)
        self._block(self._first, moment(self._first, 7), steps)

    def _day(self, day: int) -> None:
        """Go through one day of the calendar."""
        quoted = self.series.on(day) is not None
        if quoted:
            self._quote(day)
        self._block(day, moment(day, 9, 5), self._due_steps(day, quoted=quoted))
        self._block(day, moment(day, 9, 10), self._buyers_steps(day, quoted=quoted))
        hedges = []
        if quoted:
            for dealer in self.dealers:
                hedges += hedge_steps(self.stage, dealer, self._mid(day))
        self._block(day, moment(day, 16), hedges)

    def _quote(self, day: int) -> None:
        found = asked(self.series, day, self.replay.windows)
        if found is None:
            return
        self._asked = found
        self._quotes.append(found)
        time, mid = moment(day, 9), self._mid(day)
        steps = []
        for dealer in self.dealers:
            steps += quote_steps(self.books, dealer, mid, found, time)
        self._block(day, time, steps)
        b = self.stage.asset_b.currency
        for dealer in self.dealers:
            dealer.most_set_aside = max(dealer.most_set_aside, self.books.held(dealer.name, b))

    def _due_steps(self, day: int, *, quoted: bool) -> list[Step]:
        """Give what is done at five past nine about orders under way."""
        steps = []
        for trade in list(self._open.values()):
            action = trade.plan.steps.get(day - trade.placed_on)
            if action in {Action.WEIGH_DECLINE, Action.WEIGH_RETURN}:
                steps += weigh(trade, action, self.dealers if quoted else [], moment(day, 9, 5))
            elif action is not None and action is not Action.CANCEL:
                steps += acts(trade, action)
        return steps

    def _buyers_steps(self, day: int, *, quoted: bool) -> list[Step]:
        """Give what buyers do at ten past nine."""
        steps: list[Step] = []
        for trade in list(self._open.values()):
            if trade.plan.steps.get(day - trade.placed_on) is Action.CANCEL:
                trade.takes_back = True
                steps.append(Step((trade.buyer,), (CancelOrder(order=trade.name),), trade.reference))
            elif quoted and self._still_waits(trade, day):
                steps += self._by_the_rate(trade, day)
        if quoted:
            steps += self._convert(day)
        while self._to_place and self._to_place[0] <= day:
            self._to_place.pop(0)
            steps += self._order(day) if quoted else []
        return steps

    # -------------------------------------------------------------------------------------------------------- ordering

    def _order(self, day: int) -> list[Step]:
        """Draw an order and its plan, and place it with the dealer that asks least."""
        chance, lots = self._chance, self.replay.lots
        if self.replay.comes_back:
            return self._order_what_comes_back(day)
        left = ordinal(self.replay.end_by) - day if self.replay.end_by else 10**6
        plan = draw(chance, self.replay.windows, left)
        quantities = chance.randint(*lots), chance.randint(1, max(2, lots[1] // 4))
        buyer, backing = chance.choice(BUYERS), chance.choice(tuple(Backing))
        if plan is None or self._asked is None:
            self._not_placed += 1
            return []
        return self._place(day, Basket(f"o{len(self.trades) + 1}", buyer, quantities, plan, backing))

    def _order_what_comes_back(self, day: int) -> list[Step]:
        """Order the same goods several times over: all of it comes back, for each cause and by every backing."""
        pieces = self.replay.lots[1] // returns.LOTS_IN
        buyer = self._chance.choice(BUYERS)
        steps = []
        for plan, backing in returns.orders_of_a_day(day, self.series, self.replay.windows, self._chance):
            friends = plan.outcome in {Outcome.FRIENDS_BEFORE, Outcome.FRIENDS_AFTER}
            who, shop = (FRIEND, FRIENDS_SHOP) if friends else (buyer, MERCHANT)
            reference = f"o{len(self.trades) + 1}"
            steps += self._place(day, Basket(reference, who, (pieces, max(1, pieces // 4)), plan, backing, shop))
        return steps

    def _place(self, day: int, basket: Basket) -> list[Step]:
        offer = cheapest(self.dealers, sum(basket.paid), basket.backing)
        if offer is None or self._asked is None:
            self._not_placed += 1
            return []
        card, time, buyer = offer.dealer.cards[OUT], moment(day, 9, 10), self.stage.account(basket.buyer)
        card.left -= sum(basket.paid)
        listing = shops.listing_for(basket.backing)
        operation = PlaceOrderAtRate(
            reference=basket.reference,
            merchant=self.stage.account(basket.merchant),
            lines=tuple(OrderLine(listing, line, pieces) for line, pieces in enumerate(basket.quantities, start=1)),
            card=card.name,
            digest=card.digest(),
            pay_at_most=offer.total,
            cover=basket.backing.cover_points,
        )
        fresh = Mint(currency=self.stage.asset_a.currency, to=buyer, units=offer.total)
        trade = self._trade(day, time, basket, offer, self._asked)
        self.trades.append(trade)
        self.books.trades[trade.name] = trade
        self._open[basket.reference] = trade
        return [Step((ISSUER_A, basket.buyer), (fresh, operation), basket.reference)]

    def _trade(self, day: int, time: int, basket: Basket, offer: Offered, prices: Asked) -> Trade:
        """Write down what was agreed."""
        return Trade(
            reference=basket.reference,
            name=name_of(self.stage.account(basket.buyer), basket.reference),
            buyer=basket.buyer,
            dealer=offer.dealer.name,
            quantities=basket.quantities,
            paid=basket.paid,
            mid=self._mid(day),
            rate=offer.rate,
            payment=offer.payment,
            premium=offer.premium,
            premiums=prices.premiums,
            funding=prices.funding,
            placed_on=day,
            placed_at=time,
            placed_height=self.stage.height + 1,
            plan=basket.plan,
            merchant=basket.merchant,
            backing=basket.backing,
            cover_premium=offer.cover_premium,
            bond=up(sum(basket.paid) * basket.backing.bond_points, BASIS),
            reordered_from=basket.instead_of,
        )

    def _still_waits(self, trade: Trade, day: int) -> bool:
        """Say whether an order waits to be accepted, and may still be ordered again by the rate, once."""
        since = day - trade.placed_on
        acted = min(trade.plan.steps, default=self.replay.windows.accept + 1)
        in_time = 0 < since < min(acted, self.replay.windows.accept)
        return in_time and not trade.reordered_from and not self.replay.comes_back

    def _by_the_rate(self, trade: Trade, day: int) -> list[Step]:
        """Cancel and order again when that costs the buyer less than what it has locked."""
        offer = cheapest(self.dealers, trade.units, trade.backing)
        owed = trade.owed_at(moment(day, 9, 10))
        if offer is None or offer.total + owed >= trade.paid_in:
            return []
        left = ordinal(self.replay.end_by) - day if self.replay.end_by else 10**6
        plan = plan_for(Outcome.COMPLETED, self._chance, self.replay.windows)
        if plan.days > left:
            return []
        trade.takes_back, trade.saved = True, trade.paid_in - owed - offer.total
        cancel = Step((trade.buyer,), (CancelOrder(order=trade.name),), trade.reference)
        again = Basket(
            f"{trade.reference}-again",
            trade.buyer,
            trade.quantities,
            plan,
            trade.backing,
            instead_of=trade.reference,
        )
        return [cancel, *self._place(day, again)]

    def _convert(self, day: int) -> list[Step]:
        """Turn refunds that came in the merchant's money into the buyer's own, by the dealer that asks least."""
        steps, kept, mid = [], [], self._mid(day)
        for trade, part in self._refunds:
            left = part.units
            for dealer in self.dealers:
                made = conversion(dealer, trade.buyer, left, mid) if is_worth_turning(left, mid) else None
                if made is not None:
                    step, paid, got = made
                    left -= paid
                    self._conversions.append(Conversion(trade.reference, paid, got, mid, part.mid))
                    steps.append(step)
            if is_worth_turning(left, mid):
                kept.append((trade, part._replace(units=left)))
        self._refunds = kept if self.series.days[-1] > day else []
        return steps

    # ---------------------------------------------------------------------------------------------------------- blocks

    def _block(self, day: int, time: int, steps: Sequence[Step]) -> None:
        """Make a block, enter its facts in the books, and take note of orders that ended and of refunds."""
        before = {reference: len(trade.in_hand) for reference, trade in self._open.items()}
        closed = self.books.take(self.stage.block(time, steps), day, self._mid(day))
        for dealer in self.dealers:
            dealer.open_a += self.books.to_dealers[dealer.name]
            for sale in self.books.sales:
                if sale.card == dealer.cards[BACK].name:
                    enter_sale(dealer, sale.units, sale.payment, self._mid(day))
        for reference, trade in self._open.items():
            self._refunds += [(trade, part) for part in trade.in_hand[before.get(reference, 0) :] if part.units]
        for trade in closed:
            del self._open[trade.reference]

    def _next_to_play(self, day: int) -> int:
        """Give the next day, or the next one on which somebody orders when until then there is nothing to be done."""
        quiet = not self._open and not self._refunds and not any(dealer.open_a for dealer in self.dealers)
        return max(day + 1, self._to_place[0]) if quiet and self._to_place else day + 1

    def _mid(self, day: int) -> Fraction:
        """Give the last mid rate up to a day, in minor units: so many of the buyer's for one of the merchant's."""
        return minor(self.series.known(day), self.replay.pays, self.replay.asks)

    def _waiting(self, day: int) -> bool:
        """Say whether refunds or hedges still wait for a day with a rate."""
        return bool(self._refunds or any(dealer.open_a for dealer in self.dealers)) and day <= self.series.days[-1]

    def _wind_up(self, day: int) -> tuple[int, ...]:
        """Close the cards, look at the dealers' books, and let everybody take its money out: nothing may be left."""
        stage, books = self.stage, self.books
        steps = [step for dealer in self.dealers for step in closing_steps(dealer)]
        self._block(day, moment(day, 10), [*steps, *shops.closing_steps(stage, books)])
        profits = []
        for dealer in self.dealers:
            swapped = sum(trade.swapped_units for trade in self.trades if trade.dealer == dealer.name)
            profits.append(profit(stage, books, dealer, swapped))
        steps = []
        for asset, issuer in ((stage.asset_a, ISSUER_A), (stage.asset_b, ISSUER_B)):
            for name in HOLDERS:
                units = books.available(name, asset.currency)
                if units:
                    out = Transfer(to=asset.issuer, asset=asset, units=units, purpose=PURPOSE, end_to_end="taken out")
                    burn = Burn(currency=asset.currency, units=units)
                    steps.append(Step((name, issuer), (out, burn), f"{name} takes its money out"))
        self._block(day, moment(day, 17), steps)
        for asset in (stage.asset_a, stage.asset_b):
            left = CURRENCIES.must(stage.state, asset).supply
            if left or books.minted[asset.currency] != books.burned[asset.currency]:
                raise PromiseBroken(f"{left} {asset.currency} are left when everybody has taken its money out")
        return tuple(profits)
