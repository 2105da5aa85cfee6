"""Versions of the protocol: what a later one brings is kept out before its height, and who lacks it stops there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.machine import Block, Machine
from sogdia.kernel.module import check_declarations
from sogdia.kernel.protocol import VERSION, Protocol, UpgradeNeededError, announce, call_off, protocol_of, put_in_force
from sogdia.kernel.refusal import Broken, Refused
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.state import State
from sogdia.modules import ALL
from sogdia.testing.ledger import Ledger, MemoryBase, genesis, keys_of
from sogdia.testing.rehearsal import MARKS, REHEARSAL, LeaveMark, Mark

LATER = (*ALL, REHEARSAL)


@pytest.fixture
def newer():
    """A ledger run by software that knows version 2; version 1 is in force."""
    return with_software(Ledger(), LATER)


def with_software(ledger, modules):
    """Let a ledger go on with other software, as a node does that is started anew."""
    ledger.machine = Machine(ledger.network, modules)
    ledger._decode = Ledger(modules=modules)._decode
    return ledger


def upgraded(ledger):
    """Put version 2 in force past all votes."""
    state = ledger.state
    put_in_force(state, 2)
    ledger.base.tree.update(state.encoded_changes())


def test_software_knows_the_newest_version_of_what_it_declares():
    network = bytes(32)

    assert Machine(network, ALL).version == VERSION == 1
    assert Machine(network, LATER).version == 2


def test_an_operation_of_a_later_version_is_kept_out_and_says_from_which_on_it_is_taken(newer):
    with pytest.raises(Refused) as refused:
        newer.send("nairobi", LeaveMark())

    assert refused.value.code == Refuse.OPERATION_NOT_IN_FORCE
    assert dict(refused.value.facts) == {"since": 2, "version": 1}


def test_it_is_taken_from_the_block_on_from_which_its_version_is_in_force(newer):
    upgraded(newer)

    newer.must("nairobi", LeaveMark())

    assert MARKS.must(newer.state, newer.account("nairobi")) == Mark(height=1)


def test_older_software_does_not_know_the_operation_at_all():
    ledger = Ledger()

    (answer,) = ledger.block(ledger.sign("nairobi", LeaveMark()))

    assert answer.code == Refuse.OPERATION_UNKNOWN


def test_older_software_stops_before_the_first_block_of_a_later_version():
    ledger = Ledger()
    ledger.block()
    upgraded(ledger)
    before = dict(ledger.base.items())

    with pytest.raises(UpgradeNeededError) as needed:
        Block(ledger.machine, ledger.base, ledger.base, height=2, time=ledger.time)

    assert (needed.value.needed, needed.value.height, needed.value.known) == (2, 2, 1)
    for word in ("protocol version 2", "versions up to 1", "block 2", "Install"):
        assert word in str(needed.value)
    assert dict(ledger.base.items()) == before


def test_a_network_keeps_its_identity_when_a_module_is_added():
    content = genesis()
    newer = genesis(LATER)

    assert network_of(content) == network_of(newer)
    assert not hasattr(newer, "rehearsal")


def test_a_network_may_begin_with_a_later_version_that_its_software_knows():
    ledger = Ledger(modules=LATER, protocol=2)

    ledger.must("nairobi", LeaveMark())

    assert protocol_of(ledger.state) == Protocol(version=2)
    with pytest.raises(Broken, match="begins with protocol version 2; this software knows 1"):
        Ledger(protocol=2)


def test_old_blocks_keep_their_meaning_under_newer_software():
    def played(modules: Any) -> bytes:  # noqa: ANN401 - a set of modules
        ledger = Ledger(modules=modules)
        ledger.fund("nairobi", 5)
        ledger.block(at=ledger.time + 60)
        return ledger.root

    assert played(ALL) == played(LATER)


def test_what_is_to_follow_is_announced_called_off_and_put_in_force():
    state = State(MemoryBase())
    put_in_force(state, 1)

    announce(state, 2, 40)
    assert protocol_of(state) == Protocol(version=1, next_version=2, next_height=40)
    call_off(state)
    assert protocol_of(state) == Protocol(version=1)
    announce(state, 3, 50)
    put_in_force(state, 3)
    assert protocol_of(state) == Protocol(version=3)


def test_a_module_has_no_operation_that_is_older_than_itself():
    with pytest.raises(Broken, match="rehearsal has an operation that is older than itself"):
        check_declarations((*ALL, replace(REHEARSAL, since=3)))


def test_a_genesis_of_before_is_read_by_newer_software():
    assert genesis_type(LATER).__struct_fields__ == genesis_type(ALL).__struct_fields__
    assert keys_of("node").public.hex() == genesis(LATER).validators[0].public
