"""What holds for any files: nothing is lost, the order of the files doesn't matter, and the oracle agrees."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sogdia.simulate.online_retail.lines import parse_line, read_files
from sogdia.simulate.online_retail.plan import make_plan
from sogdia.simulate.online_retail.report import LedgerFigures, build_report, planned_money
from tests.simulate.online_retail.invoices import row, text
from tests.simulate.online_retail.oracle import totals_of

# Few values, so that invoices, customers, codes and times meet often.
ROWS = st.builds(
    row,
    invoice=st.sampled_from(["536365", "536366", "536367", "C536365", "C536379", "C536380", "c1"]),
    code=st.sampled_from(["85123A", "85123a", "71053", "POST", "M"]),
    quantity=st.sampled_from([*range(-4, 8), -1, -2, -1000, "6.5"]),
    price=st.sampled_from(["2.55", "2.5", "2.50", "0.335", "0.001", "0.0", "-1.25", "?"]),
    time=st.sampled_from([f"2010-12-{day:02d} 08:26:00" for day in range(1, 5)] + ["2010-02-30 08:26:00"]),
    customer=st.sampled_from(["17850.0", "17850", "13047.0", ""]),
    country=st.sampled_from(["United Kingdom", "EIRE", "Atlantis"]),
)
DIRT = st.sampled_from(["", "dirt", '"', ",,,,,,,", "1,2,3,4,5,6,7,8,9"])
FILES = st.lists(st.lists(ROWS | DIRT, max_size=25), min_size=1, max_size=4)


def written(folder, files):
    """Write files, each told apart by a first line of its own, since copies are refused."""
    paths = []
    for number, rows in enumerate(files):
        path = Path(folder) / f"{number}.csv"
        path.write_text(text(f"file {number}", *rows), encoding="utf-8")
        paths.append(path)
    return paths


@given(FILES, st.randoms(use_true_random=False))
def test_lines_in_are_lines_accounted_for_whatever_the_order_of_the_files(files, random):
    with tempfile.TemporaryDirectory() as folder:
        paths = written(folder, files)
        planned = make_plan(read_files(paths))
        random.shuffle(paths)
        shuffled = make_plan(read_files(paths))

    places = [(judged.file, judged.line_number) for judged in planned.judged]
    assert len(places) == len(set(places)) == sum(len(rows) + 1 for rows in files)
    assert planned == shuffled


@given(FILES)
def test_the_oracle_comes_to_the_same_classes_and_money(files):
    with tempfile.TemporaryDirectory() as folder:
        paths = written(folder, files)
        planned = make_plan(read_files(paths))
        expected = totals_of(paths)

    assert {(line.file, line.line_number): line.line_class.value for line in planned.judged} == expected.class_of
    assert_same_money(planned, expected)


@given(st.lists(ROWS, max_size=40))
def test_no_line_gives_back_more_than_was_bought_or_paid(rows):
    with tempfile.TemporaryDirectory() as folder:
        planned = make_plan(read_files(written(folder, [rows])))

    quantity: Counter[tuple[str, str, int]] = Counter()
    pence: Counter[tuple[str, str, int]] = Counter()
    for back in planned.returns:
        assert sum(piece.quantity for piece in back.pieces) == -back.source.quantity
        for piece in back.pieces:
            assert piece.ordered_at <= back.time
            quantity[back.party, piece.order_invoice, piece.order_line] += piece.quantity
            pence[back.party, piece.order_invoice, piece.order_line] += piece.refund_pence
    for order in planned.orders:
        for line in order.lines:
            name = (order.party, order.invoice, line.number)
            assert quantity.pop(name, 0) <= line.quantity
            assert pence.pop(name, 0) <= line.total_pence
    assert not quantity


@given(st.text(max_size=120))
def test_no_text_whatsoever_stops_the_reader(anything):
    read = parse_line("day.csv", 2, anything)

    assert read.line_number == 2


def assert_same_money(planned, expected):
    """Compare the report's money and sums with the oracle's."""
    report = build_report(planned, LedgerFigures(0, 0, 0.0, tuple(planned_money(planned)), ()))
    tables = {"country": report.money_by_country, "day": report.money_by_day, "product": report.money_by_product}
    for key, table in tables.items():
        in_pence = {name: {"sold": sums.sold, "returned": sums.returned} for name, sums in table.items()}
        assert in_pence == expected.money_by(key)
    moved = {name: pence for name, pence in report.sums_by_class.items() if pence}
    assert moved == {name: pence for name, pence in expected.own_sums.items() if pence}
    assert len(list(planned.orders)) == len(expected.orders)
