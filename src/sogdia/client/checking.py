"""Checking a proof of any network, whichever engine it runs on: from a genesis, or from what was trusted before.

    genesis ─▶ begin ─▶ trust ─▶ check(proof, trust) ─▶ what it proves, and trust that has moved on

Under the embedded engine trust is a set of keys; under CometBFT it is a store of light blocks, and needs the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.client.light.anchor import check_anchor
from sogdia.client.light.roots import root_by_genesis
from sogdia.client.light.store import LightStore
from sogdia.client.light.verify import LightWrong
from sogdia.client.proofs import Trusted, own_anchor, trust_anchor, trusted_by_genesis
from sogdia.kernel.proof import Anchor, Proof, ProofFault, ProofWrong, Proven, anchor_of, decode_proof
from sogdia.kernel.proof_checks import check_against, roots_of

if TYPE_CHECKING:
    from sogdia.client.light.verify import Bounds
    from sogdia.kernel.genesis import GenesisBase

Trust = Trusted | LightStore
"""Whom to trust: the keys of the embedded engine, or the light blocks of a network on CometBFT."""


class Checked(NamedTuple):
    """What a proof proves, and the trust from which the next one can be checked."""

    proven: Proven
    trust: Trust


def begin(genesis: GenesisBase, *, sandbox: bool = False) -> Trust:
    """Begin with a genesis; with that of a sandbox only when `sandbox` is meant."""
    if genesis.engine == "cometbft":
        return LightStore(root=root_by_genesis(genesis, sandbox=sandbox))
    return trusted_by_genesis(genesis, sandbox=sandbox)


def check(proof: Proof | bytes, trust: Trust, now: int, bounds: Bounds | None = None) -> Checked:
    """Check a proof, in bytes or read already; `now` is in nanoseconds since 1970, and counts under CometBFT only.

    Raises `ProofWrong` when it proves nothing.
    """
    read = decode_proof(proof) if isinstance(proof, bytes) else proof
    if isinstance(trust, Trusted):
        return Checked(check_against(read, roots_of(trust_anchor(own_anchor(read), trust))), trust)
    anchor = anchor_of(read)
    if isinstance(anchor, Anchor):
        raise ProofWrong(
            ProofFault.VALIDATORS, "it leads to a header of the embedded engine, and the trusted network has CometBFT"
        )
    try:
        found = check_anchor(anchor, trust, now, bounds)
    except LightWrong as wrong:
        raise ProofWrong(ProofFault.HEADER, f"its header is not to be trusted: {wrong} ({wrong.fault})") from wrong
    return Checked(check_against(read, found.roots), found.store)
