"""Writes the golden folder of this release: a small ledger in which everything happens once, always the same.

    python -m tools.golden_folder            write tests/golden/folder-<release>, its export and what it must lead to
    python -m tools.golden_folder FOLDER     write them into another folder, to compare

A release's golden folder is written once, when the release is made, and never again: every later release has to open
it. While a release is being prepared it is written anew after each change that reaches the bytes.
"""

from __future__ import annotations

import shutil
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.client.keys import KeyPair, derive
from sogdia.engine.folders.backup import back_up_folder
from sogdia.engine.folders.export import export_folder
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.versions import release
from sogdia.kernel.blinding import commitment_to
from sogdia.kernel.genesis import genesis_type
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import NO_ACCOUNT, account_of, name_of
from sogdia.modules import ALL
from sogdia.modules.identity import Kind
from sogdia.modules.identity.node_keys import RotateNodeKey, rotation_message
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, PlaceOrder, SettleOrder, ShipOrder
from sogdia.modules.market.records import LineQuantity, Offer
from sogdia.modules.market.returns import ApproveReturn, RequestReturn
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.holds import CaptureHold, PlaceHold
from sogdia.modules.money.transfers import Transfer

if TYPE_CHECKING:
    from sogdia.client.envelopes import Signed
    from sogdia.kernel.operation import Operation

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"
START = 1_760_000_000
MINUTE, HOUR = 60, 3_600
SEED = b"sogdia golden folder"
SECRET = sha256(SEED + b", its blinding secret").digest()
PARTIES: tuple[tuple[str, Kind, str, tuple[str, ...]], ...] = (
    ("registrar", Kind.REGISTRAR, "KZ", ("registrar", "operator")),
    ("bank", Kind.PAYMENT_INSTITUTION, "KZ", ("issuer",)),
    ("carrier", Kind.CARRIER, "CN", ("carrier",)),
    ("bukhara", Kind.ENTERPRISE, "UZ", ()),
    ("nairobi", Kind.PERSON, "KE", ()),
)
WINDOWS = {"accept": HOUR, "ship": HOUR, "deliver": HOUR, "returns": HOUR, "answer": HOUR, "agree": HOUR}


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What every release must find in a golden folder, and in what its export is imported to."""

    network: str
    height: int
    records: int
    state_root: str


class Story:
    """The golden ledger while it is being written."""

    def __init__(self, folder: Path) -> None:
        """Make the ledger."""
        self._node_keys = [derive(SEED, "node", name) for name in ("first", "second")]
        self.ledger = Ledger.create(folder, ALL, _genesis(self._node_keys[0]), self._node_keys, secret=SECRET)
        self._maker = EnvelopeMaker(self.ledger.machine.network)
        self._time = START
        self._salt = 0

    def play(self) -> None:
        """Let everything happen once."""
        self._enter_parties_and_money()
        self._hold_money()
        self._trade()
        self._change_the_node_key()
        self._leave_things_open()

    def _account(self, name: str) -> bytes:
        return account_of(self.ledger.machine.network, NO_ACCOUNT, name)

    def _asset(self) -> Asset:
        return Asset("USD", self._account("bank"))

    def _sign(self, who: str, *operations: Operation) -> Signed:
        self._salt += 1
        sender = Sender(self._account(who), derive(SEED, who))
        salt = self._salt.to_bytes(8, "big")
        return self._maker.make([sender], operations, expiry=self._time + 2 * HOUR, salt=salt)

    def _block(self, *signed: Signed, after: int = MINUTE) -> None:
        """Make a block; every envelope must be admissible."""
        self._time += after
        envelopes = [self.ledger.machine.envelopes.open(each.raw, self.ledger.limits()) for each in signed]
        for outcome in self.ledger.build_block(self._time, envelopes, empty=True).outcomes:
            if isinstance(outcome, Refused):
                raise outcome

    def _step(self, who: str, *operations: Operation) -> None:
        self._block(self._sign(who, *operations))

    def _enter_parties_and_money(self) -> None:
        """A party, money, a payment that goes through and one that is refused."""
        samarkand = RegisterParty(
            reference="samarkand",
            kind=int(Kind.ENTERPRISE),
            country="UZ",
            roles=0,
            sponsor=self._account("registrar"),
            scheme=1,
            public=derive(SEED, "samarkand").public,
        )
        mint = Mint(currency="USD", to=self._account("nairobi"), units=90_000)
        self._block(self._sign("registrar", samarkand), self._sign("bank", mint))
        self._block(self._pay("nairobi", "bukhara", 12_500), self._pay("bukhara", "nairobi", 10**9))

    def _pay(self, who: str, to: str, units: int) -> Signed:
        payment = Transfer(
            to=self._account(to), asset=self._asset(), units=units, purpose="GDDS", end_to_end=f"invoice {units}"
        )
        return self._sign(who, payment)

    def _hold(self, reference: str) -> PlaceHold:
        return PlaceHold(
            reference=reference,
            payee=self._account("bukhara"),
            asset=self._asset(),
            units=2_000,
            deadline=self._time + HOUR,
            purpose="GDDS",
        )

    def _hold_money(self) -> None:
        """A hold that is captured in part, and one whose deadline passes."""
        self._step("nairobi", self._hold("deposit"), self._hold("reserve"))
        self._step("bukhara", CaptureHold(hold=name_of(self._account("nairobi"), "deposit"), units=1_500))
        self._block(after=HOUR)

    def _trade(self) -> None:
        """A shop, an order through its whole life with a line returned, and an order that nobody accepts."""
        terms = PublishTerms(
            reference="t1",
            asset=self._asset(),
            carrier=self._account("carrier"),
            freight_per_order=700,
            tax_collector=None,
            platform=None,
            platform_fee=0,
        )
        listing = OpenListing(
            reference="suzani",
            terms="t1",
            title="Suzani, handmade in Bukhara",
            language="en",
            unit="C62",
            hs_code="580500",
            origin="UZ",
        )
        variant = AddVariant(listing="suzani", variant=1, offer=Offer(price=1_999, tax=1_600), stock=100)
        self._step("bukhara", terms, listing, variant)
        order = name_of(self._account("nairobi"), "o1")
        self._step("nairobi", self._order("o1"), self._order("o2"))
        self._step("bukhara", AcceptOrder(order=order))
        self._step("bukhara", ShipOrder(order=order))
        self._step("carrier", ConfirmDelivery(order=order))
        self._step("nairobi", RequestReturn(order=order, lines=(LineQuantity(2, 1),)))
        self._step("bukhara", ApproveReturn(order=order))
        self._step("nairobi", SettleOrder(order=order))
        self._block(after=HOUR)

    def _order(self, reference: str) -> PlaceOrder:
        lines = (OrderLine("suzani", 1, 2), OrderLine("suzani", 1, 1))
        return PlaceOrder(reference=reference, merchant=self._account("bukhara"), lines=lines, pay_at_most=10_000)

    def _change_the_node_key(self) -> None:
        """Another key signs headers."""
        old, new = self._node_keys
        message = rotation_message(self.ledger.machine.network, old.public, new.public)
        endorsement, acceptance = old.sign(message), new.sign(message)
        change = RotateNodeKey(old=old.public, new=new.public, endorsement=endorsement, acceptance=acceptance)
        self._step("registrar", change)
        self._block()
        self._block()

    def _leave_things_open(self) -> None:
        """An open order, an open hold and remembered ids, after the first ids have been forgotten."""
        self._block(after=3 * HOUR)
        self._step("nairobi", self._order("o3"), self._hold("open"))
        self._block()


def _genesis(node_key: KeyPair) -> Any:  # noqa: ANN401 - its type depends on the modules
    parties: list[dict[str, Any]] = [
        {
            "reference": name,
            "kind": int(kind),
            "country": country,
            "public": derive(SEED, name).public.hex(),
            "roles": roles,
            "sponsor": "registrar",
            "quota": {} if name == "registrar" else None,
        }
        for name, kind, country, roles in PARTIES
    ]
    content: dict[str, Any] = {
        "name": "golden",
        "time": START,
        "clock": "manual",
        "blinding": commitment_to(SECRET),
        "validators": [[node_key.public.hex(), 1]],
        "identity": {"parties": parties, "registrars": [{"reference": "registrar"}]},
        "money": {"currencies": [{"currency": "USD", "issuer": "bank"}]},
        "market": {"windows": WINDOWS},
    }
    return msgspec.convert(content, genesis_type(ALL))


def write(folder: Path, name: str) -> Expected:
    """Write the golden ledger into `folder` under a name: a data folder, its export, and what they lead to."""
    with TemporaryDirectory() as work:
        story = Story(Path(work) / "ledger")
        story.play()
        ledger = story.ledger
        expected = Expected(
            network=ledger.machine.network.hex(),
            height=ledger.tip.height,
            records=ledger.tree.count,
            state_root=ledger.tree.root.hex(),
        )
        ledger.close()
        # A copy is compact, so the file is as small as it can be.
        back_up_folder(Path(work) / "ledger", folder / name)
        export_folder(Path(work) / "ledger", folder / f"{name}.export")
    for lock in (folder / name).glob("*lock"):
        lock.unlink()
    text = msgspec.json.format(msgspec.json.encode(expected), indent=2)
    (folder / f"{name}.json").write_bytes(text + b"\n")
    return expected


def main() -> int:
    """Write the golden folder of the installed release."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else GOLDEN
    if release() == "unreleased":
        print("A golden folder names the release that wrote it, and none is installed here. Run 'make setup' first.")
        return 2
    name = f"folder-{release()}"
    if (folder / name).exists():
        # Only what this program itself has written under this release's name makes room for the new one.
        shutil.rmtree(folder / name)
        (folder / f"{name}.export").unlink(missing_ok=True)
    expected = write(folder, name)
    print(f"{folder / name}: height {expected.height}, {expected.records} records, state root {expected.state_root}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
