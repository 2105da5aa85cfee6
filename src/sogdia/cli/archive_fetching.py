"""`sogdia archive fetch`: segments taken from another node, one after the other, back from where the own blocks begin.

    own first block ─▶ segment that ends before it ─▶ segment that ends before that ─▶ …

Each is taken into a draft, read to its end, and kept only when its last header is the one that the block after it links
to. So nobody who gives segments needs to be believed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from sogdia.cli import options
from sogdia.cli.archive_work import Stand, stand_of
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.folder_work import existing
from sogdia.cli.progress import counted
from sogdia.client.http_door import DoorShutError, HttpDoor
from sogdia.engine.folders.archive import FOLDER, SegmentWrongError, check_segment, file_name, segments_in
from sogdia.engine.folders.archive_places import cover
from sogdia.engine.storage.disk import free_bytes, sync_file, sync_folder
from sogdia.engine.storage.folder_lock import FolderLock
from sogdia.engine.storage.ledger_file import StorageFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sogdia.engine.folders.archive import Checked

DRAFTS = "fetched"
WRONG_MAX = 4
"""So many wrong segments are looked at before one turns to another giver."""

LISTED_MAX = 100_000
RESERVE_BYTES = 512 * 2**20
"""What is left free for the node itself."""

HeightNumber = Annotated[int, Meta(ge=1, le=2**48)]
ADDRESS = ("http://", "https://")


class Heights(NamedTuple):
    """The first and the last height of a segment."""

    first: int
    last: int

    @property
    def file(self) -> str:
        """The name of its file."""
        return file_name(self.first, self.last)


class Giver(Protocol):
    """Whoever has segments."""

    def offered(self) -> Iterable[Heights]:
        """Say which."""

    def take(self, heights: Heights, draft: Path) -> None:
        """Write one into a new file."""


class FolderGiver:
    """A node's folder, or a folder of copies."""

    def __init__(self, place: Path) -> None:
        """Look into the archive of a node, or into the folder itself."""
        self._folder = place / FOLDER if (place / FOLDER).is_dir() else place

    def offered(self) -> Iterable[Heights]:
        """Say which segments are there."""
        return [Heights(each.first, each.last) for each in segments_in(self._folder)]

    def take(self, heights: Heights, draft: Path) -> None:
        """Copy one."""
        shutil.copyfile(self._folder / heights.file, draft)


class _Listed(msgspec.Struct):
    first: HeightNumber
    last: HeightNumber
    bytes: HeightNumber


class _Listing(msgspec.Struct):
    segments: Annotated[list[_Listed], Meta(max_length=LISTED_MAX)]


class HttpGiver:
    """The HTTP API of another node."""

    def __init__(self, door: HttpDoor) -> None:
        """Ask at a door."""
        self._door = door
        self._sizes: dict[Heights, int] = {}

    def offered(self) -> Iterable[Heights]:
        """Say which segments it has."""
        listing = self._door.get("/v1/archive", _Listing)
        self._sizes = {Heights(each.first, each.last): each.bytes for each in listing.segments}
        return self._sizes

    def take(self, heights: Heights, draft: Path) -> None:
        """Fetch one, if there is room for it."""
        size, free = self._sizes[heights], free_bytes(draft.parent)
        if size + RESERVE_BYTES > free:
            raise StorageFullError(
                f"the segment of the blocks {heights.first} to {heights.last} has {size} bytes, and of {free} that are"
                f" free {RESERVE_BYTES} are left to the node"
            )
        with draft.open("wb") as stream, counted(f"Blocks {heights.first} to {heights.last}") as advance:
            self._door.fetch(
                f"/v1/archive/{heights.first}/{heights.last}", size, stream, lambda come: advance(come, size)
            )


class Fetching:
    """Takes what leads to a node's own first block; what is there already is followed as well."""

    def __init__(self, place: Path, stand: Stand, giver: Giver) -> None:
        """Fetch from `giver` into a node's folder."""
        self._folder = place / FOLDER
        self._stand = stand
        self._giver = giver
        self.reached = stand.first
        """The first block that is here, in the end."""
        self.taken: list[str] = []
        self.wrong: list[str] = []

    def run(self) -> None:
        """Go back as far as segments lead; raises `DoorShutError`, with what was taken before kept."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        drafts = self._folder / DRAFTS
        drafts.mkdir(mode=0o700, exist_ok=True)
        with FolderLock(drafts):
            try:
                self._walk(drafts)
            finally:
                shutil.rmtree(drafts)
                self.taken.reverse()
                self.wrong += cover(self._folder, self._stand.network).wrong

    def _walk(self, drafts: Path) -> None:
        before = self._stand.before
        offered = sorted(self._giver.offered())
        while self.reached > 1 and len(self.wrong) < WRONG_MAX:
            own = [Heights(each.first, each.last) for each in segments_in(self._folder)]
            found = next((each for each in self._ending(own, before, self._own)), None)
            if found is None:
                found = next((each for each in self._ending(offered, before, self._taker(drafts))), None)
            if found is None:
                return
            self.reached, before = found.first, found.previous

    def _ending(
        self, among: Iterable[Heights], before: bytes, have: Callable[[Heights, bytes], Checked]
    ) -> Iterator[Checked]:
        """Give those that end before the first block that is here, and say what is wrong with others."""
        for heights in among:
            if heights.last == self.reached - 1 and heights.first <= heights.last and len(self.wrong) < WRONG_MAX:
                try:
                    yield have(heights, before)
                except SegmentWrongError as error:
                    self.wrong.append(f"{heights.file}: {error.why}")

    def _own(self, heights: Heights, before: bytes) -> Checked:
        return self._right(self._folder / heights.file, before)

    def _taker(self, drafts: Path) -> Callable[[Heights, bytes], Checked]:
        def take(heights: Heights, before: bytes) -> Checked:
            draft, target = drafts / heights.file, self._folder / heights.file
            if target.exists():
                raise SegmentWrongError(target, "one that is wrong stands here in its place; move it away")
            draft.touch(mode=0o600)
            self._giver.take(heights, draft)
            checked = self._right(draft, before)
            sync_file(draft)
            draft.rename(target)
            sync_folder(self._folder)
            self.taken.append(heights.file)
            return checked

        return take

    def _right(self, path: Path, before: bytes) -> Checked:
        checked = check_segment(path, self._stand.network)
        if checked.header != before:
            raise SegmentWrongError(path, "its last block is not the one to which the block after it links")
        return checked


def giver_of(source: str, account: str | None, keys_folder: Path | None) -> Giver:
    """Give who has the segments: a folder, or the API at an address, where a key signs in."""
    if not source.startswith(ADDRESS):
        return FolderGiver(existing(Path(source).expanduser()))
    if account is None:
        raise usage(
            "Segments hold whole blocks, which an API gives to those who run a node.",
            "Say with --as whose key signs in, such as --as kz-bank.",
        )
    ring = options.keyring(keys_folder)
    whose = ring.listed(account).account
    if whose is None:
        raise usage(
            f"It is not noted for which account the key {account!r} signs.", "Note it with 'sogdia keys assign'."
        )
    door = HttpDoor(source)
    door.sign_in(whose, ring.open(account, options.ask_passphrase).sign)
    return HttpGiver(door)


def run_fetch(source: str, folder: Path | None, account: str | None, keys_folder: Path | None, *, as_json: bool) -> int:
    """Fetch segments that lead to where the node's own blocks begin; gives the exit status."""
    place = existing(folder)
    stand = stand_of(place)
    try:
        fetching = Fetching(place, stand, giver_of(source, account, keys_folder))
        fetching.run()
    except DoorShutError as error:
        raise Stopped(
            Exit.UNREACHABLE,
            f"{error}.",
            "What came before is kept. Look at the address, and that its organisation's API runs; then try again.",
        ) from error
    lines = [f"Fetched {name}." for name in fetching.taken] + [f"WRONG, and left: {each}" for each in fetching.wrong]
    lines.append(_reached(fetching.reached))
    document = {"fetched": fetching.taken, "wrong": fetching.wrong, "begins": fetching.reached}
    options.show("\n".join(lines), document, as_json=as_json)
    if fetching.wrong:
        return Exit.DAMAGED
    if fetching.reached == stand.first > 1:
        message = f"{source} has no segment that leads to block {stand.first}."
        raise Stopped(Exit.NOT_FOUND, message, "Ask another node.")
    return Exit.DONE


def _reached(first: int) -> str:
    if first == 1:
        return "All blocks from the first on are here."
    return f"The blocks 1 to {first - 1} are not here yet: another node may have them."
