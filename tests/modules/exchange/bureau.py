"""A bureau on a test ledger: a dealer gives dollars for Kuwaiti dinars, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of
from sogdia.modules.exchange.cards import PostCard
from sogdia.modules.exchange.conversions import Convert
from sogdia.modules.exchange.queries import Quote, QuoteQuery
from sogdia.modules.exchange.rates import digest_of
from sogdia.modules.exchange.records import CARDS, LOCKS, Lock, Premium, Rate, RateCard, RateTerms, Tier
from sogdia.modules.identity import Role
from sogdia.modules.money import balance

if TYPE_CHECKING:
    from sogdia.testing.ledger import Ledger

DEALER = "dealer"
CUSTOMER = "nairobi"
MINUTE = 60
DAY = 86_400
DEALERS_DOLLARS = 10_000_000
CUSTOMERS_DINARS = 5_000_000
CAPACITY = 1_000_000

RATE = Rate(3_077, 1_000)
"""3.077 fils a cent, which is 0.3077 dinars a dollar: a dinar has 1,000 fils."""

BETTER = Rate(307, 100)
PREMIUMS = (Premium(DAY, 5), Premium(10 * DAY, 40))


def rate_terms(ledger: Ledger, **changes: Any) -> RateTerms:  # noqa: ANN401 - any field
    """Terms with two tiers: dollars from 1 on, and at a better rate from 5,000 on."""
    fields: dict[str, Any] = {
        "tiers": (Tier(100, RATE), Tier(500_000, BETTER)),
        "most": 800_000,
        "premiums": PREMIUMS,
        "valid_until": ledger.time + 10 * MINUTE,
    }
    return RateTerms(**(fields | changes))


def posting(ledger: Ledger, reference: str = "usd", **changes: Any) -> PostCard:  # noqa: ANN401 - any field
    """A card that takes dinars and gives dollars."""
    fields: dict[str, Any] = {
        "takes": ledger.asset("KWD"),
        "gives": ledger.asset("USD"),
        "capacity": CAPACITY,
        "rates": rate_terms(ledger),
    }
    return PostCard(reference=reference, **(fields | changes))


def open_bureau(ledger: Ledger, **changes: Any) -> Ledger:  # noqa: ANN401 - any field of the terms
    """Enter the dealer, give it dollars and the customer dinars, and post the card."""
    if DEALER not in ledger._registered:
        ledger.register(DEALER, "KW", roles=int(Role.LIQUIDITY_PROVIDER))
    ledger.fund(DEALER, DEALERS_DOLLARS)
    ledger.fund(CUSTOMER, CUSTOMERS_DINARS, "KWD")
    ledger.must(DEALER, posting(ledger, rates=rate_terms(ledger, **changes)))
    return ledger


def card_name(ledger: Ledger, reference: str = "usd") -> bytes:
    """The name of a card of the dealer's."""
    return name_of(ledger.account(DEALER), reference)


def card(ledger: Ledger, reference: str = "usd") -> RateCard:
    """A card of the dealer's."""
    return CARDS.must(ledger.state, card_name(ledger, reference))


def has_card(ledger: Ledger, reference: str = "usd") -> bool:
    """Whether the dealer has such a card."""
    return CARDS.find(ledger.state, card_name(ledger, reference)) is not None


def digest(ledger: Ledger, reference: str = "usd") -> bytes:
    """The digest of the terms that are in force on a card."""
    found = CARDS.must(ledger.state, card_name(ledger, reference))
    return digest_of(card_name(ledger, reference), found.takes, found.gives, found.rates)


def convert(ledger: Ledger, units: int, pay_at_most: int = 10**9, **changes: Any) -> Convert:  # noqa: ANN401 - any field
    """Ask for dollars by the card."""
    fields: dict[str, Any] = {"card": card_name(ledger), "digest": None}
    fields |= changes
    if fields["digest"] is None:
        fields["digest"] = digest(ledger)
    return Convert(units=units, pay_at_most=pay_at_most, **fields)


def lock_of(ledger: Ledger, order: bytes) -> Lock:
    """The lock of an order."""
    return LOCKS.must(ledger.state, order)


def is_locked(ledger: Ledger, order: bytes) -> bool:
    """Whether a rate is kept for an order."""
    return LOCKS.find(ledger.state, order) is not None


def quote(ledger: Ledger, **asked: Any) -> Quote:  # noqa: ANN401 - any field
    """What the card gives and costs, which there has to be."""
    found = QuoteQuery(card=card_name(ledger), **asked).answer(ledger.state)
    assert found is not None, "the card exchanges no such amount"
    return found


def money_of(ledger: Ledger, who: str) -> tuple[int, int, int, int]:
    """What a party has: dinars available and held, dollars available and held."""
    dinars, dollars = (balance(ledger.state, ledger.account(who), ledger.asset(code)) for code in ("KWD", "USD"))
    return dinars.available, dinars.held, dollars.available, dollars.held
