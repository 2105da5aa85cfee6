"""Facts about what the members decide. Numbers 600 to 699, for ever."""

from __future__ import annotations

from msgspec import Struct

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, CountryCode, Name, NodeKey, Seconds


class ProposalMade(Event, tag=600):
    """A member proposed an action, and says yes to it."""

    proposal: Name
    action_kind: int
    about: Account | None
    """The account that it is about, if it is about one."""
    height: int
    deadline: Seconds


class BallotCast(Event, tag=601):
    """A member voted, or changed its vote."""

    proposal: Name
    member: Account
    yes: bool


class ProposalPassed(Event, tag=602):
    """More than two thirds of the power said yes; the action takes effect with a height."""

    proposal: Name
    effect_at: int


class ProposalEnded(Event, tag=603):
    """A proposal came to its end."""

    proposal: Name
    ended: int
    refusal: int
    """The number of the rule that it no longer fits, or 0."""


class MemberAdmitted(Event, tag=604):
    """An organisation joined; its node signs from a height on."""

    account: Account
    public: NodeKey
    power: int
    from_height: int


class MemberRemoved(Event, tag=605):
    """An organisation ceased to be a member; its node signs no more from a height on."""

    account: Account
    public: NodeKey
    from_height: int


class PowerChanged(Event, tag=606):
    """A member's validator has another power from a height on."""

    account: Account
    power: int
    from_height: int


class MemberJailed(Event, tag=607):
    """A member's key signed two blocks of one height, so its validator signs no more from a height on."""

    account: Account
    public: NodeKey
    """The key that it has now; the one that signed twice may be an earlier one."""
    from_height: int


class MemberReleased(Event, tag=608):
    """A jailed validator signs again from a height on."""

    account: Account
    public: NodeKey
    from_height: int


class LimitSet(Struct, frozen=True, array_like=True, gc=False):
    """A limit by its name, and what it is now."""

    name: str
    value: int


class LimitsChanged(Event, tag=609):
    """Some of the network's limits are others."""

    limits: tuple[LimitSet, ...]


class QuotaSet(Event, tag=610):
    """A sponsor's parties may use so much from now on."""

    account: Account
    operations: int
    bytes: int
    reserved_operations: int
    stored_bytes: int


class RegistrarAdmitted(Event, tag=611):
    """A party became a registrar, or one has other countries and quotas."""

    account: Account
    countries: tuple[CountryCode, ...] | None
    parties: int
    attestations: int
    period: int


class RegistrarDismissed(Event, tag=612):
    """A registrar's admission was taken back."""

    account: Account


class UpgradeScheduled(Event, tag=613):
    """A later version of the protocol will be in force from a height on; nodes need software that knows it by then."""

    version: int
    from_height: int


class UpgradeInForce(Event, tag=614):
    """A later version of the protocol is in force from a height on."""

    version: int
    from_height: int
