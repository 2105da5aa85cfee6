"""Building and signing envelopes: what a wallet does before it sends anything."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sogdia.kernel.envelope import NETWORK_BYTES, Body, EnvelopeCodec, Predecessor, Signer
from sogdia.kernel.parameters import DAY
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.kernel.envelope import Signature
    from sogdia.kernel.operation import Operation

SALT_BYTES = 8
VALIDITY_SECONDS = DAY
"""How long an envelope is valid unless its maker says otherwise."""


class SigningKey(Protocol):
    """A key that signs, of whatever scheme: in a file, in a chip, or a passkey."""

    @property
    def scheme(self) -> int:
        """The number of its scheme."""

    @property
    def public(self) -> bytes:
        """Its public half."""

    def sign(self, message: bytes) -> bytes:
        """Give a signature over a message: 64 bytes."""

    def signature(self, message: bytes) -> Signature:
        """Give a signature over a message as it stands in an envelope."""


class Sender(NamedTuple):
    """An account with the key that signs for it."""

    account: bytes
    keys: SigningKey
    key_number: int = 0


class Signed(NamedTuple):
    """An envelope ready to travel, its id, and when it expires."""

    raw: bytes
    id: bytes
    expiry: int


class EnvelopeMaker:
    """Makes envelopes for one network."""

    def __init__(self, network: bytes) -> None:
        """Prepare for the network whose genesis hash is `network`."""
        self.network = network
        self.codec = EnvelopeCodec(network, tuple(each for module in ALL for each in module.operations))

    def make(  # noqa: PLR0913 - an envelope has this many free choices
        self,
        senders: Sequence[Sender],
        operations: Sequence[Operation],
        *,
        expiry: int,
        not_before: int | None = None,
        after: Sequence[Signed] = (),
        salt: bytes | None = None,
    ) -> Signed:
        """Build an envelope of `operations` and let every sender sign it, in order.

        `expiry` and `not_before` are seconds since 1970 by the network's time. Without a `salt` one is drawn at random.
        """
        body = Body(
            network=self.network[:NETWORK_BYTES],
            expiry=expiry,
            not_before=not_before,
            after=tuple(Predecessor(each.id, each.expiry) for each in after),
            salt=secrets.token_bytes(SALT_BYTES) if salt is None else salt,
            signers=tuple(Signer(sender.account, sender.key_number) for sender in senders),
            operations=tuple(operations),
        )
        raw_body, identity = self.codec.build(body)
        signatures = tuple(sender.keys.signature(identity) for sender in senders)
        return Signed(self.codec.seal(raw_body, signatures), identity, expiry)
