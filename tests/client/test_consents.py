"""One-time codes on a card: how they are made, written and read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.client.consents import CODES_MAX, ConsentCodeWrong, consent_text, make_card, read_consent
from sogdia.modules.identity.mandates import code_before

NETWORK, MANDATE = bytes(32), bytes(range(24))


def test_each_code_leads_to_the_one_before_and_the_first_to_the_end():
    card = make_card(NETWORK, MANDATE, b"secret", 30)

    chain = (card.end, *card.codes)
    assert len(card.codes) == 30
    assert all(code_before(NETWORK, MANDATE, later) == earlier for earlier, later in pairwise(chain))
    assert len(set(chain)) == 31


def test_a_card_is_the_same_for_the_same_secret_and_another_for_any_other_part():
    card = make_card(NETWORK, MANDATE, b"secret", 3)

    others = [
        make_card(NETWORK, MANDATE, b"Secret", 3),
        make_card(b"\x01" * 32, MANDATE, b"secret", 3),
        make_card(NETWORK, bytes(24), b"secret", 3),
    ]
    assert make_card(NETWORK, MANDATE, b"secret", 3) == card
    assert all(not {card.end, *card.codes} & {other.end, *other.codes} for other in others)


@pytest.mark.parametrize("count", [0, -1, CODES_MAX + 1])
def test_a_card_has_1_to_1000_codes(count):
    with pytest.raises(ValueError, match="1 to 1000"):
        make_card(NETWORK, MANDATE, b"secret", count)


def test_a_code_is_printed_in_four_groups():
    assert consent_text(bytes(range(10))) == "000g-40r4-0m30-e209"


@given(st.binary(min_size=10, max_size=10))
def test_what_is_printed_is_read_however_it_is_typed(code):
    text = consent_text(code)

    assert read_consent(text) == code
    assert read_consent(f" {text.upper().replace('-', ' ')} ") == code
    assert read_consent(text.replace("0", "o").replace("1", "l")) == code


@pytest.mark.parametrize("text", ["", "000g-40r4-0m30-e20", "000g-40r4-0m30-e2099", "u004-1061-050r-3gg9"])
def test_other_texts_are_no_code(text):
    with pytest.raises(ConsentCodeWrong):
        read_consent(text)
