"""The first half of the second ledger: who takes part, who has what, and what is set aside for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STORAGE = {"party": 1_000, "hold": 400, "terms": 200, "listing": 400, "variant": 200, "order": 500, "line": 200}
Named = tuple[str, str]
"""An owner and its reference."""


@dataclass
class Hold:
    """Money set aside for a payee."""

    payer: str
    payee: str
    currency: str
    units: int
    deadline: int


@dataclass
class Currency:
    """What the bank's rules are about one of its currencies."""

    holder_max: int = 10**15
    supply_max: int = 10**15
    listed: bool = False
    supply: int = 0


class SecondMoney:
    """Parties and money, by name."""

    def __init__(self, parties: tuple[str, ...], currencies: dict[str, Currency], now: int) -> None:
        """Begin with parties that have nothing."""
        self.now = now
        self.parties = set(parties)
        self.suspended: set[str] = set()
        self.currencies = currencies
        self.available: dict[Named, int] = {}
        self.held: dict[Named, int] = {}
        self.frozen: set[Named] = set()
        self.authorised: set[Named] = set()
        self.holds: dict[Named, Hold] = {}
        self.stored = STORAGE["party"] * len(parties)

    # -------------------------------------------------------------------------------------------------- parties

    def register(self, who: str) -> bool:
        """The registrar enters a party."""
        if who in self.parties:
            return False
        self.parties.add(who)
        self.stored += STORAGE["party"]
        return True

    def mark(self, marks: set[Any], marked: Any, *, on: bool) -> bool:  # noqa: ANN401 - a party, or a holder
        """Put a mark on a party or a holder, or take it off, if that changes anything."""
        if (marked in marks) == on:
            return False
        (marks.add if on else marks.discard)(marked)
        return True

    def authorise(self, holder: Named, *, on: bool) -> bool:
        """The bank puts a holder on its list, or takes it off when it has nothing."""
        return (on or self.has(*holder) == 0) and self.mark(self.authorised, holder, on=on)

    def set_caps(self, currency: str, supply_max: int, holder_max: int) -> bool:
        """The bank sets other caps."""
        rules = self.currencies[currency]
        if rules.supply > supply_max:
            return False
        rules.supply_max, rules.holder_max = supply_max, holder_max
        return True

    # ---------------------------------------------------------------------------------------------------- money

    def has(self, who: str, currency: str) -> int:
        """What somebody has, available and set aside."""
        return self.available.get((who, currency), 0) + self.held.get((who, currency), 0)

    def may_receive(self, who: str, currency: str, units: int) -> bool:
        """Whether the bank lets somebody have so much more."""
        rules = self.currencies[currency]
        return (not rules.listed or (who, currency) in self.authorised) and (
            self.has(who, currency) + units <= rules.holder_max
        )

    def may_spend(self, who: str, currency: str, units: int) -> bool:
        """Whether somebody can and may pay so much."""
        return (who, currency) not in self.frozen and self.available.get((who, currency), 0) >= units

    def give(self, who: str, currency: str, units: int) -> None:
        """Change what somebody can spend."""
        self.available[who, currency] = self.available.get((who, currency), 0) + units

    def set_aside(self, who: str, currency: str, units: int) -> None:
        """Move money from what somebody can spend to what is set aside, or back."""
        self.give(who, currency, -units)
        self.held[who, currency] = self.held.get((who, currency), 0) + units

    def mint(self, currency: str, to: str, units: int) -> bool:
        """The bank makes money."""
        rules = self.currencies[currency]
        if to not in self.parties or rules.supply + units > rules.supply_max:
            return False
        if not self.may_receive(to, currency, units):
            return False
        rules.supply += units
        self.give(to, currency, units)
        return True

    def burn(self, currency: str, units: int) -> bool:
        """The bank destroys money of its own."""
        if self.available.get(("bank", currency), 0) < units:
            return False
        self.currencies[currency].supply -= units
        self.give("bank", currency, -units)
        return True

    def transfer(self, who: str, to: str, currency: str, units: int) -> bool:
        """One party pays another."""
        if who == to or to not in self.parties or not self.may_spend(who, currency, units):
            return False
        if not self.may_receive(to, currency, units):
            return False
        self.give(who, currency, -units)
        self.give(to, currency, units)
        return True

    def hold(self, name: Named, wish: Hold) -> bool:
        """One party sets money aside for another."""
        if (
            name in self.holds
            or wish.payer == wish.payee
            or wish.payee not in self.parties
            or wish.deadline <= self.now
        ):
            return False
        if not self.may_spend(wish.payer, wish.currency, wish.units):
            return False
        if not self.may_receive(wish.payee, wish.currency, wish.units):
            return False
        self.set_aside(wish.payer, wish.currency, wish.units)
        self.holds[name] = wish
        self.stored += STORAGE["hold"]
        return True

    def capture(self, who: str, name: Named, units: int) -> bool:
        """A payee takes some of what was set aside; nothing, when it lets go of it."""
        found = self.holds.get(name)
        if found is None or found.payee != who or units > found.units:
            return False
        self.end_hold(name, units)
        return True

    def end_hold(self, name: Named, units: int) -> None:
        """Divide what was set aside."""
        found = self.holds.pop(name)
        self.held[found.payer, found.currency] -= found.units
        self.give(found.payee, found.currency, units)
        self.give(found.payer, found.currency, found.units - units)
        self.stored -= STORAGE["hold"]

    def hold_out(self, name: Named) -> bool:
        """Let a hold whose time is over go; tell whether there was one."""
        if name not in self.holds or self.holds[name].deadline >= self.now:
            return False
        self.end_hold(name, 0)
        return True
