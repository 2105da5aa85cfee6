"""The story that the proof vectors are cut from: payments, an order and its end, a deadline, two changes of the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.proof import face_proof, history_proof, whole
from sogdia.kernel.values import name_of
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.listings import AddVariant, ChangeStock, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, PlaceOrder, SettleOrder, ShipOrder
from sogdia.modules.market.records import CLOSED_ORDERS, ORDERS, Offer
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.holds import PlaceHold
from sogdia.modules.money.records import BALANCES, CURRENCIES, HOLDS
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import HOUR, keys_of
from tools.vector_ledger import SealedLedger

if TYPE_CHECKING:
    from sogdia.client.envelopes import Signed
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.proof import FaceProof, HistoryProof, ReceiptProof, StateProof

DEEP_PARTIES = 600
"""With so many parties every bucket lies below two nodes."""


class Story:
    """Runs the ledger once and keeps what was signed and what was proved, by name."""

    def __init__(self) -> None:
        """Play it all."""
        self.sealed = SealedLedger()
        self.ledger = self.sealed.ledger
        self.envelopes: dict[str, Signed] = {}
        self.states: dict[str, StateProof] = {}
        self.receipts: dict[str, ReceiptProof] = {}
        self.faces: dict[str, FaceProof] = {}
        self.histories: dict[str, HistoryProof] = {}
        self._begin()
        self._pay()
        self._trade()
        self._let_a_deadline_pass()
        self._grow()
        self._change_node_keys()

    def _begin(self) -> None:
        """Prove the genesis itself: so few records that the whole state is one bucket."""
        dollar, yuan = (CURRENCIES.full_key(self.ledger.asset(code)) for code in ("USD", "CNY"))
        here, absent = self.sealed.prove(dollar, yuan)
        self.states["a currency of the genesis"] = here
        self.states["a currency that the genesis lacks"] = absent

    def _pay(self) -> None:
        """Make and move money, enter parties, and let one payment be refused."""
        mint = self.ledger.sign("bank", Mint(currency="USD", to=self.ledger.account("nairobi"), units=90_000))
        paid = self.envelopes["a payment"] = self.ledger.sign("nairobi", self._transfer("bukhara", 12_500, "Invoice 7"))
        entered = self.ledger.sign("registrar", *map(self._registration, range(16)))
        too_much = self.ledger.sign("bukhara", self._transfer("nairobi", 10**9, "Too much"))
        height = len(self.sealed.blocks) + 1
        self.sealed.block(mint, paid, entered, too_much)
        here, absent = self.sealed.prove(self._balance("nairobi"), self._balance("lanzhou"))
        self.states["a balance"] = here
        self.states["a balance that is not there"] = absent
        self.receipts["a payment that was applied"] = self.sealed.prove_receipt(height, 1, whole=True)
        self.receipts["a payment, by its receipt alone"] = self.sealed.prove_receipt(height, 1, whole=False)
        self.receipts["sixteen parties, entered at once"] = self.sealed.prove_receipt(height, 2, whole=False)
        self.receipts["a payment that was refused"] = self.sealed.prove_receipt(height, 3, whole=True)

    def _trade(self) -> None:
        """Play an order from placed to settled."""
        opened = self.ledger.sign("bukhara", *self._shop())
        order = name_of(self.ledger.account("nairobi"), "7")
        lines = (OrderLine("suzani", 1, 2), OrderLine("suzani", 2, 1))
        place = PlaceOrder(
            reference="7", merchant=self.ledger.account("bukhara"), lines=lines, pay_at_most=9_000, commitment=bytes(32)
        )
        placed = self.ledger.sign("nairobi", place, not_before=self.ledger.time, after=[opened])
        self.envelopes["an order of two lines, valid only after the listing"] = placed
        counted = self.ledger.sign("bukhara", ChangeStock(listing="suzani", variant=1, by=-3))
        self.envelopes["a stock counted down"] = counted
        self.sealed.block(opened, placed, counted)
        self._step("bukhara", AcceptOrder(order=order))
        self._step("bukhara", ShipOrder(order=order))
        self.histories["an order that is under way"] = under_way = self.sealed.prove_history(ORDERS.full_key(order))
        self._show("an order that is under way", whole(under_way))
        shown = self.faces["an order that is under way"]
        self.histories["an order that is under way, by its face"] = history_proof(shown, under_way.steps)
        self._step("nairobi", ConfirmDelivery(order=order))
        self._step("nairobi", SettleOrder(order=order))
        height = len(self.sealed.blocks)
        ended = self.sealed.prove_history(CLOSED_ORDERS.full_key(order), ORDERS.full_key(order))
        self.histories["an order that was settled"] = ended
        self._show("an order that was settled", whole(ended))
        self.receipts["a settlement, alone in its block"] = self.sealed.prove_receipt(height, 0, whole=True)

    def _let_a_deadline_pass(self) -> None:
        """Set money aside until a moment, and let the moment pass beside other traffic."""
        hold = PlaceHold(
            reference="deposit",
            payee=self.ledger.account("bukhara"),
            asset=self.ledger.asset(),
            units=5_000,
            deadline=self.ledger.time + HOUR,
            purpose="GDDS",
        )
        name = name_of(self.ledger.account("nairobi"), "deposit")
        self._step("nairobi", hold)
        self.histories["a hold"] = self.sealed.prove_history(HOLDS.full_key(name))
        self.ledger.time += HOUR
        both = ["nairobi", "bukhara"]
        swap = self.ledger.sign(
            both, self._transfer("bukhara", 400, "There"), self._transfer("nairobi", 100, "Back", 1)
        )
        self.envelopes["two signers, an operation each"] = swap
        height = len(self.sealed.blocks) + 1
        self.sealed.block(swap, at=self.ledger.time + 1)
        self.sealed.block()
        self.receipts["a deadline's exit, with the block's header"] = self.sealed.prove_receipt(height, 1, whole=True)
        self.receipts["two signers"] = self.sealed.prove_receipt(height, 0, whole=True)

    def _grow(self) -> None:
        """Enter parties until every bucket has two nodes above it."""
        numbers = range(16, DEEP_PARTIES)
        batches = [numbers[at : at + 16] for at in range(0, len(numbers), 16)]
        self.sealed.block(*(self.ledger.sign("registrar", *map(self._registration, batch)) for batch in batches))
        tree = self.ledger.base.tree
        absent = [BALANCES.full_key((number.to_bytes(20, "big"), self.ledger.asset())) for number in range(2_000)]
        empty = next(key for key in absent if not tree.prove(key)[1])
        others = max(absent, key=lambda key: len(tree.prove(key)[1]))
        # Which of them has neighbours in its bucket is a matter of hashes; a lone entry has no order to damage.
        balances = [self._balance(name) for name in ("nairobi", "bukhara")]
        in_company = max(balances, key=lambda key: len(tree.prove(key)[1]))
        here, among_others, in_no_company = self.sealed.prove(in_company, others, empty)
        self.states["a balance below two nodes"] = here
        self.states["no balance in a bucket of others"] = among_others
        self.states["no balance in an empty bucket"] = in_no_company

    def _change_node_keys(self) -> None:
        """Hand header signing over twice; from then on a proof shows both handovers."""
        second = self.sealed.rotate_node_key(keys_of("node"), "second")
        (self.states["a balance after the node's key changed"],) = self.sealed.prove(self._balance("bukhara"))
        self.sealed.rotate_node_key(second, "third")
        self._step("nairobi", self._transfer("bukhara", 1, "Last"))
        (self.states["a balance after the node's key changed twice"],) = self.sealed.prove(self._balance("bukhara"))
        height = len(self.sealed.blocks) - 1
        self.receipts["a payment after two key changes"] = self.sealed.prove_receipt(height, 0, whole=True)

    def _show(self, name: str, proof: StateProof) -> None:
        """Keep a record's proof, and what of it anybody may see."""
        face = face_proof(proof)
        if face is None:
            message = f"{name} has no face"
            raise ValueError(message)
        self.states[f"{name}, whole"] = proof
        self.faces[name] = face

    def _step(self, who: str, operation: Operation) -> None:
        self.sealed.block(self.ledger.sign(who, operation), at=self.ledger.time + 60)

    def _balance(self, who: str) -> bytes:
        return BALANCES.full_key((self.ledger.account(who), self.ledger.asset()))

    def _transfer(self, to: str, units: int, reference: str, signer: int = 0) -> Transfer:
        return Transfer(
            signer=signer,
            to=self.ledger.account(to),
            asset=self.ledger.asset(),
            units=units,
            purpose="GDDS",
            end_to_end=reference,
        )

    def _registration(self, number: int) -> RegisterParty:
        return RegisterParty(
            reference=f"p{number}",
            kind=1,
            country="KE",
            roles=0,
            sponsor=self.ledger.account("registrar"),
            scheme=1,
            public=keys_of(f"party {number % 16}").public,
        )

    def _shop(self) -> list[Operation]:
        terms = PublishTerms(
            reference="t1",
            asset=self.ledger.asset(),
            carrier=None,
            freight_per_order=1_000,
            tax_collector=self.ledger.account("treasury"),
            platform=None,
            platform_fee=0,
        )
        listing = OpenListing(
            reference="suzani",
            terms="t1",
            title="Suzani, embroidered, 1.5 m",
            language="en",
            unit="C62",
            hs_code="630492",
            origin="UZ",
        )
        variants = [AddVariant(listing="suzani", variant=n, offer=Offer(price=1_500 * n), stock=10) for n in (1, 2)]
        return [terms, listing, *variants]
