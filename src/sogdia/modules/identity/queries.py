"""Questions about who takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.accounts import PARTIES, Party
from sogdia.kernel.header import VALIDATORS, ValidatorSets
from sogdia.kernel.mandates import MANDATES, Mandate
from sogdia.kernel.operation import Query
from sogdia.kernel.passkey import PASSKEYS, Passkeys
from sogdia.kernel.quota import QUOTAS, Quota
from sogdia.kernel.values import Account, Name
from sogdia.modules.identity.records import (
    CONSENTS,
    GUARDIANS,
    RECOVERIES,
    Consents,
    GuardianSet,
    Recovery,
    recovery_key,
)

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


class PartyQuery(Query, tag="party"):
    """A party's record."""

    account: Account

    def answer(self, state: Reader) -> Party | None:
        """Give the record, or nothing."""
        return PARTIES.find(state, self.account)


class QuotaQuery(Query, tag="quota"):
    """A sponsor's quota and what has been used of it."""

    account: Account

    def answer(self, state: Reader) -> Quota | None:
        """Give the quota, or nothing."""
        return QUOTAS.find(state, self.account)


class GuardiansQuery(Query, tag="guardians"):
    """Who may put new keys in place for a party."""

    account: Account

    def answer(self, state: Reader) -> GuardianSet | None:
        """Give the guardians, or nothing."""
        return GUARDIANS.find(state, self.account)


class RecoveryQuery(Query, tag="recovery"):
    """A guardian's proposal of new keys for a party."""

    account: Account
    guardian: Account

    def answer(self, state: Reader) -> Recovery | None:
        """Give the proposal, or nothing."""
        return RECOVERIES.find(state, recovery_key(self.account, self.guardian))


class MandateQuery(Query, tag="mandate"):
    """What an agent may do in a party's name, and what it has spent."""

    mandate: Name

    def answer(self, state: Reader) -> Mandate | None:
        """Give the mandate, or nothing."""
        return MANDATES.find(state, self.mandate)


class ConsentsQuery(Query, tag="consents"):
    """Where a mandate's chain of one-time codes stands."""

    mandate: Name

    def answer(self, state: Reader) -> Consents | None:
        """Give the end of the chain, or nothing."""
        return CONSENTS.find(state, self.mandate)


class ValidatorsQuery(Query, tag="validators"):
    """The keys that sign headers, now and from heights to come on."""

    def answer(self, state: Reader) -> ValidatorSets:
        """Give the sets by their heights."""
        return VALIDATORS.must(state, None)


class PasskeysQuery(Query, tag="passkeys"):
    """The domain and the origins of passkeys on this network."""

    def answer(self, state: Reader) -> Passkeys | None:
        """Give them, or nothing when the network has none."""
        return PASSKEYS.find(state, None)
