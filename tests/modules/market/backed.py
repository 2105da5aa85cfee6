"""Orders at a rate with something behind them: a merchant's bond, a provider's cover, and somebody who sells back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sogdia.modules.exchange.bonds import PostBond
from sogdia.modules.exchange.events import RefundedAtRate
from sogdia.modules.exchange.records import BONDS, SWAPPED, Bond, Cover, Rate, Swapped, Tier
from sogdia.modules.identity import Role
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import (
    AcceptOrder,
    ConfirmDelivery,
    ShipOrder,
)
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RequestReturn
from sogdia.testing.ledger import Ledger
from tests.modules.exchange.bureau import (
    money_of,
    open_bureau,
    posting,
    rate_terms,
)
from tests.modules.market.at_a_rate import TOTAL, at_rate
from tests.modules.market.shop import (
    BUYER,
    MERCHANT,
    open_shop,
    order_name,
    quantities,
)

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt

BOND_POINTS, COVER_POINTS = 500, 1_000
BOND = 458
"""5 % of 9,159 cents, 457.95, rounded up: the bond never stands for less than its share."""

COVER = 2_818
"""10 % of 28,183 fils, rounded down: it is what the provider leaves aside of what it has got."""

COVER_PREMIUM = 85
"""30 basis points of 28,183 fils, 84.549, rounded up."""

WHOLE = TOTAL + COVER_PREMIUM
"""All that the buyer paid: 28,381 fils."""

ALL = ((1, 3), (2, 2))
BACK = "back-dealer"
AS_IT_WAS = Rate(1_000, 3_077)
"""So many cents for so many fils: the other direction, at the same rate."""
RISEN, FALLEN, FALLEN_FURTHER, FALLEN_FAR = Rate(5, 16), Rate(1, 3), Rate(5, 14), Rate(1, 2)
"""3.2, 3.0, 2.8 and 2.0 fils a cent: since the order dollars have risen by 4 %, or fallen by 2.5, by 9, by 35 %."""

TERMS: dict[str, Any] = {"covers": (Cover(COVER_POINTS, 30), Cover(2_000, 80)), "bond": BOND_POINTS}


def backed_shop(bond: int = 1_000, kind: type[Ledger] = Ledger, **limits: int) -> Ledger:
    """A shop with a bond, and a bureau that asks for one and sells covers."""
    return backed(kind(limits=limits), bond)


def backed(ledger: Ledger, bond: int = 1_000, **changes: Any) -> Ledger:  # noqa: ANN401 - any field of the terms
    """Open such a shop and such a bureau on a ledger."""
    open_bureau(open_shop(ledger, bond=BOND_POINTS, **changes), **TERMS)
    ledger.fund(MERCHANT, bond)
    ledger.must(MERCHANT, PostBond(asset=ledger.asset(), units=bond))
    return ledger


def placed(ledger: Ledger, *, cover: int = COVER_POINTS) -> bytes:
    """Place the usual order with a cover; give its name."""
    ledger.must(BUYER, at_rate(ledger, cover=cover, pay_at_most=WHOLE))
    return order_name(ledger)


def delivered(ledger: Ledger, *, cover: int = COVER_POINTS) -> bytes:
    """Bring the usual order to the buyer."""
    name = placed(ledger, cover=cover)
    ledger.must(MERCHANT, AcceptOrder(order=name))
    ledger.must(MERCHANT, ShipOrder(order=name))
    ledger.must("carrier", ConfirmDelivery(order=name))
    return name


def sells_back(ledger: Ledger, rate: Rate = AS_IT_WAS, reference: str = "back", **changes: Any) -> None:  # noqa: ANN401
    """Let another dealer give dinars for dollars."""
    if BACK not in ledger._registered:
        ledger.register(BACK, "KW", roles=int(Role.LIQUIDITY_PROVIDER))
        ledger.fund(BACK, 10**6, "KWD")
    fields: dict[str, Any] = {"tiers": (Tier(1, rate),), "most": 10**6, "covers": (), "bond": 0}
    terms = rate_terms(ledger, **(fields | {name: value for name, value in changes.items() if name != "capacity"}))
    asked = posting(
        ledger,
        reference,
        takes=ledger.asset(),
        gives=ledger.asset("KWD"),
        capacity=changes.get("capacity", 100_000),
        rates=terms,
    )
    ledger.must(BACK, asked)


def refund(ledger: Ledger, name: bytes, *parts: tuple[int, int], cause: Cause = Cause.MERCHANT) -> RefundedAtRate:
    """Let the merchant refund parts for its own cause, or the buyer ask for another; give what is told of it."""
    if cause == Cause.MERCHANT:
        receipt = ledger.must(MERCHANT, RefundLines(order=name, lines=quantities(*parts), return_cause=cause))
    else:
        receipt = sent_back(ledger, name, *parts, cause=cause)
    (told,) = [each for each in receipt.events if isinstance(each, RefundedAtRate)]
    return told


def sent_back(ledger: Ledger, name: bytes, *parts: tuple[int, int], cause: Cause = Cause.MERCHANT) -> Receipt:
    """Let the buyer ask to return parts, and the merchant agree; give the receipt of that."""
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities(*parts), return_cause=cause))
    return ledger.must(MERCHANT, ApproveReturn(order=name))


def swapped_of(ledger: Ledger, name: bytes) -> Swapped:
    """What is known of the money of an order."""
    return SWAPPED.must(ledger.state, name)


def bond_of(ledger: Ledger) -> Bond:
    """The merchant's bond."""
    return BONDS.must(ledger.state, (ledger.account(MERCHANT), ledger.asset()))


class Changes(NamedTuple):
    """By how much what somebody owns has changed: dinars and dollars."""

    dinars: int
    dollars: int


def owned(ledger: Ledger, who: str) -> Changes:
    """What a party owns, set aside or not."""
    dinars, dinars_held, dollars, dollars_held = money_of(ledger, who)
    return Changes(dinars + dinars_held, dollars + dollars_held)


def changed(ledger: Ledger, who: str, before: Changes) -> Changes:
    """By how much what somebody owns has changed."""
    now = owned(ledger, who)
    return Changes(now.dinars - before.dinars, now.dollars - before.dollars)
