"""The vault over HTTP: what owners, readers, authorities and strangers get of it, and that it never sees a key."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sogdia.api.documents import BLOBS
from sogdia.api.network import Network
from sogdia.kernel.values import name_of, reference_of
from sogdia.modules.documents import DocumentClass, Purpose
from sogdia.modules.documents.documents import CommitDocument, EraseDocument, GrantReading, RevokeReading
from sogdia.modules.documents.encryption_keys import SetEncryptionKey
from sogdia.modules.documents.queries import Recipient
from sogdia.modules.documents.readings import RecordReading
from sogdia.modules.documents.records import BLOB_BYTES_MAX
from sogdia.modules.market.files import OpenOrderFile
from sogdia.modules.market.records import ORDERS
from sogdia.settings.sections import ApiSettings, Settings, VaultSettings
from sogdia.vault.desk import content_key_of, keys_from, open_served, rewrap, wraps_for
from sogdia.vault.sealing import Header, Sealed, seal
from sogdia.vault.service import Served
from sogdia.vault.wrapping import Wrap
from tests.api.conftest import Said, another_api

if TYPE_CHECKING:
    from tests.api.conftest import Town

OCTETS = "application/octet-stream"
ADDRESS = b"Moi Avenue 12, Nairobi. Ask for the ice-cream cart."
WITH_KEYS = ("nairobi", "bukhara", "stranger", "customs")


class Office:
    """What people do at the vault over HTTP, with keys that stay here."""

    def __init__(self, town: Town) -> None:
        """Publish keys, and open the file of an order."""
        self.town = town
        self.order = bytes.fromhex(town.order_name("papers"))
        town.send("nairobi", town.order("papers"))
        for who in WITH_KEYS:
            public = self.keys(who)(0).public_key().public_bytes_raw()
            town.send(who, SetEncryptionKey(public=public))
        town.send("nairobi", OpenOrderFile(order=self.order))
        self.about = ORDERS.full_key(self.order)

    def keys(self, who: str) -> Any:  # noqa: ANN401 - gives a key by its number
        """Give somebody's encryption keys."""
        pair: Any = self.town.parties[who].keys
        return keys_from(pair.seed)

    def name(self, reference: str) -> bytes:
        """Name a document of Nairobi's."""
        return name_of(self.town.account("nairobi"), reference)

    def header(self, reference: str, epoch: int = 1) -> Header:
        """Say where a document belongs."""
        return Header(1, self.town.network, self.about, DocumentClass.ADDRESS, self.name(reference), epoch)

    def recipients(self, reference: str) -> list[Recipient]:
        """Ask for whom a key is to be wrapped."""
        asked = f"/v1/queries/recipients?name={self.name(reference).hex()}"
        found = self.town.ask(asked, authorization=self.town.token("nairobi")).document["answer"]
        return [
            Recipient(account=bytes.fromhex(each["account"]), number=int(each["number"]),
                      public=bytes.fromhex(each["public"]))
            for each in found
        ]  # fmt: skip

    def stage(self, blob: bytes, who: str = "nairobi") -> Said:
        """Bring a blob."""
        return self.town.ask(BLOBS, blob, content_type=OCTETS, authorization=self.town.token(who))

    def change(self, method: str, reference: str, document: Any, who: str = "nairobi", more: str = "") -> Said:  # noqa: ANN401 - JSON
        """Send a document about a document."""
        path = f"/v1/vault/documents/{self.name(reference).hex()}{more}"
        body = None if document is None else json.dumps(document).encode()
        return self.town.ask(path, body, method, content_type="application/json", authorization=self.town.token(who))

    def put(self, reference: str) -> Sealed:
        """Seal, bring, commit and put a document of Nairobi's."""
        sealed = seal(self.header(reference), ADDRESS, media_type="text/plain", title="Where to bring it")
        assert self.stage(sealed.blob).document == {"address": sealed.address.hex()}
        self.town.send(
            "nairobi",
            CommitDocument(
                reference=reference, about=self.about, document_class=DocumentClass.ADDRESS,
                commitment=sealed.commitment, size=len(sealed.blob), readers=(),
            ),
        )  # fmt: skip
        done = self.change("PUT", reference, wrapped(sealed.address, wraps_for(sealed, self.recipients(reference))))
        assert done.status == 200, done.raw
        return sealed

    def get(self, reference: str, who: str, receipt: str = "") -> Said:
        """Ask for a document's address and key."""
        more = f"?receipt={receipt}" if receipt else ""
        path = f"/v1/vault/documents/{self.name(reference).hex()}{more}"
        return self.town.ask(path, authorization=self.town.token(who))

    def blob(self, address: str, who: str, receipt: str = "") -> Said:
        """Ask for a blob."""
        more = f"?receipt={receipt}" if receipt else ""
        return self.town.ask(f"{BLOBS}/{address}{more}", authorization=self.town.token(who))

    def read(self, reference: str, who: str, commitment: bytes, epoch: int = 1, receipt: str = "") -> bytes:
        """Get a document, open it, and compare it with the ledger's commitment."""
        served = self.served(reference, who, receipt)
        return open_served(served, self.header(reference, epoch), commitment, self.keys(who)).content

    def served(self, reference: str, who: str, receipt: str = "") -> Served:
        """Get a document and the key wrapped for who asks."""
        found = self.get(reference, who, receipt)
        assert found.status == 200, found.raw
        told = found.document
        raw = self.blob(told["address"], who, receipt)
        assert raw.headers["content-type"] == OCTETS
        key = told["wrap"]
        wrap = Wrap(bytes.fromhex(key["account"]), int(key["number"]), bytes.fromhex(key["wrapped"]))
        return Served(bytes.fromhex(told["address"]), raw.raw, wrap)


def wrapped(address: bytes, wraps: tuple[Wrap, ...]) -> dict[str, Any]:
    """Write wrapped keys as JSON."""
    keys = [
        {"account": each.account.hex(), "number": str(each.number), "wrapped": each.wrapped.hex()} for each in wraps
    ]
    return {"address": address.hex(), "wraps": keys}


def refused(said: Said) -> tuple[int, str]:
    """Give the status and the number of a refusal."""
    return said.status, said.document["refusal"]["name"]


def announced(town: Town, path: str, size: int) -> int:
    """Announce a body, send nothing of it, and give the status of the answer."""
    connection = HTTPConnection("127.0.0.1", int(town.address.rpartition(":")[2]), timeout=20)
    try:
        connection.putrequest("POST", path)
        connection.putheader("content-type", OCTETS)
        connection.putheader("content-length", str(size))
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def office(town):
    return Office(town)


def test_a_document_is_put_read_shared_taken_back_and_erased(office):
    sealed = office.put("letter")
    name, stranger = office.name("letter"), office.town.account("stranger")

    assert office.read("letter", "bukhara", sealed.commitment) == ADDRESS
    assert office.read("letter", "nairobi", sealed.commitment) == ADDRESS
    assert refused(office.get("letter", "stranger")) == (403, "READER_NOT_ENTITLED")

    office.town.send("nairobi", GrantReading(document=reference_of(name), reader=stranger))
    key = content_key_of(office.served("letter", "nairobi"), office.keys("nairobi"))
    new = [each for each in office.recipients("letter") if each.account == stranger]
    wraps = rewrap(key, office.header("letter"), sealed.address, new)
    assert office.change("POST", "letter", wrapped(sealed.address, wraps), more="/wraps").status == 200
    assert office.read("letter", "stranger", sealed.commitment) == ADDRESS

    anew = seal(office.header("letter", 2), ADDRESS)
    assert office.stage(anew.blob).status == 201
    taken = RevokeReading(document=reference_of(name), reader=stranger, commitment=anew.commitment, size=len(anew.blob))
    office.town.send("nairobi", taken)
    again = wrapped(anew.address, wraps_for(anew, office.recipients("letter")))
    assert office.change("PUT", "letter", again).status == 200
    assert office.get("letter", "stranger").status == 403
    assert office.blob(sealed.address.hex(), "stranger").status == 403
    assert office.read("letter", "bukhara", anew.commitment, epoch=2) == ADDRESS

    assert refused(office.change("DELETE", "letter", None)) == (409, "NOT_ERASED")
    office.town.send("nairobi", EraseDocument(document=reference_of(name)))
    assert office.change("DELETE", "letter", None).status == 204
    assert refused(office.get("letter", "nairobi")) in ((404, "BLOB_UNKNOWN"), (410, "DOCUMENT_ERASED"))
    assert office.blob(anew.address.hex(), "bukhara").status == 403


def test_an_authority_reads_after_it_has_stated_why_and_the_statement_stays(office):
    sealed = office.put("declared")

    assert refused(office.get("declared", "customs")) == (403, "READING_NOT_RECORDED")
    stated = RecordReading(document=office.name("declared"), purpose=int(Purpose.CUSTOMS), case="2026-117")
    receipt = office.town.send("customs", stated)["id"]
    assert refused(office.get("declared", "customs")) == (403, "RECEIPT_MISSING")
    other = office.town.send("nairobi", office.town.order("other"))["id"]
    assert refused(office.get("declared", "customs", other)) == (403, "RECEIPT_WRONG")
    assert office.read("declared", "customs", sealed.commitment, receipt=receipt) == ADDRESS

    def readings(who: str) -> list[str]:
        listed = office.town.ask(
            f"/v1/vault/documents?about={office.about.hex()}", authorization=office.town.token(who)
        ).document
        row = next(each for each in listed["rows"] if each["document"] == office.name("declared").hex())
        return [each["reading"]["case"] for each in row["readings"]]

    assert readings("nairobi") == readings("customs") == ["2026-117"]
    assert readings("bukhara") == []


def test_documents_are_listed_a_page_at_a_time_to_those_with_a_part_in_the_object(office):
    for reference in ("first", "second"):
        office.put(reference)
    path = f"/v1/vault/documents?about={office.about.hex()}"
    token = office.town.token("bukhara")

    page = office.town.ask(f"{path}&limit=1", authorization=token).document
    following = office.town.ask(f"{path}&cursor={page['next']}", authorization=token).document

    assert (page["rows"][0]["number"], page["next"]) == ("1", "2")
    assert office.name("second").hex() in [each["document"] for each in following["rows"]]
    assert following["next"] is None
    assert len(following["rows"][-1]["address"]) == 64
    absent = ORDERS.full_key(bytes.fromhex(office.town.order_name("none"))).hex()
    for asked in (path, f"/v1/vault/documents?about={absent}"):
        assert office.town.ask(asked).status == 401
        assert office.town.ask(asked, authorization=office.town.token("stranger")).status == 403


def test_a_stranger_is_answered_alike_whether_there_is_a_document_or_not(office):
    sealed = office.put("hidden")
    there, gone = office.get("hidden", "stranger"), office.get("never", "stranger")
    blob, no_blob = office.blob(sealed.address.hex(), "stranger"), office.blob("07" * 32, "stranger")
    taken, nothing = (office.change("DELETE", each, None, "stranger") for each in ("hidden", "never"))

    assert (there.status, there.raw) == (gone.status, gone.raw)
    assert (blob.status, blob.raw) == (no_blob.status, no_blob.raw) == (there.status, there.raw)
    assert (taken.status, taken.raw) == (nothing.status, nothing.raw)
    assert taken.status == 403
    assert office.town.ask(f"/v1/vault/documents/{office.name('hidden').hex()}").status == 401


def test_only_the_owner_brings_and_puts_and_only_for_those_whom_the_ledger_names(office):
    sealed = office.put("own")
    header = office.header("own")
    wraps = wraps_for(sealed, office.recipients("own"))

    assert refused(office.stage(sealed.blob, "bukhara")) == (403, "WRITER_NOT_OWNER")
    assert office.change("PUT", "own", wrapped(sealed.address, wraps), "bukhara").status == 403
    assert office.change("POST", "own", wrapped(sealed.address, wraps), "bukhara", "/wraps").status == 403
    thief = Wrap(office.town.account("stranger"), 0, bytes(80))
    assert refused(office.change("PUT", "own", wrapped(sealed.address, (*wraps, thief)))) == (409, "WRAPS_WRONG")
    foreign = seal(msgspec.structs.replace(header, network=bytes(32)), ADDRESS)
    assert refused(office.stage(foreign.blob)) == (409, "NETWORK_WRONG")
    uncommitted = seal(office.header("elsewhere"), ADDRESS)
    assert office.stage(uncommitted.blob).status == 201
    assert refused(office.change("PUT", "own", wrapped(uncommitted.address, wraps))) == (404, "BLOB_UNKNOWN")
    assert refused(office.stage(b"no blob")) == (409, "BLOB_MALFORMED")
    assert office.town.ask(BLOBS, sealed.blob, content_type=OCTETS).status == 401


def test_without_a_vault_every_route_says_so_with_the_way_out(office, tmp_path):
    with another_api(office.town, tmp_path, Settings(), Network(office.town.folder)) as there:
        token = there.token("nairobi")
        for path in (f"/v1/vault/documents/{office.name('own').hex()}", f"{BLOBS}/{'07' * 32}",
                     f"/v1/vault/documents?about={office.about.hex()}"):  # fmt: skip
            said = there.ask(path, authorization=token)
            assert refused(said) == (404, "VAULT_ABSENT")
            assert "vault.place" in said.document["way_out"]
        assert there.ask(BLOBS, bytes(10), content_type=OCTETS, authorization=token).status == 404


def test_a_blob_may_be_as_large_as_a_blob_and_an_account_brings_so_many_bytes_an_hour(office, tmp_path):
    settings = Settings(
        api=ApiSettings(body_bytes_max=2_000, blob_bytes_an_hour=2**20),
        vault=VaultSettings(place=str(tmp_path / "vault")),
    )
    large = seal(office.header("large"), bytes(600_000)).blob
    (tmp_path / "node").mkdir()

    with another_api(office.town, tmp_path / "node", settings, Network(office.town.folder)) as there:
        token = there.token("nairobi")
        bring = {"content_type": OCTETS, "authorization": token}
        first, second = there.ask(BLOBS, large, **bring), there.ask(BLOBS, large, **bring)
        assert first.status == 201
        assert refused(second) == (429, "BLOBS_TOO_MANY")
        assert int(second.headers["retry-after"]) > 3_000
        assert announced(there, BLOBS, BLOB_BYTES_MAX + 1) == 413
        assert there.ask("/v1/envelopes", bytes(2_001), **bring).status == 413


def test_a_store_that_fails_or_is_full_is_told_by_number(office, tmp_path):
    place = tmp_path / "vault"
    place.write_bytes(b"a file is no folder")
    settings = Settings(vault=VaultSettings(place=str(place)))
    (tmp_path / "node").mkdir()

    with another_api(office.town, tmp_path / "node", settings, Network(office.town.folder)) as there:
        said = there.ask(f"{BLOBS}/{'07' * 32}", authorization=there.token("nairobi"))

    assert refused(said) == (503, "VAULT_AWAY")
    assert said.headers["retry-after"]
