"""Reading invoice files: what is read, what is malformed and why, and which files are refused."""

from __future__ import annotations

import pytest

from sogdia.simulate.online_retail.lines import (
    FILE_BYTES_MAX,
    InputRefused,
    InvoiceLine,
    Malformed,
    parse_file,
    parse_line,
    read_files,
)
from tests.simulate.online_retail.invoices import HEADER, line, row, sheet, text


def test_a_line_is_read_with_all_its_fields():
    read = sheet(row()).lines

    assert read == (
        InvoiceLine(
            file="day.csv",
            line_number=2,
            invoice="536365",
            stock_code="85123A",
            description="WHITE HANGING HEART T-LIGHT HOLDER",
            quantity=6,
            time=1_291_191_960,
            unit_price_e12=2_550_000_000_000,
            customer="17850",
            country="United Kingdom",
        ),
    )


def test_a_comma_or_a_quotation_mark_inside_quotation_marks_belongs_to_the_field():
    read = line(row(description='"AIRLINE LOUNGE, ""METAL"" SIGN"'))

    assert read.description == 'AIRLINE LOUNGE, "METAL" SIGN'


@pytest.mark.parametrize(
    ("written", "customer"), [("17850.0", "17850"), ("17850", "17850"), ("017850", "17850"), ("", None), ("  ", None)]
)
def test_a_customer_number_is_one_number_however_written_and_blank_means_a_guest(written, customer):
    assert line(row(customer=written)).customer == customer


def test_codes_and_countries_are_kept_exactly_as_written():
    read = line(row(code="47503J ", country="EIRE "))

    assert (read.stock_code, read.country) == ("47503J ", "EIRE ")


MALFORMED = [
    ("", "the line is blank"),
    ("536365,85123A", "the number of columns is 2, not 8"),
    (row() + ",", "the number of columns is 9, not 8"),
    (row(description='"UNCLOSED'), "quotation marks must close on the line"),
    (row(description='"CLOSED"EARLY'), "quotation marks must close on the line"),
    (row(description="LONE\rRETURN"), "the line is not CSV"),
    (row(description="X" * 201), "Description has 201 bytes; 200 is the most"),
    (row(description="£" * 101), "Description has 202 bytes; 200 is the most"),
    (row(description="X" * 4096), "characters; 4096 is the most"),
    (row(invoice=""), "InvoiceNo is ''"),
    (row(invoice="536365 "), "InvoiceNo is '536365 '"),
    (row(invoice="5" * 15), "not 1 to 14 of the characters"),
    (row(invoice="\uff15\uff13\uff16\uff13\uff16\uff15"), r"InvoiceNo is '\uff15"),
    (row(code=""), "StockCode is blank"),
    (row(code="   "), "StockCode is blank"),
    (row(code="8" * 33), "StockCode has 33 characters; 32 is the most"),
    (row(code="85123A\u200b"), r"StockCode is '85123A\u200b' and holds an invisible character"),
    (row(code="85123\u202eA"), r"StockCode is '85123\u202eA' and holds an invisible character"),
    (row(country=""), "Country is blank"),
    (row(country="X" * 65), "Country has 65 characters; 64 is the most"),
    (row(country="United\0Kingdom"), r"Country is 'United\x00Kingdom' and holds an invisible character"),
    (row(quantity=""), "Quantity is ''"),
    (row(quantity="6.0"), "Quantity is '6.0'"),
    (row(quantity="six"), "Quantity is 'six'"),
    (row(quantity="+6"), "Quantity is '+6'"),
    (row(quantity="6_0"), "Quantity is '6_0'"),
    (row(quantity="\u0666"), r"Quantity is '\u0666'"),
    (row(quantity=1_000_001), "Quantity is '1000001', not a whole number of at most 1000000"),
    (row(quantity=-1_000_001), "Quantity is '-1000001'"),
    (row(quantity="9" * 5000), "the line has 5"),
    (row(price=""), "UnitPrice is ''"),
    (row(price="nan"), "UnitPrice is 'nan'"),
    (row(price="inf"), "UnitPrice is 'inf'"),
    (row(price="1e3"), "UnitPrice is '1e3'"),
    (row(price=".5"), "UnitPrice is '.5'"),
    (row(price="5."), "UnitPrice is '5.'"),
    (row(price="£5"), r"UnitPrice is '\xa35'"),
    (row(price='"1,50"'), "UnitPrice is '1,50'"),
    (row(price="1000000.01"), "UnitPrice is '1000000.01', not a decimal number of at most 1000000 pounds"),
    (row(price="0.0000000000001"), "and 12 decimals"),
    (row(customer="17850.5"), "CustomerID is '17850.5'"),
    (row(customer="-1"), "CustomerID is '-1'"),
    (row(customer="nan"), "CustomerID is 'nan'"),
    (row(customer="1234567890"), "not a whole number of at most 9 digits"),
    (row(time=""), "InvoiceDate is '': not written as YYYY-MM-DD HH:MM:SS"),
    (row(time="12/1/2010 8:26"), "InvoiceDate is '12/1/2010 8:26': not written as"),
    (row(time="2010-12-01T08:26:00"), "not written as YYYY-MM-DD HH:MM:SS"),
    (row(time="2010-12-01 08:26"), "not written as YYYY-MM-DD HH:MM:SS"),
    (row(time="2010-12-01 08:26:00Z"), "not written as YYYY-MM-DD HH:MM:SS"),
    (row(time="2010-02-29 08:26:00"), "InvoiceDate is '2010-02-29 08:26:00': no calendar or clock has it"),
    (row(time="2010-13-01 08:26:00"), "no calendar or clock has it"),
    (row(time="2010-00-01 08:26:00"), "no calendar or clock has it"),
    (row(time="2010-12-32 08:26:00"), "no calendar or clock has it"),
    (row(time="2010-12-01 24:00:00"), "no calendar or clock has it"),
    (row(time="2010-12-01 08:60:00"), "no calendar or clock has it"),
    (row(time="2010-12-01 23:59:60"), "no calendar or clock has it"),
    (row(time="1969-12-31 23:59:59"), "not in the years 1970 to 2100"),
    (row(time="2101-01-01 00:00:00"), "not in the years 1970 to 2100"),
    (row(time="0000-01-01 00:00:00"), "not in the years 1970 to 2100"),
]


@pytest.mark.parametrize(("dirt", "reason"), MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_line_says_where_and_why_and_spares_its_neighbours(dirt, reason):
    before, spoilt, after = sheet(row(), dirt, row()).lines

    assert isinstance(spoilt, Malformed)
    assert (spoilt.file, spoilt.line_number) == ("day.csv", 3)
    assert reason in spoilt.reason
    assert isinstance(before, InvoiceLine)
    assert isinstance(after, InvoiceLine)


READABLE_TO_THE_LIMIT = [
    row(description=""),
    row(description="X" * 200),
    row(description="£" * 100),
    row(invoice="5" * 14),
    row(code="8" * 32),
    row(country="X" * 64),
    row(quantity=1_000_000),
    row(quantity=-1_000_000),
    row(quantity=0),
    row(price="1000000"),
    row(price="-1000000.00"),
    row(price="0.000000000001"),
    row(customer="999999999"),
    row(time="1970-01-01 00:00:00"),
    row(time="2100-12-31 23:59:59"),
    row(time="2012-02-29 00:00:00"),
]


@pytest.mark.parametrize("allowed", READABLE_TO_THE_LIMIT, ids=range(len(READABLE_TO_THE_LIMIT)))
def test_a_value_at_its_limit_is_read(allowed):
    assert isinstance(parse_line("day.csv", 2, allowed), InvoiceLine)


def test_a_message_never_repeats_a_long_value_in_full():
    spoilt = parse_line("day.csv", 2, row(price="9" * 1000))

    assert isinstance(spoilt, Malformed)
    assert len(spoilt.reason) < 200


@pytest.mark.parametrize(
    "raw",
    [
        text(row(), row()).encode(),
        text(row(), row()).encode("utf-8-sig"),
        text(row(), row()).replace("\n", "\r\n").encode(),
        text(row(), row()).removesuffix("\n").encode(),
    ],
    ids=["plain", "byte order mark", "carriage returns", "no last line end"],
)
def test_the_way_of_ending_lines_and_a_byte_order_mark_change_nothing(raw):
    assert parse_file("day.csv", raw).lines == sheet(row(), row()).lines


def test_every_line_is_accounted_for_even_blank_ones():
    read = parse_file("day.csv", f"{HEADER}\n\n{row()}\n\n".encode())

    assert [(type(line), line.line_number) for line in read.lines] == [
        (Malformed, 2),
        (InvoiceLine, 3),
        (Malformed, 4),
    ]


def test_a_file_with_a_header_alone_has_no_lines():
    assert parse_file("day.csv", HEADER.encode()).lines == ()


REFUSED_FILES = [
    (text(row(), row(description="CAFÉ")).encode("latin-1"), "day.csv, line 3", "byte 0xC9 is not UTF-8"),
    (text(row(), row(description="£40")).encode("cp1252"), "day.csv, line 3", "byte 0xA3 is not UTF-8"),
    (text(row()).encode("utf-16"), "day.csv, line 1", "begins with the mark of UTF-16 or UTF-32"),
    (b"\xfe\xff" + text(row()).encode("utf-16-be"), "day.csv, line 1", "begins with the mark of UTF-16"),
    (text(row()).encode("utf-32"), "day.csv, line 1", "begins with the mark of UTF-16 or UTF-32"),
    (text(row()).encode("utf-16-le"), "day.csv, line 1", "holds zero bytes, as UTF-16 does"),
    (b"", "day.csv, line 1", "the header is ''"),
    (row().encode(), "day.csv, line 1", "the header is '536365,85123A"),
    (text(row()).replace(",", ";").encode(), "day.csv, line 1", "the header is 'InvoiceNo;StockCode"),
    (text(row()).replace("\n", "\r").encode(), "day.csv, line 1", "the header is 'InvoiceNo,StockCode"),
    (text(row()).replace("Country", "Land").encode(), "day.csv, line 1", "the header is 'InvoiceNo,StockCode"),
    (text(row()).lower().encode(), "day.csv, line 1", "the header is 'invoiceno,stockcode"),
    (b"StockCode,InvoiceNo,Description\n", "day.csv, line 1", "the header is 'StockCode,InvoiceNo"),
]


@pytest.mark.parametrize(("raw", "where", "reason"), REFUSED_FILES, ids=range(len(REFUSED_FILES)))
def test_a_file_of_another_kind_is_refused_with_the_line_the_reason_and_a_way_out(raw, where, reason):
    with pytest.raises(InputRefused) as refused:
        parse_file("day.csv", raw)

    assert refused.value.where == where
    assert reason in refused.value.reason
    assert refused.value.way_out
    assert str(refused.value) == f"{where}: {refused.value.reason}. {refused.value.way_out}"


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputRefused, match="cannot be read"):
        read_files([tmp_path / "missing.csv"])
    with pytest.raises(InputRefused, match="cannot be read"):
        read_files([tmp_path])


def test_a_file_beyond_the_limit_is_refused_before_it_fills_the_memory(tmp_path):
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as opened:
        opened.truncate(FILE_BYTES_MAX + 1)

    with pytest.raises(InputRefused, match="is longer than"):
        read_files([huge])


def test_the_same_lines_given_twice_are_refused_under_any_name(tmp_path):
    first, copy = tmp_path / "a.csv", tmp_path / "b.csv"
    for path in (first, copy):
        path.write_text(text(row()), encoding="utf-8")

    with pytest.raises(InputRefused, match=r"b\.csv: holds the same bytes as a\.csv"):
        read_files([copy, first])
    with pytest.raises(InputRefused, match="holds the same bytes"):
        read_files([first, first])


def test_files_without_lines_may_be_alike(tmp_path):
    for name in ("saturday.csv", "sunday.csv"):
        (tmp_path / name).write_text(text(), encoding="utf-8")

    assert [file.lines for file in read_files(sorted(tmp_path.iterdir()))] == [(), ()]


def test_files_that_share_a_name_are_called_by_their_paths(tmp_path):
    paths = [tmp_path / folder / "day.csv" for folder in ("monday", "tuesday")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(text(row(invoice=str(len(str(path))))), encoding="utf-8")
    other = tmp_path / "other.csv"
    other.write_text(text(row()), encoding="utf-8")

    names = {file.name for file in read_files([*paths, other])}

    assert names == {str(paths[0]), str(paths[1]), "other.csv"}


def test_files_are_ordered_by_their_first_readable_time_whatever_they_are_called(tmp_path):
    late, early = tmp_path / "a.csv", tmp_path / "b.csv"
    late.write_text(text("dirt", row(time="2010-12-02 09:00:00")), encoding="utf-8")
    early.write_text(text(row(time="2010-12-01 09:00:00")), encoding="utf-8")

    assert [file.name for file in read_files([late, early])] == ["b.csv", "a.csv"]
    assert read_files([late, early]) == read_files([early, late])
