"""Every rule of netting: who breaks it, which number the answer has, and that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import UNITS_MAX, name_of
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, Mint, OpenCurrency, SetCaps, UnfreezeHolder
from sogdia.modules.money.refusals import MoneyRefusal as Money
from sogdia.modules.netting.batches import (
    CommitBatch,
    DeclareFlows,
    DeclarePotentials,
    DropBatch,
    OpenBatch,
    PartyPotential,
)
from sogdia.modules.netting.module import MODULE
from sogdia.modules.netting.obligations import (
    DUE_SECONDS_MAX,
    AcceptObligation,
    DeclineObligation,
    ForgiveObligation,
    LeavePool,
    Payment,
    PayObligations,
    StateObligation,
)
from sogdia.modules.netting.refusals import NettingRefusal as Refuse
from sogdia.testing.ledger import Ledger
from tests.modules.money.issuing import at_most, impose
from tests.modules.netting.house import (
    DAY,
    HOUSE,
    PEAKS,
    TODAY,
    TOMORROW,
    flows,
    open_house,
    opening,
    owe,
    owe_all,
    potentials,
    stating,
)
from tests.refused import Row, assert_refused, poke, rules_of, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.operation import Operation

NOBODY = bytes(20)
UNKNOWN = bytes(20) + b"x"
BRIBE = "INV\u202e99"


@pytest.fixture
def ledger() -> Ledger:
    """The circle of debts in the house's pool, one stated, one accepted without netting; everybody has money."""
    made = open_house(Ledger(netting={"pool_max": 4}))
    owe_all(made)
    made.must("nairobi", stating(made, "lanzhou", "stated"))
    made.must("nairobi", stating(made, "lanzhou", "alone", coordinator=None))
    owe(made, "bukhara", "nairobi", 90, "plain", netting=False)
    owe(made, "bukhara", "nairobi", 90, "dinars", netting=False, asset=made.asset("KWD"))
    made.fund("bukhara", 1_000)
    return made


def named(creditor: str, reference: str) -> Callable[[Ledger], bytes]:
    """Name an obligation by its creditor."""
    return lambda it: name_of(it.account(creditor), reference)


STATED, ALONE, PLAIN, DINARS = (named("nairobi", each) for each in ("stated", "alone", "plain", "dinars"))
FIRST, SECOND, THIRD = named("nairobi", "i0"), named("lanzhou", "i1"), named("bukhara", "i2")


def accepting(name: Callable[[Ledger], bytes], *, netting: bool = True) -> Callable[[Ledger], Operation]:
    """Accept an obligation."""
    return lambda it: AcceptObligation(obligation=name(it), netting=netting)


def paying(*payments: tuple[Callable[[Ledger], bytes], int]) -> Callable[[Ledger], Operation]:
    """Pay dollars."""
    return lambda it: PayObligations(
        asset=it.asset(), payments=tuple(Payment(name(it), units) for name, units in payments)
    )


def do(*steps: tuple[str, Callable[[Ledger], Operation]]) -> Callable[[Ledger], None]:
    """Let parties do something before."""

    def prepare(ledger: Ledger) -> None:
        for who, ask in steps:
            ledger.must(who, ask(ledger))

    return prepare


def fill_storage(size: int) -> Callable[[Ledger], None]:
    """Leave the sponsor a byte less than is needed."""

    def prepare(ledger: Ledger) -> None:
        sponsor = ledger.account("registrar")
        known = QUOTAS.must(ledger.state, sponsor)
        poke(ledger, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=known.stored_bytes + size - 1))

    return prepare


def both(*preparations: Callable[[Ledger], Any]) -> Callable[[Ledger], None]:
    """Prepare one thing after the other."""

    def prepare(ledger: Ledger) -> None:
        for each in preparations:
            each(ledger)

    return prepare


FREEZE = do(("bank", lambda it: FreezeHolder(currency="USD", account=it.account("bukhara"), reason="court order")))
UNFREEZE = do(("bank", lambda it: UnfreezeHolder(currency="USD", account=it.account("bukhara"))))
FREEZE_CARRIER = do(
    ("bank", lambda it: FreezeHolder(currency="USD", account=it.account("carrier"), reason="none of it"))
)
OPEN = do((HOUSE, opening))
READY = both(OPEN, do((HOUSE, lambda it: potentials(it, PEAKS))))
COMPLETE = both(READY, do((HOUSE, lambda _: flows(300, 300, 300))))
COMMITTED = both(COMPLETE, do((HOUSE, lambda _: CommitBatch(batch="b1"))))
DROPPED = both(OPEN, do((HOUSE, lambda _: DropBatch(batch="b1"))))


def euros(ledger: Ledger) -> None:
    """Let a debt in money be accepted that the creditor is not authorised to hold."""
    bank = OpenCurrency(currency="EUR", supply_max=10**6, holder_max=600, by_authorisation=True)
    ledger.must("bank", bank, AuthoriseHolder(currency="EUR", account=ledger.account("bukhara")))
    ledger.must("bank", Mint(currency="EUR", to=ledger.account("bukhara"), units=501))
    ledger.must("bank", SetCaps(currency="EUR", supply_max=10**6, holder_max=500))
    owe(ledger, "bukhara", "nairobi", 600, "euros", asset=ledger.asset("EUR"))


def giants(ledger: Ledger) -> None:
    """Let two obligations be netted that come to more than can be counted."""
    debts = [("bukhara", "nairobi", UNITS_MAX), ("nairobi", "bukhara", UNITS_MAX)]
    for number, each in enumerate(debts):
        owe(ledger, *each, f"giant{number}", due=TOMORROW)
    ledger.must(HOUSE, opening(ledger, dues=(TOMORROW,)))
    ledger.must(HOUSE, potentials(ledger, {"bukhara": 0, "nairobi": 0}))


NEVER = {
    (PayObligations, Money.REFERENCE_MISSING),  # the obligation is the reference: it says who owes whom
    (PayObligations, Money.CURRENCY_UNKNOWN),  # no currency goes, and the obligation was stated in one
    *(
        (each, Kernel.SPONSOR_HAS_NO_QUOTA) for each in (StateObligation, OpenBatch, DeclarePotentials)
    ),  # it keeps its quota
}


def paid_today(it: Ledger) -> None:
    """The debtor has paid a unit of what it may pay today."""
    impose(limits=at_most(499))(it)
    it.must("bukhara", paying((FIRST, 1))(it))


def nothing_named(_: Ledger) -> DeclareFlows:
    """Flows of a batch that is not there."""
    return flows(9, start=9)


TABLES: dict[type[Operation], list[Row]] = {
    StateObligation: [
        Row(
            Refuse.DUE_NOT_A_DATE,
            "nairobi",
            lambda it: stating(it, "nairobi", due=TODAY + 1, end_to_end=BRIBE),
            at_the_door=True,
        ),
        Row(Refuse.TEXT_NOT_ALLOWED, "nairobi", lambda it: stating(it, "nairobi", end_to_end=BRIBE), at_the_door=True),
        Row(Refuse.PARTIES_IDENTICAL, "nairobi", lambda it: stating(it, "nairobi", "stated", coordinator=NOBODY)),
        Row(
            Refuse.DEBTOR_UNKNOWN,
            "nairobi",
            lambda it: structs.replace(stating(it, "bank", "stated", coordinator=NOBODY), debtor=NOBODY),
        ),
        Row(
            Refuse.COORDINATOR_UNKNOWN,
            "nairobi",
            lambda it: stating(it, "bank", "stated", coordinator=NOBODY, due=TODAY + 402 * DAY),
        ),
        Row(
            Refuse.DUE_TOO_FAR,
            "nairobi",
            lambda it: stating(it, "bank", "stated", due=(it.time + DUE_SECONDS_MAX) // DAY * DAY + DAY),
        ),
        Row(Refuse.OBLIGATION_EXISTS, "nairobi", lambda it: stating(it, "bank", "stated", asset=Asset("CHF", NOBODY))),
        Row(
            Money.CURRENCY_UNKNOWN,
            "nairobi",
            lambda it: stating(it, "bank", "new", asset=Asset("CHF", NOBODY)),
            before=fill_storage(700),
        ),
        Row(Kernel.QUOTA_STORAGE_SPENT, "nairobi", lambda it: stating(it, "bank", "new"), before=fill_storage(700)),
    ],
    AcceptObligation: [
        Row(Refuse.OBLIGATION_UNKNOWN, "carrier", accepting(STATED)),
        Row(
            Refuse.OBLIGATION_UNKNOWN,
            "carrier",
            lambda _: AcceptObligation(obligation=UNKNOWN, netting=True),
            note="none",
        ),
        Row(Refuse.SENDER_NOT_DEBTOR, "nairobi", accepting(FIRST)),
        Row(Refuse.OBLIGATION_ACCEPTED, "bukhara", accepting(FIRST)),
        Row(Refuse.NO_COORDINATOR, "lanzhou", accepting(ALONE)),
        Row(Refuse.POOL_HELD, "lanzhou", accepting(STATED), before=OPEN),
        Row(
            Refuse.POOL_FULL,
            "lanzhou",
            accepting(STATED),
            before=lambda it: owe(it, "bukhara", "nairobi", 1, "fourth"),
        ),
    ],
    DeclineObligation: [
        Row(Refuse.OBLIGATION_UNKNOWN, "carrier", lambda it: DeclineObligation(obligation=STATED(it))),
        Row(Refuse.SENDER_IS_COORDINATOR, HOUSE, lambda it: DeclineObligation(obligation=FIRST(it))),
        Row(Refuse.OBLIGATION_ACCEPTED, "bukhara", lambda it: DeclineObligation(obligation=FIRST(it))),
    ],
    PayObligations: [
        Row(Refuse.NAMES_NOT_IN_ORDER, "carrier", paying((FIRST, 1), (FIRST, 1)), at_the_door=True),
        Row(Refuse.OBLIGATION_UNKNOWN, "carrier", paying((FIRST, 501))),
        Row(Refuse.SENDER_NOT_DEBTOR, "nairobi", paying((STATED, 101))),
        Row(Refuse.OBLIGATION_NOT_ACCEPTED, "lanzhou", paying((STATED, 101))),
        Row(Refuse.MONIES_DIFFER, "bukhara", paying((DINARS, 91))),
        Row(Refuse.UNITS_ABOVE_LEFT, "bukhara", paying((FIRST, 501)), before=OPEN),
        Row(Refuse.OBLIGATION_HELD, "bukhara", paying((FIRST, 500)), before=both(OPEN, FREEZE)),
        Row(Money.HOLDER_FROZEN, "bukhara", paying((FIRST, 500)), before=FREEZE),
        Row(Money.FUNDS_INSUFFICIENT, "nairobi", paying((SECOND, 300))),
        Row(Money.PAYMENT_ABOVE_LIMIT, "bukhara", paying((FIRST, 500)), before=impose(limits=at_most(499))),
        Row(Money.DAY_LIMIT_PASSED, "bukhara", paying((FIRST, 499)), before=paid_today),
        Row(
            Money.HOLDER_NOT_AUTHORISED,
            "bukhara",
            lambda it: PayObligations(asset=it.asset("EUR"), payments=(Payment(named("nairobi", "euros")(it), 501),)),
            before=euros,
        ),
        Row(
            Money.HOLDER_CAP_PASSED,
            "bukhara",
            paying((FIRST, 500)),
            before=do(("bank", lambda _: SetCaps(currency="USD", supply_max=10**12, holder_max=499))),
        ),
    ],
    ForgiveObligation: [
        Row(Refuse.OBLIGATION_UNKNOWN, "bukhara", lambda _: ForgiveObligation(obligation="i0", units=501)),
        Row(Refuse.OBLIGATION_NOT_ACCEPTED, "nairobi", lambda _: ForgiveObligation(obligation="stated", units=101)),
        Row(Refuse.UNITS_ABOVE_LEFT, "nairobi", lambda _: ForgiveObligation(obligation="i0", units=501), before=OPEN),
        Row(Refuse.OBLIGATION_HELD, "nairobi", lambda _: ForgiveObligation(obligation="i0", units=500), before=OPEN),
    ],
    LeavePool: [
        Row(Refuse.NAMES_NOT_IN_ORDER, "carrier", lambda it: LeavePool(obligations=(FIRST(it),) * 2), at_the_door=True),
        Row(Refuse.OBLIGATION_UNKNOWN, "carrier", lambda it: LeavePool(obligations=(FIRST(it),))),
        Row(
            Refuse.OBLIGATION_UNKNOWN,
            "lanzhou",
            lambda it: LeavePool(obligations=(SECOND(it),)),
            before=COMMITTED,
            note="netted-whole",
        ),
        Row(Refuse.OBLIGATION_NOT_POOLED, "bukhara", lambda it: LeavePool(obligations=(PLAIN(it),))),
        Row(Refuse.OBLIGATION_HELD, HOUSE, lambda it: LeavePool(obligations=(FIRST(it),)), before=OPEN),
    ],
    OpenBatch: [
        Row(Refuse.DUES_NOT_IN_ORDER, "carrier", lambda it: opening(it, dues=(TODAY, TODAY)), at_the_door=True),
        Row(
            Refuse.BATCH_EXISTS,
            HOUSE,
            lambda _: OpenBatch(batch="b1", asset=Asset("CHF", NOBODY), dues=(TODAY, TOMORROW)),
            before=OPEN,
        ),
        Row(
            Money.CURRENCY_UNKNOWN,
            HOUSE,
            lambda _: OpenBatch(batch="b1", asset=Asset("CHF", NOBODY), dues=(TODAY, TOMORROW)),
        ),
        Row(Refuse.DUE_AHEAD, HOUSE, lambda it: opening(it, dues=(TODAY, TOMORROW))),
        Row(Refuse.POOL_EMPTY, HOUSE, lambda it: opening(it, dues=(TOMORROW,))),
        Row(Refuse.POOL_EMPTY, "carrier", opening, note="of-another"),
        Row(Refuse.POOL_STILL_CARRIED_OUT, HOUSE, lambda it: opening(it, "b2"), before=DROPPED),
        Row(
            Refuse.POOL_RESTS,
            HOUSE,
            lambda it: opening(it, "b2"),
            before=both(DROPPED, lambda it: it.wait(1), fill_storage(1_200)),
        ),
        Row(Kernel.QUOTA_STORAGE_SPENT, HOUSE, opening, before=fill_storage(1_200)),
    ],
    DeclarePotentials: [
        Row(
            Refuse.NAMES_NOT_IN_ORDER,
            HOUSE,
            lambda it: DeclarePotentials(batch="b1", potentials=(PartyPotential(it.account("bank"), 0),) * 2),
            at_the_door=True,
        ),
        Row(Refuse.BATCH_UNKNOWN, "carrier", lambda it: potentials(it, PEAKS), before=OPEN),
        Row(Refuse.BATCH_NOT_OPEN, HOUSE, lambda it: potentials(it, PEAKS), before=both(COMMITTED, FREEZE)),
        Row(Refuse.FREEZES_CHANGED, HOUSE, lambda it: potentials(it, PEAKS), before=both(READY, FREEZE)),
        Row(
            Refuse.PARTY_DECLARED,
            HOUSE,
            lambda it: potentials(it, {"bank": 0, "nairobi": 0}),
            before=both(READY, fill_storage(500)),
        ),
        Row(Kernel.QUOTA_STORAGE_SPENT, HOUSE, lambda it: potentials(it, PEAKS), before=both(OPEN, fill_storage(750))),
    ],
    DeclareFlows: [
        Row(Refuse.BATCH_UNKNOWN, HOUSE, nothing_named),
        Row(Refuse.BATCH_NOT_OPEN, HOUSE, nothing_named, before=both(DROPPED, FREEZE)),
        Row(Refuse.FREEZES_CHANGED, HOUSE, nothing_named, before=both(READY, FREEZE)),
        Row(Refuse.FREEZES_CHANGED, HOUSE, nothing_named, before=both(READY, FREEZE_CARRIER), note="of-somebody-else"),
        Row(Refuse.FREEZES_CHANGED, HOUSE, nothing_named, before=both(FREEZE, READY, UNFREEZE), note="unfrozen"),
        Row(Refuse.PART_NOT_NEXT, HOUSE, lambda _: flows(9, 9, 9, start=1), before=READY),
        Row(Refuse.PART_NOT_NEXT, HOUSE, lambda _: flows(300, start=0), before=COMPLETE, note="an-obligation-twice"),
        Row(Refuse.FLOWS_TOO_MANY, HOUSE, lambda _: flows(501, 0, 0, 0), before=OPEN),
        Row(Refuse.PARTY_NOT_DECLARED, HOUSE, lambda _: flows(501), before=OPEN),
        Row(
            Refuse.PARTY_NOT_DECLARED,
            HOUSE,
            lambda _: flows(501),
            before=both(OPEN, do((HOUSE, lambda it: potentials(it, {"bukhara": 1})))),
            note="the-creditor",
        ),
        Row(Refuse.FLOW_ABOVE_AMOUNT, HOUSE, lambda _: flows(501), before=READY),
        Row(Refuse.FLOW_ABOVE_AMOUNT, HOUSE, lambda _: flows(1), before=both(FREEZE, READY), note="a-frozen-debtor"),
        Row(
            Refuse.FLOW_ABOVE_AMOUNT,
            HOUSE,
            lambda _: flows(0, 300, 1),
            before=both(FREEZE, READY),
            note="a-frozen-creditor",
        ),
        Row(Refuse.CLEARABLE_LEFT, HOUSE, lambda _: flows(299, 299, 299), before=READY),
        Row(
            Refuse.CLEARED_AT_A_LOSS,
            HOUSE,
            lambda _: flows(300, 300, 300),
            before=both(OPEN, do((HOUSE, lambda it: potentials(it, {"bukhara": 2, "nairobi": 0, "lanzhou": 3})))),
        ),
        Row(Refuse.SUMS_TOO_LARGE, HOUSE, lambda _: flows(UNITS_MAX, UNITS_MAX), before=giants),
    ],
    CommitBatch: [
        Row(Refuse.BATCH_UNKNOWN, "carrier", lambda _: CommitBatch(batch="b1"), before=COMPLETE),
        Row(Refuse.BATCH_NOT_OPEN, HOUSE, lambda _: CommitBatch(batch="b1"), before=both(COMMITTED, FREEZE)),
        Row(Refuse.FREEZES_CHANGED, HOUSE, lambda _: CommitBatch(batch="b1"), before=both(COMPLETE, FREEZE)),
        Row(
            Refuse.NOT_COVERED,
            HOUSE,
            lambda _: CommitBatch(batch="b1"),
            before=both(READY, do((HOUSE, lambda _: flows(300, 300)))),
        ),
        Row(
            Refuse.NOT_CONSERVING,
            HOUSE,
            lambda _: CommitBatch(batch="b1"),
            before=both(READY, do((HOUSE, lambda _: flows(301, 300, 300)))),
        ),
    ],
    DropBatch: [
        Row(Refuse.BATCH_UNKNOWN, "carrier", lambda _: DropBatch(batch="b1"), before=OPEN),
        Row(Refuse.BATCH_NOT_OPEN, HOUSE, lambda _: DropBatch(batch="b1"), before=COMMITTED),
    ],
}


@table(TABLES)
def test_a_rule_refuses_and_nothing_changes(ledger, operation, row):  # noqa: ARG001 - it names the test
    assert_refused(ledger, row)


@pytest.mark.parametrize("operation", MODULE.operations)
def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried(operation):
    rows = list(dict.fromkeys(row.rule for row in TABLES[operation]))

    assert rows == [rule for rule in rules_of(operation) if (operation, rule) not in NEVER]


def test_every_number_of_netting_is_used():
    named_in = {rule for operation in MODULE.operations for rule in rules_of(operation)}

    assert named_in >= set(Refuse)
    assert [int(code) for code in Refuse] == list(range(800, 800 + len(Refuse)))
