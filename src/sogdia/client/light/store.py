"""The light blocks that a client has checked, kept in a small file, so that each check starts from the last of them.

The file is the client's own, and as trusted as its program. Its hash, which stands first, tells damage from content.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

from sogdia.client.light.roots import GenesisRoot, Root, first_trust
from sogdia.client.light.verify import LightFault, LightWrong, Trust, trust_in
from sogdia.kernel.codec import Codec, NotCanonicalError, encode
from sogdia.kernel.comet import LightBlock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

KEPT_MAX: Final = 32
"""How many light blocks are kept: the first and the newest."""

STORE_BYTES_MAX: Final = 512 * 1024


class LightStore(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """Where trust begins, and the light blocks that were checked since, by rising height."""

    form: Literal[1] = 1
    root: Root
    blocks: Annotated[tuple[LightBlock, ...], Meta(max_length=KEPT_MAX)] = ()


class StoreWrong(Exception):  # noqa: N818 - reads as what it says
    """A file that should hold checked light blocks and does not."""


_STORES: Final[Codec[LightStore]] = Codec(LightStore)


def trusts(store: LightStore) -> list[Trust]:
    """Give every trust that a store holds, by rising height."""
    found = [trust_in(block) for block in store.blocks]
    return [first_trust(store.root), *found] if isinstance(store.root.start, GenesisRoot) else found


def with_blocks(store: LightStore, checked: Iterable[LightBlock]) -> LightStore:
    """Give a store that holds more light blocks, each of them checked.

    Two headers of one height, both rightly signed, mean that a third of the weight has signed both, or that keys were
    stolen: from there on nothing of the network can be believed.
    """
    known = {block.header.height: block for block in store.blocks}
    for block in checked:
        other = known.setdefault(block.header.height, block)
        if trust_in(other).hash != trust_in(block).hash:
            raise LightWrong(
                LightFault.CONFLICT,
                f"height {block.header.height} has two headers that validators signed: {trust_in(other).hash.hex()}"
                f" and {trust_in(block).hash.hex()}. Keep both; they convict whoever signed both",
            )
    ordered = [known[height] for height in sorted(known)]
    kept = ordered if len(ordered) <= KEPT_MAX else [ordered[0], *ordered[1 - KEPT_MAX :]]
    return msgspec.structs.replace(store, blocks=tuple(kept))


def save_store(path: Path, store: LightStore) -> None:
    """Write a store, whole or not at all."""
    content = encode(store)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as stream:
            stream.write(sha256(content).digest() + content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def load_store(path: Path, root: Root) -> LightStore:
    """Read a store that begins with `root`; an empty one if there is no file yet."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(STORE_BYTES_MAX + 1)
    except FileNotFoundError:
        return LightStore(root=root)
    if len(raw) > STORE_BYTES_MAX or sha256(raw[32:]).digest() != raw[:32]:
        raise StoreWrong(f"{path} is damaged. Move it away: trust then begins anew at the genesis or header you name.")
    try:
        store = _STORES.decode(raw[32:])
    except NotCanonicalError as error:
        raise StoreWrong(f"{path} holds no light blocks that this version reads: {error}") from error
    if store.root != root:
        raise StoreWrong(f"{path} holds light blocks that begin with another genesis or header. Name another file.")
    return store
