"""The API put together: its network, its readers, its routes, its edge."""

from __future__ import annotations

import os
import secrets
from contextlib import asynccontextmanager
from importlib import metadata
from typing import TYPE_CHECKING

import msgspec
from starlette.routing import Router

from sogdia.api.archive import ArchiveRoutes
from sogdia.api.documents import BLOBS, DocumentRoutes
from sogdia.api.edge import Edge
from sogdia.api.engine_door import EngineRoutes
from sogdia.api.envelopes import EnvelopeRoutes
from sogdia.api.finding import FindingRoutes
from sogdia.api.happenings import Happenings
from sogdia.api.history import HistoryRoutes
from sogdia.api.network import Network
from sogdia.api.openapi import document, page
from sogdia.api.payments import PaymentRoutes
from sogdia.api.readers import Readers
from sogdia.api.routing import HTML, JSON, Addresses, running, standing
from sogdia.api.state import StateRoutes
from sogdia.api.visibility import Visibility
from sogdia.api.webhooks import Webhooks
from sogdia.index.database import database_in
from sogdia.modules.documents.records import BLOB_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from sogdia.api.routing import Route
    from sogdia.settings.sections import Settings

SECRET_BYTES = 32
SECRET = "secret"  # noqa: S105 - the name of the file, not what stands in it
PLACE = "api"
WEBHOOKS = "webhooks.sqlite"


def own_secret(folder: Path) -> bytes:
    """Give the API's own secret, made at its first start; tokens and cursors are sealed with it."""
    place = folder / PLACE
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / SECRET
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(SECRET_BYTES))
    return path.read_bytes()


def release() -> str:
    """Name the installed version."""
    try:
        return metadata.version("sogdia")
    except metadata.PackageNotFoundError:
        return "0"


class Api:
    """The API of one node."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        network: Network | None = None,
        more: Sequence[Route] = (),
        name: str = "Sogdia",
    ) -> None:
        """Prepare the API of the node of `folder`, over a way to it of one's own and with `more` routes if need be."""
        limits = settings.api
        secret = own_secret(folder)
        self.network = Network(folder) if network is None else network
        self.readers = Readers(self.network, secret)
        self.visibility = Visibility(self.network)
        self.happenings = Happenings(self.network)
        self.webhooks = Webhooks(
            folder / PLACE / WEBHOOKS, secret, self.network, self.visibility, self.happenings, limits
        )
        self.finding = FindingRoutes(self.network, self.visibility, settings.index.database or database_in(folder))
        self.documents = DocumentRoutes(self.network, self.visibility, settings)
        self.routes: list[Route] = [
            *EnvelopeRoutes(self.network, self.visibility, limits).routes(),
            *StateRoutes(self.network, self.visibility, self.readers).routes(),
            *HistoryRoutes(self.network, self.visibility, self.happenings, secret, limits).routes(),
            *PaymentRoutes(self.network, self.visibility).routes(),
            *EngineRoutes(self.network).routes(),
            *ArchiveRoutes(self.network).routes(),
            *self.webhooks.routes(),
            *self.finding.routes(),
            *self.documents.routes(),
            *more,
        ]
        by_path: dict[str, list[Route]] = {}
        for each in self.routes:
            by_path.setdefault(each.path, []).append(each)
        addresses = Addresses()
        described = msgspec.json.encode(document(self.routes, release()))
        shown = page(self.routes, name).encode()
        for path, content, form in (("/v1/openapi.json", described, JSON), ("/", shown, HTML), ("/v1/", shown, HTML)):
            addresses.add(path, standing(content, form))
        for path, together in by_path.items():
            addresses.add(path, running(together, self.readers.of))
        router = Router(default=addresses, lifespan=self._lifespan, redirect_slashes=False)
        larger = {BLOBS.encode(): BLOB_BYTES_MAX} if settings.vault.place else {}
        self.application = Edge(router, limits, larger)

    @asynccontextmanager
    async def _lifespan(self, _application: object) -> AsyncIterator[None]:
        await self.network.begin()
        self.webhooks.begin()
        self.documents.begin()
        yield
        await self.webhooks.end()
        await self.happenings.end()
        await self.documents.end()
        self.finding.close()
        await self.network.end()
