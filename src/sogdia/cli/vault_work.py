"""What `sogdia vault` does: seal and put, get and open, grant, revoke, erase, list.

The vault lies in a folder beside the node, or where --vault says. Sealing and opening happen here, with the key files
at hand; the vault itself asks the node before it serves anything, to this command like to everybody.
"""

from __future__ import annotations

import mimetypes
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.cli import documents, options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.fields import Reading, read_text
from sogdia.cli.finding import find_node
from sogdia.cli.sending import Signatory, send_applied, signatory
from sogdia.cli.sessions import Session, keys_of, read_id, read_limited
from sogdia.cli.tables import table_words
from sogdia.client.shapes import fields_of
from sogdia.kernel.values import name_of, owner_of, reference_of
from sogdia.modules.documents import DocumentClass, Purpose
from sogdia.modules.documents.documents import CommitDocument, EraseDocument, GrantReading, RevokeReading
from sogdia.modules.documents.encryption_keys import SetEncryptionKey
from sogdia.modules.documents.queries import (
    PAGE_MAX,
    DocumentQuery,
    DocumentsQuery,
    EncryptionKeyQuery,
    NumberedDocument,
    RecipientsQuery,
)
from sogdia.modules.documents.readings import RecordReading
from sogdia.modules.documents.refusals import DocumentsRefusal
from sogdia.vault.asking import NodeEntitlements
from sogdia.vault.desk import content_key_of, keys_from, open_served, rewrap, wraps_for
from sogdia.vault.faults import VaultRefusal, refuse
from sogdia.vault.sealing import CONTENT_BYTES_MAX, Header, seal
from sogdia.vault.service import Vault
from sogdia.vault.stores import store_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sogdia.cli.options import Way
    from sogdia.modules.documents.records import Document
    from sogdia.vault.sealing import Opened
    from sogdia.vault.service import Served

VAULT_FOLDER = "vault"


class Counter(NamedTuple):
    """A command's dealings with the vault: the node's session, the vault, and who acts."""

    session: Session
    vault: Vault
    by: Signatory


@contextmanager
def at_the_vault(who: str, place: str | None, way: Way) -> Iterator[Counter]:
    """Open the session, the vault and the key of whoever acts."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        store = store_at(place if place is not None else str(find_node(way.node_folder) / VAULT_FOLDER))
        vault = Vault(store, session.naming.network.hash, NodeEntitlements(session.node))
        yield Counter(session, vault, signatory(who, session))


class Putting(NamedTuple):
    """What is put: the file, where it belongs, and who else may read it."""

    file: Path
    reference: str
    about: str
    document_class: str
    readers: Sequence[str]
    title: str


def put(given: Putting, who: str, place: str | None, way: Way) -> None:
    """Seal a file, commit it, and put it."""
    content = read_limited(given.file, CONTENT_BYTES_MAX)
    with at_the_vault(who, place, way) as at:
        values = _read_fields(given, at)
        header = Header(
            1,
            at.session.naming.network.hash,
            values.about,
            values.document_class,
            name_of(at.by.account, given.reference),
            1,
        )
        media_type = mimetypes.guess_type(given.file.name)[0] or "application/octet-stream"
        sealed = seal(header, content, media_type=media_type, title=given.title or given.file.name)
        operation = msgspec.structs.replace(values, commitment=sealed.commitment, size=len(sealed.blob))
        at.vault.stage(sealed.blob)
        identity = send_applied([*_key_to_publish(at), operation], at.by, at.session)
        recipients = at.session.ask(RecipientsQuery(name=header.document))
        at.vault.put(sealed.blob, wraps_for(sealed, recipients), at.by.account)
        readers = [each.account for each in recipients]
        words = (
            f"{at.session.naming.call_object(header.document)} is sealed and committed, {len(sealed.blob)} bytes.\n"
            f"Can be opened by {', '.join(at.session.naming.call(each) for each in readers)}."
        )
    document = {
        "document": documents.name(header.document),
        "address": sealed.address.hex(),
        "commitment": sealed.commitment.hex(),
        "size": len(sealed.blob),
        "recipients": [documents.account(each) for each in readers],
        "id": identity.hex(),
    }
    options.show(words, document, as_json=way.as_json)


def _read_fields(given: Putting, at: Counter) -> CommitDocument:
    """Read what was said about the document, as `sogdia tx commit-document` would."""
    reading = Reading(at.session.naming, at.session.ring, lambda: at.session.now)
    shapes = {each.name: each.shape for each in fields_of(CommitDocument)}
    return CommitDocument(
        reference=read_text(given.reference, shapes["reference"], reading),
        about=read_text(given.about, shapes["about"], reading),
        document_class=read_text(given.document_class, shapes["document_class"], reading),
        commitment=bytes(32),
        size=1,
        readers=tuple(at.session.naming.account(each) for each in given.readers),
    )


def _key_to_publish(at: Counter) -> list[SetEncryptionKey]:
    """Give what publishes the encryption key of whoever acts, unless the ledger has it already."""
    answer = at.session.ask(EncryptionKeyQuery(account=at.by.account))
    private = keys_from(at.by.keys.seed)
    known = answer.current
    if known is None:
        return [SetEncryptionKey(public=private(answer.next_number).public_key().public_bytes_raw())]
    if private(known.number).public_key().public_bytes_raw() == known.public:
        return []
    raise usage(
        "The ledger has another encryption key of this account than this key file gives.",
        "Use the key file it was published with, or publish the new one: sogdia vault key --from KEY.",
    )


def publish_key(who: str, way: Way) -> None:
    """Publish the encryption key that belongs to a key file, with the next number."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        by = signatory(who, session)
        number = session.ask(EncryptionKeyQuery(account=by.account)).next_number
        public = keys_from(by.keys.seed)(number).public_key().public_bytes_raw()
        identity = send_applied([SetEncryptionKey(public=public)], by, session)
        words = f"Others can seal for {session.naming.call(by.account)} now; it is encryption key {number}."
    document = {
        "account": documents.account(by.account),
        "number": number,
        "public": public.hex(),
        "id": identity.hex(),
    }
    options.show(words, document, as_json=way.as_json)


class Stating(NamedTuple):
    """What an authority states before it reads: purpose and case, or the id of the envelope that stated them."""

    purpose: str | None
    case: str | None
    receipt: str | None


def get(name_text: str, out: Path | None, stating: Stating, who: str, place: str | None, way: Way) -> bytes | None:  # noqa: PLR0913 - one parameter an option
    """Get and open a document, compared with the ledger's commitment; gives the content when no file is named."""
    with at_the_vault(who, place, way) as at:
        name = at.session.naming.name(name_text)
        receipt = _receipt(name, stating, at)
        known = _document(name, at)
        served = _served(name, at, receipt)
        opened = _opened(name, known, served, at)
        called = at.session.naming.call_object(name)
    if out is None and not way.as_json:
        return opened.content
    if out is not None:
        with out.open("xb") as stream:
            stream.write(opened.content)
    words = f"{called}: {opened.particulars.length} bytes, as the ledger's commitment says, written to {out}."
    document = {
        "document": documents.name(name),
        "address": served.address.hex(),
        "length": opened.particulars.length,
        "media_type": opened.particulars.media_type,
        "title": opened.particulars.title,
        "out": None if out is None else str(out),
        "receipt": None if receipt is None else receipt.hex(),
    }
    options.show(words, document, as_json=way.as_json)
    return None


def _receipt(name: bytes, stating: Stating, at: Counter) -> bytes | None:
    """Give the id of an authority's statement, made now if it is said why."""
    if stating.receipt is not None:
        return read_id(stating.receipt)
    if stating.purpose is None and stating.case is None:
        return None
    if stating.purpose is None or stating.case is None:
        raise usage("An authority states a purpose and a case.", "Give both --purpose and --case, or --receipt ID.")
    purpose = Purpose.__members__.get(stating.purpose.upper().replace("-", "_"))
    if purpose is None:
        known = ", ".join(each.name.lower() for each in Purpose)
        raise usage(f"{stating.purpose!r} is no purpose.", f"There are {known}.")
    return send_applied([RecordReading(document=name, purpose=purpose, case=stating.case)], at.by, at.session)


def _document(name: bytes, at: Counter) -> Document:
    answer = at.session.ask(DocumentQuery(name=name))
    if answer.kept is not None:
        kept: Document = answer.kept
        return kept
    if answer.erased is not None:
        raise refuse(DocumentsRefusal.DOCUMENT_ERASED, document=name)
    called = at.session.naming.call_object(name)
    raise Stopped(Exit.NOT_FOUND, f"There is no document {called}.", "List them with 'sogdia vault list OBJECT'.")


def _served(name: bytes, at: Counter, receipt: bytes | None = None) -> Served:
    address = at.vault.address_of(name)
    if address is None:
        raise refuse(VaultRefusal.BLOB_UNKNOWN)
    return at.vault.get(address, at.by.account, receipt)


def _opened(name: bytes, known: Document, served: Served, at: Counter) -> Opened:
    expected = _header(name, known, at)
    return open_served(served, expected, known.commitment, keys_from(at.by.keys.seed))


def _header(name: bytes, known: Document, at: Counter, *, epoch: int | None = None) -> Header:
    network = at.session.naming.network.hash
    return Header(1, network, known.about, known.document_class, name, known.epoch if epoch is None else epoch)


# ---------------------------------------------------------------------------------------------------------- the owner


def grant(name_text: str, reader_text: str, who: str, place: str | None, way: Way) -> None:
    """Let one more account read, or wrap the key anew for one that may read and has published another key since."""
    with at_the_vault(who, place, way) as at:
        name, known = _own(name_text, at)
        reader = at.session.naming.account(reader_text)
        served = _served(name, at)
        _opened(name, known, served, at)
        entitled = any(each.account == reader for each in at.session.ask(RecipientsQuery(name=name)))
        identity = None
        if not entitled:
            operation = GrantReading(document=reference_of(name), reader=reader)
            identity = send_applied([operation], at.by, at.session)
        new = [each for each in at.session.ask(RecipientsQuery(name=name)) if each.account == reader]
        key = content_key_of(served, keys_from(at.by.keys.seed))
        at.vault.grant(served.address, rewrap(key, _header(name, known, at), served.address, new), at.by.account)
        words = f"{at.session.naming.call(reader)} can read {at.session.naming.call_object(name)}."
    document = {
        "document": documents.name(name),
        "reader": documents.account(reader),
        "id": None if identity is None else identity.hex(),
    }
    options.show(words, document, as_json=way.as_json)


def revoke(name_text: str, reader_text: str, who: str, place: str | None, way: Way) -> None:
    """Take a reader off: the document is sealed anew, for everybody else."""
    with at_the_vault(who, place, way) as at:
        name, known = _own(name_text, at)
        reader = at.session.naming.account(reader_text)
        opened = _opened(name, known, _served(name, at), at)
        said = opened.particulars
        header = _header(name, known, at, epoch=known.epoch + 1)
        sealed = seal(header, opened.content, media_type=said.media_type, title=said.title)
        at.vault.stage(sealed.blob)
        operation = RevokeReading(
            document=reference_of(name), reader=reader, commitment=sealed.commitment, size=len(sealed.blob)
        )
        identity = send_applied([operation], at.by, at.session)
        recipients = at.session.ask(RecipientsQuery(name=name))
        at.vault.put(sealed.blob, wraps_for(sealed, recipients), at.by.account)
        words = (
            f"{at.session.naming.call(reader)} gets nothing more of {at.session.naming.call_object(name)}; "
            "what it has read or kept, it has."
        )
    document = {
        "document": documents.name(name),
        "reader": documents.account(reader),
        "epoch": header.epoch,
        "address": sealed.address.hex(),
        "id": identity.hex(),
    }
    options.show(words, document, as_json=way.as_json)


def erase(name_text: str, who: str, place: str | None, way: Way) -> None:
    """Erase a document: a tombstone on the ledger, nothing in the vault. What the ledger has erased is only cleared."""
    with at_the_vault(who, place, way) as at:
        name = at.session.naming.name(name_text)
        identity = None
        if at.session.ask(DocumentQuery(name=name)).erased is None:
            _own(name_text, at)
            identity = send_applied([EraseDocument(document=reference_of(name))], at.by, at.session)
        at.vault.erase(name)
        words = f"{at.session.naming.call_object(name)} is erased: the blob and every wrapped key are destroyed."
    document = {"document": documents.name(name), "id": None if identity is None else identity.hex()}
    options.show(words, document, as_json=way.as_json)


def _own(name_text: str, at: Counter) -> tuple[bytes, Document]:
    name = at.session.naming.name(name_text)
    if owner_of(name) != at.by.account:
        raise refuse(VaultRefusal.WRITER_NOT_OWNER)
    return name, _document(name, at)


def show_list(about_text: str, way: Way) -> None:
    """List the documents about an object, and what authorities have stated about them."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        reading = Reading(session.naming, session.ring, lambda: session.now)
        shape = next(each.shape for each in fields_of(DocumentsQuery) if each.name == "about")
        about: bytes = read_text(about_text, shape, reading)
        found: list[NumberedDocument] = []
        while not found or len(found) % PAGE_MAX == 0:
            page = session.ask(DocumentsQuery(about=about, first=len(found) + 1))
            found += page
            if not page:
                break
        readings = {each.document: session.ask(DocumentQuery(name=each.document)).readings for each in found}
        showing = session.showing()
        rows = []
        for each in found:
            known = each.kept or each.erased
            rows.append(
                (
                    str(each.number),
                    session.naming.call_object(each.document),
                    "" if known is None else DocumentClass(known.document_class).name.lower(),
                    "erased" if each.kept is None else f"epoch {each.kept.epoch}, {each.kept.size} bytes",
                    "; ".join(
                        f"read by {session.naming.call(one.authority)} "
                        f"({Purpose(one.reading.purpose).name.lower()}, case {one.reading.case}, "
                        f"{showing.moment(one.reading.recorded_at)})"
                        for one in readings[each.document]
                    ),
                )
            )
    listed = [
        {**documents.structure(each), "readings": [documents.structure(one) for one in readings[each.document]]}
        for each in found
    ]
    words = table_words(("", "document", "class", "state", ""), rows, frozenset({0})) or "There are no documents."
    options.show(words, {"about": about.hex(), "documents": listed}, as_json=way.as_json)
