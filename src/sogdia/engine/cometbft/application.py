"""The calls of ABCI 2.0, each answered by one function: messages in, the replica asked, messages out."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.candidates import Occasion
from sogdia.engine.cometbft.engine_genesis import APP_VERSION, differences
from sogdia.engine.cometbft.grammar import Call, Grammar
from sogdia.engine.cometbft.past_states import PastStates
from sogdia.engine.cometbft.snapshot_calls import SnapshotCalls
from sogdia.engine.marks import around
from sogdia.engine.storage.versions import release
from sogdia.kernel.codec import encode
from sogdia.kernel.comet import chain_id_of
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.header import validators_at
from sogdia.kernel.node_refusals import NodeRefusal
from sogdia.kernel.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from sogdia.engine.cometbft.replica import Replica
    from sogdia.kernel.envelope import Envelope

ABCI_VERSION = "2."
SAME_GENESIS = (
    "All nodes need the same genesis file. Put it into engine/config, and take everything out of engine/data but"
    " priv_validator_state.json, since the engine remembers the other"
)
PEERS = "/p2p/filter/"
BY_ID = "id/"
QUERY_OK = 0
QUERY_WRONG = 1

_log = logging.getLogger(__name__)


class EngineWrongError(Exception):
    """The engine is not the one that this node was made for: another network, another version, another genesis."""


class Application:
    """Answers the engine."""

    def __init__(self, replica: Replica, peers_only: Collection[str] = ()) -> None:
        """Answer from `replica`, and let in only these peers, each by the id of its key; without any, all."""
        self._replica = replica
        self._peers_only = frozenset(peers_only)
        self._ledger = replica.ledger
        self._grammar = Grammar(replica.ledger.tip.height, replica.ledger.beginning.height)
        self.snapshots = SnapshotCalls(replica, self._grammar)
        self._past = PastStates(replica.ledger, replica.snapshots)
        self.on_refused: Callable[[bytes, Refused], None] | None = None
        calls: dict[str, Callable[[Any], abci.Response]] = {
            "echo": self._echo,
            "info": self._info,
            "init_chain": self._init_chain,
            "query": self._query,
            "check_tx": self._check_tx,
            "list_snapshots": self.snapshots.list_ours,
            "offer_snapshot": self.snapshots.offer,
            "load_snapshot_chunk": self.snapshots.load,
            "apply_snapshot_chunk": self.snapshots.apply,
            "prepare_proposal": self._prepare_proposal,
            "process_proposal": self._process_proposal,
            "finalize_block": self._finalize_block,
            "commit": self._commit,
            "extend_vote": self._extend_vote,
            "verify_vote_extension": self._verify_vote_extension,
        }
        self.calls = {name: around(name, call) for name, call in calls.items()}

    def answer(self, request: abci.Request) -> abci.Response:
        """Answer one call; whatever is raised stops the node, since the engine can't go on without an answer."""
        kind = request.WhichOneof("value")
        call = self.calls.get(kind or "")
        if call is None:
            raise EngineWrongError(f"the engine called {kind!r}, which this node does not know")
        return call(getattr(request, kind or ""))

    # ------------------------------------------------------------------------------------------------- who is there

    def _echo(self, request: abci.RequestEcho) -> abci.Response:
        return abci.Response(echo=abci.ResponseEcho(message=request.message))

    def _info(self, request: abci.RequestInfo) -> abci.Response:
        self._grammar.hear(Call.INFO)
        if request.abci_version and not request.abci_version.startswith(ABCI_VERSION):
            raise EngineWrongError(
                f"CometBFT {request.version} speaks ABCI {request.abci_version}, and this node ABCI {ABCI_VERSION}0:"
                " install the version that docs/guides/run-a-network.md names"
            )
        height = self._ledger.writer.durable_height
        return abci.Response(
            info=abci.ResponseInfo(
                data="sogdia",
                version=release(),
                app_version=APP_VERSION,
                last_block_height=height,
                last_block_app_hash=self._replica.app_hash() if height else b"",
            )
        )

    def _init_chain(self, request: abci.RequestInitChain) -> abci.Response:
        """Begin a network: the engine's genesis must be the one that this ledger was made from."""
        self._grammar.hear(Call.INIT_CHAIN)
        network = self._ledger.machine.network
        try:
            genesis = msgspec.json.decode(request.app_state_bytes, type=genesis_type(self._ledger.machine.modules))
        except msgspec.MsgspecError as error:
            raise EngineWrongError(f"the app state in the engine's genesis is no genesis of Sogdia: {error}") from error
        if network_of(genesis) != network:
            raise EngineWrongError(
                f"the engine's genesis is that of the network {network_of(genesis).hex()}, and this node's ledger"
                f" belongs to {network.hex()}. {SAME_GENESIS}"
            )
        if request.chain_id != chain_id_of(network):
            raise EngineWrongError(f"the engine's chain is {request.chain_id!r}, not {chain_id_of(network)!r}")
        if request.initial_height not in (0, 1):
            raise EngineWrongError(f"the engine begins at height {request.initial_height}, and the ledger at 1")
        ours = {each.public: each.power for each in validators_at(self._ledger.state(), 1)}
        theirs = {each.pub_key.ed25519: each.power for each in request.validators}
        if ours != theirs:
            raise EngineWrongError("the validators in the engine's genesis are not those of the ledger's genesis")
        differ = differences(request, genesis)
        if differ:
            raise EngineWrongError(f"the engine's genesis is not as it was made: {'; '.join(differ)}. {SAME_GENESIS}")
        return abci.Response(init_chain=abci.ResponseInitChain(app_hash=self._replica.app_hash()))

    def _query(self, request: abci.RequestQuery) -> abci.Response:
        """Give a record by its full key, now or at the height of a kept snapshot, with its proof when that is wanted.

        People ask the node's own socket, which knows more. The engine itself asks whether it may let a peer in.
        """
        if request.path.startswith(PEERS):
            return self._lets_in(request.path.removeprefix(PEERS))
        height = request.height or self._ledger.tip.height
        if request.path != "/record":
            return _query_wrong(f"there is the path /record, with a full key as data; there is no {request.path!r}")
        tree = self._ledger.tree if height == self._ledger.tip.height else self._past.tree(height)
        if tree is None:
            kept = ", ".join(map(str, sorted(self._replica.snapshots.kept()))) or "no earlier one"
            refusal, present = NodeRefusal.STATE_NOT_KEPT, self._ledger.tip.height
            why = f"the state of height {height} is not kept here; kept are {kept}, and the present {present}"
            return _query_wrong(f"{why}. {refusal.way_out}", int(refusal))
        value = tree.read(request.data)
        answer = abci.ResponseQuery(code=QUERY_OK, key=request.data, value=value or b"", height=height)
        if request.prove:
            proven = encode(tree.prove(request.data))
            answer.proof_ops.ops.append(abci.ProofOp(type="sogdia/state", key=request.data, data=proven))
        return abci.Response(query=answer)

    def _lets_in(self, peer: str) -> abci.Response:
        """Say whether a peer is let in, who has shown by its key that the id is its own; addresses play no part."""
        peer_id = peer.removeprefix(BY_ID)
        if not peer.startswith(BY_ID) or not self._peers_only or peer_id in self._peers_only:
            return abci.Response(query=abci.ResponseQuery(code=QUERY_OK))
        _log.warning("the peer %s is not let in: it is none of those in network.peers_only", peer_id)
        return _query_wrong(f"the peer {peer_id} is not among those that are let in")

    # -------------------------------------------------------------------------------------------------- the mempool

    def offered(self, requests: Iterable[abci.Request]) -> list[Envelope]:
        """Give the envelopes that calls offer to the pool for the first time, as far as their form is right."""
        envelopes: list[Envelope] = []
        for request in requests:
            if request.HasField("check_tx") and request.check_tx.type == abci.NEW:
                with suppress(Refused):  # the call itself will be answered so
                    envelopes += self._replica.door.open(request.check_tx.tx)
        return envelopes

    def _check_tx(self, request: abci.RequestCheckTx) -> abci.Response:
        hear = self.on_refused if request.type == abci.RECHECK else None
        refused = self._replica.door.check(request.tx, hear)
        if refused is None:
            return ADMITTED
        self._replica.refusals[int(refused.code)] += 1
        return abci.Response(
            check_tx=abci.ResponseCheckTx(
                code=int(refused.code), data=encode((int(refused.code), refused.facts)), log=str(refused)
            )
        )

    # ------------------------------------------------------------------------------------------------------- blocks

    def _prepare_proposal(self, request: abci.RequestPrepareProposal) -> abci.Response:
        self._grammar.hear(Call.PREPARE_PROPOSAL, request.height)
        chosen = self._replica.propose(_occasion(request), request.txs, request.max_tx_bytes)
        return abci.Response(prepare_proposal=abci.ResponsePrepareProposal(txs=chosen))

    def _process_proposal(self, request: abci.RequestProcessProposal) -> abci.Response:
        self._grammar.hear(Call.PROCESS_PROPOSAL, request.height)
        wrong = self._replica.accepts(_occasion(request), request.txs)
        if wrong is None:
            return ACCEPTED
        _log.warning(
            "a proposal for height %s by %s is refused: %s", request.height, request.proposer_address.hex(), wrong
        )
        return REJECTED

    def _finalize_block(self, request: abci.RequestFinalizeBlock) -> abci.Response:
        self._grammar.hear(Call.FINALIZE_BLOCK, request.height)
        decided = self._replica.decide(_occasion(request), request.txs)
        return abci.Response(
            finalize_block=abci.ResponseFinalizeBlock(
                tx_results=[abci.ExecTxResult(code=code, data=data) for code, data in decided.outcomes],
                validator_updates=[
                    abci.ValidatorUpdate(pub_key=abci.PublicKey(ed25519=public), power=power)
                    for public, power in decided.validators
                ],
                app_hash=decided.app_hash,
            )
        )

    def _commit(self, _request: abci.RequestCommit) -> abci.Response:
        self._grammar.hear(Call.COMMIT)
        self._replica.commit()
        return abci.Response(commit=abci.ResponseCommit(retain_height=self._replica.pruning.retain_height()))

    def _extend_vote(self, _request: abci.RequestExtendVote) -> abci.Response:
        return abci.Response(extend_vote=abci.ResponseExtendVote())

    def _verify_vote_extension(self, request: abci.RequestVerifyVoteExtension) -> abci.Response:
        """Accept no extension but the empty one, which is what every node of ours gives."""
        answer = abci.ResponseVerifyVoteExtension
        status = answer.REJECT if request.vote_extension else answer.ACCEPT
        return abci.Response(verify_vote_extension=answer(status=status))


ADMITTED = abci.Response(check_tx=abci.ResponseCheckTx())
ACCEPTED = abci.Response(process_proposal=abci.ResponseProcessProposal(status=abci.ResponseProcessProposal.ACCEPT))
REJECTED = abci.Response(process_proposal=abci.ResponseProcessProposal(status=abci.ResponseProcessProposal.REJECT))


def _occasion(
    request: abci.RequestPrepareProposal | abci.RequestProcessProposal | abci.RequestFinalizeBlock,
) -> Occasion:
    """Read what a block is for. Of the time only whole seconds count."""
    offenders = tuple(sorted({each.validator.address for each in request.misbehavior}))
    return Occasion(request.height, request.time.seconds, offenders)


def _query_wrong(why: str, code: int = QUERY_WRONG) -> abci.Response:
    return abci.Response(query=abci.ResponseQuery(code=code, log=why))
