"""Faults in what stands behind an order at a rate: bonds, covers, and refunds in the buyer's own money."""

from __future__ import annotations

from tools.seeded_faults import Fault

BONDS = ("tests/modules/market/test_bonds.py",)
REFUNDS = ("tests/modules/market/test_refunds_at_a_rate.py",)
SELLING_BACK = ("tests/modules/market/test_selling_back.py",)
SHARING_OUT = ("tests/modules/exchange/test_sharing_out.py",)
WORST_CASES = ("tests/modules/market/test_worst_cases.py",)

BACKING_FAULTS = (
    Fault(
        "A bond stands for less than its share",
        "modules/exchange/bonds.py",
        "return up(units * points, BASIS)",
        "return units * points // BASIS",
        BONDS,
    ),
    Fault(
        "An order binds no bond",
        "modules/exchange/bonds.py",
        "free=known.free - units, bound=known.bound + units",
        "free=known.free, bound=known.bound",
        BONDS,
    ),
    Fault(
        "What is left of a bond stays bound when its order is over",
        "modules/exchange/repaying.py",
        "    bonds.release(ctx, swapped.merchant, swapped.gives, bond, used=0)\n",
        "",
        BONDS,
    ),
    Fault(
        "A bond that has paid is free again",
        "modules/exchange/bonds.py",
        "free=known.free + units - used, bound",
        "free=known.free + units, bound",
        BONDS,
    ),
    Fault(
        "A merchant who does not ship owes nothing",
        "modules/exchange/locks.py",
        "return min(bond, up(premium * units, payment))",
        "return 0",
        BONDS,
    ),
    Fault(
        "A merchant who does not ship owes more than its bond",
        "modules/exchange/locks.py",
        "return min(bond, up(premium * units, payment))",
        "return up(premium * units, payment)",
        BONDS,
    ),
    Fault(
        "The provider keeps the cover when the goods leave",
        "modules/exchange/locks.py",
        "total, cover = sum(cost), share(cost.payment, lock.cover, BASIS)",
        "total, cover = sum(cost), 0",
        BONDS,
    ),
    Fault(
        "A cover never goes home",
        "modules/exchange/repaying.py",
        "    keep_promise(ctx.state, swapped.takes, cover, provider, ((provider, cover),))\n",
        "",
        BONDS,
    ),
    Fault(
        "Remorse is repaid at the old rate",
        "modules/market/escrow.py",
        "    elif cause == Cause.REMORSE:",
        "    elif cause == 0:",
        REFUNDS,
    ),
    Fault(
        "What is lost on the way takes the merchant's bond",
        "modules/market/escrow.py",
        "repay(ctx, name, swapped, units, merchant_bears=cause == Cause.MERCHANT,",
        "repay(ctx, name, swapped, units, merchant_bears=True,",
        REFUNDS,
    ),
    Fault(
        "The merchant's gain is the buyer's",
        "modules/exchange/repaying.py",
        "gain_to_buyer=not merchant_bears",
        "gain_to_buyer=True",
        REFUNDS,
    ),
    Fault(
        "A small part may use the whole bond",
        "modules/exchange/repaying.py",
        "return part_back(whole, swapped.units, 0, swapped.back + units) - used",
        "return whole - used",
        REFUNDS,
    ),
    Fault(
        "What was used of a cover is used again",
        "modules/exchange/repaying.py",
        "cover_used=swapped.cover_used + chosen.from_cover",
        "cover_used=swapped.cover_used",
        REFUNDS,
    ),
    Fault(
        "What the buyer keeps does not count as gone back",
        "modules/exchange/repaying.py",
        "structs.replace(swapped, back=swapped.back + units))",
        "swapped)",
        REFUNDS,
    ),
    Fault(
        "The buyer's stated cause is forgotten",
        "modules/market/returns.py",
        "requested=self.lines, return_cause=self.return_cause",
        "requested=self.lines, return_cause=1",
        REFUNDS,
    ),
    Fault(
        "The dearest card is used",
        "modules/exchange/repaying.py",
        "cheapest = min((sale",
        "cheapest = max((sale",
        SELLING_BACK,
    ),
    Fault(
        "A card whose terms have ended is used",
        "modules/exchange/repaying.py",
        "in_force = ctx.time <= card.rates.valid_until and provider != buyer",
        "in_force = provider != buyer",
        SELLING_BACK,
    ),
    Fault(
        "More is exchanged than a card has left",
        "modules/exchange/repaying.py",
        "units <= min(terms.most, card.left)",
        "units <= terms.most",
        SELLING_BACK,
    ),
    Fault(
        "More is bought back than is owed, where more costs less",
        "modules/exchange/repaying.py",
        "units_for(card.rates, budget, owed)",
        "units_for(card.rates, budget)",
        SHARING_OUT,
    ),
    Fault(
        "The table of worst cases leaves the bond out",
        "modules/market/worst_cases.py",
        "(Ends.RETURNED_BY_THE_MERCHANTS_FAULT, 0, backing.bond, backing.cover, True)",
        "(Ends.RETURNED_BY_THE_MERCHANTS_FAULT, 0, 0, backing.cover, True)",
        WORST_CASES,
    ),
)
