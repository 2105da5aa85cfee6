"""The work that everything is measured by: signed order life cycles of five envelopes each.

place (3 lines), accept, ship, deliver, settle. Envelopes are built and signed before the clock starts; steps of one
order follow each other, as in trade: the next is sent when the receipt of the last is in hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.client.keys import KeyPair, derive
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.values import NO_ACCOUNT, account_of, name_of
from sogdia.modules import ALL
from sogdia.modules.identity import Kind
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import (
    AcceptOrder,
    ConfirmDelivery,
    OrderLine,
    PlaceOrder,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import Offer
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.transfers import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.genesis import GenesisBase
    from sogdia.kernel.operation import Operation

STEPS = 5
LINES = 3
SEED = b"sogdia bench"
BUYERS = 400
MERCHANTS = 40
SPONSORS = 100
LISTINGS = 25
"""Listings of each merchant: 1,000 in all, as at the peer."""

STOCK = 2_000_000_000
VALIDITY = 900
VALID_FROM = 1_700_000_000
ROLES = {"bank": ["issuer"], "carrier": ["carrier"], "platform": ["platform"]}
PAYMENTS_ROLES = {"dealer": ["liquidity_provider"], "treasury": ["tax_collector"]}


class Trade(NamedTuple):
    """Who trades: names in the genesis, all with keys derived from one seed."""

    buyers: list[str]
    merchants: list[str]
    sponsors: list[str]

    def names(self) -> list[str]:
        """Give everybody."""
        return [*self.sponsors, *self.buyers, *self.merchants, "bank", "carrier", "platform"]


def trade() -> Trade:
    """Give the parties of the bench."""
    return Trade(
        [f"buyer{number}" for number in range(BUYERS)],
        [f"merchant{number}" for number in range(MERCHANTS)],
        [f"sponsor{number}" for number in range(SPONSORS)],
    )


def keys_of(name: str) -> KeyPair:
    """Give a party's key."""
    return derive(SEED, name)


def genesis(time: int, *, clock: str = "wall", organisations: int = 0, payments: bool = False) -> GenesisBase:
    """Make the genesis: default rules, quotas on and wide enough for the whole run.

    With `organisations` it is for CometBFT, and each of them has a validator, whose key is that of "node 0" and so on.
    With `payments` there are shillings beside dollars, a dealer that exchanges them, and a treasury.
    """
    validators = [f"node {number}" for number in range(organisations)] or ["node"]
    people = trade()
    more = list(PAYMENTS_ROLES) if payments else []
    quota = {
        "operations": 10**12,
        "bytes": 10**15,
        "reserved_operations": 10**12,
        "stored_bytes": 10**15,
    }
    parties: list[dict[str, Any]] = []
    for at, name in enumerate([*people.names(), *more]):
        sponsor = name in people.sponsors
        parties.append(
            {
                "reference": name,
                "kind": int(Kind.PLATFORM if sponsor else Kind.ENTERPRISE),
                "country": "KZ",
                "public": keys_of(name).public.hex(),
                "roles": (ROLES | PAYMENTS_ROLES).get(name, []),
                "sponsor": None if sponsor else people.sponsors[at % SPONSORS],
                "quota": quota if sponsor else None,
            }
        )
    content = {
        "name": "bench",
        "time": time,
        "clock": clock,
        "engine": "cometbft" if organisations else "solo",
        "validators": [[keys_of(name).public.hex(), 1] for name in validators],
        "identity": {"parties": parties},
        "money": {
            "currencies": [
                {"currency": code, "issuer": "bank", "supply_max": 2**60, "holder_max": 2**60}
                for code in (("USD", "KES") if payments else ("USD",))
            ]
        },
    }
    made: GenesisBase = msgspec.convert(content, genesis_type(ALL))
    return made


class Maker:
    """Builds and signs the envelopes of the bench."""

    def __init__(self, network: bytes, expiry: int) -> None:
        """Prepare for a network; all envelopes expire at `expiry`."""
        self.network = network
        self.expiry = expiry
        self.people = trade()
        self._maker = EnvelopeMaker(network)
        names = (*self.people.names(), *PAYMENTS_ROLES)
        self._senders = {name: Sender(self.account(name), keys_of(name)) for name in names}
        self._salt = 0

    def account(self, name: str) -> bytes:
        """Give a party's account."""
        return account_of(self.network, NO_ACCOUNT, name)

    def sign(self, name: str, *operations: Operation) -> bytes:
        """Build and sign an envelope."""
        self._salt += 1
        salt = self._salt.to_bytes(8, "big")
        return self._maker.make([self._senders[name]], operations, expiry=self.expiry, salt=salt).raw

    def preparations(self) -> Iterator[bytes]:
        """Give what has to be there before the first order: money, terms, listings."""
        for name in self.people.buyers:
            yield self.sign("bank", Mint(currency="USD", to=self.account(name), units=10**15))
        asset = Asset("USD", self.account("bank"))
        for name in self.people.merchants:
            terms = PublishTerms(
                reference="t",
                asset=asset,
                carrier=self.account("carrier"),
                freight_per_order=900,
                tax_collector=None,
                platform=self.account("platform"),
                platform_fee=250,
            )
            yield self.sign(name, terms)
            for number in range(LISTINGS):
                listing = OpenListing(
                    reference=f"l{number}",
                    terms="t",
                    title="Ikat scarf, hand-woven silk",
                    language="en",
                    unit="C62",
                    hs_code="621410",
                    origin="UZ",
                )
                offer = Offer(price=1_999 + number, tax=1_200)
                yield self.sign(name, listing, AddVariant(listing=f"l{number}", variant=1, offer=offer, stock=STOCK))

    def one_transfer(self, number: int) -> tuple[bytes, ...]:
        """Give the one envelope of a plain transfer between two buyers."""
        payee = self.account(self.people.buyers[(number * 11 + 1) % BUYERS])
        asset = Asset("USD", self.account("bank"))
        paid = Transfer(to=payee, asset=asset, units=7, purpose="GDDS", end_to_end="")
        return (self.sign(self.people.buyers[number * 7 % BUYERS], paid),)

    def life(self, number: int) -> tuple[bytes, ...]:
        """Give the five envelopes of one order."""
        buyer = self.people.buyers[number % BUYERS]
        merchant = self.people.merchants[(number * 7) % MERCHANTS]
        reference = f"o{number}"
        lines = tuple(OrderLine(f"l{(number + at * 11) % LISTINGS}", 1, 1 + at) for at in range(LINES))
        order = name_of(self.account(buyer), reference)
        place = PlaceOrder(reference=reference, merchant=self.account(merchant), lines=lines, pay_at_most=10**9)
        return (
            self.sign(buyer, place),
            self.sign(merchant, AcceptOrder(order=order)),
            self.sign(merchant, ShipOrder(order=order)),
            self.sign("carrier", ConfirmDelivery(order=order)),
            self.sign(buyer, SettleOrder(order=order)),
        )


def network(made: GenesisBase) -> bytes:
    """Give the genesis hash."""
    return network_of(made)
