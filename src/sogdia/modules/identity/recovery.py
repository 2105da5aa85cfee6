"""Recovery: guardians put new keys in place for a party that has lost its own.

    (a guardian proposes) ──▶ proposed ──enough approve──▶ begun ──72 hours──▶ the new keys are in place
                                 │  └──30 days──▶ lapsed      └──vetoed, by any key of the party──▶ gone
                                 └──vetoed, or the keys or guardians change otherwise──▶ gone

Orders, money and standing belong to the account, so nothing has to be moved. From the deadline on the old keys are
worth nothing, even before the exit has been written. What they had decided is void until it is decided anew: mandates
with their one-time codes, limits of high value, and in the module of documents the encryption key.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import KEYS_MAX, PARTIES, Key, Level, Thresholds
from sogdia.kernel.codec import encode
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import ACCOUNT_BYTES, Account, Hash
from sogdia.modules.identity.events import (
    GuardiansSet,
    KeysRecovered,
    RecoveryApproved,
    RecoveryBegun,
    RecoveryLapsed,
    RecoveryProposed,
    RecoveryVetoed,
)
from sogdia.modules.identity.keys import NewKey, check_new_keys, check_thresholds, join, require_usable
from sogdia.modules.identity.records import (
    GUARDIANS,
    GUARDIANS_MAX,
    RECOVERIES,
    RULES,
    GuardianSet,
    Recovery,
    recovery_key,
)
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.retraction import RECOVERY_BYTES, drop, drop_recoveries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.accounts import Party
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Table

DOMAIN = b"sogdia/recovery"


class SetGuardians(Operation, tag=207):
    """Name who may put new keys in place for the sender, and how many of them it takes; none at all ends it."""

    guardians: Annotated[tuple[Account, ...], Meta(max_length=GUARDIANS_MAX)]
    needed: Annotated[int, Meta(ge=0, le=GUARDIANS_MAX)]

    key_level: ClassVar[Level] = Level.KEYS

    def check(self) -> None:
        """Refuse guardians out of order, and more agreement than there can be."""
        require(all(a < b for a, b in pairwise(self.guardians)), Refuse.GUARDIANS_NOT_IN_ORDER)
        least = min(1, len(self.guardians))
        require(least <= self.needed <= len(self.guardians), Refuse.GUARDIANS_NEEDED_WRONG, needed=self.needed)

    def apply(self, ctx: Context) -> None:
        """Write the guardians down; what earlier ones proposed falls."""
        require(ctx.sender not in self.guardians, Refuse.GUARDIAN_IS_SELF)
        for guardian in self.guardians:
            require(PARTIES.find(ctx.state, guardian) is not None, Refuse.PARTY_UNKNOWN, account=guardian)
        after = GuardianSet(guardians=self.guardians, needed=self.needed) if self.guardians else None
        require(GUARDIANS.find(ctx.state, ctx.sender) != after, Refuse.NOTHING_CHANGES)

        drop_recoveries(ctx, ctx.sender)
        party = PARTIES.must(ctx.state, ctx.sender)
        PARTIES.put(ctx.state, ctx.sender, structs.replace(party, recovers_at=None))
        if after is None:
            GUARDIANS.drop(ctx.state, ctx.sender)
        else:
            GUARDIANS.put(ctx.state, ctx.sender, after)

        ctx.emit(GuardiansSet(account=ctx.sender, guardians=self.guardians, needed=self.needed))


class ProposeRecovery(Operation, tag=208):
    """Propose a whole new set of keys for a party that the sender guards; replaces the sender's earlier proposal."""

    account: Account
    new_keys: Annotated[tuple[NewKey, ...], Meta(min_length=1, max_length=KEYS_MAX)]
    thresholds: Thresholds

    def check(self) -> None:
        """Refuse keys that cannot sign and thresholds out of order."""
        check_new_keys(self.new_keys)
        check_thresholds(self.thresholds)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the sender's earlier proposal."""
        return ((RECOVERIES, recovery_key(self.account, sender)),)

    def apply(self, ctx: Context) -> None:
        """Write the proposal down; it counts as the sender's approval."""
        guarding = guarded(ctx, self.account)
        party = open_party(ctx, self.account)
        keys = join(ctx, self.account, party, self.new_keys)
        require_usable(keys, self.thresholds)

        key = recovery_key(self.account, ctx.sender)
        earlier = RECOVERIES.find(ctx.state, key)
        if earlier is not None:
            drop(ctx, key, earlier)
        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, RECOVERY_BYTES)
        proposed = Recovery(
            keys=keys,
            thresholds=self.thresholds,
            approvals=(ctx.sender,),
            deadline=ctx.time + RULES.must(ctx.state, None).recovery.approve,
            begun=False,
            sponsor=sponsor,
        )
        RECOVERIES.put(ctx.state, key, proposed)
        calendar.schedule(ctx.state, proposed.deadline, RECOVERIES.full_key(key))
        digest = digest_of(ctx.network, self.account, keys, self.thresholds)
        begun = begin_if_enough(ctx, key, proposed, guarding.needed)

        until = proposed.deadline
        ctx.emit(RecoveryProposed(account=self.account, guardian=ctx.sender, digest=digest, until=until))
        if begun is not None:
            ctx.emit(begun)


class ApproveRecovery(Operation, tag=209):
    """Agree to the keys that another guardian proposes, by their digest."""

    account: Account
    guardian: Account
    """Whose proposal it is."""
    digest: Hash

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the proposal."""
        return ((RECOVERIES, recovery_key(self.account, self.guardian)),)

    def apply(self, ctx: Context) -> None:
        """Count the approval; with the last one the time for a veto begins."""
        guarding = guarded(ctx, self.account)
        open_party(ctx, self.account)
        key = recovery_key(self.account, self.guardian)
        recovery = RECOVERIES.get(ctx.state, key, Refuse.RECOVERY_UNKNOWN, guardian=self.guardian)
        digest = digest_of(ctx.network, self.account, recovery.keys, recovery.thresholds)
        require(digest == self.digest, Refuse.RECOVERY_DIFFERS, digest=digest)
        require(ctx.sender not in recovery.approvals, Refuse.RECOVERY_APPROVED)

        after = structs.replace(recovery, approvals=(*recovery.approvals, ctx.sender))
        RECOVERIES.put(ctx.state, key, after)
        begun = begin_if_enough(ctx, key, after, guarding.needed)

        approved_by = ctx.sender
        ctx.emit(RecoveryApproved(account=self.account, guardian=self.guardian, approved_by=approved_by, digest=digest))
        if begun is not None:
            ctx.emit(begun)


class VetoRecovery(Operation, tag=210):
    """Stop a guardian's proposal for the sender: any one key that it still has suffices."""

    guardian: Account

    reserved: ClassVar[bool] = True
    key_level: ClassVar[Level] = Level.ANY_KEY

    def apply(self, ctx: Context) -> None:
        """Forget the proposal."""
        key = recovery_key(ctx.sender, self.guardian)
        recovery = RECOVERIES.get(ctx.state, key, Refuse.RECOVERY_UNKNOWN, guardian=self.guardian)

        drop(ctx, key, recovery)
        if recovery.begun:
            party = PARTIES.must(ctx.state, ctx.sender)
            PARTIES.put(ctx.state, ctx.sender, structs.replace(party, recovers_at=None))

        ctx.emit(RecoveryVetoed(account=ctx.sender, guardian=self.guardian))


def guarded(ctx: Context, account: bytes) -> GuardianSet:
    """Give the guardians of a party if the sender is one of them, or refuse."""
    known = GUARDIANS.find(ctx.state, account)
    if known is None or ctx.sender not in known.guardians:
        require(condition=False, code=Refuse.SENDER_NOT_GUARDIAN, account=account)
    return GUARDIANS.must(ctx.state, account)


def open_party(ctx: Context, account: bytes) -> Party:
    """Give a party for which no recovery has begun, or refuse."""
    party = PARTIES.must(ctx.state, account)
    require(party.recovers_at is None, Refuse.RECOVERY_UNDER_WAY, until=party.recovers_at or 0)
    return party


def digest_of(network: bytes, account: bytes, keys: tuple[Key, ...], thresholds: Thresholds) -> bytes:
    """Give what guardians approve: the very keys, with their numbers, for this account of this network."""
    return sha256(DOMAIN + network + account + encode((keys, thresholds))).digest()


def begin_if_enough(ctx: Context, key: bytes, recovery: Recovery, needed: int) -> RecoveryBegun | None:
    """Start the time for a veto once enough guardians agree; give the fact, if it is one."""
    if len(recovery.approvals) < needed:
        return None
    account, guardian = key[:ACCOUNT_BYTES], key[ACCOUNT_BYTES:]
    deadline = ctx.time + RULES.must(ctx.state, None).recovery.veto
    calendar.move(ctx.state, recovery.deadline, deadline, RECOVERIES.full_key(key))
    RECOVERIES.put(ctx.state, key, structs.replace(recovery, begun=True, deadline=deadline))
    party = PARTIES.must(ctx.state, account)
    PARTIES.put(ctx.state, account, structs.replace(party, recovers_at=deadline))
    digest = digest_of(ctx.network, account, recovery.keys, recovery.thresholds)
    return RecoveryBegun(account=account, guardian=guardian, digest=digest, stoppable_until=deadline)


def _deadline_of(recovery: Recovery) -> int:
    return recovery.deadline


def _run_out(ctx: Context, key: bytes, recovery: Recovery, writes_max: int) -> None:  # noqa: ARG001 - few writes
    """Put the new keys in place if nobody stopped them, or let a proposal lapse that too few approved."""
    account, guardian = key[:ACCOUNT_BYTES], key[ACCOUNT_BYTES:]
    if not recovery.begun:
        drop(ctx, key, recovery)
        ctx.emit(RecoveryLapsed(account=account, guardian=guardian))
        return
    drop_recoveries(ctx, account)
    party = PARTIES.must(ctx.state, account)
    after = structs.replace(
        party,
        keys=recovery.keys,
        thresholds=recovery.thresholds,
        next_key=party.next_key + len(recovery.keys),
        high_value=(),
        recovers_at=None,
        recoveries=party.recoveries + 1,
    )
    PARTIES.put(ctx.state, account, after)
    keys, thresholds = recovery.keys, recovery.thresholds
    ctx.emit(KeysRecovered(account=account, guardian=guardian, keys=keys, thresholds=thresholds))


RECOVERY_EXIT = Exit(RECOVERIES, deadline_of=_deadline_of, apply=_run_out)
