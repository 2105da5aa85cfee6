"""A random walk over the real node: what payers, traders, the careless and an operator do to it, chosen by a seed.

The network's clock is manual, so that a day passes in a minute: ids expire, deadlines fire, quotas begin anew. Nearly
all that is done leaves the ledger as large as it was: memory that grows all the same has been forgotten by somebody.
"""

import random
import shutil
from collections import Counter
from pathlib import Path

from bench.work import STEPS, Maker, genesis, network
from sogdia.client.connection import Connection, Durable, NotAdmissible
from sogdia.client.proofs import Trusted, check, trusted_by_genesis
from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel.refusals import KernelRefusal
from sogdia.modules import ALL
from sogdia.modules.money import BALANCES, Asset
from sogdia.modules.money.queries import BalanceQuery
from sogdia.modules.money.transfers import Transfer
from tests.faults.node.world import NODE_KEYS, parts_of_envelope

START = 1_800_000_000
VALIDITY = 1_800
BUYERS = 60
MINTED = 10**15
MORE_THAN_ANYBODY_HAS = 10**17
BLOCK_ENVELOPES = 400
APPLIED = 0
REMEMBERED = 200


class Walk:
    """The people, what they have been told, and what should be true."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Make the ledger in `folder`: money for every buyer, listings of every merchant."""
        self.folder = folder
        self.drawn = random.Random(seed)
        self.now = START
        made = genesis(START, clock="manual")
        self.trusted: Trusted = trusted_by_genesis(made)
        self.maker = Maker(network(made), START + VALIDITY)
        self.asset = Asset("USD", self.maker.account("bank"))
        self.owned = {f"buyer{number}": MINTED for number in range(BUYERS)}
        """What the buyers that only pay each other must have."""
        self.done: Counter[str] = Counter()
        self.told: list[tuple[bytes, Durable]] = []
        """Some of the envelopes that were acknowledged, with their receipts, newest last."""
        self._orders = BUYERS
        ledger = Ledger.create(folder, ALL, made, NODE_KEYS)
        envelopes = [ledger.machine.envelopes.open(raw, ledger.limits()) for raw in self.maker.preparations()]
        for start in range(0, len(envelopes), BLOCK_ENVELOPES):
            ledger.build_block(START, envelopes[start : start + BLOCK_ENVELOPES])
        ledger.close()

    def step(self, connection: Connection) -> None:
        """Do one thing."""
        (what,) = self.drawn.choices(
            [self.pay, self.trade, self.be_careless, self.ask, self.prove, self.wait, self.back_up],
            [40, 3, 10, 20, 5, 12, 1],
        )
        what(connection)
        self.done[what.__name__] += 1

    # -------------------------------------------------------------------------------------------------- what is done

    def pay(self, connection: Connection) -> None:
        """Buyers pay each other, now and then more than anybody has."""
        payments = [self._payment() for _ in range(self.drawn.randint(1, 400))]
        raws = [raw for raw, _payer, _payee, _units in payments]
        under_way = self.drawn.choice([1, 8, 64, 256])
        for (raw, payer, payee, units), outcome in zip(
            payments, connection.submit_many(raws, under_way=under_way), strict=True
        ):
            assert isinstance(outcome, Durable), outcome
            applied = outcome.receipt[1] == APPLIED
            assert applied == (units != MORE_THAN_ANYBODY_HAS)
            if applied:
                self.owned[payer] -= units
                self.owned[payee] += units
            self.told.append((raw, outcome))
        self.told = self.told[-REMEMBERED:]
        self.done["payments"] += len(payments)

    def _payment(self) -> tuple[bytes, str, str, int]:
        payer, payee = self.drawn.sample(sorted(self.owned), 2)
        units = MORE_THAN_ANYBODY_HAS if self.drawn.random() < 0.02 else self.drawn.randint(1, 10**6)
        operation = Transfer(
            to=self.maker.account(payee), asset=self.asset, units=units, purpose="GDDS", end_to_end="soak"
        )
        return self.maker.sign(payer, operation), payer, payee, units

    def trade(self, connection: Connection) -> None:
        """Somebody orders; some orders are left to their deadlines."""
        life = self.maker.life(self._orders)
        # Buyers whose orders are at a deadline would get their money back at a moment that this walk doesn't follow.
        self._orders = self._orders + 1 if (self._orders + 1) % 400 >= BUYERS else self._orders + 1 + BUYERS
        for raw in life[: self.drawn.randint(1, STEPS)]:
            assert connection.submit(raw).receipt[1] == APPLIED

    def be_careless(self, connection: Connection) -> None:
        """Send what is broken, expired, of a wrong signature, or has been sent before."""
        raw, _payer, _payee, _units = self._payment()
        place = self.drawn.randrange(len(raw))
        damaged = raw[:place] + bytes([raw[place] ^ (1 << self.drawn.randrange(8))]) + raw[place + 1 :]
        self.maker.expiry = self.now - 1
        expired = self._payment()[0]
        self.maker.expiry = self.now + VALIDITY
        wrong = [damaged, raw[: self.drawn.randrange(len(raw))], expired]
        again = [raw for raw, _receipt in self.told[-20:]]
        outcomes = list(connection.submit_many([*wrong, *again]))
        assert all(isinstance(outcome, NotAdmissible) for outcome in outcomes), outcomes
        expected = {KernelRefusal.ENVELOPE_REPLAYED, KernelRefusal.ENVELOPE_EXPIRED}
        assert {outcome.code for outcome in outcomes[len(wrong) :]} <= expected  # type: ignore[union-attr]

    def ask(self, connection: Connection) -> None:
        """Ask what buyers have, and what became of old envelopes."""
        for who in self.drawn.sample(sorted(self.owned), 10):
            query = BalanceQuery(account=self.maker.account(who), currency="USD", issuer=self.asset.issuer)
            _height, answer = connection.query(query)
            assert answer["available"] == self.owned[who] if isinstance(answer, dict) else self.owned[who] in answer
        for raw, receipt in self.drawn.sample(self.told, min(5, len(self.told))):
            assert connection.result(self.id_of(raw)) == receipt

    def prove(self, connection: Connection) -> None:
        """Have a balance proved, and check the proof as a stranger would."""
        who = self.drawn.choice(sorted(self.owned))
        proof = connection.prove(BALANCES.full_key((self.maker.account(who), self.asset)))
        proven = check(proof, self.trusted)
        assert BALANCES.codec.decode(proven.value).available == self.owned[who]  # type: ignore[union-attr,arg-type]

    def wait(self, connection: Connection) -> None:
        """Let time pass."""
        self.now += self.drawn.choice([0, 1, 30, 600, 1_200])
        connection.advance(self.now)
        self.maker.expiry = self.now + VALIDITY

    def back_up(self, connection: Connection) -> None:
        """Have a copy made, and throw it away."""
        target = self.folder.with_name("copy")
        connection.backup(target)
        shutil.rmtree(target)

    # ------------------------------------------------------------------------------------------------ what is looked at

    def id_of(self, raw: bytes) -> bytes:
        """The id of an envelope."""
        return self.maker._maker.codec.id_of(bytes(parts_of_envelope(raw)[0]))
