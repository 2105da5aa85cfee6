"""Each line's one class, and which rule wins where several fit."""

from __future__ import annotations

import pytest

from sogdia.simulate.online_retail.countries import country_code
from tests.simulate.online_retail.invoices import classes, plan, row

ALONE = [
    (row(), "ordered"),
    (row(customer=""), "guest_ordered"),
    (row(code="POST"), "adjustment"),
    (row(code="8512"), "adjustment"),
    (row(code="8512A3"), "adjustment"),
    (row(code=" 85123A"), "adjustment"),
    (row(code="\u0668\u0665\u0661\u0662\u0663A"), "adjustment"),
    (row(code="85123"), "ordered"),
    (row(code="85123bl"), "ordered"),
    (row(price="0.0"), "zero_price"),
    (row(price="0.0", customer=""), "zero_price"),
    (row(price="0.0", quantity=-3), "zero_price"),
    (row(quantity=0), "nonpositive_sale"),
    (row(quantity=-1), "nonpositive_sale"),
    (row(quantity=1), "ordered"),
    (row(price="-2.55"), "nonpositive_sale"),
    (row(price="-2.55", quantity=-6), "nonpositive_sale"),
    (row(price="0.001", quantity=4), "nonpositive_sale"),
    (row(price="0.001", quantity=5), "ordered"),
    (row(invoice="C536379", quantity=-1), "cancellation_without_purchase"),
    (row(invoice="C536379", quantity=-1, customer=""), "cancellation_without_purchase"),
    (row(invoice="C536379", quantity=1), "cancellation_without_purchase"),
    (row(invoice="c536379", quantity=-1), "nonpositive_sale"),
    (row(invoice="A563185"), "ordered"),
    # Where several rules fit, the first in the list of classes decides.
    ("dirt", "malformed"),
    (row(code="POST", quantity="?"), "malformed"),
    (row(code="POST", price="0.0"), "adjustment"),
    (row(code="D", invoice="C536379", quantity=-1), "adjustment"),
    (row(code="M", invoice="C496350", quantity=1), "adjustment"),
    (row(invoice="C536379", quantity=-1, price="0.0"), "zero_price"),
]


@pytest.mark.parametrize(("written", "line_class"), ALONE, ids=range(len(ALONE)))
def test_a_line_ends_in_the_first_class_that_fits(written, line_class):
    assert classes(plan(written)) == [line_class]


def test_a_cancellation_of_nothing_takes_nothing_back_even_after_a_purchase():
    planned = plan(row(), row(invoice="C536379", quantity=0), row(invoice="C536380", quantity=2))

    assert classes(planned) == ["ordered", "cancellation_without_purchase", "cancellation_without_purchase"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United Kingdom", "GB"),
        ("EIRE", "IE"),
        ("RSA", "ZA"),
        ("European Community", "EU"),
        ("Unspecified", "ZZ"),
        ("Channel Islands", "ZZ"),
        ("Atlantis", "ZZ"),
    ],
)
def test_a_country_name_means_one_code_or_is_unknown(name, code):
    assert country_code(name) == code
