"""Merkle trees against an implementation written from RFC 6962, section 2.1, as it stands there."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.kernel.merkle import EMPTY_ROOT, extend, path, root, root_from_path, root_of_peaks

SIZES = range(34)
# The examples that were published with the first logs: leaves, then the roots of the first 1, 2, ... of them.
LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves(count):
    """So many different leaves."""
    return [b"line %d" % number for number in range(count)]


def split(count):
    """The largest power of two below a count."""
    half = 1
    while 2 * half < count:
        half *= 2
    return half


def hash_of(each):
    """MTH: the hash of a list."""
    if not each:
        return sha256().digest()
    if len(each) == 1:
        return sha256(b"\x00" + each[0]).digest()
    half = split(len(each))
    return sha256(b"\x01" + hash_of(each[:half]) + hash_of(each[half:])).digest()


def path_of(index, each):
    """PATH: the neighbours of one leaf, lowest first."""
    if len(each) == 1:
        return []
    half = split(len(each))
    if index < half:
        return [*path_of(index, each[:half]), hash_of(each[half:])]
    return [*path_of(index - half, each[half:]), hash_of(each[:half])]


@pytest.mark.parametrize("count", range(1, 9))
def test_the_published_examples_hold(count):
    assert root(LEAVES[:count]).hex() == ROOTS[count - 1]


def test_the_root_over_nothing_is_the_hash_of_nothing():
    assert root([]) == EMPTY_ROOT == sha256(b"").digest()
    assert root_of_peaks(()) == EMPTY_ROOT


@pytest.mark.parametrize("count", SIZES)
def test_roots_and_paths_are_those_of_the_standard(count):
    each = leaves(count)

    assert root(each) == hash_of(each)
    for index in range(count):
        assert list(path(each, index)) == path_of(index, each)
        assert root_from_path(each[index], index, count, path(each, index)) == hash_of(each)


@given(st.integers(0, 300))
def test_a_tree_that_grows_leaf_by_leaf_has_the_same_root(count):
    peaks: tuple[bytes, ...] = ()
    for size, leaf in enumerate(leaves(count)):
        peaks = extend(peaks, size, leaf)

    assert root_of_peaks(peaks) == hash_of(leaves(count))
    assert len(peaks) == count.bit_count()


@given(st.data())
def test_a_path_proves_one_leaf_at_one_place_of_one_list(data):
    count = data.draw(st.integers(1, 20))
    each = leaves(count)
    index = data.draw(st.integers(0, count - 1))
    good = path(each, index)
    other_index, other_size = data.draw(st.integers(-1, 21)), data.draw(st.integers(0, 21))

    assert root_from_path(b"another line", index, count, good) != root(each)
    assert root_from_path(each[index], index, count, (*good, bytes(32))) is None
    if good:
        assert root_from_path(each[index], index, count, good[:-1]) is None
        assert root_from_path(each[index], index, count, (bytes(32), *good[1:])) != root(each)
    if 0 <= other_index < count and other_index != index:
        assert root_from_path(each[index], other_index, count, good) != root(each)
    if not 0 <= other_index < other_size:
        assert root_from_path(each[index], other_index, other_size, good) is None


def test_a_leaf_is_never_taken_for_a_node():
    pair = leaves(2)
    joined = b"".join(sha256(b"\x00" + each).digest() for each in pair)

    assert root([joined]) != root(pair)
    assert root_from_path(joined, 0, 1, ()) != root(pair)
