"""Webhooks: events sent to a party's own server, signed, in order, again until it has taken them.

What is registered stands in a small SQLite file of the API's own, with the place up to which each webhook has heard.
That place moves once the receiver has answered 2xx, so every event arrives at least once; its id tells repeats apart.
A webhook reads for its party as long as the key that made it may, and no longer: then it has ended, and says why.
A delivery holds the events of one block. It is signed as Standard Webhooks says (v1a, Ed25519).
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import sqlite3
import time
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from sogdia.api.forms import write
from sogdia.api.happenings import Wanted, place_text
from sogdia.api.history import EventName, Height
from sogdia.api.outgoing import TargetRefused, post, target_of
from sogdia.api.problems import Problem
from sogdia.api.readers import what_ends
from sogdia.api.routing import Call, Route, answer
from sogdia.client.declared import events as declared_events
from sogdia.client.keys import derive
from sogdia.client.who_sees import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.responses import Response

    from sogdia.api.happenings import Happened, Happenings
    from sogdia.api.network import Network
    from sogdia.api.visibility import Visibility
    from sogdia.settings.sections import ApiSettings

FIRST_PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 3_600.0
DELIVERIES_AT_ONCE = 32
GONE = 410
OK = range(200, 300)
START = (0, -1, -1)
COLUMNS = "id, account, key, url, event, height, failures, state, reason"
SCHEMA = """
create table if not exists webhooks (
    id text primary key, account blob not null, key integer not null, url text not null, event text,
    height integer not null, failures integer not null default 0, state text not null default 'active', reason text
) strict
"""

_log = logging.getLogger(__name__)


class ToRegister(msgspec.Struct, frozen=True):
    """A webhook to be: where to send, which events, from which height on."""

    url: Annotated[str, Meta(min_length=8, max_length=1_000)]
    event: EventName | None = None
    from_: Height | None = msgspec.field(default=None, name="from")


class ById(msgspec.Struct, frozen=True):
    """A webhook's id."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{24}\Z")]


class FromHeight(msgspec.Struct, frozen=True):
    """From where to send again."""

    from_: Height = msgspec.field(name="from")


class Webhook(NamedTuple):
    """A registered webhook; `height` is the next block that it shall hear of.

    active      it is told what happens
    gone        its receiver has answered 410
    ended       the key that made it may not act any more; `reason` says why
    """

    id: str
    account: bytes
    key: int
    url: str
    event: str | None
    height: int
    failures: int
    state: str
    reason: str | None


class Webhooks:
    """Keeps webhooks and delivers to them."""

    def __init__(  # noqa: PLR0913 - the parts it is put together from
        self,
        file: Path,
        secret: bytes,
        network: Network,
        visibility: Visibility,
        happenings: Happenings,
        settings: ApiSettings,
    ) -> None:
        """Open the file of webhooks, or make it."""
        self._keys = derive(secret, "webhooks")
        self._network = network
        self._visibility = visibility
        self._happenings = happenings
        self._settings = settings
        self._file = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._file.execute("pragma journal_mode = wal")
        self._file.execute(SCHEMA)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._at_once = asyncio.Semaphore(DELIVERIES_AT_ONCE)

    # --------------------------------------------------------------------------------------------------- deliveries

    def begin(self) -> None:
        """Deliver to every webhook, each from where it was."""
        for each in self._all("state = 'active'"):
            self._follow(each.id)

    async def end(self) -> None:
        """Stop delivering; what was not taken is sent after the next start."""
        tasks = list(self._tasks.values())
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _follow(self, identity: str) -> None:
        old = self._tasks.pop(identity, None)
        if old is not None:
            old.cancel()
        task = asyncio.get_running_loop().create_task(self._deliver(identity))
        self._tasks[identity] = task
        task.add_done_callback(_tell_failure)

    async def _deliver(self, identity: str) -> None:
        """Tell one webhook what happens, block after block."""
        while found := self._all("id = ? and state = 'active'", identity):
            webhook = found[0]
            first, _last = await self._happenings.beyond(webhook.height - 1, webhook.event)
            if first > webhook.height:
                self._set(identity, "height = ?, failures = 0", first)
                continue
            events = await self._happenings.in_block(webhook.height, Wanted(event=webhook.event), START)
            if events and not await self._hand_over(webhook, events):
                continue
            self._set(identity, "height = height + 1, failures = 0")

    async def _hand_over(self, webhook: Webhook, events: list[Happened]) -> bool:
        """Send the events of a block until they are taken; says whether they were."""
        if await self._end_without_its_key(webhook):
            return False
        reader = Reader.of(webhook.account, await self._network.party(webhook.account), webhook.key)
        told = [{**_placed(each), **await self._visibility.event(reader, each.event)} for each in events]
        document = {"webhook": webhook.id, "height": webhook.height, "events": told}
        status = await self._send(webhook, msgspec.json.encode(write(document)))
        if status in OK:
            return True
        if status == GONE:
            self._set(webhook.id, "state = 'gone'")
            return False
        self._set(webhook.id, "failures = failures + 1")
        pause = min(PAUSE_SECONDS_MAX, FIRST_PAUSE_SECONDS * 2 ** min(webhook.failures, 12))
        await asyncio.sleep(pause * (0.5 + secrets.randbelow(1_000) / 1_000))
        return False

    async def _end_without_its_key(self, webhook: Webhook) -> bool:
        """End a webhook whose key may not act any more, or whose party is suspended; says whether that is so."""
        reason = await what_ends(self._network, webhook.account, webhook.key)
        # Its party may meanwhile have let it go on for another key.
        if reason is not None and self._all("id = ? and key = ? and state = 'active'", webhook.id, webhook.key):
            self._set(webhook.id, "state = 'ended', reason = ?", reason)
        return reason is not None

    async def _send(self, webhook: Webhook, body: bytes) -> int:
        """Sign and send one delivery; gives the receiver's status, 0 when there was none."""
        identity, now = f"{webhook.id}-{webhook.height}", int(time.time())
        signature = self._keys.sign(f"{identity}.{now}.".encode() + body)
        headers = {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(now),
            "webhook-signature": f"v1a,{base64.b64encode(signature).decode('ascii')}",
        }
        private = self._settings.private_webhooks
        try:
            async with self._at_once:
                return await post(target_of(webhook.url, private=private), body, headers, private=private)
        except (OSError, TimeoutError, TargetRefused, ValueError) as error:
            _log.info("webhook %s: %s", webhook.id, error)
            return 0

    # --------------------------------------------------------------------------------------------------------- file

    def _all(self, where: str, *values: object) -> list[Webhook]:
        words = f"select {COLUMNS} from webhooks where {where} order by id"  # noqa: S608 - our own words
        return [Webhook(*row) for row in self._file.execute(words, values)]

    def _set(self, identity: str, what: str, *values: object) -> None:
        self._file.execute(f"update webhooks set {what} where id = ?", (*values, identity))  # noqa: S608 - our own words

    async def _owned(self, call: Call) -> list[Webhook]:
        """Give the webhooks of the party that asks, as they are now: one may not have been sent anything for long."""
        for each in self._all("account = ? and state = 'active'", call.reader.account):
            await self._end_without_its_key(each)
        return self._all("account = ?", call.reader.account)

    async def _own(self, call: Call) -> Webhook:
        for each in await self._owned(call):
            if each.id == call.path.id:
                return each
        raise Problem(404, "You have no such webhook.")

    async def _key_of(self, call: Call) -> int:
        """Give the key with which somebody asks to be told of what happens, if that key may have it."""
        account, key = call.reader.account, call.reader.key
        stopped = None if account is None or key is None else await what_ends(self._network, account, key)
        if key is None or stopped is not None:
            raise Problem(403, f"Nothing is sent for this key: {stopped}")
        return key

    # ------------------------------------------------------------------------------------------------------- routes

    async def register(self, call: Call) -> Response:
        """Register a webhook of the party that asks."""
        asked = call.body
        if asked.event is not None and asked.event not in declared_events():
            raise Problem(404, f"There is no event {asked.event}.", "See /v1/declarations.")
        try:
            target_of(asked.url, private=self._settings.private_webhooks)
        except TargetRefused as error:
            raise Problem(403, f"Nothing is sent to this URL: {error}.", "Name a public https address.") from error
        own = len(self._all("account = ?", call.reader.account))
        if own >= self._settings.webhooks_of_an_account or len(self._all("1")) >= self._settings.webhooks_max:
            raise Problem(403, "There are as many webhooks as may be.", "Delete one.")
        key = await self._key_of(call)
        identity = secrets.token_hex(12)
        height = asked.from_ or await self._happenings.height() + 1
        self._file.execute(
            "insert into webhooks (id, account, key, url, event, height) values (?, ?, ?, ?, ?, ?)",
            (identity, call.reader.account, key, asked.url, asked.event, height),
        )
        self._follow(identity)
        return answer(_shown(self._all("id = ?", identity)[0]), 201, location=f"/v1/webhooks/{identity}")

    async def listing(self, call: Call) -> Response:
        """List the webhooks of the party that asks, those that have ended with the reason."""
        return answer({"webhooks": [_shown(each) for each in await self._owned(call)]})

    async def one(self, call: Call) -> Response:
        """Show a webhook."""
        return answer(_shown(await self._own(call)))

    async def remove(self, call: Call) -> Response:
        """Delete a webhook."""
        found = await self._own(call)
        self._file.execute("delete from webhooks where id = ?", (found.id,))
        task = self._tasks.pop(found.id, None)
        if task is not None:
            task.cancel()
        return answer({"deleted": found.id})

    async def replay(self, call: Call) -> Response:
        """Send everything again from a height on, from now on for the key of whoever asks."""
        found, key = await self._own(call), await self._key_of(call)
        self._set(found.id, "height = ?, key = ?, failures = 0, state = 'active', reason = null", call.body.from_, key)
        self._follow(found.id)
        return answer(_shown(await self._own(call)))

    async def key(self, _call: Call) -> Response:
        """Give the key with which deliveries are signed."""
        return answer({"scheme": "ed25519", "public": self._keys.public})

    def routes(self) -> list[Route]:
        """Declare the routes."""
        shown = {200: {"type": "object"}}
        return [
            Route(method="GET", path="/v1/webhook-key", name="webhook_key", handler=self.key,
                  summary="Give the key with which deliveries to webhooks are signed", answers=shown),
            Route(method="POST", path="/v1/webhooks", name="register_webhook", handler=self.register, needs_reader=True,
                  summary="Have events sent to a server of one's own", body_type=ToRegister,
                  answers={201: {"type": "object"}}),
            Route(method="GET", path="/v1/webhooks", name="webhooks", handler=self.listing, needs_reader=True,
                  summary="List one's own webhooks, and why one has ended", answers=shown),
            Route(method="GET", path="/v1/webhooks/{id}", name="webhook", handler=self.one, needs_reader=True,
                  summary="Show a webhook, and how far it has heard", path_type=ById, answers=shown),
            Route(method="DELETE", path="/v1/webhooks/{id}", name="delete_webhook", handler=self.remove,
                  summary="Delete a webhook", path_type=ById, needs_reader=True, answers=shown),
            Route(method="POST", path="/v1/webhooks/{id}/replay", name="replay_webhook", handler=self.replay,
                  summary="Send everything again from a height on, for the key that asks", path_type=ById,
                  body_type=FromHeight, needs_reader=True, answers=shown),
        ]  # fmt: skip


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {name: value for name, value in webhook._asdict().items() if name != "account"}


def _placed(happened: Happened) -> dict[str, Any]:
    return {"id": place_text(happened.place), "time": happened.time, "of": happened.id}


def _tell_failure(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("a webhook's deliveries ended", exc_info=error)
