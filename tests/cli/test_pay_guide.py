"""The guide for paying across currencies, followed literally."""

from __future__ import annotations

import re

from tests.followed_guide import follow

NO_PORT = "no port is named in this guide"


def test_a_buyer_pays_shillings_and_a_merchant_gets_dollars(tmp_path):
    status, words = follow("pay-across-currencies.md", tmp_path, ("sh", "sed", "date"), NO_PORT)

    assert status == 0, words[-3_000:]
    shown = re.findall(r'"(payment|premium)": ?"?(\d+)', words)
    assert shown[:2] == [("payment", "1650488"), ("premium", "6602")]
    assert "127.50 USD" in words
    assert "16,570.90 KES" in words or "16570.90 KES" in words
    for fact in ("CardPosted", "RateLocked", "MoneySwapped", "Converted"):
        assert fact in words, words[-3_000:]
