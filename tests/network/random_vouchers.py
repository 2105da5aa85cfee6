"""What happens with vouchers, at random: purses are opened, vouchers signed, brought, brought again, and reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.client.keys import derive
from sogdia.kernel.values import name_of
from sogdia.modules.vouchers.purses import OpenPurse, ReturnShare
from sogdia.modules.vouchers.records import PURSES, Share
from sogdia.modules.vouchers.redeeming import RedeemVouchers, ReportFraud
from sogdia.modules.vouchers.signed import SignedVoucher, Voucher, voucher_message
from sogdia.testing.ledger import SEED
from tests.properties.random_trade import BUYERS, MERCHANTS

if TYPE_CHECKING:
    from tests.network.random_life import RandomLife

REFERENCES = ("v0", "v1")
SIGNED_MAX = 40


class RandomVouchers:
    """Payers, their phones and their payees; all choices come from the walk's own generator."""

    def __init__(self, life: RandomLife) -> None:
        """Act on the ledger of a walk."""
        self._life = life
        self._random = life.random
        self._signed: list[SignedVoucher] = []
        self._phone = derive(SEED, "phone")

    def step(self) -> None:
        """Let one of them do something."""
        deeds = {self._open: 2, self._sign: 4, self._redeem: 5, self._report: 1, self._return: 1}
        self._random.choices(list(deeds), weights=list(deeds.values()))[0]()

    def _open(self) -> None:
        """Open a purse for a merchant, and for anybody."""
        life = self._life
        operation = OpenPurse(
            reference=self._random.choice(REFERENCES),
            asset=life.ledger.asset(),
            scheme=1,
            public=self._phone.public,
            shares=(Share(life.account(self._random.choice(MERCHANTS)), 9), Share(None, self._random.randint(1, 9))),
            ends_at=life.ledger.time + self._random.choice([10, 86_400]),
        )
        life.send(self._random.choice(BUYERS), operation)

    def _purse(self) -> bytes:
        """Give the name of a purse that may be there."""
        return name_of(self._life.account(self._random.choice(BUYERS)), self._random.choice(REFERENCES))

    def _sign(self) -> None:
        """Let a phone sign something, used numbers and too much included; now and then it is brought at once."""
        ledger, name = self._life.ledger, self._purse()
        purse = PURSES.find(ledger.state, name)
        if purse is None:
            self._open()
            return
        share = self._random.randrange(2)
        anybody = self._life.account(self._random.choice(MERCHANTS))
        said = Voucher(
            network=ledger.network[:8],
            purse=name,
            share=share,
            sequence=self._random.randrange(4),
            payee=purse.promised.shares[share].payee or anybody,
            units=self._random.randint(1, 5),
            expiry=ledger.time + self._random.choice([5, 86_400]),
        )
        message = voucher_message(ledger.network, purse.promised, said)
        self._signed.append(SignedVoucher(said, self._phone.sign(message)))
        del self._signed[:-SIGNED_MAX]
        if self._random.randrange(2):
            self._life.send(self._random.choice(MERCHANTS), RedeemVouchers(vouchers=(self._signed[-1],)))

    def _redeem(self) -> None:
        """Let somebody bring what was signed, once more perhaps, alone or together."""
        some = self._some()
        if some:
            self._life.send(self._random.choice((*BUYERS, *MERCHANTS)), RedeemVouchers(vouchers=some))

    def _report(self) -> None:
        """Let somebody show what was signed, whether or not it can all be paid."""
        some = tuple(dict.fromkeys(self._some()))
        if some:
            self._life.send(self._random.choice(MERCHANTS), ReportFraud(vouchers=some))

    def _some(self) -> tuple[SignedVoucher, ...]:
        """Give up to three vouchers of one share."""
        if not self._signed:
            return ()
        first = self._random.choice(self._signed).voucher
        same = [each for each in self._signed if (each.voucher.purse, each.voucher.share) == (first.purse, first.share)]
        return tuple(self._random.sample(same, self._random.randint(1, min(3, len(same)))))

    def _return(self) -> None:
        """Let a payee give back a share."""
        self._life.send(self._random.choice(MERCHANTS), ReturnShare(purse=self._purse(), share=0))
