"""Reference rates as people write them: decimals or fractions, exact both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sogdia.cli.amounts import ratio_text, read_ratio
from sogdia.cli.exits import Exit, Stopped
from sogdia.modules.reference import Ratio
from sogdia.modules.reference.ratios import is_reduced


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("129.45", Ratio(2_589, 20)),
        ("129.450", Ratio(2_589, 20)),
        (" 5178/40 ", Ratio(2_589, 20)),
        ("0.00772", Ratio(193, 25_000)),
        ("11792.22406441", Ratio(1_179_222_406_441, 10**8)),
        ("3", Ratio(3, 1)),
        (f"1/{2**60}", Ratio(1, 2**60)),
    ],
)
def test_a_rate_is_read_in_lowest_terms(text, ratio):
    assert read_ratio(text) == ratio


@pytest.mark.parametrize(
    "text", ["0", "0.000", "1/0", "-1", "1e3", "1,5", "1.2/3", f"1/{2**60 + 1}", str(2**60 + 1), ""]
)
def test_what_is_no_rate_is_told_how_one_is_written(text):
    with pytest.raises(Stopped, match="is no rate") as stopped:
        read_ratio(text)

    assert stopped.value.status == Exit.USAGE
    assert "129.45" in stopped.value.way_out


def test_a_rate_that_does_not_come_out_even_stands_beside_its_fraction():
    assert ratio_text(Ratio(2_589, 20)) == "129.45"
    assert ratio_text(Ratio(25_000, 193)) == "129.533678756 (25000/193)"


@given(some.integers(1, 10**12), some.integers(0, 12))
def test_what_was_read_is_written_the_same(digits, places):
    ratio = read_ratio(f"{digits}/{10**places}")

    assert is_reduced(ratio)
    shown, _bracket, exact = ratio_text(ratio).partition(" (")
    assert read_ratio(exact.removesuffix(")") or shown) == ratio
