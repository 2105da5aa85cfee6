"""What members can decide: the actions of proposals, as plain data. `effects` says when one fits and what it does."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from msgspec import Meta, Struct

from sogdia.kernel.header import Power
from sogdia.kernel.module import tag_of
from sogdia.kernel.parameters import Count
from sogdia.kernel.protocol import Version
from sogdia.kernel.quota import Amount
from sogdia.kernel.values import Account, CountryCode, Name, NodeKey
from sogdia.modules.identity import COUNTRIES_MAX, Allowance, Period


class ActionKind(IntEnum):
    """What a proposal is about. Numbers are never changed or used again."""

    ADMISSION = 1
    REMOVAL = 2
    POWER = 3
    RELEASE = 4
    LIMITS = 5
    QUOTA = 6
    REGISTRAR = 7
    DISMISSAL = 8
    UPGRADE = 9
    CANCELLATION = 10


class Admission(Struct, frozen=True, array_like=True, gc=False, tag=1):
    """Let an organisation join, with the key and the power of its validator."""

    account: Account
    public: NodeKey
    power: Power


class Removal(Struct, frozen=True, array_like=True, gc=False, tag=2):
    """Let a member go."""

    account: Account


class PowerChange(Struct, frozen=True, array_like=True, gc=False, tag=3):
    """Give a member's validator another power."""

    account: Account
    power: Power


class Release(Struct, frozen=True, array_like=True, gc=False, tag=4):
    """Let a jailed validator sign again."""

    account: Account


class LimitsChange(Struct, frozen=True, array_like=True, gc=False, kw_only=True, tag=5):
    """Set some of the network's limits; those that are not named stay."""

    envelope_bytes_max: Count | None = None
    block_bytes_max: Count | None = None
    block_envelopes_max: Count | None = None
    exit_writes_max: Count | None = None
    live_ids_max: Count | None = None
    validity_max: Count | None = None
    quota_period: Count | None = None

    def named(self) -> dict[str, int]:
        """Give the limits that it sets."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not None}


class QuotaChange(Struct, frozen=True, array_like=True, gc=False, tag=6):
    """Set what a sponsor's parties may use; whoever had no quota becomes a sponsor."""

    account: Account
    operations: Amount
    bytes: Amount
    reserved_operations: Amount
    stored_bytes: Amount


class RegistrarAdmission(Struct, frozen=True, array_like=True, gc=False, tag=7):
    """Admit a registrar, or give it other countries and quotas; without countries, for every one."""

    account: Account
    countries: Annotated[tuple[CountryCode, ...], Meta(min_length=1, max_length=COUNTRIES_MAX)] | None
    parties: Allowance
    attestations: Allowance
    period: Period


class Dismissal(Struct, frozen=True, array_like=True, gc=False, tag=8):
    """Take a registrar's admission back."""

    account: Account


class Upgrade(Struct, frozen=True, array_like=True, gc=False, tag=9):
    """Put a later version of the protocol in force."""

    version: Version


class Cancellation(Struct, frozen=True, array_like=True, gc=False, tag=10):
    """Call off a proposal that has passed and not taken effect yet."""

    proposal: Name


Action = (
    Admission
    | Removal
    | PowerChange
    | Release
    | LimitsChange
    | QuotaChange
    | RegistrarAdmission
    | Dismissal
    | Upgrade
    | Cancellation
)


def kind_of(action: Action) -> ActionKind:
    """Give the number of what an action does."""
    return ActionKind(tag_of(type(action)))


def about(action: Action) -> bytes | None:
    """Give the account that an action is about, if it is about one."""
    account: bytes | None = getattr(action, "account", None)
    return account
