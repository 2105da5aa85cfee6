"""The light blocks that lead from the genesis to where the engine's blocks begin: DIR/light-blocks.

A proof leads from the genesis to its header over headers at which the validators had changed. The engine drops old
ones, so those that are needed are kept here. Who checks a proof checks them; damage here does no more than spoil it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.engine.storage.disk import sync_file, sync_folder
from sogdia.kernel.codec import NOT_DECODABLE, encode
from sogdia.kernel.comet import LightBlock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME = "light-blocks"

_decode = msgspec.msgpack.Decoder(list[LightBlock], strict=True).decode


def keep_light_blocks(folder: Path, blocks: Sequence[LightBlock]) -> None:
    """Keep light blocks in place of those that were kept before, durably."""
    draft = folder / f"{NAME}.unfinished"
    draft.write_bytes(encode(list(blocks)))
    sync_file(draft)
    draft.rename(folder / NAME)
    sync_folder(folder)


def kept_light_blocks(folder: Path) -> list[LightBlock]:
    """Give the kept light blocks, none when none are, or they cannot be read."""
    try:
        return _decode((folder / NAME).read_bytes())
    except (FileNotFoundError, *NOT_DECODABLE):
        return []
