"""Snapshots between replicas in one process: taken, given away, restored; and everything that a lying peer may send."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft import snapshot_calls
from sogdia.engine.cometbft.grammar import OrderWrongError
from sogdia.engine.cometbft.keeping import Keeping
from sogdia.engine.cometbft.snapshots import Taking
from sogdia.engine.folders import snapshot_form
from sogdia.engine.folders.kept_snapshots import FOLDER
from sogdia.engine.folders.snapshot_form import read_manifest, snapshot_hash
from sogdia.kernel.blinding import commitment_to
from sogdia.kernel.codec import encode
from sogdia.testing.ledger import START
from tests.network.chain import VALIDATORS, Chain, Member, network_genesis
from tests.network.restoring import APPLY, OFFER, apply, chunk, offer, offers, restore, trusted_hash
from tests.network.test_application import Wallet

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = b"s" * 32
KEEPING = Keeping(Taking(every=4, kept=2))


@pytest.fixture
def chain(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot_form, "CHUNK_BYTES", 1_500)
    # Here nobody verifies headers, and most chains stand still once their snapshot is taken.
    monkeypatch.setattr(snapshot_calls, "HEADERS_AFTER", 0)
    made = Chain(tmp_path, VALIDATORS[:2], secret=SECRET, keeping=KEEPING, blinding=commitment_to(SECRET))
    yield made
    made.close()


@pytest.fixture
def wallet(chain):
    return Wallet(chain.network)


@pytest.fixture
def newcomer(chain, tmp_path):
    made = Member("newcomer", tmp_path / "newcomer", chain.genesis, SECRET, KEEPING)
    yield made
    made.close()


def grow(chain: Chain, wallet: Wallet, blocks: int) -> None:
    """Make blocks with one envelope each, and wait until the snapshots in them are taken."""
    for _ in range(blocks):
        chain.block(wallet.mint().raw, at=chain.time + 1)
        for member in chain.members:
            member.replica.snapshots.finish()


# ---------------------------------------------------------------------------------------------------- taking, giving


def test_all_nodes_take_the_same_snapshots_and_keep_the_last_few(chain, wallet):
    grow(chain, wallet, 3)
    assert offers(chain.members[0]) == []
    grow(chain, wallet, 13)

    taken = [offers(member) for member in chain.members]

    assert [each.height for each in taken[0]] == [12, 16]
    assert taken[0][1].chunks >= 3
    assert all(each == taken[0] for each in taken)
    assert sorted(each.name for each in (chain.members[0].folder / FOLDER).iterdir()) == ["12", "16"]


def test_a_snapshot_is_offered_once_the_headers_are_there_by_which_it_is_verified(chain, wallet, monkeypatch):
    monkeypatch.setattr(snapshot_calls, "HEADERS_AFTER", 2)
    seen = []
    for _ in range(7):
        grow(chain, wallet, 1)
        seen.append([each.height for each in offers(chain.members[0])])

    assert seen == [[], [], [], [], [], [4], [4]]


def test_a_block_without_results_is_no_place_for_a_snapshot_and_the_next_with_some_is(chain, wallet):
    grow(chain, wallet, 3)
    for _ in range(3):
        chain.block(at=chain.time + 1)
    grow(chain, wallet, 1)

    assert [each.height for each in offers(chain.members[0])] == [7]


def test_a_snapshot_is_of_the_moment_whatever_blocks_come_while_it_is_taken(chain, wallet):
    grow(chain, wallet, 3)
    chain.block(wallet.mint().raw, at=chain.time + 1)
    root = chain.members[0].root()
    for _ in range(3):
        chain.block(wallet.mint().raw, at=chain.time + 1)
        chain.members[0].ledger.commit(flush=True)
    chain.members[0].replica.snapshots.finish()

    (snapshot,) = offers(chain.members[0])

    assert read_manifest(snapshot.metadata, chain.network).state.state_root == root != chain.members[0].root()


def test_what_is_not_at_hand_or_damaged_is_not_given(chain, wallet):
    grow(chain, wallet, 4)
    member = chain.members[0]
    (snapshot,) = offers(member)
    path = member.folder / FOLDER / "4" / "00001"
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    assert chunk(member, snapshot, 0)
    assert chunk(member, snapshot, 1) == b""
    assert chunk(member, snapshot, snapshot.chunks) == b""
    assert chunk(member, abci.Snapshot(height=4, format=2), 0) == b""
    assert chunk(member, abci.Snapshot(height=8, format=1), 0) == b""


def test_neither_secret_nor_blinds_travel(chain, wallet):
    grow(chain, wallet, 4)
    (snapshot,) = offers(chain.members[0])
    sent = snapshot.metadata + b"".join(chunk(chain.members[0], snapshot, each) for each in range(snapshot.chunks))

    blinds = [stored[1:17] for _key, stored in chain.members[0].ledger.tree.stored_items()]

    assert SECRET not in sent
    assert not any(blind in sent for blind in blinds)
    assert len(set(blinds)) > 20


# -------------------------------------------------------------------------------------------------------- restoring


def test_a_restored_node_stands_where_the_others_stood_and_goes_on_with_them(chain, wallet, newcomer):
    grow(chain, wallet, 4)
    (snapshot,) = offers(chain.members[0])
    restore(newcomer, chain.members[0], snapshot, chain.network)

    info = newcomer.ask(info=abci.RequestInfo(abci_version="2.0.0"))

    assert (info.last_block_height, info.last_block_app_hash) == (4, chain.app_hash)
    assert newcomer.ledger.tip == chain.members[0].ledger.tip
    chain.members.append(newcomer)
    grow(chain, wallet, 5)
    stored = [member.ledger.file.block(9) for member in chain.members]
    assert len(set(stored)) == 1
    assert offers(newcomer) == offers(chain.members[0])
    chain.members.remove(newcomer)
    newcomer.die()
    assert newcomer.root() == chain.members[0].root()
    assert newcomer.replica.app_hash() == chain.app_hash


def test_every_restored_record_has_the_blind_that_the_secret_gives_it(chain, wallet, newcomer, tmp_path):
    grow(chain, wallet, 4)
    restore(newcomer, chain.members[0], offers(chain.members[0])[0], chain.network)

    assert list(newcomer.ledger.tree.stored_items()) == list(chain.members[0].ledger.tree.stored_items())
    assert not list((tmp_path / "newcomer").glob(".restored*"))


def test_what_was_used_before_the_snapshot_cannot_be_used_again(chain, wallet, newcomer):
    first = wallet.mint()
    chain.block(first.raw, at=START + 1)
    grow(chain, wallet, 3)
    restore(newcomer, chain.members[0], offers(chain.members[0])[0], chain.network)

    answer = newcomer.ask(check_tx=abci.RequestCheckTx(tx=first.raw))

    assert answer.code == 117


def test_a_crash_in_the_middle_leaves_a_folder_that_starts_anew(chain, wallet, newcomer):
    grow(chain, wallet, 4)
    (snapshot,) = offers(chain.members[0])
    assert offer(newcomer, snapshot, trusted_hash(snapshot, chain.network)) == OFFER.ACCEPT
    apply(newcomer, 0, chunk(chain.members[0], snapshot, 0))
    newcomer.die()
    assert newcomer.ledger.tip.height == 0

    restore(newcomer, chain.members[0], snapshot, chain.network)

    assert newcomer.root() == chain.members[0].root()


def test_an_engine_that_dies_after_the_restore_may_begin_another(chain, wallet, newcomer):
    grow(chain, wallet, 8)
    earlier, later = offers(chain.members[0])
    restore(newcomer, chain.members[0], earlier, chain.network)
    newcomer.die()

    restore(newcomer, chain.members[0], later, chain.network)

    assert newcomer.root() == chain.members[0].root()


def test_a_node_with_blocks_of_its_own_takes_no_snapshot(chain, wallet):
    grow(chain, wallet, 8)
    snapshot = offers(chain.members[0])[0]

    assert offer(chain.members[1], snapshot, trusted_hash(snapshot, chain.network)) == OFFER.ABORT


def test_a_chunk_without_an_offer_is_out_of_order(newcomer):
    assert apply(newcomer, 0, b"x").result == APPLY.REJECT_SNAPSHOT


def test_a_later_offer_takes_the_place_of_one_under_way(chain, wallet, newcomer):
    grow(chain, wallet, 8)
    earlier, later = offers(chain.members[0])
    assert offer(newcomer, earlier, trusted_hash(earlier, chain.network)) == OFFER.ACCEPT
    apply(newcomer, 0, chunk(chain.members[0], earlier, 0))

    restore(newcomer, chain.members[0], later, chain.network)

    assert newcomer.root() == chain.members[0].root()


# ------------------------------------------------------------------------------------------------------------ lies


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]


ALTERED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("first byte", lambda raw: flipped(raw, 0)),
    ("in the middle", lambda raw: flipped(raw, len(raw) // 2)),
    ("last byte", lambda raw: flipped(raw, len(raw) - 1)),
    ("a byte missing", lambda raw: raw[:-1]),
    ("a byte too many", lambda raw: raw + b"\x00"),
    ("empty", lambda _raw: b""),
    ("far too long", lambda raw: raw * 9_000),
]


@pytest.mark.parametrize("change", [each for _name, each in ALTERED], ids=[name for name, _each in ALTERED])
def test_an_altered_chunk_bans_its_sender_and_comes_again_from_another(chain, wallet, newcomer, change):
    grow(chain, wallet, 4)
    giver = chain.members[0]
    (snapshot,) = offers(giver)
    assert offer(newcomer, snapshot, trusted_hash(snapshot, chain.network)) == OFFER.ACCEPT
    apply(newcomer, 0, chunk(giver, snapshot, 0), "honest")

    answer = apply(newcomer, 1, change(chunk(giver, snapshot, 1)), "liar")

    assert (answer.result, list(answer.refetch_chunks), list(answer.reject_senders)) == (APPLY.RETRY, [1], ["liar"])
    for index in range(1, snapshot.chunks):
        assert apply(newcomer, index, chunk(giver, snapshot, index), "honest").result == APPLY.ACCEPT
    assert newcomer.root() == giver.root()


def test_a_chunk_at_another_place_is_altered_too(chain, wallet, newcomer):
    grow(chain, wallet, 4)
    (snapshot,) = offers(chain.members[0])
    offer(newcomer, snapshot, trusted_hash(snapshot, chain.network))

    answer = apply(newcomer, 0, chunk(chain.members[0], snapshot, 1), "liar")

    assert list(answer.reject_senders) == ["liar"]


def told(snapshot: abci.Snapshot, **changes: Any) -> abci.Snapshot:  # noqa: ANN401 - fields
    """Give a snapshot with other claims."""
    other = abci.Snapshot()
    other.CopyFrom(snapshot)
    for name, value in changes.items():
        setattr(other, name, value)
    return other


def with_manifest(snapshot: abci.Snapshot, network: bytes, /, **changes: Any) -> abci.Snapshot:  # noqa: ANN401 - fields
    """Give a snapshot with other claims in its manifest, which agrees with its own hash."""
    raw = encode(replace(read_manifest(snapshot.metadata, network), **changes))
    return told(snapshot, metadata=raw, hash=snapshot_hash(raw))


def lies(snapshot: abci.Snapshot, network: bytes) -> dict[str, abci.Snapshot]:
    """Give offers that are refused at once."""
    manifest = read_manifest(snapshot.metadata, network)
    header = manifest.header
    other = {
        name: replace(header, header=replace(header.header, **{name: bytes(32)})) for name in ("previous", "network")
    }
    states = {
        name: replace(manifest.state, **{name: bytes(32)}) for name in ("state_root", "results_root", "results_header")
    }
    longer = snapshot.metadata + b"\x00"
    wide = b"\xdc\x00\x05" + snapshot.metadata[1:]
    return {
        "another height": told(snapshot, height=snapshot.height + 1),
        "fewer chunks": told(snapshot, chunks=snapshot.chunks - 1),
        "more chunks": told(snapshot, chunks=snapshot.chunks + 1),
        "another hash": told(snapshot, hash=bytes(32)),
        "no metadata": told(snapshot, metadata=b"", hash=snapshot_hash(b"")),
        "one byte more": told(snapshot, metadata=longer, hash=snapshot_hash(longer)),
        "a second spelling": told(snapshot, metadata=wide, hash=snapshot_hash(wide)),
        "too long": told(snapshot, metadata=bytes(4 * 2**20), hash=snapshot_hash(bytes(4 * 2**20))),
        "another network": with_manifest(snapshot, network, network=bytes(32)),
        "another header": with_manifest(snapshot, network, header=other["previous"]),
        "a header of another network": with_manifest(snapshot, network, header=other["network"]),
        "a signed header": with_manifest(snapshot, network, header=replace(header, signatures=(bytes(64),))),
        **{f"another {name}": with_manifest(snapshot, network, state=state) for name, state in states.items()},
    }


@pytest.mark.parametrize(
    "lie",
    [
        "another height",
        "fewer chunks",
        "more chunks",
        "another hash",
        "no metadata",
        "one byte more",
        "a second spelling",
        "too long",
        "another network",
        "another header",
        "a header of another network",
        "a signed header",
        "another state_root",
        "another results_root",
        "another results_header",
    ],
)
def test_an_offer_that_lies_bans_those_who_made_it(chain, wallet, newcomer, lie):
    grow(chain, wallet, 4)
    (snapshot,) = offers(chain.members[0])
    made = lies(snapshot, chain.network)

    assert offer(newcomer, made[lie], trusted_hash(snapshot, chain.network)) == OFFER.REJECT_SENDER
    assert newcomer.ledger.tip.height == 0
    restore(newcomer, chain.members[0], snapshot, chain.network)


def test_another_format_is_refused_as_such(chain, wallet, newcomer):
    grow(chain, wallet, 4)
    (snapshot,) = offers(chain.members[0])

    assert offer(newcomer, told(snapshot, format=2), trusted_hash(snapshot, chain.network)) == OFFER.REJECT_FORMAT


def test_a_snapshot_of_another_network_is_refused(chain, wallet, tmp_path):
    grow(chain, wallet, 4)
    (snapshot,) = offers(chain.members[0])
    elsewhere = Member("elsewhere", tmp_path / "elsewhere", network_genesis(name="another"))

    assert offer(elsewhere, snapshot, trusted_hash(snapshot, chain.network)) == OFFER.REJECT_SENDER
    elsewhere.close()


def _changed_value(buckets: list[Any]) -> None:
    pairs = buckets[0][1]
    pairs[1] = pairs[1][:-1] + bytes((pairs[1][-1] ^ 1,))


def _record_left_out(buckets: list[Any]) -> None:
    del buckets[0][1][:2]


def _bucket_left_out(buckets: list[Any]) -> None:
    del buckets[0]


def _wrong_bucket(buckets: list[Any]) -> None:
    buckets[0][0], buckets[1][0] = buckets[1][0], buckets[0][0]


def _other_face(buckets: list[Any]) -> None:
    pairs = buckets[0][1]
    pairs[1] = bytes((pairs[1][0] + 1,)) + pairs[1][1:]


def _more_face_than_value(buckets: list[Any]) -> None:
    pairs = buckets[0][1]
    pairs[1] = b"\xff" + pairs[1][1:3]


def _out_of_order(buckets: list[Any]) -> None:
    buckets.reverse()


def _twice(buckets: list[Any]) -> None:
    buckets[0][1][:] = buckets[0][1][:2] * 2


def _within_another(buckets: list[Any]) -> None:
    prefix, pairs = buckets[0]
    digit = sha256(pairs[0]).hexdigest()[len(prefix)]
    buckets.insert(1, [prefix + digit, pairs[:2]])


def _no_bucket(buckets: list[Any]) -> None:
    buckets[0][1].clear()


def _divided(buckets: list[Any]) -> None:
    prefix, pairs = buckets.pop(0)
    made: dict[str, list[bytes]] = {}
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        made.setdefault(sha256(key).hexdigest()[: len(prefix) + 1], []).extend((key, value))
    buckets[:0] = [[each, made[each]] for each in sorted(made)]


@pytest.mark.parametrize(
    "change",
    [
        _changed_value,
        _record_left_out,
        _bucket_left_out,
        _wrong_bucket,
        _other_face,
        _more_face_than_value,
        _out_of_order,
        _twice,
        _within_another,
        _no_bucket,
        _divided,
    ],
)
def test_a_snapshot_whose_chunks_lie_is_dropped_and_another_is_taken(chain, wallet, newcomer, change):
    grow(chain, wallet, 4)
    giver = chain.members[0]
    (snapshot,) = offers(giver)
    honest = [chunk(giver, snapshot, each) for each in range(snapshot.chunks)]
    buckets = msgspec.msgpack.decode(honest[0])
    change(buckets)
    chunks = [encode(buckets), *honest[1:]]
    lying = with_manifest(snapshot, chain.network, chunks=tuple(sha256(each).digest() for each in chunks))
    assert offer(newcomer, lying, trusted_hash(snapshot, chain.network)) == OFFER.ACCEPT

    answers = []
    for index, raw in enumerate(chunks):
        answers.append(apply(newcomer, index, raw, "liar"))
        if answers[-1].result != APPLY.ACCEPT:
            break

    assert answers[-1].result == APPLY.REJECT_SNAPSHOT
    assert list(answers[-1].reject_senders) == ["liar"]
    assert newcomer.ledger.tip.height == 0
    restore(newcomer, giver, snapshot, chain.network)
    assert newcomer.root() == giver.root()


def test_a_record_that_stands_for_more_is_counted(chain, wallet, newcomer):
    grow(chain, wallet, 4)
    (snapshot,) = offers(chain.members[0])
    lying = with_manifest(snapshot, chain.network, records=read_manifest(snapshot.metadata, chain.network).records + 1)
    assert offer(newcomer, lying, trusted_hash(snapshot, chain.network)) == OFFER.ACCEPT

    answers = [apply(newcomer, each, chunk(chain.members[0], snapshot, each)) for each in range(snapshot.chunks)]

    assert answers[-1].result == APPLY.REJECT_SNAPSHOT
    assert newcomer.ledger.tip.height == 0


def test_snapshots_may_be_offered_only_before_blocks():
    from sogdia.engine.cometbft.grammar import Call, Grammar  # noqa: PLC0415

    grammar = Grammar(9, beginning=4)
    with pytest.raises(OrderWrongError, match="committed already"):
        grammar.hear(Call.OFFER_SNAPSHOT)
    Grammar(4, beginning=4).hear(Call.OFFER_SNAPSHOT)
