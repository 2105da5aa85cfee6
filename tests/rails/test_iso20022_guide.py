"""The guide for speaking with banks, followed literally."""

from __future__ import annotations

import csv
import json

from sogdia.rails import xml
from tests.followed_guide import follow

NO_PORT = "no port is named in this guide"


def test_a_file_is_paid_once_and_stated_and_reconciled(tmp_path):
    status, words = follow("iso20022.md", tmp_path, ("sh", "sed", "date"), NO_PORT)

    assert status == 0, words[-3_000:]
    paid = json.loads((tmp_path / "paid.json").read_text("utf-8"))
    assert [(each["end_to_end"], each["status"]) for each in paid["payments"]] == [
        ("silk-17", "ACSC"),
        ("rent-11", "ACSC"),
    ]
    assert "3674.50 USD" in words, "5000.00 less what was paid once"
    assert "AM12 75.505 has 3 digits behind the point" in words
    assert words.count("Paid, and final") == 2
    look_at_the_files(tmp_path)
    assert "1 line matches" in words
    assert "exit status 4" in words


def look_at_the_files(place):
    for name, kind in (
        ("report.xml", "pain.002.001.10"),
        ("refused.xml", "pain.002.001.10"),
        ("statement.xml", "camt.053.001.08"),
        ("notice.xml", "camt.054.001.08"),
        ("messages/pacs.008.001.08.xml", "pacs.008.001.08"),
        ("messages/pacs.002.001.10.xml", "pacs.002.001.10"),
    ):
        xml.read((place / name).read_bytes(), kind)
    with (place / "statement.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["amount"] for row in rows] == ["", "5000.00", "-1250.00", "-75.50", ""]
    assert rows[-1]["available"] == "3674.50"
    assert "<bdi>3\u00a0674,50</bdi>" in (place / "statement.html").read_text("utf-8")
