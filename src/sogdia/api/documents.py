"""The vault over HTTP: sealed blobs and wrapped keys in and out, for those whom the ledger entitles.

    POST   /v1/vault/blobs                      keep a blob before its document is committed
    PUT    /v1/vault/documents/{name}           make it the document's, with the keys wrapped for its readers
    POST   /v1/vault/documents/{name}/wraps     add keys for further readers
    GET    /v1/vault/documents/{name}           the address of the document's blob, and the key wrapped for who asks
    GET    /v1/vault/blobs/{address}            the blob
    DELETE /v1/vault/documents/{name}           destroy what the ledger has erased
    GET    /v1/vault/documents?about=…          what there is about an object

Sealing, opening and signing stay with whoever has the keys: no content key and no content ever comes here. What the
ledger has to know goes there by an envelope like any other; taking a reader off is such an envelope and a new blob.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Meta
from starlette.responses import Response

from sogdia.api.beyond import Threads, busy
from sogdia.api.faults import DoorRefusal
from sogdia.api.problems import numbered
from sogdia.api.routing import OCTETS, Call, Route, answer
from sogdia.api.vault_ledger import LedgerOfNode
from sogdia.api.visibility import require
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import Account, Hash, KeyNumber, Name, owner_of
from sogdia.modules.documents.queries import DocumentAnswer, DocumentQuery, DocumentsQuery, FileQuery
from sogdia.modules.documents.records import DOCUMENTS_MAX, DocumentNumber, Epoch, ObjectKey
from sogdia.modules.documents.refusals import DocumentsRefusal
from sogdia.modules.market.records import ORDERS
from sogdia.vault.faults import StoreFailedError, StoreFullError, VaultRefusal
from sogdia.vault.sealing import read_header
from sogdia.vault.service import Vault
from sogdia.vault.stores import store_at
from sogdia.vault.wrapping import WRAPPED_BYTES, WRAPS_MAX, Wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.api.network import Network
    from sogdia.api.visibility import Visibility
    from sogdia.client.who_sees import Reader
    from sogdia.modules.documents.queries import NumberedDocument
    from sogdia.modules.documents.records import Document, Erased
    from sogdia.settings.sections import Settings

BLOBS: Final = "/v1/vault/blobs"
THREADS: Final = 4
HOUR: Final = 3_600.0
CLEAR_SECONDS: Final = 6 * HOUR
BRINGERS_MAX: Final = 10_000
PAGE_MAX: Final = 100

T = TypeVar("T")
_log = logging.getLogger(__name__)

STATUSES: Final[dict[int, int]] = {
    VaultRefusal.BLOB_TOO_LARGE: 413, VaultRefusal.BLOB_UNKNOWN: 404,
    VaultRefusal.BLOB_DAMAGED: 500, VaultRefusal.WRITER_NOT_OWNER: 403, VaultRefusal.RECEIPT_MISSING: 403,
    VaultRefusal.RECEIPT_WRONG: 403, VaultRefusal.RECEIPT_OLD: 403, DocumentsRefusal.DOCUMENT_UNKNOWN: 404,
    DocumentsRefusal.DOCUMENT_ERASED: 410, DocumentsRefusal.READER_NOT_ENTITLED: 403,
    DocumentsRefusal.READING_NOT_RECORDED: 403,
}  # fmt: skip
"""What a refusal of the vault is in HTTP; of all others 409."""


class OfDocument(msgspec.Struct, frozen=True):
    """Which document."""

    name: Name


class OfBlob(msgspec.Struct, frozen=True):
    """Which blob."""

    address: Hash


class Shown(msgspec.Struct, frozen=True):
    """The id of the envelope in which an authority has recorded why it reads."""

    receipt: Hash | None = None


class About(msgspec.Struct, frozen=True):
    """About which object, by the full key of its record, from which number on."""

    about: ObjectKey
    cursor: DocumentNumber = 1
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 50


class WrappedKey(msgspec.Struct, frozen=True):
    """A content key that is wrapped for one reader's key."""

    account: Account
    number: KeyNumber
    wrapped: Annotated[bytes, Meta(min_length=WRAPPED_BYTES, max_length=WRAPPED_BYTES)]


class Wrapped(msgspec.Struct, frozen=True):
    """A blob, and the keys wrapped for its readers."""

    address: Hash
    wraps: Annotated[tuple[WrappedKey, ...], Meta(min_length=1, max_length=WRAPS_MAX)]


class Kept(msgspec.Struct, frozen=True):
    """The address of a blob that is kept."""

    address: Hash


class ServedDocument(msgspec.Struct, frozen=True):
    """Where a document's blob is, and the content key wrapped for who asks; none when nobody has wrapped it yet."""

    document: Name
    address: Hash
    epoch: Epoch
    size: int
    wrap: WrappedKey | None


class Bringers:
    """How many bytes each account has brought within the hour."""

    def __init__(self, most: int) -> None:
        """Let an account bring so many."""
        self._most = most
        self._brought: OrderedDict[bytes, tuple[float, int]] = OrderedDict()

    def take(self, account: bytes, size: int, now: float) -> None:
        """Count what somebody brings, or refuse it."""
        since, brought = self._brought.get(account, (now, 0))
        if now - since >= HOUR:
            since, brought = now, 0
        if brought + size > self._most:
            wait = {"retry-after": str(int(since + HOUR - now) + 1)}
            raise numbered(429, DoorRefusal.BLOBS_TOO_MANY, (("bytes", self._most),), headers=wait)
        self._brought[account] = (since, brought + size)
        self._brought.move_to_end(account)
        while len(self._brought) > BRINGERS_MAX:
            self._brought.popitem(last=False)


class Access(NamedTuple):
    """What a reader may learn of the documents about an object: all there is, or its own alone."""

    everything: bool
    account: bytes | None
    sees_all: bool

    def lists(self, each: NumberedDocument) -> bool:
        """Whether a document is listed."""
        if self.everything or self.account == owner_of(each.document):
            return True
        known = each.kept or each.erased
        readers = () if each.kept is None else each.kept.readers
        return known is not None and self.account in (*readers, *known.authorities)


class DocumentRoutes:
    """The routes of the vault; without a place for it, each says so."""

    def __init__(self, network: Network, visibility: Visibility, settings: Settings) -> None:
        """Serve the vault of `network` that the settings name."""
        self._network = network
        self._visibility = visibility
        self._place = settings.vault.place
        self._threads = Threads("vault", THREADS, DoorRefusal.VAULT_AWAY)
        self._bringers = Bringers(settings.api.blob_bytes_an_hour)
        self._opened: Vault | None = None
        self._clearing: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Clear away what was never put, from time to time."""
        if self._place:
            self._clearing = asyncio.get_running_loop().create_task(self._clear())

    async def end(self) -> None:
        """Take nothing more."""
        if self._clearing is not None:
            self._clearing.cancel()
            await asyncio.gather(self._clearing, return_exceptions=True)
        self._threads.close()

    async def _clear(self) -> None:
        while True:
            await asyncio.sleep(CLEAR_SECONDS)
            try:
                cleared = await self._at_the_vault(lambda vault: vault.clear())
                _log.info("the vault is cleared: %d blobs that no document leads to", cleared)
            except Exception as error:  # noqa: BLE001 - the next time will do
                _log.warning("the vault is not cleared: %s", error)

    async def _at_the_vault(self, work: Callable[[Vault], T]) -> T:
        """Do something at the vault; what it refuses becomes a problem."""
        if not self._place:
            raise numbered(404, DoorRefusal.VAULT_ABSENT)
        loop = asyncio.get_running_loop()

        def run() -> T:
            if self._opened is None:
                self._opened = Vault(store_at(self._place), self._network.hash, LedgerOfNode(self._network, loop))
            return work(self._opened)

        try:
            return await self._threads.run(run)
        except Refused as refused:
            raise numbered(STATUSES.get(int(refused.code), 409), refused.code, refused.facts) from refused
        except StoreFullError as error:
            raise numbered(507, DoorRefusal.VAULT_FULL) from error
        except StoreFailedError as error:
            raise busy(DoorRefusal.VAULT_AWAY) from error

    # --------------------------------------------------------------------------------------------------------- writing

    async def stage(self, call: Call) -> Response:
        """Keep a blob until its document is committed."""
        writer, blob = call.reader.account, call.body

        def stage(vault: Vault) -> bytes:
            header, _front = read_header(blob)
            if owner_of(header.document) != writer:
                raise Refused(VaultRefusal.WRITER_NOT_OWNER, ())
            self._bringers.take(writer, len(blob), time.monotonic())
            return vault.stage(blob)

        return answer(Kept(await self._at_the_vault(stage)), 201)

    async def put(self, call: Call) -> Response:
        """Make a blob that was brought the document's."""
        asked, wraps = call.body, _wraps(call.body)
        await self._require_owner(call)
        put = await self._at_the_vault(
            lambda vault: vault.put(vault.staged(asked.address, call.path.name), wraps, call.reader.account or b"")
        )
        return answer(Kept(put))

    async def grant(self, call: Call) -> Response:
        """Add keys wrapped for further readers."""
        asked, wraps = call.body, _wraps(call.body)
        await self._require_owner(call)
        await self._at_the_vault(lambda vault: vault.grant(asked.address, wraps, call.reader.account or b""))
        return answer(Kept(asked.address))

    async def erase(self, call: Call) -> Response:
        """Destroy the blob and every wrapped key of a document that the ledger has erased."""
        await self._require_owner(call)
        await self._at_the_vault(lambda vault: vault.erase(call.path.name))
        return Response(status_code=204)

    async def _require_owner(self, call: Call) -> None:
        """Turn everybody else away alike, whether there is such a document or not."""
        require(call.reader, entitled=call.reader.account == owner_of(call.path.name))

    # --------------------------------------------------------------------------------------------------------- reading

    async def document(self, call: Call) -> Response:
        """Give the address of a document's blob, and the key wrapped for who asks."""
        name, reader = call.path.name, call.reader
        get = partial(_get, name, reader.account or b"", call.query.receipt)
        return answer(await self._for_reader(reader, name, get))

    async def blob(self, call: Call) -> Response:
        """Give a blob."""
        address, account = call.path.address, call.reader.account or b""
        name = await self._at_the_vault(lambda vault: vault.document_at(address))
        raw = await self._for_reader(
            call.reader, name or b"", lambda vault: vault.get(address, account, call.query.receipt).blob
        )
        return Response(raw, media_type=OCTETS)

    async def _for_reader(self, reader: Reader, name: bytes, work: Callable[[Vault], T]) -> T:
        """Serve a reader; what is refused to one without a part in the document is refused alike, whatever there is."""
        known = bool(name) and await self._has_part(reader, name)

        def serve(vault: Vault) -> T:
            try:
                return work(vault)
            except Refused as refused:
                if known or refused.code in FOR_THE_ENTITLED:
                    raise
                raise Refused(DocumentsRefusal.READER_NOT_ENTITLED, ()) from refused

        return await self._at_the_vault(serve)

    async def _has_part(self, reader: Reader, name: bytes) -> bool:
        """Whether a reader may learn what has become of a document: its owner, those with a part, who runs a node."""
        if reader.sees_all or reader.account == owner_of(name):
            return True
        _height, found = await self._network.query(DocumentQuery(name=name))
        record: Document | Erased | None = found.kept or found.erased
        if record is None:
            return False
        readers = () if found.kept is None else found.kept.readers
        return reader.account in (*readers, *record.authorities) or await self._sees_object(reader, record.about)

    async def _sees_object(self, reader: Reader, about: bytes) -> bool:
        """Whether a reader may learn which documents there are about an object."""
        if reader.account is None:
            return False
        if reader.sees_all or reader.account == owner_of(about[1:]):
            return True
        if about[0] == ORDERS.number and await self._visibility.sees_order(reader, about[1:]):
            return True
        _height, file = await self._network.query(FileQuery(about=about))
        return file is not None and reader.account in [each.account for each in file.participants]

    async def documents(self, call: Call) -> Response:
        """List the documents about an object, and what authorities have stated before they read them."""
        asked, reader = call.query, call.reader
        access = Access(await self._sees_object(reader, asked.about), reader.account, reader.sees_all)
        _height, page = await self._network.query(
            DocumentsQuery(about=asked.about, first=asked.cursor, limit=asked.limit)
        )
        listed = [each for each in page if access.lists(each)]
        require(reader, entitled=access.everything or bool(listed))
        addresses = await self._at_the_vault(lambda vault: [vault.address_of(each.document) for each in listed])
        following = None
        if page and len(page) == asked.limit and page[-1].number < DOCUMENTS_MAX:
            following = page[-1].number + 1
        rows = [await self._row(access, each, address) for each, address in zip(listed, addresses, strict=True)]
        return answer({"rows": rows, "next": following})

    async def _row(self, access: Access, each: NumberedDocument, address: bytes | None) -> dict[str, Any]:
        found: DocumentAnswer
        _height, found = await self._network.query(DocumentQuery(name=each.document))
        knows_all = access.sees_all or access.account == owner_of(each.document)
        return {
            "number": each.number,
            "document": each.document,
            "kept": each.kept,
            "erased": each.erased,
            "address": address,
            "readings": [one for one in found.readings if knows_all or one.authority == access.account],
        }

    # ---------------------------------------------------------------------------------------------------------- routes

    def routes(self) -> list[Route]:
        """Declare the routes."""
        one = "/v1/vault/documents/{name}"
        row = {
            "type": "object",
            "required": ["number", "document", "kept", "erased", "address", "readings"],
        }
        page = {
            "type": "object",
            "required": ["rows", "next"],
            "properties": {"rows": {"type": "array", "items": row}, "next": {"type": ["string", "null"]}},
        }
        return [
            Route(method="POST", path=BLOBS, name="vault_stage", handler=self.stage, raw_bodies=(OCTETS,),
                  answers={201: Kept}, needs_reader=True,
                  summary="Keep a sealed blob for an hour, until its document is committed and it is put"),
            Route(method="GET", path=BLOBS + "/{address}", name="vault_blob", handler=self.blob, path_type=OfBlob,
                  query_type=Shown, answers={200: None}, other_forms=(OCTETS,), needs_reader=True,
                  summary="Give a sealed blob to those whom the ledger entitles"),
            Route(method="GET", path="/v1/vault/documents", name="vault_documents", handler=self.documents,
                  query_type=About, answers={200: page}, needs_reader=True,
                  summary="List the documents about an object, with what authorities have stated"),
            Route(method="GET", path=one, name="vault_document", handler=self.document, path_type=OfDocument,
                  query_type=Shown, answers={200: ServedDocument}, needs_reader=True,
                  summary="Give a document's address, and the content key wrapped for who asks"),
            Route(method="PUT", path=one, name="vault_put", handler=self.put, path_type=OfDocument, body_type=Wrapped,
                  answers={200: Kept}, needs_reader=True,
                  summary="Make a blob that is kept the document's, also the one of a new epoch"),
            Route(method="POST", path=one + "/wraps", name="vault_grant", handler=self.grant, path_type=OfDocument,
                  body_type=Wrapped, answers={200: Kept}, needs_reader=True,
                  summary="Add content keys wrapped for further readers"),
            Route(method="DELETE", path=one, name="vault_erase", handler=self.erase, path_type=OfDocument,
                  answers={204: None}, needs_reader=True,
                  summary="Destroy blob and keys of a document that the ledger has erased"),
        ]  # fmt: skip


FOR_THE_ENTITLED: Final = frozenset(
    {
        VaultRefusal.EPOCH_OLD, VaultRefusal.RECEIPT_MISSING, VaultRefusal.RECEIPT_WRONG, VaultRefusal.RECEIPT_OLD,
        DocumentsRefusal.READING_NOT_RECORDED,
    }
)  # fmt: skip
"""What the ledger says to those alone whom it entitles, or would once they state why."""


def _wraps(asked: Wrapped) -> tuple[Wrap, ...]:
    return tuple(Wrap(each.account, each.number, each.wrapped) for each in asked.wraps)


def _get(name: bytes, reader: bytes, receipt: bytes | None, vault: Vault) -> ServedDocument:
    """Get a document by its name."""
    address = vault.address_of(name)
    if address is None:
        raise Refused(VaultRefusal.BLOB_UNKNOWN, ())
    served = vault.get(address, reader, receipt)
    header, _front = read_header(served.blob)
    wrap = None if served.wrap is None else WrappedKey(served.wrap.account, served.wrap.number, served.wrap.wrapped)
    return ServedDocument(name, address, header.epoch, len(served.blob), wrap)
