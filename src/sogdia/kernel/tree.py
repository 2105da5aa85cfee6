"""The authenticated state: a trie of base 16 over key hashes whose leaves are buckets of records.

                      node ''                  hash(node)   = SHA-256(1 ‖ hash(child 0) ‖ … ‖ hash(child 15))
              ┌──────────┼─────────┐
          node '0'   bucket '1'   …            hash(bucket) = SHA-256(0 ‖ entry ‖ entry …), empty: 32 zero bytes
        ┌─────┼────┐                           entry        = SHA-256(key) ‖ hash of the stored value
    bucket '00' …

    stored value = length of the face, 1 byte ‖ blind, 16 bytes ‖ value
    its hash     = SHA-256(stored value)                                              without a face: length 0
                 = SHA-256(length ‖ face ‖ SHA-256(0 ‖ blind ‖ rest of the value))    with one

A *face* is the end of a value, which anybody may see: it is proved without the rest. The *blind* comes of the key and
the network's secret (`blinding`), once, when the record comes to be; who lacks it cannot try values out on a hash.

A prefix is a bucket when at most 16 records lie below it, else a node, so the shape and the root depend on the set
of records and the secret alone. Nodes live in memory; buckets live in a store and in `changed` until they are flushed
to it. Whatever comes from the store is checked against the nodes before it is used: a wrong value or a false absence
stops the node.

The hashes that the last few updates replaced are kept, so that what an earlier root says can still be proved.
"""

from __future__ import annotations

from collections import deque
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.kernel.blinding import BLIND_BYTES, NO_SECRET, blinding_of
from sogdia.kernel.refusal import StoreDamagedError, ensure
from sogdia.kernel.tree_hashes import (
    BUCKET_ENTRIES_MAX,
    EMPTY,
    ENTRY_BYTES,
    FRONT_BYTES,
    HASH_BYTES,
    NO_FACE,
    bucket_hash,
    stored_hash,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Change = tuple[bytes, bytes | None, int]
"""A record's full key, its value (none: it goes), and how many bytes at the value's end are its face."""

CHILDREN = 16
CROWDED_BYTES = 2 * BUCKET_ENTRIES_MAX * ENTRY_BYTES
"""What outgrows this is divided in the middle of an update, since long buckets take long to change."""

UPDATES_KEPT = 6
"""Of so many updates the hashes are kept that they replaced: as many as blocks may wait for the disk, and two more."""


_pairs_of = msgspec.msgpack.Decoder(list[bytes]).decode
_pack = msgspec.msgpack.Encoder().encode
_DIGITS = "0123456789abcdef"
_AT = {digit: 1 + HASH_BYTES * value for value, digit in enumerate(_DIGITS)}
"""Where the hash of a child stands in its node."""


class Bucket:
    """Up to 16 records in order of key hash: `entries` end to end; in `pairs` keys and stored values alternate."""

    __slots__ = ("entries", "pairs")

    def __init__(self, entries: bytes, pairs: list[bytes]) -> None:
        """Hold 64-byte entries and the pairs that they are hashes of."""
        self.entries = entries
        self.pairs = pairs

    def put(self, key_hash: bytes, change: Change, blinding: bytes) -> int:
        """Set or (with no value) remove a record; give by how much the number of records changed."""
        key, value, face = change
        entries = self.entries
        at = entries.find(key_hash)
        if at > 0 and at % ENTRY_BYTES:
            at = _find(entries, key_hash)
        place = at // HASH_BYTES
        if value is None:
            if at < 0:
                return 0
            self.entries = entries[:at] + entries[at + ENTRY_BYTES :]
            del self.pairs[place : place + 2]
            return -1
        if at >= 0:
            front = self.pairs[place + 1][:FRONT_BYTES]
        else:
            front = NO_FACE + sha256(blinding + key_hash).digest()[:BLIND_BYTES]
        if face != front[0]:
            front = bytes((face,)) + front[1:]
        stored = front + value
        hashed = stored_hash(stored) if face else sha256(stored).digest()
        if at >= 0:
            self.entries = entries[: at + HASH_BYTES] + hashed + entries[at + ENTRY_BYTES :]
            self.pairs[place + 1] = stored
            return 0
        at = _place_for(entries, key_hash)
        self.entries = entries[:at] + key_hash + hashed + entries[at:]
        place = at // HASH_BYTES
        self.pairs[place:place] = (key, stored)
        return 1

    def find(self, key_hash: bytes) -> bytes | None:
        """Give the stored value under a key hash, checked against its entry."""
        entries = self.entries
        at = _find(entries, key_hash)
        if at < 0:
            return None
        stored = self.pairs[at // HASH_BYTES + 1]
        hashed = stored_hash(stored) if stored[0] else sha256(stored).digest()
        if hashed != entries[at + HASH_BYTES : at + ENTRY_BYTES]:
            raise _damaged(self.pairs[at // HASH_BYTES])
        return stored

    def check(self) -> None:
        """Stop the node unless every record matches its entry."""
        pairs = iter(self.pairs)
        hashes = [sha256(key).digest() + stored_hash(stored) for key, stored in zip(pairs, pairs, strict=True)]
        if b"".join(hashes) != self.entries:
            at = next(at for at, each in enumerate(hashes) if not self.entries.startswith(each, at * ENTRY_BYTES))
            raise _damaged(self.pairs[2 * at])

    def to_bytes(self) -> bytes:
        """Lay the bucket out for storage: count, entries, then the records."""
        entries = self.entries
        return b"".join((bytes((len(entries) // ENTRY_BYTES,)), entries, _pack(self.pairs)))


def _damaged(key: bytes) -> StoreDamagedError:
    """Name the record whose bytes are not those that were written."""
    return StoreDamagedError(f"the stored record under the key {key.hex()} is damaged: it does not match its hash")


class Node:
    """An inner node: the byte 1 and 16 child hashes, ready to be hashed, and the number of records below each child."""

    __slots__ = ("above", "at", "count", "counts", "hashes", "prefix")

    def __init__(self, prefix: str, above: Node | None) -> None:
        """Make a node without children at `prefix`, below the node `above`."""
        self.prefix = prefix
        self.above = above
        self.at = _AT[prefix[-1]] if prefix else 0
        self.hashes = bytearray(b"\x01" + bytes(CHILDREN * HASH_BYTES))
        self.counts = [0] * CHILDREN
        self.count = 0

    def set_child(self, at: int, child_hash: bytes, count: int) -> None:
        """Enter a child's hash, which stands at `at`, and its number of records."""
        self.hashes[at : at + HASH_BYTES] = child_hash
        child = at // HASH_BYTES
        before = self.counts[child]
        if count != before:
            self.count += count - before
            self.counts[child] = count


class Replaced(NamedTuple):
    """What one update put something else in the place of, by prefix: nodes (nothing where none was), buckets."""

    nodes: dict[str, bytes | None]
    entries: dict[str, bytes]


class Tree:
    """All records under one root, with a store of buckets behind it."""

    def __init__(self, load: Callable[[str], bytes | None], secret: bytes = NO_SECRET) -> None:
        """Start empty; `load` reads a bucket's bytes by its prefix. The `secret` is needed when records come to be."""
        self._load = load
        self._blinding = blinding_of(secret)
        self._nodes: dict[str, Node] = {}
        self._depth = 0
        self._kept: dict[str, Bucket | None] = {}
        self.changed: dict[str, Bucket | None] = {}
        self.changed_bytes = 0
        self.loaded_bytes = 0
        self.root = EMPTY
        self.count = 0
        self._replaced: deque[Replaced] = deque(maxlen=UPDATES_KEPT)
        self._replaced_now = Replaced({}, {})

    def read(self, key: bytes) -> bytes | None:
        """Give a record's value, or nothing when it is provably not there."""
        key_hash = sha256(key).digest()
        stored = self._open(self._prefix(key_hash.hex())).find(key_hash)
        return None if stored is None else stored[FRONT_BYTES:]

    def update(self, changes: Iterable[Change]) -> bytes:
        """Apply a block's changes (no value: drop) in one go and give the new root."""
        touched: dict[Node, None] = {}
        opened: dict[str, Bucket] = {}
        find_prefix, blinding = self._prefix, self._blinding
        self._replaced_now = Replaced({}, {})
        replaced = self._replaced_now.entries
        size = count = 0
        for change in changes:
            key, value, _face = change
            key_hash = sha256(key).digest()
            prefix = find_prefix(key_hash.hex())
            bucket = opened.get(prefix)
            if bucket is None:
                bucket = opened[prefix] = self._open(prefix)
                replaced[prefix] = bucket.entries
            count += bucket.put(key_hash, change, blinding)
            if len(bucket.entries) > CROWDED_BYTES:
                self._divide(prefix, opened.pop(prefix), opened, touched)
            size += ENTRY_BYTES + len(key) + (0 if value is None else FRONT_BYTES + len(value))
        self.count += count
        self.changed_bytes += size
        self._place(opened, touched)
        self._rehash(touched)
        self._replaced.append(self._replaced_now)
        return self.root

    def remembers(self, updates: int) -> bool:
        """Tell whether it can be proved what the tree said before the last so many updates."""
        return updates <= len(self._replaced)

    def prove(self, key: bytes, updates_ago: int = 0) -> tuple[bytes | None, bytes, tuple[bytes, ...]]:
        """Give a record's present stored value, its bucket's entries and, lowest first, each node's 15 other hashes.

        What an earlier root says is proved the same way, as far as the tree `remembers`: entries and hashes are then
        those of before the last `updates_ago` updates, and the value belongs to them only if it has not changed since.
        """
        ensure(self.remembers(updates_ago), "what stood there before is not remembered")
        # What the oldest of several updates replaced is what stood there before all of them.
        undone = list(self._replaced)[len(self._replaced) - updates_ago :]
        key_hash = sha256(key).digest()
        digits = key_hash.hex()
        levels: list[bytes] = []
        while (hashes := self._hashes_before(digits[: len(levels)], undone)) is not None:
            at = _AT[digits[len(levels)]]
            levels.append(bytes(hashes[1:at] + hashes[at + HASH_BYTES :]))
        prefix = digits[: len(levels)]
        entries = next((each.entries[prefix] for each in undone if prefix in each.entries), None)
        if entries is None:
            entries = self._open(prefix).entries
        return self._open(self._prefix(digits)).find(key_hash), entries, tuple(reversed(levels))

    def _hashes_before(self, prefix: str, undone: list[Replaced]) -> bytes | bytearray | None:
        for each in undone:
            if prefix in each.nodes:
                return each.nodes[prefix]
        node = self._nodes.get(prefix)
        return None if node is None else node.hashes

    def flushed(self) -> None:
        """Begin a new set of changed buckets: the store has taken the old ones, or is about to.

        The old ones stay in memory until the next time or until `trim`, so the store may take its time.
        """
        self._kept = self.changed
        self.changed = {}
        self.changed_bytes = self.loaded_bytes = 0

    def flush_failed(self) -> None:
        """Take the buckets of the last flush back among the changed ones: the store could not take them."""
        self.changed = {**self._kept, **self.changed}
        self._kept = {}

    def trim(self, buckets_max: int) -> None:
        """Drop unchanged buckets from memory when there are more than `buckets_max`; not while a flush is under way."""
        if len(self._kept) > buckets_max:
            self._kept = {}

    def rebuild(self, buckets: Iterable[tuple[str, bytes]]) -> bytes:
        """Build the nodes from a store's buckets; give the root, for the caller to compare with the one it knows."""
        nodes = self._nodes = {}
        self._replaced.clear()
        self.count = 0
        self.root = EMPTY
        touched: dict[Node, None] = {}
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
            node.set_child(_AT[prefix[-1]], hashed, count)
        self._rehash(touched)
        self._replaced_now = Replaced({}, {})
        return self.root

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Walk over all records in order of key hash, checking each; for audits, not for rules."""
        for key, stored in self.stored_items():
            yield key, stored[FRONT_BYTES:]

    def stored_items(self) -> Iterator[tuple[bytes, bytes]]:
        """Walk over all records as they are stored, with their blinds."""
        for prefix in self._bucket_prefixes(""):
            bucket = self._open(prefix)
            bucket.check()
            yield from zip(bucket.pairs[::2], bucket.pairs[1::2], strict=True)

    def bucket_prefixes(self) -> list[str]:
        """List the prefixes of all buckets that hold records, in order; a scrub walks over them."""
        return list(self._bucket_prefixes(""))

    def check_bucket(self, prefix: str) -> None:
        """Read one bucket from the store and check its records; it may be split or merged since it was listed."""
        if prefix in self._nodes or (prefix and prefix[:-1] not in self._nodes):
            return
        if prefix in self.changed or prefix in self._kept:
            return
        self._read(prefix).check()

    def _bucket_prefixes(self, prefix: str) -> Iterator[str]:
        node = self._nodes.get(prefix)
        if node is None:
            if prefix or self.count:
                yield prefix
            return
        for child, digit in enumerate(_DIGITS):
            if node.counts[child]:
                yield from self._bucket_prefixes(prefix + digit)

    def _add_node(self, prefix: str, touched: dict[Node, None]) -> Node:
        """Make the node at `prefix` and those above it that are missing."""
        nodes = self._nodes
        above: Node | None = None
        for depth in range(len(prefix) + 1):
            node = nodes.get(prefix[:depth])
            if node is None:
                node = nodes[prefix[:depth]] = Node(prefix[:depth], above)
                touched[node] = None
            above = node
        return nodes[prefix]

    def _prefix(self, digits: str) -> str:
        """Find the bucket that a key hash (in hexadecimal digits) belongs to."""
        nodes = self._nodes
        # Most buckets lie at one or two depths, so the search begins where the last one ended.
        depth = self._depth
        prefix = digits[:depth]
        if prefix in nodes:
            while prefix in nodes:
                depth += 1
                prefix = digits[:depth]
            self._depth = depth
            return prefix
        while depth:
            above = digits[: depth - 1]
            if above in nodes:
                break
            depth -= 1
            prefix = above
        self._depth = depth
        return prefix

    def _open(self, prefix: str) -> Bucket:
        """Give a bucket, from memory or from the store."""
        if prefix in self.changed:
            found = self.changed[prefix]
        elif prefix in self._kept:
            found = self._kept[prefix]
        else:
            found = self._read(prefix)
            if found.entries:
                self._kept[prefix] = found
        return Bucket(b"", []) if found is None else found

    def _read(self, prefix: str) -> Bucket:
        """Read a bucket from the store and check it against the tree."""
        expected: bytes | bytearray = self.root
        if prefix:
            at = _AT[prefix[-1]]
            expected = self._nodes[prefix[:-1]].hashes[at : at + HASH_BYTES]
        if expected == EMPTY:
            return Bucket(b"", [])
        raw = self._load(prefix)
        if raw is None:
            raise StoreDamagedError(f"the store has lost bucket {prefix!r}")
        self.loaded_bytes += len(raw)
        end = 1 + ENTRY_BYTES * raw[0]
        entries = raw[1:end]
        if sha256(b"\x00" + entries).digest() != expected:
            raise StoreDamagedError(f"bucket {prefix!r} in the store does not match the state root")
        pairs = _pairs_of(memoryview(raw)[end:])
        if len(pairs) != 2 * raw[0] or not all(pairs):
            raise StoreDamagedError(f"bucket {prefix!r} in the store is damaged")
        return Bucket(entries, pairs)

    def _place(self, buckets: dict[str, Bucket], touched: dict[Node, None]) -> None:
        """Enter changed buckets under their nodes, splitting those that hold too many records."""
        nodes, changed, replaced = self._nodes, self.changed, self._replaced_now.nodes
        children: dict[str, Bucket] = {}
        for prefix, bucket in buckets.items():
            entries = bucket.entries
            size = len(entries)
            if size > BUCKET_ENTRIES_MAX * ENTRY_BYTES:
                self._divide(prefix, bucket, children, touched)
                continue
            changed[prefix] = bucket if entries else None
            hashed = sha256(b"\x00" + entries).digest() if entries else EMPTY
            if not prefix:
                self.root = hashed
                continue
            node = nodes[prefix[:-1]]
            if node not in touched:
                touched[node] = None
                replaced[node.prefix] = bytes(node.hashes)
            node.set_child(_AT[prefix[-1]], hashed, size // ENTRY_BYTES)
        if children:
            self._place(children, touched)

    def _divide(self, prefix: str, bucket: Bucket, children: dict[str, Bucket], touched: dict[Node, None]) -> None:
        """Put a node in the place of a bucket, and what was in the bucket among `children`."""
        self.changed[prefix] = None
        self._replaced_now.nodes.setdefault(prefix)
        node = self._nodes[prefix] = Node(prefix, self._nodes[prefix[:-1]] if prefix else None)
        touched[node] = None
        for digit, child in _split(bucket, len(prefix)):
            children[prefix + digit] = child

    def _rehash(self, touched: dict[Node, None]) -> None:
        """Hash the touched nodes from the deepest up, merging those that have become small enough to be a bucket."""
        levels: dict[int, dict[Node, None]] = {}
        replaced = self._replaced_now.nodes
        for node in touched:
            levels.setdefault(len(node.prefix), {})[node] = None
        for depth in range(max(levels, default=-1), -1, -1):
            above_level = levels.setdefault(depth - 1, {})
            for node in levels.get(depth, ()):
                count = node.count
                hashed = sha256(node.hashes).digest() if count > BUCKET_ENTRIES_MAX else self._merge(node.prefix)
                above = node.above
                if above is None:
                    self.root = hashed
                    continue
                if above not in above_level:
                    above_level[above] = None
                    replaced[above.prefix] = bytes(above.hashes)
                above.set_child(node.at, hashed, count)

    def _merge(self, prefix: str) -> bytes:
        """Turn a node with few records back into a bucket and give its hash."""
        merged = Bucket(b"", [])
        for digit in _DIGITS:
            bucket = self._open(prefix + digit)
            self._replaced_now.entries.setdefault(prefix + digit, bucket.entries)
            if bucket.entries:
                merged.entries += bucket.entries
                merged.pairs += bucket.pairs
                self.changed[prefix + digit] = None
        del self._nodes[prefix]
        self.changed[prefix] = merged if merged.entries else None
        return bucket_hash(merged.entries)


def _find(entries: bytes, key_hash: bytes) -> int:
    """Give where the entry of a key hash begins, or -1."""
    at = entries.find(key_hash)
    while at > 0 and at % ENTRY_BYTES:
        at = entries.find(key_hash, at + 1)
    return at


def _place_for(entries: bytes, key_hash: bytes) -> int:
    """Give where the entry of a new key hash has to begin."""
    low, high = 0, len(entries) // ENTRY_BYTES
    while low < high:
        middle = (low + high) // 2
        at = middle * ENTRY_BYTES
        if entries[at : at + HASH_BYTES] < key_hash:
            low = middle + 1
        else:
            high = middle
    return low * ENTRY_BYTES


def _split(bucket: Bucket, depth: int) -> list[tuple[str, Bucket]]:
    """Divide a bucket among the 16 children below it, by the digit of the key hash at `depth`."""
    entries, pairs = bucket.entries, bucket.pairs
    # The entries are in order, so those of one child stand side by side.
    digits = entries[depth // 2 :: ENTRY_BYTES].hex()[depth % 2 :: 2]
    children = []
    begin = 0
    while begin < len(digits):
        digit = digits[begin]
        end = begin + digits.count(digit)
        children.append((digit, Bucket(entries[begin * ENTRY_BYTES : end * ENTRY_BYTES], pairs[2 * begin : 2 * end])))
        begin = end
    return children


def root_of(records: Mapping[bytes, bytes], secret: bytes = NO_SECRET) -> bytes:
    """Give the root over a set of records without faces that are held in memory."""
    return Tree(lambda _prefix: None, secret).update([(key, value, 0) for key, value in records.items()])
