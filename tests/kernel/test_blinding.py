"""What a proof shows beside its record is of no use to those who lack the secret; a face shows itself alone."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest

from sogdia.kernel.blinding import BLIND_BYTES, NO_SECRET, blind_of, commitment_to, is_secret_of, receipt_blind
from sogdia.kernel.codec import encode
from sogdia.kernel.genesis import network_of
from sogdia.kernel.header import Header, SignedHeader
from sogdia.kernel.proof import Anchor, FaceProof, ProofFault, ProofWrong, decode_proof, face_proof, state_proof
from sogdia.kernel.receipt import receipt_hash
from sogdia.kernel.tree import Tree, root_of
from sogdia.kernel.tree_hashes import (
    ENTRY_BYTES,
    FRONT_BYTES,
    HASH_BYTES,
    hash_from_face,
    rest_hash,
    stored_hash,
    stored_hash_in,
)
from sogdia.kernel.values import name_of
from sogdia.modules.market.records import ORDERS, OrderFace, OrderState
from sogdia.modules.money.records import BALANCES, Balance
from sogdia.testing.ledger import Ledger, genesis
from tests.kernel.wire import pay
from tests.modules.market.shop import open_shop, place

ANCHOR = Anchor(
    header=SignedHeader(
        header=Header(
            network=bytes(32), height=1, time=1, previous=bytes(32), transactions_root=bytes(32), state_root=bytes(32),
            results_root=bytes(32), validators=bytes(32), next_validators=bytes(32),
        ),
        signatures=(bytes(64),),
    )
)  # fmt: skip
SECRET = sha256(b"known to those who hold the ledger").digest()
PAID = 4_250


def tree_of(ledger):
    return ledger.base.tree


def shown(tree, key):
    """Give a record's stored value and the entries of its bucket."""
    stored, entries, _levels = tree.prove(key)
    assert stored is not None
    return stored, entries


def guessed_balance(ledger, secret):
    """Try amounts on the hashes that a proof of the bank's own currency account shows beside it."""
    wanted = BALANCES.full_key((ledger.account("nairobi"), ledger.asset()))
    _stored, entries, _levels = tree_of(ledger).prove(wanted)
    shown = stored_hash_in(entries, sha256(wanted).digest())
    front = b"\x00" + blind_of(secret, sha256(wanted).digest())
    for units in range(10_000):
        if sha256(front + encode(Balance(available=units))).digest() == shown:
            return units
    return None


@pytest.mark.parametrize(("secret", "guessed"), [(SECRET, None), (NO_SECRET, PAID)])
def test_a_neighbour_s_balance_cannot_be_guessed_from_a_proof_unless_the_network_has_no_secret(secret, guessed):
    ledger = Ledger(secret=secret)
    ledger.fund("nairobi", PAID)

    assert guessed_balance(ledger, NO_SECRET) == guessed
    assert guessed_balance(ledger, secret) == PAID


def test_the_root_depends_on_the_records_and_the_secret_alone():
    records = {b"\x20key %d" % number: b"value %d" % number for number in range(200)}
    there_and_back = Tree(lambda _prefix: None, SECRET)
    there_and_back.update([(key, b"another", 0) for key in records])
    there_and_back.update([(key, None, 0) for key in list(records)[::2]])
    there_and_back.update([(key, value, 0) for key, value in reversed(records.items())])

    assert there_and_back.root == root_of(records, SECRET)
    assert len({root_of(records, secret) for secret in (SECRET, NO_SECRET, bytes(31) + b"\x01")}) == 3


def test_a_record_keeps_its_blind_for_life_and_no_two_have_the_same():
    tree = Tree(lambda _prefix: None, SECRET)
    tree.update([(b"\x20one", b"first", 0), (b"\x20two", b"first", 0)])
    one, two = shown(tree, b"\x20one")[0], shown(tree, b"\x20two")[0]

    tree.update([(b"\x20one", b"second", 0)])

    assert one[FRONT_BYTES:] == two[FRONT_BYTES:]
    assert one[:FRONT_BYTES] != two[:FRONT_BYTES]
    assert shown(tree, b"\x20one")[0] == one[:FRONT_BYTES] + b"second"


@pytest.mark.parametrize("lengths", [(0, 3), (3, 0), (3, 5), (0, 255)])
def test_a_face_may_come_go_and_change_its_length(lengths):
    tree = Tree(lambda _prefix: None, SECRET)
    value = bytes(range(1, 256)) * 2
    for length in lengths:
        tree.update([(b"\x20one", value, length)])

    stored, entries = shown(tree, b"\x20one")

    assert (stored[0], tree.read(b"\x20one")) == (lengths[-1], value)
    assert entries[HASH_BYTES:] == stored_hash(stored)
    if lengths[-1]:
        assert entries[HASH_BYTES:] == hash_from_face(value[-lengths[-1] :], rest_hash(stored))


def test_a_record_without_a_face_cannot_be_taken_for_the_rest_beside_an_empty_one():
    tree = Tree(lambda _prefix: None, SECRET)
    tree.update([(b"\x20one", b"sixteen bytes ok", 0)])
    stored, entries = shown(tree, b"\x20one")
    forged = FaceProof(anchor=ANCHOR, table=0x20, key=b"one", face=b"", rest=stored[1:], entries=entries, levels=())

    assert hash_from_face(b"", stored[1:]) == stored_hash(stored)
    with pytest.raises(ProofWrong) as wrong:
        decode_proof(encode(forged))
    assert wrong.value.fault == ProofFault.FORM


@pytest.fixture(scope="module")
def proved():
    """The proof of an order for its parties, and the one for strangers."""
    ledger = open_shop(Ledger(secret=SECRET))
    full_key = ORDERS.full_key(place(ledger, reference="7"))
    whole = state_proof(ANCHOR, full_key, tree_of(ledger).prove(full_key))
    return ledger, whole, face_proof(whole)


def test_what_strangers_are_shown_of_an_order_holds_its_state_and_none_of_the_rest(proved):
    ledger, whole, face = proved
    order = ORDERS.codec.decode(whole.value)
    told = encode(face)

    assert ORDERS.read_face(face.face) == OrderFace(
        state=OrderState.PLACED, deadline=order.deadline, history=order.history
    )
    for private in (ledger.account("bukhara"), ledger.account("bank"), encode(order.paid), whole.stored[1:FRONT_BYTES]):
        assert private in encode(whole)
        assert private not in told
    key_hash = sha256(bytes((face.table,)) + face.key).digest()
    assert stored_hash_in(face.entries, key_hash) == hash_from_face(face.face, face.rest)


def test_a_record_without_a_face_and_one_that_is_not_there_have_none_to_prove(proved):
    ledger = proved[0]
    there = BALANCES.full_key((ledger.account("nairobi"), ledger.asset()))
    missing = ORDERS.full_key(name_of(ledger.account("nairobi"), "8"))

    faces = [face_proof(state_proof(ANCHOR, key, tree_of(ledger).prove(key))) for key in (there, missing)]

    assert faces == [None, None]
    assert isinstance(proved[2], FaceProof)


def test_a_genesis_holds_the_hash_of_its_secret_and_none_means_zeros():
    committed = genesis(blinding=commitment_to(SECRET))

    assert is_secret_of(SECRET, committed.blinding)
    assert not is_secret_of(NO_SECRET, committed.blinding)
    assert is_secret_of(NO_SECRET, None)
    assert not is_secret_of(SECRET, None)
    assert network_of(committed) != network_of(genesis())
    assert commitment_to(NO_SECRET) != SECRET.hex()


@pytest.mark.parametrize("secret", [SECRET, bytes(range(32)), NO_SECRET])
def test_nobody_without_the_secret_can_try_out_a_receipt_on_its_hash(secret):
    ledger = Ledger(secret=secret)
    ledger.fund("nairobi", 5)
    ledger.must("nairobi", pay(ledger, 3))
    (result,) = ledger.last_block.results

    blind = msgspec.msgpack.decode(result.receipt)[-1]
    guessed = result.receipt[:-BLIND_BYTES] + receipt_blind(NO_SECRET, result.id)

    assert blind == sha256(b"sogdia/receipt" + secret + result.id).digest()[:16]
    assert (receipt_hash(guessed) == receipt_hash(result.receipt)) == (secret == NO_SECRET)


def test_exits_have_a_blind_of_their_own():
    ledger = open_shop(Ledger(secret=SECRET))
    place(ledger, reference="7")
    ledger.block(at=ledger.time + 30 * 86_400)
    exits = ledger.last_block.exits

    assert exits
    for result in exits:
        assert msgspec.msgpack.decode(result.receipt)[-1] == receipt_blind(SECRET, result.id)


def test_entries_show_nothing_of_the_blinds(proved):
    _ledger, whole, _face = proved

    assert len(whole.entries) % ENTRY_BYTES == 0
    assert whole.stored[1:FRONT_BYTES] not in whole.entries
