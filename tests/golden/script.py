"""One fixed script over all modules: every operation, refusals of every kind, deadlines. It prints what came of it.

It needs nothing but the product, so that any Python which has the product's libraries can run it:

    PYTHONPATH=src python -m tests.golden.script
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.client.keys import derive, derived_seed
from sogdia.client.p256_keys import P256KeyPair
from sogdia.kernel.accounts import HighValueLimit, Key, Thresholds
from sogdia.kernel.codec import encode
from sogdia.kernel.comet import address_of
from sogdia.kernel.mandates import Cap
from sogdia.kernel.merkle import path
from sogdia.kernel.receipt import Receipt, result_leaf
from sogdia.kernel.values import account_of, name_of
from sogdia.modules.documents import DocumentClass, Purpose
from sogdia.modules.documents.documents import CommitDocument, EraseDocument, GrantReading, RevokeReading
from sogdia.modules.documents.encryption_keys import SetEncryptionKey
from sogdia.modules.documents.files import OpenPartyFile
from sogdia.modules.documents.readings import RecordReading
from sogdia.modules.governance.proposing import (
    ProposeAdmission,
    ProposeCancellation,
    ProposeDismissal,
    ProposeLimits,
    ProposePower,
    ProposeQuota,
    ProposeRegistrar,
    ProposeRelease,
    ProposeRemoval,
    ProposeUpgrade,
)
from sogdia.modules.governance.voting import CastBallot, WithdrawProposal
from sogdia.modules.identity import possession_message
from sogdia.modules.identity.appeals import AppealSuspension, UpholdSuspension
from sogdia.modules.identity.attestations import AcceptAttestation, OfferAttestation, WithdrawAttestation
from sogdia.modules.identity.handles import ClaimHandle, ReleaseHandle
from sogdia.modules.identity.keys import ChangeKeys, NewKey, SetHighValueLimits, key_message
from sogdia.modules.identity.mandates import GiveConsent, GrantMandate, RenewConsents, RevokeMandate, code_before
from sogdia.modules.identity.node_keys import RotateNodeKey, rotation_message
from sogdia.modules.identity.parties import ChangeSponsor, RegisterParty, ReinstateParty, SuspendParty
from sogdia.modules.identity.recovery import (
    ApproveRecovery,
    ProposeRecovery,
    SetGuardians,
    VetoRecovery,
    digest_of,
)
from sogdia.modules.market.files import OpenOrderFile
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.listings import AddVariant, ChangeOffer, ChangeStock, CloseListing, OpenListing, PublishTerms
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    PlaceOrder,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import LINES, ORDERS, FinalLine, LineQuantity, Offer, Tier
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import (
    AuthoriseHolder,
    Burn,
    FreezeHolder,
    Mint,
    OpenCurrency,
    RevokeAuthorisation,
    SetCaps,
    UnfreezeHolder,
)
from sogdia.modules.money.holds import CaptureHold, PlaceHold, ReleaseHold
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import SEED, START, Ledger, keys_of
from tests.golden.backing_part import backing
from tests.golden.book_part import book
from tests.golden.exchange_part import exchange
from tests.golden.issuers_part import issuers
from tests.golden.netting_part import netting
from tests.golden.reference_part import reference
from tests.golden.routes_part import routes
from tests.golden.steps_part import steps
from tests.golden.vouchers_part import vouchers

if TYPE_CHECKING:
    from sogdia.client.keys import KeyPair
    from sogdia.kernel.operation import Operation
    from sogdia.modules.governance.proposing import Proposing

DAY = 86_400
SILK = Offer(price=19_995, decimals=1, tiers=(Tier(10, 18_005),), freight_per_unit=150, tax=1_600)
BOWL = Offer(price=450, minimum=2, promotion=1_000, promotion_until=1_800_000_000, gtin="4006381333931")


class Script:
    """Plays the script on a ledger in memory and writes down what happens, block by block."""

    def __init__(self) -> None:
        """Begin at genesis."""
        self.ledger = Ledger()
        self.lines = [f"genesis {self.ledger.network.hex()} {self.ledger.root.hex()}"]
        self.envelopes = sha256()
        self.results = sha256()
        self.used: set[str] = set()

    def send(self, who: str | tuple[str, ...], *operations: Operation, wait: int = 1) -> None:
        """Send an envelope in a block of its own, some time after the last one."""
        self.ledger.time += wait
        signed = self.ledger.sign(who, *operations)
        self.envelopes.update(signed.raw)
        self.used |= {type(operation).__name__ for operation in operations}
        self._note(self.ledger.block(signed), "+".join(type(operation).__name__ for operation in operations))

    def raw(self, raw: bytes, what: str) -> None:
        """Send bytes that are no good."""
        self.envelopes.update(raw)
        self._note(self.ledger.block(raw), what)

    def wait(self, seconds: int) -> None:
        """Let time pass without any traffic."""
        self.ledger.time += seconds
        self._note(self.ledger.block(), "nobody")

    def _note(self, answers: list[Any], what: str) -> None:
        ledger = self.ledger
        for result in ledger.last_block.all_results():
            self.results.update(result_leaf(result.id, result.receipt))
        codes = " ".join(
            f"{'' if isinstance(answer, Receipt) else 'kept out '}{int(answer.code)}" for answer in answers
        )
        exits = len(ledger.exit_receipts())
        self.lines.append(f"{ledger.height} {what}: {codes or '-'}, exits {exits}, root {ledger.root.hex()}")

    def account(self, name: str) -> bytes:
        """Give a party's account."""
        return self.ledger.account(name)


def parties(script: Script) -> None:
    """Play the operations of identity."""
    ledger, account = script.ledger, script.account

    def entry(reference: str, country: str, roles: int = 0) -> RegisterParty:
        public = keys_of(reference).public
        sponsor = account("registrar")
        return RegisterParty(
            reference=reference, kind=2, country=country, roles=roles, sponsor=sponsor, scheme=1, public=public
        )

    script.send("registrar", entry("samarkand", "UZ"), entry("kashgar", "CN", 8))
    samarkand = account_of(ledger.network, account("registrar"), "samarkand")
    ledger._registered["samarkand"] = samarkand
    script.send("registrar", entry("samarkand", "UZ"))
    script.send("nairobi", entry("mombasa", "KE"))
    script.send("registrar", SuspendParty(account=samarkand, reason="Документы не получены"))
    new = derive(SEED, "samarkand/1")
    proof = new.sign(key_message(ledger.network, samarkand, 1, 1, new.public))
    script.send("samarkand", ChangeKeys(remove=(0,), add=(NewKey(1, new.public, proof),)))
    ledger.use_key("samarkand", new, 1)
    script.send("samarkand", _pay(script, "bukhara", 1))
    script.send("registrar", ReinstateParty(account=samarkand))
    script.send(("samarkand", "registrar"), ChangeSponsor(sponsor=account("registrar")))
    node, next_node = keys_of("node"), derive(SEED, "node/1")
    message = rotation_message(ledger.network, node.public, next_node.public)
    endorsement, acceptance = node.sign(message), next_node.sign(message)
    script.send(
        "registrar",
        RotateNodeKey(old=node.public, new=next_node.public, endorsement=endorsement, acceptance=acceptance),
    )


def authority(script: Script) -> None:
    """Play keys, guardians, mandates and one-time codes of Lanzhou, whose agent is Nairobi."""
    ledger, account = script.ledger, script.account
    lanzhou, nairobi = account("lanzhou"), account("nairobi")

    def proven(pair: KeyPair | P256KeyPair, number: int, **changes: Any) -> NewKey:  # noqa: ANN401 - any field
        message = key_message(ledger.network, lanzhou, number, pair.scheme, pair.public)
        return NewKey(pair.scheme, pair.public, pair.sign(message), **changes)

    chip = P256KeyPair(derived_seed(SEED, "lanzhou/chip"))
    script.send("lanzhou", ChangeKeys(add=(proven(chip, 1, weight=2, valid_until=START + 90 * DAY),)))
    ledger.second_key("lanzhou", "chip", chip, 1)
    usd = asset_key(ledger.asset())
    script.send("lanzhou", SetHighValueLimits(limits=(HighValueLimit(usd, 100),)))
    guardians = tuple(sorted((account("bukhara"), account("carrier"), nairobi)))
    script.send("chip", SetGuardians(guardians=guardians, needed=2))
    new = derive(SEED, "lanzhou/2")
    script.send("bukhara", ProposeRecovery(account=lanzhou, new_keys=(proven(new, 2),), thresholds=Thresholds()))
    digest = digest_of(ledger.network, lanzhou, (Key(2, 1, new.public),), Thresholds())
    script.send("carrier", ApproveRecovery(account=lanzhou, guardian=account("bukhara"), digest=digest))
    script.send("lanzhou", VetoRecovery(guardian=account("bukhara")))
    script.send("bank", Mint(currency="USD", to=lanzhou, units=1_000))
    codes = [bytes(range(10))]
    for _each in range(3):
        codes.append(code_before(ledger.network, name_of(lanzhou, "m1"), codes[-1]))
    granted = GrantMandate(
        reference="m1",
        agent=nairobi,
        operations=(303, 410),
        caps=(Cap(usd, 100, 150),),
        period=DAY,
        valid_from=ledger.time,
        valid_until=ledger.time + 30 * DAY,
        consent_needed=True,
    )
    script.send("lanzhou", granted, RenewConsents(reference="m1", end=codes[3]))
    mandate = name_of(lanzhou, "m1")

    def pay(units: int) -> Transfer:
        return structs.replace(_pay(script, "bukhara", units), mandate=mandate)

    script.send("nairobi", pay(100))
    script.send("nairobi", GiveConsent(to=mandate, code=codes[2]), pay(100))
    script.send("nairobi", GiveConsent(to=mandate, code=codes[0], skipped=1), pay(51))
    script.send("nairobi", GiveConsent(to=mandate, code=codes[0], skipped=1), pay(50))
    script.send("lanzhou", RevokeMandate(reference="m1"))
    script.send("nairobi", ProposeRecovery(account=lanzhou, new_keys=(proven(new, 2),), thresholds=Thresholds()))
    script.send("carrier", ApproveRecovery(account=lanzhou, guardian=nairobi, digest=digest))
    script.wait(3 * DAY)
    ledger.use_key("lanzhou", new, 2)
    script.send("lanzhou", _pay(script, "bukhara", 1))


def registry(script: Script) -> None:
    """Play attestations, appeals and handles."""
    ledger, account = script.ledger, script.account

    def offer(reference: str, attests: int, tag: int) -> OfferAttestation:
        return OfferAttestation(
            reference=reference,
            subject=account("bukhara"),
            attests=attests,
            level=3,
            country="UZ",
            expiry=ledger.time + DAY,
            accept_by=ledger.time + 600,
            commitment=bytes(range(32)),
            tag=bytes(31) + bytes((tag,)),
        )

    names = [name_of(account("registrar"), reference) for reference in ("lei", "gln", "aeo")]
    script.send("registrar", offer("lei", 1, 1), offer("gln", 2, 2), offer("aeo", 6, 1))
    script.send("bukhara", AcceptAttestation(attestation=names[0]), AcceptAttestation(attestation=names[1]))
    script.send("bukhara", WithdrawAttestation(attestation=names[1]))
    script.send("registrar", WithdrawAttestation(attestation=names[1]))
    script.wait(600)
    script.wait(DAY)
    samarkand = account("samarkand")
    script.send("registrar", SuspendParty(account=samarkand, reason="Papers missing"))
    script.send("samarkand", AppealSuspension(grounds=bytes(range(32))))
    script.send("registrar", UpholdSuspension(account=samarkand))
    script.wait(14 * DAY)
    script.send("bukhara", ClaimHandle(handle="silk-road"))
    script.send("nairobi", ClaimHandle(handle="s1lkroad"))
    script.send("lanzhou", ClaimHandle(handle="兰州"), ClaimHandle(handle="丝绸之路"))
    script.send("bukhara", ReleaseHandle())


def _pay(script: Script, to: str, units: int, currency: str = "USD") -> Transfer:
    return Transfer(
        to=script.account(to), asset=script.ledger.asset(currency), units=units, purpose="GDDS", end_to_end="Счёт 17"
    )


def money(script: Script) -> None:
    """Play the operations of money."""
    ledger, account = script.ledger, script.account
    nairobi = account("nairobi")
    script.send("bank", OpenCurrency(currency="EUR", supply_max=1_000, holder_max=900, by_authorisation=True))
    script.send("bank", Mint(currency="EUR", to=nairobi, units=1))
    script.send("bank", AuthoriseHolder(currency="EUR", account=nairobi), Mint(currency="EUR", to=nairobi, units=900))
    script.send(
        "bank", Mint(currency="USD", to=nairobi, units=500_000), Mint(currency="USD", to=account("bank"), units=7)
    )
    script.send("bank", Burn(currency="USD", units=7), SetCaps(currency="EUR", supply_max=900, holder_max=900))
    script.send("bank", AuthoriseHolder(currency="EUR", account=account("lanzhou")))
    script.send("bank", RevokeAuthorisation(currency="EUR", account=account("lanzhou")))
    script.send("nairobi", _pay(script, "bukhara", 1_234), _pay(script, "bukhara", 499_999))
    script.send("nairobi", _pay(script, "bukhara", 1_234), _pay(script, "lanzhou", 5))
    script.send("bank", FreezeHolder(currency="USD", account=nairobi, reason="Court order 7/2026"))
    script.send("nairobi", _pay(script, "bukhara", 1))
    script.send("bank", UnfreezeHolder(currency="USD", account=nairobi))

    def hold(reference: str, units: int) -> PlaceHold:
        deadline = ledger.time + 600
        return PlaceHold(
            reference=reference,
            payee=account("bukhara"),
            asset=ledger.asset(),
            units=units,
            deadline=deadline,
            purpose="GDDS",
        )

    script.send("nairobi", hold("h1", 100), hold("h2", 50), hold("h3", 25))
    script.send("bukhara", CaptureHold(hold=name_of(nairobi, "h1"), units=60))
    script.send("bukhara", ReleaseHold(hold=name_of(nairobi, "h2")))
    script.send("bukhara", CaptureHold(hold=name_of(nairobi, "h3"), units=25), wait=700)


def shop(script: Script) -> None:
    """Play the operations about terms and listings."""
    account = script.account
    terms = PublishTerms(
        reference="t1",
        asset=script.ledger.asset(),
        carrier=account("carrier"),
        freight_per_order=700,
        tax_collector=account("treasury"),
        platform=account("platform"),
        platform_fee=250,
    )

    def listing(reference: str) -> OpenListing:
        return OpenListing(
            reference=reference,
            terms="t1",
            title=f"Бухарский {reference}",
            language="ru",
            unit="C62",
            hs_code="500720",
            origin="UZ",
        )

    script.send("bukhara", terms, listing("silk"), listing("bowl"), listing("old"))
    script.send(
        "bukhara",
        AddVariant(listing="silk", variant=1, offer=SILK, stock=50),
        AddVariant(listing="bowl", variant=1, offer=BOWL, stock=5),
        AddVariant(listing="old", variant=1, offer=BOWL, stock=5),
    )
    dearer = Offer(price=460, minimum=2, promotion=1_000, promotion_until=1_800_000_000, gtin="4006381333931")
    script.send("bukhara", ChangeOffer(listing="bowl", variant=1, offer=dearer))
    script.send("bukhara", ChangeStock(listing="bowl", variant=1, by=100), CloseListing(listing="old"))


def orders(script: Script) -> None:
    """Play the life of orders, each with another end."""
    ledger, account = script.ledger, script.account
    nairobi = account("nairobi")

    def order(reference: str, *lines: OrderLine) -> PlaceOrder:
        return PlaceOrder(
            reference=reference,
            merchant=account("bukhara"),
            lines=lines or (OrderLine("silk", 1, 3), OrderLine("bowl", 1, 7)),
            pay_at_most=60_000,
            commitment=bytes(range(32)),
        )

    names = {reference: name_of(nairobi, reference) for reference in ("o1", "o2", "o3", "o4", "o5", "o6")}
    o1, o2, o3, o4, o5, o6 = names.values()
    script.send("nairobi", *map(order, names))
    script.send("nairobi", order("o1"))
    script.send("nairobi", order("o9", OrderLine("silk", 1, 50)))
    script.send("nairobi", CancelOrder(order=o1))
    script.send("bukhara", DeclineOrder(order=o2))
    script.send("bukhara", AcceptOrder(order=o3, declined=(2,)), AcceptOrder(order=o4), AcceptOrder(order=o5))
    script.send("bukhara", ShipOrder(order=o3), ShipOrder(order=o4, commitment=bytes(32)), ShipOrder(order=o5))
    script.send("bukhara", ShipOrder(order=o5))
    script.send("carrier", ConfirmDelivery(order=o3), ConfirmDelivery(order=o4))
    script.send("bukhara", RefundLines(order=o4, lines=(LineQuantity(1, 1),)))
    final = FinalLine(1, *(getattr(LINES.must(ledger.state, (o3, 1)), field) for field in FINAL_FIELDS))
    declined = LINES.must(ledger.state, (o3, 2))
    rest = FinalLine(2, *(getattr(declined, field) for field in FINAL_FIELDS))
    script.send("nairobi", SettleOrder(order=o3))
    leaves = [encode(final), encode(rest)]
    script.send("bukhara", RefundLate(order=o3, line=final, path=path(leaves, 0), quantity=2))
    script.send("nairobi", RequestReturn(order=o4, lines=(LineQuantity(2, 3),)))
    script.send("bukhara", ApproveReturn(order=o4))
    script.send("nairobi", RequestReturn(order=o4, lines=(LineQuantity(1, 1), LineQuantity(2, 4))))
    script.send("bukhara", RefuseReturn(order=o4, reason=bytes(32)))
    script.send("bukhara", ProposeSplit(order=o4, to_buyer=1_001))
    script.send("nairobi", AcceptSplit(order=o4, to_buyer=1_001))
    script.wait(3 * DAY)
    script.wait(45 * DAY)
    script.send("nairobi", RequestReturn(order=o5, lines=(LineQuantity(2, 7),)))
    script.send("bukhara", AcceptOrder(order=o6), wait=8 * DAY)
    script.wait(30 * DAY)


FINAL_FIELDS = ("listing", "variant", "quantity", "paid", "promotion", "returned")


def documents(script: Script) -> None:
    """Play the operations about documents: a letter about a closed order, and a party's own papers."""
    account = script.account
    nairobi = account("nairobi")
    order, letter = name_of(nairobi, "o3"), name_of(nairobi, "letter")
    for number, who in enumerate(("nairobi", "bukhara", "carrier", "treasury"), start=1):
        script.send(who, SetEncryptionKey(public=bytes((9 + number,)) * 32))
    script.send("nairobi", OpenOrderFile(order=order), OpenPartyFile())
    script.send("lanzhou", OpenOrderFile(order=order))
    commit = CommitDocument(
        reference="letter",
        about=ORDERS.full_key(order),
        document_class=DocumentClass.MESSAGE,
        commitment=bytes(range(32)),
        size=900,
        readers=(account("carrier"),),
    )
    script.send("nairobi", commit, GrantReading(document="letter", reader=account("treasury")))
    script.send("carrier", commit)
    reading = RecordReading(document=letter, purpose=Purpose.COURT_ORDER, case="2026-117")
    script.send("treasury", reading)
    script.send("nairobi", RevokeReading(document="letter", reader=account("carrier"), commitment=bytes(32), size=901))
    script.send("treasury", reading)
    script.send("nairobi", EraseDocument(document="letter"))
    script.send("treasury", reading)


def governance(script: Script) -> None:
    """Play proposals and votes: the platform joins the one that runs the network, is jailed, and goes again."""
    ledger, account = script.ledger, script.account
    platform = account("platform")
    node = derive(SEED, "node of platform")

    def proposed(operation: type[Proposing], reference: str = "p", height: int = 0, **fields: Any) -> Proposing:  # noqa: ANN401 - any field
        return operation(reference=reference, height=height, **fields)

    possession = node.sign(possession_message(ledger.network, platform, node.public))
    joins = proposed(ProposeAdmission, account=platform, public=node.public, power=1, possession=possession)
    script.send("registrar", joins)
    script.send(("registrar", "platform"), joins)
    script.send("registrar", proposed(ProposeLimits, "limits", block_envelopes_max=4_000))
    quota: dict[str, Any] = {"operations": 500, "bytes": 5_000_000, "reserved_operations": 50, "stored_bytes": 50_000}
    script.send("registrar", proposed(ProposeQuota, account=account("carrier"), **quota))
    ballot: dict[str, Any] = {"proposal": name_of(account("registrar"), "p")}
    script.send("platform", CastBallot(**ballot, yes=False))
    script.send("registrar", proposed(ProposeQuota, account=account("carrier"), **quota))
    script.send("platform", CastBallot(**ballot, yes=True))
    registrar: dict[str, Any] = {"countries": ("KE", "UG"), "parties": 5, "attestations": 5, "period": DAY}
    script.send("platform", proposed(ProposeRegistrar, "r", account=account("treasury"), **registrar))
    script.send("registrar", CastBallot(proposal=name_of(platform, "r"), yes=True))
    script.send("platform", proposed(ProposePower, account=platform, power=2))
    script.send("platform", WithdrawProposal(reference="p"))
    script.send("platform", proposed(ProposeDismissal, account=account("treasury")))
    script.wait(14 * DAY + 1)
    ledger.evidence = (address_of(node.public),)
    script.wait(1)
    script.send("registrar", proposed(ProposeDismissal, "d", account=account("treasury")))
    script.send("registrar", proposed(ProposePower, account=platform, power=2))
    script.send("registrar", proposed(ProposeUpgrade, "up", height=ledger.height + 1_000, version=2))
    up = name_of(account("registrar"), "up")
    script.send("registrar", proposed(ProposeCancellation, "stop", proposal=up))
    script.send("registrar", proposed(ProposeRelease, "free", account=platform))
    script.wait(1)
    script.send("registrar", proposed(ProposeRemoval, account=platform))
    script.send("platform", CastBallot(**ballot, yes=True))
    script.wait(1)
    script.wait(1)


def bad_bytes(script: Script) -> None:
    """Play what is kept out of every block."""
    good = script.ledger.sign("nairobi", _pay(script, "bukhara", 1)).raw
    script.raw(good[:-1], "an envelope cut short")
    script.raw(good[:-2] + bytes((good[-2] ^ 1,)) + good[-1:], "an envelope with a damaged signature")
    script.raw(good, "a good envelope")
    script.raw(good, "the same again")


TRADE = (parties, money, shop, orders, documents, authority, bad_bytes, registry, governance)
PARTS = (*TRADE, exchange, book, vouchers, issuers, netting, reference, routes, steps, backing)
"""The whole script: every operation is in it, and nearly every fact comes of it."""


def play() -> dict[str, Any]:
    """Play everything; give the lines and the hashes over all envelopes and results."""
    script = Script()
    for part in PARTS:
        part(script)
    return {
        "lines": script.lines,
        "envelopes": script.envelopes.hexdigest(),
        "results": script.results.hexdigest(),
        "app_hash": script.ledger.root.hex(),
        "operations": sorted(script.used),
    }


if __name__ == "__main__":
    json.dump(play(), sys.stdout, indent=1)
