"""A replay: day by day over a series, until no order is open and everybody has taken its money out.

    08:00   what merchants, carriers and buyers do about orders under way; deadlines that have passed
    09:00   dealers change their cards to the day's rate (on days that have one)
    09:05   buyers cancel, order, and turn refunds into their own money
    16:00   dealers hedge; deadlines that have passed

A buyer whose order waits to be accepted looks at the rate each day: when cancelling, paying the premium for the time
and ordering again costs less than what it has locked, that is what it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from sogdia.kernel.exact import up
from sogdia.kernel.values import name_of
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    PlaceOrderAtRate,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import LineQuantity, Offer
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money.currencies import Burn, Mint
from sogdia.modules.money.records import CURRENCIES
from sogdia.modules.money.transfers import Transfer
from sogdia.simulate.payments.books import Books
from sogdia.simulate.payments.dealers import (
    OUT,
    PURPOSE,
    Dealer,
    capital_steps,
    closing_steps,
    conversion,
    hedge_steps,
    is_worth_turning,
    make_dealer,
    profit,
    quote_steps,
)
from sogdia.simulate.payments.pricing import MARGINS, asked, minor
from sogdia.simulate.payments.promises import PromiseBroken
from sogdia.simulate.payments.stage import (
    BUYERS,
    DEALERS,
    HOLDERS,
    ISSUER_A,
    ISSUER_B,
    MERCHANT,
    PLATFORM,
    Stage,
    Step,
    moment,
)
from sogdia.simulate.payments.storms import ordinal
from sogdia.simulate.payments.trades import (
    BASIS,
    FEE_POINTS,
    PRICES,
    Action,
    Outcome,
    Part,
    Plan,
    Trade,
    draw,
    plan_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction
    from pathlib import Path

    from sogdia.modules.exchange.records import Premium
    from sogdia.modules.market.orders import OrderOperation
    from sogdia.simulate.payments.pricing import Asked
    from sogdia.simulate.payments.rates import Series
    from sogdia.simulate.payments.storms import Replay

TERMS, LISTING = "export", "goods"
STOCK = 10**9
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

    def play(self, tell: Callable[[int, int], None]) -> Played:
        """Play it to its end."""
        try:
            self._set_up()
            day = self._first
            while day <= self._last or self._open or self._waiting(day):
                self._day(day)
                day += 1
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
        terms = PublishTerms(
            reference=TERMS,
            asset=stage.asset_b,
            carrier=None,
            freight_per_order=0,
            tax_collector=None,
            platform=stage.account(PLATFORM),
            platform_fee=FEE_POINTS,
        )
        listing = OpenListing(
            reference=LISTING, terms=TERMS, title="Goods", language="en", unit="C62", hs_code="621410", origin="CN"
        )
        variants = (
            AddVariant(listing=LISTING, variant=number, offer=Offer(price=price), stock=STOCK)
            for number, price in enumerate(PRICES, start=1)
        )
        steps = [Step((MERCHANT,), (terms, listing, *variants), "listing")]
        for dealer in self.dealers:
            steps += capital_steps(stage, dealer)
        self._block(self._first, moment(self._first, 7), steps)

    def _day(self, day: int) -> None:
        """Go through one day of the calendar."""
        self._block(day, moment(day, 8), self._due_steps(day))
        mid_price = self.series.on(day)
        if mid_price is not None:
            self._quote(day)
        self._block(day, moment(day, 9, 5), self._buyers_steps(day, quoted=mid_price is not None))
        hedges = []
        if mid_price is not None:
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

    def _due_steps(self, day: int) -> list[Step]:
        """Give what is done this morning about orders under way."""
        steps = []
        for trade in list(self._open.values()):
            action = trade.plan.steps.get(day - trade.placed_on)
            if action is not None and action is not Action.CANCEL:
                steps += _acts(trade, action)
        return steps

    def _buyers_steps(self, day: int, *, quoted: bool) -> list[Step]:
        """Give what buyers do at five past nine."""
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
        left = ordinal(self.replay.end_by) - day if self.replay.end_by else 10**6
        plan = draw(chance, self.replay.windows, left)
        quantities = chance.randint(*lots), chance.randint(1, max(2, lots[1] // 4))
        buyer = chance.choice(BUYERS)
        if plan is None or self._asked is None:
            self._not_placed += 1
            return []
        return self._place(day, buyer, quantities, plan, f"o{len(self.trades) + 1}")

    def _place(  # noqa: PLR0913 - what is ordered, by whom, and how it is meant to go on
        self, day: int, buyer: str, quantities: tuple[int, int], plan: Plan, reference: str, origin: str = ""
    ) -> list[Step]:
        paid = (quantities[0] * PRICES[0], quantities[1] * PRICES[1])
        offer = self._offer(sum(paid))
        if offer is None:
            self._not_placed += 1
            return []
        dealer, payment, premium, premiums = offer
        card = dealer.cards[OUT]
        card.left -= sum(paid)
        time, account = moment(day, 9, 5), self.stage.account(buyer)
        operation = PlaceOrderAtRate(
            reference=reference,
            merchant=self.stage.account(MERCHANT),
            lines=(OrderLine(LISTING, 1, quantities[0]), OrderLine(LISTING, 2, quantities[1])),
            card=card.name,
            digest=card.digest(),
            pay_at_most=payment + premium,
        )
        fresh = Mint(currency=self.stage.asset_a.currency, to=account, units=payment + premium)
        if card.rate is None:
            raise ValueError("an order needs a card that has been posted")
        trade = Trade(
            reference=reference,
            name=name_of(account, reference),
            buyer=buyer,
            dealer=dealer.name,
            quantities=quantities,
            paid=paid,
            mid=self._mid(day),
            rate=card.rate,
            payment=payment,
            premium=premium,
            premiums=premiums,
            funding=self._asked.funding if self._asked is not None else (),
            placed_on=day,
            placed_at=time,
            placed_height=self.stage.height + 1,
            plan=plan,
            reordered_from=origin,
        )
        self.trades.append(trade)
        self.books.trades[trade.name] = trade
        self._open[reference] = trade
        return [Step((ISSUER_A, buyer), (fresh, operation), reference)]

    def _offer(self, units: int) -> tuple[Dealer, int, int, tuple[Premium, ...]] | None:
        """Give the dealer that asks least for so many units, with the payment and the premium for keeping the rate."""
        found = []
        for number, dealer in enumerate(self.dealers):
            card = dealer.cards[OUT]
            if card.rate is None or card.terms is None or not units <= card.left:
                continue
            payment = up(units * card.rate.taken, card.rate.given)
            premium = up(payment * card.terms.premiums[-1].points, BASIS)
            found.append((payment + premium, number, payment, premium, card.terms.premiums))
        if not found:
            return None
        _total, number, payment, premium, premiums = min(found)
        return self.dealers[number], payment, premium, premiums

    def _still_waits(self, trade: Trade, day: int) -> bool:
        """Say whether an order waits to be accepted, and was not ordered again by the rate already."""
        since = day - trade.placed_on
        acted = min(trade.plan.steps, default=self.replay.windows.accept + 1)
        return 0 < since < min(acted, self.replay.windows.accept) and not trade.reordered_from

    def _by_the_rate(self, trade: Trade, day: int) -> list[Step]:
        """Cancel and order again when that costs the buyer less than what it has locked."""
        offer = self._offer(trade.units)
        time = moment(day, 9, 5)
        locked, owed = trade.payment + trade.premium, trade.owed_at(time)
        if offer is None or offer[1] + offer[2] + owed >= locked:
            return []
        left = ordinal(self.replay.end_by) - day if self.replay.end_by else 10**6
        plan = plan_for(Outcome.COMPLETED, self._chance, self.replay.windows)
        if plan.days > left:
            return []
        trade.takes_back, trade.saved = True, locked - owed - offer[1] - offer[2]
        cancel = Step((trade.buyer,), (CancelOrder(order=trade.name),), trade.reference)
        again = self._place(
            day, trade.buyer, trade.quantities, plan, f"{trade.reference}-again", origin=trade.reference
        )
        return [cancel, *again]

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
        before = {reference: len(trade.refunds) for reference, trade in self._open.items()}
        swapped = {reference for reference, trade in self._open.items() if trade.swapped_on is None}
        owed = {reference: trade.owed for reference, trade in self._open.items()}
        closed = self.books.take(self.stage.block(time, steps), day, self._mid(day))
        for reference, trade in self._open.items():
            dealer = self.dealers[DEALERS.index(trade.dealer)]
            if reference in swapped and trade.swapped_on is not None:
                dealer.open_a += trade.swapped_payment + trade.swapped_premium
            dealer.open_a += trade.owed - owed[reference]
            self._refunds += [(trade, part) for part in trade.refunds[before[reference] :] if part.units]
        for trade in closed:
            del self._open[trade.reference]

    def _mid(self, day: int) -> Fraction:
        """Give the last mid rate up to a day, in minor units: so many of the buyer's for one of the merchant's."""
        return minor(self.series.known(day), self.replay.pays, self.replay.asks)

    def _waiting(self, day: int) -> bool:
        """Say whether refunds or hedges still wait for a day with a rate."""
        return bool(self._refunds or any(dealer.open_a for dealer in self.dealers)) and day <= self.series.days[-1]

    def _wind_up(self, day: int) -> tuple[int, ...]:
        """Close the cards, look at the dealers' books, and let everybody take its money out: nothing may be left."""
        stage, books = self.stage, self.books
        self._block(day, moment(day, 10), [step for dealer in self.dealers for step in closing_steps(dealer)])
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


def _acts(trade: Trade, action: Action) -> list[Step]:
    """Give the envelopes of an action about an order."""
    order, about = trade.name, f"{trade.reference}, {action}"
    whole = tuple(LineQuantity(number, quantity) for number, quantity in enumerate(trade.quantities, start=1))
    part = (LineQuantity(1, max(1, trade.quantities[0] // 3)),)
    by_merchant: dict[Action, OrderOperation] = {
        Action.ACCEPT: AcceptOrder(order=order),
        Action.ACCEPT_IN_PART: AcceptOrder(order=order, declined=(2,)),
        Action.DECLINE: DeclineOrder(order=order),
        Action.SHIP: ShipOrder(order=order),
        Action.REFUND_PART: RefundLines(order=order, lines=part),
        Action.REFUND_ALL: RefundLines(order=order, lines=whole),
        Action.APPROVE: ApproveReturn(order=order),
        Action.REFUSE: RefuseReturn(order=order),
    }
    by_buyer: dict[Action, OrderOperation] = {
        Action.DELIVER: ConfirmDelivery(order=order),
        Action.SETTLE: SettleOrder(order=order),
        Action.REQUEST: RequestReturn(order=order, lines=whole),
    }
    if action is Action.PROPOSE:
        half = (trade.swapped_units - trade.refunded) // 2
        return [
            Step((trade.buyer,), (ProposeSplit(order=order, to_buyer=half),), about),
            Step((MERCHANT,), (AcceptSplit(order=order, to_buyer=half),), about),
        ]
    if action in by_merchant:
        return [Step((MERCHANT,), (by_merchant[action],), about)]
    return [Step((trade.buyer,), (by_buyer[action],), about)]
