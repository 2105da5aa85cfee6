"""An account book kept by hand: pounds under a policy, with days, freezes, redemptions and a panel. Shares no code."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

DAY = 86_400
TERM, REST, MEASURES, REDEMPTIONS, STATEMENTS = 3 * DAY, 4 * DAY, 3 * DAY, 2 * DAY, 3 * DAY
AT_ONCE, A_DAY = 20, 45


@dataclass
class Asked:
    """A redemption: whose, how many units, until when."""

    holder: str
    units: int
    until: int


@dataclass
class Proposed:
    """A claw back: from whom, to whom, how much at most, who agrees, until when."""

    holder: str
    to: str
    units: int
    until: int
    agreed: set[str] = field(default_factory=set)


class Book:
    """Who has what, and what binds whom."""

    def __init__(self, now: int) -> None:
        """Begin with nothing."""
        self.now = now
        self.free: defaultdict[str, int] = defaultdict(int)
        self.holds: dict[tuple[str, str], tuple[str, int]] = {}
        self.supply = 0
        self.vouched, self.good_until = 0, 0
        self.spent: dict[str, tuple[int, int]] = {}
        self.frozen: set[str] = set()
        self.frozen_until: dict[str, int] = {}
        self.asked: dict[tuple[str, str], Asked] = {}
        self.counts: dict[str, list[int]] = {each: [0, 0] for each in ("asked", "paid", "declined", "missed")}
        self.proposed: dict[str, Proposed] = {}

    def held(self, who: str) -> int:
        """What somebody has set aside."""
        held = sum(units for (payer, _), (_, units) in self.holds.items() if payer == who)
        return held + sum(each.units for each in self.asked.values() if each.holder == who)

    def wait(self, seconds: int) -> None:
        """Let time pass, and end what is over."""
        self.now += seconds
        for name, each in list(self.asked.items()):
            if each.until < self.now:
                self.end(name, "missed")
        self.proposed = {name: each for name, each in self.proposed.items() if each.until >= self.now}
        for who, until in list(self.frozen_until.items()):
            if until < self.now:
                self.frozen.discard(who)
            if until + REST < self.now:
                del self.frozen_until[who]

    def count(self, how: str, units: int) -> None:
        """Count a redemption."""
        self.counts[how][0] += 1
        self.counts[how][1] += units

    def end(self, name: tuple[str, str], how: str) -> None:
        """End a redemption; what is not paid comes back."""
        found = self.asked.pop(name)
        self.count(how, found.units)
        if how == "paid":
            self.supply -= found.units
        else:
            self.free[found.holder] += found.units

    def vouch(self, units: int) -> bool:
        """The auditor says what is in reserve."""
        self.vouched, self.good_until = units, self.now + STATEMENTS
        return True

    def mint(self, to: str, units: int) -> bool:
        """Create money, if allowed."""
        if self.good_until < self.now or self.supply + units > self.vouched:
            return False
        self.supply += units
        self.free[to] += units
        return True

    def spends(self, who: str, units: int) -> bool:
        """Let somebody part with money under all rules, if it may."""
        day, before = self.spent.get(who, (0, 0))
        total = units + (before if day == self.now // DAY else 0)
        limited = who != "bank"
        if who in self.frozen or self.free[who] < units or (limited and (units > AT_ONCE or total > A_DAY)):
            return False
        if limited:
            self.spent[who] = (self.now // DAY, total)
        self.free[who] -= units
        return True

    def pay(self, payer: str, payee: str, units: int) -> bool:
        """Pay somebody, if allowed."""
        if payer == payee or not self.spends(payer, units):
            return False
        self.free[payee] += units
        return True

    def hold(self, payer: str, payee: str, reference: str, units: int) -> bool:
        """Set money aside for somebody, if allowed."""
        if payer == payee or (payer, reference) in self.holds or not self.spends(payer, units):
            return False
        self.holds[payer, reference] = (payee, units)
        return True

    def capture(self, payer: str, reference: str, units: int) -> bool:
        """Let the payee take some of it, whoever is frozen."""
        payee, held = self.holds.get((payer, reference), ("", 0))
        if units > held:
            return False
        del self.holds[payer, reference]
        self.free[payee] += units
        self.free[payer] += held - units
        return True

    def redeem(self, who: str, reference: str, units: int) -> bool:
        """Ask the issuer, under no limit."""
        if who == "bank" or (who, reference) in self.asked or who in self.frozen or self.free[who] < units:
            return False
        self.free[who] -= units
        self.asked[who, reference] = Asked(who, units, self.now + REDEMPTIONS)
        self.count("asked", units)
        return True

    def answer(self, who: str, reference: str, how: str) -> bool:
        """The issuer pays or declines."""
        if (who, reference) not in self.asked:
            return False
        self.end((who, reference), how)
        return True

    def freeze(self, who: str) -> bool:
        """The issuer freezes, if the time for it is not over."""
        until = self.frozen_until.get(who)
        if who in self.frozen or (until is not None and until < self.now):
            return False
        self.frozen.add(who)
        self.frozen_until.setdefault(who, self.now + TERM)
        return True

    def unfreeze(self, who: str) -> bool:
        """The issuer lifts a freeze."""
        known = who in self.frozen
        self.frozen.discard(who)
        return known

    def propose(self, reference: str, holder: str, to: str, units: int) -> bool:
        """The issuer asks its panel to take money."""
        if holder == to or reference in self.proposed:
            return False
        self.proposed[reference] = Proposed(holder, to, units, self.now + MEASURES)
        return True

    def agree(self, who: str, reference: str) -> bool:
        """A member of the panel agrees; the second one takes what is there."""
        found = self.proposed.get(reference)
        if found is None or who in found.agreed:
            return False
        if found.agreed:
            taken = min(found.units, self.free[found.holder])
            if not taken:
                return False
            self.free[found.holder] -= taken
            self.free[found.to] += taken
            del self.proposed[reference]
            return True
        found.agreed.add(who)
        return True
