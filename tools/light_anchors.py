"""Anchors of a network on CometBFT, for tests and vectors: made by four validators that a genesis of ours names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from sogdia.client.light.roots import Root, root_by_genesis, root_by_header
from sogdia.client.light.verify import LightFault as Fault
from sogdia.kernel.codec import encode
from sogdia.kernel.comet import NANOSECONDS, AppState, CometAnchor, app_hash, chain_id_of, header_hash, shortened
from sogdia.kernel.genesis import GenesisValidator, network_of
from sogdia.testing.ledger import genesis
from tools.light_cases import FOUR, HOUR, NOW
from tools.light_made import START, made, public, voters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.comet import CometValidator, LightBlock

GENESIS = replace(
    genesis(),
    engine="cometbft",
    time=START // NANOSECONDS,
    validators=tuple(GenesisValidator(public(number).hex(), 1) for number in range(4)),
)
NETWORK = network_of(GENESIS)
ROOT = root_by_genesis(GENESIS)
STATE = AppState(state_root=b"\x01" * 32, results_height=7, results_root=b"\x02" * 32, results_header=b"\x03" * 32)


def block(height: int, validators: tuple[CometValidator, ...] = FOUR, **fields: Any) -> LightBlock:  # noqa: ANN401 - of a header
    """Give a light block of the network whose app hash is that of `STATE`."""
    names = {"chain_id": chain_id_of(NETWORK), "app_hash": app_hash(STATE)}
    return made(height, validators, **(names | fields))


def anchor(*blocks: LightBlock, state: AppState = STATE) -> CometAnchor:
    """Give an anchor of light blocks."""
    return CometAnchor(blocks=blocks, state=state)


class AnchorCase(NamedTuple):
    """An anchor, where trust begins, and what we say: nothing when it holds, else the fault."""

    name: str
    root: Root
    raw: bytes
    fault: Fault | None = None
    now: int = NOW


def anchor_cases() -> Iterator[AnchorCase]:
    """Give anchors that hold and anchors that do not."""
    whole = anchor(shortened(block(3)), shortened(block(9)))
    yield AnchorCase("two heights from the genesis", ROOT, encode(whole))
    yield AnchorCase("the first height", ROOT, encode(anchor(block(1, time=START))))
    sets = [voters(1, 1, 1, first=first) for first in (1, 2, 3)]
    crossed = [block(10 * (number + 1), validators) for number, validators in enumerate(sets)]
    yield AnchorCase("sets that change twice", ROOT, encode(anchor(*crossed)))
    yield AnchorCase("sets that change twice, one step left out", ROOT, encode(anchor(crossed[2])), Fault.TRUST)
    named = block(5)
    root = root_by_header(NETWORK, 5, header_hash(named.header))
    yield AnchorCase("a header that was named, and a later one", root, encode(anchor(named, block(9))))
    yield AnchorCase("a header that was named, alone", root, encode(anchor(named)), now=NOW + 100 * HOUR)
    yield AnchorCase(
        "not the header that was named", root, encode(anchor(block(5, data_hash=bytes(32)))), Fault.BLOCK_ID
    )
    yield AnchorCase("the header that was named is not there", root, encode(anchor(block(9))), Fault.HEIGHT)
    expired = START + HOUR
    yield AnchorCase("the last nanosecond of trust", ROOT, encode(whole), now=expired - 1)
    yield AnchorCase("when trust has ended", ROOT, encode(whole), Fault.EXPIRED, now=expired)
    for name, state in (
        ("another state root", replace(STATE, state_root=bytes(32))),
        ("another height of the results", replace(STATE, results_height=8)),
        ("another results root", replace(STATE, results_root=bytes(32))),
        ("another header of the results", replace(STATE, results_header=bytes(32))),
    ):
        yield AnchorCase(name, ROOT, encode(replace(whole, state=state)), Fault.APP_HASH)
    yield AnchorCase("heights that fall", ROOT, encode(anchor(block(9), block(3))), Fault.FORM)
    yield AnchorCase("no light block", ROOT, encode(anchor()), Fault.FORM)
    other = replace(ROOT, network=bytes(32))
    yield AnchorCase("another network", other, encode(whole), Fault.CHAIN)
    raw = encode(whole)
    yield AnchorCase("the last byte is missing", ROOT, raw[:-1], Fault.FORM)
    yield AnchorCase("one byte too many", ROOT, raw + b"\x00", Fault.FORM)
    yield AnchorCase("the tag of another anchor", ROOT, raw[:1] + b"\x01" + raw[2:], Fault.FORM)
