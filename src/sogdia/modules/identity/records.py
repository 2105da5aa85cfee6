"""The words for who takes part. The party's record itself is `kernel.accounts.Party`, since the kernel reads it."""

from __future__ import annotations

from enum import IntEnum, IntFlag


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


GRANTABLE = int(Role.CARRIER | Role.PLATFORM)
"""Roles that a registrar may grant; the others are decided by the organisations together (in genesis, for now)."""

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
