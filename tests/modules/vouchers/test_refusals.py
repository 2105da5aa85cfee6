"""Every rule of vouchers: who breaks it, which number the answer has, and that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, Mint, OpenCurrency, SetCaps
from sogdia.modules.money.refusals import MoneyRefusal as Money
from sogdia.modules.vouchers.module import MODULE
from sogdia.modules.vouchers.purses import PURSE_BYTES, SHARE_BYTES, OpenPurse, ReturnShare
from sogdia.modules.vouchers.records import RULES, PurseCap, Share
from sogdia.modules.vouchers.redeeming import RedeemVouchers, ReportFraud
from sogdia.modules.vouchers.refusals import VoucherRefusal as Refuse
from sogdia.modules.vouchers.signed import SignedVoucher
from sogdia.testing.ledger import keys_of
from tests.modules.money.issuing import at_most, impose, in_order
from tests.modules.vouchers.stall import (
    ANYBODY,
    BUKHARA,
    DAY,
    LANZHOU,
    PAYER,
    PAYERS_DOLLARS,
    SHARES,
    opening,
    purse_name,
    redeem,
    report,
    voucher,
)
from tests.refused import Row, assert_refused, poke, rules_of, table

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.testing.ledger import Ledger

NOBODY = bytes(range(20))
LEFT = PAYERS_DOLLARS - sum(SHARES)
LONGEST = 90 * DAY


def shares_of(ledger: Ledger, *parts: tuple[str | None, int]) -> tuple[Share, ...]:
    """Make shares by the names of payees."""
    return tuple(Share(None if who is None else ledger.account(who), units) for who, units in parts)


def to(units: int, who: str | None = "bukhara", **changes: Any):  # noqa: ANN401 - any field
    """Open a purse `q` with one share."""
    return lambda it: opening(it, "q", shares=shares_of(it, (who, units)), **changes)


def cap(units: int):
    """Let nobody have more dollars from now on."""
    return lambda it: it.must("bank", SetCaps(currency="USD", supply_max=10**15, holder_max=units))


def freeze(it: Ledger) -> None:
    """Freeze the payer's dollars."""
    it.must("bank", FreezeHolder(currency="USD", account=it.account(PAYER), reason="Court order 17"))


def opened_today(it: Ledger) -> None:
    """The payer has set aside what it may today."""
    impose(limits=at_most(100))(it)
    it.must(PAYER, opening(it, "r", shares=shares_of(it, ("bukhara", 100))))


def be_caught(it: Ledger) -> None:
    """Show that the payer's key signed one number twice."""
    it.must("treasury", twice(it))


def twice(it: Ledger) -> ReportFraud:
    """Ask to note that one number stands on two texts."""
    return report(*(voucher(it, ANYBODY, 5, 1, who) for who in ("carrier", "platform")))


def rules(**changes: Any):  # noqa: ANN401 - any field
    """Give the network other rules."""
    return lambda it: poke(it, RULES, None, structs.replace(RULES.must(it.state, None), **changes))


def fill_purses(it: Ledger) -> None:
    """Use up the purses that a payer may have; it was caught, too."""
    be_caught(it)
    rules(purses_max=1)(it)


def fill_storage(it: Ledger) -> None:
    """Leave the sponsor a byte less than a purse of one share takes."""
    sponsor = it.account("registrar")
    known = QUOTAS.must(it.state, sponsor)
    room = PURSE_BYTES + SHARE_BYTES - 1
    poke(it, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=known.stored_bytes + room))


def fill_both(it: Ledger) -> None:
    """Leave a payee a cent too little, and the sponsor a byte."""
    cap(99)(it)
    fill_storage(it)


def purse_of_yuan(it: Ledger) -> None:
    """A purse `q` for anybody, of yuan, which only listed holders may have."""
    it.must("bank", OpenCurrency(currency="CNY", supply_max=10**9, holder_max=10**9, by_authorisation=True))
    it.must("bank", AuthoriseHolder(currency="CNY", account=it.account(PAYER)))
    it.must("bank", Mint(currency="CNY", to=it.account(PAYER), units=1_000))
    it.must(PAYER, opening(it, "q", asset=it.asset("CNY"), shares=shares_of(it, (None, 100))))


def yuan_for_bukhara(it: Ledger) -> OpenPurse:
    """A purse of yuan for a payee that may not have any."""
    return opening(it, "r", asset=it.asset("CNY"), shares=shares_of(it, ("bukhara", 100)))


def altered(it: Ledger, **changes: Any) -> SignedVoucher:  # noqa: ANN401 - any field
    """A voucher that somebody changed after it was signed."""
    good = voucher(it, BUKHARA, 0, 10)
    return SignedVoucher(structs.replace(good.voucher, **changes), good.signature)


TABLES: dict[type[Operation], list[Row]] = {
    OpenPurse: [
        Row(
            Refuse.SCHEME_NOT_FOR_VOUCHERS,
            PAYER,
            lambda it: opening(it, scheme=3, public=bytes(33), shares=shares_of(it, (PAYER, UNITS_MAX), (None, 1))),
            at_the_door=True,
        ),
        Row(Refuse.KEY_WEAK, PAYER, to(UNITS_MAX, PAYER, public=bytes(32)), at_the_door=True),
        Row(Refuse.KEY_WEAK, PAYER, to(1, scheme=2), at_the_door=True, note="other-scheme"),
        Row(
            Refuse.PURSE_TOO_LARGE,
            PAYER,
            lambda it: opening(it, shares=shares_of(it, (PAYER, UNITS_MAX), (None, 1))),
            at_the_door=True,
        ),
        Row(Refuse.PAYEE_IS_PAYER, PAYER, to(UNITS_MAX, PAYER, ends_at=0)),
        Row(Refuse.PAYEE_UNKNOWN, PAYER, lambda it: opening(it, shares=(Share(NOBODY, UNITS_MAX),), ends_at=0)),
        Row(Refuse.PURSE_ENDED, PAYER, lambda it: opening(it, ends_at=it.time)),
        Row(Refuse.PURSE_LASTS_TOO_LONG, PAYER, lambda it: opening(it, ends_at=it.time + LONGEST + 1)),
        Row(Refuse.PURSE_EXISTS, PAYER, opening, before=rules(purses_max=1)),
        Row(Refuse.PURSES_TOO_MANY, PAYER, lambda it: opening(it, "q"), before=fill_purses),
        Row(Refuse.PAYER_CAUGHT, PAYER, to(UNITS_MAX, None), before=be_caught),
        Row(Refuse.PURSE_ABOVE_CAP, PAYER, to(LEFT + 1), before=rules(caps=(PurseCap("USD", LEFT),))),
        Row(Money.CURRENCY_UNKNOWN, PAYER, to(LEFT + 1, asset=Asset("CHF", NOBODY))),
        Row(
            Money.REFERENCE_MISSING,
            PAYER,
            to(LEFT + 1),
            before=in_order(freeze, impose(reference_from=LEFT + 1)),
            note="named",
        ),
        Row(Money.REFERENCE_MISSING, PAYER, to(100, None), before=impose(reference_from=100), note="for-anybody"),
        Row(Money.HOLDER_FROZEN, PAYER, to(LEFT + 1), before=freeze),
        Row(Money.FUNDS_INSUFFICIENT, PAYER, to(LEFT + 1), before=cap(1)),
        Row(Money.PAYMENT_ABOVE_LIMIT, PAYER, to(101), before=impose(limits=at_most(100))),
        Row(Money.DAY_LIMIT_PASSED, PAYER, to(100), before=opened_today),
        Row(Money.HOLDER_NOT_AUTHORISED, PAYER, yuan_for_bukhara, before=purse_of_yuan),
        Row(Money.HOLDER_CAP_PASSED, PAYER, to(100), before=fill_both),
        Row(
            Money.HOLDER_CAP_PASSED,
            PAYER,
            lambda it: opening(it, "q", shares=shares_of(it, ("bukhara", 50), ("bukhara", 50))),
            before=cap(99),
            note="two-shares-of-one",
        ),
        Row(Kernel.QUOTA_STORAGE_SPENT, PAYER, to(1), before=fill_storage),
    ],
    ReturnShare: [
        Row(Refuse.PURSE_UNKNOWN, "bukhara", lambda it: ReturnShare(purse=purse_name(it, "q"), share=9)),
        Row(Refuse.SHARE_UNKNOWN, "bukhara", lambda it: ReturnShare(purse=purse_name(it), share=3)),
        Row(Refuse.SHARE_OF_ANOTHER, "bukhara", lambda it: ReturnShare(purse=purse_name(it), share=LANZHOU)),
        Row(
            Refuse.SHARE_OF_ANOTHER,
            PAYER,
            lambda it: ReturnShare(purse=purse_name(it), share=ANYBODY),
            note="anybody-s",
        ),
        Row(
            Refuse.SHARE_EMPTY,
            "bukhara",
            lambda it: ReturnShare(purse=purse_name(it), share=BUKHARA),
            before=lambda it: it.must("bukhara", redeem(voucher(it, BUKHARA, 0, SHARES[BUKHARA]))),
        ),
    ],
    RedeemVouchers: [
        Row(
            Refuse.VOUCHERS_NOT_TOGETHER,
            "bukhara",
            lambda it: redeem(altered(it, network=bytes(8)), voucher(it, LANZHOU, 0, 1)),
            at_the_door=True,
        ),
        Row(Refuse.NETWORK_OTHER, "bukhara", lambda it: redeem(altered(it, network=bytes(8), purse=NOBODY + b"x"))),
        Row(Refuse.PURSE_UNKNOWN, "bukhara", lambda it: redeem(altered(it, purse=NOBODY + b"x", share=15))),
        Row(Refuse.SHARE_UNKNOWN, "bukhara", lambda it: redeem(altered(it, share=3))),
        Row(Refuse.SIGNATURE_WRONG, "bukhara", lambda it: redeem(altered(it, units=11)), note="units"),
        Row(Refuse.SIGNATURE_WRONG, "bukhara", lambda it: redeem(altered(it, sequence=1)), note="sequence"),
        Row(Refuse.SIGNATURE_WRONG, "bukhara", lambda it: redeem(altered(it, expiry=it.time)), note="expiry"),
        Row(Refuse.SIGNATURE_WRONG, "bukhara", lambda it: redeem(altered(it, share=ANYBODY)), note="share"),
        Row(
            Refuse.SIGNATURE_WRONG,
            "bukhara",
            lambda it: redeem(altered(it, payee=it.account("lanzhou"))),
            note="payee",
        ),
        Row(
            Refuse.SIGNATURE_WRONG,
            "bukhara",
            lambda it: redeem(voucher(it, BUKHARA, 0, 1, keys=keys_of(PAYER))),
            note="account-key",
        ),
        Row(
            Refuse.SIGNATURE_WRONG,
            "bukhara",
            lambda it: redeem(altered(it, purse=purse_name(it, "q"))),
            before=lambda it: it.must(PAYER, opening(it, "q")),
            note="other-purse",
        ),
        Row(
            Refuse.PAYEE_OTHER,
            "carrier",
            lambda it: redeem(voucher(it, BUKHARA, 0, 501, "carrier", expiry=it.time - 1)),
        ),
        Row(Refuse.VOUCHER_EXPIRED, "bukhara", lambda it: redeem(voucher(it, BUKHARA, 0, 501, expiry=it.time - 1))),
        Row(
            Refuse.SEQUENCE_USED,
            "bukhara",
            lambda it: redeem(voucher(it, BUKHARA, 0, 501)),
            before=lambda it: it.must("bukhara", redeem(voucher(it, BUKHARA, 0, 1))),
        ),
        Row(Refuse.SHARE_SPENT, PAYER, lambda it: redeem(voucher(it, ANYBODY, 0, 201, PAYER))),
        Row(Refuse.PAYEE_IS_PAYER, PAYER, lambda it: redeem(voucher(it, ANYBODY, 0, 200, PAYER))),
        Row(Refuse.PAYEE_UNKNOWN, PAYER, lambda it: redeem(voucher(it, ANYBODY, 0, 200, account=NOBODY))),
        Row(
            Money.HOLDER_NOT_AUTHORISED,
            "carrier",
            lambda it: redeem(voucher(it, 0, 0, 1, "carrier", reference="q")),
            before=purse_of_yuan,
        ),
        Row(
            Money.HOLDER_CAP_PASSED,
            "carrier",
            lambda it: redeem(*(voucher(it, ANYBODY, number, 50) for number in (0, 1))),
            before=cap(99),
        ),
    ],
    ReportFraud: [
        Row(
            Refuse.VOUCHERS_NOT_TOGETHER,
            "treasury",
            lambda it: report(*[altered(it, network=bytes(8))] * 2, voucher(it, LANZHOU, 0, 1)),
            at_the_door=True,
        ),
        Row(
            Refuse.VOUCHER_REPEATED,
            "treasury",
            lambda it: report(*[altered(it, network=bytes(8))] * 2),
            at_the_door=True,
        ),
        Row(Refuse.NETWORK_OTHER, "treasury", lambda it: report(altered(it, network=bytes(8), purse=NOBODY + b"x"))),
        Row(Refuse.PURSE_UNKNOWN, "treasury", lambda it: report(altered(it, purse=NOBODY + b"x", share=15))),
        Row(Refuse.SHARE_UNKNOWN, "treasury", lambda it: report(altered(it, share=3))),
        Row(Refuse.SIGNATURE_WRONG, "treasury", lambda it: report(voucher(it, BUKHARA, 0, 1), altered(it, units=9))),
        Row(Refuse.PAYEE_OTHER, "treasury", lambda it: report(voucher(it, BUKHARA, 0, 501, "carrier"))),
        Row(Refuse.FRAUD_KNOWN, "treasury", lambda it: report(voucher(it, BUKHARA, 0, 1)), before=be_caught),
        Row(Refuse.NO_FRAUD, "treasury", lambda it: report(voucher(it, BUKHARA, 0, 500))),
    ],
}


NEVER = {
    (OpenPurse, Kernel.SPONSOR_HAS_NO_QUOTA): "a sender whose sponsor has no quota is not admitted",
    (RedeemVouchers, Money.CURRENCY_UNKNOWN): "the purse's money is there, and none is ever closed",
}
"""Rules that an operation names and no row can break, each with the reason."""


@table(TABLES)
def test_a_rule_refuses_and_nothing_changes(ledger, operation, row):  # noqa: ARG001 - it names the test
    assert_refused(ledger, row)


@pytest.mark.parametrize("operation", MODULE.operations)
def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried(operation):
    rows = list(dict.fromkeys(row.rule for row in TABLES[operation]))

    assert rows == [rule for rule in rules_of(operation) if (operation, rule) not in NEVER]


def test_every_number_of_vouchers_is_used():
    named = {rule for operation in MODULE.operations for rule in rules_of(operation)}

    assert named >= set(Refuse)
    assert [int(code) for code in Refuse] == list(range(900, 900 + len(Refuse)))
