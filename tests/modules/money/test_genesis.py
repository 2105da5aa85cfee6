"""The currencies of a genesis: a network with a wrong one does not start."""

from __future__ import annotations

import msgspec
import pytest

from sogdia.kernel.refusal import Broken
from sogdia.testing.ledger import Ledger
from tests.modules.money.purse import currency

DOLLARS = {"currency": "USD", "issuer": "bank"}


def opened(*currencies: dict[str, object]):
    """Start a ledger with these currencies."""
    return Ledger(money={"currencies": list(currencies)})


def test_a_currency_of_the_genesis_has_nothing_in_circulation():
    ledger = opened(DOLLARS | {"supply_max": 10, "holder_max": 5, "by_authorisation": True})

    found = currency(ledger)
    assert (found.digits, found.supply, found.supply_max, found.holder_max) == (2, 0, 10, 5)
    assert found.by_authorisation


@pytest.mark.parametrize(
    ("currencies", "what"),
    [
        ([DOLLARS | {"currency": "XXX"}], "XXX is not an ISO 4217 code"),
        ([DOLLARS | {"issuer": "nairobi"}], "nairobi is not an issuer"),
        ([DOLLARS | {"issuer": "nobody"}], "nobody is not an issuer"),
        ([DOLLARS, DOLLARS], "opens USD twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_genesis_that_contradicts_itself_is_not_loaded(currencies, what):
    with pytest.raises(Broken, match=what):
        opened(*currencies)


@pytest.mark.parametrize(
    "changes", [{"supply_max": 0}, {"holder_max": 2**62}, {"currency": "usd"}, {"cap": 1}], ids=repr
)
def test_a_currency_of_a_wrong_form_is_not_read(changes):
    with pytest.raises(msgspec.ValidationError):
        opened(DOLLARS | changes)
