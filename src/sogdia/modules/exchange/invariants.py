"""What is always true of the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import owner_of
from sogdia.modules.exchange.rates import part_back
from sogdia.modules.exchange.records import BONDS, CARDS, LOCKS, PAIR_CARDS, PARTNERS, SWAPPED
from sogdia.modules.money import asset_key, balance_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.state import Reader


def set_aside_by_cards_and_locks(state: Reader) -> Iterator[tuple[bytes, int]]:
    """Give what is set aside here, row by row: whose money it is (account and asset, laid end to end) and how much."""
    for name, card in CARDS.items(state):
        yield owner_of(name) + asset_key(card.gives), card.left
    for order, lock in LOCKS.items(state):
        left = lock.units - lock.undone
        wholes = lock.payment, lock.premium, lock.cover_premium
        units = sum(part_back(each, lock.units, lock.undone, left) for each in wholes)
        yield owner_of(order) + asset_key(lock.takes), units
        yield owner_of(lock.card) + asset_key(lock.gives), left
    for _order, swapped in SWAPPED.items(state):
        yield owner_of(swapped.card) + asset_key(swapped.takes), swapped.cover - swapped.cover_used
    for key, bond in BONDS.items(state):
        yield key, bond.free + bond.bound


def no_lock_is_kept_for_nothing(state: Reader) -> None:
    """A lock has something left, of two monies of two parties."""
    for order, lock in LOCKS.items(state):
        ensure(0 <= lock.undone < lock.units, "a lock of which nothing is left")
        ensure(lock.takes != lock.gives, "a lock of one money")
        ensure(owner_of(lock.card) != owner_of(order), "a lock with oneself")


def bonds_stand_for_their_orders(state: Reader) -> None:
    """What is bound of a bond is what the orders under way have of it, and nothing of bond or cover is used twice."""
    bound: dict[bytes, int] = {}
    for _order, lock in LOCKS.items(state):
        key = balance_key((lock.merchant, lock.gives))
        bound[key] = bound.get(key, 0) + lock.bond
    for _order, swapped in SWAPPED.items(state):
        ensure(0 <= swapped.back <= swapped.units, "more of an order went back than was paid")
        ensure(0 <= swapped.cover_used <= swapped.cover, "more of a cover was used than there is")
        ensure(0 <= swapped.bond_used <= swapped.bond, "more of a bond was used than there is")
        key = balance_key((swapped.merchant, swapped.gives))
        bound[key] = bound.get(key, 0) + swapped.bond - swapped.bond_used
    for key, bond in BONDS.items(state):
        ensure(bond.free or bond.bound, "a bond of which nothing is left")
        ensure(bond.bound == bound.pop(key, 0), "a bond is bound to other orders than there are")
    ensure(not any(bound.values()), "an order relies on a bond that is not there")


def what_changes_is_due_at_the_end_of_a_block(state: Reader) -> None:
    """No card waits for a change between blocks: each comes up at the end of the block that asked for it."""
    for name, card in CARDS.items(state):
        ensure(not card.closing and card.next_rates is None, f"the card {name.hex()} was forgotten")


def every_cards_tiers_rise(state: Reader) -> None:
    """A card's tiers rise, and the least that it exchanges is at most what it exchanges at once."""
    for _name, card in CARDS.items(state):
        units = [each.units for each in card.rates.tiers]
        ensure(units == sorted(set(units)) and units[-1] <= card.rates.most, "a card's tiers are out of order")


def every_card_is_found_by_its_monies(state: Reader) -> None:
    """Each pair of monies lists exactly its cards."""
    there: dict[tuple[bytes, bytes], list[bytes]] = {}
    for name, card in CARDS.items(state):
        there.setdefault((asset_key(card.takes), asset_key(card.gives)), []).append(name)
    listed = {pair: record.cards for pair, record in PAIR_CARDS.items(state)}
    ensure(
        listed == {takes + gives: tuple(sorted(names)) for (takes, gives), names in there.items()},
        "a card cannot be found by its monies",
    )


def partners_are_those_of_cards(state: Reader) -> None:
    """Each money knows exactly the monies with which it has a card, either way."""
    there: dict[bytes, set[bytes]] = {}
    for _name, card in CARDS.items(state):
        takes, gives = asset_key(card.takes), asset_key(card.gives)
        there.setdefault(takes, set()).add(gives)
        there.setdefault(gives, set()).add(takes)
    known = {money: record.monies for money, record in PARTNERS.items(state)}
    ensure(known == {money: tuple(sorted(others)) for money, others in there.items()}, "a way by cards cannot be found")
