"""What proofs lead to: the engine's headers with the votes on them, fetched from the engine beside this node.

An anchor leads from the genesis to its header over as few light blocks as will do; while the validators stay the same
that is one. Nothing here needs to be believed: whoever checks a proof checks its anchor first.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from sogdia.engine.cometbft.engine_rpc import EngineRefusedError
from sogdia.engine.cometbft.last_results import last_results
from sogdia.engine.folders.kept_light_blocks import keep_light_blocks, kept_light_blocks
from sogdia.engine.ledger.lookups import Anchored
from sogdia.engine.storage.beginning import NotHereError
from sogdia.kernel.comet import (
    AppState,
    CometAnchor,
    CometValidator,
    LightBlock,
    NoWayError,
    in_order,
    shortened,
    shortened_way,
    way,
)
from sogdia.kernel.comet_answers import light_block
from sogdia.kernel.proof import CometBlock

if TYPE_CHECKING:
    from sogdia.engine.cometbft.engine_rpc import EngineRpc
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.lookups import Lookups

KEPT_MAX = 256
VALIDATORS_A_PAGE = 100
FIRST_HEIGHT = 1

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class _NeededError(Exception):
    """A light block that has to be fetched first."""

    def __init__(self, height: int) -> None:
        super().__init__(height)
        self.height = height


class Anchors:
    """Fetches light blocks and makes anchors of them."""

    def __init__(self, ledger: Ledger, lookups: Lookups, rpc: EngineRpc) -> None:
        """Ask over `rpc`; what the app hash stands for comes from `lookups`."""
        self._ledger = ledger
        self._lookups = lookups
        self._rpc = rpc
        self._known: dict[int, LightBlock] = {}
        validators = (CometValidator(bytes.fromhex(each.public), each.power) for each in ledger.genesis.validators)
        self._first = in_order(validators)

    async def at(self, height: int) -> Anchored:
        """Make the anchor that leads to the header of a height which the engine has."""
        target = await self.light_block(height)
        try:
            shown = shortened_way(self._first, await self._way(target))
        except (EngineRefusedError, NoWayError):
            if not self._ledger.beginning.height:
                raise
            # The engine's blocks begin too late to lead here from the genesis. Who trusts a later header can go on
            # from that one (client.light.named_header), so the last light block is given.
            shown = (shortened(target),)
        before = await self._before(height)
        return Anchored(CometAnchor(blocks=shown, state=self.app_state(height - 1)), before)

    async def _before(self, height: int) -> CometBlock | None:
        """Give the header before, unless there is none, or the engine's blocks begin with this one."""
        if height == FIRST_HEIGHT:
            return None
        try:
            return CometBlock((await self.light_block(height - 1)).header)
        except EngineRefusedError:
            return None

    def app_state(self, height: int) -> AppState:
        """Give what the app hash after a height stands for: it is in the header of the next."""
        beginning = self._ledger.beginning.height
        if height < beginning:
            raise NotHereError(height, beginning)
        header = self._lookups.header(height + 1).header
        return last_results(self._ledger, self._lookups, height).with_state(header.state_root)

    async def keep_way_to(self, height: int) -> None:
        """Keep the light blocks that lead to a height, before the engine drops those below it.

        Where none lead there from the genesis, because the node began later and took none along, none are kept.
        """
        target = await self.light_block(height)
        try:
            keep_light_blocks(self._ledger.folder, await self._way(target))
        except (EngineRefusedError, NoWayError) as error:
            if not self._ledger.beginning.height:
                raise
            _log.warning("proofs of this node do not begin with the genesis: %s", error)

    async def _way(self, target: LightBlock) -> list[LightBlock]:
        """Find the light blocks that lead from the genesis to `target`; from the kept ones on when it needs them."""
        kept = [each for each in kept_light_blocks(self._ledger.folder) if each.header.height < target.header.height]
        if not kept:
            return await self._way_from(self._first, 0, target)
        try:
            return way(self._first, 0, target, _nothing_between)
        except NoWayError:
            last = kept[-1]
            return [*kept, *await self._way_from(last.validators, last.header.height, target)]

    async def _way_from(
        self, validators: tuple[CometValidator, ...], start: int, target: LightBlock
    ) -> list[LightBlock]:
        """Find the light blocks that lead from the set of one height to `target`."""
        fetched: dict[int, LightBlock] = {}

        def provide(height: int, /) -> LightBlock:
            if height not in fetched:
                raise _NeededError(height)
            return fetched[height]

        while True:
            try:
                return way(validators, start, target, provide)
            except _NeededError as needed:
                fetched[needed.height] = await self.light_block(needed.height)

    async def light_block(self, height: int) -> LightBlock:
        """Give the engine's header of a height, the votes on it, and who was to vote."""
        known = self._known.get(height)
        if known is not None:
            return known
        commit, validators = await self._rpc.ask_many(
            [
                ("commit", {"height": str(height)}),
                ("validators", {"height": str(height), "page": "1", "per_page": str(VALIDATORS_A_PAGE)}),
            ]
        )
        for answer in (commit, validators):
            if isinstance(answer, Exception):
                raise answer
        found = light_block(_encode({"result": commit}), [_encode({"result": validators})])
        if len(self._known) >= KEPT_MAX:
            del self._known[next(iter(self._known))]
        # Votes that come late are added to the newest block's commit, so it is asked for again.
        if height < self._ledger.writer.durable_height:
            self._known[height] = found
        return found


def _nothing_between(height: int, /) -> LightBlock:
    raise NoWayError(f"height {height} would have to be asked for")
