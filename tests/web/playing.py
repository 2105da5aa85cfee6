"""A played network for tests of the pages: a real node with a manual clock, an order's whole life, hostile texts."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client import keys as key_files
from sogdia.client.connection import Connection, NodeNotRunningError
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.index import following
from sogdia.index.sources import NodeSource
from sogdia.kernel.genesis import network_of
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.values import NO_ACCOUNT, account_of, name_of
from sogdia.modules import ALL
from sogdia.modules.identity.parties import RegisterParty, SuspendParty
from sogdia.modules.market.listings import AddVariant, CloseListing, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, PlaceOrder, ShipOrder
from sogdia.modules.market.records import LineQuantity, Offer
from sogdia.modules.market.returns import ApproveReturn, RequestReturn
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.holds import CaptureHold, PlaceHold
from sogdia.modules.money.transfers import Transfer
from sogdia.node import create
from sogdia.testing.ledger import START, genesis, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt

ROOT = Path(__file__).parents[2]
DAY = 86_400
TITLES = (
    "Ikat scarf, hand-woven silk",
    "<script>alert(1)</script><img src=x onerror=alert(1)> \"'&",
    "شال حرير يدوي من بخارى",
    "手工丝绸围巾 兰州",
    "Шёлковый шарф ручной работы",
    "{{ 7*7 }} {% raw %} </title></h1>",
)
REASON = "</p><b>Licence withdrawn</b> & \u05e8\u05d9\u05e9\u05d9\u05d5\u05df"


class Played:
    """A network that has been played, and where its node is."""

    def __init__(self, folder: Path, **changes: Any) -> None:  # noqa: ANN401 - any section
        """Make the ledger; `changes` replace sections of its genesis."""
        self.folder = folder
        made = genesis(**changes)
        self.network = network_of(made)
        self.genesis = msgspec.json.encode(made)
        create(folder, made)
        (folder / "keys").mkdir(exist_ok=True)
        key_files.save(folder / "keys" / "node.key", keys_of("node"), "", unprotected=True)
        self.maker = EnvelopeMaker(self.network)
        self.asset = Asset("USD", self.account("bank"))
        self.ids: dict[str, bytes] = {}
        self.decode = receipt_decoder(ALL).decode
        self.time = START

    @property
    def database(self) -> str:
        """The URL of its index."""
        return f"sqlite:///{self.folder / 'index.sqlite'}"

    def account(self, name: str) -> bytes:
        """Give the account of a party of the genesis."""
        return account_of(self.network, NO_ACCOUNT, name)

    def order(self, reference: str) -> bytes:
        """Give the name of an order of Nairobi's."""
        return name_of(self.account("nairobi"), reference)

    def send(self, what: str, who: str, *operations: Operation, refused: bool = False) -> Receipt:
        """Let somebody send operations; remember their id as `what`."""
        signed = self.maker.make([Sender(self.account(who), keys_of(who))], operations, expiry=self.time + 3_600)
        receipt: Receipt = self.decode(self.connection.submit(signed.raw).receipt)
        assert bool(receipt.code) == refused, (what, receipt)
        self.ids[what] = signed.id
        return receipt

    def wait(self, seconds: int) -> None:
        """Put the clock forward."""
        self.time += seconds
        self.connection.advance(self.time)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the node for a while, in a process of its own."""
        command = [sys.executable, "-m", "sogdia.demo.node_process", str(self.folder)]
        log = (self.folder / "node.log").open("wb")
        environment = {"PYTHONPATH": f"{ROOT / 'src'}", "HOME": str(self.folder), "PATH": "/usr/bin:/bin"}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, cwd=ROOT)
        try:
            self.connection = self._connect(process)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            if process.stdin is not None:
                process.stdin.close()
            if hasattr(self, "connection"):
                self.connection.close()
            log.close()

    def _connect(self, process: subprocess.Popen[bytes]) -> Connection:
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            try:
                return Connection(self.folder)
            except NodeNotRunningError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "node.log").read_text())

    def index(self) -> None:
        """Bring the index up to the last block, once the node has made the header that vouches for what was played."""
        played, until = self.connection.height(), time.monotonic() + 5
        while self.connection.height() == played and time.monotonic() < until:
            time.sleep(0.05)
        source = NodeSource(self.folder)
        following.build(source, self.database)
        source.close()

    # ------------------------------------------------------------------------------------------------------- the play

    def play(self) -> None:
        """Play everything that a page may have to show."""
        self.send_mint()
        self._large()
        self.market()
        self._first_order()
        self._others()
        self._wait_for_exits()

    def send_mint(self) -> None:
        """Let the bank create money."""
        self.send("mint", "bank", Mint(currency="USD", to=self.account("nairobi"), units=1_000_000))

    def _large(self) -> None:
        """Play what makes pages long: titles as long as they may be, many variants, an order of many lines."""
        chance = random.Random(1)
        terms = PublishTerms(
            reference="t", asset=self.asset, carrier=None, freight_per_order=0, tax_collector=None, platform=None,
            platform_fee=0,
        )  # fmt: skip
        self.send("large terms", "lanzhou", terms)
        titles = ["".join(chr(chance.randrange(0x4E00, 0x9F00)) for _sign in range(200)) for _title in range(30)]
        for first in (0, 15):
            listings = [
                OpenListing(
                    reference=f"big{number}", terms="t", title=titles[number], language="zh", unit="C62",
                    hs_code="691110", origin="CN",
                )
                for number in range(first, first + 15)
            ]  # fmt: skip
            self.send("large listings", "lanzhou", *listings)
        for first in range(0, 64, 16):
            variants = [
                AddVariant(
                    listing="big0", variant=number, offer=Offer(price=10 + number, tax=chance.randrange(999)), stock=9
                )
                for number in range(first, first + 16)
            ]
            self.send("large variants", "lanzhou", *variants)
        lines = tuple(OrderLine("big0", number, 1 + number % 7) for number in range(60))
        large = PlaceOrder(reference="large", merchant=self.account("lanzhou"), lines=lines, pay_at_most=900_000)
        self.send("large place", "nairobi", large)

    def market(self) -> None:
        """Let Bukhara offer goods."""
        terms = PublishTerms(
            reference="export",
            asset=self.asset,
            carrier=self.account("carrier"),
            freight_per_order=1_200,
            tax_collector=self.account("treasury"),
            platform=self.account("platform"),
            platform_fee=250,
        )
        listing = [
            OpenListing(
                reference=f"l{number}", terms="export", title=title, language="en", unit="C62",
                hs_code="621410", origin="UZ",
            )
            for number, title in enumerate(TITLES)
        ]  # fmt: skip
        variants = [
            AddVariant(listing="l0", variant=1, offer=Offer(price=3_850, tax=1_600), stock=40),
            AddVariant(listing="l1", variant=0, offer=Offer(price=19_995, decimals=1, gtin="4006381333931"), stock=9),
        ]
        self.send("terms", "bukhara", terms)
        self.send("listings", "bukhara", *listing, *variants)
        self.send("close", "bukhara", CloseListing(listing="l5"))

    def _first_order(self) -> None:
        order = self.order("silk-1")
        self.send("place", "nairobi", self.place("silk-1", self.lines()))
        self.wait(60)
        self.send("accept", "bukhara", AcceptOrder(order=order))
        self.wait(DAY)
        self.send("ship", "bukhara", ShipOrder(order=order))
        self.wait(5 * DAY)
        self.send("confirm", "carrier", ConfirmDelivery(order=order))
        self.send("return", "nairobi", RequestReturn(order=order, lines=(LineQuantity(1, 1),)))
        self.send("approve", "bukhara", ApproveReturn(order=order))
        self.wait(20 * DAY)

    def _others(self) -> None:
        nairobi, bukhara = self.account("nairobi"), self.account("bukhara")
        self.send("place 2", "nairobi", self.place("silk-2", (OrderLine("l0", 1, 1),)))
        self.send("again", "nairobi", self.place("silk-2", (OrderLine("l0", 1, 2),)), refused=True)
        self.send(
            "transfer", "nairobi",
            Transfer(asset=self.asset, to=bukhara, units=1_250, purpose="GDDS", end_to_end="<i>thanks</i>"),
        )  # fmt: skip
        self.send(
            "hold", "nairobi",
            PlaceHold(
                reference="h1", payee=bukhara, asset=self.asset, units=500, purpose="GDDS", deadline=self.time + DAY
            ),
        )  # fmt: skip
        self.send("capture", "bukhara", CaptureHold(hold=name_of(nairobi, "h1"), units=200))
        self.send(
            "register", "registrar",
            RegisterParty(
                reference="ali", kind=1, country="EG", roles=0, sponsor=self.account("registrar"), scheme=1,
                public=keys_of("ali").public,
            ),
        )  # fmt: skip
        ali = account_of(self.network, self.account("registrar"), "ali")
        self.send("suspend", "registrar", SuspendParty(account=ali, reason=REASON))

    def _wait_for_exits(self) -> None:
        self.wait(3 * DAY)
        self.send("place 3", "nairobi", self.place("silk-3", (OrderLine("l0", 1, 2),)))

    @staticmethod
    def lines() -> tuple[OrderLine, ...]:
        """Give the lines of the first order."""
        return (OrderLine("l0", 1, 3), OrderLine("l1", 0, 2))

    def place(self, reference: str, lines: tuple[OrderLine, ...]) -> PlaceOrder:
        """Order something in Bukhara."""
        return PlaceOrder(reference=reference, merchant=self.account("bukhara"), lines=lines, pay_at_most=900_000)
