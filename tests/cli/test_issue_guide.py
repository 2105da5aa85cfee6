"""The guide for issuers, followed literally."""

from __future__ import annotations

from tests.followed_guide import follow

NO_PORT = "no port is named in this guide"
CLAWED_BACK = "What a holder had available went to another, as a panel agreed."


def test_an_institution_issues_money_under_a_policy(tmp_path):
    programs = ("sh", "date", "seq", "sha256sum", "od", "head", "cut", "tr")

    status, words = follow("issue-money.md", tmp_path, programs, NO_PORT)

    assert status == 0, words[-3_000:]
    for said in ("PAYMENT_ABOVE_LIMIT", "travel reference", "An issuer redeemed", CLAWED_BACK):
        assert said in words, words[-3_000:]
    last = words[words.rindex(CLAWED_BACK) :]
    assert "11000.00 KES" in last
    assert "6000.00 KES" in last
