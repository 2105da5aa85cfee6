"""Values in JSON: read as they were written, and described so that exactly what is read fits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as types

from sogdia.api.forms import FormWrong, decimal_pattern, read, write
from sogdia.client.declared import tables
from sogdia.kernel.values import Account, PositiveUnits, Reference
from sogdia.modules.market.records import Offer, Tier

BOUNDS = st.integers(min_value=-(2**40), max_value=2**63)


@given(BOUNDS, BOUNDS, BOUNDS)
def test_a_pattern_fits_exactly_the_numbers_of_its_range(one, other, number):
    least, most = min(one, other), max(one, other)
    pattern = f"(?:{decimal_pattern(least, most)})"

    for each in (number, least, most, least - 1, most + 1, (least + most) // 2):
        assert (re.fullmatch(pattern, str(each)) is not None) == (least <= each <= most)


def test_an_offer_comes_back_as_it_was_written():
    offer = Offer(price=2**53, tiers=(Tier(10, 900), Tier(100, 800)), tax=1_600, gtin="")

    assert read(write(offer), types.type_info(Offer)) == offer
    assert write(offer)["price"] == "9007199254740992"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, PositiveUnits),
        ("0", PositiveUnits),
        ("01", PositiveUnits),
        ("1.0", PositiveUnits),
        ("١", PositiveUnits),  # noqa: RUF001 - a digit of another script
        ("-0", int),
        (str(2**62), PositiveUnits),
        ("ab" * 19, Account),
        ("AB" * 20, Account),
        ("a" * 17, Reference),
        ("o1\n", Reference),
        (True, Reference),
    ],
)
def test_what_has_another_form_is_refused(value, kind):
    with pytest.raises(FormWrong):
        read(value, types.type_info(kind))


def test_every_record_has_a_form():
    assert all(types.type_info(table.codec.shape) for table in tables().values())
