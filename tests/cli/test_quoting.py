"""Quotes in words: what a payment is made of, what the reference says of it, and which command accepts it."""

from __future__ import annotations

from typing import Any

import pytest

from sogdia.cli.naming import Naming, Network
from sogdia.cli.options import keyring
from sogdia.cli.quoting import quote_words
from sogdia.cli.show import Showing
from tests.modules.book.stand import card
from tests.modules.market.silk_shop import PREMIUMS, SEVERAL, open_shop, quotes
from tests.modules.reference.desk import put_in_force


@pytest.fixture
def said(tmp_path):
    """Say in words what a shop with one card quotes, with a dinar at so many cents."""

    def say(dinar: str, after: int = 0, **asked: Any) -> list[str]:  # noqa: ANN401 - any field
        shop = open_shop()
        card(shop, ("KWD", "USD"), (31, 100), "keeps", premiums=PREMIUMS)
        put_in_force(shop, dinar, fresh_for=100)
        showing = Showing(Naming(keyring(tmp_path), lambda: Network(b"")))
        return quote_words(quotes(shop, at=shop.time + after, **asked), showing).splitlines()

    return say


def test_a_quote_in_words_adds_up(said):
    lines = said("3.25")

    assert lines[1] == "At the reference rate from USD to KWD, 4/13 minor units, it is 4.393 KWD."
    assert lines[3].startswith("1. 4.427 KWD, until ")
    assert lines[4].strip() == "spread +0.033 KWD to the reference (75 basis points), 0.001 KWD by rounding"


def test_without_a_reference_it_says_why(said):
    lines = said("3.25", after=101)

    assert lines[1] == "The reference rate of the two currencies is stale, so no spread is told."
    assert lines[4].strip() == "of the payment 0.001 KWD by rounding"


def test_a_better_rate_than_the_reference_has_a_spread_with_its_sign(said):
    assert "spread −0.036 KWD to the reference (-80 basis points)" in said("3.2")[4]


def test_several_lines_stand_in_the_command_that_accepts_them(said):
    (placed,) = [line for line in said("3.25", lines=SEVERAL) if "place-order-at-rate" in line]

    assert f"--lines {SEVERAL}" in placed
