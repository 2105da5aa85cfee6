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
    assert "16504.88 KES" in words
    assert "127.50 USD" in words
    for fact in ("A rate is kept for an order", "The goods have left", "A party paid in one money"):
        assert fact in words, words[-3_000:]
    settled, converted, _refund = words.split("A party paid in one money")
    assert "9998.72 KES" in converted
    assert "16570.90 KES" in settled
    refunded = words.split("went back to the buyer in that money")[-1]
    for amount in ("16620.42 KES", "132.97 USD", "5.47 USD"):
        assert amount in refunded, words[-3_000:]
    offered = words.split("puts an offer")[-1]
    for fact in ("An offer was taken, wholly or in part", "A payer sent one money", "An offer is over"):
        assert fact in offered, words[-3_000:]
    assert "1294.51 KES" in offered
    assert "376.25 USD" in offered
