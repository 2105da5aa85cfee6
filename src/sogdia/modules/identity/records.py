"""The words for who takes part, and the records that identity alone reads.

A party and a mandate are `kernel.accounts.Party` and `kernel.mandates.Mandate`, since the kernel reads them.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Annotated, Any

from msgspec import Meta, Struct

from sogdia.kernel.accounts import KEYS_MAX, Key, Thresholds, show_account_key
from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import DAY, no_key, show_no_key
from sogdia.kernel.state import Table
from sogdia.kernel.values import ACCOUNT_BYTES, Account, Seconds
from sogdia.modules.identity.registry_records import Period

GUARDIANS_MAX = 9
CONSENT_BYTES = 10

ConsentCode = Annotated[bytes, Meta(min_length=CONSENT_BYTES, max_length=CONSENT_BYTES)]
"""A one-time code: 80 bits, printed as 16 letters and digits."""


class Kind(IntEnum):
    """What sort of party it is."""

    PERSON = 1
    ENTERPRISE = 2
    PLATFORM = 3
    CARRIER = 4
    PAYMENT_INSTITUTION = 5
    AUTHORITY = 6
    REGISTRAR = 7
    OPERATOR = 8


class Role(IntFlag):
    """What a party may do beyond trading."""

    REGISTRAR = 1
    ISSUER = 2
    OPERATOR = 4
    CARRIER = 8
    PLATFORM = 16
    TAX_COLLECTOR = 32
    LIQUIDITY_PROVIDER = 64
    RATE_REPORTER = 128
    INSURER = 256
    ARBITRATOR = 512


GRANTABLE = int(
    Role.CARRIER | Role.PLATFORM | Role.LIQUIDITY_PROVIDER | Role.RATE_REPORTER | Role.INSURER | Role.ARBITRATOR
)
"""Roles that a registrar may grant; the others are decided by the organisations together, in genesis or by vote."""

COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
        "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
        "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
        "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
        "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
        "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW EU XK ZZ"
    ).split()
)
"""ISO 3166-1 alpha-2, with EU and XK (reserved and user-assigned) and ZZ for unknown."""


class GuardianSet(Record):
    """Who may put new keys in place for a party that has lost its own."""

    guardians: Annotated[tuple[Account, ...], Meta(min_length=1, max_length=GUARDIANS_MAX)]
    needed: Annotated[int, Meta(ge=1, le=GUARDIANS_MAX)]


class Recovery(Record):
    """New keys that a guardian proposes for a party, and who agrees."""

    keys: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=KEYS_MAX)]
    thresholds: Thresholds
    approvals: Annotated[tuple[Account, ...], Meta(max_length=GUARDIANS_MAX)]
    deadline: Seconds
    """Until then others may approve; once enough have, until then a key of the party may stop it."""
    begun: bool
    """Whether enough guardians agree."""
    sponsor: Account
    """Whose storage the proposal takes."""


class Consents(Record):
    """Where the chain of a mandate's one-time codes stands: the next code is the one that leads to `end`."""

    end: ConsentCode


class RecoveryWindows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a recovery waits."""

    approve: Annotated[int, Meta(ge=1, le=365 * DAY)] = 30 * DAY
    """For guardians to approve a proposal."""
    veto: Annotated[int, Meta(ge=1, le=365 * DAY)] = 3 * DAY
    """For a key of the party to stop it."""


class IdentityRules(Record):
    """What a network has decided about who takes part."""

    recovery: RecoveryWindows
    appeal_period: Period
    """After this time an appealed suspension ends by itself unless it is upheld."""


def recovery_key(account: bytes, guardian: bytes) -> bytes:
    """Lay out the key of a guardian's proposal for a party: each has one, so nobody can crowd the others out."""
    return account + guardian


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


def _show_recovery(key: bytes) -> dict[str, Any]:
    return {"account": key[:ACCOUNT_BYTES], "guardian": key[ACCOUNT_BYTES:]}


GUARDIANS: Table[bytes, GuardianSet] = Table("identity/guardians", 20, GuardianSet, show_key=show_account_key)
RECOVERIES: Table[bytes, Recovery] = Table("identity/recoveries", 21, Recovery, show_key=_show_recovery)
CONSENTS: Table[bytes, Consents] = Table("identity/consents", 22, Consents, show_key=_show_name)
RULES: Table[None, IdentityRules] = Table("identity/rules", 23, IdentityRules, key=no_key, show_key=show_no_key)
