"""Exact division of whole units: every rounding that the ledger does is one of these, and its name says which way.

Numbers are whole and at least 0, denominators at least 1; nothing is ever a float.
"""

from __future__ import annotations


def down(numerator: int, denominator: int) -> int:
    """Give ⌊numerator / denominator⌋: for what somebody receives."""
    return numerator // denominator


def up(numerator: int, denominator: int) -> int:
    """Give ⌈numerator / denominator⌉: for what somebody pays."""
    return -(-numerator // denominator)


def half_up(numerator: int, denominator: int) -> int:
    """Divide, rounding half up: for prices and taxes, as people and tax laws round."""
    return (2 * numerator + denominator) // (2 * denominator)


def common_divisor(one: int, other: int) -> int:
    """Give the greatest number that divides both (Euclid)."""
    while other:
        one, other = other, one % other
    return one


def share(whole: int, part: int, of: int) -> int:
    """Give ⌊whole × part / of⌋: the share that falls to the first `part` of `of`.

    Differences of such shares add up to the whole, in whatever steps it is paid out.
    """
    return whole * part // of
