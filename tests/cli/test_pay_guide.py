"""The guide for paying across currencies, followed literally."""

from __future__ import annotations

import re

from tests.followed_guide import follow

NO_PORT = "no port is named in this guide"


def test_a_buyer_pays_shillings_and_a_merchant_gets_dollars(tmp_path):
    status, words = follow("pay-across-currencies.md", tmp_path, ("sh", "sed", "date", "python3"), NO_PORT)

    assert status == 0, words[-3_000:]
    shown = re.findall(r'"(payment|premium)": ?"?(\d+)', words)
    assert shown[:2] == [("payment", "1650488"), ("premium", "6602")]
    assert "16504.88 KES" in words
    assert "127.50 USD" in words
    for fact in ("A rate is kept for an order", "The goods have left", "A party paid in one money"):
        assert fact in words, words[-3_000:]
    settled, converted = words.split("A party paid in one money", 1)
    assert "9998.72 KES" in converted
    assert "16570.90 KES" in settled
    exchanged, quoted = words.split("The price is ", 1)
    offered = exchanged.split("puts an offer")[-1]
    refunded, taken = words.split("went back to the buyer in that money")[-2:]
    for amount in ("16620.42 KES", "132.97 USD", "5.47 USD"):
        assert amount in refunded, words[-3_000:]
    assert "it waits for somebody who does" in refunded
    assert "50.50 USD" in taken
    for fact in ("An offer was taken, wholly or in part", "A payer sent one money", "An offer is over"):
        assert fact in offered, words[-3_000:]
    assert "1294.51 KES" in offered
    assert "376.25 USD" in offered
    assert "89.00 USD (price 77.00 USD, freight 12.00 USD), in USD@bank." in quoted
    assert "1. 11521.05 KES, until" in quoted
    assert "2. 11567.14 KES, until" in quoted
    assert "at 2589/20 minor units" in quoted
    assert "46.09 KES" in quoted
    bought, ordered = (quoted.rindex(each) for each in ("A payer sent one money", "A buyer ordered"))
    assert bought < ordered
