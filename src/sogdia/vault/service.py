"""The vault's service: keeps sealed blobs and wrapped keys, and asks the ledger before it serves any.

It never sees a content key, so it cannot read what it keeps. What it does is to refuse: whoever the ledger does not
entitle, whoever was taken off before the present epoch, and an authority that has not recorded why it reads.
Who asks is for the caller to establish; the accounts given here are taken as proven.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.kernel.codec import NotCanonicalError, encode
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import owner_of
from sogdia.modules import ALL
from sogdia.modules.documents.entitlement import Ground
from sogdia.modules.documents.readings import RECORDED_SECONDS
from sogdia.modules.documents.refusals import DocumentsRefusal
from sogdia.vault.faults import VaultRefusal as Refuse
from sogdia.vault.faults import refuse
from sogdia.vault.sealing import Header, read_header
from sogdia.vault.wrapping import WRAPS, WRAPS_MAX, Wrap, Wraps

if TYPE_CHECKING:
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.modules.documents.queries import MayRead
    from sogdia.vault.asking import Entitlements
    from sogdia.vault.stores import Store

ORPHAN_SECONDS = 3_600
"""How long a blob may lie that no document leads to: its commit may still be under way."""

_CODES: dict[int, RefusalCode] = {int(code): code for module in ALL for code in module.refusals}


class Served(NamedTuple):
    """What a reader gets: the blob, and the content key wrapped for it."""

    address: bytes
    blob: bytes
    wrap: Wrap | None


class Vault:
    """Sealed blobs of one network in one store."""

    def __init__(self, store: Store, network: bytes, ledger: Entitlements) -> None:
        """Serve what `store` keeps, as `ledger` entitles."""
        self._store = store
        self._network = network
        self._ledger = ledger

    # ---------------------------------------------------------------------------------------------------- the writers

    def stage(self, blob: bytes) -> bytes:
        """Keep a blob before its document is committed, so that a full store is known in time; gives its address.

        It is served to nobody until it is put, and cleared away when that does not happen within the hour.
        """
        self._own_header(blob)
        address = sha256(blob).digest()
        self._store.put(_blob_key(address), blob)
        return address

    def staged(self, address: bytes, document: bytes) -> bytes:
        """Give a document's blob that was staged, to be put."""
        blob = self._store.get(_blob_key(address))
        if blob is None or self._own_header(blob).document != document:
            raise refuse(Refuse.BLOB_UNKNOWN)
        return blob

    def put(self, blob: bytes, wraps: tuple[Wrap, ...], writer: bytes) -> bytes:
        """Keep the blob of a committed document in the place of the one before; gives its address."""
        header = self._own_header(blob)
        _require(writer == owner_of(header.document), Refuse.WRITER_NOT_OWNER)
        answer = self._ledger.document(header.document)
        kept = answer.kept
        if kept is None:
            self._end_of(header.document, erased=answer.erased is not None)
            raise _not_known(erased=answer.erased is not None)
        as_committed = (kept.about, kept.document_class, kept.epoch, kept.size)
        found = (header.about, header.document_class, header.epoch, len(blob))
        _require(found == as_committed, Refuse.BLOB_NOT_COMMITTED)
        self._check_wraps(header.document, wraps)
        address = sha256(blob).digest()
        before = self.address_of(header.document)

        self._store.put(_blob_key(address), blob)
        self._store.put(_wraps_key(address), encode(Wraps(1, address, header.epoch, wraps)))
        self._store.put(_document_key(header.document), address)
        if before is not None and before != address:
            self._destroy_blob(before)
        return address

    def grant(self, address: bytes, wraps: tuple[Wrap, ...], writer: bytes) -> None:
        """Add keys wrapped for new readers, or for a reader's new key, whose old wrap goes."""
        header, _blob = self._known_blob(address)
        _require(writer == owner_of(header.document), Refuse.WRITER_NOT_OWNER)
        self._allowed(header, writer)
        known = self._wraps(address)
        replaced = frozenset(each.account for each in wraps)
        after = (*(each for each in known.wraps if each.account not in replaced), *wraps)
        self._check_wraps(header.document, after)
        self._store.put(_wraps_key(address), encode(msgspec.structs.replace(known, wraps=after)))

    def erase(self, document: bytes) -> None:
        """Destroy the blob and all wrapped keys of a document that the ledger has erased. Twice is as good as once."""
        _require(self._ledger.document(document).erased is not None, Refuse.NOT_ERASED)
        self._destroy(document)

    # ---------------------------------------------------------------------------------------------------- the readers

    def get(self, address: bytes, reader: bytes, receipt: bytes | None = None) -> Served:
        """Serve a blob to a reader whom the ledger entitles; an authority shows the id of its recorded reading."""
        header, blob = self._known_blob(address)
        answer = self._allowed(header, reader)
        if answer.ground == Ground.RECORDED_READING:
            self._check_receipt(header, reader, receipt)
        wraps = self._wraps(address).wraps
        return Served(address, blob, next((each for each in wraps if each.account == reader), None))

    def address_of(self, document: bytes) -> bytes | None:
        """Give the address of a document's present blob, or nothing."""
        return self._store.get(_document_key(document))

    def document_at(self, address: bytes) -> bytes | None:
        """Give the document whose present blob has an address, or nothing."""
        blob = self._store.get(_blob_key(address))
        document = None if blob is None else self._own_header(blob).document
        return document if document is not None and self.address_of(document) == address else None

    def clear(self) -> int:
        """Destroy what the ledger has erased, and blobs that no document leads to; gives how many were destroyed."""
        used, cleared = set(), 0
        for each in list(self._store.keys("documents")):
            document = bytes.fromhex(each.key.partition("/")[2])
            if self._ledger.document(document).erased is not None:
                self._destroy(document)
                cleared += 1
            else:
                used.add(self.address_of(document))
        for family in ("wraps", "blobs"):
            for each in list(self._store.keys(family)):
                orphaned = bytes.fromhex(each.key.partition("/")[2]) not in used
                if orphaned and each.age_seconds > ORPHAN_SECONDS:
                    self._store.delete(each.key)
                    cleared += family == "blobs"
        return cleared

    # ------------------------------------------------------------------------------------------------------ the checks

    def _own_header(self, blob: bytes) -> Header:
        header, _front = read_header(blob)
        _require(header.network == self._network, Refuse.NETWORK_WRONG)
        return header

    def _known_blob(self, address: bytes) -> tuple[Header, bytes]:
        """Give a blob to which its document leads, as it was put."""
        blob = self._store.get(_blob_key(address))
        if blob is None:
            raise refuse(Refuse.BLOB_UNKNOWN)
        _require(sha256(blob).digest() == address, Refuse.BLOB_DAMAGED)
        header = self._own_header(blob)
        _require(self.address_of(header.document) == address, Refuse.BLOB_UNKNOWN)
        return header, blob

    def _allowed(self, header: Header, reader: bytes) -> MayRead:
        """Ask the ledger, and give the ground; the owner alone is served a blob of an epoch that is over."""
        answer = self._ledger.may_read(reader, header.document)
        if not answer.may or answer.document is None:
            self._end_of(header.document, erased=answer.refusal == DocumentsRefusal.DOCUMENT_ERASED)
            raise Refused(_CODES[answer.refusal], answer.facts)
        current = header.epoch == answer.document.epoch
        _require(current or answer.ground == Ground.OWNER, Refuse.EPOCH_OLD)
        return answer

    def _check_receipt(self, header: Header, reader: bytes, receipt: bytes | None) -> None:
        if receipt is None:
            raise refuse(Refuse.RECEIPT_MISSING)
        for fact, age in self._ledger.recorded(receipt):
            if (fact.document, fact.authority, fact.epoch) == (header.document, reader, header.epoch):
                if age > RECORDED_SECONDS:
                    raise refuse(Refuse.RECEIPT_OLD, seconds=age, most=RECORDED_SECONDS)
                return
        raise refuse(Refuse.RECEIPT_WRONG)

    def _check_wraps(self, document: bytes, wraps: tuple[Wrap, ...]) -> None:
        """Refuse keys wrapped for anybody whom the ledger does not name: nothing is kept for the revoked."""
        accounts = [each.account for each in wraps]
        named = frozenset(each.account for each in self._ledger.recipients(document))
        right = 1 <= len(accounts) <= WRAPS_MAX and len(frozenset(accounts)) == len(accounts)
        _require(right and named.issuperset(accounts), Refuse.WRAPS_WRONG)

    def _wraps(self, address: bytes) -> Wraps:
        raw = self._store.get(_wraps_key(address))
        try:
            found = None if raw is None else WRAPS.decode(raw)
        except NotCanonicalError:
            found = None
        if found is None or found.address != address:
            raise refuse(Refuse.BLOB_DAMAGED)
        return found

    def _end_of(self, document: bytes, *, erased: bool) -> None:
        """Destroy what is still kept of a document that turns out to be erased."""
        if erased:
            self._destroy(document)

    def _destroy(self, document: bytes) -> None:
        address = self.address_of(document)
        if address is not None:
            self._destroy_blob(address)
            self._store.delete(_document_key(document))

    def _destroy_blob(self, address: bytes) -> None:
        """Destroy the wrapped keys first: without them the blob is noise."""
        self._store.delete(_wraps_key(address))
        self._store.delete(_blob_key(address))


def _require(condition: object, code: RefusalCode) -> None:
    if not condition:
        raise refuse(code)


def _not_known(*, erased: bool) -> Refused:
    return refuse(DocumentsRefusal.DOCUMENT_ERASED if erased else DocumentsRefusal.DOCUMENT_UNKNOWN)


def _blob_key(address: bytes) -> str:
    return f"blobs/{address.hex()}"


def _wraps_key(address: bytes) -> str:
    return f"wraps/{address.hex()}"


def _document_key(document: bytes) -> str:
    return f"documents/{document.hex()}"
