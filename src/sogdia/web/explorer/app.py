"""The application: which address leads to which page, what every answer carries, and what is said when a page fails.

It knows nothing of processes or ports, so it can stand alone or be mounted below a path of another application.
"""

from __future__ import annotations

import base64
import logging
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sogdia.client.codes import account_code
from sogdia.client.questions import RefusedByNodeError, RequestWrongError
from sogdia.index.cursors import CursorWrongError
from sogdia.index.errors import IndexAwayError
from sogdia.kernel.genesis import is_sandbox
from sogdia.web.explorer.limits import FORM_BYTES_MAX, SESSION_SECONDS
from sogdia.web.explorer.pages import chain, currencies, finding, health, orders, proofs, trade
from sogdia.web.explorer.pages.asking import COOKIE, Asked, PageError
from sogdia.web.explorer.pages.entering import enter, entered, require_own_form
from sogdia.web.explorer.pages.passkeys import passkey
from sogdia.web.explorer.parts import Link, Page, Paragraph, Words
from sogdia.web.explorer.readers import NotEnteredError, Readers
from sogdia.web.explorer.sources import NodeAwayError, Sources
from sogdia.web.explorer.texts import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sogdia.settings.sections import ExplorerSettings

    Maker = Callable[[Asked], Page | str]

FOLDER: Final = Path(__file__).parent
MENU: Final = ("blocks", "listings", "currencies", "refusals", "health")
ROBOTS: Final = (
    "User-agent: *\nDisallow: /find\nDisallow: /enter\nDisallow: /passkey\nDisallow: /check\nDisallow: /proofs\n"
)
SCRIPTS: Final = ("check.js", "passkeys.js", "sogdia.min.js", "sogdia-light.min.js")
ASSETS: Final = dict.fromkeys(SCRIPTS, "text/javascript") | {"check-voucher.html": "text/html"}
ASSET_SECONDS: Final = 3_600

_log = logging.getLogger(__name__)


class Frame:
    """The frame around every page: the templates, the style, and the policy that lets in nothing else."""

    def __init__(self) -> None:
        """Read the templates once."""
        self._style = (FOLDER / "assets" / "style.css").read_text("utf-8").strip()
        digest = base64.b64encode(sha256(self._style.encode()).digest()).decode()
        self._policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none';"
            " frame-ancestors 'none'"
        )
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["say"] = say

    def response(
        self, asked: Asked, page: Page, *, network: str = "", sandbox: bool = False, reader: str = ""
    ) -> HTMLResponse:
        """Show a page."""
        content = self._templates.get_template(page.template).render(
            page=page,
            at=asked.at,
            here=asked.request.url.path.removeprefix(asked.at("")),
            menu=[(f"/{name}", say(f"menu.{name}")) for name in MENU],
            network=network,
            sandbox=sandbox,
            reader=reader,
            style=self._style_text(),
        )
        policy = f"{self._policy}; {page.policy}" if page.policy else self._policy
        headers = {
            "content-security-policy": policy,
            "cache-control": "no-store" if reader or page.template == "enter.html" else "no-cache",
            "vary": "Cookie",
        }
        return HTMLResponse(content, page.status, headers)

    def _style_text(self) -> Any:  # noqa: ANN401 - markup of our own
        from markupsafe import Markup  # noqa: PLC0415 - the only text that is not escaped, so it is named here

        return Markup(self._style)  # noqa: S704 - our own file, which no reader writes


class Guard:
    """Puts on every answer what keeps browsers from doing more than show it."""

    HEADERS: Final = (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
        (b"x-frame-options", b"DENY"),
    )

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with more headers."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.HEADERS]
            await send(message)

        await self._app(scope, receive, guarded)


class Site:
    """The pages over one node and one index."""

    def __init__(self, folder: Path, database: str, settings: ExplorerSettings) -> None:
        """Nothing is opened before the first page is asked for."""
        self.sources = Sources(folder, database, settings)
        self.readers = Readers()
        self._frame = Frame()

    # ------------------------------------------------------------------------------------------------------------ pages

    def page(self, make: Maker) -> Callable[[Request], Response]:
        """Make an endpoint of what makes a page; a path in its place leads on to another page."""

        def endpoint(request: Request) -> Response:
            try:
                with Asked(request, self.sources, self.readers) as asked:
                    made = make(asked)
                    if isinstance(made, str):
                        return RedirectResponse(asked.at(made), 303)
                    return self._shown(asked, made)
            except (PageError, NodeAwayError, IndexAwayError, CursorWrongError) as error:
                return self.failed(request, error)

        return endpoint

    def _shown(self, asked: Asked, page: Page) -> Response:
        network, reader = "", ""
        try:
            network = asked.stand.name
            if asked.reader is not None and asked.reader.account is not None:
                reader = asked.values.call(asked.reader.account)
        except (IndexAwayError, NodeAwayError):
            reader = "" if asked.__dict__.get("reader") is None else account_code(asked.__dict__["reader"].account)
        return self._frame.response(asked, page, network=network, sandbox=self._is_sandbox(), reader=reader)

    def _is_sandbox(self) -> bool:
        """Tell whether the node's network is for trials, as far as the node can be asked or ever could."""
        try:
            return is_sandbox(self.sources.network().genesis.name)
        except NodeAwayError:
            return False

    def failed(self, request: Request, error: Exception) -> Response:
        """Say why a page cannot be shown, and what to do."""
        status, why = _meaning(error)
        if status >= 500:  # noqa: PLR2004 - ours, not the reader's
            _log.warning("%s: %s", request.url.path, error)
        title = say(f"error.{status}")
        way_out = say(f"error.{status}.way_out")
        words = [Words(why)] if why and why != way_out else []
        links = Paragraph((Link("/", say("error.home")), Link("/health", say("menu.health"))))
        page = Page("error", title, (*words, Words(way_out)), [links], above=str(status), status=status)
        asked = Asked(request, self.sources, self.readers)
        response = self._frame.response(asked, page, sandbox=self._is_sandbox())
        if status == 503:  # noqa: PLR2004 - said once
            response.headers["retry-after"] = "5"
        return response

    async def http_failed(self, request: Request, error: Exception) -> Response:
        """Say what the routing has found: no such page, or a method that it does not take."""
        return await run_in_threadpool(self.failed, request, error)

    # ------------------------------------------------------------------------------------------------------------ files

    def proof(self, request: Request) -> Response:
        """Give a proof as a file."""
        try:
            with Asked(request, self.sources, self.readers) as asked:
                raw, name = proofs.proof_file(asked)
            return _file(raw, name, "application/vnd.sogdia.proof")
        except (PageError, NodeAwayError, IndexAwayError) as error:
            return self.failed(request, error)

    def genesis(self, request: Request) -> Response:
        """Give the genesis as this site has it."""
        try:
            return _file(self.sources.network().raw, "genesis.json", "application/json")
        except NodeAwayError as error:
            return self.failed(request, error)

    # ------------------------------------------------------------------------------------------------------ the reader

    async def enter(self, request: Request) -> Response:
        """Let a reader in who has signed its line."""
        form = await _form(request)
        return await run_in_threadpool(self._enter, request, form)

    def _enter(self, request: Request, form: dict[str, str] | None) -> Response:
        if form is None:
            return self.failed(request, PageError(413, ""))
        try:
            with Asked(request, self.sources, self.readers) as asked:
                done = entered(asked, form)
                if isinstance(done, Page):
                    return self._shown(asked, done)
                ticket, to = done
                response = RedirectResponse(asked.at(to), 303)
                self._set_cookie(asked, response, ticket, SESSION_SECONDS)
                return response
        except (PageError, NodeAwayError, IndexAwayError) as error:
            return self.failed(request, error)

    def leave(self, request: Request) -> Response:
        """Forget a reader."""
        asked = Asked(request, self.sources, self.readers)
        try:
            require_own_form(asked)
        except NotEnteredError as error:
            return self.failed(request, PageError(403, str(error)))
        self.readers.leave(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(asked.at("/"), 303)
        self._set_cookie(asked, response, "", 0)
        return response

    @staticmethod
    def _set_cookie(asked: Asked, response: Response, ticket: str, seconds: int) -> None:
        # Behind a web server that speaks HTTPS, only the browser's word tells that it does.
        told = asked.request.headers.get("origin", "")
        secure = asked.request.url.scheme == "https" or told.startswith("https://")
        response.set_cookie(
            COOKIE, ticket, max_age=seconds, path=asked.at("/"), secure=secure, httponly=True, samesite="strict"
        )
        response.headers["cache-control"] = "no-store"


def _meaning(error: Exception) -> tuple[int, str]:  # noqa: PLR0911 - an error, its meaning
    """Give the status that an error means, and why, for people."""
    match error:
        case PageError():
            return error.status, error.why
        case CursorWrongError():
            return 400, ""
        case NodeAwayError() | RequestWrongError() | RefusedByNodeError():
            return 503, say("error.503.node")
        case IndexAwayError():
            return 503, say("error.503.index")
        case HTTPException() if error.status_code in (404, 405):
            return error.status_code, ""
        case HTTPException() if error.status_code < 500:  # noqa: PLR2004 - the reader's
            return 400, ""
    return 500, ""


def _file(raw: bytes, name: str, kind: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(raw, headers=headers, media_type=kind)


async def _form(request: Request) -> dict[str, str] | None:
    """Read a small form; nothing when it is too long."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > FORM_BYTES_MAX:
            return None
    try:
        return dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=8))
    except (ValueError, UnicodeDecodeError):
        return {}


def _assets() -> list[Route]:
    def route(name: str, kind: str) -> Route:
        content = (FOLDER / "assets" / name).read_bytes()

        def endpoint(_request: Request) -> Response:
            return Response(content, headers={"cache-control": f"max-age={ASSET_SECONDS}"}, media_type=kind)

        return Route(f"/assets/{name}", endpoint)

    return [route(name, kind) for name, kind in ASSETS.items()]


def robots(_request: Request) -> Response:
    """Ask machines to leave alone what is not for them."""
    return PlainTextResponse(ROBOTS)


def explorer(folder: Path, database: str, settings: ExplorerSettings) -> Starlette:
    """Make the application over the node of a folder and an index."""
    site = Site(folder, database, settings)
    shown: dict[str, Maker] = {
        "/": chain.home,
        "/find": finding.find,
        "/blocks": chain.blocks,
        "/blocks/{height}": chain.block,
        "/transactions/{id}": chain.transaction,
        "/parties/{code}": trade.party,
        "/listings": trade.listings,
        "/listings/{code}": trade.listing,
        "/orders/{code}": orders.order,
        "/currencies": trade.currencies,
        "/currencies/{currency}/{code}": currencies.currency,
        "/refusals": health.refusals,
        "/refusals/{number}": health.refusal,
        "/health": health.health,
        "/check": proofs.check,
        "/check/{kind}/{key}": proofs.check,
        "/enter": enter,
        "/passkey": passkey,
    }
    routes = [Route("/enter", site.enter, methods=["POST"]), Route("/leave", site.leave, methods=["POST"])]
    routes += [Route(path, site.page(make), methods=["GET"]) for path, make in shown.items()]
    routes += [
        Route("/proofs/{kind}/{key}", site.proof, methods=["GET"]),
        Route("/genesis.json", site.genesis, methods=["GET"]),
        Route("/robots.txt", robots, methods=["GET"]),
        *_assets(),
    ]

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            site.sources.close()

    made = Starlette(
        routes=routes,
        lifespan=life,
        middleware=[Middleware(Guard), Middleware(GZipMiddleware, minimum_size=500)],
        exception_handlers={HTTPException: site.http_failed, Exception: site.http_failed},
    )
    # A mounted application is not told when the one above it ends, so that one closes these itself.
    made.state.sources = site.sources
    return made


__all__ = ["explorer"]
