"""Faults in the exchange: rates, cards, locks, and the escrow of an order in two monies."""

from __future__ import annotations

from tools.seeded_faults import Fault

RATES = ("tests/modules/exchange/test_rates.py",)
CARDS = ("tests/modules/exchange/test_cards.py",)
CONVERSIONS = ("tests/modules/exchange/test_conversions.py",)
AT_A_RATE = ("tests/modules/market/test_orders_at_a_rate.py",)
REFUSED_AT_A_RATE = ("tests/modules/market/test_refused_at_a_rate.py",)

EXCHANGE_FAULTS = (
    Fault(
        "One provider keeps the others from closing their cards",
        "modules/exchange/cards.py",
        "require(own < OWN_CHANGES_MAX,",
        "require(own < CHANGES_MAX,",
        ("tests/modules/exchange/test_changes.py",),
    ),
    Fault(
        "A payment is rounded down",
        "modules/exchange/rates.py",
        "payment = up(units * rate.taken, rate.given)",
        "payment = down(units * rate.taken, rate.given)",
        RATES,
    ),
    Fault(
        "A premium is rounded down",
        "modules/exchange/rates.py",
        "return up(payment * points, BASIS)",
        "return down(payment * points, BASIS)",
        RATES,
    ),
    Fault(
        "Each part that goes back is rounded by itself",
        "modules/exchange/rates.py",
        "return share(whole, before + more, units) - share(whole, before, units)",
        "return share(whole, more, units)",
        RATES,
    ),
    Fault(
        "A tier of a card begins one unit late",
        "modules/exchange/rates.py",
        "        if units >= tier.units:\n            found",
        "        if units > tier.units:\n            found",
        RATES,
    ),
    Fault(
        "Rounding may cost more than a hundredth",
        "modules/exchange/rates.py",
        "(payment * rate.given - exact) * DEARER_AT_MOST <= exact",
        "payment * rate.given - exact <= exact",
        RATES,
    ),
    Fault(
        "Two cards with the same terms have one digest",
        "modules/exchange/rates.py",
        "encode((card, takes, gives, terms))",
        "encode((takes, gives, terms))",
        CARDS,
    ),
    Fault(
        "Terms hold a second too long",
        "modules/exchange/cards.py",
        "require(time <= terms.valid_until",
        "require(time <= terms.valid_until + 1",
        CONVERSIONS,
    ),
    Fault(
        "A card gives more than it has left",
        "modules/exchange/cards.py",
        "require(units <= card.left, Refuse.CAPACITY_SPENT",
        "require(units <= card.left + 100, Refuse.CAPACITY_SPENT",
        CONVERSIONS,
    ),
    Fault(
        "One provider may have all places of a pair",
        "modules/exchange/cards.py",
        "require(own < OWN_CARDS_OF_A_PAIR_MAX",
        "require(own < CARDS_OF_A_PAIR_MAX",
        CARDS,
    ),
    Fault(
        "A change holds at once",
        "modules/exchange/cards.py",
        "structs.replace(card, next_rates=self.rates))",
        "structs.replace(card, rates=self.rates, next_rates=self.rates))",
        CARDS,
    ),
    Fault(
        "What a closed card had left stays set aside",
        "modules/exchange/cards.py",
        "    keep_promise(ctx.state, card.gives, card.left, provider, ((provider, card.left),))\n",
        "",
        CARDS,
    ),
    Fault(
        "A lock may end before the time for shipping does",
        "modules/exchange/locks.py",
        "return seconds + RULES.must(state, None).lock_margin",
        "return seconds - RULES.must(state, None).lock_margin",
        AT_A_RATE,
    ),
    Fault(
        "A buyer takes an order back for nothing",
        "modules/exchange/locks.py",
        "owed = premium if by_buyer else 0",
        "owed = 0",
        AT_A_RATE,
    ),
    Fault(
        "A merchant who declines costs the buyer the premium",
        "modules/exchange/locks.py",
        "owed = premium if by_buyer else 0",
        "owed = premium",
        AT_A_RATE,
    ),
    Fault(
        "The premium stays with the buyer when the goods leave",
        "modules/exchange/locks.py",
        "total - cover, buyer, ((provider, total - cover),))",
        "total - cover, buyer, ((provider, total - cover - cost.premium), (buyer, cost.premium)))",
        AT_A_RATE,
    ),
    Fault(
        "Goods leave without a swap",
        "modules/market/escrow.py",
        "    lock = LOCKS.find(ctx.state, name)\n    if lock is not None:\n        swap(ctx, name, lock)\n",
        "    return\n",
        AT_A_RATE,
    ),
    Fault(
        "Any card will do, whatever money it gives",
        "modules/market/orders.py",
        "        require(gives == order.asset, Refuse.CARD_GIVES_OTHER_MONEY, currency=order.asset.currency)\n",
        "",
        REFUSED_AT_A_RATE,
    ),
    Fault(
        "A payee of the escrow need not be able to have its money",
        "modules/exchange/locks.py",
        "        if part:\n            require_may_receive",
        "        if part < 0:\n            require_may_receive",
        REFUSED_AT_A_RATE,
    ),
)
