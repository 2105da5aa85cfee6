"""What blocks read is kept decoded, and what is not there is known for a while: neither grows with the chain."""

from __future__ import annotations

import pytest

from sogdia.engine.ledger import committed
from tests.engine.running_node import new_ledger, opened, wallet_of
from tests.engine.tiny_module import NOTES, START

FEW = 5


@pytest.fixture
def ledger(tmp_path):
    made = new_ledger(tmp_path / "ledger")
    yield made
    made.close()


def test_what_is_not_there_is_forgotten_as_blocks_go_by(ledger, monkeypatch):
    """Every block asks what is due at its height, which is nothing; that is known for good and never asked again."""
    monkeypatch.setattr(committed, "ABSENT_MAX", FEW)

    kept = []
    for height in range(1, 41):
        ledger.build_block(START + height, [])
        kept.append(len(ledger.base._absent))

    assert 0 < max(kept) <= FEW


def test_what_is_read_is_kept_up_to_a_limit_and_found_all_the_same(ledger):
    wallet = wallet_of(ledger)
    ledger.base.records_max = FEW

    for height in range(1, 21):
        ledger.build_block(START + height, opened(ledger, wallet.note(height)))
        assert len(ledger.base._recent) <= FEW + 1

    assert all(NOTES.must(ledger.state(), wallet.name(number)) for number in range(1, 21))


def test_what_was_not_there_is_found_once_it_is(ledger):
    wallet = wallet_of(ledger)
    assert NOTES.find(ledger.state(), wallet.name(1)) is None
    assert NOTES.find(ledger.state(), wallet.name(1)) is None

    ledger.build_block(START + 1, opened(ledger, wallet.note(1)))

    assert NOTES.must(ledger.state(), wallet.name(1)).text == "saffron"
