"""The door for webhooks: it checks a signature and a moment, and puts the body where the next run finds it.

It decides nothing: what a body means is read by the run, which checks the signature again. So the door needs neither
the journal nor the ledger, and answers while a run is under way.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sogdia.gateway.adapters.signed import BODY_BYTES_MAX, Signed
from sogdia.gateway.passing import DONE, IN
from sogdia.gateway.paying_out import write_once
from sogdia.rails.reasons import MessageRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from sogdia.gateway.happenings import Rail

HEADER: Final = "sogdia-signature"
HEADER_MAX: Final = 200
OLD_SECONDS: Final = 300


def application(folder: Path, rails: Mapping[str, Rail], clock: Callable[[], float]) -> Starlette:
    """Make the door of a gateway's rails that sign what they send."""
    signed = {name: rail for name, rail in rails.items() if isinstance(rail, Signed)}

    async def take(request: Request) -> Response:
        name = request.path_params["rail"]
        rail = signed.get(name)
        if rail is None:
            return _said(404, "There is no such rail.")
        body = await _body(request)
        if body is None:
            return _said(413, f"A body has at most {BODY_BYTES_MAX} bytes.")
        head = request.headers.get(HEADER, "")[:HEADER_MAX]
        raw = head.encode("latin-1") + b"\n" + body
        try:
            moment = rail.opened(raw)[0]
        except MessageRefused as refused:
            return _said(401, refused.sentence)
        if abs(clock() - moment) > OLD_SECONDS:
            return _said(401, "The signature is not of the last five minutes. Sign anew.")
        keep(folder / name, raw)
        return _said(200, "taken")

    return Starlette(routes=[Route("/{rail}", take, methods=["POST"])])


def keep(rail: Path, raw: bytes) -> None:
    """Put a document where the next run finds it, unless it lies there or was read already."""
    name = sha256(raw).hexdigest()
    if not any((rail / where / name).exists() for where in (IN, DONE)):
        write_once(rail / IN / name, raw)


async def _body(request: Request) -> bytes | None:
    """Give the body, or nothing when it is too large."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > BODY_BYTES_MAX:
            return None
    return bytes(found)


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text + "\n", status)
