"""Rows for what binds issuers: who breaks which rule. `test_refusals` tries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, UnfreezeHolder
from sogdia.modules.money.holds import PlaceHoldWithReference
from sogdia.modules.money.measures import ApproveMeasure, ProposeClawBack, ProposeLongerFreeze, WithdrawMeasure
from sogdia.modules.money.policies import OpenRegulatedCurrency, SetLimits, ShowStanding
from sogdia.modules.money.records import Policy, TierLimit
from sogdia.modules.money.redemptions import ConfirmRedemption, DeclineRedemption, RequestRedemption
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.reserves import AttestReserve
from sogdia.modules.money.transfers import TransferWithReference
from tests.modules.money.issuing import (
    AUDITOR,
    LIMITS,
    TERM,
    agree,
    at_most,
    attest,
    claw_back,
    impose,
    in_order,
    longer,
    measure_name,
    minting,
    open_pounds,
    opening,
    policy,
    redeeming,
    redemption_name,
    statement,
)
from tests.modules.money.purse import NOBODY, PAYEE, PAYER, freeze, hold, pay, set_caps
from tests.refused import Row, poke

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.testing.ledger import Ledger

UNKNOWN = Asset("CHF", NOBODY)
BAD = "Court\u202e order"
REFERENCE = bytes(range(32))


def pounds_with(units: int = 1_000, **changes: Any):  # noqa: ANN401 - a preparation
    """Nairobi has pounds under a policy."""

    def prepare(ledger: Ledger) -> None:
        open_pounds(ledger, **changes)
        ledger.must("bank", minting(ledger, units))

    return prepare


def spent(ledger: Ledger) -> None:
    """Nairobi has paid a hundred of the hundred and fifty that a day allows, and Bukhara may have no more."""
    ledger.fund(PAYER, 1_000)
    impose(limits=LIMITS)(ledger)
    ledger.must(PAYER, pay(ledger, 100))
    set_caps(ledger, holder=1)


def limited(ledger: Ledger) -> None:
    """Nairobi may pay a hundred at once, and Bukhara may have no more."""
    ledger.fund(PAYER, 1_000)
    impose(limits=LIMITS)(ledger)
    set_caps(ledger, holder=1)


def ruled(ledger: Ledger) -> None:
    """From a thousand on a payment needs a reference; nobody may pay as much."""
    ledger.fund(PAYER, 1_000)
    impose(limits=LIMITS, reference_from=1_000)(ledger)
    set_caps(ledger, holder=1)


def rests(ledger: Ledger) -> None:
    """The bank's freeze of Nairobi has run out."""
    freeze(ledger)
    ledger.wait(TERM + 1)


def lifted_often(ledger: Ledger) -> None:
    """The bank has lifted its freeze of Nairobi eight times, and made it seven times again."""
    freeze(ledger)
    for _ in range(7):
        lift(ledger)
        freeze(ledger)
    lift(ledger)


def lift(ledger: Ledger) -> None:
    """The bank lets Nairobi pay."""
    ledger.must("bank", UnfreezeHolder(currency="USD", account=ledger.account(PAYER)))


MINT = [
    Row(
        Refuse.RESERVE_NOT_VOUCHED_FOR,
        "bank",
        lambda it: minting(it, 1),
        in_order(lambda it: it.must("bank", opening(it)), lambda it: set_caps(it, holder=1, code="GBP")),
    ),
    Row(
        Refuse.RESERVE_PASSED,
        "bank",
        lambda it: minting(it, 101),
        in_order(lambda it: open_pounds(it, 100), lambda it: set_caps(it, holder=1, code="GBP")),
    ),
]

FREEZE = [
    Row(
        Refuse.FREEZE_RESTS,
        "bank",
        lambda it: FreezeHolder(currency="USD", account=it.account(PAYER), reason="Court order 8/2026"),
        rests,
    ),
    Row(
        Refuse.FROZEN_TOO_OFTEN,
        "bank",
        lambda it: FreezeHolder(currency="USD", account=it.account(PAYER), reason="Court order 8/2026"),
        lifted_often,
    ),
]


def wishes(ask: Any, *, referring: bool) -> list[Row]:  # noqa: ANN401 - makes the request of a ledger and an amount
    """Rows of an operation that pays or sets aside for another."""
    missing = [Row(Refuse.REFERENCE_MISSING, PAYER, lambda it: ask(it, 1_000), ruled)]
    return [
        *([] if referring else missing),
        Row(Refuse.PAYMENT_ABOVE_LIMIT, PAYER, lambda it: ask(it, 101), limited),
        Row(Refuse.DAY_LIMIT_PASSED, PAYER, lambda it: ask(it, 51), spent),
    ]


def with_reference(plain: Any, kind: Any) -> Any:  # noqa: ANN401 - a payment, and its kind with a reference
    """Put a payment with a reference."""
    return kind(**structs.asdict(plain), travel_reference=REFERENCE)


def referred(ledger: Ledger, units: int, **changes: Any) -> TransferWithReference:  # noqa: ANN401 - any field
    """A payment with a reference."""
    made: TransferWithReference = with_reference(pay(ledger, units, **changes), TransferWithReference)
    return made


def held_referred(ledger: Ledger, units: int, **changes: Any) -> PlaceHoldWithReference:  # noqa: ANN401 - any field
    """Money set aside, with a reference."""
    made: PlaceHoldWithReference = with_reference(hold(ledger, units, **changes), PlaceHoldWithReference)
    return made


def twice(ledger: Ledger) -> dict[str, Any]:
    """The auditor named twice."""
    return {"auditors": (ledger.account(AUDITOR),) * 2}


def asking(code: str, stated: Any) -> Any:  # noqa: ANN401 - what gives a policy; a request
    """Ask to issue under a policy."""
    return lambda it: OpenRegulatedCurrency(
        currency=code, supply_max=1, holder_max=1, by_authorisation=False, policy=stated(it)
    )


FALLING = (*LIMITS[:3], TierLimit(1, 2))
ILL_LIMITS: list[tuple[str, tuple[TierLimit, ...]]] = [
    ("fall", FALLING),
    ("fall-in-a-day", (*LIMITS[:3], TierLimit(1_000, 2_999))),
    ("three-tiers", LIMITS[:3]),
    ("more-at-once-than-a-day", (*LIMITS[:3], TierLimit(5_000, 4_999))),
]


OPEN = [
    Row(Refuse.CURRENCY_CODE_UNKNOWN, PAYER, asking("XXX", lambda _it: Policy()), at_the_door=True),
    Row(Refuse.POLICY_BINDS_NOBODY, PAYER, asking("GBP", lambda _it: Policy()), at_the_door=True),
    *(
        Row(
            Refuse.OVERSEERS_NEEDED,
            PAYER,
            asking("GBP", lambda it, wrong=wrong: policy(it, limits=FALLING, **wrong)),
            at_the_door=True,
            note=note,
        )
        for note, wrong in (
            ("more-auditors-than-named", {"auditors_needed": 2}),
            ("no-auditor", {"auditors_needed": 0}),
            ("auditors-of-nobody", {"auditors": (), "auditors_needed": 1}),
            ("one-of-the-panel", {"panel_needed": 1}),
            ("more-than-the-panel", {"panel_needed": 4}),
            ("a-panel-of-nobody", {"panel": (), "panel_needed": 2}),
        )
    ),
    Row(
        Refuse.OVERSEER_NAMED_TWICE,
        PAYER,
        asking("GBP", lambda it: policy(it, limits=FALLING, **twice(it))),
        at_the_door=True,
        note="auditor",
    ),
    Row(
        Refuse.OVERSEER_NAMED_TWICE,
        PAYER,
        asking("GBP", lambda it: policy(it, limits=FALLING, panel=(it.account("treasury"),) * 2)),
        at_the_door=True,
        note="panel",
    ),
    *(
        Row(
            Refuse.LIMITS_OUT_OF_ORDER,
            PAYER,
            asking("GBP", lambda it, limits=limits: policy(it, limits=limits)),
            at_the_door=True,
            note=note,
        )
        for note, limits in ILL_LIMITS
    ),
    Row(Refuse.SENDER_NOT_ISSUER, PAYER, asking("USD", lambda it: policy(it, auditors=(NOBODY,)))),
    Row(Refuse.CURRENCY_EXISTS, "bank", asking("USD", lambda it: policy(it, auditors=(NOBODY,)))),
    *(
        Row(
            Refuse.OVERSEER_DEPENDENT,
            "bank",
            asking("GBP", lambda it, who=who: policy(it, auditors=(NOBODY if who is None else it.account(who),))),
            note=who or "nobody",
        )
        for who in (None, "bank", PAYER)
    ),
    Row(
        Refuse.OVERSEER_DEPENDENT,
        "bank",
        asking("GBP", lambda it: policy(it, panel=(it.account("treasury"), it.account("bank")))),
        note="on-the-panel",
    ),
]

SET_LIMITS = [
    Row(
        Refuse.LIMITS_OUT_OF_ORDER,
        PAYER,
        lambda _it: SetLimits(currency="CHF", limits=FALLING, reference_from=0),
        at_the_door=True,
    ),
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, lambda _it: SetLimits(currency="USD", limits=LIMITS, reference_from=0)),
    Row(Refuse.CURRENCY_WITHOUT_POLICY, "bank", lambda _it: SetLimits(currency="USD", limits=LIMITS, reference_from=0)),
    Row(
        Refuse.LIMITS_NARROWER,
        "bank",
        lambda _it: SetLimits(currency="GBP", limits=at_most(99, 20_000), reference_from=0),
        lambda it: open_pounds(it, limits=LIMITS),
    ),
]

ATTEST_RESERVE = [
    Row(
        Refuse.CURRENCY_UNKNOWN,
        PAYER,
        lambda it: AttestReserve(asset=UNKNOWN, units=1, as_of=it.time + 1, valid_until=it.time),
    ),
    Row(Refuse.SENDER_NOT_AUDITOR, "bank", lambda it: statement(it, 1, valid_until=it.time), open_pounds),
    Row(
        Refuse.SENDER_NOT_AUDITOR,
        AUDITOR,
        lambda it: AttestReserve(asset=it.asset(), units=1, as_of=it.time, valid_until=it.time),
        note="of-a-currency-without-a-policy",
    ),
    Row(Refuse.STATEMENT_NOT_IN_TIME, AUDITOR, lambda it: statement(it, 1, as_of=it.time + 1), open_pounds),
]


def fill_storage(ledger: Ledger, left: int) -> None:
    """Leave the sponsor a few bytes."""
    registrar = ledger.account("registrar")
    known = QUOTAS.must(ledger.state, registrar)
    poke(ledger, QUOTAS, registrar, structs.replace(known, stored_bytes_max=known.stored_bytes + left))


def redeemed(ledger: Ledger) -> None:
    pounds_with()(ledger)
    ledger.must(PAYER, redeeming(ledger, 10))


REQUEST = [
    Row(Refuse.TEXT_NOT_ALLOWED, "bank", lambda it: redeeming(it, 1, payout="RF\u202e1"), at_the_door=True),
    Row(
        Refuse.PARTIES_IDENTICAL,
        "bank",
        lambda it: redeeming(it, 1, asset=Asset("CHF", it.account("bank"))),
    ),
    Row(Refuse.REDEMPTION_EXISTS, PAYER, lambda it: redeeming(it, 1, asset=UNKNOWN), redeemed),
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, lambda it: redeeming(it, 1, asset=UNKNOWN)),
    Row(
        Refuse.HOLDER_FROZEN,
        PAYER,
        lambda it: redeeming(it, 1_001),
        in_order(pounds_with(), lambda it: freeze(it, code="GBP")),
    ),
    Row(Refuse.FUNDS_INSUFFICIENT, PAYER, lambda it: redeeming(it, 1_001), pounds_with()),
    Row(
        Kernel.QUOTA_STORAGE_SPENT,
        PAYER,
        lambda it: redeeming(it, 1),
        in_order(pounds_with(), lambda it: fill_storage(it, 399)),
    ),
]

CONFIRM = [
    Row(
        Refuse.REDEMPTION_UNKNOWN,
        "bank",
        lambda it: ConfirmRedemption(redemption=redemption_name(it, "r2")),
        redeemed,
    ),
    Row(
        Refuse.REDEMPTION_UNKNOWN,
        PAYEE,
        lambda it: ConfirmRedemption(redemption=redemption_name(it)),
        redeemed,
        note="to-a-stranger",
    ),
    Row(Refuse.SENDER_NOT_ISSUER, PAYER, lambda it: ConfirmRedemption(redemption=redemption_name(it)), redeemed),
]

DECLINE = [
    Row(
        Refuse.TEXT_NOT_ALLOWED,
        PAYEE,
        lambda it: DeclineRedemption(redemption=redemption_name(it), reason=BAD),
        at_the_door=True,
    ),
    Row(
        Refuse.REDEMPTION_UNKNOWN,
        PAYEE,
        lambda it: DeclineRedemption(redemption=redemption_name(it), reason="No"),
        redeemed,
    ),
    Row(
        Refuse.SENDER_NOT_ISSUER,
        PAYER,
        lambda it: DeclineRedemption(redemption=redemption_name(it), reason="No"),
        redeemed,
    ),
]


def proposed(ledger: Ledger) -> None:
    pounds_with()(ledger)
    ledger.must("bank", claw_back(ledger, 10), longer(ledger))


def to_nobody(ledger: Ledger, **changes: Any) -> ProposeClawBack:  # noqa: ANN401 - any field
    """A claw back that gives to nobody."""
    return claw_back(ledger, 1, **({"to": NOBODY, "currency": "CHF"} | changes))


CLAW_BACK = [
    Row(
        Refuse.PARTIES_IDENTICAL,
        PAYER,
        lambda it: claw_back(it, 1, to=it.account(PAYER), reason=BAD),
        at_the_door=True,
    ),
    Row(Refuse.TEXT_NOT_ALLOWED, PAYER, lambda it: to_nobody(it, reason=BAD), at_the_door=True),
    Row(Refuse.PAYEE_UNKNOWN, PAYER, to_nobody),
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, lambda it: claw_back(it, 1, currency="CHF", account=NOBODY)),
    Row(Refuse.PANEL_MISSING, "bank", lambda it: claw_back(it, 1, currency="USD", account=NOBODY)),
    Row(
        Refuse.PANEL_MISSING,
        "bank",
        lambda it: claw_back(it, 1, account=NOBODY),
        lambda it: open_pounds(it, panel=(), panel_needed=0),
        note="in-the-policy",
    ),
    Row(Refuse.PAYEE_UNKNOWN, "bank", lambda it: claw_back(it, 1, account=NOBODY), proposed, note="holder"),
    Row(
        Refuse.MEASURE_EXISTS,
        "bank",
        lambda it: claw_back(it, 1),
        in_order(proposed, lambda it: fill_storage(it, 699)),
    ),
    Row(
        Kernel.QUOTA_STORAGE_SPENT,
        "bank",
        lambda it: claw_back(it, 1, "m2"),
        in_order(proposed, lambda it: fill_storage(it, 699)),
    ),
]

LONGER = [
    Row(Refuse.TEXT_NOT_ALLOWED, PAYER, lambda it: longer(it, currency="CHF", reason=BAD), at_the_door=True),
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, lambda it: longer(it, account=NOBODY)),
    Row(Refuse.PANEL_MISSING, "bank", lambda it: longer(it, currency="USD", account=NOBODY)),
    Row(Refuse.PAYEE_UNKNOWN, "bank", lambda it: longer(it, account=NOBODY), proposed),
    Row(Refuse.MEASURE_EXISTS, "bank", longer, in_order(proposed, lambda it: fill_storage(it, 699))),
    Row(
        Kernel.QUOTA_STORAGE_SPENT,
        "bank",
        lambda it: longer(it, "f2"),
        in_order(proposed, lambda it: fill_storage(it, 699)),
    ),
]


def last_agreement(ledger: Ledger) -> None:
    """One more agreement takes ten pounds from Nairobi."""
    proposed(ledger)
    agree(ledger, "treasury")


def listed_pounds(ledger: Ledger) -> None:
    """Pounds by list; Bukhara, which would get some, is not on it."""
    asked = structs.replace(opening(ledger), by_authorisation=True)
    ledger.must("bank", asked)
    ledger.must(AUDITOR, statement(ledger, 1_000))
    ledger.must("bank", AuthoriseHolder(currency="GBP", account=ledger.account(PAYER)))
    ledger.must("bank", minting(ledger, 1_000))
    set_caps(ledger, holder=5, code="GBP")
    ledger.must("bank", claw_back(ledger, 10))
    agree(ledger, "treasury")


def approving(ledger: Ledger, reference: str = "m1") -> ApproveMeasure:
    """Agree to a measure."""
    return ApproveMeasure(measure=measure_name(ledger, reference))


def all_set_aside(ledger: Ledger) -> None:
    last_agreement(ledger)
    ledger.must(PAYER, redeeming(ledger, 1_000))
    set_caps(ledger, holder=5, code="GBP")


APPROVE = [
    Row(Refuse.MEASURE_UNKNOWN, "treasury", lambda it: approving(it, "m2"), proposed),
    Row(Refuse.MEASURE_UNKNOWN, PAYEE, approving, proposed, note="to-a-stranger"),
    Row(Refuse.SENDER_NOT_ON_PANEL, "bank", approving, proposed),
    Row(Refuse.APPROVED_ALREADY, "treasury", approving, all_set_aside),
    Row(Refuse.NOTHING_AVAILABLE, "platform", approving, all_set_aside),
    Row(Refuse.HOLDER_NOT_AUTHORISED, "platform", approving, listed_pounds),
    Row(
        Refuse.HOLDER_CAP_PASSED,
        "platform",
        approving,
        in_order(last_agreement, lambda it: set_caps(it, holder=9, code="GBP")),
    ),
]

WITHDRAW = [Row(Refuse.MEASURE_UNKNOWN, "treasury", lambda _it: WithdrawMeasure(measure="m1"), proposed)]


SHOW = [
    Row(
        Refuse.ATTESTATION_NOT_USABLE,
        PAYER,
        lambda it: ShowStanding(attestation=it.account("registrar") + b"a1"),
        lambda it: fill_storage(it, 0),
    ),
    Row(
        Kernel.QUOTA_STORAGE_SPENT,
        PAYER,
        lambda it: ShowStanding(attestation=it.account("registrar") + b"a1"),
        in_order(lambda it: attest(it, 3), lambda it: fill_storage(it, 199)),
    ),
]

ISSUER_TABLES: dict[type[Operation], list[Row]] = {
    OpenRegulatedCurrency: OPEN,
    SetLimits: SET_LIMITS,
    AttestReserve: ATTEST_RESERVE,
    RequestRedemption: REQUEST,
    ConfirmRedemption: CONFIRM,
    DeclineRedemption: DECLINE,
    ProposeClawBack: CLAW_BACK,
    ProposeLongerFreeze: LONGER,
    ApproveMeasure: APPROVE,
    WithdrawMeasure: WITHDRAW,
    ShowStanding: SHOW,
}

SPONSORED = "a sender whose sponsor has no quota is not admitted"
ISSUER_NEVER = {
    (TransferWithReference, Refuse.REFERENCE_MISSING): "it has one",
    (PlaceHoldWithReference, Refuse.REFERENCE_MISSING): "it has one",
    (PlaceHoldWithReference, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (RequestRedemption, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (ProposeClawBack, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (ProposeLongerFreeze, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (ShowStanding, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
}
