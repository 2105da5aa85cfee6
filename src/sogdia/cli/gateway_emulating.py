"""What `sogdia gateway emulate` does: it plays the other side of a gateway's rails, in the gateway's own folder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sogdia.cli import options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.gateway_work import EMULATED, opened
from sogdia.client.keys import KeyPair
from sogdia.gateway.adapters import SECRETS
from sogdia.gateway.desk import DAY
from sogdia.gateway.emulator.outside import Booked, Outside
from sogdia.gateway.emulator.writing import side_of
from sogdia.gateway.happenings import Kind
from sogdia.gateway.settings import units
from sogdia.rails.reasons import MessageRefused
from sogdia.rails.spelling import read_amount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.cli.gateway_work import Gateway
    from sogdia.cli.options import Way
    from sogdia.gateway.emulator.writing import Side
    from sogdia.gateway.settings import RailSettings


@contextmanager
def played(folder: Path, way: Way, seed: int = 1) -> Iterator[tuple[Gateway, Outside]]:
    """Take up the other side where it was left."""
    with opened(folder, way) as gateway:
        settings = gateway.desk.settings
        sides = {each.name: _side(folder, each, settings.currency) for each in settings.rails}
        openings = {each.name: units(each.opening, settings.currency) for each in settings.rails}
        outside = Outside(folder, sides, openings, seed)
        yield gateway, outside
        outside.save()


def _side(folder: Path, rail: RailSettings, currency: str) -> Side:
    if rail.kind == "bank":
        return side_of(rail, currency, b"", None)
    path = folder / SECRETS / (rail.name if rail.kind == "card" else f"{rail.name}{EMULATED}")
    if not path.exists():
        raise usage(
            f"The rail {rail.name} is real: the other side's key is not here.",
            "Make a gateway to try with 'sogdia gateway create --emulated'.",
        )
    secret = path.read_bytes().strip()
    return side_of(rail, currency, secret, None if rail.kind == "card" else KeyPair(bytes.fromhex(secret.decode())))


def _rail(outside: Outside, rail: str) -> str:
    if rail not in outside.sides:
        raise usage(f"{rail!r} is no rail of this gateway.", f"It has {', '.join(outside.sides)}.")
    return rail


def _units(text: str, gateway: Gateway) -> int:
    try:
        return read_amount(text, gateway.desk.settings.currency)
    except MessageRefused as refused:
        raise usage(refused.sentence) from refused


def _credit(outside: Outside, name: str) -> Booked:
    rail, _, reference = name.partition("/")
    for each in outside.book.entries:
        if (each.rail, each.reference, each.kind) == (rail, reference, Kind.CREDIT):
            return each
    raise Stopped(Exit.NOT_FOUND, f"Nobody has paid in {name!r}.", "'emulate pay-in' says what it is called.")


def pay_in(  # noqa: PLR0913 - what a payment is made of
    folder: Path, rail: str, amount: str, text: str, payer: str, way: Way
) -> None:
    """Let somebody pay in."""
    with played(folder, way) as (gateway, outside):
        now = gateway.session.now
        booked = outside.book_entry(
            _rail(outside, rail), Kind.CREDIT, _units(amount, gateway), now, texts=(text,), payer=payer
        )
        outside.tell(booked, now)
    name = f"{rail}/{booked.reference}"
    options.show(f"{name}: paid in, and told.", {"credit": name}, as_json=way.as_json)


def take_back(folder: Path, name: str, amount: str | None, way: Way) -> None:
    """Take a credit back."""
    with played(folder, way) as (gateway, outside):
        credit = _credit(outside, name)
        lost = credit.units if amount is None else _units(amount, gateway)
        booked = outside.take_back(credit, lost, gateway.session.now)
        outside.tell(booked, gateway.session.now)
    told = f"{credit.rail}/{booked.reference}"
    options.show(f"{told}: {name} was taken back, and that is told.", {"entry": told}, as_json=way.as_json)


def answer(folder: Path, how: str, way: Way) -> None:
    """Answer every order that lies there."""
    with played(folder, way) as (gateway, outside):
        now = gateway.session.now
        outside.collect(now)
        waiting = list(outside.book.waiting)
        for rail, payout in waiting:
            outside.answer(rail, payout, how, now)
    lines = [f"{rail}: {payout}: {how}" for rail, payout in waiting] or ["No order lies there."]
    options.show("\n".join(lines), {"answered": [payout for _rail, payout in waiting]}, as_json=way.as_json)


def close_day(folder: Path, way: Way) -> None:
    """Let every rail send its statement until the end of the present day."""
    with played(folder, way) as (gateway, outside):
        now = gateway.session.now
        until = now // DAY * DAY + DAY
        outside.close_day(until, now)
    options.show("Every rail has sent its statement.", {"until": until}, as_json=way.as_json)


def play(folder: Path, seed: int, steps: int, way: Way) -> None:
    """Live at random for some steps."""
    with played(folder, way, seed) as (gateway, outside):
        known = [reference for reference, _account in gateway.desk.journal.references()]
        done = [outside.step(known, gateway.session.now) for _ in range(steps)]
    options.show("\n".join(done), {"seed": seed, "steps": done}, as_json=way.as_json)
