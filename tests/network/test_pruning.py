"""Old blocks that go to the archive: what stays provable, what is answered instead, and segments that lie."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.keeping import Keeping
from sogdia.engine.cometbft.snapshots import Taking
from sogdia.engine.folders import archive
from sogdia.engine.folders.archive import (
    FOLDER,
    Archive,
    SegmentWrongError,
    check_chain,
    check_segment,
    segments_in,
)
from sogdia.engine.folders.kept_snapshots import FOLDER as SNAPSHOTS
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.engine.storage.beginning import NotHereError
from sogdia.kernel.receipt import NO_HISTORY, fold
from sogdia.kernel.stored_block import StoredStep, decode_block, encode_block
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.money import HOLDS, Asset
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.holds import PlaceHold
from sogdia.testing.ledger import START
from tests.network.chain import VALIDATORS, Chain, Member
from tests.network.test_application import Wallet

if TYPE_CHECKING:
    from pathlib import Path

KEEPING = Keeping(Taking(every=4, kept=2), blocks=6)
DAY = 86_400


@pytest.fixture
def chain(tmp_path):
    made = Chain(tmp_path, VALIDATORS[:2], keeping=KEEPING)
    yield made
    made.close()


@pytest.fixture
def wallet(chain):
    return Wallet(chain.network)


def grow(chain: Chain, wallet: Wallet, blocks: int) -> None:
    """Make blocks, and hand on what is due, as the node does beside them."""
    for _ in range(blocks):
        chain.block(wallet.mint().raw, at=chain.time + 1)
        for member in chain.members:
            member.replica.snapshots.finish()
            due = member.replica.pruning.due()
            if due is not None:
                member.replica.pruning.hand_on(due)


def place_hold(chain: Chain, wallet: Wallet) -> bytes:
    """Set money aside in the next two blocks; gives the key of the hold's record."""
    bank, nairobi = wallet.account("bank"), wallet.account("nairobi")
    asset = Asset("USD", bank)
    chain.block(wallet.sign("bank", Mint(currency="USD", to=bank, units=50)).raw, at=chain.time + 1)
    hold = PlaceHold(reference="h1", payee=nairobi, asset=asset, units=50, deadline=START + 300 * DAY, purpose="GDDS")
    chain.block(wallet.sign("bank", hold).raw, at=chain.time + 1)
    return HOLDS.full_key(name_of(bank, "h1"))


def first(member: Member) -> int:
    return member.ledger.file.first_height()


def archive_of(member: Member) -> Archive:
    return Archive(member.folder / FOLDER, member.ledger.machine.network)


# --------------------------------------------------------------------------------------------------------- what stays


def test_blocks_go_to_the_archive_when_they_are_old_and_a_snapshot_stands_behind_them(chain, wallet):
    grow(chain, wallet, 9)
    assert [first(member) for member in chain.members] == [1, 1]

    grow(chain, wallet, 1)

    assert [first(member) for member in chain.members] == [5, 5]
    segments = [(member.folder / FOLDER / "1-4.segment").read_bytes() for member in chain.members]
    assert segments[0] == segments[1]


def test_the_engine_is_told_what_it_may_drop(chain, wallet):
    grow(chain, wallet, 10)
    chain.time += 1
    raw = wallet.mint().raw
    member = chain.members[0]
    chain.finalize(member, raw)

    assert member.ask(commit=abci.RequestCommit()).retain_height == 4
    chain.finalize(chain.members[1], raw)
    chain.members[1].ask(commit=abci.RequestCommit())


def test_everything_is_the_same_after_a_new_start_on_what_is_left(chain, wallet):
    grow(chain, wallet, 15)
    before = [(member.root(), member.replica.app_hash(), first(member)) for member in chain.members]
    for member in chain.members:
        member.die()

    assert [(member.root(), member.replica.app_hash(), first(member)) for member in chain.members] == before
    assert before[0][2] == 9
    grow(chain, wallet, 2)


def test_the_life_of_a_hold_needs_no_block_that_has_gone(chain, wallet):
    key = place_hold(chain, wallet)
    whole = chain.members[0].replica.lookups.life(key)
    grow(chain, wallet, 10)
    member = chain.members[0]
    (member.folder / FOLDER / "1-4.segment").unlink()
    member.die()

    life = member.replica.lookups.life(key)

    folded = NO_HISTORY
    for step in life:
        folded = fold(folded, step.id, step.operation, step.receipt_hash, step.height, step.time)
    assert life == whole
    assert first(member) > life[-1].height
    assert member.ledger.tree.read(key)[-32:] == folded


def test_snapshots_stay_bounded_and_the_one_at_the_beginning_stays(chain, wallet):
    grow(chain, wallet, 30)

    kept = sorted(int(each.name) for each in (chain.members[0].folder / SNAPSHOTS).iterdir())

    assert kept == [24, 28]
    assert first(chain.members[0]) == 25


def test_a_block_in_the_archive_is_found_there_and_without_it_is_refused(chain, wallet):
    signed = wallet.mint()
    chain.block(signed.raw, at=START + 1)
    raw = chain.members[0].replica.lookups.raw_block(1)
    grow(chain, wallet, 10)
    member = chain.members[0]

    assert member.replica.lookups.raw_block(1) == raw
    found = member.replica.lookups.find(signed.id)
    assert found is not None
    assert found.height == 1
    (member.folder / FOLDER / "1-4.segment").unlink()
    member.die()
    with pytest.raises(NotHereError, match="sogdia archive"):
        member.replica.lookups.find(signed.id)


# ----------------------------------------------------------------------------------------------------------- replay


def test_replay_says_that_it_starts_at_a_snapshot_and_compares_all_that_is_left(chain, wallet):
    grow(chain, wallet, 10)
    member = chain.members[0]
    member.close()

    replayed = replay(member.folder, ALL)
    member.open()

    assert isinstance(replayed, Replayed)
    assert (replayed.begins_after, replayed.height) == (4, 10)


def test_replay_from_a_snapshot_notices_what_is_not_as_it_was_derived(chain, wallet):
    grow(chain, wallet, 10)
    member = chain.members[0]
    member.close()
    chunk = member.folder / SNAPSHOTS / "4" / "00000"
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"?")

    replayed = replay(member.folder, ALL)
    chunk.write_bytes(b"")
    member.open()

    assert not isinstance(replayed, Replayed)
    assert replayed.part == "snapshot"


# ---------------------------------------------------------------------------------------------------------- segments


@pytest.fixture
def archived(chain, wallet):
    """A member with two segments."""
    grow(chain, wallet, 14)
    member = chain.members[0]
    assert [each.path.name for each in segments_in(member.folder / FOLDER)] == ["1-4.segment", "5-8.segment"]
    return member


def test_segments_follow_one_another_to_the_header_with_which_the_ledger_begins(archived):
    network = archived.ledger.machine.network
    checked = [check_segment(each.path, network) for each in segments_in(archived.folder / FOLDER)]

    assert list(check_chain(checked)) == []
    assert checked[0].previous == network
    assert checked[-1].header == archived.ledger.beginning.hash
    assert sum(each.envelopes for each in checked) == 8


def test_a_segment_of_another_chain_does_not_follow(archived):
    network = archived.ledger.machine.network
    checked = [check_segment(each.path, network) for each in segments_in(archived.folder / FOLDER)]

    assert list(check_chain([checked[0], checked[1]._replace(previous=bytes(32))])) != []
    assert list(check_chain([checked[0], checked[1]._replace(first=6)])) != []


def test_no_byte_of_a_segment_can_be_altered(archived):
    path = archived.folder / FOLDER / "1-4.segment"
    whole, network = path.read_bytes(), archived.ledger.machine.network
    places = {0, len(whole) - 1, *range(0, len(whole), 97)}
    for at in sorted(places):
        path.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        with pytest.raises(SegmentWrongError):
            check_segment(path, network)
    for cut in (whole[:-1], whole[: len(whole) // 2], b"", whole + b"\n"):
        path.write_bytes(cut)
        with pytest.raises(SegmentWrongError):
            check_segment(path, network)
    path.write_bytes(whole)
    check_segment(path, network)


def test_a_segment_of_another_network_or_under_another_name_is_refused(archived):
    path = archived.folder / FOLDER / "1-4.segment"
    with pytest.raises(SegmentWrongError, match="belongs to network"):
        check_segment(path, bytes(32))
    other = path.rename(path.with_name("1-5.segment"))
    with pytest.raises(SegmentWrongError, match="and its name another"):
        check_segment(other, archived.ledger.machine.network)
    other.rename(path)


def forge(path: Path, raw: bytes, forged: bytes) -> None:
    """Put another block in the place of one in a segment, whose own hash then fits."""
    head, rest = path.read_bytes().split(b"\n", 1)
    body = rest[: rest.rindex(b'{"header"')]
    body = body.replace(len(raw).to_bytes(4, "big") + raw, len(forged).to_bytes(4, "big") + forged)
    closing = json.loads(rest[rest.rindex(b'{"header"') :])
    closing["sha256"] = sha256(head + b"\n" + body).hexdigest()
    path.write_bytes(head + b"\n" + body + json.dumps(closing, separators=(",", ":")).encode() + b"\n")


def test_a_receipt_that_was_altered_is_found_even_when_the_file_agrees_with_its_own_hash(archived):
    path = archived.folder / FOLDER / "1-4.segment"
    raw = archived.replica.lookups.raw_block(2)
    block = decode_block(raw)
    receipt = block.results[0].receipt + b"\xc0"
    forge(path, raw, encode_block(replace(block, results=[block.results[0]._replace(receipt=receipt)])))

    with pytest.raises(SegmentWrongError, match="results of block 2"):
        check_segment(path, archived.ledger.machine.network)
    with pytest.raises(SegmentWrongError, match="block 2 does not fit the headers around it"):
        archive_of(archived).block(2)
    assert archive_of(archived).block(3) == archived.replica.lookups.raw_block(3)


@pytest.mark.parametrize(
    "steps", [[StoredStep(b"k", 10**6, 0, first=False)], [StoredStep(b"k", -1, 0, first=True)], "too many"]
)
def test_steps_that_no_block_can_have_are_refused(archived, monkeypatch, steps):
    monkeypatch.setattr(archive, "STEPS_MAX", 10)
    path = archived.folder / FOLDER / "1-4.segment"
    raw = archived.replica.lookups.raw_block(2)
    planted = [StoredStep(b"k", 0, 0, first=True)] * 11 if steps == "too many" else steps
    forge(path, raw, encode_block(replace(decode_block(raw), steps=planted)))

    with pytest.raises(SegmentWrongError, match="block 2 has steps of results that it does not have, or too many"):
        check_segment(path, archived.ledger.machine.network)


def test_a_block_that_is_longer_than_any_of_ours_is_not_read(archived, monkeypatch):
    monkeypatch.setattr(archive, "BLOCK_BYTES_MAX", 20)

    with pytest.raises(SegmentWrongError, match="at most 20 are read"):
        check_segment(archived.folder / FOLDER / "1-4.segment", archived.ledger.machine.network)
