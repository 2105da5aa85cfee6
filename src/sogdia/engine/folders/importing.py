"""An export becomes a data folder again: every block is executed, every signature verified, and nothing believed.

The folder is built beside its place and takes its name at the end, so a damaged file or an interruption leaves nothing.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import msgspec

from sogdia.engine.folders.export import EXPORT_FORMAT, LENGTH_BYTES, ClosingLine, HeaderLine
from sogdia.engine.folders.following import Difference, DifferenceFoundError, follow_all
from sogdia.engine.folders.progress import Progress, silent
from sogdia.engine.folders.workplace import give_name, workplace
from sogdia.engine.ledger.ledger import BLINDING_DIFFERS, Ledger
from sogdia.kernel.blinding import is_secret_of
from sogdia.kernel.codec import NOT_DECODABLE
from sogdia.kernel.genesis import genesis_type, network_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.kernel.module import Module

LINE_BYTES_MAX = 64 * 2**20
BYTES_IN_COMMIT = 16 * 2**20
"""So many bytes of blocks are made durable at once."""


class ExportRefusedError(Exception):
    """A file that cannot be imported: at which byte, why, and (for a block that comes out otherwise) the difference."""

    def __init__(self, path: Path, position: int, reason: str, difference: Difference | None = None) -> None:
        """Remember what is wrong and where."""
        super().__init__(f"{path}, byte {position}: {reason}. Nothing was imported; get another copy of the file.")
        self.position = position
        self.reason = reason
        self.difference = difference


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What was imported: the network, its last height, and what the blocks led to."""

    network: bytes
    height: int
    envelopes: int
    signatures: int
    records: int
    state_root: bytes
    sha256: bytes


def import_export(source: Path, folder: Path, modules: tuple[Module, ...], progress: Progress = silent) -> Imported:
    """Make the new `folder` from the export `source`. `progress` counts bytes of the file."""
    with workplace(folder) as place, source.open("rb") as stream:
        reader = _Reader(source, stream, progress)
        genesis, secret = reader.begin(modules)
        ledger = Ledger.create(place, modules, genesis, secret=secret)
        try:
            envelopes, signatures = _execute(ledger, reader)
            imported = Imported(
                network=ledger.machine.network,
                height=ledger.tip.height,
                envelopes=envelopes,
                signatures=signatures,
                records=ledger.tree.count,
                state_root=ledger.tree.root,
                sha256=reader.digest,
            )
            ledger.close()
        except BaseException:
            ledger.abandon()
            raise
        give_name(place, folder)
    return imported


def _execute(ledger: Ledger, reader: _Reader) -> tuple[int, int]:
    envelopes, signatures, size = 0, 0, 0
    try:
        for followed in follow_all(ledger, reader.blocks()):
            ledger.writer.add(followed.sealed)
            envelopes += len(followed.sealed.results)
            signatures += followed.signatures
            size += len(followed.sealed.raw)
            if size > BYTES_IN_COMMIT:
                ledger.commit()
                size = 0
    except DifferenceFoundError as error:
        found = error.difference
        raise reader.refusal(reader.positions[found.height - 1], found.message, found) from error
    return envelopes, signatures


class _Reader:
    """An export, read from its beginning to its end."""

    def __init__(self, path: Path, stream: BinaryIO, progress: Progress) -> None:
        """Begin at the header line."""
        self._path = path
        self._stream = stream
        self._size = path.stat().st_size
        self._position = 0
        self._hashed = sha256()
        self._progress = progress
        self.positions: list[int] = []
        self.digest = b""

    def refusal(self, position: int, reason: str, difference: Difference | None = None) -> ExportRefusedError:
        """Make the error that says what is wrong at a byte."""
        return ExportRefusedError(self._path, position, reason, difference)

    def begin(self, modules: tuple[Module, ...]) -> tuple[Any, bytes]:
        """Read the header line and give genesis and blinding secret, which must be those of the network it names."""
        line = self._line()
        try:
            begins_as = msgspec.json.decode(line, type=_FormatOnly)
            if begins_as.format != EXPORT_FORMAT:
                self._refuse(0, f"it has export format {begins_as.format}, and this release reads {EXPORT_FORMAT}")
            header = msgspec.json.decode(line, type=HeaderLine)
            genesis = msgspec.json.decode(header.genesis, type=genesis_type(modules))
        except NOT_DECODABLE as error:
            self._refuse(0, f"the header line cannot be read: {error}")
        if network_of(genesis).hex() != header.network:
            self._refuse(0, f"the genesis is not that of network {header.network}")
        secret = bytes.fromhex(header.secret)
        if not is_secret_of(secret, genesis.blinding):
            self._refuse(0, BLINDING_DIFFERS)
        return genesis, secret

    def blocks(self) -> Iterator[bytes]:
        """Read the stored blocks, then the closing line, which must fit what was read."""
        while True:
            start = self._position
            length = int.from_bytes(self._take(LENGTH_BYTES), "big")
            if not length:
                break
            if length > self._size - self._position:
                self._refuse(
                    start, f"a block of {length} bytes is announced, and {self._size - self._position} are left"
                )
            self.positions.append(start)
            yield self._take(length)
            self._progress(self._position, self._size)
        self._close()

    def _close(self) -> None:
        start = self._position
        self.digest = self._hashed.digest()
        try:
            closing = msgspec.json.decode(self._line(), type=ClosingLine)
        except NOT_DECODABLE as error:
            self._refuse(start, f"the closing line cannot be read: {error}")
        if closing.blocks != len(self.positions):
            self._refuse(start, f"{closing.blocks} blocks are announced, and {len(self.positions)} were there")
        if closing.sha256 != self.digest.hex():
            self._refuse(start, f"the hash of the file is {self.digest.hex()}, not {closing.sha256} as announced")
        if self._stream.read(1):
            self._refuse(self._position, "something follows the closing line")
        self._progress(self._size, self._size)

    def _take(self, length: int) -> bytes:
        found = self._stream.read(length)
        if len(found) < length:
            self._refuse(self._position + len(found), "the file ends before its closing line")
        self._position += length
        self._hashed.update(found)
        return found

    def _line(self) -> bytes:
        start = self._position
        line = self._stream.readline(LINE_BYTES_MAX)
        if not line.endswith(b"\n"):
            self._refuse(start + len(line), "the file ends, or goes on too long, within a line")
        self._position += len(line)
        self._hashed.update(line)
        return line

    def _refuse(self, position: int, reason: str) -> NoReturn:
        raise self.refusal(position, reason)


class _FormatOnly(msgspec.Struct, frozen=True):
    """The one field that the header line of any format has."""

    format: int
