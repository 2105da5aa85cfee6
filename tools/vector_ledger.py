"""A small ledger with signed headers, always the same: what the proof vectors are cut from.

It is the test ledger, whose blocks get the headers that the embedded engine would give them. A proof of the state after
height H needs the tree as it was then and the header of H+1, so the tree is asked first and an empty block follows.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sogdia.client.keys import KeyPair, derive
from sogdia.client.proofs import trusted_by_genesis
from sogdia.engine.ledger.sealing import Tip, next_header, results_root, transactions_root
from sogdia.kernel.header import SignedHeader, validators_at
from sogdia.kernel.merkle import EMPTY_ROOT
from sogdia.kernel.proof import (
    Anchor,
    Handover,
    HistoryProof,
    LifeStep,
    OwnBlock,
    ReceiptProof,
    StateProof,
    history_proof,
    receipt_proof,
    state_proof,
)
from sogdia.kernel.refusal import Refused
from sogdia.modules.identity.node_keys import RotateNodeKey, rotation_message
from sogdia.testing.ledger import SEED, Ledger, keys_of

if TYPE_CHECKING:
    from sogdia.client.envelopes import Signed
    from sogdia.kernel.header import Header
    from sogdia.kernel.machine import Result, Step


SECRET = sha256(b"the blinding secret of the vectors").digest()


class SealedBlock(NamedTuple):
    """What was in a block, as far as proofs need it."""

    header: SignedHeader
    envelopes: tuple[bytes, ...]
    results: tuple[Result, ...]
    exits_after: tuple[int, ...]
    steps: tuple[Step, ...]


class SealedLedger:
    """The test ledger with a chain of signed headers."""

    def __init__(self, engine: str = "solo") -> None:
        """Start from the test genesis, with the invariants left to the tests of the modules."""
        self.ledger = Ledger(secret=SECRET, engine=engine)
        self.ledger.check_invariants = False
        self.trusted = trusted_by_genesis(self.ledger.genesis)
        self.handovers: list[Handover] = []
        self.blocks: list[SealedBlock] = []
        self._keys = {key.public: key for key in (keys_of("node"),)}
        self._tip = Tip(0, self.ledger.time, self.ledger.network, EMPTY_ROOT, None)

    def block(self, *signed: Signed, at: int | None = None) -> SealedBlock:
        """Make and sign a block of envelopes, all of which must be admissible."""
        before = self.ledger.state
        time = self.ledger.time if at is None else at
        envelopes = tuple(each.raw for each in signed)
        header = next_header(
            self.ledger.network, self._tip, before, self.ledger.root, time, transactions_root(envelopes)
        )
        (now,), following = validators_at(before, header.height), validators_at(before, header.height + 1)
        if any(isinstance(answer, Refused) for answer in self.ledger.block(*signed, at=at)):
            message = f"an envelope of block {header.height} is not admissible"
            raise ValueError(message)
        made = self.ledger.last_block
        sealed = SealedBlock(
            SignedHeader(header=header, signatures=(self._keys[now.public].sign(header.hash()),)),
            envelopes,
            tuple(made.all_results()),
            tuple(made.exits_after),
            tuple(made.steps),
        )
        if following != (now,):
            self.handovers.append(Handover(header=sealed.header, validators=following))
        self._tip = Tip(
            header.height, time, header.hash(), results_root(sealed.results, sealed.exits_after), sealed.header
        )
        self.blocks.append(sealed)
        return sealed

    def resign(self, header: Header) -> SignedHeader:
        """Sign any header with the first key, as a node would that lies."""
        return SignedHeader(header=header, signatures=(keys_of("node").sign(header.hash()),))

    def rotate_node_key(self, old: KeyPair, name: str) -> KeyPair:
        """Let another key sign headers; two more blocks and it does."""
        new = derive(SEED, "node", name)
        self._keys[new.public] = new
        message = rotation_message(self.ledger.network, old.public, new.public)
        endorsement, acceptance = old.sign(message), new.sign(message)
        change = RotateNodeKey(old=old.public, new=new.public, endorsement=endorsement, acceptance=acceptance)
        self.block(self.ledger.sign("registrar", change))
        self.block()
        return new

    def prove(self, *full_keys: bytes) -> list[StateProof]:
        """Prove the records of full keys as they are now, or their absence."""
        tree = self.ledger.base.tree
        looked = [(key, tree.prove(key)) for key in full_keys]
        anchor = self._anchor(self.block().header)
        return [state_proof(anchor, key, proven) for key, proven in looked]

    def prove_receipt(self, height: int, index: int, *, whole: bool) -> ReceiptProof:
        """Prove a result of a block, with everything that goes into such a proof or with nothing but the receipt."""
        block, following = self.blocks[height - 1], self.blocks[height]
        anchor = self._anchor(following.header)
        if not whole:
            return receipt_proof(anchor, block.results, index, exits_after=block.exits_after)
        return receipt_proof(
            anchor,
            block.results,
            index,
            exits_after=block.exits_after,
            block=OwnBlock(block.header.header),
            envelopes=block.envelopes,
        )

    def prove_history(self, full_key: bytes, *former_keys: bytes) -> HistoryProof:
        """Prove a record and its life, which may have begun under other keys."""
        keys = (full_key, *former_keys)
        steps = [
            LifeStep(
                id=step.id,
                operation=step.operation,
                receipt_hash=step.receipt_hash,
                height=block.header.header.height,
                time=block.header.header.time,
            )
            for block in self.blocks
            for step in block.steps
            if step.object in keys
        ]
        (proof,) = self.prove(full_key)
        return history_proof(proof, steps)

    def _anchor(self, header: SignedHeader) -> Anchor:
        earlier = [each for each in self.handovers if each.header.header.height < header.header.height]
        return Anchor(handovers=tuple(earlier), header=header)
