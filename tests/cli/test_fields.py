"""Values as people type them: what they mean, and what is said about those that mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.cli.amounts import read_amount, units_of
from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.fields import Reading, parse_json, read_text
from sogdia.cli.keyring import Keyring
from sogdia.cli.moments import read_length, read_moment
from sogdia.cli.naming import Naming, Network
from sogdia.cli.operations import Given, Meaning, read_operation
from sogdia.client.codes import account_code, name_code
from sogdia.client.declared import operations
from sogdia.client.shapes import fields_of
from sogdia.client.wording import amount_words, change_words, from_now_words, length_words, moment_words
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import NO_ACCOUNT, account_of, name_of
from sogdia.modules.market.listings import AddVariant
from sogdia.modules.market.orders import OrderLine, PlaceOrder
from sogdia.modules.market.records import Offer, Tier
from sogdia.modules.money import Asset
from sogdia.modules.money.iso4217 import MINOR_DIGITS

NETWORK = bytes(range(32))
BUKHARA = account_of(NETWORK, NO_ACCOUNT, "bukhara")
BANK = account_of(NETWORK, NO_ACCOUNT, "bank")
NOW = 1_795_000_000


@pytest.fixture
def reading() -> Reading:
    """Read with the names of a genesis of two parties, and no keys."""
    ring = Keyring(Path("/nowhere"))
    naming = Naming(ring, lambda: Network(NETWORK, frozenset({"bukhara", "bank"})))
    return Reading(naming, ring, lambda: NOW, lambda: Asset("USD", BANK))


def shape_of(declared, name):
    return next(each.shape for each in fields_of(declared) if each.name == name)


def ordered(reading: Reading, **texts: str) -> PlaceOrder:
    return read_operation(
        PlaceOrder,
        Given({name: [text] for name, text in texts.items()}, {}),
        reading,
        Meaning(lambda _values, _field: Asset("USD", BANK), lambda *_: b""),
    )


# ------------------------------------------------------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    ("text", "meant", "units"),
    [
        ("1250", "USD", 1250),
        ("12.50", "USD", 1250),
        ("12.5", "USD", 1250),
        ("12.50 USD", None, 1250),
        ("12.50usd", None, 1250),
        ("12 USD", None, 1200),
        ("12.", "USD", None),
        ("12 JPY", None, 12),
        ("12.0 JPY", None, 12),
        ("12.5 JPY", None, None),
        ("1.234 KWD", None, 1234),
        ("1.2345 KWD", None, None),
        ("1.2340 KWD", None, 1234),
        ("0.01 USD", None, 1),
        ("12.50", None, None),
        ("12,50", "USD", None),
        ("1,250.00", "USD", None),
        ("-5", "USD", None),
        ("+5", "USD", None),
        ("1e3", "USD", None),
        ("१२", "USD", None),
        ("12 XXX", None, None),
        ("", "USD", None),
        (" 12.50 USD ", None, 1250),
        ("9" * 21, "USD", None),
    ],
)
def test_an_amount_means_whole_minor_units_or_nothing(text, meant, units):
    if units is None:
        with pytest.raises(Stopped) as stopped:
            units_of(read_amount(text), meant)
        assert stopped.value.status == Exit.USAGE
        assert stopped.value.way_out
    else:
        assert units_of(read_amount(text), meant) == units


@given(st.integers(0, 2**62 - 1), st.sampled_from(sorted(MINOR_DIGITS)))
def test_every_amount_is_read_back_as_it_was_written(units, currency):
    assert units_of(read_amount(amount_words(units, currency)), None) == units


def test_gains_and_losses_carry_their_sign():
    assert change_words(1250, "USD") == "+12.50 USD"
    assert change_words(-1, "USD") == "−0.01 USD"
    assert amount_words(7, None) == "7 units"


# ------------------------------------------------------------------------------------------------------------- moments


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", 0),
        ("1795000000", 1_795_000_000),
        ("2026-11-22T10:00:00Z", 1_795_341_600),
        ("2026-11-22T10:00:00", 1_795_341_600),
        ("2026-11-22 12:00+02:00", 1_795_341_600),
        ("2026-11-22", 1_795_305_600),
        ("+90", NOW + 90),
        ("+1d12h", NOW + 129_600),
        ("4294967295", 2**32 - 1),
        ("4294967296", None),
        ("1969-12-31T23:59:59Z", None),
        ("0001-01-01T00:00+14:00", None),
        ("tomorrow", None),
        ("+", None),
        ("+3x", None),
        ("+99999999999", None),
        ("9" * 5000, None),
        ("", None),
    ],
)
def test_a_moment_is_seconds_a_date_or_a_length_from_now(text, moment):
    if moment is None:
        with pytest.raises(Stopped):
            read_moment(text, NOW)
    else:
        assert read_moment(text, NOW) == moment


def test_a_moment_from_now_needs_a_now():
    with pytest.raises(Stopped) as stopped:
        read_moment("+3d", None)

    assert "--node" in stopped.value.way_out


def test_lengths_and_moments_are_said_in_words():
    assert read_length("1w2d") == 777_600
    assert length_words(777_600) == "9 days"
    assert length_words(3_661) == "1 hour 1 minute"
    assert moment_words(1_795_341_600) == "2026-11-22 10:00:00 UTC"
    assert from_now_words(100, 40) == "in 1 minute"
    assert from_now_words(40, 100) == "1 minute ago"


# ------------------------------------------------------------------------------------------------ accounts and objects


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("@bukhara", BUKHARA),
        ("@bank/ali", account_of(NETWORK, BANK, "ali")),
        (account_code(BUKHARA), BUKHARA),
        (account_code(BUKHARA).upper().replace("-", " "), BUKHARA),
        (BUKHARA.hex(), BUKHARA),
    ],
)
def test_an_account_has_several_names(reading, text, account):
    assert reading.naming.account(text) == account


@pytest.mark.parametrize(
    "text", ["@bukara", "@", "@a/", "@bank/" + "x" * 17, "bukhara", "", "acct-0000", "ab" * 19, "@b b"]
)
def test_what_is_no_account_is_said_to_be_none(reading, text):
    with pytest.raises(Stopped) as stopped:
        reading.naming.account(text)

    assert stopped.value.status in (Exit.USAGE, Exit.NOT_FOUND)


def test_a_wrong_character_in_a_code_is_pointed_at(reading):
    code = account_code(BUKHARA)
    wrong = code[:7] + ("0" if code[7] != "0" else "1") + code[8:]

    with pytest.raises(Stopped) as stopped:
        reading.naming.account(wrong)

    assert "group 2" in stopped.value.message


@pytest.mark.parametrize("text", ["@bukhara/o1", name_code(name_of(BUKHARA, "o1")), name_of(BUKHARA, "o1").hex()])
def test_an_object_has_several_names(reading, text):
    assert reading.naming.name(text) == name_of(BUKHARA, "o1")


@pytest.mark.parametrize("text", ["o1", "@bukhara/", "@bukhara/o 1", "/o1", "name-", "ff" * 40, "@nobody/o1"])
def test_what_is_no_object_is_said_to_be_none(reading, text):
    with pytest.raises(Stopped):
        reading.naming.name(text)


@pytest.mark.parametrize("text", ["USD@bank", "usd@@bank", f"USD@{account_code(BANK)}", f"USD@{BANK.hex()}"])
def test_money_is_a_currency_of_an_issuer(reading, text):
    assert reading.naming.asset(text) == Asset("USD", BANK)


@pytest.mark.parametrize("text", ["USD", "@bank", "DOLLAR@bank", "USD@", "USD@nobody"])
def test_what_is_no_money_is_said_to_be_none(reading, text):
    with pytest.raises(Stopped):
        reading.naming.asset(text)


def test_who_is_in_the_genesis_is_called_by_its_reference(reading):
    reading.naming.account("@bank")

    assert reading.naming.call(BUKHARA) == "@bukhara"
    assert reading.naming.call_object(name_of(BUKHARA, "o1")) == "@bukhara/o1"
    assert reading.naming.call_asset(Asset("USD", BANK)) == "USD@bank"
    assert reading.naming.call(bytes(19) + b"\x01") == account_code(bytes(19) + b"\x01")


# -------------------------------------------------------------------------------------------------- values with fields


@pytest.mark.parametrize(
    "lines",
    [
        "tea:0:12,cup:1:2",
        "tea:variant=0:quantity=12,cup:1:2",
        '[{"listing": "tea", "variant": 0, "quantity": 12}, "cup:1:2"]',
        '[{"listing": "tea", "variant": "0", "quantity": "12"}, {"quantity": 2, "listing": "cup", "variant": 1}]',
    ],
)
def test_lines_are_written_with_colons_or_as_json(reading, lines):
    operation = ordered(reading, reference="o1", merchant="@bukhara", lines=lines, pay_at_most="150.00")

    assert operation.lines == (OrderLine("tea", 0, 12), OrderLine("cup", 1, 2))
    assert operation.pay_at_most == 15_000


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("tea:0", "lacks quantity"),
        ("tea:0:1:2", "'2' has no place"),
        ("tea:x:1", "'x' cannot be read"),
        ("tea:0:0", "runs from 1"),
        ("tea:70000:1", "runs from 0 to 65535"),
        ("tea:0:quantity=1:variant=2", "no place"),
        ("", "has 0 entries"),
        ("[", "no JSON"),
        ("[1.5]", "no whole number"),
        ("[1]", "cannot be read"),
        ('[{"listing": "tea"}]', "lacks variant, quantity"),
        ('[{"listing": "tea", "variant": 0, "quantity": 1, "price": 3}]', "no field price"),
        ('[{"listing": "tea", "listing": "cup"}]', "twice"),
        ("[" * 20_000, "no JSON"),
        ("[NaN]", "no whole number"),
    ],
)
def test_lines_that_cannot_be_read_are_explained(reading, lines, said):
    with pytest.raises(Stopped) as stopped:
        ordered(reading, reference="o1", merchant="@bukhara", lines=lines, pay_at_most="1")

    assert stopped.value.message.startswith("--lines: ")
    assert said in str(stopped.value)


def variant(reading, offer):
    given_texts = {"listing": ["tea"], "variant": ["0"], "offer": [offer], "stock": ["5"]}
    meaning = Meaning(lambda _values, _field: Asset("USD", BANK), lambda *_: b"")
    return read_operation(AddVariant, Given(given_texts, {}), reading, meaning).offer


def test_an_offer_is_its_price_and_what_else_is_said(reading):
    assert variant(reading, "12.50") == Offer(price=1250)
    assert variant(reading, "12.50 USD:3:tax=16%:promotion=2.5%:promotion_until=+3d") == Offer(
        price=1250, minimum=3, tax=1600, promotion=250, promotion_until=NOW + 259_200
    )


def test_prices_finer_than_a_cent_say_how_fine_they_are(reading):
    fine = '{"price": "0.0125", "decimals": 2, "tiers": ["100:0.0120"], "freight_per_unit": "1.00"}'

    assert variant(reading, fine) == Offer(price=125, decimals=2, tiers=(Tier(100, 120),), freight_per_unit=100)


def test_an_amount_in_another_money_than_is_meant_is_refused(reading):
    for offer in ("12.50 EUR", f"12.50 USD@{account_code(BUKHARA)}"):
        with pytest.raises(Stopped) as stopped:
            variant(reading, offer)
        assert stopped.value.status == Exit.USAGE


def test_the_rules_of_the_fields_are_tried_before_anything_is_signed(reading):
    with pytest.raises(Refused):
        variant(reading, '{"price": "1.00", "gtin": "4006381333932"}')


def test_roles_and_kinds_have_names(reading):
    register = operations()["register-party"]

    assert read_text("carrier,platform", shape_of(register, "roles"), reading) == 24
    assert read_text("none", shape_of(register, "roles"), reading) == 0
    assert read_text("payment-institution", shape_of(register, "kind"), reading) == 5
    with pytest.raises(Stopped) as stopped:
        read_text("wizard", shape_of(register, "kind"), reading)
    assert "enterprise" in stopped.value.way_out


def test_a_hash_may_be_that_of_a_file(reading, tmp_path):
    (tmp_path / "papers.pdf").write_bytes(b"abc")
    shape = shape_of(operations()["ship-order"], "commitment")

    digest = read_text(f"file:{tmp_path / 'papers.pdf'}", shape, reading)

    assert digest.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_explained(text):
    ring = Keyring(Path("/nowhere"))
    reading = Reading(Naming(ring, lambda: Network(NETWORK)), ring, lambda: NOW)
    for declared in operations().values():
        for each in fields_of(declared):
            try:
                read_text(text, each.shape, reading)
            except Stopped as stopped:
                assert stopped.message  # noqa: PT017 - any of the two endings is right, and this one has words


@given(st.text(max_size=60))
def test_whatever_is_given_as_json_is_read_or_explained(text):
    try:
        parse_json(text)
    except Stopped as stopped:
        assert stopped.status == Exit.USAGE  # noqa: PT017 - as above
