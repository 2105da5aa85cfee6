"""The books of a replay: what everybody must have by what was agreed, worked out apart from the ledger, and compared.

The ledger says that something happened. By how much it must have moved is worked out here, from the order's own terms;
after every block the result is held against the ledger's balances, available and set aside, of every party in both
monies. One unit too much or too little anywhere ends the replay and names the orders that the block was about.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sogdia.kernel.exact import share
from sogdia.kernel.values import owner_of
from sogdia.modules.exchange import events as exchange
from sogdia.modules.market import events as market
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.records import Outcome as Ending
from sogdia.modules.money import balance
from sogdia.modules.money import events as money
from sogdia.simulate.payments.backing import Behind, Quoted, Repaid, amends
from sogdia.simulate.payments.promises import PromiseBroken
from sogdia.simulate.payments.stage import HOLDERS, PLATFORM
from sogdia.simulate.payments.trades import BASIS, FEE_POINTS, WITHOUT_REFUND, Part, Trade, Waits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from sogdia.modules.money import Asset
    from sogdia.simulate.payments.stage import Stage


class Sale(NamedTuple):
    """So much of the buyer's money that a card gave for a refund, and what it took of the merchant's."""

    card: bytes
    units: int
    payment: int


class Books:
    """What everybody must have, kept beside the ledger."""

    def __init__(self, stage: Stage) -> None:
        """Begin with nothing in anybody's hands."""
        self.trades: dict[bytes, Trade] = {}
        self.minted: Counter[str] = Counter()
        self.burned: Counter[str] = Counter()
        self.checks = 0
        self.to_dealers: Counter[str] = Counter()
        """What dealers got of the buyers' money with the last block, by orders."""
        self.sales: list[Sale] = []
        """What cards gave for refunds with the last block."""
        self.premiums_from_bonds: Counter[str] = Counter()
        """What dealers got out of merchants' bonds, in the merchant's money."""
        self._stage = stage
        self._available: Counter[tuple[str, str]] = Counter()
        self._held: Counter[tuple[str, str]] = Counter()
        self._cards: dict[bytes, Quoted] = {}
        self._promised: tuple[Trade, Repaid] | None = None
        """A refund by cause whose exchange, or whose lines, have not been told yet."""
        self._about: dict[str, None] = {}

    def available(self, name: str, currency: str) -> int:
        """Give what a party can spend, by these books."""
        return self._available[name, currency]

    def held(self, name: str, currency: str) -> int:
        """Give what is set aside of a party's money, by these books."""
        return self._held[name, currency]

    def take(self, events: Iterable[Any], day: int, mid: Fraction) -> list[Trade]:
        """Enter the facts of a block, compare, and give the orders that ended with it. `mid` is the day's last rate."""
        self._about, self.sales = {}, []
        self.to_dealers.clear()
        closed: list[Trade] = []
        for event in events:
            match event:
                case exchange.RefundedAtRate():
                    self._repaid(event, day, mid)
                case market.RefundWaits():
                    self._waits(event, day)
                case market.LinesRefunded():
                    self._refunded(event, day, mid)
                case market.OrderClosed():
                    closed.append(self._closed(event, day, mid))
                case exchange.RateLocked() | exchange.LockUndone() | exchange.MoneySwapped() | exchange.SwapEnded():
                    self._lock(event, day, mid)
                case _:
                    self._money(event)
        self._compare()
        for trade in closed:
            _verify(trade)
        return closed

    # ---------------------------------------------------------------------------------------------- money and cards

    def _money(self, event: Any) -> None:  # noqa: ANN401 - any fact; most are about no money
        match event:
            case exchange.CardPosted() | exchange.CardFunded() | exchange.CardChanged() | exchange.CardClosed():
                self._card(event)
            case exchange.Converted():
                self._converted(event)
            case exchange.BondPosted():
                self._set_aside(self._stage.name_of(event.account), event.asset.currency, event.units)
            case exchange.BondWithdrawn():
                self._set_aside(self._stage.name_of(event.account), event.asset.currency, -event.units)
            case money.Minted() | money.Burned() | money.Transferred():
                self._moved(event)

    def _moved(self, event: Any) -> None:  # noqa: ANN401 - one of three facts
        currency = event.asset.currency
        match event:
            case money.Minted():
                self._available[self._stage.name_of(event.to), currency] += event.units
                self.minted[currency] += event.units
            case money.Burned():
                self._available[self._stage.name_of(event.asset.issuer), currency] -= event.units
                self.burned[currency] += event.units
            case money.Transferred():
                self._available[self._stage.name_of(event.payer), currency] -= event.units
                self._available[self._stage.name_of(event.payee), currency] += event.units

    def _card(self, event: Any) -> None:  # noqa: ANN401 - one of four facts
        owner = self._stage.name_of(owner_of(event.card))
        match event:
            case exchange.CardPosted():
                self._cards[event.card] = Quoted(owner, event.takes, event.gives, event.rates, event.capacity)
                self._set_aside(owner, event.gives.currency, event.capacity)
            case exchange.CardFunded():
                card = self._cards[event.card]
                card.left += event.units
                self._set_aside(owner, card.gives.currency, event.units)
            case exchange.CardChanged():
                self._cards[event.card].terms = event.rates
            case exchange.CardClosed():
                card = self._cards.pop(event.card)
                self._set_aside(owner, card.gives.currency, -event.returned)

    def _converted(self, event: exchange.Converted) -> None:
        """Enter an exchange by a card: a buyer's own, or one that a refund has brought about."""
        card, payer = self._cards[event.card], self._stage.name_of(event.account)
        card.left -= event.units
        self._available[card.owner, event.takes.currency] += event.payment
        self._held[card.owner, event.gives.currency] -= event.units
        self._available[payer, event.gives.currency] += event.units
        if self._promised is None:
            self._available[payer, event.takes.currency] -= event.payment
            return
        trade, repaid = self._promised
        found = event.card, event.units, event.payment
        if found != (repaid.amends.card, repaid.amends.sold, repaid.amends.payment):
            self._broken(trade, f"{found} was exchanged for its refund, and {repaid.amends} is due")
        self.sales.append(Sale(*found))

    def _set_aside(self, who: str, currency: str, units: int) -> None:
        self._available[who, currency] -= units
        self._held[who, currency] += units

    # ------------------------------------------------------------------------------------------------------- orders

    def _lock(self, event: Any, day: int, mid: Fraction) -> None:  # noqa: ANN401 - one of four facts
        trade = self._trade(event.order)
        a, b = event.takes.currency, event.gives.currency
        match event:
            case exchange.RateLocked():
                wanted = {"payment": trade.payment, "premium": trade.premium, "cover_premium": trade.cover_premium}
                self._must(trade, "a lock", event, units=trade.units, bond=trade.bond, **wanted)
                self._set_aside(trade.buyer, a, trade.paid_in)
                self._cards[event.card].left -= event.units
            case exchange.LockUndone():
                self._undone(trade, event, day, mid)
            case exchange.MoneySwapped():
                self._swapped(trade, event, day)
            case exchange.SwapEnded():
                bond, cover = trade.bond - trade.premium_from_bond - trade.bond_used, trade.cover - trade.cover_used
                self._must(trade, "what is left behind it", event, bond=bond, cover=cover)
                self._set_aside(trade.dealer, a, -cover)
                self.to_dealers[trade.dealer] += cover
        if min(self._held[trade.buyer, a], self._held[trade.buyer, b]) < 0:
            self._broken(trade, "more goes out than was set aside")

    def _undone(self, trade: Trade, event: exchange.LockUndone, day: int, mid: Fraction) -> None:
        a, b = event.takes.currency, event.gives.currency
        payment, premium = trade.part_back(trade.payment, event.units), trade.part_back(trade.premium, event.units)
        total = payment + premium + trade.part_back(trade.cover_premium, event.units)
        time = self._stage.ledger.tip.time
        for_time = trade.owed_for(payment, premium, time)
        owed = for_time if trade.takes_back else 0
        from_bond = 0 if trade.takes_back else trade.owed_by_bond(for_time)
        self._must(trade, "what goes back", event, payment_back=total - owed, owed=owed, from_bond=from_bond)
        trade.undone += event.units
        trade.back += total - owed
        trade.owed += owed
        trade.premium_from_bond += from_bond
        trade.parts_undone.append(Part(day, event.units, mid))
        self._set_aside(trade.buyer, a, -total)
        self._available[trade.buyer, a] -= owed
        self._available[trade.dealer, a] += owed
        self.to_dealers[trade.dealer] += owed
        self._set_aside(trade.dealer, b, -event.units)
        self._held[trade.merchant, b] -= from_bond
        self._available[trade.dealer, b] += from_bond
        self.premiums_from_bonds[trade.dealer] += from_bond

    def _swapped(self, trade: Trade, event: exchange.MoneySwapped, day: int) -> None:
        a, b = event.takes.currency, event.gives.currency
        units = trade.units - trade.undone
        payment, premium, cover_premium = (
            trade.part_back(whole, units) for whole in (trade.payment, trade.premium, trade.cover_premium)
        )
        cover = share(payment, trade.backing.cover_points, BASIS)
        wanted = {"payment": payment, "premium": premium, "cover_premium": cover_premium}
        self._must(trade, "what is swapped", event, units=units, cover=cover, **wanted)
        trade.swapped_on, trade.swapped_units, trade.cover = day, units, cover
        trade.swapped_payment, trade.swapped_premium, trade.swapped_cover_premium = payment, premium, cover_premium
        self._held[trade.buyer, a] -= trade.swapped_total
        self._available[trade.dealer, a] += trade.swapped_total - cover
        self._held[trade.dealer, a] += cover
        self.to_dealers[trade.dealer] += trade.swapped_total - cover
        self._held[trade.dealer, b] -= units
        self._held[trade.buyer, b] += units

    def _repaid(self, event: exchange.RefundedAtRate, day: int, mid: Fraction) -> None:
        """Enter a refund by cause; the exchange that it brings about, and the lines that it is for, are told next."""
        trade = self._trade(event.order)
        merchant_bears = trade.cause is Cause.MERCHANT
        behind = trade.behind_part(event.escrow, merchant_bears=merchant_bears)
        offers = self._in_force(event.gives, event.takes)
        due = amends(behind, offers, gain_to_buyer=not merchant_bears)
        wanted = {"from_bond": due.from_bond, "from_cover": due.from_cover, "exchanged": due.sold}
        self._must(trade, "a refund", event, owed=behind.owed, to_merchant=due.to_merchant, **wanted)
        if trade.bond_used + due.from_bond > trade.bond or trade.cover_used + due.from_cover > trade.cover:
            self._broken(trade, "more is taken of bond or cover than stands behind it")
        somebody = any(card.price(behind.owed) is not None for _name, card in offers)
        self._waited(trade, behind, sold=due.card is not None, gain_to_buyer=not merchant_bears)
        waited = 0 if trade.waits is None else day - trade.waits.day
        repaid = Repaid(day, trade.cause, somebody, waited, behind, due, mid)
        trade.waits = None
        trade.refunds.append(Part(day, event.escrow, mid, made_good=True))
        trade.repaid.append(repaid)
        if due.kept:
            trade.in_hand.append(Part(day, due.kept, mid))
        a, b = event.takes.currency, event.gives.currency
        self._held[trade.buyer, b] -= behind.escrow
        self._held[trade.merchant, b] -= due.from_bond
        self._held[trade.dealer, a] -= due.from_cover
        self._available[trade.buyer, a] += due.from_cover
        self._available[trade.buyer, b] += due.kept
        self._available[trade.merchant, b] += due.to_merchant
        self._promised = trade, repaid

    def _waits(self, event: market.RefundWaits, day: int) -> None:
        """Enter that a refund waits, and who exchanged at that time."""
        trade = self._trade(event.order)
        if trade.waits is not None or trade.cause is Cause.REMORSE:
            self._broken(trade, "a refund waits that has waited, or need not")
        offers = self._in_force(self._stage.asset_b, self._stage.asset_a)
        trade.waits = Waits(day, event.until, tuple((name, replace(card)) for name, card in offers))

    def _waited(self, trade: Trade, behind: Behind, *, sold: bool, gain_to_buyer: bool) -> None:
        """Look that a refund waited if nobody exchanged it, no longer than it may, and not for nothing."""
        waits = trade.waits
        if waits is None:
            if not sold and behind.owed and behind.own_bond + behind.own_cover:
                self._broken(trade, "nobody exchanged its refund, and it did not wait")
        elif amends(behind, waits.offers, gain_to_buyer=gain_to_buyer).card is not None:
            self._broken(trade, "its refund waited on a day on which dealers exchanged as much")
        elif not sold and self._stage.ledger.tip.time <= waits.until:
            self._broken(trade, "its refund was paid without a rate before the time for one was over")

    def _in_force(self, takes: Asset, gives: Asset) -> list[tuple[bytes, Quoted]]:
        """Give the cards that exchange one money for another now, by name."""
        time = self._stage.ledger.tip.time
        return [
            (name, card)
            for name, card in sorted(self._cards.items())
            if (card.takes, card.gives) == (takes, gives) and time <= card.terms.valid_until
        ]

    def _refunded(self, event: market.LinesRefunded, day: int, mid: Fraction) -> None:
        trade = self._trade(event.order)
        promised, self._promised = self._promised, None
        total = 0
        for fact in event.lines:
            units = trade.line_back(fact.number - 1, fact.quantity)
            if units != fact.parts.total():
                self._broken(trade, f"line {fact.number} gives back {fact.parts.total()} instead of {units}")
            trade.returned[fact.number - 1] += fact.quantity
            total += units
        if trade.swapped_on is None:
            return
        if trade.cause is Cause.REMORSE:
            self._to_buyer(trade, total, day, mid)
        elif promised is None or promised[1].behind.escrow != total:
            self._broken(trade, f"{total} went back for a cause, and what was made good is not that part: {promised}")

    def _to_buyer(self, trade: Trade, units: int, day: int, mid: Fraction) -> None:
        self._set_aside(trade.buyer, self._stage.asset_b.currency, -units)
        trade.refunds.append(Part(day, units, mid))
        trade.in_hand.append(Part(day, units, mid))

    def _closed(self, event: market.OrderClosed, day: int, mid: Fraction) -> Trade:
        trade = self._trade(event.order)
        trade.closed_on, trade.closed_height = day, self._stage.height
        if trade.swapped_on is None:
            return trade
        left = trade.swapped_units - trade.refunded
        if event.outcome == Ending.SPLIT:
            half = left // 2
            self._to_buyer(trade, half, day, mid)
            left -= half
        trade.fee = share(left, FEE_POINTS, BASIS)
        trade.merchant_got = left - trade.fee
        currency = self._stage.asset_b.currency
        self._held[trade.buyer, currency] -= left
        self._available[PLATFORM, currency] += trade.fee
        self._available[trade.merchant, currency] += trade.merchant_got
        return trade

    def _trade(self, name: bytes) -> Trade:
        trade = self.trades[name]
        self._about[trade.reference] = None
        return trade

    # --------------------------------------------------------------------------------------------------- comparing

    def _must(self, trade: Trade, what: str, event: Any, **expected: int) -> None:  # noqa: ANN401
        found = {field: getattr(event, field) for field in expected}
        if found != expected:
            self._broken(trade, f"{what}: the ledger says {found}, by the order's terms it is {expected}")

    def _broken(self, trade: Trade, words: str) -> None:
        raise PromiseBroken(f"order {trade.reference}: {words}")

    def _compare(self) -> None:
        """Hold what everybody must have against the ledger."""
        self.checks += 1
        state = self._stage.state
        about = ", ".join(self._about) or "none"
        for name in HOLDERS:
            account = self._stage.account(name)
            for asset in (self._stage.asset_a, self._stage.asset_b):
                found = balance(state, account, asset)
                key = name, asset.currency
                if (found.available, found.held) != (self._available[key], self._held[key]):
                    raise PromiseBroken(
                        f"order {about}: {name} has {found.available} available and {found.held} set aside in"
                        f" {asset.currency}, and must have {self._available[key]} and {self._held[key]}"
                    )


def _verify(trade: Trade) -> None:
    """Hold an order that has ended to the promise: nobody loses by the rate unless money came back after the swap."""
    if trade.merchants_loss():
        raise PromiseBroken(f"order {trade.reference}: the merchant lacks {trade.merchants_loss()} of what was agreed")
    before = trade.swapped_on is None
    if (before or trade.outcome in WITHOUT_REFUND) and (loss := trade.buyers_loss()):
        raise PromiseBroken(f"order {trade.reference}: the buyer lost {loss} by the rate, and must lose nothing")
    if trade.premium_from_bond + trade.bond_used > trade.bond:
        raise PromiseBroken(f"order {trade.reference}: the merchant pays more than the bond that it named")
    if before and trade.owed and not trade.takes_back:
        raise PromiseBroken(f"order {trade.reference}: the buyer pays {trade.owed} for what others did")
