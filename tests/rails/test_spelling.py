"""Accounts, amounts, rates and UETRs in the spelling of banks: read back as written, and what is wrong is seen."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sogdia.client.codes import ALPHABET
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.rails.reasons import MessageRefused, Reason, lines_of, reason_of
from sogdia.rails.spelling import (
    AccountWrong,
    contract_of,
    read_account,
    read_amount,
    spell_account,
    write_amount,
    write_moment,
    write_rate,
)
from sogdia.rails.uetr import FORM, Position, is_uetr, position_in, uetr_of

ACCOUNTS = st.binary(min_size=20, max_size=20)
CURRENCIES = st.sampled_from(sorted(MINOR_DIGITS))
HASHES = st.binary(min_size=32, max_size=32)
POSITIONS = st.builds(
    Position,
    st.integers(0, 2**34 - 1),
    st.integers(0, 2**20 - 1),
    st.integers(0, 2**14 - 1),
)


@given(ACCOUNTS)
@example(bytes(20))
@example(b"\xff" * 20)
def test_an_account_is_read_back_from_34_characters(account):
    spelt = spell_account(account)

    assert len(spelt) == 34
    assert read_account(spelt) == account
    assert read_account(spelt.lower()) == account


@given(ACCOUNTS, st.integers(0, 33), st.sampled_from(ALPHABET.upper()))
def test_one_wrong_character_is_seen(account, place, character):
    spelt = spell_account(account)
    assume(spelt[place] != character)

    with pytest.raises(AccountWrong):
        read_account(spelt[:place] + character + spelt[place + 1 :])


@given(ACCOUNTS, st.integers(0, 32))
def test_two_neighbours_that_change_places_are_seen(account, place):
    spelt = spell_account(account)
    assume(spelt[place] != spelt[place + 1])

    with pytest.raises(AccountWrong):
        read_account(spelt[:place] + spelt[place + 1] + spelt[place] + spelt[place + 2 :])


@pytest.mark.parametrize("pair", ["B1", "M2", "X3"])
def test_swaps_that_an_iban_does_not_see_are_seen(pair):
    account = next(each for each in map(spelt_with, range(2_000)) if pair in each)

    with pytest.raises(AccountWrong):
        read_account(account.replace(pair, pair[::-1], 1))


def spelt_with(number):
    """One of many accounts."""
    return spell_account(sha256(number.to_bytes(4, "big")).digest()[:20])


@pytest.mark.parametrize("text", ["", "0" * 33, "0" * 35, "U" * 32 + "00", "0" * 32 + "٣٤", "0" * 32 + "x1"])
def test_what_is_no_account_is_not_taken_for_one(text):
    with pytest.raises(AccountWrong):
        read_account(text)


@given(st.integers(1, UNITS_MAX), CURRENCIES)
def test_an_amount_is_read_back(units, currency):
    assert read_amount(write_amount(units, currency), currency) == units


@given(st.integers(-UNITS_MAX, UNITS_MAX), CURRENCIES)
def test_an_amount_has_exactly_the_digits_of_iso_4217(units, currency):
    text = write_amount(units, currency)

    assert len(text.partition(".")[2]) == MINOR_DIGITS[currency]
    assert Decimal(text).scaleb(MINOR_DIGITS[currency]) == units


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [("12.5", "USD", 1_250), ("+12.50", "USD", 1_250), ("012", "USD", 1_200), (".5", "USD", 50), ("5.", "USD", 500),
     ("7", "JPY", 7), ("0.001", "KWD", 1), ("0.01", "AFN", 1), ("1.0001", "CLF", 10_001)],
)  # fmt: skip
def test_amounts_as_xml_allows_them(text, currency, units):
    assert read_amount(text, currency) == units


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [("0", "USD", Reason.AM01), ("0.00", "USD", Reason.AM01),
     ("1.001", "USD", Reason.AM12), ("1.0", "JPY", Reason.AM12),
     ("1", "XXX", Reason.AM11), ("-1", "USD", Reason.AM12), ("1e5", "USD", Reason.AM12), ("", "USD", Reason.AM12),
     ("٣", "USD", Reason.AM12), ("1,5", "USD", Reason.AM12), (str(UNITS_MAX // 100 + 1), "USD", Reason.AM02)],
)  # fmt: skip
def test_amounts_that_are_none(text, currency, reason):
    with pytest.raises(MessageRefused) as caught:
        read_amount(text, currency)

    assert caught.value.reason is reason


@given(st.integers(1, 10**17), CURRENCIES, st.integers(1, 10**17), CURRENCIES)
def test_a_rate_fits_into_the_field_and_is_the_nearest_that_does(paid, of, got, to):
    text = write_rate(paid, of, got, to)
    exact = Decimal(got).scaleb(-MINOR_DIGITS[to]) / Decimal(paid).scaleb(-MINOR_DIGITS[of])

    if text is None:
        assert exact >= Decimal(10) ** 11 - 1 or exact < Decimal(10) ** -10
        return
    whole, _, fraction = text.partition(".")
    assert len((whole + fraction).lstrip("0")) <= 11
    assert len(fraction) <= 10
    last = Decimal(1).scaleb(-min(10, 11 - len(whole)))
    assert abs(Decimal(text) - exact) <= last / 2 + exact * Decimal(10) ** -25


def test_som_for_a_dollar_do_not_fit_exactly_and_are_rounded():
    assert write_rate(10_000_000_000, "USD", 117_922_240_644_117, "UZS") == "11792.224064"


def test_a_contract_is_the_beginning_of_the_digest():
    assert contract_of(bytes(range(32))) == "000102030405060708090a0b0c0d0e0f"


def test_moments_are_in_utc():
    assert write_moment(1_700_000_000) == "2023-11-14T22:13:20Z"


@given(HASHES, HASHES, POSITIONS)
def test_a_uetr_has_the_form_of_a_uuid_of_version_4_and_leads_back(network, result, position):
    uetr = uetr_of(network, result, position)

    assert FORM.match(uetr)
    assert is_uetr(uetr)
    assert position_in(network, uetr) == position


@given(HASHES, HASHES, HASHES, POSITIONS)
def test_on_another_network_and_for_another_result_a_uetr_is_another(network, result, other, position):
    assume(other not in (network, result))

    assert uetr_of(other, result, position) != uetr_of(network, result, position)
    assert uetr_of(network, other, position) != uetr_of(network, result, position)


GOOD = "4e6f2c1a-93d4-4b7e-8c05-1f2a3b4c5d6e"


@pytest.mark.parametrize(
    "text", ["", GOOD.upper(), GOOD + "\n", GOOD.replace("-4b", "-1b"), GOOD.replace("-8c", "-7c"), GOOD[1:]]
)
def test_what_is_no_uetr(text):
    assert not is_uetr(text)


def test_a_rule_without_a_code_of_its_own_is_told_in_its_sentence():
    assert reason_of(303) == (Reason.NARR, "Only an issuer may do this. Ask the issuer.")
    assert reason_of(310)[0] is Reason.AM04
    assert reason_of(99_999) == (Reason.NARR, "Refusal 99999 of the ledger.")


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=40), min_size=1))
def test_a_sentence_is_cut_between_words(words):
    lines = lines_of(" ".join(words))

    assert " ".join(lines) == " ".join(words)
    assert all(len(line) <= 105 for line in lines)


def test_a_uetr_is_written_down_and_stays_as_it_is():
    """Its check speaks of the network as well as of the result; whoever keeps UETRs finds them again in years."""
    assert uetr_of(bytes(32), bytes([1]) * 32, Position(7, 3, 16)) == "0fa19f8c-5fe4-4f79-ba9d-55631a484ee4"
