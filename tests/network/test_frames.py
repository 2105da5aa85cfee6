"""Frames and transactions, as bytes: what is read, and what is not."""

import pytest

from sogdia.engine.cometbft.frames import MESSAGE_BYTES_MAX, FrameWrongError, framed, split
from sogdia.engine.cometbft.transactions import BATCH, BATCH_ENVELOPES_MAX, envelopes_of, transaction_of
from sogdia.kernel.codec import encode
from sogdia.kernel.refusal import Refused


@pytest.mark.parametrize("length", [0, 1, 127, 128, 16_383, 16_384, 100_000])
def test_what_is_framed_is_read_again(length):
    message = bytes(length)

    assert split(framed(message) + framed(b"next") + b"\x05ab") == ([message, b"next"], b"\x05ab")


def test_a_frame_is_read_once_all_of_it_has_come():
    whole = framed(bytes(300))

    for end in range(len(whole)):
        assert split(whole[:end]) == ([], whole[:end])
    assert split(whole) == ([bytes(300)], b"")


def test_a_length_without_end_is_no_frame():
    with pytest.raises(FrameWrongError, match="more than ten bytes"):
        split(b"\xff" * 11)


def test_a_message_above_the_limit_is_not_waited_for():
    head = framed(b"")[:0] + bytes([0x81, 0x80, 0x80, 0x40])
    assert MESSAGE_BYTES_MAX == 1 << 27

    with pytest.raises(FrameWrongError, match="134217729 bytes"):
        split(head)
    assert split(bytes([0x80, 0x80, 0x80, 0x40])) == ([], bytes([0x80, 0x80, 0x80, 0x40]))


def test_one_envelope_is_a_transaction_as_it_is():
    assert transaction_of([b"\x92one"]) == b"\x92one"
    assert envelopes_of(b"\x92one") == (b"\x92one",)


def test_several_envelopes_are_one_transaction():
    batch = transaction_of([b"\x92one", b"\x92two"])

    assert batch[:1] == BATCH
    assert envelopes_of(batch) == (b"\x92one", b"\x92two")


@pytest.mark.parametrize(
    ("transaction", "reason"),
    [
        (BATCH, "cannot be read"),
        (BATCH + b"\x92\xc4\x01a", "cannot be read"),
        (BATCH + b"\xdc\x00\x02\xc4\x01a\xc4\x01b", "second spelling"),
        (BATCH + encode((b"a", b"")), "cannot be read"),
        (BATCH + encode((b"a",)), "a batch of 1 envelopes"),
        (BATCH + encode(()), "a batch of 0 envelopes"),
        (BATCH + encode((b"a",) * (BATCH_ENVELOPES_MAX + 1)), "a batch of 501 envelopes"),
        (BATCH + encode((b"a", b"b")) + b"\0", "cannot be read"),
    ],
)
def test_a_batch_has_one_form(transaction, reason):
    with pytest.raises(Refused, match=reason):
        envelopes_of(transaction)


def test_the_largest_batch_is_read():
    assert len(envelopes_of(BATCH + encode((b"a",) * BATCH_ENVELOPES_MAX))) == BATCH_ENVELOPES_MAX
