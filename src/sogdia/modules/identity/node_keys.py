"""Keys that sign headers. A change takes effect two heights later, so that the header between can announce it.

The key that goes and the key that comes both sign the same message: so nobody puts a key in place that nobody holds.
Who has a node at all is decided by the members together; its key is its organisation's own affair. A key that was ever
used never comes back, so no signature serves for a second change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.comet import address_of
from sogdia.kernel.header import validators_at
from sogdia.kernel.members import change_member, enter_key, member_of, owner_of_key
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.signature import ED25519, verify
from sogdia.kernel.values import NodeKey
from sogdia.modules.identity.events import NodeKeyRotated
from sogdia.modules.identity.keys import Proof
from sogdia.modules.identity.parties import check_key
from sogdia.modules.identity.records import Role
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.roles import has_role

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context


class RotateNodeKey(Operation, tag=205):
    """Let the sender's node sign headers with `new` in place of `old`. Both keys sign for it."""

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
        member = member_of(ctx.state, ctx.sender)
        if member is None or member.public != self.old:
            raise Refused(Refuse.NODE_KEY_UNKNOWN, facts_of({"old": self.old}))
        signing = [each.public for each in validators_at(ctx.state, ctx.height)]
        require(member.jailed or self.old in signing, Refuse.NODE_KEYS_CHANGING, height=ctx.height)
        require(owner_of_key(ctx.state, address_of(self.new)) is None, Refuse.KEY_UNCHANGED)
        message = rotation_message(ctx.network, self.old, self.new)
        require(verify(ED25519, self.old, message, self.endorsement), Refuse.ENDORSEMENT_WRONG)
        require(verify(ED25519, self.new, message, self.acceptance), Refuse.KEY_NOT_PROVEN)

        enter_key(ctx.state, self.new, ctx.sender)
        from_height = change_member(ctx.state, ctx.height, structs.replace(member, public=self.new))

        ctx.emit(NodeKeyRotated(account=ctx.sender, old=self.old, new=self.new, from_height=from_height))


def rotation_message(network: bytes, old: bytes, new: bytes) -> bytes:
    """Give what both keys sign to change the one for the other."""
    return b"sogdia/node-key" + network + old + new


def possession_message(network: bytes, account: bytes, public: bytes) -> bytes:
    """Give what a node's key signs to show that somebody holds it, for the organisation that is to run the node."""
    return b"sogdia/node-key-held" + network + account + public
