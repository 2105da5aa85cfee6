"""Keys that sign headers. A change takes effect two heights later, so that the header between can announce it.

The key that goes and the key that comes both sign the same message, which names the two and the height of the change
before: so nobody puts a key in place that nobody holds, and no signature serves for a second change between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.header import VALIDATORS, Validator, set_validators, validators_at
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.signature import ED25519, verify
from sogdia.kernel.values import NodeKey
from sogdia.modules.identity.events import NodeKeyRotated
from sogdia.modules.identity.keys import Proof
from sogdia.modules.identity.parties import check_key, has_role
from sogdia.modules.identity.records import Role
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context


class RotateNodeKey(Operation, tag=205):
    """Let headers be signed with `new` in place of `old`. Both keys sign for it."""

    old: NodeKey
    new: NodeKey
    endorsement: Proof
    """The old key's signature over `rotation_message`."""
    acceptance: Proof
    """The new key's, which shows that somebody holds it."""

    def check(self) -> None:
        """Refuse keys that cannot sign and changes that change nothing."""
        check_key(ED25519, self.new)
        require(self.old != self.new, Refuse.KEY_UNCHANGED)

    def apply(self, ctx: Context) -> None:
        """Schedule the new set of keys."""
        require(has_role(ctx.state, ctx.sender, Role.OPERATOR), Refuse.SENDER_NOT_OPERATOR)
        changes_at = VALIDATORS.must(ctx.state, None).changes_at
        require(changes_at <= ctx.height, Refuse.NODE_KEYS_CHANGING, changes_at=changes_at, height=ctx.height)
        current = validators_at(ctx.state, ctx.height)
        require(self.old in [each.public for each in current], Refuse.NODE_KEY_UNKNOWN, old=self.old)
        require(self.new not in [each.public for each in current], Refuse.KEY_UNCHANGED)
        message = rotation_message(ctx.network, changes_at, self.old, self.new)
        require(verify(ED25519, self.old, message, self.endorsement), Refuse.ENDORSEMENT_WRONG, changes_at=changes_at)
        require(verify(ED25519, self.new, message, self.acceptance), Refuse.KEY_NOT_PROVEN, changes_at=changes_at)

        changed = tuple(Validator(self.new, each.power) if each.public == self.old else each for each in current)
        from_height = set_validators(ctx.state, ctx.height, changed)

        ctx.emit(NodeKeyRotated(old=self.old, new=self.new, from_height=from_height))


def rotation_message(network: bytes, changes_at: int, old: bytes, new: bytes) -> bytes:
    """Give what both keys sign: the change, and when the change before it took effect (0 when there was none)."""
    return b"sogdia/node-key" + network + changes_at.to_bytes(8, "big") + old + new
