"""The authenticated state: the root depends on the set of records alone, and whatever the store loses is noticed."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.kernel.refusal import Broken
from sogdia.kernel.tree import UPDATES_KEPT, Tree, root_of
from sogdia.kernel.tree_hashes import (
    BUCKET_ENTRIES_MAX,
    EMPTY,
    ENTRY_BYTES,
    bucket_hash,
    root_from_proof,
    stored_hash_in,
)

ZERO = bytes(32)


class Store:
    """Buckets on a disk that a test can damage."""

    def __init__(self) -> None:
        """Start empty."""
        self.buckets: dict[str, bytes] = {}

    def load(self, prefix):
        """Read a bucket."""
        return self.buckets.get(prefix)

    def flush(self, tree):
        """Take over what a tree has changed."""
        for prefix, bucket in tree.changed.items():
            if bucket is None:
                self.buckets.pop(prefix, None)
            else:
                self.buckets[prefix] = bucket.to_bytes()
        tree.flushed()

    def reopened(self):
        """Give a new tree over what is stored."""
        tree = Tree(self.load)
        tree.rebuild(sorted(self.buckets.items()))
        return tree


def plain(pairs):
    """Changes of records that have no face."""
    return [(key, value, 0) for key, value in pairs]


def stored(key, value):
    """How a record without a face is stored where there is no secret."""
    return b"\x00" + sha256(b"sogdia/blind" + ZERO + sha256(key).digest()).digest()[:16] + value


def entry(key, value):
    """What stands for a record in a bucket."""
    return sha256(key).digest() + sha256(stored(key, value)).digest()


def naive_root(records, prefix=""):
    """The root as `docs/decisions/0001` defines it, from nothing but the records."""
    below = sorted(entry(*each) for each in records.items() if sha256(each[0]).hexdigest().startswith(prefix))
    if not below:
        return ZERO
    if len(below) <= 16:
        return sha256(b"\x00" + b"".join(below)).digest()
    return sha256(b"\x01" + b"".join(naive_root(records, prefix + digit) for digit in "0123456789abcdef")).digest()


def records(count, first=0):
    """So many records."""
    return {b"\x20key %d" % number: b"value %d" % number for number in range(first, first + count)}


def filled(count):
    """A store with so many records, and a tree over it that has nothing in memory but its nodes."""
    store = Store()
    tree = Tree(store.load)
    tree.update(plain(records(count).items()))
    store.flush(tree)
    return store, store.reopened()


KEYS = st.integers(0, 60).map(lambda number: b"\x20%d" % number)
BLOCKS = st.lists(
    st.tuples(
        st.lists(st.tuples(KEYS, st.one_of(st.none(), st.binary(max_size=3))), max_size=40),
        st.sampled_from(("stay", "flush", "flush and fail", "reopen", "trim")),
    ),
    max_size=10,
)


@given(BLOCKS)
def test_the_tree_agrees_with_a_dictionary_and_its_root_with_the_definition(blocks):
    store = Store()
    tree = Tree(store.load)
    model: dict[bytes, bytes] = {}

    for changes, then in blocks:
        tree.update(plain(changes))
        for key, value in changes:
            if value is None:
                model.pop(key, None)
            else:
                model[key] = value
        if then == "flush and fail":
            tree.flushed()
            tree.flush_failed()
        if then in ("flush", "reopen", "trim"):
            store.flush(tree)
        if then == "trim":
            tree.trim(0)
        if then == "reopen":
            tree = store.reopened()
        assert tree.root == naive_root(model)
        assert tree.count == len(model)

    assert dict(tree.items()) == model
    assert {key: tree.read(key) for key, _value in model.items()} == model
    store.flush(tree)
    assert dict(store.reopened().items()) == model


@pytest.mark.parametrize("count", [0, 1, 16, 17, 100, 255, 300, 2_000])
def test_the_root_is_that_of_the_definition_at_every_size(count):
    assert root_of(records(count)) == naive_root(records(count))


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_writing_and_detours_leave_no_trace(seed):
    random = Random(seed)
    wanted = list(records(400).items())
    random.shuffle(wanted)
    detours = list(records(300, first=1_000).items())
    tree = Tree(lambda _prefix: None)

    while wanted or detours:
        size = random.randrange(1, 90)
        portion, wanted = wanted[:size], wanted[size:]
        aside, detours = detours[:size], detours[size:]
        tree.update(plain([*portion, *aside]))
        tree.update(plain([(key, None) for key, _value in aside]))

    assert tree.root == naive_root(records(400))


@pytest.mark.parametrize("left", [0, 1, 16, 17, 40])
def test_what_is_divided_and_emptied_again_in_one_update_leaves_no_trace(left):
    store, tree = filled(10)
    many = records(600, first=1_000)
    gone = [(key, None) for key in list(many)[left:]]
    wanted = {**records(10), **dict(list(many.items())[:left])}

    tree.update(plain([*many.items(), *gone]))

    assert (tree.root, tree.count) == (naive_root(wanted), len(wanted))
    store.flush(tree)
    assert dict(store.reopened().items()) == wanted


def test_a_tree_that_shrinks_has_the_root_of_what_is_left():
    store, tree = filled(500)
    left = records(500)

    while left:
        gone = list(left)[:: max(1, len(left) // 30)]
        tree.update(plain([(key, None) for key in gone]))
        for key in gone:
            del left[key]
        store.flush(tree)
        tree.trim(0)
        assert (tree.root, tree.count) == (naive_root(left), len(left))

    assert tree.root == EMPTY
    assert store.buckets == {}


def test_a_value_that_looks_like_another_key_is_not_mistaken_for_it():
    tree = Tree(lambda _prefix: None)

    tree.update(plain([(b"\x20one", b"\x20other")]))
    assert tree.read(b"\x20other") is None
    tree.update(plain([(b"\x20other", b"found"), (b"\x20third", b"\x20other")]))

    assert tree.read(b"\x20other") == b"found"
    assert tree.root == naive_root(dict(tree.items()))


def test_dropping_what_is_not_there_changes_nothing():
    _store, tree = filled(100)
    before = tree.root

    tree.update(plain([(b"\x20nobody", None)] * 3))

    assert (tree.root, tree.count) == (before, 100)


@pytest.mark.parametrize("count", [BUCKET_ENTRIES_MAX, BUCKET_ENTRIES_MAX + 1])
def test_a_bucket_holds_16_records_and_no_more(count):
    store, _tree = filled(count)

    assert (list(store.buckets) == [""]) == (count == BUCKET_ENTRIES_MAX)


# --------------------------------------------------------------------------------------------------------------- proofs


@pytest.mark.parametrize(("seed", "most"), [(1, 40), (2, 300), (3, 1_500)])
def test_what_earlier_roots_said_is_proved_while_buckets_divide_merge_and_leave_memory(seed, most):
    chance = Random(seed)
    keys = [b"\x20key %d" % number for number in range(most)]
    store = Store()
    tree = Tree(store.load)
    now: dict[bytes, bytes] = {}
    past = [(tree.root, now)]
    for number in range(40):
        changed = chance.sample(keys, chance.randrange(1, most))
        keeps = chance.random() < (0.9 if number % 8 < 4 else 0.1)
        changes = [(key, b"value %d" % number if keeps or chance.random() < 0.1 else None) for key in changed]
        tree.update(plain(changes))
        now = {key: value for key, value in {**now, **dict(changes)}.items() if value is not None}
        past.append((tree.root, now))
        if chance.random() < 0.3:
            store.flush(tree)
            tree.trim(0)

        for ago, (root, records_then) in enumerate(reversed(past[-UPDATES_KEPT - 1 :])):
            for key in chance.sample(keys, min(20, most)):
                _present, entries, levels = tree.prove(key, ago)
                key_hash = sha256(key).digest()
                assert root_from_proof(key_hash, entries, levels) == root
                value = records_then.get(key)
                expected = None if value is None else sha256(stored(key, value)).digest()
                assert stored_hash_in(entries, key_hash) == expected

    assert not tree.remembers(UPDATES_KEPT + 1)
    with pytest.raises(Broken, match="not remembered"):
        tree.prove(keys[0], UPDATES_KEPT + 1)


def test_a_tree_that_was_built_from_its_store_remembers_nothing_from_before():
    store, _tree = filled(500)

    tree = store.reopened()

    assert not tree.remembers(1)
    tree.update(plain([(b"\x20one", b"value")]))
    assert tree.remembers(1)


@pytest.mark.parametrize("count", [0, 1, 16, 17, 500])
def test_every_record_s_presence_and_any_absence_can_be_proved(count):
    _store, tree = filled(count)

    for key, value in records(count).items():
        told, entries, levels = tree.prove(key)
        assert root_from_proof(sha256(key).digest(), entries, levels) == tree.root
        assert told == stored(key, value)
        assert stored_hash_in(entries, sha256(key).digest()) == sha256(told).digest()
    for number in range(20):
        absent = b"\x20absent %d" % number
        told, entries, levels = tree.prove(absent)
        assert root_from_proof(sha256(absent).digest(), entries, levels) == tree.root
        assert told is stored_hash_in(entries, sha256(absent).digest()) is None


def test_a_proof_of_one_record_is_none_of_another_in_another_bucket():
    _store, tree = filled(500)
    keys = list(records(500))
    _stored, entries, levels = tree.prove(keys[0])
    elsewhere = next(key for key in keys if sha256(key).digest()[0] >> 4 != sha256(keys[0]).digest()[0] >> 4)

    assert root_from_proof(sha256(elsewhere).digest(), entries, levels) != tree.root


@given(st.integers(0, 499), st.data())
def test_a_proof_with_any_bit_changed_leads_elsewhere(number, data):
    _stored, entries, levels = PROVEN.prove(b"\x20key %d" % number)
    key_hash = sha256(b"\x20key %d" % number).digest()
    place = data.draw(st.integers(0, 8 * (len(entries) + sum(map(len, levels))) - 1))
    whole = bytearray(entries + b"".join(levels))
    whole[place // 8] ^= 1 << place % 8

    cut = [bytes(whole[len(entries) + 480 * at :][:480]) for at in range(len(levels))]
    assert root_from_proof(key_hash, bytes(whole[: len(entries)]), tuple(cut)) != PROVEN.root


PROVEN = filled(500)[1]


def test_a_proof_is_small():
    tree = Tree(lambda _prefix: None)
    tree.update(plain(records(20_000).items()))

    sizes = [len(entries) + sum(map(len, levels)) for _told, entries, levels in map(tree.prove, records(100))]

    assert max(sizes) < 4 * 480 + 16 * 64 + 1


# ------------------------------------------------------------------------------------------------------ a damaged store


def test_a_lost_bucket_is_noticed_and_never_taken_for_absence():
    store, tree = filled(300)
    key = next(iter(records(300)))
    prefix = tree._prefix(sha256(key).hexdigest())

    del store.buckets[prefix]

    for ask in (lambda: tree.read(key), lambda: tree.prove(key), lambda: list(tree.items())):
        with pytest.raises(Broken, match="lost bucket"):
            ask()
    with pytest.raises(Broken):
        tree.update(plain([(key, b"new")]))


def test_another_bucket_in_its_place_is_noticed():
    store, tree = filled(300)
    one, other = list(store.buckets)[:2]

    store.buckets[one] = store.buckets[other]

    with pytest.raises(Broken, match="does not match the state root"):
        list(tree.items())


def test_an_old_bucket_in_its_place_is_noticed():
    store, tree = filled(300)
    key = next(iter(records(300)))
    old = dict(store.buckets)
    tree.update(plain([(key, b"new")]))
    store.flush(tree)
    tree.trim(0)

    store.buckets.update(old)

    with pytest.raises(Broken, match="does not match the state root"):
        tree.read(key)


@given(st.data())
def test_a_flipped_bit_gives_the_right_answer_or_stops_the_node(data):
    store, tree = filled(60)
    prefix = data.draw(st.sampled_from(sorted(store.buckets)))
    raw = bytearray(store.buckets[prefix])
    place = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[place // 8] ^= 1 << place % 8
    store.buckets[prefix] = bytes(raw)

    for key, value in records(60).items():
        try:
            found = tree.read(key)
        except (Broken, msgspec.DecodeError):
            continue
        assert found == value
    with pytest.raises((Broken, msgspec.DecodeError)):
        list(tree.items())


@pytest.mark.parametrize("size", [0, 1, 64, 65, 100])
def test_a_bucket_cut_short_is_noticed(size):
    store, tree = filled(10)
    store.buckets[""] = store.buckets[""][:size]

    with pytest.raises((Broken, msgspec.DecodeError, IndexError)):
        tree.read(b"\x20key 1")


def test_a_tree_rebuilt_from_a_damaged_store_has_another_root():
    store, tree = filled(300)
    for prefix, raw in list(store.buckets.items()):
        damaged = bytearray(raw)
        damaged[1 + ENTRY_BYTES - 1] ^= 1
        store.buckets[prefix] = bytes(damaged)
        assert store.reopened().root != tree.root
        store.buckets[prefix] = raw
    assert store.reopened().root == tree.root


def test_the_scrub_finds_a_damaged_value_and_passes_over_what_has_moved():
    store, tree = filled(300)
    prefixes = tree.bucket_prefixes()
    for prefix in prefixes:
        tree.check_bucket(prefix)
    damaged = bytearray(store.buckets[prefixes[3]])
    damaged[-1] ^= 1
    store.buckets[prefixes[3]] = bytes(damaged)

    with pytest.raises((Broken, msgspec.DecodeError)):
        tree.check_bucket(prefixes[3])
    tree.check_bucket("")
    tree.check_bucket(prefixes[0] + "0")


# ----------------------------------------------------------------------------------------------------- flushing in time


def test_what_is_being_flushed_can_be_read_and_changed_meanwhile():
    store = Store()
    tree = Tree(store.load)
    tree.update(plain(records(100).items()))
    on_its_way = {prefix: bucket.to_bytes() for prefix, bucket in tree.changed.items() if bucket is not None}
    tree.flushed()

    tree.update(plain([(b"\x20key 1", b"newer"), (b"\x20key 2", None)]))
    assert tree.read(b"\x20key 1") == b"newer"
    assert tree.read(b"\x20key 3") == b"value 3"

    store.buckets |= on_its_way
    store.flush(tree)
    left = {key: value for key, value in records(100).items() if key != b"\x20key 2"}
    assert dict(store.reopened().items()) == left | {b"\x20key 1": b"newer"}


def test_after_a_flush_that_failed_nothing_is_lost():
    store, tree = filled(100)
    tree.update(plain([(b"\x20key 1", b"newer")]))
    tree.flushed()
    tree.update(plain([(b"\x20key 2", b"newest")]))

    tree.flush_failed()
    store.flush(tree)

    assert dict(store.reopened().items()) == records(100) | {b"\x20key 1": b"newer", b"\x20key 2": b"newest"}


def test_an_empty_bucket_s_hash_is_32_zero_bytes():
    assert bucket_hash(b"") == EMPTY == ZERO
    assert root_of({}) == ZERO
