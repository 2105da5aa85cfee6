"""The part of the fixed script that plays orders paid in steps and at the door, and an award."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import account_of, name_of
from sogdia.modules.identity import Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.awards import AwardReturn, AwardSplit
from sogdia.modules.market.cash import CollectCash, ContestRefusal, RemitCash, ReportRefusal
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.deposits import PayBalance
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, PlaceOrder, ShipOrder
from sogdia.modules.market.records import LineQuantity, Offer, Payment, RestPaid, Share
from sogdia.modules.market.returns import RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.money.currencies import FreezeHolder, Mint, UnfreezeHolder
from sogdia.testing.ledger import keys_of

if TYPE_CHECKING:
    from tests.golden.script import Script

DAY = 86_400
GOODS: dict[str, Any] = {"title": "Bowls", "language": "en", "unit": "C62", "hs_code": "691200", "origin": "UZ"}


def steps(script: Script) -> None:
    """Play a deposit with early shares and an award, one that is not paid, and cash at the door in all its ends."""
    account = script.account
    script.send("bank", Mint(currency="USD", to=account("nairobi"), units=10**5))
    script.send("bank", Mint(currency="USD", to=account("carrier"), units=10**4))
    enter_judge(script)
    judge = (Share(account("judge"), 75),)
    sell(script, "early", Payment(3_000, RestPaid.BEFORE_SHIPPING, 0, 2_500, 2_500), judge)
    sell(script, "door", Payment(1_000, RestPaid.ON_DELIVERY, 5_000), ())
    paid_in_steps(script)
    paid_at_the_door(script)


def enter_judge(script: Script) -> None:
    """Let the registrar enter an arbitrator."""
    ledger, account = script.ledger, script.account
    entry = RegisterParty(
        reference="judge",
        kind=3,
        country="KZ",
        roles=int(Role.ARBITRATOR),
        sponsor=account("registrar"),
        scheme=1,
        public=keys_of("judge").public,
    )
    script.send("registrar", entry)
    ledger._registered["judge"] = account_of(ledger.network, account("registrar"), "judge")


def sell(script: Script, reference: str, payment: Payment, shares: tuple[Share, ...]) -> None:
    """Publish terms and offer bowls under them."""
    published = PublishTerms(
        reference=reference,
        asset=script.ledger.asset(),
        carrier=script.account("carrier"),
        freight_per_order=99,
        tax_collector=None,
        platform=None,
        platform_fee=0,
        shares=shares,
        payment=payment,
    )
    opened = OpenListing(reference=f"bowls-{reference}", terms=reference, **GOODS)
    bowl = AddVariant(listing=f"bowls-{reference}", variant=1, offer=Offer(price=333), stock=50)
    script.send("bukhara", published, opened, bowl)


def place(script: Script, kind: str, *references: str) -> list[bytes]:
    """Order three bowls, for 1098, several times, and have them accepted."""
    account = script.account
    for reference in references:
        line = OrderLine(f"bowls-{kind}", 1, 3)
        placed = PlaceOrder(reference=reference, merchant=account("bukhara"), lines=(line,), pay_at_most=1_098)
        script.send("nairobi", placed)
    names = [name_of(account("nairobi"), reference) for reference in references]
    for name in names:
        script.send("bukhara", AcceptOrder(order=name))
    return names


def paid_in_steps(script: Script) -> None:
    """Pay a rest, pay shares out, refund, contest and award; let another rest be forgotten."""
    paid, _forgotten = place(script, "early", "s1", "s2")
    script.send("bukhara", ShipOrder(order=paid))
    script.send("nairobi", PayBalance(order=paid, units=768))
    script.send("bukhara", ShipOrder(order=paid))
    script.send("carrier", ConfirmDelivery(order=paid))
    script.send("bukhara", RefundLines(order=paid, lines=(LineQuantity(1, 1),)))
    script.send("nairobi", RequestReturn(order=paid, lines=(LineQuantity(1, 1),)))
    script.send("bukhara", RefuseReturn(order=paid))
    script.send("bukhara", AwardSplit(order=paid, to_buyer=100))
    script.send("judge", AwardReturn(order=paid, return_cause=int(Cause.MERCHANT)))
    script.send("nairobi", RequestReturn(order=paid, lines=(LineQuantity(1, 1),)))
    script.send("bukhara", RefuseReturn(order=paid))
    script.send("judge", AwardSplit(order=paid, to_buyer=100))
    script.wait(7 * DAY)


def paid_at_the_door(script: Script) -> None:
    """Hand cash over, keep it, have goods refused, contest that, and let goods never come."""
    handed, kept, refused, lost = place(script, "door", "d1", "d2", "d3", "d4")
    for name in (handed, kept, refused, lost):
        script.send("bukhara", ShipOrder(order=name))
    script.send("carrier", ConfirmDelivery(order=handed))
    script.send("carrier", CollectCash(order=handed, units=988), CollectCash(order=kept, units=988))
    script.send("carrier", RemitCash(order=handed, units=988))
    script.send("carrier", ReportRefusal(order=refused, reason=b"\x07" * 32))
    script.send("nairobi", ContestRefusal(order=refused))
    script.send("bank", FreezeHolder(currency="USD", account=script.account("carrier"), reason="Court order 17"))
    script.wait(3 * DAY + 1)
    script.send("bank", UnfreezeHolder(currency="USD", account=script.account("carrier")))
    script.wait(45 * DAY)
