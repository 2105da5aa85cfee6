"""Genesis: the same words always make the same network, and any other word another one."""

from __future__ import annotations

import json

import msgspec
import pytest

from sogdia.kernel.genesis import GenesisContext, genesis_type, load, network_of
from sogdia.kernel.header import VALIDATORS, validators_at
from sogdia.kernel.parameters import PARAMETERS, Limits
from sogdia.kernel.refusal import Broken
from sogdia.kernel.state import State
from sogdia.kernel.values import account_of
from sogdia.modules import ALL
from sogdia.testing.ledger import START, Ledger, MemoryBase, genesis, keys_of

NODE = keys_of("node").public.hex()
SMALL = {"name": "small", "time": START, "validators": [[NODE]]}
SHAPE = genesis_type(ALL)


def read(content):
    """Read a genesis as its author wrote it."""
    return msgspec.json.decode(json.dumps(content), type=SHAPE)


def test_the_order_and_the_spacing_of_the_words_do_not_matter():
    one = json.dumps(SMALL, indent=4)
    other = json.dumps(dict(reversed(SMALL.items())))

    networks = {network_of(msgspec.json.decode(each, type=SHAPE)) for each in (one, other)}

    assert len(networks) == 1


def test_what_is_left_out_is_the_same_as_what_is_said_by_default():
    said = SMALL | {
        "clock": "wall",
        "limits": {"block_envelopes_max": 5_000},
        "identity": {},
        "validators": [[NODE, 1]],
    }

    assert network_of(read(said)) == network_of(read(SMALL))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "smaller"},
        {"time": START + 1},
        {"clock": "manual"},
        {"limits": {"live_ids_max": 7}},
        {"validators": [[NODE, 2]]},
        {"validators": [[NODE], [keys_of("other").public.hex()]]},
        {"market": {"windows": {"accept": 1}}},
    ],
    ids=repr,
)
def test_every_word_makes_another_network(changes):
    assert network_of(read(SMALL | changes)) != network_of(read(SMALL))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 41},
        {"time": -1},
        {"time": 2**32},
        {"time": 1.5},
        {"clock": "sun"},
        {"validators": []},
        {"validators": [[NODE]] * 65},
        {"validators": [[NODE, 0]]},
        {"validators": [[NODE, 2**31]]},
        {"validators": [[NODE[:-2]]]},
        {"validators": [["Z" * 64]]},
        {"limits": {"exit_writes_max": 0}},
        {"limits": {"exit_writes_max": 2**31}},
        {"limits": {"unheard_of": 1}},
        {"colour": "blue"},
        {"identity": {"people": []}},
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_genesis_of_a_wrong_form_is_not_read(changes):
    with pytest.raises(msgspec.ValidationError):
        read(SMALL | changes)


@pytest.mark.parametrize("missing", ["name", "time", "validators"])
def test_what_has_no_default_must_be_said(missing):
    with pytest.raises(msgspec.ValidationError, match=missing):
        read({name: value for name, value in SMALL.items() if name != missing})


def test_limits_and_validators_stand_in_the_state():
    ledger = Ledger(limits={"live_ids_max": 7}, validators=[[NODE, 3]])

    assert PARAMETERS.must(ledger.state, None).limits == Limits(live_ids_max=7)
    assert [(each.public.hex(), each.power) for each in validators_at(ledger.state, 1)] == [(NODE, 3)]
    assert [each.from_height for each in VALIDATORS.must(ledger.state, None).sets] == [0]


def test_a_genesis_is_loaded_into_an_empty_state_only():
    state = State(MemoryBase())
    load(state, genesis(), ALL)

    with pytest.raises(Broken, match="empty state"):
        load(state, genesis(), ALL)


def test_the_same_reference_on_two_networks_is_two_accounts():
    one, other = network_of(genesis()), network_of(genesis(name="other"))

    assert account_of(one, bytes(20), "bank") != account_of(other, bytes(20), "bank")
    assert GenesisContext(State(MemoryBase()), one, START).account("bank") == account_of(one, bytes(20), "bank")


def test_two_ledgers_of_one_genesis_have_one_root():
    assert Ledger().root == Ledger().root
    assert Ledger().root != Ledger(limits={"live_ids_max": 7}).root
