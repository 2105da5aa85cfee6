"""Faults in the book: prices and their ranks, queues, sweeps, what is set aside, and paths."""

from __future__ import annotations

from tools.seeded_faults import Fault

PRICES = ("tests/modules/book/test_prices.py",)
OFFERS = ("tests/modules/book/test_offers.py",)
PATHS = ("tests/modules/book/test_paths.py",)
REFUSALS = ("tests/modules/book/test_refusals.py",)
ROUTES = ("tests/modules/book/test_routes.py",)
FINDING = ("tests/modules/book/test_finding.py",)
CARDS = ("tests/modules/exchange/test_cards.py",)
MODEL = ("tests/modules/book/test_against_a_model.py",)

BOOK_FAULTS = (
    Fault(
        "A short price has the rank of a longer one",
        "modules/book/prices.py",
        "DIGITS_MAX - price.places - noughts\n",
        "DIGITS_MAX - price.places\n",
        PRICES,
    ),
    Fault(
        "Whoever buys pays rounded down",
        "modules/book/prices.py",
        "return up(base * price.digits, 10**price.places)",
        "return down(base * price.digits, 10**price.places)",
        PRICES,
    ),
    Fault(
        "Buyers stand with the lowest price first",
        "modules/book/records.py",
        "(HIGHEST - rank if side else rank)",
        "(rank if side else HIGHEST - rank)",
        OFFERS,
    ),
    Fault(
        "A new offer stands before the others of its price",
        "modules/book/queues.py",
        "    last = OFFERS.must(state, queue.last)\n"
        "    OFFERS.put(state, queue.last, structs.replace(last, behind=name))\n"
        "    OFFERS.put(state, name, structs.replace(offer, before=queue.last))\n"
        "    QUEUES.put(state, place, structs.replace(queue, last=name, units=units))",
        "    old = OFFERS.must(state, queue.first)\n"
        "    OFFERS.put(state, queue.first, structs.replace(old, before=name))\n"
        "    OFFERS.put(state, name, structs.replace(offer, behind=queue.first))\n"
        "    QUEUES.put(state, place, structs.replace(queue, first=name, units=units))",
        OFFERS,
    ),
    Fault(
        "More stands at a price than a record can hold",
        "modules/book/queues.py",
        "    require(units <= UNITS_MAX, Refuse.PRICE_FULL,",
        "    require(units <= UNITS_MAX**2, Refuse.PRICE_FULL,",
        OFFERS,
    ),
    Fault(
        "Several offers of one owner together pass its cap",
        "modules/book/crossing.py",
        "gets = paid.get(owner, 0) + (",
        "gets = 0 + (",
        OFFERS,
    ),
    Fault(
        "A queue does not count what leaves it",
        "modules/book/queues.py",
        "last=last, units=queue.units - offer.left)",
        "last=last)",
        OFFERS,
    ),
    Fault(
        "Whoever became the first of a queue leaves as if others stood before it",
        "modules/book/queues.py",
        "    if name == first:\n",
        "    if before is None:\n",
        OFFERS,
    ),
    Fault(
        "A price that nobody offers any more stays in the set",
        "modules/book/queues.py",
        "    digit_maps.clear(state, PRICES, place, SIDE_BYTES)\n",
        "",
        OFFERS,
    ),
    Fault(
        "A better price is not the best",
        "modules/book/queues.py",
        "if best is None or rank < best.rank:",
        "if best is None:",
        OFFERS,
    ),
    Fault(
        "Monies part while the other side of their book is still open",
        "modules/book/queues.py",
        "            if not is_open(state, pair):\n                _part(state, pair)",
        "            _part(state, pair)",
        OFFERS,
    ),
    Fault(
        "An offer at the worst price that was named is passed over",
        "modules/book/queues.py",
        "(last is None or place <= last)",
        "(last is None or place < last)",
        OFFERS,
    ),
    Fault(
        "An own offer is taken",
        "modules/book/crossing.py",
        "        if owner_of(name) == taker:\n            stop = Stop.OWN\n            break\n",
        "",
        OFFERS,
    ),
    Fault(
        "An offer is over in its last second",
        "modules/book/crossing.py",
        "return time > offer.valid_until or",
        "return time >= offer.valid_until or",
        PATHS,
    ),
    Fault(
        "A frozen holder's offers are taken",
        "modules/book/crossing.py",
        " or is_frozen_at(state, owner_of(name), offer.gives, time)",
        "",
        OFFERS,
    ),
    Fault(
        "An offer is taken though its owner may not be paid",
        "modules/book/crossing.py",
        "        if not may_receive(state, offer.gets, owner, gets):\n"
        "            ended.append((name, offer))\n            continue\n",
        "",
        OFFERS,
    ),
    Fault(
        "One offer more is met than one transaction may",
        "modules/book/crossing.py",
        "if len(fills) + len(ended) == most:",
        "if len(fills) + len(ended) > most:",
        OFFERS,
    ),
    Fault(
        "Whoever sells for an exact amount gives too little",
        "modules/book/crossing.py",
        "base_down(offer.price, quote) if wish.buys else base_up(offer.price, quote)",
        "base_down(offer.price, quote)",
        MODEL,
    ),
    Fault(
        "What is too little to stand stands",
        "modules/book/settling.py",
        "    if not is_worth(offer.price, left):\n        left = 0\n",
        "",
        OFFERS,
    ),
    Fault(
        "What a buyer's offer no longer needs stays set aside",
        "modules/book/settling.py",
        "    back = offer.backing(offer.left) - given - (offer.backing(left) if left else 0)",
        "    back = 0 if left else offer.backing(offer.left) - given",
        OFFERS,
    ),
    Fault(
        "The rest of an offer that met an own one stands, and crosses",
        "modules/book/offers.py",
        "    may_stand = met.stop == Stop.EMPTY",
        "    may_stand = met.stop in (Stop.EMPTY, Stop.OWN)",
        OFFERS,
    ),
    Fault(
        "A buyer's cap does not count what is to stand",
        "modules/book/offers.py",
        "require_may_receive(ctx.state, offer.gets, ctx.sender, got + to_get)",
        "require_may_receive(ctx.state, offer.gets, ctx.sender, got or 1)",
        REFUSALS,
    ),
    Fault(
        "Offers that can still be taken are cleared",
        "modules/book/offers.py",
        "            require(is_over(ctx.state, name, offer, ctx.time), Refuse.OFFER_STANDS, offer=name)\n",
        "",
        REFUSALS,
    ),
    Fault(
        "A path may cost more than its bound",
        "modules/book/paths.py",
        "require(way.sent <= self.send_at_most,",
        "require(way.sent <= 2 * self.send_at_most,",
        PATHS,
    ),
    Fault(
        "A path is worked out for the wrong side",
        "modules/book/hops.py",
        "exact_base=buys == exact_gets",
        "exact_base=buys != exact_gets",
        PATHS,
    ),
    Fault(
        "Each hop of a path may meet as many offers as all together",
        "modules/book/paths.py",
        "        needed, most = leg.given, most - leg.crossings\n",
        "        needed = leg.given\n",
        PATHS,
    ),
    Fault(
        "A search keeps the dearest way",
        "modules/book/finding.py",
        "return known if self._is_beyond(step.amount, known.amount) else step",
        "return step if self._is_beyond(step.amount, known.amount) else known",
        FINDING,
    ),
    Fault(
        "A search ends with the way that looked best",
        "modules/book/finding.py",
        "        for bound, by in self._promising(ways):\n"
        "            if best is not None and self._is_beyond(bound, best.amount):",
        "        for bound, by in self._promising(ways):\n            if best is not None:",
        FINDING,
    ),
    Fault(
        "A card is no crossing",
        "modules/book/hops.py",
        "return 1 if self.swept is None else",
        "return 0 if self.swept is None else",
        ROUTES,
    ),
    Fault(
        "A card that exchanges other monies serves",
        "modules/book/hops.py",
        "    require((card.takes, card.gives) == (hop.gives, hop.gets), Refuse.CARD_OF_OTHER_MONIES, card=name)\n",
        "",
        REFUSALS,
    ),
    Fault(
        "A provider that may not be paid is paid",
        "modules/book/hops.py",
        "    require_may_receive(state, hop.gives, accepted.provider, accepted.payment)\n",
        "",
        ROUTES,
    ),
    Fault(
        "What suffices for no unit more is nobody's",
        "modules/exchange/cards.py",
        "    return found._replace(payment=payment)\n",
        "    return found\n",
        ROUTES,
    ),
    Fault(
        "A payment buys less than it suffices for, and is gone",
        "modules/exchange/cards.py",
        "    require(more == units, Refuse.UNITS_ABOVE_MOST, most=units, asked=more)\n",
        "",
        ROUTES,
    ),
    Fault(
        "Monies part while a card the other way is left",
        "modules/exchange/partners.py",
        "    if any(PAIR_CARDS.find(state, pair) is not None for pair in ((takes, gives), (gives, takes))):\n"
        "        return\n",
        "",
        CARDS,
    ),
)
