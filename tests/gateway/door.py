"""The test ledger as a gateway sees a ledger, and a gateway on it with four rails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.client.codes import account_code
from sogdia.gateway.adapters import SECRETS, rails_of
from sogdia.gateway.desk import Desk, Did, Happened, LedgerSilentError, Sent
from sogdia.gateway.emulator.outside import Outside
from sogdia.gateway.emulator.writing import side_of
from sogdia.gateway.following import id_of
from sogdia.gateway.happenings import Kind
from sogdia.gateway.journal import FILE, Journal
from sogdia.gateway.passing import run
from sogdia.gateway.reconciling import figures_of
from sogdia.gateway.records import Payee
from sogdia.gateway.references import reference_of
from sogdia.gateway.settings import read_settings, units
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.parameters import Limits
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.stored_block import as_it_happened
from sogdia.modules import ALL
from sogdia.modules.money import balance
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.records import CURRENCIES
from sogdia.modules.money.redemptions import RequestRedemption
from sogdia.testing.ledger import Ledger, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.client.envelopes import Signed
    from sogdia.gateway.emulator.outside import Booked
    from sogdia.gateway.happenings import Rail
    from sogdia.gateway.journal import Journal as AnyJournal
    from sogdia.gateway.records import Credit
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt

_decode = receipt_decoder(ALL).decode

IBAN = "KZ86125KZT5004100100"
SETTINGS = """
network = "{network}"
issuer = "{issuer}"
currency = "USD"
owner = "desk"
since = {since}
block = 0
suspense_hours = 48
answer_hours = 24

[[rails]]
name = "bank"
kind = "bank"
account = "{iban}"
opening = "1000.00"
credit_most = "4500.00"

[[rails]]
name = "card"
kind = "card"
account = "merchant-7"
hold_hours = 72

[[rails]]
name = "wallet"
kind = "wallet"
account = "till-9"
keys = ["{wallet}"]

[[rails]]
name = "agents"
kind = "agent"
account = "bank"
keys = ["{agent}"]
float_most = "1000000.00"
"""


class TestLedger(Ledger):
    """A ledger that keeps what happened in each block, as a node's blocks do."""

    __test__ = False

    def __init__(self, **changes: Any) -> None:  # noqa: ANN401 - sections of a genesis
        """Begin with no blocks."""
        self.kept: list[tuple[int, list[tuple[int, bytes, Receipt]], list[bytes]]] = []
        super().__init__(**changes)

    def block(self, *signed: Signed | bytes, at: int | None = None) -> list[Receipt | Refused]:
        """Make a block and keep it."""
        answers = super().block(*signed, at=at)
        made = self.last_block
        happened = as_it_happened(made.results, made.exits, made.exits_after)
        results = [(number, each.id, _decode(each.receipt)) for number, each in happened]
        raws = [each if isinstance(each, bytes) else each.raw for each in signed]
        taken = [raw for raw, answer in zip(raws, answers, strict=True) if not isinstance(answer, Refused)]
        self.kept.append((self.time, results, taken))
        return answers


class Door:
    """The test ledger as the gateway's ledger; `silent` makes it say nothing so many times."""

    def __init__(self, ledger: TestLedger, issuer: str = "bank") -> None:
        """Sign for an issuer."""
        self.ledger = ledger
        self.name = issuer
        self.sent = 0
        self.silent_before = 0
        self.silent_after = 0

    @property
    def network(self) -> bytes:
        """The genesis' hash."""
        return bytes(self.ledger.network)

    @property
    def issuer(self) -> bytes:
        """The issuer's account."""
        return self.ledger.account(self.name)

    @property
    def now(self) -> int:
        """The ledger's time."""
        return int(self.ledger.time)

    @property
    def height(self) -> int:
        """The last block."""
        return len(self.ledger.kept)

    def blocks(self, first: int, last: int) -> Iterator[tuple[int, int, list[Happened]]]:
        """Give what happened."""
        for height in range(first, last + 1):
            time, results, envelopes = self.ledger.kept[height - 1]
            happened = []
            for place, identity, receipt in results:
                salt = b""
                if place < len(envelopes) and not receipt.code:
                    body = self.ledger.maker.codec.open(envelopes[place], Limits()).body
                    if [type(each) for each in body.operations] == [Mint]:
                        salt = body.salt
                happened.append(Happened(identity, tuple(receipt.events), salt))
            yield height, time, happened

    def supply(self, currency: str) -> tuple[int, int]:
        """Say how much there is."""
        found = CURRENCIES.find(self.ledger.state, self.ledger.asset(currency, self.name))
        return self.height, 0 if found is None else found.supply

    def sign(self, operation: Operation, *, salt: bytes, expiry: int) -> Signed:
        """Sign as the issuer."""
        return self.ledger.maker.make([self.ledger.sender(self.name)], [operation], expiry=expiry, salt=salt)

    def again(self, envelope: bytes, expiry: int) -> Signed:
        """Sign once more."""
        body = self.ledger.maker.codec.open(envelope, Limits()).body
        (operation,) = body.operations
        return self.sign(operation, salt=body.salt, expiry=expiry)

    def send(self, envelope: bytes, identity: bytes) -> Sent:
        """Send in a block of its own; or be silent, before or after it."""
        if self.silent_before:
            self.silent_before -= 1
            raise LedgerSilentError("the node does not answer")
        (answer,) = self.ledger.block(envelope)
        self.sent += 1
        if self.silent_after:
            self.silent_after -= 1
            raise LedgerSilentError("the node fell silent")
        if isinstance(answer, Refused):
            for _time, results, _envelopes in self.ledger.kept:
                for _number, known, receipt in results:
                    if known == identity:
                        return Sent(receipt.code, f"refusal {receipt.code}")
            if answer.code == KernelRefusal.ENVELOPE_EXPIRED:
                return Sent(0, expired=True)
            raise LedgerSilentError(f"not now: {answer}")
        return Sent(answer.code, f"refusal {answer.code}" if answer.code else "")


class House:
    """A gateway with its ledger and the world outside."""

    def __init__(self, folder: Path, *, seed: int = 1, settings: str = SETTINGS, **changes: Any) -> None:  # noqa: ANN401 - sections of a genesis
        """Begin one in a folder."""
        self.ledger = TestLedger(**changes)
        self.did: list[Did] = []
        self.asked = 0
        self.door = Door(self.ledger)
        self.folder = folder
        keys = {name: keys_of(name).public.hex() for name in ("wallet", "agent")}
        whose = {"network": self.door.network.hex(), "issuer": account_code(self.door.issuer)}
        text = settings.format(since=self.ledger.time, iban=IBAN, **whose, **keys)
        (folder / "gateway.toml").write_text(text, "utf-8")
        (folder / SECRETS).mkdir()
        (folder / SECRETS / "card").write_bytes(b"a shared secret\n")
        self.settings = read_settings(folder)
        self.rails: dict[str, Rail] = rails_of(folder, self.settings)
        self.journal: AnyJournal = Journal(folder / FILE)
        sides = {
            each.name: side_of(
                each,
                "USD",
                b"a shared secret",
                keys_of("agent" if each.kind == "agent" else "wallet"),
            )
            for each in self.settings.rails
        }
        openings = {each.name: units(each.opening, "USD") for each in self.settings.rails}
        self.outside = Outside(folder, sides, openings, seed)

    @property
    def desk(self) -> Desk:
        """The gateway at work."""
        return Desk(self.folder, self.settings, self.journal, self.rails, self.door, self.did)

    @property
    def now(self) -> int:
        """The ledger's time."""
        return int(self.ledger.time)

    def reference(self, name: str) -> str:
        """Give a party its funding reference."""
        account = self.ledger.account(name)
        made = reference_of(self.door.network, self.door.issuer, "USD", account)
        with self.journal.step():
            self.journal.give_reference(made, account)
        return made

    def pays_in(self, rail: str, units: int, text: str, payer: str = "KE-1") -> Booked:
        """Let somebody pay in, and the rail tell of it."""
        booked = self.outside.book_entry(rail, Kind.CREDIT, units, self.now, texts=(text,), payer=payer)
        self.outside.tell(booked, self.now)
        return booked

    def credit(self, booked: Booked) -> Credit:
        """Give the gateway's credit for what somebody paid in."""
        found = self.journal.credit(booked.rail, booked.reference)
        assert found is not None
        return found

    def run(self) -> list[str]:
        """Pass once, and compare all money with the truth; gives why documents were refused."""
        refused = run(self.desk)
        self.money_is_whole()
        return [each.why for each in refused]

    def money_is_whole(self) -> None:
        """Compare the gateway's figures with the truth outside and on the ledger."""
        figures = figures_of(self.desk)
        truth = sum(self.outside.balance(rail) for rail in self.rails)
        assert figures.difference == 0, figures
        assert figures.at_rails == truth - self.outside.withheld()
        assert figures.circulating == self.door.supply("USD")[1]

    def owns(self, name: str) -> int:
        """Say what a party can spend."""
        return balance(self.ledger.state, self.ledger.account(name), self.ledger.asset()).available

    def redeems(self, name: str, units: int, *, rail: str = "bank", payout: str = "RF-out") -> str:
        """Let a holder redeem, by a rail that was agreed; gives the pay-out's id."""
        with self.journal.step():
            self.journal.put_payee(Payee(self.ledger.account(name), payout, rail, "KE-1", name))
        self.asked += 1
        asked = RequestRedemption(reference=f"r{self.asked}", asset=self.ledger.asset(), units=units, payout=payout)
        receipt = self.ledger.must(name, asked)
        (fact,) = receipt.events
        return id_of(fact)

    def answers(self, how: str) -> None:
        """Answer all orders that lie in the folders."""
        self.outside.collect(self.now)
        for rail, payout in list(self.outside.book.waiting):
            self.outside.answer(rail, payout, how, self.now)

    def again(self) -> None:
        """Open the journal anew, as after a crash."""
        self.journal.__exit__()
        self.journal = Journal(self.folder / FILE)
