"""What is always true of vouchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel import calendar
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import owner_of
from sogdia.modules.money import asset_key
from sogdia.modules.vouchers.records import PAYERS, PURSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.state import Reader


def set_aside_by_purses(state: Reader) -> Iterator[tuple[bytes, int]]:
    """Give what is set aside here, row by row: whose money it is (account and asset, laid end to end) and how much."""
    for name, purse in PURSES.items(state):
        yield owner_of(name) + asset_key(purse.promised.asset), sum(each.left for each in purse.drawn)


def every_share_is_paid_given_back_or_left(state: Reader) -> None:
    """Of each share so much was paid, so much was given back by its payee and so much is left, and no unit more."""
    for _name, purse in PURSES.items(state):
        ensure(len(purse.drawn) == len(purse.promised.shares), "a purse counts other shares than it promised")
        for share, drawn in zip(purse.promised.shares, purse.drawn, strict=True):
            whole = drawn.redeemed + drawn.returned + drawn.left
            ensure(whole == share.units, "a share's parts do not add up to it")
            ensure(share.payee is not None or drawn.returned == 0, "somebody gave back a share of anybody's")


def every_voucher_was_paid_once(state: Reader) -> None:
    """As many sequence numbers are marked as vouchers were paid, and the marks have one spelling."""
    for _name, purse in PURSES.items(state):
        for drawn in purse.drawn:
            marks = int.from_bytes(drawn.used, "little").bit_count()
            ensure(marks == drawn.vouchers, "more or fewer vouchers were paid than are marked")
            ensure(drawn.vouchers <= drawn.redeemed, "a voucher was paid with nothing")
            ensure(not drawn.used.endswith(b"\0"), "the marks of a share have a second spelling")


def every_purse_is_due_at_its_deadline(state: Reader) -> None:
    """No purse can be forgotten."""
    for name, purse in PURSES.items(state):
        due_object = PURSES.full_key(name)
        page = calendar.page_of(state, purse.promised.deadline, due_object)
        ensure(page is not None and due_object in page.objects, "a purse is missing in the calendar")
        ensure(purse.promised.ends_at < purse.promised.deadline, "a purse leaves no time for redeeming")


def payers_have_as_many_purses_as_are_counted(state: Reader) -> None:
    """Each payer's purses are counted, a caught one is known for ever, and nothing is kept for nothing."""
    found: dict[bytes, int] = {}
    caught: dict[bytes, int] = {}
    for name, purse in PURSES.items(state):
        owner = owner_of(name)
        found[owner] = found.get(owner, 0) + 1
        caught[owner] = caught.get(owner, 0) + (purse.fraud_at is not None)
    for account, payer in PAYERS.items(state):
        ensure(payer.purses == found.pop(account, 0), "a payer's purses are counted wrongly")
        ensure(payer.frauds >= caught.get(account, 0), "a fraud was forgotten")
        ensure((payer.frauds > 0) == (payer.last_fraud_at is not None), "a fraud without a moment, or the reverse")
        ensure(payer.purses or payer.frauds, "a record of nothing is kept")
    ensure(not found, "a purse whose payer is not counted")
