"""JSON that any program reads exactly, and words that people read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.cli.documents import document, number, structure, write_json
from sogdia.cli.keyring import Keyring
from sogdia.cli.naming import Naming, Network
from sogdia.cli.show import Showing
from sogdia.cli.tables import table_words
from sogdia.client.codes import account_code, name_code
from sogdia.client.declared import refusal_codes, tables
from sogdia.client.shapes import fields_of, remarks
from sogdia.kernel.receipt import Receipt
from sogdia.kernel.values import NO_ACCOUNT, account_of, name_of
from sogdia.modules.identity.events import PartyRegistered
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.events import LineFact, LinesRefunded, OrderClosed, Payout
from sogdia.modules.market.orders import ShipOrder
from sogdia.modules.market.records import Offer, Parts, Tier
from sogdia.modules.money import Asset
from sogdia.modules.money.events import Minted

NETWORK = bytes(range(32))
BANK = account_of(NETWORK, NO_ACCOUNT, "bank")
ORDER = name_of(BANK, "o1")
PARTS = {
    "coordinator": bytes(20),
    "account": BANK,
    "issuer": BANK,
    "currency": b"USD",
    "name": ORDER,
    "number": b"\x00\x01",
}
"""What the keys of tables consist of."""


@pytest.fixture
def showing() -> Showing:
    """Show to somebody who knows the genesis, at moment 1000, with every object in dollars of the bank."""
    naming = Naming(Keyring(Path("/nowhere")), lambda: Network(NETWORK, frozenset({"bank"})))
    assert naming.network.hash == NETWORK
    return Showing(naming, 1_000, lambda _about, _name: Asset("USD", BANK))


@given(st.integers(-(2**70), 2**70))
def test_no_reader_of_json_rounds_a_number(value):
    written = json.loads(json.dumps(number(value)), parse_int=lambda text: int(float(text)))

    assert int(written) == value


def test_an_event_says_what_it_is_and_whom_it_is_about():
    event = Minted(asset=Asset("USD", BANK), to=BANK, units=2**60)

    assert structure(event) == {
        "event": "Minted",
        "number": 301,
        "asset": {"currency": "USD", "issuer": {"code": account_code(BANK), "hex": BANK.hex()}},
        "to": {"code": account_code(BANK), "hex": BANK.hex()},
        "units": str(2**60),
    }


def test_names_and_hashes_of_the_same_length_are_told_apart():
    name = name_of(BANK, "twelve-chars")
    order = structure(ShipOrder(order=name, commitment=bytes(32)))

    assert len(name) == 32
    assert order["order"]["code"] == name_code(name)
    assert order["order"]["reference"] == "twelve-chars"
    assert order["commitment"] == "00" * 32


def test_what_has_no_form_in_json_is_an_error_of_ours():
    with pytest.raises(TypeError):
        document(object())


def test_text_stays_readable_in_json():
    assert write_json({"title": "Шёлк 丝绸"}) == '{\n  "title": "Шёлк 丝绸"\n}'


def test_a_fact_is_told_in_the_money_of_its_order(showing):
    fact = LineFact(1, name_of(BANK, "tea"), 0, 2, Parts(2_500, 500, 0), 100)

    lines = showing.event(
        LinesRefunded(order=ORDER, late=False, return_cause=Cause.REMORSE, to_buyer=3_000, lines=(fact,))
    )

    assert lines[0].startswith("Lines, or parts of them, were refunded")
    assert lines[1:] == [
        "  order         @bank/o1",
        "  late          no",
        "  return cause  remorse",
        "  to buyer      30.00 USD",
        "  lines",
        "    1: 2 × @bank/tea, variant 0: 30.00 USD (price 25.00 USD, freight 5.00 USD), after 1.00 USD promotion",
    ]


def test_numbers_with_names_are_called_by_them(showing):
    event = PartyRegistered(account=BANK, registrar=NO_ACCOUNT, kind=5, country="KZ", sponsor=BANK)
    closed = OrderClosed(
        order=ORDER, outcome=3, paid=Parts(1, 0, 0), refunded=Parts(0, 0, 0), payouts=(Payout(BANK, 1),)
    )

    assert "  kind       payment institution" in showing.event(event)
    assert "  registrar  nobody" in showing.event(event)
    assert "  outcome   split" in showing.event(closed)
    assert "    0.01 USD to @bank" in showing.event(closed)


def test_prices_finer_than_a_cent_are_shown_as_fine_as_they_are(showing):
    offer = Offer(price=125, decimals=2, tiers=(Tier(100, 120),), freight_per_unit=100, promotion_until=1_060)

    said = showing.one_line(offer, None, Asset("USD", BANK))

    assert "price 0.0125 USD" in said
    assert "tiers (quantity 100, price 0.0120 USD)" in said
    assert "freight per unit 1.00 USD" in said
    assert "promotion until 1970-01-01 00:17:40 UTC (in 1 minute)" in said


def test_a_refusal_is_told_with_its_number_values_and_way_out(showing):
    facts = (("order", ORDER.hex()), ("account", BANK.hex()), ("hash", "00" * 32), ("asked", 5))

    (line,) = showing.receipt(Receipt(420, 1, facts, (), bytes(16)))

    assert line == (
        "420 ORDER_EXISTS in operation 2: The sender has used this reference for an order"
        f" (order @bank/o1, account @bank, hash {'00' * 32}, asked 5). Choose another reference."
    )


def test_a_refusal_of_a_later_version_is_told_by_its_number(showing):
    (line,) = showing.receipt(Receipt(99_999, 0, (), (), bytes(16)))

    assert line.startswith("99999, a rule of a later version")


def test_every_refusal_can_be_told(showing):
    assert all(showing.refusal(number, ()).startswith(f"{number} ") for number in refusal_codes())


def test_every_record_of_every_table_has_a_name(showing):
    for number_, table in tables().items():
        parts = [PARTS.get(part, bytes(4)) for part in table.show_key(bytes(64))]
        assert showing.record_name(bytes((number_,)) + b"".join(parts))
    assert showing.record_name(b"\xff\x00") == "ff00"


def test_the_fields_of_a_class_come_with_what_is_said_about_them():
    assert [field.name for field in fields_of(ShipOrder)] == ["order", "commitment"]
    assert remarks(ShipOrder)["commitment"].startswith("The hash of the shipping papers")


def test_rows_stand_in_columns():
    assert table_words(("a", "units"), [("x", "5"), ("longer", "1000")], frozenset({1})) == (
        "a       units\nx           5\nlonger   1000"
    )
    assert table_words(("a",), []) == ""
