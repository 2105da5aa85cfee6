"""The guide for netting, followed literally."""

from __future__ import annotations

import pytest

from tests.followed_guide import follow

NO_PORT = "no port is named in this guide"


@pytest.mark.real("ortools")
def test_three_firms_net_and_pay_what_remains(tmp_path):
    status, words = follow("net-obligations.md", tmp_path, ("sh", "date"), NO_PORT)

    assert status == 0, words[-3_000:]
    assert "12000.00 USD" in words
    assert "9000.00 USD of it could be cleared without money (75.00 %), in 3 obligations" in words
    assert "9000.00 USD of it was cleared without money" in words
    tried, paid = words.split("Obligations would be paid: 1, 2000.00 USD in all.")
    assert "lanzhou/freight-2" not in tried.rsplit("was cleared", 1)[1]
    assert "Obligations paid: 1, 2000.00 USD in all." in paid
    assert "available   2000.00 USD" in paid
