"""Faults in what binds issuers: reserves, limits, freezes, measures, redemptions, and where money moves."""

from __future__ import annotations

from tools.seeded_faults import Fault

RESERVES = ("tests/modules/money/test_reserves.py",)
LIMITS = ("tests/modules/money/test_limits.py",)
FREEZES = ("tests/modules/money/test_freezes.py",)
MEASURES = ("tests/modules/money/test_measures.py",)
REDEMPTIONS = ("tests/modules/money/test_redemptions.py",)
TRAVEL_RULE = ("tests/modules/money/test_travel_rule.py",)
POLICIES = ("tests/modules/money/test_policies.py",)
NO_WAY_AROUND = ("tests/modules/test_no_way_around.py",)
INVARIANTS = ("tests/modules/money/test_issuer_invariants.py",)

ISSUER_FAULTS = (
    Fault(
        "A statement that has run out still counts",
        "modules/money/reserves.py",
        "return statement.valid_until >= time and",
        "return statement.valid_until >= 0 and",
        RESERVES,
    ),
    Fault(
        "A statement is good for a second too few",
        "modules/money/reserves.py",
        "return statement.valid_until >= time and",
        "return statement.valid_until > time and",
        RESERVES,
    ),
    Fault(
        "A suspended auditor vouches",
        "modules/money/reserves.py",
        "and not auditor.suspended",
        "and auditor is not None",
        RESERVES,
    ),
    Fault(
        "The largest statement counts, however many are needed",
        "modules/money/reserves.py",
        "return amounts[-policy.auditors_needed] if",
        "return amounts[-1] if",
        RESERVES,
    ),
    Fault(
        "Minting forgets the reserve",
        "modules/money/balances.py",
        "require_vouched(state, asset, currency.policy, currency.supply + units)",
        "require_vouched(state, asset, currency.policy, currency.supply)",
        RESERVES,
    ),
    Fault(
        "A statement may be older than the last",
        "modules/money/reserves.py",
        "in_order = last <= self.as_of",
        "in_order = 0 <= self.as_of",
        RESERVES,
    ),
    Fault(
        "Setting aside passes by the limits",
        "modules/money/balances.py",
        "        limits.require_reference(currency.policy, units if payees else 0, reference)\n"
        "        spending = limits.spending_after(state, asset, currency.policy, payer, promised)\n",
        "        limits.require_reference(currency.policy, units if payees else 0, reference)\n",
        NO_WAY_AROUND,
    ),
    Fault(
        "What is spent is not written down",
        "modules/money/balances.py",
        "    _require_may_receive(state, asset, currency, payee, units)\n    if spending is not None:",
        "    _require_may_receive(state, asset, currency, payee, units)\n    if spending is not None and not units:",
        LIMITS,
    ),
    Fault(
        "A day never ends",
        "modules/money/limits.py",
        "return known.units if known is not None and known.day == day else 0",
        "return known.units if known is not None else 0",
        LIMITS,
    ),
    Fault(
        "Every day begins anew with each payment",
        "modules/money/limits.py",
        "total = spent_on(state, asset, payer, day) + units",
        "total = units",
        LIMITS,
    ),
    Fault(
        "A tier is never looked at again",
        "modules/identity/attestations.py",
        "or not found.accepted or found.expiry < time:",
        "or not found.accepted or time < 0:",
        LIMITS,
    ),
    Fault(
        "One is known by another's attestation",
        "modules/identity/attestations.py",
        "if found is None or found.subject != account or",
        "if found is None or",
        LIMITS,
    ),
    Fault(
        "Limits are narrowed",
        "modules/money/policies.py",
        "return all(a.payment_most >= b.payment_most and a.day_most >= b.day_most for a, b in pairs)",
        "return all(a.payment_most >= b.payment_most for a, b in pairs)",
        LIMITS,
    ),
    Fault(
        "The travel rule begins a unit late",
        "modules/money/limits.py",
        "needed = 0 < policy.reference_from <= units",
        "needed = 0 < policy.reference_from < units",
        TRAVEL_RULE,
    ),
    Fault(
        "A freeze holds until the calendar comes to it",
        "modules/money/balances.py",
        "return known.frozen and FREEZES.must(state, (account, asset)).until >= state.time",
        "return known.frozen",
        FREEZES,
    ),
    Fault(
        "What was asked for again and again is more than a record can hold",
        "modules/money/redemptions.py",
        "min(before.units + found.units, UNITS_MAX)",
        "before.units + found.units",
        REDEMPTIONS,
    ),
    Fault(
        "A freeze follows a freeze",
        "modules/money/freezes.py",
        "require(before is None or not before.over,",
        "require(before is None or not before.over or True,",
        FREEZES,
    ),
    Fault(
        "A freeze that was lifted begins anew",
        "modules/money/freezes.py",
        "structs.replace(before, spells=again))\n",
        "structs.replace(before, spells=again))\n        make_longer(ctx, account, asset)\n",
        FREEZES,
    ),
    Fault(
        "A freeze that has run out stays on the balance",
        "modules/money/freezes.py",
        "        mark(ctx.state, account, asset, frozen=False)\n",
        "        mark(ctx.state, account, asset, frozen=True)\n",
        FREEZES,
    ),
    Fault(
        "One agreement is enough",
        "modules/money/measures.py",
        "if len(approvals) < found.needed:",
        "if len(approvals) < found.needed - 1:",
        MEASURES,
    ),
    Fault(
        "A member of a panel agrees twice",
        "modules/money/measures.py",
        "require(ctx.sender not in found.approvals, Refuse.APPROVED_ALREADY)",
        "require(len(found.approvals) >= 0, Refuse.APPROVED_ALREADY)",
        MEASURES,
    ),
    Fault(
        "Anybody sits on a panel",
        "modules/money/measures.py",
        "require(ctx.sender in found.panel, Refuse.SENDER_NOT_ON_PANEL)",
        "require(bool(found.panel), Refuse.SENDER_NOT_ON_PANEL)",
        MEASURES,
    ),
    Fault(
        "A panel of one is enough",
        "modules/money/policies.py",
        "PANEL_NEEDED_LEAST = 2",
        "PANEL_NEEDED_LEAST = 1",
        POLICIES,
    ),
    Fault(
        "An issuer watches over itself",
        "modules/money/policies.py",
        "issuer not in (account, party.registrar)",
        "issuer != party.registrar",
        POLICIES,
    ),
    Fault(
        "More is clawed back than is available",
        "modules/money/balances.py",
        "taken = min(units, balance(state, holder, asset).available)",
        "taken = min(units, balance(state, holder, asset).available + balance(state, holder, asset).held)",
        MEASURES,
    ),
    Fault(
        "What was redeemed stays in the supply",
        "modules/money/balances.py",
        "    currency = CURRENCIES.must(state, asset)\n"
        "    CURRENCIES.put(state, asset, structs.replace(currency, supply=currency.supply - units))\n",
        "    currency = CURRENCIES.must(state, asset)\n"
        "    CURRENCIES.put(state, asset, structs.replace(currency, supply=currency.supply))\n",
        REDEMPTIONS,
    ),
    Fault(
        "A miss counts as declined",
        "modules/money/redemptions.py",
        'give_back(ctx, name, found, "missed")',
        'give_back(ctx, name, found, "declined")',
        REDEMPTIONS,
    ),
    Fault(
        "The holder confirms its own redemption",
        "modules/money/redemptions.py",
        "require(ctx.sender == found.asset.issuer, Refuse.SENDER_NOT_ISSUER)",
        "require(bool(found.units), Refuse.SENDER_NOT_ISSUER)",
        ("tests/modules/money/test_refusals.py",),
    ),
    Fault(
        "A late refund counts against the limits",
        "modules/market/late_refunds.py",
        "ctx.sender, buyer, refund=True)",
        "ctx.sender, buyer)",
        NO_WAY_AROUND,
    ),
    Fault(
        "A freeze without an end is not noticed",
        "modules/money/issuer_invariants.py",
        "ensure(not balance.frozen or key in running,",
        "ensure(not balance.frozen or running is not None,",
        INVARIANTS,
    ),
    Fault(
        "Redemptions that do not add up are not noticed",
        "modules/money/issuer_invariants.py",
        "ensure(whole == conduct.asked,",
        "ensure(whole.times == conduct.asked.times,",
        INVARIANTS,
    ),
)
