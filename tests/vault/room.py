"""A vault beside a real ledger in memory, and what people do there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sogdia.kernel.refusal import Refused
from sogdia.modules.documents import DocumentClass
from sogdia.modules.documents.documents import CommitDocument, EraseDocument, GrantReading, RevokeReading
from sogdia.modules.documents.queries import DocumentQuery, MayReadQuery, RecipientsQuery
from sogdia.modules.documents.records import DOCUMENTS
from sogdia.vault.asking import readings_in
from sogdia.vault.desk import content_key_of, open_served, rewrap, wraps_for
from sogdia.vault.sealing import Header, Sealed, read_header, seal
from sogdia.vault.service import Vault
from tests.modules.documents.archive import about_order, document_name, encryption_private

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.modules.documents.queries import DocumentAnswer, MayRead, Recipient
    from sogdia.testing.ledger import Ledger
    from sogdia.vault.asking import Recorded
    from sogdia.vault.service import Served
    from sogdia.vault.stores import Store

ADDRESS = b"Moi Avenue 12, Nairobi. Ask for the ice-cream cart."


class MemoryEntitlements:
    """The ledger in memory, asked as a node would be."""

    def __init__(self, ledger: Ledger) -> None:
        """Ask `ledger`, and remember the receipts of its blocks."""
        self.ledger = ledger
        self.receipts: dict[bytes, tuple[bytes, int]] = {}

    def document(self, name: bytes) -> DocumentAnswer:
        """Give a document."""
        return DocumentQuery(name=name).answer(self.ledger.state)

    def may_read(self, account: bytes, name: bytes) -> MayRead:
        """Say who may read."""
        return MayReadQuery(account=account, name=name).answer(self.ledger.state)

    def recipients(self, name: bytes) -> list[Recipient]:
        """Give everybody to wrap for."""
        return RecipientsQuery(name=name).answer(self.ledger.state)

    def recorded(self, receipt_id: bytes) -> list[Recorded]:
        """Give recorded readings."""
        known = self.receipts.get(receipt_id)
        return [] if known is None else readings_in(known[0], self.ledger.time - known[1])


class Room:
    """A vault, the ledger that it asks, and the keys of everybody."""

    def __init__(self, ledger: Ledger, store: Store) -> None:
        """Open the vault."""
        self.ledger = ledger
        self.store = store
        self.asked = MemoryEntitlements(ledger)
        self.vault = Vault(store, ledger.network, self.asked)

    def account(self, who: str) -> bytes:
        """Give an account."""
        return self.ledger.account(who)

    def header(self, reference: str = "address", epoch: int = 1, **changes: Any) -> Header:  # noqa: ANN401 - any field
        """Give where an address of Nairobi's about the order belongs."""
        fields: dict[str, Any] = {
            "format": 1,
            "network": self.ledger.network,
            "about": about_order(self.ledger),
            "document_class": DocumentClass.ADDRESS,
            "document": document_name(self.ledger, reference),
            "epoch": epoch,
        }
        return Header(**(fields | changes))

    def commit(
        self, sealed: Sealed, readers: tuple[str, ...] = (), document_class: int = DocumentClass.ADDRESS
    ) -> None:
        """Let Nairobi commit what it has sealed."""
        header, _front = read_header(sealed.blob)
        self.ledger.must(
            "nairobi",
            CommitDocument(
                reference=header.document[20:].decode(),
                about=header.about,
                document_class=document_class,
                commitment=sealed.commitment,
                size=len(sealed.blob),
                readers=tuple(self.account(each) for each in readers),
            ),
        )

    def put(self, content: bytes = ADDRESS, reference: str = "address", readers: tuple[str, ...] = ()) -> Sealed:
        """Seal, commit and put a document of Nairobi's."""
        sealed = seal(self.header(reference), content, media_type="text/plain", title="Where to bring it")
        self.commit(sealed, readers)
        self.vault.put(sealed.blob, self.wraps(sealed), self.account("nairobi"))
        return sealed

    def wraps(self, sealed: Sealed) -> tuple[Any, ...]:
        """Wrap for everybody whom the ledger names."""
        header, _front = read_header(sealed.blob)
        return wraps_for(sealed, self.asked.recipients(header.document))

    def served(self, sealed: Sealed, who: str, receipt: bytes | None = None) -> Served:
        """Let the vault serve somebody."""
        return self.vault.get(sealed.address, self.account(who), receipt)

    def read(self, sealed: Sealed, who: str, receipt: bytes | None = None) -> bytes:
        """Let somebody get and open a document."""
        served = self.served(sealed, who, receipt)
        header, _front = read_header(sealed.blob)
        commitment = DOCUMENTS.must(self.ledger.state, header.document).commitment
        return open_served(served, header, commitment, lambda _number: encryption_private(who)).content

    def grant(self, sealed: Sealed, who: str) -> None:
        """Let Nairobi grant somebody its address."""
        header, _front = read_header(sealed.blob)
        reference = header.document[20:].decode()
        self.ledger.must("nairobi", GrantReading(document=reference, reader=self.account(who)))
        key = content_key_of(self.served(sealed, "nairobi"), lambda _number: encryption_private("nairobi"))
        new = [each for each in self.asked.recipients(header.document) if each.account == self.account(who)]
        self.vault.grant(sealed.address, rewrap(key, header, sealed.address, new), self.account("nairobi"))

    def revoke(self, sealed: Sealed, who: str) -> Sealed:
        """Let Nairobi take somebody off: sealed anew for the next epoch."""
        before, _front = read_header(sealed.blob)
        reference = before.document[20:].decode()
        anew = seal(self.header(reference, before.epoch + 1), self.read(sealed, "nairobi"))
        self.ledger.must(
            "nairobi",
            RevokeReading(
                document=reference, reader=self.account(who), commitment=anew.commitment, size=len(anew.blob)
            ),
        )
        self.vault.put(anew.blob, self.wraps(anew), self.account("nairobi"))
        return anew

    def erase(self, reference: str = "address") -> None:
        """Let Nairobi erase a document on the ledger."""
        self.ledger.must("nairobi", EraseDocument(document=reference))

    def record(self, who: str, operation: Any) -> bytes:  # noqa: ANN401 - an operation
        """Let somebody send an operation; gives the id of its envelope."""
        signed = self.ledger.sign(who, operation)
        self.ledger.block(signed)
        raw = self.ledger.last_block.results[-1].receipt
        self.asked.receipts[signed.id] = (raw, self.ledger.time)
        return signed.id

    def kept(self) -> dict[str, int]:
        """Count what the store keeps, by family."""
        return {family: len(list(self.store.keys(family))) for family in ("blobs", "wraps", "documents")}


def code_of(call: Callable[[], object]) -> Any:  # noqa: ANN401 - a refusal of any table of numbers
    """Give the number with which a call is refused."""
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code
