"""`sogdia payments`, `statement` and `reconcile` with a node: what stops them, and what they say to programs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from sogdia.cli.exits import Exit
from sogdia.client.connection import Connection
from sogdia.rails import xml

UETR = "4e6f2c1a-93d4-4b7e-8c05-1f2a3b4c5d6e"
FILE = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>{message}</MsgId><CreDtTm>2026-11-22T10:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><InitgPty/></GrpHdr>
<PmtInf><PmtInfId>b1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>{day}</Dt></ReqdExctnDt><Dbtr/>
<DbtrAcct><Id><Othr><Id>{nairobi}</Id></Othr></Id></DbtrAcct>
<DbtrAgt><FinInstnId><Othr><Id>{bank}</Id></Othr></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>silk-17</EndToEndId><UETR>{uetr}</UETR></PmtId>
<Amt><InstdAmt Ccy="USD">{amount}</InstdAmt></Amt>
<CdtrAcct><Id><Othr><Id>{bukhara}</Id></Othr></Id></CdtrAcct></CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>
"""


@pytest.fixture
def write(sogdia, house, tmp_path):
    """Write a file of one payment by nairobi on the ledger's day; gives the words that import it."""

    def file(message: str, amount: str = "1.25") -> list[str]:
        names = ("bank", "nairobi", "bukhara")
        spelt = {
            each: sogdia(*house.words("payments", "account", each, "--json")).document["in_messages"] for each in names
        }
        with Connection(house.folder) as node:
            status = node.status()
        day = datetime.fromtimestamp(max(status.now, status.time), UTC).strftime("%Y-%m-%d")
        path = tmp_path / f"{message}.xml"
        path.write_text(FILE.format(message=message, amount=amount, day=day, uetr=UETR, **spelt), "utf-8")
        journal = str(tmp_path / "journal")
        return [*house.words("payments", "import", str(path), "--from", "nairobi"), "--journal", journal]

    return file


def test_without_a_yes_and_without_a_terminal_nothing_is_paid(sogdia, write):
    said = sogdia(*write("m1"))

    assert said.status == Exit.USAGE
    assert "--yes" in said.err


def test_a_payment_is_told_to_programs_and_found_by_both_its_uetrs(sogdia, house, write, tmp_path):
    words = write("m2")

    tried = sogdia(*words, "--dry-run", "--json").document
    paid = sogdia(*words, "--yes", "--json").document

    assert (tried["status"], tried["dry_run"]) == ("ACCP", True)
    (payment,) = paid["payments"]
    assert (paid["status"], payment["status"], payment["given_uetr"]) == ("ACSC", "ACSC", UETR)
    journal = ("--journal", str(tmp_path / "journal"))
    by_both = [
        sogdia(*house.words("payments", "status", each, *journal, "--json")).document
        for each in (payment["uetr"], UETR)
    ]
    assert [each["id"] for each in by_both] == [by_both[0]["id"]] * 2
    assert by_both[0]["status"] == "ACCC"


def test_a_fault_is_told_by_status_and_report(sogdia, write, tmp_path):
    report = tmp_path / "report.xml"

    said = sogdia(*write("m3", "9999999.00"), "--yes", "--report", str(report), "--json")

    assert said.status == Exit.REFUSED
    assert said.document["payments"][0]["refusal"]["code"] == "AM04"
    xml.read(report.read_bytes(), "pain.002.001.10")
    again = sogdia(*write("m3"), "--yes", "--report", str(report))
    assert (again.status, "there already" in again.err) == (Exit.USAGE, True)


def test_a_file_that_is_too_large_is_refused_with_a_report(sogdia, house, tmp_path):
    large, report = tmp_path / "large.xml", tmp_path / "report.xml"
    large.write_bytes(b"<a>" * 20_000_000)

    said = sogdia(
        *house.words("payments", "import", str(large), "--from", "nairobi", "--report", str(report), "--json")
    )

    assert said.status == Exit.REFUSED
    assert said.document["error"]["reason"] == "FF01"
    xml.read(report.read_bytes(), "pain.002.001.10")


@pytest.mark.parametrize(("uetr", "status"), [(UETR, Exit.NOT_FOUND), (UETR.upper(), Exit.USAGE), ("x", Exit.USAGE)])
def test_a_uetr_that_leads_nowhere(sogdia, house, tmp_path, uetr, status):
    said = sogdia(*house.words("payments", "status", uetr, "--journal", str(tmp_path / "none")))

    assert said.status == status


def test_an_account_is_read_back_from_its_spelling(sogdia, house):
    told = sogdia(*house.words("payments", "account", "nairobi", "--json")).document

    back = sogdia(*house.words("payments", "account", told["in_messages"], "--json")).document

    assert back == told


def test_a_statement_for_programs_adds_up(sogdia, house, write):
    sogdia(*write("m4"), "--yes")

    (statement,) = sogdia(
        *house.words("statement", "nairobi", "--day", "1970-01-01", "--to", "2105-12-31", "--json")
    ).document["statements"]

    moved = [each["available"] + each["held"] for each in statement["entries"]]
    assert statement["opening"] == {"available": 0, "held": 0}
    assert sum(moved) == statement["closing"]["available"] + statement["closing"]["held"]
    assert -125 in moved


EVER = ("--day", "1970-01-01", "--to", "2105-12-31")


def stated(sogdia, house, *words: str) -> list[dict[str, Any]]:
    """Nairobi's statements, without the height up to which the ledger was read."""
    said = sogdia(*house.words("statement", "nairobi", *EVER, "--json", *words))
    assert said.status == Exit.DONE, said.err
    return [each | {"height": 0} for each in said.document["statements"]]


def test_a_statement_is_the_same_from_all_blocks_and_from_an_index_that_lags_or_not(sogdia, house, write, tmp_path):
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    sogdia(*write("i1"), "--yes")
    assert sogdia("index", "rebuild", "--database", url, "--node", str(house.folder)).status == Exit.DONE
    sogdia(*write("i2", "1.50"), "--yes")

    lagging = stated(sogdia, house, "--index", url)
    sogdia("index", "rebuild", "--database", url, "--node", str(house.folder))
    whole = stated(sogdia, house, "--index", url)

    assert lagging == whole == stated(sogdia, house) == stated(sogdia, house, "--index", url, "--from-blocks")
    assert stated(sogdia, house, "--index", url, "--money", "USD@bank") == whole


GAINED = """UPDATE holdings SET available = available + 1;
UPDATE movements SET available_after = available_after + 1, available = available + (available_after = available)"""
"""Everybody has one cent more than the ledger says, and the rows join."""


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        ("UPDATE index_state SET schema = 1", Exit.USAGE),
        ("UPDATE index_state SET hash = x'00'", Exit.DAMAGED),
        ("UPDATE index_state SET network = x'00'", Exit.DAMAGED),
        ("DELETE FROM movements", Exit.DAMAGED),
        (GAINED, Exit.DAMAGED),
    ],
)
def test_an_index_that_does_not_belong_to_the_node_gives_no_statement(sogdia, house, tmp_path, damage, status):
    path = tmp_path / "index.sqlite"
    url = f"sqlite:///{path}"
    sogdia("index", "rebuild", "--database", url, "--node", str(house.folder))
    with closing(sqlite3.connect(path)) as database:
        database.executescript(damage)

    said = sogdia(*house.words("statement", "nairobi", *EVER, "--index", url))

    assert said.status == status
    assert "--from-blocks" in said.err


def test_an_index_that_is_named_and_not_there_is_not_passed_over(sogdia, house, tmp_path):
    said = sogdia(*house.words("statement", "nairobi", *EVER, "--index", f"sqlite:///{tmp_path / 'none'}"))

    assert said.status == Exit.NOT_FOUND
    assert "has not been made yet" in said.err


def test_days_that_are_none_are_refused(sogdia, house):
    for words in (("--day", "2026-11-22T10:00:00Z"), ("--day", "x"), ("--day", "2026-11-22", "--to", "2026-11-21")):
        assert sogdia(*house.words("statement", "nairobi", *words)).status == Exit.USAGE


def test_a_page_shows_the_numbers_of_a_language_that_is_named(sogdia, house, write):
    sogdia(*write("m5"), "--yes")
    (statement,) = sogdia(*house.words("statement", "nairobi", *EVER, "--json")).document["statements"]
    owned = sum(statement["closing"].values())
    english = f"{owned // 100:,}.{owned % 100:02}"

    assert "," in english
    for words, marks in (((), ",."), (("--locale", "uz"), "\u00a0,"), (("--locale", "tr-TR"), ".,")):
        page = sogdia(*house.words("statement", "nairobi", *EVER, "--form", "html", *words)).out
        assert f"<bdi>{english.translate(str.maketrans(',.', marks))}</bdi>" in page


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--form", "html", "--locale", "english"), "'english' is no language that CLDR knows"),
        (("--form", "html", "--locale", "x" * 36), "is no language that CLDR knows"),
        (("--form", "csv", "--locale", "uz"), "--locale is for --form html, and this is --form csv"),
        (("--locale", "uz"), "--locale is for --form html"),
    ],
)
def test_a_language_that_is_none_or_has_no_page_is_refused(sogdia, house, tmp_path, words, what):
    said = sogdia(*house.words("statement", "nairobi", *EVER, *words, "--out", str(tmp_path / "new")))

    assert said.status == Exit.USAGE
    assert what in said.err
    assert not (tmp_path / "new").exists()


def test_books_that_say_the_same_give_status_0(sogdia, house, write, tmp_path):
    sogdia(*write("m5"), "--yes")
    days = ("--day", "1970-01-01", "--to", "2105-12-31")
    (statement,) = sogdia(*house.words("statement", "nairobi", *days, "--json")).document["statements"]
    lines = ["date,reference,amount"]
    for each in statement["entries"]:
        units = each["available"] + each["held"]
        if units:
            day = datetime.fromtimestamp(each["time"], UTC).strftime("%Y-%m-%d")
            lines.append(f"{day},{each['uetr']},{'-' if units < 0 else ''}{abs(units) // 100}.{abs(units) % 100:02}")
    books = tmp_path / "books.csv"
    asked = house.words("reconcile", str(books), "--account", "nairobi", "--money", "USD@bank", *days, "--json")

    books.write_text("\n".join(lines), "utf-8")
    same = sogdia(*asked)
    books.write_text("\n".join(lines[:-1]), "utf-8")
    short = sogdia(*asked)

    assert (same.status, same.document["all_matches"]) == (Exit.DONE, True)
    assert (short.status, len(short.document["missing_there"])) == (Exit.DAMAGED, 1)
