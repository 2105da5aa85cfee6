"""Follows a node's blocks, puts what people should hear into the outbox, and sends it.

A batch of blocks, the objects they touched and the news of them go into the file in one transaction with the place
reached, so that ending at any moment neither skips nor doubles anything up to the outbox. A notice leaves the outbox
when its server has taken it. If we are killed between the two, it is sent again, under the same id: mail, SMS and push
have no way to take a message exactly once.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.kernel.envelope import Body
from sogdia.kernel.stored_block import decode_block
from sogdia.operate.notices.sending import Failure, NotSentError, Parcel
from sogdia.operate.notices.texts import written
from sogdia.operate.notices.watched import WATCHED, Stand, ask_all, code_of, objects_of, stands_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sogdia.client.connection import Connection
    from sogdia.kernel.stored_block import StoredBlock
    from sogdia.operate.notices.sending import Channel
    from sogdia.operate.notices.store import Store, Subscription, Waiting
    from sogdia.settings.sections import NoticesSettings

BLOCKS_AT_ONCE = 100
WARNINGS_AT_ONCE = 500
SENT_AT_ONCE = 50
PAUSE_SECONDS_MAX = 6 * 3_600
NEWS_SECONDS = 3 * 86_400

_log = logging.getLogger(__name__)
_signed = msgspec.msgpack.Decoder(tuple[Body, msgspec.Raw])


class Work(NamedTuple):
    """What one round did."""

    blocks: int
    warned: int
    sent: int


class _Touched(NamedTuple):
    """An object that a block touched: at which height, when, and by whom."""

    object: bytes
    height: int
    time: int
    actors: frozenset[bytes]


class Notices:
    """The work of telling people."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        settings: NoticesSettings,
        *,
        wall: Callable[[], float] = time.time,
        go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Send by `channels` what comes of a node's blocks; `go_on` is asked before each piece of work."""
        self._store = store
        self._channels = channels
        self._settings = settings
        self._wall = wall
        self._go_on = go_on

    def round(self, node: Connection) -> Work:
        """Follow what is new, warn of what is near, send what waits."""
        status = node.status()
        blocks = self._follow(node, status.network, status.durable_height, status.now)
        return Work(blocks, self._warn(node, status.now), self.send(status.now))

    # ------------------------------------------------------------------------------------------------------- following

    def _follow(self, node: Connection, network: bytes, durable: int, now: int) -> int:
        """Follow all blocks up to `durable`; gives how many there were."""
        place = self._store.place(network)
        for first in range(place + 1, durable + 1, BLOCKS_AT_ONCE):
            if not self._go_on():
                break
            last = min(durable, first + BLOCKS_AT_ONCE - 1)
            raws = ask_all(node, [("block", height) for height in range(first, last + 1)])
            touched = [each for raw in raws for each in _touched(decode_block(raw))]
            stands = stands_of(node, list(dict.fromkeys(each.object for each in touched)))
            with self._store.changing():
                self._enter(touched, stands, now)
                self._store.reach(network, last)
        return self._store.place(network) - place

    def _enter(self, touched: Iterable[_Touched], stands: Mapping[bytes, Stand], now: int) -> None:
        store, settings = self._store, self._settings
        for each in touched:
            stand = stands[each.object]
            if not settings.news or each.time < now - settings.news_age_seconds_max:
                continue
            # A closed order does not name its carrier any more; we still do.
            parties = dict.fromkeys((*stand.parties, *store.parties_of(each.object)))
            for subscription in store.of_accounts(party for party in parties if party not in each.actors):
                text = f"{WATCHED[each.object[0]].called}_news"
                store.tell(subscription.number, text, "news", each.object, each.height, None, int(self._wall()))
        for key, stand in stands.items():
            store.stands(key, stand)

    def _warn(self, node: Connection, now: int) -> int:
        """Put a warning into the outbox for every deadline that is near; gives how many."""
        count = 0
        due = self._store.to_warn_of(now + self._settings.lead_seconds, now, WARNINGS_AT_ONCE)
        # An object may have gone without an event of its own, as a proposal does when keys change: it is asked again.
        stands = stands_of(node, [key for key, _deadline, _warned in due])
        with self._store.changing():
            for key, deadline, _warned in due:
                stand = stands[key]
                self._store.stands(key, stand)
                if stand.deadline != deadline:
                    continue
                text = f"{WATCHED[key[0]].called}_due"
                for subscription in self._store.of_accounts(stand.warned):
                    count += self._store.tell(
                        subscription.number, text, "due", key, deadline, deadline, int(self._wall())
                    )
                self._store.warned_of(key, deadline)
        return count

    # --------------------------------------------------------------------------------------------------------- sending

    def send(self, now: int) -> int:
        """Send what waits, as far as its time has come; gives how many were taken."""
        waiting = self._store.waiting(int(self._wall()), SENT_AT_ONCE)
        return sum(self._send(each, now) for each in waiting if self._go_on())

    def _send(self, notice: Waiting, now: int) -> bool:
        store, settings = self._store, self._settings
        subscription = store.subscription(notice.subscription)
        if subscription is None or not self._is_of_use(notice, subscription, now):
            store.done(notice.id)
            return False
        channel = self._channels.get(subscription.channel)
        if channel is None:
            store.begin(notice.id, int(self._wall()) + PAUSE_SECONDS_MAX)
            _log.warning("notice %s waits: %s is not set up", notice.id, subscription.channel)
            return False
        pause = min(PAUSE_SECONDS_MAX, settings.retry_seconds << notice.attempts)
        store.begin(notice.id, int(self._wall()) + pause)
        try:
            channel.send(subscription.address, _parcel(notice, subscription, now))
        except NotSentError as error:
            self._not_sent(notice, subscription, error, pause)
            return False
        except Exception as error:  # noqa: BLE001 - one notice that a channel trips over must not keep back the others
            tripped = NotSentError(Failure.AGAIN, f"the channel failed ({type(error).__name__})")
            self._not_sent(notice, subscription, tripped, pause)
            return False
        store.done(notice.id)
        _log.debug("notice %s was taken by %s", notice.id, subscription.channel)
        return True

    def _is_of_use(self, notice: Waiting, subscription: Subscription, now: int) -> bool:
        """Tell whether a notice still says something: its deadline stands and lies ahead, its code is still wanted."""
        if notice.text == "confirm":
            return subscription.confirm is not None
        return notice.due is None or (notice.due > now and self._store.deadline_of(notice.object) == notice.due)

    def _not_sent(self, notice: Waiting, subscription: Subscription, error: NotSentError, pause: int) -> None:
        store, attempts = self._store, notice.attempts + 1
        if error.failure is Failure.GONE:
            store.drop(subscription.number)
            _log.warning("a subscription by %s was dropped: %s", subscription.channel, error)
        elif error.failure is Failure.NEVER or attempts >= self._settings.attempts_max:
            store.done(notice.id)
            _log.error("notice %s is given up after %s attempts: %s", notice.id, attempts, error)
        else:
            _log.warning("notice %s was not taken, again in %s s: %s", notice.id, pause, error)


def _parcel(notice: Waiting, subscription: Subscription, now: int) -> Parcel:
    code = code_of(notice.object) if subscription.confirm is None else subscription.confirm
    text = written(notice.text, subscription.language, code=code, by=notice.due)
    seconds = NEWS_SECONDS if notice.due is None else notice.due - now
    return Parcel(notice.id, text, subscription.language, seconds, notice.due is not None)


def _touched(block: StoredBlock) -> list[_Touched]:
    """Give the watched objects that a block touched, each once for one result."""
    header = block.header.header
    found: dict[tuple[int, bytes], _Touched] = {}
    for result, key in objects_of(block):
        if (result, key) not in found:
            found[result, key] = _Touched(key, header.height, header.time, _actors(block, result))
    return list(found.values())


def _actors(block: StoredBlock, result: int) -> frozenset[bytes]:
    """Give who signed what led to a result; nobody for a deadline's exit."""
    if result >= len(block.envelopes):
        return frozenset()
    body, _signatures = _signed.decode(block.envelopes[result])
    return frozenset(signer.account for signer in body.signers)
