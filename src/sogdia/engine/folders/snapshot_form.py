"""A snapshot as nodes give it to each other: the state of one height in chunks, and what vouches for them.

    manifest = [network, [state root, results height, results root, results header], signed header, records,
                [hash of a chunk, …]]
    hash     = SHA-256("sogdia/snapshot" ‖ manifest)
    chunk    = [[prefix, [key, length of the face, 1 byte ‖ value, key, …]], …]

The manifest travels as the metadata. Its app hash must be the one that the engine's light client has verified, so the
state root is right before the first chunk comes, and with it all that a chunk may say. A snapshot is taken at a height
that has results, whose header of ours the app hash covers as well.

Blinds and hashes don't travel: each node makes them with the network's secret, which it has from its own folder. So who
is given a snapshot and lacks the secret can neither go on with it nor try values out on later proofs; but it reads
every record in it. A snapshot is the whole ledger, and is for nodes of the network alone.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.blinding import BLIND_BYTES
from sogdia.kernel.codec import NOT_DECODABLE, encode
from sogdia.kernel.comet import AppState, app_hash
from sogdia.kernel.header import SignedHeader
from sogdia.kernel.tree import Bucket
from sogdia.kernel.tree_hashes import BUCKET_ENTRIES_MAX, ENTRY_BYTES, FRONT_BYTES, HASH_BYTES, stored_hash
from sogdia.kernel.values import Hash

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = 1
CHUNK_BYTES = 2 * 2**20
"""A chunk is closed when it has so many."""

CHUNK_BYTES_MAX = 8 * 2**20
"""The engine carries 16 MB, and advises to stay below 10."""

CHUNKS_MAX = 65_536
MANIFEST_BYTES_MAX = 3 * 2**20
"""The engine carries 4 MB."""

PREFIX_DIGITS_MAX = 2 * HASH_BYTES
PAIR = 2

Packed = tuple[str, list[bytes]]
"""A bucket as it travels: its prefix, and by turns key and value with the length of its face before it."""


class Manifest(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a snapshot is of, and the hash of each chunk."""

    network: Hash
    state: AppState
    header: SignedHeader
    records: Annotated[int, Meta(ge=1, le=2**48)]
    chunks: Annotated[tuple[Hash, ...], Meta(min_length=1, max_length=CHUNKS_MAX)]

    @property
    def height(self) -> int:
        """The height after which the state was so."""
        return self.header.header.height


class FormatUnknownError(Exception):
    """A snapshot in a format that this release does not read."""


class SnapshotWrongError(Exception):
    """A snapshot that is not what it has to be; whoever offers it lies, or is broken."""


_decode_manifest = msgspec.msgpack.Decoder(Manifest, strict=True).decode
_decode_chunk = msgspec.msgpack.Decoder(list[Packed], strict=True).decode
_pairs_of = msgspec.msgpack.Decoder(list[bytes]).decode


def snapshot_hash(manifest: bytes) -> bytes:
    """Give the hash by which a snapshot is named."""
    return sha256(b"sogdia/snapshot" + manifest).digest()


def read_manifest(raw: bytes, network: bytes) -> Manifest:
    """Read a manifest of this network that agrees with itself; whether it is true only its app hash shows."""
    if len(raw) > MANIFEST_BYTES_MAX:
        raise SnapshotWrongError(f"its manifest has {len(raw)} bytes; at most {MANIFEST_BYTES_MAX} are read")
    try:
        manifest = _decode_manifest(raw)
    except NOT_DECODABLE as error:
        raise SnapshotWrongError(f"its manifest cannot be read: {error}") from error
    if encode(manifest) != raw:
        raise SnapshotWrongError("its manifest has a second spelling")
    header = manifest.header.header
    if manifest.network != network or header.network != network:
        raise SnapshotWrongError("it is a snapshot of another network")
    if manifest.header.signatures:
        raise SnapshotWrongError("its header has signatures, which it has on no network of several organisations")
    if header.height != manifest.state.results_height or header.hash() != manifest.state.results_header:
        raise SnapshotWrongError("its header is not the one that its app hash covers")
    return manifest


def require_true(manifest: Manifest, trusted: bytes) -> None:
    """Refuse a manifest unless its app hash is the one that was verified."""
    if app_hash(manifest.state) != trusted:
        raise SnapshotWrongError("it does not lead to the app hash that the validators signed")


def pack(raw: bytes) -> list[bytes]:
    """Give a stored bucket as it travels, once all its records match their hashes."""
    end = 1 + ENTRY_BYTES * raw[0]
    pairs = _pairs_of(memoryview(raw)[end:])
    Bucket(raw[1:end], pairs).check()
    return [each if at % 2 == 0 else each[:1] + each[FRONT_BYTES:] for at, each in enumerate(pairs)]


class Gathering:
    """Gathers stored buckets into chunks, and hands each on when it is full."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        """Hand chunks on to `put`."""
        self._put = put
        self._gathered: list[Packed] = []
        self._size = 0

    def add(self, prefix: str, raw: bytes) -> None:
        """Add the next bucket."""
        self._gathered.append((prefix, pack(raw)))
        self._size += len(raw)
        if self._size >= CHUNK_BYTES:
            self.close()

    def close(self) -> None:
        """Hand on what is left."""
        if self._gathered:
            self._put(encode(self._gathered))
            self._gathered, self._size = [], 0


def read_chunk(raw: bytes, after: str | None, blinding: bytes) -> list[tuple[str, Bucket]]:
    """Make the buckets of a chunk, which must come after the prefix `after`; blinds and hashes are made here."""
    if len(raw) > CHUNK_BYTES_MAX:
        raise SnapshotWrongError(f"a chunk has {len(raw)} bytes; at most {CHUNK_BYTES_MAX} are read")
    try:
        packed = _decode_chunk(raw)
    except NOT_DECODABLE as error:
        raise SnapshotWrongError(f"a chunk cannot be read: {error}") from error
    made: list[tuple[str, Bucket]] = []
    for prefix, pairs in packed:
        # In order and none within another: then each stands where the tree looks for it, and nothing stands hidden.
        if after is not None and (prefix <= after or prefix.startswith(after)):
            raise SnapshotWrongError(f"the bucket {prefix!r} cannot come after {after!r}")
        made.append((prefix, _bucket_of(prefix, pairs, blinding)))
        after = prefix
    return made


def _bucket_of(prefix: str, pairs: list[bytes], blinding: bytes) -> Bucket:
    if not PAIR <= len(pairs) <= PAIR * BUCKET_ENTRIES_MAX or len(pairs) % PAIR or len(prefix) > PREFIX_DIGITS_MAX:
        raise SnapshotWrongError(f"the bucket {prefix!r} cannot hold {len(pairs)} keys and values")
    entries: list[bytes] = []
    stored_pairs: list[bytes] = []
    before = b""
    for key, told in zip(pairs[::2], pairs[1::2], strict=True):
        key_hash = sha256(key).digest()
        if not key or not key_hash.hex().startswith(prefix) or key_hash <= before:
            raise SnapshotWrongError(f"a record does not belong where it stands in the bucket {prefix!r}")
        if not told or told[0] >= len(told):
            raise SnapshotWrongError(f"a record in the bucket {prefix!r} has more face than value")
        before = key_hash
        stored = told[:1] + sha256(blinding + key_hash).digest()[:BLIND_BYTES] + told[1:]
        entries += (key_hash, stored_hash(stored))
        stored_pairs += (key, stored)
    return Bucket(b"".join(entries), stored_pairs)
