"""Quotes in words: what a price costs by each way, by parts, and the command that accepts it."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.shapes import Shape, fields_of
from sogdia.client.wording import amount_words, change_words, is_money, length_words
from sogdia.modules.money import Asset
from sogdia.modules.reference import RateState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.cli.show import Showing
    from sogdia.modules.market.quoted_costs import AtReference, QuotedStep
    from sogdia.modules.market.quotes import Acceptance, Quoted, Quotes

NOTHING_LEADS = "Nothing leads there now: look at 'sogdia query rate-cards' and 'sogdia query depth'."
INDENT = "   "
NO_REFERENCE = {
    int(RateState.NONE): "There is no reference rate of the two currencies",
    int(RateState.STALE): "The reference rate of the two currencies is stale",
    int(RateState.HALT): "The reference rate of the two currencies is halted",
}


def quote_words(found: Quotes, showing: Showing) -> str:
    """Show all quotes, the cheapest first, each with its parts and with what accepts it."""
    price = amount_words(found.units, found.asset.currency)
    if found.goods is not None:
        price = showing.one_line(found.goods, None, found.asset)
    lines = [f"The price is {price}, in {showing.naming.call_asset(found.asset)}."]
    if found.reference is not None:
        lines.append(_by_reference(found.reference, found.asset))
    for number, quoted in enumerate(found.quotes, start=1):
        lines += ["", *_quoted(number, quoted, found, showing)]
    if not found.quotes:
        lines.append(NOTHING_LEADS)
    if not found.complete:
        lines += ["", "There may be more ways than were looked at."]
    return "\n".join(lines)


def _by_reference(reference: AtReference, asset: Asset) -> str:
    """Say what the price is by the reference rate, or why nobody can say."""
    taken, given = reference.takes.currency, asset.currency
    if reference.rate is None:
        return f"{NO_REFERENCE[reference.rate_state]}, so no spread is told."
    rate = f"{reference.rate.taken}/{reference.rate.given} minor units"
    if reference.payment is None:
        return f"At the reference rate, {rate}, it is more {taken} than an amount can be."
    return f"At the reference rate from {given} to {taken}, {rate}, it is {amount_words(reference.payment, taken)}."


def _quoted(number: int, quoted: Quoted, found: Quotes, showing: Showing) -> Iterator[str]:
    code = quoted.takes.currency
    until = "" if quoted.valid_until is None else f", until {showing.moment(quoted.valid_until)} at most"
    yield f"{number}. {amount_words(quoted.total, code)}{until}"
    if quoted.steps:
        yield INDENT + _beyond(quoted)
    for step in quoted.steps:
        yield INDENT + _step(step, showing)
    if quoted.digest is not None:
        kept = length_words(found.kept_for)
        yield f"{INDENT}the rate is kept for {kept} until the goods leave: {amount_words(quoted.premium, code)}"
        yield f"{INDENT}digest {quoted.digest.hex()}"
    if len(quoted.accept) > 1:
        yield f"{INDENT}one after the other; or in one envelope, by 'sogdia tx batch' of what --json has under accept:"
    for each in quoted.accept:
        yield f"{INDENT}{_command(each, showing)}"


def _beyond(quoted: Quoted) -> str:
    """Say what of a payment is beyond the reference, and what is there because amounts are rounded."""
    code = quoted.takes.currency
    rounding = f"{amount_words(quoted.rounding, code)} by rounding"
    if quoted.spread is None:
        return f"of the payment {rounding}"
    return (
        f"spread {change_words(quoted.spread, code)} to the reference ({quoted.spread_points} basis points), {rounding}"
    )


def _step(step: QuotedStep, showing: Showing) -> str:
    taken, given = (showing.naming.call_asset(each) for each in (step.takes, step.gives))
    by = "by the book" if step.card is None else f"by the card {showing.naming.call_object(step.card)}"
    paid, got = amount_words(step.payment, step.takes.currency), amount_words(step.units, step.gives.currency)
    parts = [f"{taken} to {given} {by}: {paid} for {got}, at {step.rate.taken}/{step.rate.given} minor units"]
    if step.spread is not None:
        parts.append(f"{amount_words(step.spread, step.takes.currency)} beyond the middle of the book")
    if step.roundings:
        often = "once" if step.roundings == 1 else f"{step.roundings} times"
        parts.append(f"rounded {often}, {amount_words(step.rounding, step.takes.currency)} at most")
    return ", ".join(parts)


def _command(accepting: Acceptance, showing: Showing) -> str:
    """Write an operation as the command that asks for it; who signs is for its reader to say."""
    operation = accepting.fields
    words = ["sogdia", "tx", accepting.operation, "--from", "KEY"]
    for each in fields_of(type(operation)):
        value = getattr(operation, each.name)
        if value not in (None, ""):
            counted = showing.counted_in(operation, each.name)
            words += ["--" + each.name.replace("_", "-"), _said(value, each.shape, counted, showing)]
    return " ".join(map(shlex.quote, words))


def _said(value: Any, shape: Shape | None, asset: Asset | None, showing: Showing) -> str:  # noqa: ANN401, PLR0911 - a type, a way to say it
    """Write a value as a command reads it."""
    say = partial(_said, asset=asset, showing=showing)
    match value:
        case None:
            return "none"
        case Asset():
            return showing.naming.call_asset(value)
        case msgspec.Struct():
            return ":".join(say(getattr(value, each.name), each.shape) for each in fields_of(type(value)))
        case list() | tuple():
            return ",".join(say(each, None if shape is None else shape.items) for each in value)
        case int() if shape is not None and is_money(shape):
            return amount_words(value, None if asset is None else asset.currency).removesuffix(" units")
        case bytes():
            return showing.one_line(value, shape, asset)
    return str(value)
