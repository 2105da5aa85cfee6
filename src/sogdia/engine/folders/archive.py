"""The archive: old blocks as files that any node may serve and any reader can check.

    DIR/archive/FIRST-LAST.segment

    segment      = head line ‖ block ‖ block … ‖ four zero bytes ‖ closing line
    head line    = {"format":1,"network":"…","first":…,"last":…,"previous":"…"} and a line feed
    block        = length, 4 bytes, big-endian ‖ stored block
    closing line = {"header":"…","results_root":"…","sha256":"…"} and a line feed; the hash covers everything before

The first header links to `previous`, each later one to the one before, and the last is `header`. A segment ends at a
height with results: there the app hash in CometBFT's next header covers our own header and the root of its results. So
whoever trusts one header of CometBFT, or of ours, can check all segments before it, one after another. All nodes with
the same settings write the same bytes.

What no hash covers is the list of steps in a block, from which lives are found: a wrong one finds too little, or a life
that does not prove.
"""

from __future__ import annotations

import re
from hashlib import sha256
from os import SEEK_CUR
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import msgspec

from sogdia.engine.ledger.sealing import results_root, transactions_root
from sogdia.engine.storage.disk import sync_file, sync_folder
from sogdia.kernel.codec import NOT_DECODABLE
from sogdia.kernel.genesis import HexKey
from sogdia.kernel.stored_block import decode_block, decode_signed_header, encode_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sogdia.kernel.stored_block import StoredBlock

FOLDER = "archive"
SUFFIX = ".segment"
FORMAT = 1
LENGTH_BYTES = 4
NO_MORE_BLOCKS = bytes(LENGTH_BYTES)
LINE_BYTES_MAX = 4_096
BLOCK_BYTES_MAX = 64 * 2**20
STEPS_MAX = 2**20
"""So many steps may a block have, far more than any of ours; no hash covers them, and each takes memory."""

OPEN_MAX = 64
NAME = re.compile(r"([0-9]{1,15})-([0-9]{1,15})\.segment")


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: which blocks, of which network, and the hash of the header before the first."""

    format: int
    network: HexKey
    first: int
    last: int
    previous: HexKey


class Closing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line: hash of the last header, root of its results, and the hash of the file before this line."""

    header: HexKey
    results_root: HexKey
    sha256: HexKey


class Segment(NamedTuple):
    """A segment by its name: the first and the last height in it, and its file."""

    first: int
    last: int
    path: Path


class SegmentWrongError(Exception):
    """A segment that is not what it has to be; at which height is said, when one can be named."""

    def __init__(self, path: Path, why: str) -> None:
        """Name the file."""
        super().__init__(f"{path}: {why}")
        self.why = why


class Checked(NamedTuple):
    """A segment that agrees with itself: its heights, what it begins after and ends with, and its file's hash."""

    first: int
    last: int
    previous: bytes
    header: bytes
    results_root: bytes
    envelopes: int
    sha256: bytes


def file_name(first: int, last: int) -> str:
    """Give the name of the file with these blocks."""
    return f"{first}-{last}{SUFFIX}"


def segments_in(folder: Path) -> list[Segment]:
    """List the segments in an archive's folder, by their names, in order."""
    found = [(NAME.fullmatch(each.name), each) for each in folder.glob(f"*{SUFFIX}")]
    return sorted(Segment(int(name[1]), int(name[2]), each) for name, each in found if name is not None)


def write_segment(folder: Path, network: bytes, first: int, last: int, previous: bytes, raws: Iterable[bytes]) -> Path:  # noqa: PLR0913 - the parts of a head
    """Write blocks as a segment, durably, and check them on the way; gives its file, always the same bytes."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / file_name(first, last)
    draft = path.with_suffix(".unfinished")
    head = Head(format=FORMAT, network=network.hex(), first=first, last=last, previous=previous.hex())
    chain = _Chain(path, network, head)
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    hashed = sha256()
    with draft.open("wb") as stream:

        def put(part: bytes) -> None:
            stream.write(part)
            hashed.update(part)

        put(msgspec.json.encode(head) + b"\n")
        for raw in raws:
            chain.add(raw)
            put(len(raw).to_bytes(LENGTH_BYTES, "big") + raw)
        header, root = chain.end()
        put(NO_MORE_BLOCKS)
        closing = Closing(header=header.hex(), results_root=root.hex(), sha256=hashed.hexdigest())
        put(msgspec.json.encode(closing) + b"\n")
    sync_file(draft)
    draft.rename(path)
    sync_folder(folder)
    return path


def check_segment(path: Path, network: bytes) -> Checked:
    """Read a segment to its end and see that it agrees with itself; raises `SegmentWrongError`."""
    with path.open("rb") as stream:
        reader = _Reader(path, stream, network)
        chain = _Chain(path, network, reader.head)
        for _at, raw in reader.blocks():
            chain.add(raw)
        closing = reader.closing()
        header, root = chain.end()
    if (header.hex(), root.hex()) != (closing.header, closing.results_root):
        raise SegmentWrongError(path, "its blocks do not end with the header and the results that its last line names")
    head = reader.head
    previous, digest = bytes.fromhex(head.previous), bytes.fromhex(closing.sha256)
    return Checked(head.first, head.last, previous, header, root, chain.envelopes, digest)


def blocks_of(path: Path, network: bytes) -> Iterator[bytes]:
    """Give the blocks of a segment that was checked."""
    with path.open("rb") as stream:
        for _at, raw in _Reader(path, stream, network).blocks():
            yield raw


def check_chain(checked: Iterable[Checked]) -> Iterator[str]:
    """Give what is wrong between segments that should follow one another."""
    before: Checked | None = None
    for each in checked:
        if before is not None and each.first != before.last + 1:
            yield f"the blocks {before.last + 1} to {each.first - 1} are missing, or there twice"
        elif before is not None and each.previous != before.header:
            yield f"block {each.first} does not link to block {before.last} of the segment before"
        before = each


class _Chain:
    """Follows the blocks of a segment from header to header."""

    def __init__(self, path: Path, network: bytes, head: Head) -> None:
        self._path = path
        self._network = network
        self._head = head
        self._next = head.first
        self._previous = bytes.fromhex(head.previous)
        self._results_root: bytes | None = None
        self.envelopes = 0

    def add(self, raw: bytes) -> None:
        """Take the next block."""
        try:
            block = decode_block(raw)
        except NOT_DECODABLE as error:
            raise self._wrong(f"block {self._next} cannot be read: {error}") from error
        self._check(block, raw)
        header = block.header.header
        self._next += 1
        self._previous = header.hash()
        self._results_root = results_root(block.all_results(), block.exits_after)
        self.envelopes += len(block.envelopes)

    def _check(self, block: StoredBlock, raw: bytes) -> None:
        header = block.header.header
        if (header.height, header.network) != (self._next, self._network):
            raise self._wrong(f"in place of block {self._next} there is another")
        if header.previous != self._previous:
            raise self._wrong(f"block {self._next} does not link to the header before")
        if self._results_root is not None and header.results_root != self._results_root:
            raise self._wrong(f"the results of block {self._next - 1} are not those that the next header names")
        if transactions_root(block.envelopes) != header.transactions_root:
            raise self._wrong(f"the envelopes of block {self._next} are not those that its header names")
        if len(block.results) != len(block.envelopes) or encode_block(block) != raw:
            raise self._wrong(f"block {self._next} has a second spelling, or lacks results")
        ends = len(block.results) + len(block.exits)
        if len(block.steps) > STEPS_MAX or not all(0 <= step.result < ends for step in block.steps):
            raise self._wrong(f"block {self._next} has steps of results that it does not have, or too many")

    def end(self) -> tuple[bytes, bytes]:
        """Give the last header's hash and the root of its results, once all blocks have come."""
        if self._next != self._head.last + 1 or self._results_root is None:
            raise self._wrong(f"it ends with block {self._next - 1}, not with {self._head.last}")
        return self._previous, self._results_root

    def _wrong(self, why: str) -> SegmentWrongError:
        return SegmentWrongError(self._path, why)


class _Reader:
    """A segment's file, read once from its beginning."""

    def __init__(self, path: Path, stream: BinaryIO, network: bytes) -> None:
        self._path = path
        self._stream = stream
        self._hashed = sha256()
        self._size = path.stat().st_size
        try:
            self.head = msgspec.json.decode(self._line(), type=Head)
        except NOT_DECODABLE as error:
            raise SegmentWrongError(path, f"its first line cannot be read: {error}") from error
        head, named = self.head, NAME.fullmatch(path.name)
        if head.format != FORMAT:
            raise SegmentWrongError(path, f"it has format {head.format}, and this release reads {FORMAT}")
        if head.network != network.hex():
            raise SegmentWrongError(path, f"it belongs to network {head.network}")
        if (
            not 1 <= head.first <= head.last
            or named is None
            or (head.first, head.last) != (int(named[1]), int(named[2]))
        ):
            raise SegmentWrongError(
                path, f"it says that it has blocks {head.first} to {head.last}, and its name another"
            )

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Give each block and where it stands in the file."""
        while length := int.from_bytes(self._take(LENGTH_BYTES), "big"):
            if length > BLOCK_BYTES_MAX:
                raise SegmentWrongError(
                    self._path, f"it has a block of {length} bytes; at most {BLOCK_BYTES_MAX} are read"
                )
            at = self._stream.tell()
            yield at, self._take(length)

    def places(self) -> list[tuple[int, int]]:
        """Give where each block stands and how long it is, and at last the closing line; nothing of them is read."""
        found: list[tuple[int, int]] = []
        while length := int.from_bytes(self._stream.read(LENGTH_BYTES), "big"):
            found.append((self._stream.tell(), length))
            if self._stream.seek(length, SEEK_CUR) > self._size:
                raise SegmentWrongError(self._path, "it ends before its last line")
        return [*found, (self._stream.tell(), LINE_BYTES_MAX)]

    def closing(self) -> Closing:
        """Read the last line, which must fit what came before."""
        digest = self._hashed.hexdigest()
        try:
            closing = msgspec.json.decode(self._line(), type=Closing)
        except NOT_DECODABLE as error:
            raise SegmentWrongError(self._path, f"its last line cannot be read: {error}") from error
        if closing.sha256 != digest:
            raise SegmentWrongError(self._path, f"its hash is {digest}, not {closing.sha256} as its last line says")
        if self._stream.read(1):
            raise SegmentWrongError(self._path, "something follows its last line")
        return closing

    def _take(self, length: int) -> bytes:
        if length > self._size - self._stream.tell():
            raise SegmentWrongError(self._path, "it ends before its last line")
        found = self._stream.read(length)
        self._hashed.update(found)
        return found

    def _line(self) -> bytes:
        line = self._stream.readline(LINE_BYTES_MAX)
        if not line.endswith(b"\n"):
            raise SegmentWrongError(self._path, "it ends, or goes on too long, within a line")
        self._hashed.update(line)
        return line


class Archive:
    """Old blocks, found by height.

    A segment was read to its end when it was written or fetched. Here only what is asked for is read, and compared with
    the headers around it.
    """

    def __init__(self, folder: Path, network: bytes) -> None:
        """Look into an archive's folder, which need not be there."""
        self.folder = folder
        self._network = network
        self._places: dict[tuple[Path, int, int], list[tuple[int, int]]] = {}

    def block(self, height: int) -> bytes | None:
        """Give a block, or nothing when no segment here has it; raises `SegmentWrongError` for a damaged one."""
        for segment in segments_in(self.folder):
            if segment.first <= height <= segment.last:
                return self._read(segment, height)
        return None

    def _read(self, segment: Segment, height: int) -> bytes:
        places = self._places_in(segment)
        number = height - segment.first
        with segment.path.open("rb") as stream:
            raw, following = (_part(stream, *places[each]) for each in (number, number + 1))
        try:
            block = decode_block(raw)
            if height == segment.last:
                root = bytes.fromhex(msgspec.json.decode(following, type=Closing).results_root)
            else:
                root = decode_signed_header(following).header.results_root
        except NOT_DECODABLE as error:
            raise SegmentWrongError(segment.path, f"block {height} cannot be read: {error}") from error
        header = block.header.header
        if (
            (header.height, header.network) != (height, self._network)
            or transactions_root(block.envelopes) != header.transactions_root
            or results_root(block.all_results(), block.exits_after) != root
        ):
            raise SegmentWrongError(segment.path, f"block {height} does not fit the headers around it")
        return raw

    def _places_in(self, segment: Segment) -> list[tuple[int, int]]:
        """Give where each block stands and how long it is, and at last the closing line."""
        stand = segment.path.stat()
        file = (segment.path, stand.st_ino, stand.st_mtime_ns)
        known = self._places.get(file)
        if known is None:
            with segment.path.open("rb") as stream:
                known = _Reader(segment.path, stream, self._network).places()
            if len(known) != segment.last - segment.first + 2:
                raise SegmentWrongError(segment.path, f"it has {len(known) - 1} blocks")
            while len(self._places) >= OPEN_MAX:
                del self._places[next(iter(self._places))]
            self._places[file] = known
        return known


def _part(stream: BinaryIO, at: int, length: int) -> bytes:
    stream.seek(at)
    return stream.read(length)
