"""A payment by its UETR: the reference that banks follow it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from sogdia.api.problems import Problem
from sogdia.api.routing import Route, answer
from sogdia.client import questions
from sogdia.rails.looking_up import INFORMATION, SETTLED, fact_of, height_in, status_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from sogdia.api.network import Network
    from sogdia.api.routing import Call
    from sogdia.api.visibility import Visibility

ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["uetr", "status", "id", "height", "place", "time", "event"],
    "properties": {
        "uetr": {"type": "string"},
        "status": {"type": "string", "enum": [SETTLED, INFORMATION]},
        "id": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "height": {"type": "string"},
        "place": {"type": "string"},
        "time": {"type": "string"},
        "event": {"type": "object"},
    },
}


class ByUetr(msgspec.Struct, frozen=True):
    """Which payment."""

    uetr: Annotated[
        str, Meta(pattern=r"^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$", max_length=36)
    ]


class PaymentRoutes:
    """The route of payments."""

    def __init__(self, network: Network, visibility: Visibility) -> None:
        """Look payments up in the blocks of `network`."""
        self._network = network
        self._visibility = visibility

    async def payment(self, call: Call) -> Response:
        """Give what a UETR stands for, as far as its reader may see it."""
        uetr, network = call.path.uetr, self._network.hash
        height = height_in(network, uetr)
        durable = await self._network.ask(questions.height())
        found = None
        if 1 <= height <= durable:
            found = fact_of(await self._network.ask(questions.block(height)), network, uetr)
        if found is None:
            raise Problem(
                404,
                "No payment of this network has this UETR.",
                "Compare it; a payer's own is known to the payer alone.",
            )
        fact = found.receipt.events[found.number]
        event = await self._visibility.event(call.reader, fact)
        told = {
            "uetr": uetr,
            "status": status_of(fact),
            "id": found.result,
            "height": found.height,
            "place": found.place,
        }
        return answer({**told, "time": found.time, "event": event})

    def routes(self) -> list[Route]:
        """Declare the route."""
        return [
            Route(method="GET", path="/v1/payments/{uetr}", name="payment", handler=self.payment, path_type=ByUetr,
                  summary="Give the payment with this UETR: its status, and the fact that tells of it",
                  answers={200: ANSWER}),
        ]  # fmt: skip
