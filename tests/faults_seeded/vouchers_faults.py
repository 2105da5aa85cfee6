"""Faults in vouchers: purses, what is signed, redeeming, proofs of fraud, and what is known without a connection."""

from __future__ import annotations

from tools.seeded_faults import Fault

PURSES = ("tests/modules/vouchers/test_purses.py",)
REDEEMING = ("tests/modules/vouchers/test_redeeming.py",)
FRAUD = ("tests/modules/vouchers/test_fraud.py",)
REFUSALS = ("tests/modules/vouchers/test_refusals.py",)
RANDOM = ("tests/modules/vouchers/test_random.py",)
OFFLINE = ("tests/client/test_vouchers.py",)

VOUCHERS_FAULTS = (
    Fault(
        "A voucher is not bound to the terms of its purse",
        "modules/vouchers/signed.py",
        "sha256(VOUCHER_DOMAIN + network + bound + encode(voucher))",
        "sha256(VOUCHER_DOMAIN + network + encode(voucher))",
        PURSES,
    ),
    Fault(
        "A voucher can be paid again",
        "modules/vouchers/redeeming.py",
        "used=with_used(drawn.used, sequence),",
        "used=drawn.used,",
        REDEEMING,
    ),
    Fault(
        "More is paid than a share holds",
        "modules/vouchers/redeeming.py",
        "require(voucher.units <= drawn.left,",
        "require(voucher.units <= drawn.left + drawn.redeemed,",
        REDEEMING,
    ),
    Fault(
        "A voucher is not paid in its last second",
        "modules/vouchers/redeeming.py",
        "require(ctx.time <= voucher.expiry,",
        "require(ctx.time < voucher.expiry,",
        REDEEMING,
    ),
    Fault(
        "Signatures are not looked at",
        "modules/vouchers/redeeming.py",
        "signed = is_signed(ctx.network, purse.promised, each)",
        "signed = len(each.signature) == 64",
        REFUSALS,
    ),
    Fault(
        "A share can be paid to others than its payee",
        "modules/vouchers/redeeming.py",
        "require(payee in (None, each.voucher.payee), Refuse.PAYEE_OTHER",
        "require(payee is None or each.voucher.payee, Refuse.PAYEE_OTHER",
        RANDOM,
    ),
    Fault(
        "Whoever may not hold the money is paid from anybody's share",
        "modules/vouchers/redeeming.py",
        "        require_may_receive(ctx.state, purse.promised.asset, payee, units)\n",
        "",
        REFUSALS,
    ),
    Fault(
        "The marks of two numbers are one",
        "modules/vouchers/signed.py",
        "long[sequence // 8] |= 1 << sequence % 8",
        "long[sequence // 8] |= 1 << sequence % 4",
        REDEEMING,
    ),
    Fault(
        "Vouchers that have expired count as promised",
        "modules/vouchers/redeeming.py",
        "if time <= each.voucher.expiry and not is_used",
        "if not is_used",
        FRAUD,
    ),
    Fault(
        "What was paid counts twice against the payer",
        "modules/vouchers/redeeming.py",
        "if time <= each.voucher.expiry and not is_used(drawn.used, each.voucher.sequence)",
        "if time <= each.voucher.expiry",
        FRAUD,
    ),
    Fault(
        "A fraud is forgotten with its purse",
        "modules/vouchers/purses.py",
        "structs.replace(known, purses=known.purses - 1)",
        "structs.replace(known, purses=known.purses - 1, frauds=0, last_fraud_at=None)",
        FRAUD,
    ),
    Fault(
        "A payer who was caught opens purses for anybody",
        "modules/vouchers/purses.py",
        "require(certain or not payer.frauds,",
        "require(certain or payer.frauds >= 0,",
        FRAUD,
    ),
    Fault(
        "A purse has no grace",
        "modules/vouchers/purses.py",
        "deadline = self.ends_at + rules.grace",
        "deadline = self.ends_at + 1",
        PURSES,
    ),
    Fault(
        "Storage of a purse is not given back",
        "modules/vouchers/purses.py",
        "    quota.give_back(ctx.state, purse.sponsor, storage_of(promised.shares))\n",
        "",
        PURSES,
    ),
    Fault(
        "What a payee with two shares may receive is looked at share by share",
        "modules/vouchers/purses.py",
        "named[share.payee] = named.get(share.payee, 0) + share.units",
        "named[share.payee] = share.units",
        REFUSALS,
    ),
    Fault(
        "A share of anybody's is called certain",
        "client/vouchers.py",
        "return Verdict(share.payee is not None,",
        "return Verdict(said.payee is not None,",
        OFFLINE,
    ),
    Fault(
        "A payee forgets what it took",
        "client/vouchers.py",
        "left = drawn.left - waiting - said.units",
        "left = drawn.left - said.units",
        OFFLINE,
    ),
    Fault(
        "A phone signs more than was set aside",
        "client/vouchers.py",
        "    if units > left:\n",
        "    if units > left + promised.shares[share].units:\n",
        OFFLINE,
    ),
    Fault(
        "A phone signs a number twice",
        "client/vouchers.py",
        "if each not in numbers and not is_used(drawn.used, each)]",
        "if not is_used(drawn.used, each)]",
        OFFLINE,
    ),
    Fault(
        "The check of a voucher's text is not looked at",
        "client/voucher_text.py",
        "    if _check(content) != check:\n",
        "    if len(check) != CHECK_BYTES:\n",
        ("tests/client/test_voucher_text.py",),
    ),
)
