"""What light clients ask of the engine, over HTTP: a validator's own RPC is never public, and these three answers are.

A new node on another machine takes the state from its peers' snapshots and asks here for the headers that vouch for it
(`statesync.rpc_servers`). The questions are in the engine's own form, JSON-RPC; nothing else of its RPC is passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta
from starlette.responses import Response

from sogdia.api.problems import Problem
from sogdia.api.routing import JSON, Call, Route
from sogdia.client import questions

if TYPE_CHECKING:
    from sogdia.api.forms import Schemas
    from sogdia.api.network import Network

REFUSED = -32_603
PAGE_SIZE = 30
Number = Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")]


class Parameters(msgspec.Struct, frozen=True):
    """Which height, and which page of the validators; whole numbers are texts, as the engine writes them."""

    height: Number | None = None
    page: Number | None = None
    per_page: Number | None = None


class Question(msgspec.Struct, frozen=True):
    """A question of JSON-RPC."""

    method: Literal["commit", "validators", "consensus_params"]
    id: int | str | None = None
    params: Parameters = Parameters()


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer of JSON-RPC: a result, or an error."""

    id: int | str | None
    jsonrpc: str
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: dict[str, int | str] | msgspec.UnsetType = msgspec.UNSET


_encode = msgspec.json.Encoder().encode


def _schema(schemas: Schemas) -> Any:  # noqa: ANN401 - a schema
    return schemas.of(Question)


def _read(document: Any) -> Question:  # noqa: ANN401 - any JSON
    """Read a question; a light client says more in it, such as the version of JSON-RPC, which changes nothing."""
    try:
        return msgspec.convert(document, Question)
    except msgspec.ValidationError as error:
        raise Problem(400, f"This is no question that a light client asks: {error}.") from error


class EngineRoutes:
    """The one route to the engine."""

    def __init__(self, network: Network) -> None:
        """Ask the engine by the node of `network`."""
        self._network = network

    async def ask(self, call: Call) -> Response:
        """Answer a light client's question."""
        asked: Question = call.body
        height, page, count = (
            None if each is None else int(each)
            for each in (asked.params.height, asked.params.page, asked.params.per_page)
        )
        answered, content = await self._network.ask(
            questions.engine(asked.method, height, page or 1, min(count or PAGE_SIZE, 100))
        )
        if answered:
            told = Told(id=asked.id, jsonrpc="2.0", result=msgspec.Raw(content))
        else:
            why = content.decode("utf-8", "replace")
            told = Told(id=asked.id, jsonrpc="2.0", error={"code": REFUSED, "message": "Internal error", "data": why})
        return Response(_encode(told), media_type=JSON)

    def routes(self) -> list[Route]:
        """Declare it."""
        return [
            Route(
                method="POST",
                path="/v1/engine",
                name="ask_engine",
                handler=self.ask,
                body_form=(_schema, _read),
                summary="Ask, as a light client does (JSON-RPC), for signed headers and validators of a network",
                answers={200: {"type": "object", "required": ["jsonrpc"]}},
            )
        ]
