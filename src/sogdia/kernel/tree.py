"""The authenticated state: a trie of base 16 over key hashes whose leaves are buckets of records.

                      node ''                  hash(node)   = SHA-256(1 ‖ hash(child 0) ‖ … ‖ hash(child 15))
              ┌──────────┼─────────┐
          node '0'   bucket '1'   …            hash(bucket) = SHA-256(0 ‖ entry ‖ entry …), empty: 32 zero bytes
        ┌─────┼────┐                           entry        = SHA-256(key) ‖ SHA-256(value)
    bucket '00' …

A prefix is a bucket when at most 16 records lie below it, else a node, so the shape and the root depend on the set
of records alone. Nodes live in memory; buckets live in a store and in `changed` until they are flushed to it. Whatever
comes from the store is checked against the nodes before it is used: a wrong value or a false absence stops the node.
"""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from sogdia.kernel.refusal import ensure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

BUCKET_ENTRIES_MAX = 16
ENTRY_BYTES = 64
HASH_BYTES = 32
EMPTY = bytes(HASH_BYTES)

_pairs_of = msgspec.msgpack.Decoder(list[bytes]).decode
_pack = msgspec.msgpack.Encoder().encode


class Bucket:
    """Up to 16 records, in order of key hash. `pairs` alternates keys and values."""

    __slots__ = ("entries", "pairs")

    def __init__(self, entries: list[bytes], pairs: list[bytes]) -> None:
        """Hold 64-byte `entries` and the `pairs` that they are hashes of."""
        self.entries = entries
        self.pairs = pairs

    def hash(self) -> bytes:
        """Give the bucket's hash."""
        return bucket_hash(b"".join(self.entries))

    def put(self, key_hash: bytes, key: bytes, value: bytes | None) -> int:
        """Set or (with no value) remove a record; give by how much the number of records changed."""
        entries = self.entries
        at = bisect_left(entries, key_hash)
        known = at < len(entries) and entries[at].startswith(key_hash)
        if value is None:
            if not known:
                return 0
            del entries[at]
            del self.pairs[2 * at : 2 * at + 2]
            return -1
        entry = key_hash + sha256(value).digest()
        if known:
            entries[at] = entry
            self.pairs[2 * at + 1] = value
            return 0
        entries.insert(at, entry)
        self.pairs[2 * at : 2 * at] = (key, value)
        return 1

    def find(self, key_hash: bytes) -> bytes | None:
        """Give the value stored under a key hash, checked against its entry."""
        entries = self.entries
        at = bisect_left(entries, key_hash)
        if at == len(entries) or not entries[at].startswith(key_hash):
            return None
        value = self.pairs[2 * at + 1]
        ensure(sha256(value).digest() == entries[at][HASH_BYTES:], "a stored value does not match its hash")
        return value

    def to_bytes(self) -> bytes:
        """Lay the bucket out for storage: count, entries, then the records."""
        return b"".join((bytes((len(self.entries),)), *self.entries, _pack(self.pairs)))


class Node:
    """An inner node: the byte 1 and 16 child hashes, ready to be hashed, and the number of records below each child."""

    __slots__ = ("counts", "hashes")

    def __init__(self) -> None:
        """Make a node without children."""
        self.hashes = bytearray(b"\x01" + bytes(16 * HASH_BYTES))
        self.counts = [0] * 16

    def set_child(self, digit: str, child_hash: bytes, count: int) -> None:
        """Enter a child's hash and number of records."""
        child = int(digit, 16)
        self.hashes[1 + HASH_BYTES * child : 1 + HASH_BYTES * (child + 1)] = child_hash
        self.counts[child] = count

    def child_hash(self, digit: str) -> bytes:
        """Give the hash of one child."""
        child = int(digit, 16)
        return bytes(self.hashes[1 + HASH_BYTES * child : 1 + HASH_BYTES * (child + 1)])


class Tree:
    """All records under one root, with a store of buckets behind it."""

    def __init__(self, load: Callable[[str], bytes | None]) -> None:
        """Start empty; `load` reads a bucket's bytes by its prefix."""
        self._load = load
        self._nodes: dict[str, Node] = {}
        self.changed: dict[str, Bucket | None] = {}
        self._kept: dict[str, Bucket | None] = {}
        self.root = EMPTY
        self.count = 0

    def read(self, key: bytes) -> bytes | None:
        """Give a record's value, or nothing when it is provably not there."""
        key_hash = sha256(key).digest()
        return self._open(self._prefix(key_hash.hex())).find(key_hash)

    def update(self, changes: Iterable[tuple[bytes, bytes | None]]) -> bytes:
        """Apply a block's changes (no value: drop) in one go and give the new root."""
        groups: dict[str, list[tuple[bytes, bytes, bytes | None]]] = {}
        for key, value in changes:
            key_hash = sha256(key).digest()
            groups.setdefault(self._prefix(key_hash.hex()), []).append((key_hash, key, value))
        touched: dict[str, None] = {}
        for prefix, items in groups.items():
            bucket = self._open(prefix)
            for key_hash, key, value in items:
                self.count += bucket.put(key_hash, key, value)
            self._place(prefix, bucket, touched)
        self._rehash(touched)
        return self.root

    def prove(self, key: bytes) -> tuple[bytes, tuple[bytes, ...]]:
        """Give the bucket's entries and, lowest level first, the 15 other hashes of each node up to the root."""
        key_hash = sha256(key).digest()
        digits = key_hash.hex()
        prefix = self._prefix(digits)
        levels = []
        for depth in range(len(prefix) - 1, -1, -1):
            hashes = self._nodes[prefix[:depth]].hashes
            child = int(prefix[depth], 16)
            at = 1 + HASH_BYTES * child
            levels.append(bytes(hashes[1:at] + hashes[at + HASH_BYTES :]))
        return b"".join(self._open(prefix).entries), tuple(levels)

    def flushed(self) -> None:
        """Begin a new set of changed buckets: the store has taken the old ones, or is about to.

        The old ones stay in memory until the next time or until `trim`, so the store may take its time.
        """
        self._kept = self.changed
        self.changed = {}

    def flush_failed(self) -> None:
        """Take the buckets of the last flush back among the changed ones: the store could not take them."""
        self.changed = {**self._kept, **self.changed}
        self._kept = {}

    def trim(self, buckets_max: int) -> None:
        """Drop unchanged buckets from memory when there are more than `buckets_max`; only while no flush is under way."""
        if len(self._kept) > buckets_max:
            self._kept = {}

    def rebuild(self, buckets: Iterable[tuple[str, bytes]]) -> bytes:
        """Build the nodes from a store's buckets and give the root, which the caller must compare with the one it knows."""
        nodes = self._nodes = {}
        self.count = 0
        self.root = EMPTY
        touched: dict[str, None] = {}
        for prefix, raw in buckets:
            count = raw[0]
            hashed = bucket_hash(raw[1 : 1 + ENTRY_BYTES * count])
            self.count += count
            if not prefix:
                self.root = hashed
                continue
            above = prefix[:-1]
            node = nodes.get(above)
            if node is None:
                node = self._add_node(above, touched)
            node.set_child(prefix[-1], hashed, count)
        self._rehash(touched)
        return self.root

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Walk over all records in order of key hash, checking each; for audits and exports, not for rules."""
        for prefix in self._bucket_prefixes():
            bucket = self._open(prefix)
            for at in range(len(bucket.entries)):
                key, value = bucket.pairs[2 * at], bucket.pairs[2 * at + 1]
                ensure(sha256(key).digest() + sha256(value).digest() == bucket.entries[at], "a stored record is damaged")
                yield key, value

    def bucket_prefixes(self) -> list[str]:
        """List the prefixes of all buckets that hold records; a scrub walks over them."""
        return list(self._bucket_prefixes())

    def check_bucket(self, prefix: str) -> None:
        """Read one bucket from the store and check every record in it; it may have been split or merged since listed."""
        if prefix in self._nodes or (prefix and prefix[:-1] not in self._nodes):
            return
        bucket = self._open(prefix)
        for at, entry in enumerate(bucket.entries):
            key, value = bucket.pairs[2 * at], bucket.pairs[2 * at + 1]
            ensure(sha256(key).digest() + sha256(value).digest() == entry, "a stored record is damaged")

    def _bucket_prefixes(self) -> Iterator[str]:
        if not self._nodes:
            if self.count:
                yield ""
            return
        for prefix in sorted(self._nodes):
            node = self._nodes[prefix]
            for child in range(16):
                below = f"{prefix}{child:x}"
                if node.counts[child] and below not in self._nodes:
                    yield below

    def _add_node(self, prefix: str, touched: dict[str, None]) -> Node:
        """Make the node at `prefix` and those above it that are missing."""
        for depth in range(len(prefix) + 1):
            above = prefix[:depth]
            if above not in self._nodes:
                self._nodes[above] = Node()
                touched[above] = None
        return self._nodes[prefix]

    def _prefix(self, digits: str) -> str:
        """Find the bucket that a key hash (in hexadecimal digits) belongs to."""
        nodes = self._nodes
        depth = 0
        while digits[:depth] in nodes:
            depth += 1
        return digits[:depth]

    def _open(self, prefix: str) -> Bucket:
        """Give a bucket, from memory or from the store; one from the store is checked against the tree."""
        if prefix in self.changed:
            found = self.changed[prefix]
            return Bucket([], []) if found is None else found
        if prefix in self._kept:
            found = self._kept[prefix]
            return Bucket([], []) if found is None else found
        expected = self._nodes[prefix[:-1]].child_hash(prefix[-1]) if prefix else self.root
        if expected == EMPTY:
            return Bucket([], [])
        raw = self._load(prefix)
        if raw is None:
            ensure(condition=False, message=f"the store has lost bucket {prefix!r}")
            return Bucket([], [])
        end = 1 + ENTRY_BYTES * raw[0]
        ensure(bucket_hash(raw[1:end]) == expected, f"bucket {prefix!r} in the store does not match the state root")
        return Bucket([raw[at : at + ENTRY_BYTES] for at in range(1, end, ENTRY_BYTES)], _pairs_of(raw[end:]))

    def _place(self, prefix: str, bucket: Bucket, touched: dict[str, None]) -> None:
        """Enter a changed bucket under its node, splitting it when it holds too many records."""
        if len(bucket.entries) > BUCKET_ENTRIES_MAX:
            self.changed[prefix] = None
            self._nodes[prefix] = Node()
            touched[prefix] = None
            for digit, child in _split(bucket, len(prefix)):
                self._place(prefix + digit, child, touched)
            return
        self.changed[prefix] = bucket if bucket.entries else None
        hashed = bucket.hash() if bucket.entries else EMPTY
        if not prefix:
            self.root = hashed
            return
        self._nodes[prefix[:-1]].set_child(prefix[-1], hashed, len(bucket.entries))
        touched[prefix[:-1]] = None

    def _rehash(self, touched: dict[str, None]) -> None:
        """Hash the touched nodes from the deepest up, merging those that have become small enough to be a bucket."""
        levels: dict[int, dict[str, None]] = {}
        for prefix in touched:
            levels.setdefault(len(prefix), {})[prefix] = None
        nodes = self._nodes
        for depth in range(max(levels, default=-1), -1, -1):
            above_level = levels.setdefault(depth - 1, {})
            for prefix in levels.get(depth, ()):
                node = nodes[prefix]
                count = sum(node.counts)
                hashed = self._merge(prefix) if count <= BUCKET_ENTRIES_MAX else sha256(node.hashes).digest()
                if prefix:
                    nodes[prefix[:-1]].set_child(prefix[-1], hashed, count)
                    above_level[prefix[:-1]] = None
                else:
                    self.root = hashed

    def _merge(self, prefix: str) -> bytes:
        """Turn a node with few records back into a bucket and give its hash."""
        merged = Bucket([], [])
        for child in range(16):
            below = f"{prefix}{child:x}"
            bucket = self._open(below)
            if bucket.entries:
                merged.entries += bucket.entries
                merged.pairs += bucket.pairs
                self.changed[below] = None
        del self._nodes[prefix]
        self.changed[prefix] = merged if merged.entries else None
        return merged.hash() if merged.entries else EMPTY


def bucket_hash(entries: bytes) -> bytes:
    """Hash a bucket from its entries laid end to end."""
    return sha256(b"\x00" + entries).digest() if entries else EMPTY


def root_from_proof(key_hash: bytes, entries: bytes, levels: tuple[bytes, ...]) -> bytes:
    """Compute the root that a proof leads to; the caller compares it with one that it trusts."""
    digits = key_hash.hex()
    current = bucket_hash(entries)
    for above, others in enumerate(levels):
        at = HASH_BYTES * int(digits[len(levels) - 1 - above], 16)
        current = sha256(b"\x01" + others[:at] + current + others[at:]).digest()
    return current


def value_hash_in(entries: bytes, key_hash: bytes) -> bytes | None:
    """Find a key hash among a bucket's entries; give the hash of its value, or nothing when it is absent."""
    for at in range(0, len(entries), ENTRY_BYTES):
        if entries[at : at + HASH_BYTES] == key_hash:
            return entries[at + HASH_BYTES : at + ENTRY_BYTES]
    return None


def _split(bucket: Bucket, depth: int) -> list[tuple[str, Bucket]]:
    """Divide a bucket among the 16 children below it, by the digit of the key hash at `depth`."""
    children: dict[str, Bucket] = {}
    for at, entry in enumerate(bucket.entries):
        child = children.setdefault(entry[:HASH_BYTES].hex()[depth], Bucket([], []))
        child.entries.append(entry)
        child.pairs += bucket.pairs[2 * at : 2 * at + 2]
    return list(children.items())


def root_of(records: Mapping[bytes, bytes]) -> bytes:
    """Give the root over a set of records held in memory."""
    return Tree(lambda _prefix: None).update(records.items())
