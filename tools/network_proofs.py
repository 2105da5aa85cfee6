"""Proofs of a network on CometBFT, for tests and vectors: those of the story, below headers that validators vote on.

The state, its records and receipts are the ledger's own. The headers are made here, with the keys of the tests, so that
a vote, a set and a header can also be made wrong on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec.structs import replace

from sogdia.client.light.roots import GenesisRoot, Root, root_by_header
from sogdia.client.light.verify import Bounds
from sogdia.client.proofs import own_anchor, proof_bytes
from sogdia.kernel.comet import (
    NANOSECONDS,
    AppState,
    BlockId,
    CometAnchor,
    CometValidator,
    LightBlock,
    app_hash,
    chain_id_of,
    header_hash,
    shortened,
)
from sogdia.kernel.proof import (
    CometBlock,
    FaceProof,
    HistoryProof,
    Proof,
    ProofFault,
    ReceiptProof,
    StateProof,
    whole,
)
from tools.light_made import NOTHING, made, voted, voters
from tools.vector_damage import changed, elsewhere, flip, flipped, more, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sogdia.kernel.comet import CometHeader
    from sogdia.kernel.header import Header
    from tools.vector_story import Story
    from tools.vector_vouchers import Stall

FOUR: Final = voters(1, 1, 1, 1)
STRANGERS: Final = voters(1, 1, 1, 1, first=20)
HEAVY: Final = voters(667, 333, first=30)
LIGHT: Final = voters(666, 334, first=30)
THIRDS: Final = voters(1, 1, 1, first=40)
MINUTE: Final = 60 * NANOSECONDS
BOUNDS: Final = Bounds()
Validators = tuple[CometValidator, ...]


class NetworkCase(NamedTuple):
    """A proof, where trust begins, and what we say: nothing when it holds, else the fault.

    With `every_byte` no byte of it can be altered. Otherwise index and size may lay the neighbours out alike, or the
    absence of another key be shown by the same bucket.
    """

    name: str
    root: str
    raw: bytes
    fault: ProofFault | None = None
    damage: str = ""
    now: int = 0
    every_byte: bool = False


class Chain:
    """Headers of CometBFT over the ledger of a story, one for each of its own headers."""

    def __init__(self, story: Story | Stall) -> None:
        """Begin at the story's genesis, with four validators of equal weight."""
        self._story = story
        self.network: bytes = story.ledger.network
        self._start: int = story.ledger.genesis.time * NANOSECONDS
        self.roots = {
            "genesis": self.root_with(FOUR),
            "another network": replace(self.root_with(FOUR), network=flipped(self.network)),
            "two validators, one with 667 of 1,000": self.root_with(HEAVY),
            "two validators, one with 666 of 1,000": self.root_with(LIGHT),
            "three validators": self.root_with(THIRDS),
        }

    def root_with(self, validators: Validators) -> Root:
        """Begin with a genesis that names these validators."""
        return Root(network=self.network, start=GenesisRoot(time=self._start, validators=validators))

    def block(
        self,
        own: Header,
        votes: str = "",
        *,
        validators: Validators = FOUR,
        before: CometHeader | None = None,
        **fields: Any,  # noqa: ANN401 - of the header
    ) -> LightBlock:
        """Make the header in place of one of the story's, with a vote a letter."""
        known: dict[str, Any] = {
            "chain_id": chain_id_of(self.network),
            "time": own.time * NANOSECONDS + own.height,
            "data_hash": own.transactions_root,
            "app_hash": app_hash(self.state(own)),
        }
        if before is not None:
            known["last_block_id"] = BlockId(hash=header_hash(before), parts=1, parts_hash=NOTHING)
        return made(own.height, validators, votes, **(known | fields))

    @staticmethod
    def state(own: Header) -> AppState:
        """Give what the app hash in a header's place stands for."""
        return AppState(
            state_root=own.state_root,
            results_height=max(own.height - 1, 0),
            results_root=own.results_root,
            results_header=own.previous,
        )

    def led(self, proof: Any, votes: str = "", **how: Any) -> Any:  # noqa: ANN401 - a proof of any kind, and a header's parts
        """Lead a proof of the story to the header in its header's place; a block in it becomes one of CometBFT, too."""
        own = _own(proof)
        before = None
        if isinstance(proof, ReceiptProof) and proof.block is not None:
            before = self.block(self._story.sealed.blocks[own.height - 2].header.header).header
            proof = replace(proof, block=CometBlock(before))
        return anchored(proof, self.anchor(own, self.block(own, votes, before=before, **how)))

    def anchor(self, own: Header, *blocks: LightBlock) -> CometAnchor:
        """Give an anchor whose last light block stands for one of the story's headers."""
        return CometAnchor(blocks=blocks, state=self.state(own))


def _own(proof: Proof) -> Header:
    return own_anchor(proof).header.header


def anchored(proof: Any, anchor: object) -> Any:  # noqa: ANN401 - a proof of any kind
    """Give a proof that leads to another anchor."""
    where = "state.anchor" if isinstance(proof, HistoryProof) else "anchor"
    return changed(proof, where, lambda _before: anchor)


def network_cases(story: Story) -> tuple[dict[str, Root], list[NetworkCase]]:
    """Give where trust may begin, by name, and the cases."""
    chain = Chain(story)
    found = [case for part in (_right, _other_headers, _votes, _damaged) for case in part(story, chain)]
    moment = max(block.header.header.time for block in story.sealed.blocks) * NANOSECONDS + MINUTE
    return chain.roots, [case if case.now else case._replace(now=moment) for case in found]


def _right(story: Story, chain: Chain) -> Iterator[NetworkCase]:
    """Give proofs of every kind that hold."""
    kinds: Sequence[tuple[dict[str, Any], dict[str, bool]]] = (
        (
            story.states,
            {"a balance": True, "a balance that is not there": False, "no balance in an empty bucket": False},
        ),
        (story.faces, {"an order that was settled": True}),
        (
            story.receipts,
            {
                "a payment that was applied": False,
                "a payment that was refused": False,
                "a settlement, alone in its block": True,
                "sixteen parties, entered at once": False,
            },
        ),
        (
            story.histories,
            {"an order that was settled": True, "an order that is under way, by its face": True, "a hold": True},
        ),
    )
    for proofs, names in kinds:
        for name, every_byte in names.items():
            kind = type(proofs[name]).__name__.removesuffix("Proof").lower()
            yield NetworkCase(f"{kind}: {name}", "genesis", proof_bytes(chain.led(proofs[name])), every_byte=every_byte)
    balance = story.states["a balance"]
    yield NetworkCase("a balance, with no vote too many", "genesis", proof_bytes(_short(chain.led(balance))))
    yield NetworkCase("a balance, one of four not heard", "genesis", proof_bytes(chain.led(balance, "CC-C")))
    yield NetworkCase("a balance, one of four voted for no block", "genesis", proof_bytes(chain.led(balance, "NCCC")))
    name = "a balance, by just over two thirds"
    proof = chain.led(balance, "C-", validators=HEAVY)
    yield NetworkCase(name, "two validators, one with 667 of 1,000", proof_bytes(proof))
    yield from _by_way(story, chain)


def _by_way(story: Story, chain: Chain) -> Iterator[NetworkCase]:
    """Give proofs whose validators have changed since the genesis, and one that begins with a header."""
    deep = story.states["a balance below two nodes"]
    last = _own(deep)
    middle = story.sealed.blocks[1].header.header
    half = voters(1, 1, 1, 1, first=2)
    way = (chain.block(middle, validators=half), chain.block(last, validators=voters(1, 1, 1, 1, first=4)))
    proof = anchored(deep, chain.anchor(last, *way))
    name = "a balance, over validators that all changed in two steps"
    yield NetworkCase(name, "genesis", proof_bytes(proof))
    alone = anchored(deep, chain.anchor(last, way[1]))
    damage = "the step between is left out"
    yield NetworkCase(name, "genesis", proof_bytes(alone), ProofFault.HEADER, damage)
    known = chain.block(last)
    chain.roots["a header"] = root_by_header(chain.network, last.height, header_hash(known.header))
    proof = anchored(deep, chain.anchor(last, known))
    late = known.header.time + 400 * 86_400 * NANOSECONDS
    yield NetworkCase("a balance, by a header that was named a year ago", "a header", proof_bytes(proof), now=late)
    name = "a balance, after the trust in the genesis has ended"
    yield NetworkCase(name, "genesis", proof_bytes(proof), ProofFault.HEADER, "none: it is the moment", now=late)


def _short(proof: StateProof) -> StateProof:
    anchor = proof.anchor
    if not isinstance(anchor, CometAnchor):
        raise TypeError("only an anchor of CometBFT has votes too many")
    return replace(proof, anchor=replace(anchor, blocks=(shortened(anchor.blocks[0]),)))


def _other_headers(story: Story, chain: Chain) -> Iterator[NetworkCase]:
    """Lead a proof to headers of another chain, of another time, of other roots, and of the other engine."""
    balance = story.states["a balance"]
    right = chain.led(balance)
    name = "a balance"

    def case(damage: str, raw: bytes, root: str = "genesis", fault: ProofFault = ProofFault.HEADER) -> NetworkCase:
        return NetworkCase(name, root, raw, fault, damage)

    elsewhere = chain_id_of(flipped(chain.network))
    yield case("a header of another chain, by the same validators", proof_bytes(chain.led(balance, chain_id=elsewhere)))
    yield case("none: another network is trusted", proof_bytes(right), "another network")
    yield case("none: other validators are trusted", proof_bytes(right), "three validators")
    yield case("strangers vote", proof_bytes(chain.led(balance, validators=STRANGERS)))
    yield case("the header of another state", proof_bytes(chain.led(balance, app_hash=bytes(32))))
    yield case("another state root", flip(right, "anchor.state.state_root"))
    yield case("another results root", flip(right, "anchor.state.results_root"))
    yield case("another height of the results", more(right, "anchor.state.results_height"))
    future = balance.anchor
    yield case("a header from the future", proof_bytes(chain.led(balance, time=2_000_000_000 * NANOSECONDS)))
    yield case("a header from before the genesis", proof_bytes(chain.led(balance, time=1)))
    yield case("the embedded engine's anchor", proof_bytes(anchored(balance, future)), fault=ProofFault.VALIDATORS)
    other = chain.led(story.states["a balance below two nodes"])
    both = (other.anchor.blocks[0], right.anchor.blocks[0])
    yield case("light blocks whose heights fall", put(right, "anchor.blocks", both))
    yield case("no light block", put(right, "anchor.blocks", ()), fault=ProofFault.FORM)
    yield case("the anchor of another height", proof_bytes(anchored(right, other.anchor)), fault=ProofFault.STATE_ROOT)


def _votes(story: Story, chain: Chain) -> Iterator[NetworkCase]:
    """Let too few vote, or others than should."""
    balance = story.states["a balance"]
    right = chain.led(balance)
    block = right.anchor.blocks[0]

    def case(damage: str, raw: bytes, root: str = "genesis", fault: ProofFault = ProofFault.HEADER) -> NetworkCase:
        return NetworkCase("a balance", root, raw, fault, damage)

    by_light = proof_bytes(chain.led(balance, "C-", validators=LIGHT))
    yield case("a commit just under two thirds", by_light, "two validators, one with 666 of 1,000")
    by_two = proof_bytes(chain.led(balance, "CC-", validators=THIRDS))
    yield case("a commit of exactly two thirds", by_two, "three validators")
    yield case("two of four voted for no block", proof_bytes(chain.led(balance, "CCNN")))
    yield case("nobody was heard", proof_bytes(chain.led(balance, "----")))
    yield case("a bit of a vote's signature", flip(right, "anchor.blocks.0.commit.votes.2.signature"))
    yield case("another time in a vote", more(right, "anchor.blocks.0.commit.votes.1.time"))
    yield case("a vote for no block is called one for it", _called(chain.led(balance, "NCCC")))
    yield case("the votes of another round", more(right, "anchor.blocks.0.commit.round"))
    yield case("the votes' order is reversed", put(right, "anchor.blocks.0.commit.votes", block.commit.votes[::-1]))
    yield case("a vote too few", put(right, "anchor.blocks.0.commit.votes", block.commit.votes[1:]))
    yield case("a weight larger by one", more(right, "anchor.blocks.0.validators.0.power"))
    yield case("another key of a validator", flip(right, "anchor.blocks.0.validators.0.public"))
    alone = voters(1, first=20)
    lie = voted(replace(block.header, app_hash=bytes(32)), alone)
    yield case("one stranger for a whole set", put(right, "anchor.blocks", (lie,)))
    later = replace(block.header, height=block.header.height + 1)
    yield case("votes of the height before", put(right, "anchor.blocks.0.header", later))


def _called(proof: StateProof) -> bytes:
    return put(proof, "anchor.blocks.0.commit.votes.0.flag", 2)


def _damaged(story: Story, chain: Chain) -> Iterator[NetworkCase]:
    """Change what proofs show, below headers that are right."""
    balance = chain.led(story.states["a balance"])
    name = "a balance"
    yield NetworkCase(name, "genesis", elsewhere(balance), ProofFault.BUCKET, "a bit of the key")
    bit = changed(balance, "stored", lambda told: told[:-1] + bytes((told[-1] ^ 1,)))
    yield NetworkCase(name, "genesis", proof_bytes(bit), ProofFault.VALUE, "a bit of the value")
    yield NetworkCase(name, "genesis", put(balance, "stored", None), ProofFault.VALUE, "it says that there is none")
    raw = proof_bytes(balance)
    yield NetworkCase(name, "genesis", raw[:-1], ProofFault.FORM, "the last byte is missing")
    yield NetworkCase(name, "genesis", raw + b"\x00", ProofFault.FORM, "one byte too many")
    face: FaceProof = chain.led(story.faces["an order that was settled"])
    yield NetworkCase("an order", "genesis", flip(face, "face"), ProofFault.VALUE, "a bit of the face")
    life: HistoryProof = chain.led(story.histories["an order that was settled"])
    name = "the life of an order"
    yield NetworkCase(
        name, "genesis", put(life, "steps", life.steps[1:]), ProofFault.HISTORY, "its first step left out"
    )
    shown = whole(life)
    absent = replace(shown, stored=None, entries=b"", levels=())
    yield NetworkCase(name, "genesis", put(life, "state", absent), ProofFault.STATE_ROOT, "no record, hence no life")
    yield from _damaged_receipts(story, chain)


def _damaged_receipts(story: Story, chain: Chain) -> Iterator[NetworkCase]:
    paid: ReceiptProof = chain.led(story.receipts["a payment that was applied"])
    own = story.receipts["a payment that was applied"]
    name = "a payment"

    def case(damage: str, raw: bytes, fault: ProofFault) -> NetworkCase:
        return NetworkCase(name, "genesis", raw, fault, damage)

    yield case("a bit of the receipt", flip(paid, "receipt"), ProofFault.RESULTS_ROOT)
    yield case("a bit of the id", flip(paid, "id"), ProofFault.ENVELOPE)
    yield case("the block's header has another time", more(paid, "block.header.time"), ProofFault.HEADER)
    yield case("other transactions in the block", flip(paid, "block.header.data_hash"), ProofFault.HEADER)
    yield case("the embedded engine's block", proof_bytes(replace(paid, block=own.block)), ProofFault.HEADER)
    yield case("no block, but a place in it", put(paid, "block", None), ProofFault.FORM)
    yield case("another place in the block", more(paid, "included.index"), ProofFault.TRANSACTIONS_ROOT)
    yield from _older_results(chain, own)


def _older_results(chain: Chain, own: ReceiptProof) -> Iterator[NetworkCase]:
    """Give a receipt of a height after which blocks came that changed nothing."""
    header = _own(own)
    later = replace(header, height=header.height + 3)
    state = chain.state(header)
    target = chain.block(later, app_hash=app_hash(state))
    anchor = CometAnchor(blocks=(target,), state=state)
    alone = anchored(replace(own, block=None, included=None), anchor)
    name = "a payment, three quiet heights ago"
    yield NetworkCase(name, "genesis", proof_bytes(alone))
    before = chain.block(replace(header, height=header.height - 1)).header
    linked = chain.block(later, app_hash=app_hash(state), before=before)
    told = anchored(replace(own, block=CometBlock(before)), replace(anchor, blocks=(linked,)))
    damage = "a block that the trusted header does not follow at once"
    yield NetworkCase(name, "genesis", proof_bytes(told), ProofFault.HEADER, damage)
