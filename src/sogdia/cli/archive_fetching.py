"""`sogdia archive fetch`: segments taken from another node, one after the other, back from where the own blocks begin.

    own first block ─▶ segment that ends before it ─▶ segment that ends before that ─▶ …

Each is taken into a draft, read to its end, and kept only when its last header is the one that the block after it links
to. So nobody who gives segments needs to be believed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from sogdia.cli import options
from sogdia.cli.archive_work import Stand, stand_of
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.folder_work import existing
from sogdia.cli.progress import counted
from sogdia.client.http_door import DoorShutError, HttpDoor
from sogdia.engine.folders.archive import FOLDER, SegmentWrongError, blocks_of, check_segment, segments_in
from sogdia.engine.folders.archive_places import write_places
from sogdia.engine.storage.disk import sync_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.engine.folders.archive import Checked

DRAFTS = "fetched"
ADDRESS = ("http://", "https://")


class Heights(NamedTuple):
    """The first and the last height of a segment."""

    first: int
    last: int

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.first}-{self.last}.segment"


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
    first: int
    last: int
    bytes: int


class _Listing(msgspec.Struct):
    segments: list[_Listed]


class HttpGiver:
    """The HTTP API of another node."""

    def __init__(self, door: HttpDoor) -> None:
        """Ask at a door."""
        self._door = door
        self._sizes: dict[Heights, int] = {}

    def offered(self) -> Iterable[Heights]:
        """Say which segments it has."""
        try:
            # Whole numbers are texts there, as everywhere in the API.
            listing = msgspec.convert(self._door.get("/v1/archive"), _Listing, strict=False)
        except msgspec.ValidationError as error:
            raise DoorShutError(f"what it lists are no segments: {error}") from error
        self._sizes = {Heights(each.first, each.last): each.bytes for each in listing.segments}
        return self._sizes

    def take(self, heights: Heights, draft: Path) -> None:
        """Fetch one."""
        size = self._sizes[heights]
        with draft.open("wb") as stream, counted(f"Blocks {heights.first} to {heights.last}") as advance:
            self._door.fetch(f"/v1/archive/{heights.first}/{heights.last}", stream, lambda come: advance(come, size))


class Fetching:
    """Takes what leads to a node's own first block."""

    def __init__(self, place: Path, stand: Stand, giver: Giver) -> None:
        """Fetch from `giver` into a node's folder."""
        self._folder = place / FOLDER
        self._stand = stand
        self._giver = giver
        self.taken: list[str] = []
        self.wrong: list[str] = []

    def run(self) -> bool:
        """Go back as far as segments lead; tell whether any does, or none is needed."""
        offered = sorted(self._giver.offered())
        after, before = self._stand.first, self._stand.before
        while after > 1:
            ends = [each for each in offered if each.last == after - 1 and each.first <= each.last]
            found = next((checked for each in ends if (checked := self._have(each, before)) is not None), None)
            if found is None:
                break
            after, before = found.first, found.previous
        self.taken.reverse()
        return after < self._stand.first or after == 1

    def _have(self, heights: Heights, before: bytes) -> Checked | None:
        """Have a segment that ends with a known header, or say what is wrong with it."""
        target = self._folder / heights.file
        try:
            return self._right(target, before) if target.exists() else self._take(heights, target, before)
        except (SegmentWrongError, DoorShutError) as error:
            self.wrong.append(str(error))
            return None

    def _right(self, path: Path, before: bytes) -> Checked:
        checked = check_segment(path, self._stand.network)
        if checked.header != before:
            raise SegmentWrongError(path, "its last block is not the one to which the block after it links")
        return checked

    def _take(self, heights: Heights, target: Path, before: bytes) -> Checked:
        drafts = self._folder / DRAFTS
        drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = drafts / heights.file
        try:
            self._giver.take(heights, draft)
            checked = self._right(draft, before)
            sync_file(draft)
            draft.rename(target)
        finally:
            shutil.rmtree(drafts)
        sync_folder(self._folder)
        write_places(target, blocks_of(target, self._stand.network))
        self.taken.append(heights.file)
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
        leads = fetching.run()
    except DoorShutError as error:
        raise Stopped(
            Exit.UNREACHABLE, f"{error}.", "Look at the address, and that its organisation's API runs."
        ) from error
    lines = [f"Fetched {name}." for name in fetching.taken] + [f"WRONG, and left: {each}" for each in fetching.wrong]
    if not lines:
        lines = ["Everything that leads to this node's first block is here already."]
    options.show("\n".join(lines), {"fetched": fetching.taken, "wrong": fetching.wrong}, as_json=as_json)
    if fetching.wrong:
        return Exit.DAMAGED
    if not leads:
        message = f"{source} has no segment that leads to block {stand.first}."
        raise Stopped(Exit.NOT_FOUND, message, "Ask another node.")
    return Exit.DONE
