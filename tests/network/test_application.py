"""One organisation's answers to CometBFT: beginnings, the door, proposals, decided blocks."""

import json
from typing import Any

import msgspec
import pytest

from sogdia.client.envelopes import EnvelopeMaker, Sender, Signed
from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.application import EngineWrongError
from sogdia.engine.cometbft.grammar import OrderWrongError
from sogdia.engine.cometbft.transactions import transaction_of
from sogdia.kernel.comet import AppState, app_hash
from sogdia.kernel.merkle import EMPTY_ROOT
from sogdia.kernel.receipt import receipt_hash
from sogdia.kernel.refusal import Broken
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules.identity import Kind
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.testing.ledger import START, keys_of
from tests.network.chain import Chain

HOUR = 3_600


class Wallet:
    """Signs for the parties of the test genesis."""

    def __init__(self, network: bytes) -> None:
        """Sign for a network."""
        self.network = network
        self._maker = EnvelopeMaker(network)
        self._salt = 0

    def account(self, name: str) -> bytes:
        """Give a party's account."""
        return account_of(self.network, NO_ACCOUNT, name)

    def sign(self, name: str, *operations: Any, expiry=START + HOUR, keys=None, account=None, after=()) -> Signed:  # noqa: ANN401
        """Sign operations for a party, or for another account with other keys."""
        self._salt += 1
        sender = Sender(account or self.account(name), keys or keys_of(name))
        return self._maker.make([sender], operations, expiry=expiry, salt=self._salt.to_bytes(8, "big"), after=after)

    def mint(self, units: int = 100, **more: Any) -> Signed:  # noqa: ANN401 - as for `sign`
        """Let the bank mint money."""
        return self.sign("bank", Mint(currency="USD", to=self.account("nairobi"), units=units), **more)


@pytest.fixture
def chain(tmp_path):
    made = Chain(tmp_path)
    yield made
    made.close()


@pytest.fixture
def wallet(chain):
    return Wallet(chain.network)


def check_tx(member, transaction, kind=abci.NEW):
    return member.ask(check_tx=abci.RequestCheckTx(tx=transaction, type=kind))


def refusal(answer):
    """Give what a refused CheckTx carries for programs: number and facts."""
    return msgspec.msgpack.decode(answer.data)


# -------------------------------------------------------------------------------------------------------- beginnings


def test_info_says_where_the_ledger_stands(chain, wallet):
    member = chain.members[0]
    before = member.ask(info=abci.RequestInfo(version="0.39.0", abci_version="2.0.0"))
    decided = chain.block(wallet.mint().raw)

    after = member.ask(info=abci.RequestInfo(version="0.39.0", abci_version="2.0.0"))

    assert (before.last_block_height, before.last_block_app_hash) == (0, b"")
    assert (after.last_block_height, after.last_block_app_hash) == (1, decided.app_hash)


def test_another_abci_is_refused_with_the_way_out(chain):
    with pytest.raises(EngineWrongError, match=r"speaks ABCI 1\.0\.0.*run-a-network"):
        chain.members[0].ask(info=abci.RequestInfo(version="0.37.4", abci_version="1.0.0"))


def wrong_chain(told):
    told.chain_id = "sogdia-0000000000000000"


def wrong_genesis(told):
    other = json.loads(told.app_state_bytes)
    other["name"] = "another"
    told.app_state_bytes = json.dumps(other).encode()


def no_genesis(told):
    told.app_state_bytes = b'{"name": 5}'


def wrong_power(told):
    told.validators[0].power = 11


def fewer_validators(told):
    del told.validators[3]


def larger_blocks(told):
    told.consensus_params.block.max_bytes += 1


def shorter_memory(told):
    told.consensus_params.evidence.max_age_duration.seconds -= 1


def other_time(told):
    told.time.seconds += 1


def late_start(told):
    told.initial_height = 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (wrong_chain, "the engine's chain is"),
        (wrong_genesis, "belongs to .* All nodes need the same genesis file"),
        (no_genesis, "no genesis of Sogdia"),
        (wrong_power, "validators in the engine's genesis are not those"),
        (fewer_validators, "validators in the engine's genesis are not those"),
        (late_start, "begins at height 2"),
        (larger_blocks, r"block\.max_bytes is 5242881, not 5242880"),
        (shorter_memory, r"evidence\.max_age_duration is seconds: 1209599, not seconds: 1209600"),
        (other_time, "genesis_time is 1700000001, not 1700000000"),
    ],
)
def test_a_genesis_that_differs_is_refused(chain, change, why):
    told = chain.init_chain()
    change(told)
    chain.members[0].die()

    with pytest.raises(EngineWrongError, match=why):
        chain.members[0].ask(init_chain=told)


def test_calls_out_of_order_are_noticed(chain):
    with pytest.raises(OrderWrongError, match="no block has been finalized"):
        chain.members[0].ask(commit=abci.RequestCommit())


# ----------------------------------------------------------------------------------------------------------- the door


def test_what_is_admissible_passes_the_door(chain, wallet):
    assert check_tx(chain.members[0], wallet.mint().raw).code == 0


def test_an_envelope_may_follow_one_that_waits(chain, wallet):
    first = wallet.mint()
    second = wallet.mint(after=[first])
    member = chain.members[0]

    alone = check_tx(member, second.raw)
    check_tx(member, first.raw)
    behind = check_tx(member, second.raw)

    assert (alone.code, behind.code) == (Refuse.PREDECESSOR_MISSING, 0)


def test_a_party_may_act_while_its_registration_waits(chain, wallet):
    member = chain.members[0]
    newcomer = account_of(chain.network, wallet.account("registrar"), "momo")
    register = RegisterParty(
        reference="momo",
        kind=int(Kind.PERSON),
        country="KE",
        roles=0,
        sponsor=wallet.account("registrar"),
        scheme=1,
        public=keys_of("momo").public,
    )
    entered = wallet.sign("registrar", register)
    acts = wallet.sign("momo", Mint(currency="USD", to=newcomer, units=1), account=newcomer, after=[entered])

    unknown = check_tx(member, acts.raw)
    check_tx(member, entered.raw)
    known = check_tx(member, acts.raw)

    assert (unknown.code, known.code) == (Refuse.SIGNER_UNKNOWN, 0)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda wallet: wallet.mint(expiry=START - 1).raw, Refuse.ENVELOPE_EXPIRED),
        (lambda wallet: wallet.mint(keys=keys_of("nairobi")).raw, Refuse.SIGNATURE_WRONG),
        (lambda wallet: wallet.mint().raw[:-1], Refuse.ENVELOPE_MALFORMED),
        (lambda _wallet: b"garbage", Refuse.ENVELOPE_MALFORMED),
        (lambda _wallet: b"\xc1garbage", Refuse.ENVELOPE_MALFORMED),
    ],
)
def test_the_door_refuses_by_number(chain, wallet, make, code):
    answer = check_tx(chain.members[0], make(wallet))

    assert answer.code == code
    assert refusal(answer)[0] == code
    assert str(int(code)) in answer.log


def test_after_its_block_an_envelope_is_not_waited_for_any_more(chain, wallet):
    raw = wallet.mint().raw
    check_tx(chain.members[0], raw)
    chain.block(raw)

    assert check_tx(chain.members[0], raw, abci.RECHECK).code == Refuse.ENVELOPE_REPLAYED


def test_what_still_waits_passes_again_until_it_expires(chain, wallet):
    raw = wallet.mint(expiry=START + 10).raw
    check_tx(chain.members[0], raw)

    chain.block(at=START + 10)
    in_time = check_tx(chain.members[0], raw, abci.RECHECK)
    chain.block(at=START + 11)
    late = check_tx(chain.members[0], raw, abci.RECHECK)

    assert (in_time.code, late.code) == (0, Refuse.ENVELOPE_EXPIRED)


def test_of_a_batch_one_envelope_is_enough_for_the_door(chain, wallet):
    good, bad = wallet.mint(), wallet.mint(expiry=START - 1)
    heard = []
    chain.members[0].application.on_refused = lambda identity, refused: heard.append((identity, refused.code))

    mixed = check_tx(chain.members[0], transaction_of([good.raw, bad.raw]), abci.RECHECK)
    hopeless = check_tx(chain.members[0], transaction_of([bad.raw, bad.raw]))

    assert (mixed.code, hopeless.code) == (0, Refuse.ENVELOPE_EXPIRED)
    assert heard == [(bad.id, Refuse.ENVELOPE_EXPIRED)]


# ---------------------------------------------------------------------------------------------------------- proposals


def test_a_proposer_leaves_out_what_is_not_admissible(chain, wallet):
    good, other = wallet.mint(), wallet.mint(5)
    bad = [b"garbage", wallet.mint(expiry=START - 1).raw, good.raw]

    chosen = chain.prepare(chain.members[0], good.raw, *bad, other.raw, at=START)

    assert chosen == [good.raw, other.raw]


def test_a_proposer_takes_the_admissible_part_of_a_batch(chain, wallet):
    good, bad, other = wallet.mint(), wallet.mint(expiry=START - 1), wallet.mint(5)
    batch = [transaction_of([good.raw, bad.raw]), transaction_of([other.raw, bad.raw, wallet.mint(6).raw])]

    chosen = chain.prepare(chain.members[0], *batch, at=START)

    assert chosen[0] == good.raw
    assert len(chosen) == 2
    assert bad.raw not in chosen[1]


def test_a_proposer_keeps_to_the_bytes_it_is_given(chain, wallet):
    raws = [wallet.mint().raw for _number in range(3)]
    room = len(raws[0]) + len(raws[1])

    fits = chain.prepare(chain.members[0], *raws, at=START, bytes_max=room)
    tight = chain.prepare(chain.members[0], *raws, at=START, bytes_max=room - 1)

    assert (fits, tight) == (raws[:2], raws[:1])


def test_a_proposer_stops_in_time_and_the_rest_comes_next(chain, wallet):
    transactions = [wallet.mint(units).raw for units in range(1, 6)]
    moments = iter((0.0, 0.2, 0.5, 0.51, 10.0))
    proposer = chain.members[0]
    proposer.replica.candidates.clock = lambda: next(moments)

    chosen = chain.prepare(proposer, *transactions, at=START)

    assert chosen == transactions[:2]
    assert all(chain.accepts(member, *chosen) for member in chain.members)


@pytest.mark.parametrize(
    "bad",
    [
        lambda _wallet, _good: (b"garbage",),
        lambda _wallet, good: (good, good),
        lambda _wallet, good: (transaction_of([good, good]),),
        lambda wallet, good: (good, wallet.mint(expiry=START - 1).raw),
        lambda wallet, _good: (wallet.mint(keys=keys_of("nairobi")).raw,),
        lambda wallet, good: (wallet.mint(after=[wallet.mint()]).raw, good),
        lambda _wallet, good: (transaction_of([good, b"garbage"]),),
        lambda _wallet, _good: (b"",),
    ],
)
def test_a_proposal_with_what_may_not_be_in_a_block_is_refused_by_all(chain, wallet, bad):
    good = wallet.mint().raw
    transactions = bad(wallet, good)

    assert not any(chain.accepts(member, *transactions) for member in chain.members)
    assert all(chain.accepts(member, good) for member in chain.members)


def test_a_proposal_may_be_full_and_not_over_full(tmp_path):
    chain = Chain(tmp_path, ["almaty"], limits={"block_envelopes_max": 3})
    wallet = Wallet(chain.network)
    raws = [wallet.mint().raw for _number in range(4)]
    member = chain.members[0]

    assert chain.accepts(member, *raws[:3])
    assert not chain.accepts(member, *raws)
    assert not chain.accepts(member, transaction_of(raws))
    assert chain.prepare(member, *raws, at=START) == raws[:3]
    chain.close()


def test_a_proposal_keeps_to_the_networks_bytes(tmp_path):
    wallet = Wallet(Chain(tmp_path / "first", ["almaty"]).network)
    size = len(wallet.mint().raw)
    chain = Chain(tmp_path / "second", ["almaty"], limits={"block_bytes_max": 2 * size, "envelope_bytes_max": 2 * size})
    wallet = Wallet(chain.network)
    raws = [wallet.mint().raw for _number in range(3)]
    member = chain.members[0]

    assert chain.accepts(member, *raws[:2])
    assert not chain.accepts(member, *raws)
    assert chain.prepare(member, *raws, at=START) == raws[:2]


def test_a_proposal_over_a_sponsors_quota_is_refused(tmp_path):
    chain = Chain(tmp_path / "wide", ["almaty"])
    identity = msgspec.to_builtins(chain.genesis)["identity"]
    identity["parties"][0]["quota"]["operations"] = 2
    chain.close()
    narrow = Chain(tmp_path / "narrow", ["almaty"], identity=identity)
    wallet = Wallet(narrow.network)
    raws = [wallet.mint().raw for _number in range(3)]

    assert narrow.accepts(narrow.members[0], *raws[:2])
    assert not narrow.accepts(narrow.members[0], *raws)
    assert narrow.prepare(narrow.members[0], *raws, at=START) == raws[:2]
    narrow.close()


def test_a_proposal_from_before_the_last_block_is_refused(chain, wallet):
    chain.block(wallet.mint().raw, at=START + 5)
    raw = wallet.mint().raw

    assert not chain.accepts(chain.members[0], raw, at=START + 4)
    assert chain.accepts(chain.members[0], raw, at=START + 5)
    assert chain.accepts(chain.members[0], raw, at=START + HOUR)


def test_the_answer_to_a_proposal_depends_on_block_and_state_alone(chain, wallet):
    raw, other = wallet.mint().raw, wallet.mint().raw
    busy, quiet = chain.members[:2]
    check_tx(busy, raw)
    check_tx(busy, other)
    chain.prepare(busy, other, raw, at=START)

    for member in (busy, quiet):
        assert chain.accepts(member, raw)
        assert not chain.accepts(member, raw, raw)


# ------------------------------------------------------------------------------------------------------ decided blocks


def test_results_carry_the_code_and_the_hash_of_the_receipt(chain, wallet):
    good = wallet.mint()
    refused = wallet.sign("nairobi", Mint(currency="USD", to=wallet.account("nairobi"), units=1))

    decided = chain.block(good.raw, refused.raw)

    receipts = [result.receipt for result in chain.members[0].replica.lookups.block(1).results]
    assert [each.code for each in decided.tx_results] == [0, MoneyRefusal.CURRENCY_UNKNOWN]
    assert [each.data for each in decided.tx_results] == [receipt_hash(each) for each in receipts]


def test_a_batch_is_one_transaction_and_several_envelopes(chain, wallet):
    minted = [wallet.mint(), wallet.mint(), wallet.mint()]

    decided = chain.block(transaction_of([each.raw for each in minted]))

    block = chain.members[0].replica.lookups.block(1)
    assert len(decided.tx_results) == 1
    assert [each.id for each in block.results] == [each.id for each in minted]
    assert block.envelopes == [each.raw for each in minted]


def test_a_block_executed_for_its_proposal_comes_out_as_one_that_was_not(chain, wallet):
    proposed, late = chain.members[:2]
    transactions = [wallet.mint().raw, transaction_of([wallet.mint().raw, wallet.mint().raw])]
    chain.accepts(proposed, *transactions)

    assert chain.finalize(proposed, *transactions) == chain.finalize(late, *transactions)


def test_nothing_is_durable_before_commit(chain, wallet):
    member = chain.members[0]
    raw = wallet.mint().raw
    before = member.root()
    chain.finalize(member, raw)

    member.die()

    assert member.ledger.tip.height == 0
    assert member.root() == before
    member.ask(init_chain=chain.init_chain())
    assert chain.finalize(member, raw) == chain.finalize(chain.members[1], raw)


def test_commit_is_durable_before_it_answers(chain, wallet):
    member = chain.members[0]
    chain.block(wallet.mint().raw)
    root = member.root()

    member.die()

    assert (member.ledger.tip.height, member.root()) == (1, root)


def test_the_app_hash_covers_state_and_results_and_stands_still(chain, wallet):
    ledger = chain.members[0].ledger
    chain.block(wallet.mint().raw)
    first = AppState(
        state_root=ledger.tree.root,
        results_height=1,
        results_root=ledger.tip.results_root,
        results_header=ledger.tip.hash,
    )
    assert chain.app_hash == app_hash(first)
    assert ledger.tip.results_root != EMPTY_ROOT

    chain.block(at=START + 1)
    quiet = chain.app_hash
    chain.block(at=START + 2)

    assert quiet == chain.app_hash
    assert ledger.tip.results_root == EMPTY_ROOT
    chain.members[0].die()
    assert chain.members[0].replica.app_hash() == quiet


def test_a_decided_block_that_may_not_be_stops_the_node(chain):
    with pytest.raises(Broken, match="was decided, and it may not be"):
        chain.finalize(chain.members[0], b"garbage")


def test_a_record_can_be_asked_for(chain, wallet):
    member = chain.members[0]
    chain.block(wallet.mint().raw)
    key = bytes([2]) + wallet.account("bank")

    found = member.ask(query=abci.RequestQuery(path="/record", data=key, prove=True))
    nothing = member.ask(query=abci.RequestQuery(path="/record", data=bytes([2]) + bytes(20)))
    old = member.ask(query=abci.RequestQuery(path="/record", data=key, height=7))
    astray = member.ask(query=abci.RequestQuery(path="/store", data=key))

    assert (found.code, found.value, found.height) == (0, member.ledger.tree.read(key), 1)
    assert found.proof_ops.ops[0].type == "sogdia/state"
    assert (nothing.code, nothing.value) == (0, b"")
    assert (old.code, astray.code) == (10_201, 1)
    assert "not kept" in old.log
    assert "/record" in astray.log


def test_vote_extensions_are_empty(chain):
    answer = abci.ResponseVerifyVoteExtension
    member = chain.members[0]

    assert member.ask(extend_vote=abci.RequestExtendVote(height=1)).vote_extension == b""
    empty = member.ask(verify_vote_extension=abci.RequestVerifyVoteExtension(height=1))
    other = member.ask(verify_vote_extension=abci.RequestVerifyVoteExtension(height=1, vote_extension=b"x"))
    assert (empty.status, other.status) == (answer.ACCEPT, answer.REJECT)
