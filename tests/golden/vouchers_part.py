"""The part of the fixed script that plays vouchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.client.keys import derive, derived_seed
from sogdia.client.p256_keys import P256KeyPair
from sogdia.kernel.values import name_of
from sogdia.modules.money.currencies import Mint
from sogdia.modules.vouchers.purses import OpenPurse, ReturnShare
from sogdia.modules.vouchers.records import PURSES, Share
from sogdia.modules.vouchers.redeeming import RedeemVouchers, ReportFraud
from sogdia.modules.vouchers.signed import SignedVoucher, Voucher, voucher_message
from sogdia.testing.ledger import SEED

if TYPE_CHECKING:
    from sogdia.client.keys import AnyKeyPair
    from tests.golden.script import Script

DAY = 86_400


def vouchers(script: Script) -> None:
    """Play two purses of Nairobi: vouchers are paid, a share goes back, a number is signed twice, and time runs out."""
    ledger, account = script.ledger, script.account
    phone, chip = derive(SEED, "nairobi/phone"), P256KeyPair(derived_seed(SEED, "nairobi/chip"))
    script.send("bank", Mint(currency="USD", to=account("nairobi"), units=2_000))
    shares = (Share(account("bukhara"), 500), Share(account("carrier"), 300), Share(None, 200))

    def opening(reference: str, keys: AnyKeyPair) -> OpenPurse:
        return OpenPurse(
            reference=reference,
            asset=ledger.asset(),
            scheme=keys.scheme,
            public=keys.public,
            shares=shares,
            ends_at=ledger.time + 10 * DAY,
        )

    def signed(reference: str, share: int, sequence: int, to: str, units: int) -> SignedVoucher:
        purse = name_of(account("nairobi"), reference)
        said = Voucher(
            network=ledger.network[:8],
            purse=purse,
            share=share,
            sequence=sequence,
            payee=account(to),
            units=units,
            expiry=ledger.time + 9 * DAY,
        )
        message = voucher_message(ledger.network, PURSES.must(ledger.state, purse).promised, said)
        return SignedVoucher(said, phone.sign(message))

    script.send("nairobi", opening("trip", phone), opening("chip", chip))
    first, second = signed("trip", 0, 0, "bukhara", 125), signed("trip", 0, 9, "bukhara", 75)
    script.send("platform", RedeemVouchers(vouchers=(first, second)))
    script.send("bukhara", RedeemVouchers(vouchers=(first,)))
    # A signature of P-256 has chance in it, so the script has none; this one is by the wrong key.
    script.send("bukhara", RedeemVouchers(vouchers=(signed("chip", 0, 0, "bukhara", 1),)))
    script.send("carrier", ReturnShare(purse=name_of(account("nairobi"), "trip"), share=1))
    twice = tuple(signed("trip", 2, 4, to, 50) for to in ("carrier", "platform"))
    script.send("carrier", RedeemVouchers(vouchers=twice[:1]))
    script.send("treasury", ReportFraud(vouchers=twice))
    script.send("treasury", ReportFraud(vouchers=twice))
    script.send("nairobi", opening("more", phone))
    script.wait(41 * DAY)
