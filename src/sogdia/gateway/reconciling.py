"""Does it add up: what lies outside, against what is owed inside, to the unit.

    at the rails  =  circulating  +  suspense  +  in flight  +  the issuer's own  +  unexplained

`circulating` is the ledger's, `at the rails` the rails' own statements: neither is of the gateway's making. `in flight`
is what has been destroyed and has not left yet, less what has left and has not been destroyed, and less what is under
way from one rail to another. `the issuer's own` is what lay there beyond the supply when the gateway began, with what
the issuer has paid in since and less what it has borne: where that is below nothing, the reserve is short by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.gateway.desk import DAY
from sogdia.gateway.following import SUPPLY, SUPPLY_BEFORE
from sogdia.gateway.records import SUSPENDED, Inside, Outside
from sogdia.gateway.settings import units

if TYPE_CHECKING:
    from sogdia.gateway.desk import Desk
    from sogdia.gateway.records import Payout


class Figures(NamedTuple):
    """What lies outside, and whose it is, in minor units."""

    at_rails: int
    circulating: int
    suspense: int
    in_flight: int
    own: int
    unexplained: int

    @property
    def difference(self) -> int:
        """What remains. Anything but nothing means that money moved without the gateway, or that it is wrong."""
        return self.at_rails - self.circulating - self.suspense - self.in_flight - self.own - self.unexplained

    @property
    def short(self) -> int:
        """By how much the reserve does not cover what is owed."""
        return max(0, -self.own)


class AtRail(NamedTuple):
    """A rail's statement against what the rail has told us."""

    rail: str
    told: int
    """What has been told, as far as the statement goes, on top of the opening."""
    closing: int | None
    """What the rail's newest statement says."""
    until: int
    late: bool
    """Whether there is no statement of the day before."""

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.closing == self.told


class Report(NamedTuple):
    """A reconciliation."""

    figures: Figures
    rails: tuple[AtRail, ...]
    supply: int
    """What the ledger itself says that exists, asked for at the height to which its blocks were read."""

    @property
    def adds_up(self) -> bool:
        """Whether everything agrees, nothing is unexplained, and the reserve covers what is owed."""
        figures = self.figures
        whole = figures.difference == 0 and figures.unexplained == 0 and figures.short == 0
        return (
            whole and self.supply == figures.circulating and all(each.agrees and not each.late for each in self.rails)
        )


def figures_of(desk: Desk) -> Figures:
    """Work the figures out as the journal stands."""
    journal, settings = desk.journal, desk.settings
    opening = sum(units(each.opening, settings.currency) for each in settings.rails)
    return Figures(
        at_rails=opening + sum(journal.at_rail(each.name) for each in settings.rails),
        circulating=journal.place(SUPPLY),
        suspense=sum(each.left for each in journal.credits(*SUSPENDED)),
        in_flight=sum(map(_in_flight, journal.payouts(settled=False))) + journal.between_rails(),
        own=opening - journal.place(SUPPLY_BEFORE) + journal.own_units(),
        unexplained=journal.unexplained_units(),
    )


def _in_flight(payout: Payout) -> int:
    """Say what a pay-out that is not settled counts for."""
    if not payout.redemption:
        return 0
    if payout.inside == Inside.CONFIRMED and payout.outside != Outside.PAID:
        return payout.units
    if payout.inside == Inside.OPEN and payout.outside == Outside.PAID:
        return -payout.units
    return 0


def reconcile(desk: Desk, supply: int) -> Report:
    """Compare everything; `supply` is what the ledger says at the height to which its blocks have been read."""
    return Report(figures_of(desk), tuple(_at_rail(desk, each.name) for each in desk.settings.rails), supply)


def _at_rail(desk: Desk, name: str) -> AtRail:
    journal, settings = desk.journal, desk.settings
    rail = settings.rail(name)
    opening = 0 if rail is None else units(rail.opening, settings.currency)
    closing = journal.closing(name)
    if closing is None:
        return AtRail(name, opening + journal.at_rail(name), None, 0, late=True)
    stated, until = closing
    late = until < desk.ledger.now // DAY * DAY
    return AtRail(name, opening + journal.at_rail(name, until), stated, until, late)
