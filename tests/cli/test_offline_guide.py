"""The guide for paying without a connection, followed literally."""

from __future__ import annotations

from tests.followed_guide import follow

NO_PORT = "no port is named in this guide"


def test_vouchers_are_signed_and_checked_while_no_node_runs_and_paid_afterwards(tmp_path):
    status, words = follow("pay-offline.md", tmp_path, ("sh", "sed", "head", "tr"), NO_PORT)

    assert status == 0, words[-3_000:]
    assert words.count("CERTAIN: ") == 3
    assert words.count("RISK: ") == 1
    assert "you took it already" in words
    assert "The check does not fit" in words
    assert words.count("paid    ") == 3
    assert "2 paid before" in words
    assert "It is proven" in words
    assert "frauds" in words.split("It is proven")[1]
