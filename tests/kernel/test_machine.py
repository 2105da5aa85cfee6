"""The state machine: all or nothing, facts in order, and no way around a bug of our own."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sogdia.kernel import machine as machines
from sogdia.kernel.blinding import NO_SECRET, receipt_blind
from sogdia.kernel.machine import Block
from sogdia.kernel.operation import Operation
from sogdia.kernel.receipt import Receipt, encode_receipt, receipt_hash
from sogdia.kernel.refusal import Broken, Refused, ensure, explain, require
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import account_of, name_of, owner_of, reference_of
from sogdia.modules.money import balance
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.events import Transferred
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import START, Ledger
from tests.kernel.wire import envelope, pay, tree_of


def has(ledger, who):
    """What a party has available."""
    return balance(ledger.state, ledger.account(who), ledger.asset()).available


def test_facts_come_in_the_order_of_the_operations(ledger):
    ledger.fund("nairobi", 10)

    receipt = ledger.must("nairobi", pay(ledger, 3), pay(ledger, 1), pay(ledger, 2))

    assert all(isinstance(event, Transferred) for event in receipt.events)
    assert [event.units for event in receipt.events] == [3, 1, 2]


@pytest.mark.parametrize("bad", range(4))
def test_one_refused_operation_takes_all_others_with_it(ledger, bad):
    ledger.fund("nairobi", 10)
    operations = [pay(ledger, 100 if at == bad else 1) for at in range(4)]
    before = ledger.snapshot()

    receipt = ledger.send("nairobi", *operations)

    assert receipt == structs.replace(
        receipt,
        code=MoneyRefusal.FUNDS_INSUFFICIENT,
        operation=bad,
        facts=(("asked", 100),),
        events=(),
    )
    assert ledger.snapshot() == before


def test_a_refused_envelope_leaves_those_before_and_after_it_alone(ledger):
    ledger.fund("nairobi", 10)

    answers = ledger.block(
        envelope(ledger, pay(ledger, 4)),
        envelope(ledger, pay(ledger, 5), pay(ledger, 5)),
        envelope(ledger, pay(ledger, 6)),
    )

    assert [int(answer.code) for answer in answers] == [0, 310, 0]
    assert has(ledger, "bukhara") == 10


def test_the_canonical_receipt_is_five_parts(ledger):
    ledger.must("bank", Mint(currency="USD", to=ledger.account("nairobi"), units=5))

    (result,) = ledger.last_block.results
    code, operation, facts, events, blind = tree_of(result.receipt)
    assert (code, operation, facts) == (0, 0, [])
    assert blind == receipt_blind(NO_SECRET, result.id)
    assert events == [[301, ["USD", ledger.account("bank")], ledger.account("nairobi"), 5]]
    receipt = Receipt(310, 1, (("asked", 5),), (), bytes(16))
    assert encode_receipt(receipt) == msgspec.msgpack.encode([310, 1, [["asked", 5]], [], bytes(16)])
    assert receipt_hash(b"raw") == sha256(b"raw").digest()


def test_a_dry_run_gives_the_same_receipt_and_changes_nothing(ledger):
    ledger.fund("nairobi", 10)
    raw = envelope(ledger, pay(ledger, 4))
    before = dict(ledger.base.items())

    def dry_run() -> Receipt:
        block = Block(ledger.machine, ledger.base, ledger.base, height=ledger.height + 1, time=ledger.time)
        return block.include(ledger.machine.envelopes.open(raw, block.limits))

    tried = [dry_run(), dry_run()]

    assert dict(ledger.base.items()) == before
    (real,) = ledger.block(raw)
    assert [encode_receipt(each) for each in tried] == [encode_receipt(real)] * 2


def test_a_bug_of_our_own_in_an_operation_stops_the_node(ledger, monkeypatch):
    def broken(_self: object, _ctx: object) -> None:
        ensure(condition=False, message="our own mistake")

    monkeypatch.setattr(Transfer, "apply", broken)

    with pytest.raises(Broken, match="our own mistake"):
        ledger.block(envelope(ledger))


def test_any_other_exception_in_an_operation_stops_the_node(ledger, monkeypatch):
    def crash(_self: object, _ctx: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Transfer, "apply", crash)

    with pytest.raises(ZeroDivisionError):
        ledger.block(envelope(ledger))


def test_a_breach_of_an_invariant_in_the_genesis_stops_the_node(monkeypatch):
    monkeypatch.setattr(
        machines.Machine, "check_invariants", lambda _self, _state: ensure(condition=False, message="breach")
    )

    with pytest.raises(Broken, match="breach"):
        Ledger()


def test_an_operation_is_asked_who_it_is_for_by_its_own_signer(ledger):
    ledger.fund("nairobi", 3)
    ledger.fund("lanzhou", 4)

    ledger.must(
        ("nairobi", "lanzhou"),
        pay(ledger, 4, signer=1),
        pay(ledger, 3),
    )

    assert [has(ledger, who) for who in ("nairobi", "lanzhou", "bukhara")] == [0, 0, 7]


@given(st.permutations(range(6)), st.integers(1, 6))
def test_how_envelopes_are_cut_into_blocks_makes_no_difference_to_what_anybody_has(order, cut):
    results = []
    for sizes in ([1] * 6, [cut, 6 - cut]):
        ledger = Ledger()
        ledger.fund("nairobi", 10)
        signed = [ledger.sign("nairobi", pay(ledger, at + 1)) for at in range(6)]
        queue = [signed[at] for at in order]
        answers = []
        for size in sizes:
            answers += ledger.block(*queue[:size])
            queue = queue[size:]
        results.append(([answer.code for answer in answers], ledger.snapshot()))

    assert results[0] == results[1]


def test_two_ledgers_that_did_the_same_have_the_same_root():
    roots = set()
    for _ in range(2):
        ledger = Ledger()
        ledger.fund("nairobi", 10)
        ledger.must("nairobi", pay(ledger, 4))
        ledger.wait(10_000)
        roots.add(ledger.root)

    assert len(roots) == 1


def test_a_block_in_which_nothing_happens_leaves_the_root_alone(ledger):
    before = ledger.root

    ledger.wait(1_000_000)

    assert ledger.root == before


def test_an_operation_must_say_what_it_does():
    class Silent(Operation, tag=999):
        """An operation without a second phase."""

    assert getattr(Silent.apply, "__isabstractmethod__", False)


# ----------------------------------------------------------------------------------------------------- the two failures


def test_a_refusal_says_number_name_rule_values_and_way_out():
    with pytest.raises(Refused) as refused:
        require(0, KernelRefusal.IDS_AT_CAP, cap=3)

    said = "121 IDS_AT_CAP: The ledger remembers as many envelopes as it may (cap 3). Send again when earlier ones"
    assert str(refused.value).startswith(said)
    assert explain(KernelRefusal.IDS_AT_CAP, ()).count("(") == 0


def test_what_holds_is_neither_refused_nor_broken():
    require(1, KernelRefusal.IDS_AT_CAP)
    ensure(condition=True, message="never said")


# ---------------------------------------------------------------------------------------------------------------- names


def test_accounts_and_names_are_made_as_the_wire_format_says(ledger):
    account = sha256(b"account" + ledger.network + bytes(20) + b"nairobi").digest()[:20]

    assert account_of(ledger.network, bytes(20), "nairobi") == account == ledger.account("nairobi")
    name = name_of(account, "INV-536365")
    assert name == account + b"INV-536365"
    assert (owner_of(name), reference_of(name)) == (account, "INV-536365")


def test_time_is_the_block_s_time_and_two_blocks_may_share_it(ledger):
    ledger.fund("nairobi", 2)

    ledger.block(envelope(ledger))
    ledger.block(envelope(ledger))

    assert (ledger.time, ledger.height, has(ledger, "bukhara")) == (START, 3, 2)
