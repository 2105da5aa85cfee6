"""The guide for money in and out, followed literally."""

from __future__ import annotations

from sogdia.rails import xml
from tests.followed_guide import follow

NO_PORT = "no port is named in this guide"


def test_money_comes_in_and_goes_out_and_adds_up(tmp_path):
    status, words = follow("money-in-and-out.md", tmp_path, ("sh", "sed", "cat", "ls"), NO_PORT)

    assert status == 0, words[-3_000:]
    for said in (
        "Would be minted:",
        "the funding reference has a wrong character",
        "the payer gave no funding reference",
        "40.00 KES are minted for nairobi",
        "the account is closed",
        "It adds up.",
        "It does not add up.",
        "exit status 4",
    ):
        assert said in words, words[-3_000:]
    assert words.count("2500.00 KES") > 1
    assert "2240.00 KES" in words, "2500.00 and 40.00 have come in, and 300.00 have gone"
    look_at_the_statement(tmp_path)


def look_at_the_statement(place):
    kinds = [xml.kind_of(each.read_bytes()) for each in sorted((place / "desk" / "bank" / "done").iterdir())]
    assert {"camt.053.001.08", "camt.054.001.08", "pain.002.001.10"} <= set(kinds)
