"""Names for numbers: members are in the class itself, and are what they are otherwise."""

import msgspec
import pytest

from sogdia.kernel.enums import Numbered


class Colour(Numbered):
    """Something with two values."""

    RED = 1
    BLUE = 2


def test_a_member_is_found_in_the_class_without_a_call():
    assert vars(Colour)["RED"] is Colour.RED
    assert Colour.RED is Colour(1)
    assert [each.name for each in Colour] == ["RED", "BLUE"]


def test_the_wire_knows_its_numbers_and_no_others():
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(Colour.BLUE), type=Colour) is Colour.BLUE
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(b"\x03", type=Colour)


def test_a_member_cannot_be_set():
    with pytest.raises(AttributeError):
        Colour.RED = 3  # type: ignore[misc]
