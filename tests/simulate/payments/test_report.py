"""The report: the same bytes again, every figure rounded once, and what is made up called so."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser

import pytest

from sogdia.simulate.online_retail.lines import InputRefused
from sogdia.simulate.payments import figures
from sogdia.simulate.payments.report import as_html, as_json, as_markdown, as_text
from sogdia.simulate.payments.run import Wish, run
from sogdia.simulate.payments.tables import tenths
from tests.simulate.payments.replays import storm

STORM = "PKR, January 2023: China-Pakistan"
WISH = Wish(orders=2, only=("RUB, February and March 2022: China-Russia", "SYNTHETIC: China-Uzbekistan"), seed="a")


@pytest.fixture(scope="module")
def report():
    return run(WISH)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(report):
    again, other = run(WISH), run(replace(WISH, seed="b"))

    for form in (as_text, as_markdown, as_html, as_json):
        assert form(again) == form(report)
        assert form(other) != form(report)


def test_every_form_says_what_is_made_up(report):
    for form in (as_text, as_markdown, as_html, as_json):
        assert "SYNTHETIC" in form(report)
    tables = report.tables()
    real = [table for table in tables if table.title.startswith(("Stress", "Exchange"))]
    assert real
    assert not any("Uzbekistan" in cell for table in real for row in table.rows for cell in row)


def test_markdown_has_a_row_for_each_replay(report):
    lines = as_markdown(report).splitlines()

    (row,) = (line for line in lines if line.startswith("| RUB") and "2022-02-0" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[4:7] == ["0", "0", "0"] or cells[5] == "–"
    assert len({line.count("|") for line in lines[lines.index(row) - 2 : lines.index(row) + 1]}) == 1


def test_html_is_well_formed_and_asks_for_nothing(report):
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert "src" not in dict(attrs)
            assert "href" not in dict(attrs)
            if tag != "meta":
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Reader().feed(as_html(report))

    assert opened == []


def test_json_holds_the_figures_under_names_that_stay(report):
    document = json.loads(as_json(report))

    roubles = document["replays"][0]
    assert roubles["pays"] == "RUB"
    assert roubles["basis_points"]["in_and_out"] == "0.0"
    assert roubles["basis_points"]["buyer_before_swap"] == "0.0"
    assert roubles["minted"] == roubles["burned"]
    assert sum(roubles["outcomes"].values()) == roubles["orders"]
    assert document["tables"][0]["rows"][0]["completed: buyer, bp"] in {"0", "–"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Fraction(0), "0.0"),
        (Fraction(1, 20), "0.1"),
        (Fraction(49, 1_000), "0.0"),
        (Fraction(-1, 20), "-0.1"),
        (Fraction(-49, 1_000), "0.0"),
        (Fraction(12_345_678, 1_000), "12,345.7"),
    ],
)
def test_a_figure_is_rounded_half_up_once(value, words):
    assert tenths(value) == words


def test_the_parts_of_the_cost_are_those_of_the_orders():
    played = storm(STORM)
    cost = figures.costs(played)

    swapped = [trade for trade in played.trades if trade.swapped_on is not None]
    value = sum(trade.swapped_units * trade.mid for trade in swapped)
    paid = sum(trade.swapped_total for trade in swapped)
    owed = sum(trade.owed + trade.premium_from_bond * trade.mid for trade in played.trades)
    fees = sum(trade.fee * trade.mid for trade in swapped)
    assert cost.agreed() == (paid + owed - value + fees) * 10_000 / value
    assert cost.ways_in_and_out == 0
    lost = Fraction(0)
    for trade in swapped:
        turned = [each for each in played.conversions if each.reference == trade.reference]
        in_hand = {part.mid: part.units for part in trade.in_hand}
        lost += trade.refunded * trade.mid
        lost -= sum(each.amends.sold + each.amends.from_cover for each in trade.repaid)
        lost -= sum((each.amends.to_merchant - each.amends.from_bond) * each.mid for each in trade.repaid)
        lost -= sum(mid * units for mid, units in in_hand.items())
        lost -= sum(each.got - each.paid * each.since for each in turned)
    assert cost.conversions + cost.refunds == lost * 10_000 / value


def test_days_without_a_rate_are_refused():
    with pytest.raises(InputRefused, match="no replay: is left, outside the chosen days"):
        run(Wish(orders=1, first="1999-01-01", last="1999-02-01"))


def test_a_replay_outside_the_chosen_days_is_named():
    made = run(Wish(orders=2, first="2024-03-01", last="2024-03-04"))

    name = "KES, February 2024: China-Kenya"
    assert [each.replay.name for each in made.played] == [name, f"{name}, returns"]
    assert made.left_out["TRY, autumn 2021: China-Turkiye"] == "outside the chosen days"
    assert "Left out, outside the chosen days: PKR, January 2023: China-Pakistan; " in as_markdown(made)
