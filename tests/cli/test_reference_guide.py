"""The guide for reporting rates, followed literally."""

from __future__ import annotations

import re

from sogdia.client.shapes import summary
from sogdia.modules.book.events import LimitOfferPlaced
from sogdia.modules.reference.events import ReferenceHalted
from tests.followed_guide import follow

NO_PORT = "no port is named in this guide"


def test_three_organisations_report_and_a_slip_is_caught(tmp_path):
    status, words = follow("report-rates.md", tmp_path, ("sh",), NO_PORT)

    assert status == 0, words[-3_000:]
    states = re.findall(r"rate state +(\w+)", words)
    assert states == ["ok", "ok", "ok", "stale", "halt", "ok"]
    medians = re.findall(r"median +([0-9.]+)(?: \((\d+/\d+)\))?$", words, re.MULTILINE)
    assert medians[-1] == ("150", "")
    assert "129.533678756 (25000/193)" in words
    assert "1110 FAR_FROM_REFERENCE" in words
    assert "price 12.9533678756, reference 129.533678756" in words
    assert "1106 MARKET_CLOSED" in words
    assert words.count(summary(LimitOfferPlaced)) == len(("bid-1", "bid-2"))
    assert words.count(summary(ReferenceHalted)) == 1
