"""A real node with a real API beside it, each in a process of its own, for all tests of the API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from copy import copy
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from msgspec.structs import replace

from sogdia.api.application import Api
from sogdia.api.network import PARTY_SECONDS
from sogdia.api.serving import server_of
from sogdia.client import keys as key_files
from sogdia.client.connection import Connection
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.client.keys import AnyKeyPair, derive
from sogdia.kernel.blinding import commitment_to
from sogdia.kernel.values import NO_ACCOUNT, account_of, name_of
from sogdia.modules.identity import Kind
from sogdia.modules.identity.keys import ChangeKeys, NewKey, key_message
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import OrderLine, PlaceOrder
from sogdia.modules.market.records import Offer
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint
from sogdia.testing.passkeys import ORIGIN
from tests.cli.conftest import silently, wait_until_it_answers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.api.network import Network
    from sogdia.client.envelopes import SigningKey
    from sogdia.kernel.operation import Operation
    from sogdia.settings.sections import Settings

SECONDS = 20.0
SECRET = bytes(range(32))
SETTINGS = """
[api]
requests_a_second = 100000
requests_at_once = 100000
header_seconds = 1
body_seconds = 1
body_bytes_max = 200000
allowed_origins = ["https://shop.example"]
private_webhooks = true
"""


class Said(NamedTuple):
    """An answer: its status, headers and body."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON."""
        return json.loads(self.raw)


class Town:
    """A network with a bank, a merchant, a buyer and a stranger, and the address of its API."""

    def __init__(self, folder: Path, bank: AnyKeyPair, address: str) -> None:
        """Work with the API at an address."""
        self.folder = folder
        self.address = address
        self.port = int(address.rpartition(":")[2])
        with Connection(folder) as node:
            status = node.status()
        self.network, self.now = status.network, status.now
        self.maker = EnvelopeMaker(self.network)
        customs = derive(b"sogdia tests", "customs")
        self.parties = {
            who: Sender(account_of(self.network, NO_ACCOUNT, who), keys)
            for who, keys in (("bank", bank), ("customs", customs))
        }

    def account(self, name: str) -> bytes:
        """Give a party's account."""
        return self.parties[name].account

    def sign(self, who: str, *operations: Operation, expiry: int = 80_000) -> Any:  # noqa: ANN401 - a signed envelope
        """Sign operations."""
        return self.maker.make([self.parties[who]], operations, expiry=self.now + expiry)

    def ask(self, path: str, body: bytes | None = None, method: str = "", **headers: str) -> Said:
        """Ask the API."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(self.address + path, body, named, method=method or None)  # noqa: S310 - our own server
        try:
            with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
                return Said(answer.status, dict(answer.headers.items()), answer.read())
        except HTTPError as error:
            with error:
                return Said(error.code, dict(error.headers.items()), error.read())

    def send(self, who: str, *operations: Operation) -> Any:  # noqa: ANN401 - JSON
        """Sign operations, send them, and give the receipt."""
        said = self.ask("/v1/envelopes", self.sign(who, *operations).raw, content_type="application/octet-stream")
        assert said.status == 200, said.raw
        return said.document

    def post(self, path: str, document: Any, **headers: str) -> Said:  # noqa: ANN401 - JSON
        """Send a document."""
        return self.ask(path, json.dumps(document).encode(), content_type="application/json", **headers)

    def token(self, who: str) -> str:
        """Obtain a token."""
        account = self.account(who).hex()
        given = self.post("/v1/challenges", {"account": account}).document
        signature = self.parties[who].keys.sign(given["line"].encode()).hex()
        signed = {"line": given["line"], "signature": signature}
        token: str = self.post("/v1/tokens", signed).document["token"]
        return f"Bearer {token}"

    def register(self, name: str) -> None:
        """Enter a party with one key of Ed25519."""
        keys = derive(b"sogdia tests", name)
        registration = RegisterParty(
            reference=name, kind=int(Kind.ENTERPRISE), country="KE", roles=0, sponsor=self.account("bank"), scheme=1,
            public=keys.public,
        )  # fmt: skip
        self.send("bank", registration)
        self.parties[name] = Sender(account_of(self.network, self.account("bank"), name), keys)

    def add_key(self, who: str, number: int, keys: SigningKey, valid_until: int | None = None) -> None:
        """Let a party add a key, which becomes that of a number."""
        proof = keys.signature(key_message(self.network, self.account(who), number, keys.scheme, keys.public))
        joins = NewKey(keys.scheme, keys.public, proof.value, proof.extra, valid_until=valid_until)
        self.send(who, ChangeKeys(add=(joins,)))

    def forget(self) -> None:
        """Wait until the API takes no party's record for current that it has read before now."""
        time.sleep(PARTY_SECONDS + 0.1)

    def settle_down(self) -> None:
        """Enter parties, money, a listing and an order."""
        for name in ("bukhara", "nairobi", "stranger"):
            self.register(name)
        asset = Asset("USD", self.account("bank"))
        self.send("bank", Mint(currency="USD", to=self.account("nairobi"), units=90_000))
        self.send(
            "bukhara",
            PublishTerms(reference="t", asset=asset, carrier=None, freight_per_order=0, tax_collector=None,
                         platform=None, platform_fee=0),
            OpenListing(reference="tea", terms="t", title="Green tea", language="en", unit="KGM", hs_code="",
                        origin="UZ"),
            AddVariant(listing="tea", variant=0, offer=Offer(price=1_250), stock=1_000),
        )  # fmt: skip
        self.send("nairobi", self.order("o1"))

    def order(self, reference: str) -> PlaceOrder:
        """Order two packets of tea."""
        merchant = self.account("bukhara")
        return PlaceOrder(reference=reference, merchant=merchant, lines=(OrderLine("tea", 0, 2),), pay_at_most=5_000)

    def found(self, path: str, who: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask the index, once it has everything up to now."""
        height = int(self.ask("/v1/status").document["height"])
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            said = self.ask("/v1/index")
            if said.status == 200 and int(said.document["height"]) >= height:
                break
            time.sleep(0.05)
        found = self.ask(path) if who is None else self.ask(path, authorization=self.token(who))
        return found.document if found.status == 200 else found

    def order_name(self, reference: str) -> str:
        """Give the name of an order of Nairobi's, in hexadecimal."""
        return name_of(self.account("nairobi"), reference).hex()


@contextmanager
def another_api(town: Town, folder: Path, settings: Settings, network: Network) -> Iterator[Town]:
    """Serve another API of the town's node in this process."""
    addresses: Queue[str] = Queue()
    chosen = replace(settings, api=replace(settings.api, listen="127.0.0.1:0"))
    server = server_of(Api(folder, chosen, network=network).application, chosen.api, addresses.put)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        there = copy(town)
        there.address = addresses.get(timeout=SECONDS)
        yield there
    finally:
        server.should_exit = True
        thread.join(SECONDS)


def create_with_customs(place: Path, node: Path, keys: Path) -> None:
    """Create a node of one organisation, in whose genesis stands Kenya's customs authority as well."""
    draft = place / "draft"
    create = ["node", "create", str(draft), "--organisation", "bank", "--country", "KZ", "--unprotected"]
    create += ["--passkey-site", ORIGIN]
    silently(*create, "--keys", str(keys))
    genesis = json.loads((draft / "genesis.json").read_text("utf-8"))
    customs = {
        "reference": "customs", "kind": int(Kind.AUTHORITY), "country": "KE", "roles": [], "sponsor": "bank",
        "public": derive(b"sogdia tests", "customs").public.hex(),
    }  # fmt: skip
    genesis["identity"]["parties"].append(customs)
    genesis["documents"] = {"authorities": [{"country": "KE", "parties": ["customs"]}]}
    genesis["blinding"] = commitment_to(SECRET)
    (place / "genesis.json").write_text(json.dumps(genesis), "utf-8")
    (place / "secret").write_text(SECRET.hex(), "ascii")
    given = {
        "--genesis": place / "genesis.json",
        "--node-key": draft / "keys" / "node.key",
        "--secret": place / "secret",
    }
    silently("node", "create", str(node), *(str(each) for option in given.items() for each in option))


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Start a node and its API."""
    place = tmp_path_factory.mktemp("town")
    node, keys = place / "node", place / "keys"
    create_with_customs(place, node, keys)
    database = f"sqlite:///{place / 'index.sqlite'}"
    told = f'\n[index]\ndatabase = "{database}"\n\n[vault]\nplace = "{place / "vault"}"\n'
    (place / "settings.toml").write_text(SETTINGS + told, "utf-8")
    sogdia = [sys.executable, "-m", "sogdia.cli.main"]
    environment = {**os.environ, "HOME": str(place)}
    with (
        (place / "log").open("wb") as log,
        subprocess.Popen([*sogdia, "node", "start", str(node)], env=environment, stderr=log) as engine,
    ):
        wait_until_it_answers(node)
        command = [
            *sogdia,
            "api",
            "start",
            str(node),
            "--listen",
            "127.0.0.1:0",
            "--config",
            str(place / "settings.toml"),
        ]
        indexing = [*sogdia, "index", "run", "--node", str(node), "--config", str(place / "settings.toml")]
        with (
            subprocess.Popen(indexing, env=environment, stderr=log) as index,
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log) as api,
        ):
            assert api.stdout is not None
            said = api.stdout.readline().decode()
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert found is not None, said
            made = Town(node, key_files.load(keys / "bank.key", "").keypair, found[0])
            made.settle_down()
            yield made
            api.terminate()
            index.terminate()
        engine.terminate()
