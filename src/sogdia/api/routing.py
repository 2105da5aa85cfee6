"""Routes as they are declared: where, what is read, what is answered, and how a declaration becomes a running route."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sogdia.api.forms import FormWrong, read_structure, write
from sogdia.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import Receive, Scope, Send

    from sogdia.client.who_sees import Reader

    ReaderOf = Callable[[Request, bytes], Awaitable[Reader]]
    Serving = Callable[[Request], Awaitable[Response]]

JSON = "application/json"
HTML = "text/html; charset=utf-8"
OCTETS = "application/octet-stream"
ENVELOPE = "application/vnd.sogdia.envelope"
PROOF = "application/vnd.sogdia.proof"
MESSAGE_PACK = "application/vnd.msgpack"
PARAMETERS_MAX = 32
ANY_PART, END = object(), object()
"""What stands for a parameter, and behind the last part, in the tree of addresses; no part of an address is either."""

NOTHING_THERE = "There is nothing at this address, or not with this method."


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


@dataclass(frozen=True)
class Call:
    """One request, read: its parameters, its body, and who asks."""

    request: Request
    path: Any
    query: Any
    body: Any
    reader: Reader


@dataclass(frozen=True, kw_only=True)
class Route:
    """A declared route. `answers` gives the form of each answer by its status; `other_forms` are those not in JSON."""

    method: str
    path: str
    name: str
    summary: str
    handler: Callable[[Call], Awaitable[Response]]
    path_type: type[msgspec.Struct] = Nothing
    query_type: type[msgspec.Struct] = Nothing
    body_type: type[msgspec.Struct] | None = None
    body_form: Any = None
    """Reads a body of JSON that no structure describes alone: a pair of its schema and a function."""
    raw_bodies: tuple[str, ...] = ()
    answers: dict[int, Any] = field(default_factory=dict)
    other_forms: tuple[str, ...] = ()
    needs_reader: bool = False


def answer(content: Any, status: int = 200, **headers: str) -> Response:  # noqa: ANN401 - any value of the ledger
    """Answer with a value in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(msgspec.json.encode(write(content)), status, named, media_type=JSON)


class Addresses:
    """Finds what serves an address, part by part: fixed parts come before parameters, so that none hides another."""

    def __init__(self) -> None:
        """Begin without any."""
        self._fixed: dict[str, Serving] = {}
        self._parts: dict[object, Any] = {}

    def add(self, path: str, serving: Serving) -> None:
        """Add an address; `{name}` stands for one part of it."""
        if "{" not in path:
            self._fixed[path] = serving
            return
        names, level = [], self._parts
        for part in path.split("/"):
            if part.startswith("{"):
                names.append(part[1:-1])
            level = level.setdefault(ANY_PART if part.startswith("{") else part, {})
        level[END] = (names, serving)

    def find(self, path: str) -> tuple[Serving, dict[str, str]]:
        """Give what serves an address, and the parameters in it."""
        serving = self._fixed.get(path)
        if serving is not None:
            return serving, {}
        given: list[str] = []
        level = self._parts
        for part in path.split("/"):
            if part and ANY_PART in level and part not in level:
                given.append(part)
                level = level[ANY_PART]
            else:
                level = level.get(part) or {}
        if END not in level:
            raise Problem(404, NOTHING_THERE, "See /v1/openapi.json.")
        names, serving = level[END]
        return serving, dict(zip(names, given, strict=True))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        serving, scope["path_params"] = self.find(scope["path"])
        response = await serving(Request(scope, receive))
        await response(scope, receive, send)


def running(routes: Sequence[Route], reader_of: ReaderOf) -> Serving:
    """Make what serves an address from the declarations of its methods."""
    by_method = {each.method: each for each in routes}
    if "GET" in by_method:
        by_method["HEAD"] = by_method["GET"]
    allowed = ", ".join(sorted(by_method))

    async def serve(request: Request) -> Response:
        route = by_method.get(request.method)
        if route is None:
            raise Problem(405, f"There is no {request.method[:16]} here.", headers={"allow": allowed})
        return await _serve(request, route, reader_of)

    return serve


def standing(content: bytes, form: str) -> Serving:
    """Make what serves a content that is the same for everybody as long as the API runs."""

    async def serve(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise Problem(405, f"There is no {request.method[:16]} here.", headers={"allow": "GET, HEAD"})
        return tagged(request, Response(content, headers={"content-type": form}))

    return serve


async def _serve(request: Request, route: Route, reader_of: ReaderOf) -> Response:
    raw = await _body(request, route)
    call = Call(
        request,
        _structure(request.path_params, route.path_type, "path"),
        _structure(_parameters(request), route.query_type, "query"),
        _read_body(raw, route),
        await reader_of(request, raw),
    )
    if route.needs_reader and call.reader.account is None:
        way = {"www-authenticate": 'Bearer realm="sogdia"'}
        raise Problem(401, "This is for parties of the network.", "Ask with a token or sign the request.", headers=way)
    return tagged(request, await route.handler(call))


def preferences(request: Request) -> set[str]:
    """Give what the asker prefers (RFC 7240), without parameters."""
    told = request.headers.get("prefer")
    if told is None:
        return set()
    return {each.partition(";")[0].strip().lower() for each in told.split(",")}


def tagged(request: Request, response: Response) -> Response:
    """Give an answer to a question its ETag, and no content when the asker has it already."""
    if request.method not in ("GET", "HEAD") or response.status_code != 200 or not hasattr(response, "body"):  # noqa: PLR2004
        return response
    tag = f'"{sha256(response.body).hexdigest()[:32]}"'
    response.headers["etag"] = tag
    response.headers.setdefault("cache-control", "private, no-cache")
    response.headers["vary"] = "Accept, Authorization, Signature"
    wanted = request.headers.get("if-none-match", "")
    if tag in [each.strip().removeprefix("W/") for each in wanted.split(",")] or wanted.strip() == "*":
        kept = {name: value for name, value in response.headers.items() if name in ("etag", "cache-control", "vary")}
        return Response(status_code=304, headers=kept)
    return response


async def _body(request: Request, route: Route) -> bytes:
    if route.method in ("GET", "DELETE"):
        return b""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = route.raw_bodies or (JSON,)
    if (route.raw_bodies or route.body_type or route.body_form) and kind not in wanted:
        raise Problem(415, f"The body is of the type {kind or 'that nobody named'}.", f"Send {' or '.join(wanted)}.")
    parts: list[bytes] = []
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The request ended before its body did.")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _read_body(raw: bytes, route: Route) -> Any:  # noqa: ANN401 - of the declared type
    if route.body_type is None and route.body_form is None:
        return raw
    try:
        document = msgspec.json.decode(raw)
        return read_structure(document, route.body_type) if route.body_type else route.body_form[1](document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"The body is no JSON: {error}.") from error
    except FormWrong as wrong:
        raise Problem(400, f"{wrong}.", "Compare with /v1/openapi.json.", where=wrong.where) from wrong


def _parameters(request: Request) -> dict[str, str]:
    raw = request.scope["query_string"]
    if not raw:
        return {}
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw), errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )  # fmt: skip
    except (ValueError, UnicodeDecodeError) as error:
        raise Problem(400, f"The query of the address cannot be read: {error}.") from error
    if len({name for name, _value in pairs}) < len(pairs):
        raise Problem(400, "A parameter is given twice.", "Give each once.")
    return dict(pairs)


def _structure(given: dict[str, Any], declared: type[msgspec.Struct], what: str) -> Any:  # noqa: ANN401 - as declared
    try:
        return read_structure(given, declared)
    except FormWrong as wrong:
        raise Problem(400, f"In the {what}, {wrong}.", "Compare with /v1/openapi.json.", where=wrong.where) from wrong
