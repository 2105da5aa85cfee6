"""What the commands of `sogdia archive` do."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sogdia.cli import options
from sogdia.cli.exits import Exit, usage
from sogdia.cli.folder_work import existing
from sogdia.client.connection import Connection, NodeNotRunningError
from sogdia.engine.folders.archive import (
    FOLDER,
    Checked,
    SegmentWrongError,
    check_chain,
    check_segment,
    segments_in,
)
from sogdia.engine.folders.golden import open_file
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.modules import ALL

if TYPE_CHECKING:
    from pathlib import Path

HASH_DIGITS = 64
GENESIS = "genesis.json"


class Stand(NamedTuple):
    """Of which network a node is, which block of its own is the first, and the hash of the header before that."""

    network: bytes
    first: int
    before: bytes


def run_list(folder: Path | None, *, as_json: bool) -> None:
    """List segments, and the blocks that are in none."""
    place = existing(folder)
    stand = stand_of(place)
    segments = segments_in(place / FOLDER)
    missing = list(_missing([(each.first, each.last) for each in segments], stand.first - 1))
    lines = [f"The node's own blocks begin with {stand.first}."]
    lines += [f"  {each.path.name:<32} {each.path.stat().st_size:>12} bytes" for each in segments]
    lines += [f"Blocks {first} to {last} are in no segment here." for first, last in missing]
    document = {
        "first_height": stand.first,
        "segments": [{"file": str(each.path), "first": each.first, "last": each.last} for each in segments],
        "missing": missing,
    }
    options.show("\n".join(lines), document, as_json=as_json)


def _missing(there: list[tuple[int, int]], last: int) -> list[tuple[int, int]]:
    found, following = [], 1
    for first, end in there:
        if first > following:
            found.append((following, first - 1))
        following = max(following, end + 1)
    return [*found, (following, last)] if following <= last else found


def run_verify(folder: Path | None, header: str | None, *, as_json: bool) -> int:
    """Check segments; gives the exit status."""
    place = existing(folder)
    if header is not None and len(header) != HASH_DIGITS:
        raise usage(f"{header!r} is not the {HASH_DIGITS} digits of a hash.")
    stand = stand_of(place) if header is None else None
    network = stand.network if stand is not None else _network_of(place)
    inside = place / FOLDER if (place / FOLDER).is_dir() else place
    trusted = bytes.fromhex(header) if header is not None else (b"" if stand is None else stand.before)
    checked, wrong = checked_in(inside, network)
    wrong += check_chain(checked)
    if checked and checked[-1].header != trusted:
        wrong.append(f"block {checked[-1].last}, the last of them, is not the one that is trusted")
    lines = [f"{each.first} to {each.last}: {each.envelopes} envelopes, sha256 {each.sha256.hex()}" for each in checked]
    lines += [f"WRONG: {each}" for each in wrong]
    if not wrong:
        lines.append(f"{len(checked)} segments lead to the header {trusted.hex()}.")
    document = {"segments": [_document(each) for each in checked], "wrong": wrong, "header": trusted.hex()}
    options.show("\n".join(lines), document, as_json=as_json)
    return Exit.DAMAGED if wrong else Exit.DONE


def checked_in(folder: Path, network: bytes) -> tuple[list[Checked], list[str]]:
    """Check the segments in a folder, each by itself; gives those that are right, and what is wrong with the others."""
    checked: list[Checked] = []
    wrong: list[str] = []
    for segment in segments_in(folder):
        try:
            checked.append(check_segment(segment.path, network))
        except SegmentWrongError as error:
            wrong.append(str(error))
    return checked, wrong


def stand_of(place: Path) -> Stand:
    """Give where a node's own blocks begin, whether it runs or not."""
    try:
        connection = Connection(place)
    except NodeNotRunningError:
        with closing(open_file(place)) as file:
            beginning = file.beginning()
            before = file.network() if beginning is None else beginning.hash
            return Stand(file.network(), file.first_height(), before)
    with connection:
        status = connection.status()
        first = status.first_height
        before = connection.header(first).header.previous if status.durable_height >= first else status.network
        return Stand(status.network, first, before)


def _network_of(place: Path) -> bytes:
    raw = (place / GENESIS).read_bytes()
    return network_of(msgspec.json.decode(raw, type=genesis_type(ALL)))


def _document(checked: Checked) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in checked._asdict().items()}
