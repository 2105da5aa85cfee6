"""The driver on small files of the format: every line comes to what it should on a real ledger, whatever the dirt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel.accounts import PARTIES
from sogdia.modules import ALL
from sogdia.modules.market.orders import DeclineOrder
from sogdia.modules.market.records import LISTINGS, LineQuantity
from sogdia.modules.market.returns import RequestReturn
from sogdia.simulate.online_retail import clerk, driver
from sogdia.simulate.online_retail.driver import run
from sogdia.simulate.online_retail.lines import InputRefused
from sogdia.simulate.online_retail.network import seed_from_text
from sogdia.simulate.online_retail.plan import Way
from tests.simulate.online_retail.invoices import row
from tests.simulate.online_retail.replays import SEED, balances, ending, money, replayed, timeless, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.engine.ledger.sealing import Built

DECEMBER_1 = "2010-12-01 08:26:00"


def test_a_sale_is_paid_to_the_retailer_when_the_window_has_ended(tmp_path):
    report = replayed(tmp_path, row(quantity=6, price="2.55"), row(code="71053", quantity=2, price="3.39"))

    assert report.lines_by_class["ordered"] == 2
    assert (report.orders, report.transactions, report.refusals) == (1, 9, ())
    assert money(report.money_by_country) == {"United Kingdom": (2208, 0)}
    assert money(report.money_by_day) == {"2010-12-01": (2208, 0)}
    assert money(report.money_by_product) == {"71053": (678, 0), "85123A": (1530, 0)}
    assert list(balances(tmp_path / "ledger").values()) == [2208]


def test_the_ledger_rounds_prices_finer_than_a_penny_half_up_by_the_line(tmp_path):
    report = replayed(
        tmp_path,
        row(code="11111", quantity=5, price="0.001"),
        row(code="22222", quantity=4, price="0.001", invoice="536366"),
        row(code="33333", quantity=3, price="1.115"),
        row(code="44444", quantity=7, price="0.000000000001", invoice="536367"),
    )

    assert money(report.money_by_product) == {"11111": (1, 0), "33333": (335, 0)}
    assert report.lines_by_class["nonpositive_sale"] == 2


def test_goods_come_back_out_of_escrow_until_the_last_second_of_the_window_and_from_the_retailer_after_it(tmp_path):
    in_time = row(invoice="C536400", quantity=-1, time="2010-12-15 08:26:00")
    too_late = row(invoice="C536401", quantity=-2, time="2010-12-15 08:26:01")

    report = replayed(tmp_path, row(), in_time, too_late)

    assert [(piece.way, piece.quantity, piece.pence) for piece in report.returns] == [
        ("returned_in_window", 1, 255),
        ("refunded_after_window", 2, 510),
    ]
    assert money(report.money_by_day) == {"2010-12-01": (1530, 0), "2010-12-15": (0, 765)}
    assert sorted(balances(tmp_path / "ledger").values()) == [765, 765]


def test_a_refund_one_second_after_the_window_finds_its_order_closed_however_much_falls_due_with_it(tmp_path):
    large = [row(invoice=str(536_500 + nth), customer=str(nth)) for nth in range(4) for _ in range(900)]
    late = [row(invoice=f"C{nth}", customer=str(nth), quantity=-6, time="2010-12-15 08:26:01") for nth in range(4)]

    report = replayed(tmp_path, *large, *late)

    assert report.refusals == ()
    assert report.ways_back["refunded_after_window"] == {"pieces": 4, "pence": 4 * 1530}


def test_a_window_of_no_days_ends_in_the_second_in_which_the_order_is_delivered(tmp_path):
    at_once = row(invoice="C536400", quantity=-1)
    later = row(invoice="C536401", quantity=-1, time="2010-12-01 08:26:01")

    report = replayed(tmp_path, row(), at_once, later, return_window=0)

    assert [piece.way for piece in report.returns] == ["returned_in_window", "refunded_after_window"]


def test_one_cancellation_takes_from_an_open_and_a_closed_order_each_its_way(tmp_path):
    report = replayed(
        tmp_path,
        row(invoice="536365", quantity=3, price="2.55"),
        row(invoice="536365", quantity=2, price="2.95"),
        row(invoice="536800", quantity=4, price="1.95", time="2010-12-10 09:00:00"),
        row(invoice="C536900", quantity=-8, price="2.55", time="2010-12-16 09:00:00"),
    )

    assert [(piece.order_invoice, piece.order_line, piece.way, piece.pence) for piece in report.returns] == [
        ("536365", 1, "refunded_after_window", 765),
        ("536365", 2, "refunded_after_window", 590),
        ("536800", 1, "returned_in_window", 585),
    ]
    assert report.refusals == ()
    assert len(report.price_differences) == 1


def test_a_line_can_be_refunded_bit_by_bit_after_settlement_and_comes_to_what_was_paid(tmp_path):
    late = [row(invoice=f"C{nth}", quantity=-1, time="2010-12-20 10:00:00") for nth in range(3)]
    rest = row(invoice="C9", quantity=-1, time="2010-12-21 10:00:00")

    report = replayed(tmp_path, row(quantity=4, price="0.333"), *late, rest)

    assert [piece.pence for piece in report.returns] == [33, 33, 33, 34]
    assert money(report.money_by_product) == {"85123A": (133, 133)}
    assert list(balances(tmp_path / "ledger").values()) == [133]


def test_every_line_of_a_dirty_file_ends_in_one_class(tmp_path):
    report = replayed(
        tmp_path,
        row(),
        row(customer=""),
        row(code="POST", price="18.00"),
        row(price="0.0"),
        row(quantity=-3),
        row(invoice="C1", quantity=-1, customer="99999"),
        row(invoice="C2", quantity=-7),
        row(invoice="C3", quantity=-6),
        row(quantity="six"),
        "",
    )

    assert {name: lines for name, lines in report.lines_by_class.items() if lines} == {
        "ordered": 1,
        "guest_ordered": 1,
        "adjustment": 1,
        "zero_price": 1,
        "nonpositive_sale": 1,
        "cancellation_without_purchase": 1,
        "exceeds_purchase": 1,
        "returned": 1,
        "malformed": 2,
    }
    assert report.lines == 10
    assert report.refusals == ()


def test_a_file_without_a_sale_is_replayed_too(tmp_path):
    report = replayed(tmp_path, "nonsense", row(code="POST"))

    assert (report.lines, report.orders, report.money_by_country) == (2, 0, {})
    assert report.lines_by_class["malformed"] == 1


def test_stock_codes_of_any_writing_are_listed_under_references_of_their_own(tmp_path):
    codes = ("22222/ü", "22222/Ü", "12345678901234567", "85123a", "85123A")

    report = replayed(tmp_path, *(row(code=code, quantity=1, price="1.00") for code in codes))

    assert money(report.money_by_product) == dict.fromkeys(sorted(codes), (100, 0))
    assert titles(tmp_path / "ledger") == {f"{code} WHITE HANGING HEART T-LIGHT HOLDER" for code in codes}


def test_a_description_that_could_deceive_is_left_out_of_the_title(tmp_path):
    mixed = "PA\u0420ER CHAIN"  # the third letter is Cyrillic

    report = replayed(
        tmp_path,
        row(code="11111", description=mixed),
        row(code="22222\u0410a"),
        row(code="33333", description="X" * 200),
    )

    assert report.refusals == ()
    assert titles(tmp_path / "ledger") == {"11111", "Article x-1", "33333 " + "X" * 194}


def test_a_code_with_more_prices_than_a_listing_holds_gets_another_listing(tmp_path):
    rows = [row(quantity=1, price=f"{nth}.50") for nth in range(1, 402)]

    report = replayed(tmp_path, *rows)

    assert report.refusals == ()
    assert money(report.money_by_product) == {"85123A": (sum(100 * nth + 50 for nth in range(1, 402)), 0)}
    assert len(titles(tmp_path / "ledger")) == 1


def test_a_price_of_too_many_digits_is_refused_by_the_ledger_and_takes_only_its_own_order_along(tmp_path):
    report = replayed(tmp_path, row(price="99999.123456789012"), row(code="71053"), row(invoice="536366"))

    assert [(each.number, each.name, each.times) for each in report.refusals] == [(408, "VARIANT_UNKNOWN", 1)]
    assert report.refusals[0].first == "PlaceOrder: order 536365"
    assert (report.lines_by_class["refused"], report.lines_by_class["ordered"]) == (2, 1)
    assert money(report.money_by_country) == {"United Kingdom": (1530, 0)}


def test_what_the_ledger_refuses_stops_nothing_and_is_counted_with_its_returns(tmp_path, monkeypatch):
    monkeypatch.setattr("sogdia.simulate.online_retail.catalogue.STOCK_MAX", 5)
    back = row(invoice="C1", quantity=-6, time="2010-12-02 10:00:00")

    report = replayed(tmp_path, row(quantity=6), back, row(invoice="536366", code="71053", quantity=5))

    assert [(each.number, each.name, each.times, each.first) for each in report.refusals] == [
        (0, "IN_NO_BLOCK", 1, "return C1 of C-17850, order 536365 line 1"),
        (415, "STOCK_INSUFFICIENT", 1, "PlaceOrder: order 536365"),
    ]
    assert (report.lines_by_class["refused"], report.lines_by_class["ordered"], report.orders) == (2, 1, 1)
    assert money(report.money_by_product) == {"71053": (1275, 0)}


def test_what_is_kept_out_of_every_block_is_counted_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(clerk, "VALIDITY_SECONDS", 40 * 86_400)

    report = replayed(tmp_path, row(), row(invoice="536366"))

    assert {(each.number, each.name) for each in report.refusals} == {(104, "VALIDITY_TOO_LONG")}
    assert (report.lines_by_class["refused"], report.orders, report.transactions) == (2, 0, 0)


def test_an_order_that_is_declined_is_no_sale(tmp_path, monkeypatch):
    monkeypatch.setattr(clerk, "AcceptOrder", DeclineOrder)
    back = row(invoice="C1", quantity=-1, time="2010-12-02 10:00:00")

    report = replayed(tmp_path, row(), back)

    assert (report.orders, report.lines_by_class["refused"], report.money_by_day) == (0, 2, {})
    assert [(each.number, each.first) for each in report.refusals] == [
        (421, "ShipOrder: order 536365 of C-17850"),
        (436, "RefundLate: order 536365 of C-17850"),
    ]
    assert list(balances(tmp_path / "ledger").values()) == [1530]


def test_a_return_that_is_refused_counts_once_and_the_next_one_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(clerk, "RequestReturn", asking_for_more(RequestReturn, times=1))
    back = [row(invoice=f"C{quantity}", quantity=-quantity, time="2010-12-02 10:00:00") for quantity in (1, 2)]

    report = replayed(tmp_path, row(quantity=6, price="0.251"), *back)

    assert [(each.number, each.times, each.first) for each in report.refusals] == [
        (430, 1, "RequestReturn: order 536365 of C-17850")
    ]
    assert [(piece.cancellation, piece.quantity, piece.pence) for piece in report.returns] == [("C2", 2, 50)]
    assert (report.lines_by_class["refused"], report.lines_by_class["returned"]) == (1, 1)
    assert money(report.money_by_product) == {"85123A": (151, 50)}


def test_parties_have_keys_of_their_own_and_each_guest_invoice_is_a_party(tmp_path):
    replayed(
        tmp_path,
        row(customer="", country="EIRE"),
        row(customer="", invoice="536366"),
        row(customer="17850.0", invoice="536367"),
        row(customer="17850", invoice="536368"),
    )

    ledger = Ledger.open(tmp_path / "ledger", ALL)
    parties = {party.reference: party for _key, party in PARTIES.items(ledger.state())}
    ledger.abandon()
    assert parties.keys() == {"registrar", "sponsor", "issuer", "retailer", "G-536365", "G-536366", "C-17850"}
    assert len({party.keys[0].public for party in parties.values()}) == len(parties)
    assert (parties["G-536365"].country, parties["C-17850"].country) == ("IE", "GB")


def test_another_seed_makes_other_keys_and_the_same_report(tmp_path):
    path = written(tmp_path, row(), row(invoice="C1", quantity=-1))

    reports = [run([path], tmp_path / name, seed=name.encode()) for name in ("one", "two")]

    assert timeless(reports[0]) == timeless(reports[1])
    assert ending(tmp_path / "one").tip != ending(tmp_path / "two").tip


def test_a_seed_is_64_hexadecimal_digits_or_any_text():
    assert seed_from_text("ab" * 32) == b"\xab" * 32
    assert seed_from_text("ab" * 31) == b"ab" * 31
    assert seed_from_text("café") == "café".encode()


def test_the_order_of_the_files_does_not_matter(tmp_path):
    first = written(tmp_path, row(), name="a.csv")
    second = written(tmp_path, row(invoice="C1", quantity=-1, time="2010-12-03 10:00:00"), name="b.csv")

    reports = [
        run(files, tmp_path / name, seed=SEED) for name, files in (("ab", [first, second]), ("ba", [second, first]))
    ]

    assert timeless(reports[0]) == timeless(reports[1])
    assert ending(tmp_path / "ab") == ending(tmp_path / "ba")


def test_a_finished_run_given_again_adds_nothing_and_reports_the_same(tmp_path):
    rows = (row(), row(invoice="C1", quantity=-1, time="2011-01-03 10:00:00"))

    first = replayed(tmp_path, *rows)
    before = ending(tmp_path / "ledger")
    again = replayed(tmp_path, *rows)

    assert timeless(again) == timeless(first)
    assert ending(tmp_path / "ledger") == before


@pytest.mark.parametrize(
    ("rows", "seed", "return_window", "reason"),
    [
        ([row(quantity=7)], SEED, 14, "holds a run of other files"),
        ([row()], b"another", 14, "holds a run with another seed"),
        ([row()], SEED, 30, "holds a run with a return window of 14 days"),
    ],
)
def test_a_folder_of_another_run_is_refused_and_left_alone(tmp_path, rows, seed, return_window, reason):
    replayed(tmp_path, row())
    before = ending(tmp_path / "ledger")
    path = written(tmp_path, *rows, name="other.csv")

    with pytest.raises(InputRefused, match=reason):
        run([path], tmp_path / "ledger", seed=seed, return_window=return_window)

    assert ending(tmp_path / "ledger") == before


@pytest.mark.parametrize("days", [-1, 401])
def test_a_window_that_no_ledger_can_keep_is_refused(tmp_path, days):
    with pytest.raises(InputRefused, match="0 to 400 whole days"):
        replayed(tmp_path, row(), return_window=days)


def test_the_latest_invoice_and_the_longest_window_there_are_still_fit(tmp_path):
    report = replayed(tmp_path, row(time="2100-12-31 23:59:59"), return_window=400)

    assert (report.orders, report.refusals) == (1, ())


def test_progress_grows_to_the_end(tmp_path):
    path = written(tmp_path, row(), row(invoice="536366"), row(invoice="C1", quantity=-1))
    heard: list[tuple[int, int, str]] = []

    run([path], tmp_path / "ledger", seed=SEED, progress=lambda *told: heard.append(told))

    done, totals, texts = zip(*heard, strict=True)
    assert list(done) == sorted(done)
    assert (done[-1], set(totals)) == (totals[-1], {totals[-1]})
    assert any(DECEMBER_1 in each for each in texts)


def test_the_report_is_written_as_json(tmp_path):
    path = written(tmp_path, row())

    run([path], tmp_path / "ledger", seed=SEED, report=tmp_path / "report.json")

    read = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert read["money_by_country"] == {"United Kingdom": {"sold": 1530, "returned": 0}}


def test_a_run_that_is_interrupted_at_any_block_goes_on_without_duplicates(tmp_path, monkeypatch):
    for limit in ("ORDERS_IN_A_BLOCK", "ENVELOPES_IN_A_BLOCK", "BLOCKS_IN_A_COMMIT"):
        monkeypatch.setattr(driver, limit, 1)
    rows = [
        row(invoice="536365", quantity=3),
        row(invoice="536365", quantity=1, price="2.95"),
        row(invoice="536365", code="71053", quantity=3),
        row(invoice="536365", code="71053", quantity=3, customer="13047"),
        row(invoice="536366", quantity=3, customer="13047"),
        row(invoice="536367", quantity=3, time="2010-12-10 10:00:00"),
        *(row(invoice=f"C{nth}", quantity=-1, time="2010-12-01 08:26:00") for nth in range(2)),
        *(row(invoice=f"C{nth}", quantity=-2, time="2010-12-16 10:00:00") for nth in range(2, 4)),
        row(invoice="C4", code="71053", quantity=-1, time="2010-12-16 10:00:00"),
        row(invoice="C5", code="71053", quantity=-1, time="2010-12-16 10:00:00"),
        row(invoice="C6", code="71053", quantity=-2, time="2010-12-16 10:00:00", customer="13047"),
    ]
    whole = replayed(tmp_path, *rows)
    expected = ending(tmp_path / "ledger")
    ways = [(piece.cancellation, piece.way) for piece in whole.returns]

    assert ways.count(("C2", Way.REFUND)) == 2
    assert ("C3", Way.RETURN) in ways
    for stop in range(1, expected.height + 1):
        folder = tmp_path / f"stopped-{stop}"
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "execute", stopping_at(stop, Ledger.execute))
            with pytest.raises(Interrupted):
                run([tmp_path / "day.csv"], folder, seed=SEED)
        stopped_at = ending(folder).height
        report = run([tmp_path / "day.csv"], folder, seed=SEED)

        assert stopped_at == stop - 1
        assert timeless(report) == timeless(whole)
        assert ending(folder) == expected


class Interrupted(Exception):  # noqa: N818 - what happens, not an error
    """Somebody pulled the plug."""


def asking_for_more(make: Callable[..., RequestReturn], times: int) -> Callable[..., RequestReturn]:
    """Make requests that ask for more than there is, the first few times."""
    left = times

    def asking(order: bytes, lines: tuple[LineQuantity, ...]) -> RequestReturn:
        nonlocal left
        left -= 1
        return make(
            order=order, lines=tuple(LineQuantity(each.line, each.quantity + 99 * (left >= 0)) for each in lines)
        )

    return asking


def stopping_at(height: int, execute: Callable[..., Built]) -> Callable[..., Built]:
    """Make a ledger's `execute` that ends the run instead of making the block of a height."""

    def stopping(ledger: Ledger, *arguments: Any, **named: Any) -> Built:  # noqa: ANN401 - handed on as they are
        if ledger.tip.height + 1 == height:
            raise Interrupted
        return execute(ledger, *arguments, **named)

    return stopping


def titles(folder) -> set[str]:
    """Give the titles of all listings of a ledger."""
    ledger = Ledger.open(folder, ALL)
    found = {listing.title for _key, listing in LISTINGS.items(ledger.state())}
    ledger.abandon()
    return found
