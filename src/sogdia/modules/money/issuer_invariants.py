"""What is always true of issuers and what binds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel import calendar
from sogdia.kernel.refusal import Refused, ensure
from sogdia.kernel.values import ACCOUNT_BYTES, UNITS_MAX, owner_of
from sogdia.modules.money import freezes
from sogdia.modules.money.issuer_records import CONDUCT, FREEZES, MEASURES, REDEMPTIONS, SPENDING, Redeemed
from sogdia.modules.money.policies import check_policy, is_apart
from sogdia.modules.money.records import BALANCES, CURRENCIES, Policy, asset_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.state import Reader


def every_freeze_has_an_end(state: Reader) -> None:
    """Nobody is frozen without a freeze that runs out, and each freeze is due."""
    running = set()
    for key, freeze in FREEZES.items(state):
        _must_be_due(state, freezes.deadline_of(freeze), FREEZES.prefix + key)
        if not freeze.over:
            running.add(key)
    for key, balance in BALANCES.items(state):
        ensure(not balance.frozen or key in running, "somebody is frozen without an end")


def what_waits_for_an_answer_has_a_deadline(state: Reader) -> None:
    """No redemption and no measure can be forgotten; of a measure's panel too few have agreed yet."""
    for key, redemption in REDEMPTIONS.items(state):
        _must_be_due(state, redemption.deadline, REDEMPTIONS.full_key(key))
    for key, measure in MEASURES.items(state):
        _must_be_due(state, measure.deadline, MEASURES.full_key(key))
        agreed = frozenset(measure.approvals)
        sound = len(agreed) == len(measure.approvals) < measure.needed and agreed <= frozenset(measure.panel)
        ensure(sound, "a measure has agreements that it should not have")
        ensure(owner_of(key) not in measure.panel, "an issuer sits on its own panel")


def nobody_has_spent_more_than_a_day_allows(state: Reader) -> None:
    """What somebody has spent of an asset on one day is at most what the highest tier may."""
    limits = {asset: policy.limits for asset, policy in _policies(state)}
    for key, spending in SPENDING.items(state):
        of_asset = limits[key[ACCOUNT_BYTES:]]
        ensure(not of_asset or spending.units <= of_asset[-1].day_most, "somebody has spent more than a day allows")


def every_request_is_counted_once(state: Reader) -> None:
    """What was asked of an issuer is what it paid, declined and missed, and what still waits."""
    waiting: dict[bytes, Redeemed] = {}
    for _key, each in REDEMPTIONS.items(state):
        asset = asset_key(each.asset)
        known = waiting.get(asset, Redeemed())
        waiting[asset] = Redeemed(known.times + 1, known.units + each.units)
    for asset, conduct in CONDUCT.items(state):
        parts = (conduct.paid, conduct.declined, conduct.missed, waiting.pop(asset, Redeemed()))
        whole = Redeemed(sum(each.times for each in parts), min(sum(each.units for each in parts), UNITS_MAX))
        ensure(whole == conduct.asked, f"{asset[:3]!r}: redemptions do not add up")
    ensure(not waiting, "a redemption waits that nobody has counted")


def every_policy_can_be_kept(state: Reader) -> None:
    """A policy is one that could be opened, and those who watch over an issuer are apart from it."""
    for asset, policy in _policies(state):
        try:
            check_policy(policy)
        except Refused as refused:
            ensure(condition=False, message=f"a policy that nobody could have opened: {refused.code.name}")
        for each in (*policy.auditors, *policy.panel):
            ensure(is_apart(state, each, asset[3:]), "an issuer is watched over by itself")


def set_aside_to_be_redeemed(state: Reader) -> Iterator[tuple[bytes, int]]:
    """Give what is set aside for issuers, row by row: whose money it is (account and asset, end to end), how much."""
    for name, each in REDEMPTIONS.items(state):
        yield owner_of(name) + asset_key(each.asset), each.units


def _policies(state: Reader) -> Iterator[tuple[bytes, Policy]]:
    for key, currency in CURRENCIES.items(state):
        if currency.policy is not None:
            yield key, currency.policy


def _must_be_due(state: Reader, deadline: int, due_object: bytes) -> None:
    page: Any = calendar.page_of(state, deadline, due_object)
    ensure(page is not None and due_object in page.objects, "something of an issuer's is missing in the calendar")
