"""Where trust in a network that runs on CometBFT begins: its genesis, or a header that somebody trusted has named.

Neither can come from the network itself. A genesis names the first validators; who begins with it must be sure that no
third of their keys has come into wrong hands since. A header named by height and hash is as old as it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.client.light.verify import LightFault, LightWrong, Trust, trust_by_hash
from sogdia.client.proofs import trusted_by_genesis
from sogdia.kernel.comet import (
    NANOSECONDS,
    CometValidator,
    Height,
    Nanoseconds,
    ValidatorSet,
    chain_id_of,
    in_order,
    validators_hash,
)
from sogdia.kernel.values import Hash

if TYPE_CHECKING:
    from sogdia.kernel.comet import LightBlock
    from sogdia.kernel.genesis import GenesisBase


class GenesisRoot(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=1):
    """Trust in a genesis: its time and its validators."""

    time: Nanoseconds
    validators: ValidatorSet


class HeaderRoot(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=2):
    """Trust in one header."""

    height: Height
    hash: Hash


class Root(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A network by its genesis hash, and where trust in it begins."""

    network: Hash
    start: GenesisRoot | HeaderRoot

    @property
    def chain_id(self) -> str:
        """The name that CometBFT gives the network."""
        return chain_id_of(self.network)


def root_by_genesis(genesis: GenesisBase, *, sandbox: bool = False) -> Root:
    """Begin with a genesis; with that of a sandbox only when `sandbox` is meant."""
    trusted = trusted_by_genesis(genesis, sandbox=sandbox)
    validators = in_order(CometValidator(each.public, each.power) for each in trusted.validators)
    start = GenesisRoot(time=genesis.time * NANOSECONDS, validators=validators)
    return Root(network=trusted.network, start=start)


def root_by_header(network: bytes, height: int, header_hash: bytes) -> Root:
    """Begin with a header, named by its height and its hash."""
    return Root(network=network, start=HeaderRoot(height=height, hash=header_hash))


def first_trust(root: Root, block: LightBlock | None = None) -> Trust:
    """Give the first trust that a root allows; when it begins with a header, that header's light block is needed."""
    start = root.start
    if isinstance(start, GenesisRoot):
        return Trust(
            chain_id=root.chain_id,
            height=0,
            time=start.time,
            hash=b"",
            validators=start.validators,
            next_validators_hash=validators_hash(start.validators),
        )
    if block is None:
        raise LightWrong(LightFault.HEIGHT, f"the light block of the trusted header, height {start.height}, is needed")
    return trust_by_hash(root.chain_id, start.height, start.hash, block)
