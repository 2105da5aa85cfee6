"""One value, one spelling: what is decoded is what would be encoded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.codec import Codec, NotCanonicalError, Record, encode
from sogdia.kernel.parameters import PARAMETERS
from sogdia.testing.ledger import Ledger
from tests.kernel.wire import other_spellings, pack, tree_of

LEDGER = Ledger()
PARTY = encode(PARTIES.must(LEDGER.state, LEDGER.account("nairobi")))


class Small(Record):
    """A record of a test."""

    count: int
    note: str = ""


SMALL: Codec[Small] = Codec(Small)


class Larger(Record, tag=2):
    """The same with another shape, and therefore another number."""

    count: int
    notes: tuple[str, ...]


def test_a_record_begins_with_its_schema_number():
    assert tree_of(encode(Small(count=5))) == [1, 5, ""]
    assert tree_of(encode(Larger(count=5, notes=("a",)))) == [2, 5, ["a"]]


def test_old_shapes_are_read_beside_new_ones():
    both: Codec[Small | Larger] = Codec(Small | Larger)

    assert both.decode(encode(Small(count=5))) == Small(count=5)
    assert both.decode(encode(Larger(count=5, notes=()))) == Larger(count=5, notes=())


@pytest.mark.parametrize("spelling", [pytest.param(raw, id=name) for name, raw in other_spellings(tree_of(PARTY))])
def test_a_second_spelling_of_a_record_is_refused(spelling):
    with pytest.raises(NotCanonicalError):
        PARTIES.codec.decode(spelling)


@pytest.mark.parametrize("size", range(len(PARTY)))
def test_a_record_cut_off_at_any_byte_is_refused(size):
    with pytest.raises(NotCanonicalError):
        PARTIES.codec.decode(PARTY[:size])


@pytest.mark.parametrize(
    "raw", [b"", b"\x91" * 100_000, b"\x93\x01\x05\xa2\xed\xa0", b"\x93\x03\x05\xa0", b"\x92\x01\x05"]
)
def test_what_is_no_record_is_refused(raw):
    with pytest.raises(NotCanonicalError):
        SMALL.decode(raw)


def test_a_default_is_written_out_so_that_it_can_never_be_left_out():
    with pytest.raises(NotCanonicalError, match="second spelling"):
        SMALL.decode(pack([1, 5]))


def test_a_good_record_is_read_back():
    assert encode(PARTIES.codec.decode(PARTY)) == PARTY
    assert PARTIES.codec.decode(PARTY) == PARTIES.codec.decode_trusted(PARTY)


def test_records_with_named_fields_are_written_in_one_order():
    raw = encode(PARAMETERS.must(LEDGER.state, None))

    names = list(tree_of(raw)[1])
    assert encode(PARAMETERS.codec.decode(raw)) == raw
    with pytest.raises(NotCanonicalError):
        PARAMETERS.codec.decode(pack([1, {name: tree_of(raw)[1][name] for name in reversed(names)}]))


def test_a_field_named_twice_is_refused():
    raw = encode(PARAMETERS.must(LEDGER.state, None))
    fields = tree_of(raw)[1]
    name, value = next(iter(fields.items()))
    doubled = b"\x92\x01" + bytes((0x80 + len(fields) + 1,)) + raw[3:] + pack(name) + pack(value)

    with pytest.raises(NotCanonicalError):
        PARAMETERS.codec.decode(doubled)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_are_the_one_spelling_of_a_record(raw):
    try:
        record = PARTIES.codec.decode(raw)
    except NotCanonicalError:
        return
    assert encode(record) == raw
