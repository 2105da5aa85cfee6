"""The test ledger as an import sees a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.machine import Block
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.modules.money import balance
from sogdia.rails import importing
from sogdia.rails.importing import Answer
from sogdia.rails.reasons import Reason, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.client.envelopes import Signed
    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.money import Asset
    from sogdia.modules.money.transfers import Transfer
    from sogdia.rails.initiation import Wish
    from sogdia.testing.ledger import Ledger


class Door:
    """Tries on a fork of the state that is thrown away, and sends in blocks of their own."""

    def __init__(self, ledger: Ledger, *payers: str) -> None:
        """Pay for these parties."""
        self.ledger = ledger
        self.payers = {ledger.account(name): name for name in payers}
        self.receipts: dict[bytes, Receipt] = {}
        self.sent = 0

    @property
    def now(self) -> int:
        """The ledger's time."""
        return int(self.ledger.time)

    def may_sign(self, account: bytes) -> bool:
        """Tell whether it may pay for an account."""
        return account in self.payers

    def available(self, account: bytes, asset: Asset) -> int:
        """Say what an account can spend."""
        return balance(self.ledger.state, account, asset).available

    def why_not(self, wish: Wish, transfer: Transfer, *, salt: bytes, expiry: int) -> tuple[Reason, str] | None:
        """Try on a block that is not kept."""
        signed = self.sign(wish, transfer, salt=salt, expiry=expiry)
        ledger = self.ledger
        block = Block(ledger.machine, ledger.base, ledger.base, height=ledger.height + 1, time=ledger.time)
        try:
            code = block.include(ledger.machine.envelopes.open(signed.raw, block.limits)).code
        except Refused as refused:
            code = int(refused.code)
        return reason_of(code) if code else None

    def sign(self, wish: Wish, transfer: Transfer, *, salt: bytes, expiry: int) -> Signed:
        """Sign as the payer."""
        return self.ledger.maker.make(
            [self.ledger.sender(self.payers[wish.debtor])], [transfer], expiry=expiry, salt=salt
        )

    def send(self, envelopes: list[bytes]) -> Iterator[Answer]:
        """Send each in a block of its own."""
        for raw in envelopes:
            self.sent += 1
            (answer,) = self.ledger.block(raw)
            if isinstance(answer, Refused) and answer.code == KernelRefusal.ENVELOPE_REPLAYED:
                answer = self.receipts[raw]
            if isinstance(answer, Refused):
                yield Answer(importing.REFUSED, refusal=reason_of(int(answer.code)))
                continue
            self.receipts[raw] = answer
            if answer.code:
                yield Answer(importing.REFUSED, refusal=reason_of(answer.code))
            else:
                yield Answer(importing.DONE, uetr="4e6f2c1a-93d4-4b7e-8c05-1f2a3b4c5d6e", time=self.now)
