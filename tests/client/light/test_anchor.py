"""Roots of trust, the store of checked light blocks, and the anchors of proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sogdia.client.light.anchor import ANCHOR_BYTES_MAX, check_anchor, read_anchor
from sogdia.client.light.roots import Root, first_trust, root_by_genesis, root_by_header
from sogdia.client.light.store import (
    KEPT_MAX,
    LightStore,
    StoreWrong,
    load_store,
    save_store,
    trusts,
    with_blocks,
)
from sogdia.client.light.verify import LightFault, LightWrong, trust_in, verify_next
from sogdia.client.proofs import SandboxRefused
from sogdia.kernel.codec import Codec, NotCanonicalError, encode
from sogdia.kernel.comet import (
    BLOCKS_MAX,
    NANOSECONDS,
    CometAnchor,
    app_hash,
    chain_id_of,
    header_hash,
    in_order,
    validators_hash,
)
from sogdia.kernel.genesis import GenesisValidator, network_of
from sogdia.kernel.roots import TrustedRoots
from tools.light_anchors import GENESIS, NETWORK, ROOT, STATE, anchor, anchor_cases, block
from tools.light_cases import BOUNDS, NOW
from tools.light_made import START, made, public, voters

if TYPE_CHECKING:
    from pathlib import Path


def fault_of(given: CometAnchor, store: LightStore, now: int = NOW) -> LightFault:
    with pytest.raises(LightWrong) as wrong:
        check_anchor(given, store, now, BOUNDS)
    return wrong.value.fault


# -------------------------------------------------------------------------------------------------------------- roots


def test_a_genesis_gives_the_first_set_in_cometbft_s_order():
    weights = (1, 5, 5, 2)
    listed = tuple(GenesisValidator(public(number).hex(), weight) for number, weight in enumerate(weights))

    trust = first_trust(root_by_genesis(replace(GENESIS, validators=listed)))

    assert trust.validators == in_order(trust.validators) == voters(*weights)
    assert trust.next_validators_hash == validators_hash(trust.validators)
    assert (trust.height, trust.time, trust.hash) == (0, START, b"")
    assert trust.chain_id == chain_id_of(network_of(replace(GENESIS, validators=listed)))


def test_the_genesis_of_a_sandbox_is_trusted_only_by_who_means_a_trial():
    trial = replace(GENESIS, name="sandbox of Almaty")

    with pytest.raises(SandboxRefused):
        root_by_genesis(trial)
    assert root_by_genesis(trial, sandbox=True).network == network_of(trial)


def test_the_first_header_may_have_the_time_of_the_genesis_and_none_before():
    trust = first_trust(ROOT)

    assert verify_next(trust, block(1, time=START), NOW, BOUNDS).height == 1
    with pytest.raises(LightWrong) as wrong:
        verify_next(trust, block(1, time=START - 1), NOW, BOUNDS)
    assert wrong.value.fault is LightFault.TIME


def test_a_genesis_with_one_other_weight_trusts_nothing_of_the_network():
    other = replace(GENESIS, validators=(*GENESIS.validators[:3], GenesisValidator(public(3).hex(), 2)))
    root = Root(network=NETWORK, start=root_by_genesis(other).start)

    assert fault_of(anchor(block(1)), LightStore(root=root)) is LightFault.VALIDATORS
    assert fault_of(anchor(block(1)), LightStore(root=root_by_genesis(other))) is LightFault.CHAIN


def test_a_genesis_is_trusted_for_the_trusting_period_alone():
    end = START + BOUNDS.trusting_period

    assert check_anchor(anchor(block(9)), LightStore(root=ROOT), end - 1, BOUNDS).roots.height == 8
    assert fault_of(anchor(block(9)), LightStore(root=ROOT), end) is LightFault.EXPIRED


def test_a_header_as_root_needs_its_own_light_block_first():
    first = block(5)
    root = root_by_header(NETWORK, 5, header_hash(first.header))

    assert first_trust(root, first) == trust_in(first)
    with pytest.raises(LightWrong, match="height 5, is needed"):
        first_trust(root)
    assert fault_of(anchor(block(9)), LightStore(root=root)) is LightFault.HEIGHT
    checked = check_anchor(anchor(first, block(9)), LightStore(root=root), NOW, BOUNDS)
    assert [each.header.height for each in checked.store.blocks] == [5, 9]
    assert check_anchor(anchor(block(11)), checked.store, NOW, BOUNDS).roots.height == 10
    assert fault_of(anchor(block(3)), checked.store) is LightFault.HEIGHT


# ------------------------------------------------------------------------------------------------------------ anchors


def test_an_anchor_says_what_the_state_was_and_moves_trust_on():
    way = (block(3), block(9))

    checked = check_anchor(anchor(*way), LightStore(root=ROOT), NOW, BOUNDS)

    assert checked.roots == TrustedRoots(
        network=NETWORK,
        height=8,
        time=(START + 9 * NANOSECONDS) // NANOSECONDS,
        state_root=STATE.state_root,
        results_height=7,
        results_root=STATE.results_root,
        previous=way[1].header.last_block_id.hash if way[1].header.last_block_id else b"",
    )
    assert checked.store == LightStore(root=ROOT, blocks=way)


def test_an_anchor_crosses_sets_of_which_none_is_left_only_over_others_between():
    sets = [voters(1, 1, 1, first=first) for first in (0, 1, 2, 3)]
    listed = tuple(GenesisValidator(public(number).hex(), 1) for number in range(3))
    given = replace(GENESIS, validators=listed)
    names = {"chain_id": chain_id_of(network_of(given)), "app_hash": app_hash(STATE)}
    way = [made(10 * (number + 1), validators, **names) for number, validators in enumerate(sets)]  # type: ignore[arg-type]
    store = LightStore(root=root_by_genesis(given))

    assert check_anchor(anchor(*way), store, NOW, BOUNDS).roots.height == 39
    assert check_anchor(anchor(way[1], way[2], way[3]), store, NOW, BOUNDS).roots.height == 39
    assert fault_of(anchor(way[0], way[3]), store) is LightFault.TRUST


def test_light_blocks_up_to_the_trusted_height_are_passed_over():
    store = check_anchor(anchor(block(5)), LightStore(root=ROOT), NOW, BOUNDS).store
    unsigned = replace(block(3), commit=replace(block(3).commit, votes=(None,) * 4))

    assert check_anchor(anchor(unsigned, block(9)), store, NOW, BOUNDS).roots.height == 8
    assert fault_of(anchor(unsigned, block(9)), LightStore(root=ROOT)) is LightFault.TRUST


def test_a_header_that_is_trusted_already_does_not_expire():
    store = check_anchor(anchor(block(5)), LightStore(root=ROOT), NOW, BOUNDS).store
    much_later = NOW + 100 * BOUNDS.trusting_period

    assert check_anchor(anchor(block(5)), store, much_later, BOUNDS).roots.height == 4
    assert fault_of(anchor(block(6)), store, much_later) is LightFault.EXPIRED


def test_an_older_proof_is_checked_from_the_trust_before_it():
    store = LightStore(root=ROOT)
    for height in (5, 9):
        store = check_anchor(anchor(block(height)), store, NOW, BOUNDS).store

    checked = check_anchor(anchor(block(7)), store, NOW, BOUNDS)

    assert checked.roots.height == 6
    assert [each.header.height for each in checked.store.blocks] == [5, 7, 9]


def test_two_signed_headers_of_one_height_are_an_alarm():
    store = check_anchor(anchor(block(5)), LightStore(root=ROOT), NOW, BOUNDS).store
    forked = block(5, data_hash=bytes(32))
    unsigned = replace(forked, commit=replace(forked.commit, votes=block(5).commit.votes))

    assert fault_of(anchor(forked), store) is LightFault.CONFLICT
    assert fault_of(anchor(unsigned), store) is LightFault.SIGNATURES


@pytest.mark.parametrize(
    "state",
    [
        replace(STATE, state_root=bytes(32)),
        replace(STATE, results_height=8),
        replace(STATE, results_root=bytes(32)),
        replace(STATE, results_header=bytes(32)),
        replace(STATE, state_root=STATE.results_root, results_root=STATE.state_root),
    ],
)
def test_roots_that_the_header_does_not_stand_for_are_refused(state):
    assert fault_of(anchor(block(9), state=state), LightStore(root=ROOT)) is LightFault.APP_HASH


@pytest.mark.parametrize("case", list(anchor_cases()), ids=lambda case: case.name)
def test_an_anchor_is_judged_as_it_was_made(case):
    found = None

    try:
        check_anchor(read_anchor(case.raw), LightStore(root=case.root), case.now, BOUNDS)
    except LightWrong as wrong:
        found = wrong.fault

    assert found is case.fault


def test_an_anchor_is_read_up_to_its_limit():
    for raw in (b"", bytes(ANCHOR_BYTES_MAX), bytes(ANCHOR_BYTES_MAX + 1)):
        with pytest.raises(LightWrong) as wrong:
            read_anchor(raw)
        assert wrong.value.fault is LightFault.FORM


@pytest.mark.parametrize("heights", [(5, 5), (9, 5), (5, 9, 7)])
def test_light_blocks_out_of_order_are_refused(heights):
    blocks = [block(height) for height in heights]

    assert fault_of(anchor(*blocks), LightStore(root=ROOT)) is LightFault.FORM


def test_no_byte_of_an_anchor_can_be_altered():
    anchors: Codec[CometAnchor] = Codec(CometAnchor)
    raw = encode(anchor(block(3), block(9)))

    def holds(given: bytes) -> bool:
        try:
            check_anchor(anchors.decode(given), LightStore(root=ROOT), NOW, BOUNDS)
        except (LightWrong, NotCanonicalError):
            return False
        return True

    assert holds(raw)
    for place in range(len(raw)):
        for bit in (1, 0x80):
            altered = bytearray(raw)
            altered[place] ^= bit
            assert not holds(bytes(altered)), f"byte {place} was altered, and nobody noticed"


def test_an_anchor_has_one_to_64_light_blocks():
    anchors: Codec[CometAnchor] = Codec(CometAnchor)
    whole = anchor(*(block(height) for height in range(1, BLOCKS_MAX + 1)))

    assert anchors.decode(encode(whole)) == whole
    for blocks in ((), (*whole.blocks, block(BLOCKS_MAX + 1))):
        with pytest.raises(NotCanonicalError):
            anchors.decode(encode(replace(whole, blocks=blocks)))


# -------------------------------------------------------------------------------------------------------------- store


def test_a_store_is_written_and_read(tmp_path: Path):
    path = tmp_path / "light"
    empty = load_store(path, ROOT)
    store = check_anchor(anchor(block(3), block(9)), empty, NOW, BOUNDS).store

    save_store(path, store)

    assert load_store(path, ROOT) == store
    assert [trust.height for trust in trusts(store)] == [0, 3, 9]
    assert [each.name for each in tmp_path.iterdir()] == ["light"]


def test_a_store_keeps_the_first_and_the_newest():
    store = with_blocks(LightStore(root=ROOT), [block(height) for height in range(1, 41)])

    heights = [each.header.height for each in store.blocks]
    assert heights == [1, *range(42 - KEPT_MAX, 41)]
    assert with_blocks(store, [block(40)]) == store


def test_a_damaged_or_another_store_is_refused(tmp_path: Path):
    path = tmp_path / "light"
    save_store(path, LightStore(root=ROOT, blocks=(block(3),)))
    whole = path.read_bytes()

    with pytest.raises(StoreWrong, match="another genesis or header"):
        load_store(path, root_by_header(NETWORK, 3, bytes(32)))
    for damaged in (b"", whole[:-1], whole + b"\x00", *(whole[:at] + b"\xff" + whole[at + 1 :] for at in (0, 40, 300))):
        path.write_bytes(damaged)
        with pytest.raises(StoreWrong, match="is damaged"):
            load_store(path, ROOT)
