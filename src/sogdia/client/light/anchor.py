"""Whether the header that a proof from a network on CometBFT leads to is to be trusted, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from sogdia.client.light.roots import HeaderRoot, first_trust
from sogdia.client.light.store import LightStore, trusts, with_blocks
from sogdia.client.light.verify import (
    LIGHT_BLOCK_BYTES_MAX,
    Bounds,
    LightFault,
    LightWrong,
    Trust,
    follow,
    trust_in,
)
from sogdia.kernel.codec import Codec, NotCanonicalError
from sogdia.kernel.comet import BLOCKS_MAX, NANOSECONDS, CometAnchor, LightBlock, app_hash
from sogdia.kernel.roots import TrustedRoots

if TYPE_CHECKING:
    from collections.abc import Sequence


ANCHOR_BYTES_MAX: Final = BLOCKS_MAX * LIGHT_BLOCK_BYTES_MAX

_ANCHORS: Final[Codec[CometAnchor]] = Codec(CometAnchor)


class CheckedAnchor(NamedTuple):
    """What a trusted header says of the state before it, and the store that now begins from there."""

    roots: TrustedRoots
    store: LightStore


def read_anchor(raw: bytes) -> CometAnchor:
    """Read an anchor; only its form is checked."""
    if len(raw) > ANCHOR_BYTES_MAX:
        _wrong(LightFault.FORM, f"it has {len(raw)} bytes; at most {ANCHOR_BYTES_MAX} are read")
    try:
        return _ANCHORS.decode(raw)
    except NotCanonicalError as error:
        raise LightWrong(LightFault.FORM, f"not the canonical form of an anchor: {error}") from error


def check_anchor(anchor: CometAnchor, store: LightStore, now: int, bounds: Bounds | None = None) -> CheckedAnchor:
    """Follow an anchor's light blocks from the newest trusted height before its header, and open its app hash.

    `now` is in nanoseconds since 1970. A header that is trusted already needs no check and does not expire; light
    blocks up to the height that trust starts from are passed over, so that one anchor serves who is there already too.
    """
    target = anchor.blocks[-1]
    heights = [block.header.height for block in anchor.blocks]
    if heights != sorted(set(heights)):
        _wrong(LightFault.FORM, f"its light blocks have the heights {heights}, and these have to rise")
    known = trusts(store)
    if known or not isinstance(store.root.start, HeaderRoot):
        checked = _followed(anchor.blocks, known, now, bounds or Bounds())
    else:
        first = _first_block(anchor.blocks, store.root.start)
        trust = first_trust(store.root, first)
        checked = (first, *_followed(anchor.blocks, [trust], now, bounds or Bounds()))
    header = target.header
    if app_hash(anchor.state) != header.app_hash:
        _wrong(LightFault.APP_HASH, f"its roots are not those that the header of height {header.height} stands for")
    roots = TrustedRoots(
        network=store.root.network,
        height=header.height - 1,
        time=header.time // NANOSECONDS,
        state_root=anchor.state.state_root,
        results_height=anchor.state.results_height,
        results_root=anchor.state.results_root,
        previous=b"" if header.last_block_id is None else header.last_block_id.hash,
    )
    return CheckedAnchor(roots, with_blocks(store, checked))


def _first_block(blocks: Sequence[LightBlock], start: HeaderRoot) -> LightBlock:
    found = [block for block in blocks if block.header.height == start.height]
    if not found:
        _wrong(LightFault.HEIGHT, f"it does not hold the light block of the trusted header, height {start.height}")
    return found[0]


def _followed(blocks: Sequence[LightBlock], known: Sequence[Trust], now: int, bounds: Bounds) -> tuple[LightBlock, ...]:
    """Give the light blocks that had to be checked until the last of them was trusted."""
    target = trust_in(blocks[-1])
    if any(trust.hash == target.hash for trust in known):
        return ()
    starts = [trust for trust in known if trust.height < target.height]
    if not starts:
        _wrong(LightFault.HEIGHT, f"height {target.height} lies before all that is trusted; ask for a newer proof")
    too_far: LightWrong | None = None
    for start in reversed(starts):
        later = tuple(block for block in blocks if block.header.height > start.height)
        try:
            follow(start, later, now, bounds)
        except LightWrong as wrong:
            if wrong.fault is not LightFault.TRUST:
                raise
            too_far = too_far or wrong
        else:
            return later
    raise too_far or LightWrong(LightFault.TRUST, "nothing leads there")


def _wrong(fault: LightFault, message: str) -> NoReturn:
    raise LightWrong(fault, message)
