"""Vouchers: money set aside online, spent without a connection, redeemed later."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.vouchers import events, invariants, purses, queries, redeeming
from sogdia.modules.vouchers.genesis import VouchersGenesis, load_genesis
from sogdia.modules.vouchers.records import PAYERS, PURSES, RULES
from sogdia.modules.vouchers.refusals import VoucherRefusal

MODULE = Module(
    name="vouchers",
    number=900,
    operations=(purses.OpenPurse, purses.ReturnShare, redeeming.RedeemVouchers, redeeming.ReportFraud),
    tables=(RULES, PURSES, PAYERS),
    events=(
        events.PurseOpened,
        events.ShareReturned,
        events.VoucherRedeemed,
        events.FraudProven,
        events.PurseEnded,
    ),
    refusals=VoucherRefusal,
    queries=(queries.PurseQuery, queries.PayerQuery),
    invariants=(
        invariants.every_share_is_paid_given_back_or_left,
        invariants.every_voucher_was_paid_once,
        invariants.every_purse_is_due_at_its_deadline,
        invariants.payers_have_as_many_purses_as_are_counted,
    ),
    exits=(purses.PURSE_EXIT,),
    genesis=VouchersGenesis,
    load_genesis=load_genesis,
)
