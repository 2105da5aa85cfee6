"""Odd times in headers: what the application makes of them, which has no clock of its own to compare them with."""

from __future__ import annotations

from hashlib import sha256

import pytest

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.replica import TIME_MAX
from sogdia.kernel.refusal import Broken
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.testing.ledger import START
from tests.network.chain import Chain
from tests.network.test_application import HOUR, Wallet, check_tx

DAY = 86_400
YEARS = 60 * 365 * DAY


@pytest.fixture
def chain(tmp_path):
    made = Chain(tmp_path, ["almaty", "lanzhou"])
    yield made
    made.close()


@pytest.fixture
def wallet(chain):
    return Wallet(chain.network)


@pytest.mark.parametrize("time", [START, START + 1, START + HOUR, START + YEARS, TIME_MAX])
def test_a_block_may_be_as_late_as_it_likes(chain, time):
    assert all(chain.accepts(member, at=time) for member in chain.members)

    chain.block(at=time)

    assert {member.ledger.tip.time for member in chain.members} == {time}


@pytest.mark.parametrize("time", [START - 1, START - DAY, 0, -1, TIME_MAX + 1, 2**32, 253_402_300_799])
def test_a_block_before_the_last_one_or_past_all_deadlines_is_refused_and_never_executed(chain, time):
    assert not any(chain.accepts(member, at=time) for member in chain.members)

    with pytest.raises(Broken, match=r"block 1 was decided, and its time, -?\d+, is"):
        chain.finalize(chain.members[0], at=time)
    assert chain.members[0].ledger.tip.height == 0


def test_after_a_leap_earlier_times_are_refused_and_the_same_one_is_not(chain):
    chain.block(at=START + DAY)

    assert not chain.accepts(chain.members[0], at=START + DAY - 1)
    assert chain.accepts(chain.members[0], at=START + DAY)


def test_a_leap_lets_what_waits_expire_and_nothing_else(chain, wallet):
    member = chain.members[0]
    waiting, later = wallet.mint(expiry=START + HOUR), wallet.mint(expiry=START + 3 * HOUR)
    check_tx(member, waiting.raw)
    check_tx(member, later.raw)

    chain.block(at=START + 2 * HOUR)

    assert check_tx(member, waiting.raw, abci.RECHECK).code == Refuse.ENVELOPE_EXPIRED
    assert check_tx(member, later.raw, abci.RECHECK).code == 0
    assert not chain.accepts(member, waiting.raw, at=START + 2 * HOUR)
    chain.block(later.raw)


def test_less_than_a_second_decides_nothing(chain, wallet):
    raw = wallet.mint().raw
    hashes = []
    for member, nanos in zip(chain.members, (0, 999_999_999), strict=True):
        told = abci.RequestFinalizeBlock(txs=[raw], height=1, hash=sha256(raw).digest())
        told.time.seconds, told.time.nanos = START + 7, nanos
        hashes.append(member.ask(finalize_block=told).app_hash)

    assert hashes[0] == hashes[1]


def test_the_computers_clock_plays_no_part(chain, wallet, monkeypatch):
    raw = wallet.mint().raw
    answers = []
    for member, now in zip(chain.members, (START - YEARS, START + YEARS), strict=True):
        monkeypatch.setattr("time.time", lambda now=now: now)
        assert chain.accepts(member, raw, at=START + 1)
        answers.append(chain.finalize(member, raw, at=START + 1))

    assert answers[0] == answers[1]
