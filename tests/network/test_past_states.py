"""Queries with proofs at the heights of kept snapshots, and what is answered for others."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.kernel.tree_hashes import root_from_proof, stored_hash, stored_hash_in
from sogdia.modules.money import BALANCES, Asset
from tests.network.test_snapshots import chain, grow, wallet  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from tests.network.chain import Member


def query(member: Member, key: bytes, height: int) -> Any:  # noqa: ANN401 - protobuf's own message
    return member.ask(query=abci.RequestQuery(path="/record", data=key, height=height, prove=True))


def test_what_a_record_was_at_a_kept_height_is_proved(chain, wallet):  # noqa: F811 - fixtures
    grow(chain, wallet, 4)
    member = chain.members[0]
    root = member.root()
    key = BALANCES.full_key((wallet.account("nairobi"), Asset("USD", wallet.account("bank"))))
    before = member.ledger.tree.read(key)
    grow(chain, wallet, 3)

    answer = query(member, key, 4)

    assert before is not None
    assert (answer.code, answer.height, answer.value) == (0, 4, before)
    assert answer.value != member.ledger.tree.read(key)
    stored, entries, levels = msgspec.msgpack.decode(answer.proof_ops.ops[0].data)
    assert stored_hash_in(entries, sha256(key).digest()) == stored_hash(stored)
    assert root_from_proof(sha256(key).digest(), entries, tuple(levels)) == root


def test_a_height_that_is_not_kept_is_refused_with_its_number_and_the_way_out(chain, wallet):  # noqa: F811 - fixtures
    grow(chain, wallet, 13)

    answers = [query(chain.members[0], b"\x01key", height) for height in (4, 5, 99)]

    assert [answer.code for answer in answers] == [10_201] * 3
    assert "kept are 8, 12, and the present 13" in answers[0].log
    assert "another node" in answers[0].log
