"""Freezes: an issuer keeps a holder from paying, for a bounded time.

    (issuer freezes) ──▶ holds ──unfreeze──▶ lifted ──freeze──▶ holds, until the same moment as before
                           └────── until passes ──────┴──▶ rests ──rest passes──▶ forgotten
                           └── the panel agrees to more ──▶ holds until later

The time runs from the first freeze, so lifting one and making another gains nothing, and it can be made again so many
times only. While it rests the issuer alone cannot freeze the same holder again: nobody blocks money for ever alone. A
freeze that has run out holds no more from the next second on, whether or not the calendar has come to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import calendar
from sogdia.kernel.operation import Exit
from sogdia.kernel.refusal import require
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules.money.balances import balance, store
from sogdia.modules.money.events import FreezeLapsed
from sogdia.modules.money.issuer_records import CONDUCT, FREEZES, RULES, SPELLS_MAX, Freeze, Spell, Spells
from sogdia.modules.money.records import Asset, asset_of
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.reserves import conduct_of

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State


def freeze(ctx: Context, account: bytes, asset: Asset) -> None:
    """Freeze a holder who is not frozen, as an issuer may by itself, or refuse."""
    known = balance(ctx.state, account, asset)
    require(not known.frozen, Refuse.HOLDER_ALREADY_FROZEN, account=account)
    before = FREEZES.find(ctx.state, (account, asset))
    require(before is None or not before.over, Refuse.FREEZE_RESTS, until=0 if before is None else before.rests_until)

    if before is None:
        _begin(ctx, account, asset)
    else:
        require(len(before.spells) < SPELLS_MAX, Refuse.FROZEN_TOO_OFTEN, most=SPELLS_MAX)
        again = (*before.spells, Spell(ctx.time, before.until))
        FREEZES.put(ctx.state, (account, asset), structs.replace(before, spells=again))
    mark(ctx.state, account, asset, frozen=True)


def lift(ctx: Context, account: bytes, asset: Asset) -> None:
    """Let a frozen holder pay again."""
    known = FREEZES.must(ctx.state, (account, asset))
    *earlier, last = known.spells
    ended = (*earlier, Spell(last.since, ctx.time))
    FREEZES.put(ctx.state, (account, asset), structs.replace(known, spells=ended))
    mark(ctx.state, account, asset, frozen=False)


def make_longer(ctx: Context, account: bytes, asset: Asset) -> int:
    """Let a freeze last a whole term from now on, as a panel has agreed; give until when.

    When it held before stays known.
    """
    key = (account, asset)
    before = FREEZES.find(ctx.state, key)
    if before is not None:
        calendar.unschedule(ctx.state, deadline_of(before), FREEZES.full_key(key))
    until = _begin(ctx, account, asset, () if before is None else before.spells)
    mark(ctx.state, account, asset, frozen=True)
    return until


def hindered_until(state: Reader, account: bytes, asset: Asset, since: int, until: int) -> int:
    """Give when a freeze can hold no more that has kept a holder from paying at some moment of a time; 0 without one.

    That it was lifted in the meantime changes nothing: an hour between two freezes is no time to pay. Nor does one that
    was made again when that time was over: only a spell that fell into it counts.
    """
    found = FREEZES.find(state, (account, asset))
    if found is None:
        return 0
    fell_into_it = any(spell.until >= since and spell.since <= until for spell in found.spells)
    return found.until if fell_into_it else 0


def freeze_rest(state: Reader) -> int:
    """Give for how long an issuer that has frozen a holder cannot do so again."""
    return RULES.must(state, None).freeze_rest


def mark(state: State, account: bytes, asset: Asset, *, frozen: bool) -> None:
    """Write down whether a holder is frozen, and count that something has changed."""
    store(state, account, asset, structs.replace(balance(state, account, asset), frozen=frozen))
    known = conduct_of(state, asset)
    CONDUCT.put(state, asset, structs.replace(known, freezes=known.freezes + 1))


def freezes_counted(state: Reader, asset: Asset) -> int:
    """Give how often a holder of an asset was frozen, or a freeze ended."""
    return conduct_of(state, asset).freezes


def _begin(ctx: Context, account: bytes, asset: Asset, earlier: Spells = ()) -> int:
    rules = RULES.must(ctx.state, None)
    until = ctx.time + rules.freeze_term
    rests_until = until + rules.freeze_rest
    spells = _with(earlier, Spell(ctx.time, until))
    FREEZES.put(ctx.state, (account, asset), Freeze(until=until, rests_until=rests_until, spells=spells))
    calendar.schedule(ctx.state, until, FREEZES.full_key((account, asset)))
    return until


def _with(earlier: Spells, more: Spell) -> Spells:
    """Add a spell. One that holds still goes on in it; where there are too many the first two become one.

    So none is forgotten by which somebody could not pay.
    """
    if earlier and earlier[-1].until >= more.since:
        *before, last = earlier
        return (*before, Spell(last.since, more.until))
    if len(earlier) == SPELLS_MAX:
        first, second, *others = earlier
        return (Spell(first.since, second.until), *others, more)
    return (*earlier, more)


def deadline_of(found: Freeze) -> int:
    """Give the deadline under which a freeze stands in the calendar."""
    return found.rests_until if found.over else found.until


def _run_out(ctx: Context, key: bytes, found: Freeze, _writes_max: int) -> None:
    """Let a freeze end and rest, or forget it."""
    account, asset = key[:ACCOUNT_BYTES], asset_of(key[ACCOUNT_BYTES:])
    calendar.unschedule(ctx.state, deadline_of(found), FREEZES.full_key((account, asset)))
    if found.over:
        FREEZES.drop(ctx.state, (account, asset))
        return
    FREEZES.put(ctx.state, (account, asset), structs.replace(found, over=True))
    calendar.schedule(ctx.state, found.rests_until, FREEZES.full_key((account, asset)))
    if balance(ctx.state, account, asset).frozen:
        mark(ctx.state, account, asset, frozen=False)
        ctx.emit(FreezeLapsed(asset=asset, account=account))


FREEZE_EXIT = Exit(FREEZES, deadline_of=deadline_of, apply=_run_out)
