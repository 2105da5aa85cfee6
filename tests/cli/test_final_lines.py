"""Late refunds from what a person has: the order's name and the line's number."""

from __future__ import annotations

import json
from itertools import count

import pytest

from sogdia.cli.exits import Exit
from tests.cli.conftest import place

ORDERS = count(1)


@pytest.fixture
def settled(sogdia, shop):
    """Give the name of an order of two lines that has been settled, another for each test."""
    reference = f"final-{next(ORDERS)}"
    assert sogdia(*place(shop, reference, "--lines", "tea:0:1", "--pay-at-most", "400.00")).status == Exit.DONE
    name = f"nairobi/{reference}"
    life = (
        ("bukhara", "accept-order"),
        ("bukhara", "ship-order"),
        ("nairobi", "confirm-delivery"),
        ("nairobi", "settle-order"),
    )
    for who, what in life:
        assert sogdia(*shop.words("tx", what, "--from", who, "--order", name)).status == Exit.DONE
    return name


def refund(sogdia, shop, name, *words: str):
    """Let Bukhara refund something late."""
    return sogdia(*shop.words("tx", "refund-late", "--from", "bukhara", "--order", name, *words))


def shown(sogdia, shop, name, number):
    """A line of a closed order, for programs."""
    return sogdia(*shop.words("query", "final-line", name, str(number), "--json"))


def test_a_line_is_refunded_late_by_its_number_until_nothing_is_left(sogdia, shop, settled):
    first = refund(sogdia, shop, settled, "--line", "1", "--quantity", "2", "--json")
    second = refund(sogdia, shop, settled, "--line", "1", "--quantity", "10", "--json")
    third = refund(sogdia, shop, settled, "--line", "1", "--quantity", "1", "--json")

    assert first.document["outcome"] == second.document["outcome"] == "applied"
    assert [each["event"] for each in first.document["events"]] == ["LinesRefunded"]
    assert third.document["refusal"]["name"] == "RETURN_TOO_LARGE"
    assert shown(sogdia, shop, settled, 1).document["line"]["returned"] == 12
    assert shown(sogdia, shop, settled, 2).document["line"]["returned"] == 0


def test_a_line_is_shown_with_its_path(sogdia, shop, settled):
    words = sogdia(*shop.words("query", "final-line", settled, "2"))
    document = shown(sogdia, shop, settled, 2).document

    assert f"Line 2 of the closed order {settled}:" in words.out
    assert f"path  {document['path'][0]}" in words.out
    assert (document["line"]["number"], document["line"]["quantity"], len(document["path"])) == (2, 1, 1)


def test_what_is_shown_is_what_a_refund_takes(sogdia, shop, settled, tmp_path):
    (tmp_path / "line.json").write_text(shown(sogdia, shop, settled, 2).out)
    fields = ["--fields", str(tmp_path / "line.json"), "--quantity", "1"]

    said = sogdia(*shop.words("tx", "refund-late", "--from", "bukhara", *fields))

    assert said.status == Exit.DONE
    assert shown(sogdia, shop, settled, 2).document["line"]["returned"] == 1


def test_the_number_may_stand_in_the_file_of_fields(sogdia, shop, settled, tmp_path):
    (tmp_path / "refund.json").write_text(json.dumps({"order": settled, "line": 2, "quantity": 1}))

    said = sogdia(*shop.words("tx", "refund-late", "--from", "bukhara", "--fields", str(tmp_path / "refund.json")))

    assert said.status == Exit.DONE


@pytest.mark.parametrize(("number", "status"), [(0, Exit.USAGE), (1, Exit.DONE), (2, Exit.DONE), (3, Exit.USAGE)])
def test_a_line_has_a_number_from_one_to_the_last(sogdia, shop, settled, number, status):
    assert shown(sogdia, shop, settled, number).status == status


def test_an_open_order_has_no_final_lines(sogdia, shop):
    sogdia(*place(shop, "open"))

    said = sogdia(*shop.words("query", "final-line", "nairobi/open", "1"))

    assert (said.status, "There is no closed order nairobi/open" in said.err) == (Exit.NOT_FOUND, True)
