"""Genesis: what a network begins with. Its hash is the network's identity.

A genesis is written as JSON for people (keys and hashes in hexadecimal) and hashed in its one canonical encoding.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import encode
from sogdia.kernel.header import Validator, first_validators
from sogdia.kernel.parameters import PARAMETERS, Limits, Parameters
from sogdia.kernel.passkey import PASSKEYS, Origin, Passkeys, RelyingPartyId
from sogdia.kernel.protocol import PROTOCOL, Protocol, Version
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import NO_ACCOUNT, Seconds, account_of

if TYPE_CHECKING:
    from sogdia.kernel.module import Module
    from sogdia.kernel.state import State

SANDBOX = "sandbox"
"""How the name of a network for trials begins. The name is part of what is hashed, so it cannot be taken off."""

HexKey = Annotated[str, Meta(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}\Z")]


class GenesisValidator(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A key that signs headers from the start."""

    public: HexKey
    power: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1


class GenesisPasskeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The domain under which passkeys are made, and the web sites and apps in which they may be used."""

    rp_id: RelyingPartyId
    origins: Annotated[tuple[Origin, ...], Meta(min_length=1, max_length=32)]


class GenesisBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every genesis says; each module adds a section of its own name."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    time: Seconds
    clock: Literal["wall", "manual"] = "wall"
    """`manual` is for simulations: time moves only when the driver says so."""
    engine: Literal["solo", "cometbft"] = "solo"
    """Who orders the blocks: one node by itself, or its validators together by CometBFT."""
    limits: Limits = Limits()
    protocol: Version = 1
    """The version of the rules with which the network begins."""
    passkeys: GenesisPasskeys | None = None
    """Without it nobody can sign with a passkey on this network."""
    validators: Annotated[tuple[GenesisValidator, ...], Meta(min_length=1, max_length=64)]
    blinding: HexKey | None = None
    """The hash of the blinding secret. Without it anybody can try out small values of records beside a proved one."""


class GenesisContext:
    """What a module sees while it loads its section of a genesis."""

    __slots__ = ("network", "state", "time")

    def __init__(self, state: State, network: bytes, time: int) -> None:
        """Hold the empty state, the network's hash and its first time."""
        self.state = state
        self.network = network
        self.time = time

    def account(self, reference: str) -> bytes:
        """Give the account of a party that is there from the start."""
        return account_of(self.network, NO_ACCOUNT, reference)


def genesis_type(modules: tuple[Module, ...]) -> type[GenesisBase]:
    """Make the genesis type of a set of modules: the common part and a section a module."""
    first = _there_from_the_start(modules)
    sections = [(module.name, module.genesis, msgspec.field(default_factory=module.genesis)) for module in first]
    made: Any = msgspec.defstruct(
        "Genesis", sections, bases=(GenesisBase,), frozen=True, kw_only=True, forbid_unknown_fields=True
    )
    genesis: type[GenesisBase] = made
    return genesis


def _there_from_the_start(modules: tuple[Module, ...]) -> list[Module]:
    """Leave out modules that were added by an upgrade: they have no section, whatever version a network begins with."""
    return [module for module in modules if module.since == 1]


def is_sandbox(name: str) -> bool:
    """Tell by its name whether a network is for trials, where money, parties and time are nobody's word."""
    return name.lower().startswith(SANDBOX)


def network_of(genesis: GenesisBase) -> bytes:
    """Give the genesis hash: 32 bytes that stand for the network."""
    return sha256(b"sogdia/genesis" + encode(msgspec.to_builtins(genesis))).digest()


def load(state: State, genesis: Any, modules: tuple[Module, ...]) -> None:  # noqa: ANN401 - its type depends on the modules
    """Write a genesis into an empty state, section by section."""
    ensure(not state.changes, "a genesis is loaded into an empty state")
    PARAMETERS.put(state, None, Parameters(limits=genesis.limits))
    validators = tuple(Validator(bytes.fromhex(each.public), each.power) for each in genesis.validators)
    first_validators(state, validators)
    PROTOCOL.put(state, None, Protocol(version=genesis.protocol))
    if genesis.passkeys is not None:
        PASSKEYS.put(state, None, Passkeys(rp_id=genesis.passkeys.rp_id, origins=genesis.passkeys.origins))
    context = GenesisContext(state, network_of(genesis), genesis.time)
    for module in _there_from_the_start(modules):
        module.load_genesis(context, getattr(genesis, module.name))
