"""Envelopes are opened as far as the index needs them, and what cannot be read stops it with a way out."""

from __future__ import annotations

import msgspec
import pytest

from sogdia.index.blocks import BlockReader
from sogdia.index.errors import IndexStoppedError
from sogdia.modules import ALL
from sogdia.modules.market.orders import CancelOrder

NAIROBI, BUKHARA, AGENT = (bytes([number]) * 20 for number in (1, 2, 3))
SIGNATURE = [1, bytes(64), None]


def envelope(signers: list[list[object]], *operations: list[object]) -> bytes:
    """Lay out an envelope by hand."""
    body = [bytes(8), 1_700_000_000, None, [], bytes(8), signers, list(operations)]
    return msgspec.msgpack.encode([body, [SIGNATURE] * len(signers)])


def test_an_operation_is_asked_by_its_signer_or_by_whoever_granted_the_mandate():
    order = NAIROBI + b"o1"
    raw = envelope([[AGENT, 0], [AGENT, 1], [BUKHARA, 0]], [411, 2, None, order], [411, 0, NAIROBI + b"m1", order])

    opened = BlockReader(ALL).envelope(raw)

    assert opened.signers() == [AGENT, BUKHARA]
    assert opened.grantors() == [NAIROBI]
    assert [asker for asker, _asked in opened.operations(CancelOrder)] == [BUKHARA, NAIROBI]
    assert [asked.order for _asker, asked in opened.operations(CancelOrder)] == [order, order]


def test_an_operation_of_a_later_release_is_named_by_its_number():
    reader = BlockReader(ALL)

    opened = reader.envelope(envelope([[AGENT, 0]], [9_999, 0, None, "what is to come"]))

    assert reader.names(opened.tags()) == "9999"


@pytest.mark.parametrize("raw", [b"", b"\xc1", b"\x92\x90", msgspec.msgpack.encode([1, 2, 3])])
def test_what_cannot_be_read_stops_it_with_a_way_out(raw):
    reader = BlockReader(ALL)

    for read in (reader.block, reader.envelope, reader.receipt):
        with pytest.raises(IndexStoppedError, match=r"sogdia audit|Update this program"):
            read(raw)
