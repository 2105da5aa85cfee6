"""Faults in refunds that wait for somebody who exchanges them, and in the replay's own way of working refunds out."""

from __future__ import annotations

from tools.seeded_faults import Fault

WAITING = ("tests/modules/market/test_waiting_for_a_rate.py", "tests/modules/market/test_what_waits.py")
REFUNDS = ("tests/modules/market/test_refunds_at_a_rate.py",)
SELLING_BACK = ("tests/modules/market/test_selling_back.py",)
STORMS = ("tests/simulate/payments/test_storms.py",)
BY_HAND = ("tests/simulate/payments/test_backing.py",)

WAITING_FAULTS = (
    Fault(
        "A refund that nobody exchanges is paid without",
        "modules/market/returns.py",
        "    if in_time and waits_for_a_rate(",
        "    if False and waits_for_a_rate(",
        WAITING,
    ),
    Fault(
        "A refund waits for ever",
        "modules/market/returns.py",
        "in_time = order.tries_at == 0 or ctx.time <= order.deadline",
        "in_time = True",
        WAITING,
    ),
    Fault(
        "A refund is tried once, at the end",
        "modules/market/returns.py",
        "again = min(until, ctx.time + max(1, window // RATE_TRIES))",
        "again = until",
        WAITING,
    ),
    Fault(
        "Every try begins the wait anew",
        "modules/market/returns.py",
        "until = order.deadline if order.tries_at else ctx.time + window",
        "until = ctx.time + window",
        WAITING,
    ),
    Fault(
        "Every try tells that a refund waits",
        "modules/market/returns.py",
        "    if not order.tries_at:\n        ctx.emit(RefundWaits",
        "    if order.deadline:\n        ctx.emit(RefundWaits",
        WAITING,
    ),
    Fault(
        "Lines that waited wait no more once the first are exchanged",
        "modules/market/returns.py",
        "deadline = order.deadline if waited and in_time else order.deadline + 1",
        "deadline = order.deadline + 1",
        (*WAITING, "tests/index/test_waiting.py"),
    ),
    Fault(
        "A merchant names the buyer's cause",
        "modules/market/returns.py",
        "            require(self.return_cause == Cause.MERCHANT, Refuse.CAUSE_IS_THE_BUYERS)\n",
        "",
        WAITING,
    ),
    Fault(
        "A merchant chooses a day without a rate",
        "modules/market/returns.py",
        "            require(not waits_for_a_rate(ctx, self.order, worth, Cause.MERCHANT), Refuse.NOBODY_EXCHANGES)\n",
        "",
        WAITING,
    ),
    Fault(
        "What is not waited for is what was asked for",
        "modules/market/returns.py",
        "order.requested, order.return_cause, as_it_is=True)",
        "order.requested, order.return_cause)",
        WAITING,
    ),
    Fault(
        "Anybody ends the wait",
        "modules/market/returns.py",
        "order = buyer_order(ctx, self.order, OrderState.REFUNDING)",
        "order = open_order(ctx, self.order, OrderState.REFUNDING)",
        WAITING,
    ),
    Fault(
        "A buyer who changed its mind waits",
        "modules/market/escrow.py",
        "SWAPPED.find(ctx.state, name) if units and cause != Cause.REMORSE else None",
        "SWAPPED.find(ctx.state, name) if units else None",
        WAITING,
    ),
    Fault(
        "What is nothing in the buyer's money waits",
        "modules/exchange/repaying.py",
        "backed = reach.owed > 0 and reach.own",
        "backed = reach.own",
        WAITING,
    ),
    Fault(
        "What has nothing behind it waits",
        "modules/exchange/repaying.py",
        "reach.owed > 0 and reach.own != Behind(0, 0)",
        "reach.owed > 0",
        WAITING,
    ),
    Fault(
        "An issuer's cap holds up a refund in the buyer's own money",
        "modules/exchange/repaying.py",
        "    return share_out(reach, _offers(ctx, order, swapped, reach), gain_to_buyer=not merchant_bears)",
        "    if not may_receive(ctx.state, swapped.takes, owner_of(order), reach.owed):\n        return None\n"
        "    return share_out(reach, _offers(ctx, order, swapped, reach), gain_to_buyer=not merchant_bears)",
        SELLING_BACK,
    ),
    Fault(
        "A crumb takes what others have left",
        "modules/exchange/repaying.py",
        "    bond, cover = reach.own if",
        "    bond, cover = Behind(reach.bond, reach.cover) if",
        REFUNDS,
    ),
    Fault(
        "A dear card ends the wait",
        "modules/exchange/repaying.py",
        "and _exchanged(ctx, order, swapped, reach, merchant_bears=merchant_bears) is None",
        "and not list(_offers(ctx, order, swapped, reach))",
        WAITING,
    ),
    Fault(
        "Who does not wait gives up a rate that there is",
        "modules/exchange/repaying.py",
        "    if chosen is None:\n        chosen = kept(",
        "    if chosen is None or as_it_is:\n        chosen = kept(",
        WAITING,
    ),
    Fault(
        "The index forgets until when a refund waits",
        "index/projections/market.py",
        '    row["deadline"] = fact.until\n',
        "",
        ("tests/index/test_waiting.py",),
    ),
    Fault(
        "A wait that an envelope has ended begins again in the index",
        "index/writer.py",
        "for place, (number, result) in enumerate(block.as_it_happened()):",
        "for place, (number, result) in enumerate(sorted(block.as_it_happened())):",
        ("tests/index/test_waiting.py",),
    ),
    Fault(
        "Every try of a refund that waits is told of beforehand",
        "operate/notices/watched.py",
        "order.deadline if waits else EXITS[ORDERS.number].deadline_of(order)",
        "EXITS[ORDERS.number].deadline_of(order)",
        ("tests/operate/notices/test_following.py",),
    ),
    Fault(
        "Every try of a refund that waits is told of afterwards",
        "operate/notices/watched.py",
        " and not in_vain:",
        ":",
        ("tests/operate/notices/test_following.py",),
    ),
    Fault(
        "A carrier is not warned before its deadline",
        "operate/notices/watched.py",
        "_once(warned + carrier if state in WARNED_CARRIER else warned)",
        "_once(warned)",
        ("tests/operate/notices/test_following.py",),
    ),
    Fault(
        "Warnings come when it is too late",
        "operate/notices/following.py",
        "to_warn_of(now + self._settings.lead_seconds, now, ",
        "to_warn_of(now, now, ",
        ("tests/operate/notices/test_following.py",),
    ),
    Fault(
        "Nobody vouches for when exits came",
        "kernel/receipt.py",
        "    if exits_after:\n",
        "    if False:\n",
        ("tests/engine/folders/test_audit.py",),
    ),
    Fault(
        "What was overdue stands behind the envelope that came upon it",
        "kernel/stored_block.py",
        "islice(of_envelopes, after - taken)",
        "islice(of_envelopes, after - taken + 1)",
        ("tests/index/test_overdue.py",),
    ),
    Fault(
        "The index lets what waited end a second later",
        "index/projections/market.py",
        '        if row["deadline"] < batch.time:\n            row["deadline"] += 1\n',
        '        row["deadline"] += 1\n',
        ("tests/index/test_waiting.py",),
    ),
    Fault(
        "The replay's books have the bond stand for what the carrier lost",
        "simulate/payments/trades.py",
        "            bond = own_bond = 0\n",
        "            pass\n",
        STORMS,
    ),
    Fault(
        "The replay's books never look whether a refund had to wait",
        "simulate/payments/books.py",
        '                self._broken(trade, "nobody exchanged its refund, and it did not wait")\n',
        "                pass\n",
        ("tests/simulate/payments/test_it_notices.py",),
    ),
    Fault(
        "The replay's books take the dearest card",
        "simulate/payments/backing.py",
        "price, name, _card = wholes[0]",
        "price, name, _card = wholes[-1]",
        BY_HAND,
    ),
    Fault(
        "The replay's books give a gain to whoever does not bear the risk",
        "simulate/payments/backing.py",
        "to_merchant=0 if gain_to_buyer else gain,",
        "to_merchant=gain if gain_to_buyer else 0,",
        BY_HAND,
    ),
)
