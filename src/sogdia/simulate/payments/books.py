"""The books of a replay: what everybody must have by what was agreed, worked out apart from the ledger, and compared.

The ledger says that something happened. By how much it must have moved is worked out here, from the order's own terms;
after every block the result is held against the ledger's balances, available and set aside, of every party in both
monies. One unit too much or too little anywhere ends the replay and names the orders that the block was about.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sogdia.kernel.exact import share
from sogdia.kernel.values import owner_of
from sogdia.modules.exchange import events as exchange
from sogdia.modules.market import events as market
from sogdia.modules.market.records import Outcome as Ending
from sogdia.modules.money import balance
from sogdia.modules.money import events as money
from sogdia.simulate.payments.promises import PromiseBroken
from sogdia.simulate.payments.stage import HOLDERS, MERCHANT, PLATFORM
from sogdia.simulate.payments.trades import BASIS, FEE_POINTS, WITHOUT_REFUND, Part, Trade

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from sogdia.modules.money import Asset
    from sogdia.simulate.payments.stage import Stage


class Books:
    """What everybody must have, kept beside the ledger."""

    def __init__(self, stage: Stage) -> None:
        """Begin with nothing in anybody's hands."""
        self.trades: dict[bytes, Trade] = {}
        self.minted: Counter[str] = Counter()
        self.burned: Counter[str] = Counter()
        self.checks = 0
        self._stage = stage
        self._available: Counter[tuple[str, str]] = Counter()
        self._held: Counter[tuple[str, str]] = Counter()
        self._cards: dict[bytes, Asset] = {}
        self._about: dict[str, None] = {}

    def available(self, name: str, currency: str) -> int:
        """Give what a party can spend, by these books."""
        return self._available[name, currency]

    def held(self, name: str, currency: str) -> int:
        """Give what is set aside of a party's money, by these books."""
        return self._held[name, currency]

    def take(self, events: Iterable[Any], day: int, mid: Fraction) -> list[Trade]:
        """Enter the facts of a block, compare, and give the orders that ended with it. `mid` is the day's last rate."""
        self._about = {}
        closed: list[Trade] = []
        for event in events:
            match event:
                case money.Minted() | money.Burned() | money.Transferred():
                    self._money(event)
                case exchange.CardPosted() | exchange.CardFunded() | exchange.CardClosed() | exchange.Converted():
                    self._card(event)
                case exchange.RateLocked() | exchange.LockUndone() | exchange.MoneySwapped():
                    self._lock(event, day, mid)
                case market.LinesRefunded():
                    self._refunded(event, day, mid)
                case market.OrderClosed():
                    closed.append(self._closed(event, day, mid))
        self._compare()
        for trade in closed:
            _verify(trade)
        return closed

    # ---------------------------------------------------------------------------------------------- money and cards

    def _money(self, event: Any) -> None:  # noqa: ANN401 - one of three facts
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
                self._cards[event.card] = event.gives
                self._set_aside(owner, event.gives.currency, event.capacity)
            case exchange.CardFunded():
                self._set_aside(owner, self._cards[event.card].currency, event.units)
            case exchange.CardClosed():
                self._set_aside(owner, self._cards[event.card].currency, -event.returned)
            case exchange.Converted():
                payer = self._stage.name_of(event.account)
                self._available[payer, event.takes.currency] -= event.payment
                self._available[owner, event.takes.currency] += event.payment
                self._held[owner, event.gives.currency] -= event.units
                self._available[payer, event.gives.currency] += event.units

    def _set_aside(self, who: str, currency: str, units: int) -> None:
        self._available[who, currency] -= units
        self._held[who, currency] += units

    # ------------------------------------------------------------------------------------------------------- orders

    def _lock(self, event: Any, day: int, mid: Fraction) -> None:  # noqa: ANN401 - one of three facts
        trade = self._trade(event.order)
        a, b = event.takes.currency, event.gives.currency
        match event:
            case exchange.RateLocked():
                self._must(trade, "a lock", event, payment=trade.payment, premium=trade.premium, units=trade.units)
                self._set_aside(trade.buyer, a, trade.payment + trade.premium)
            case exchange.LockUndone():
                payment = trade.part_back(trade.payment, event.units)
                premium = trade.part_back(trade.premium, event.units)
                owed = min(premium, trade.owed_at(self._stage.ledger.tip.time)) if trade.takes_back else 0
                self._must(trade, "what goes back", event, payment_back=payment + premium - owed, owed=owed)
                trade.undone += event.units
                trade.back += payment + premium - owed
                trade.owed += owed
                trade.parts_undone.append(Part(day, event.units, mid))
                self._set_aside(trade.buyer, a, -(payment + premium))
                self._available[trade.buyer, a] -= owed
                self._available[trade.dealer, a] += owed
                self._set_aside(trade.dealer, b, -event.units)
            case exchange.MoneySwapped():
                units = trade.units - trade.undone
                payment = trade.part_back(trade.payment, units)
                premium = trade.part_back(trade.premium, units)
                self._must(trade, "what is swapped", event, payment=payment, premium=premium, units=units)
                trade.swapped_on, trade.swapped_units, trade.swapped_mid = day, units, mid
                trade.swapped_payment, trade.swapped_premium = payment, premium
                self._held[trade.buyer, a] -= payment + premium
                self._available[trade.dealer, a] += payment + premium
                self._held[trade.dealer, b] -= units
                self._held[trade.buyer, b] += units

    def _refunded(self, event: market.LinesRefunded, day: int, mid: Fraction) -> None:
        trade = self._trade(event.order)
        total = 0
        for fact in event.lines:
            units = trade.line_back(fact.number - 1, fact.quantity)
            if units != fact.parts.total():
                self._broken(trade, f"line {fact.number} gives back {fact.parts.total()} instead of {units}")
            trade.returned[fact.number - 1] += fact.quantity
            total += units
        if trade.swapped_on is not None:
            self._to_buyer(trade, total, day, mid)

    def _to_buyer(self, trade: Trade, units: int, day: int, mid: Fraction) -> None:
        self._set_aside(trade.buyer, self._stage.asset_b.currency, -units)
        trade.refunds.append(Part(day, units, mid))

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
        self._available[MERCHANT, currency] += trade.merchant_got
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
    if before and trade.owed and not trade.takes_back:
        raise PromiseBroken(f"order {trade.reference}: the buyer pays {trade.owed} for what others did")
