"""The records of vouchers: purses with their shares, what each payer has open and was caught at, and the rules.

purse ── terms, which never change: money, key, shares, end, deadline
  └── share 0 … 15 ── for one payee, or for anybody
          └── voucher 0 … 255, each paid once
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from sogdia.kernel.accounts import Scheme, show_account_key
from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Table
from sogdia.kernel.values import Account, CurrencyCode, PositiveUnits, PublicKey, Seconds, Units
from sogdia.modules.money import Asset

SHARES_MAX: Final = 16
VOUCHERS_MAX: Final = 256
"""So many vouchers can be signed for a share: its sequence numbers are 0 to 255."""

ShareNumber = Annotated[int, Meta(ge=0, le=SHARES_MAX - 1)]
Sequence = Annotated[int, Meta(ge=0, le=VOUCHERS_MAX - 1)]
Length = Annotated[int, Meta(ge=1, le=400 * 86_400)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Share(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of a purse with vouchers of its own: for one payee, whom nobody can forestall, or for anybody."""

    payee: Account | None
    units: PositiveUnits


class PurseTerms(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """What a payer binds itself to; a voucher is signed over exactly these, so nothing of them can change."""

    asset: Asset
    scheme: Scheme
    public: PublicKey
    """The key that signs vouchers, and nothing else: it has no say over the account."""
    shares: Annotated[tuple[Share, ...], Meta(min_length=1, max_length=SHARES_MAX)]
    ends_at: Seconds
    """The last second in which a payee should take a voucher."""
    deadline: Seconds
    """The last second in which one is paid."""


class Drawn(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """What has become of a share: all of it is redeemed, given back by its payee, or left."""

    redeemed: Units = 0
    returned: Units = 0
    left: Units
    vouchers: Annotated[int, Meta(ge=0, le=VOUCHERS_MAX)] = 0
    """How many have been paid."""
    used: Annotated[bytes, Meta(max_length=VOUCHERS_MAX // 8)] = b""
    """Which: a bit a sequence number, the lowest first, without zero bytes at the end."""


class Purse(Record):
    """Money that a payer has set aside for vouchers which it signs without a connection."""

    promised: PurseTerms
    drawn: Annotated[tuple[Drawn, ...], Meta(min_length=1, max_length=SHARES_MAX)]
    """Share by share."""
    fraud_at: Seconds | None
    """When it was shown that its key had signed what cannot all be paid."""
    sponsor: Account
    """Whose storage the purse takes."""


class Payer(Record):
    """How many purses a party has open, and how often its keys were caught; once they were, it is kept for ever."""

    purses: Count = 0
    frauds: Count = 0
    last_fraud_at: Seconds | None = None


class PurseCap(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How much a purse may hold at most of one currency."""

    currency: CurrencyCode
    units: PositiveUnits


class VoucherRules(Record):
    """How long purses may last, how long they are kept afterwards, how many a payer may have, and how large."""

    life_max: Length
    grace: Length
    purses_max: Annotated[int, Meta(ge=1, le=1_000)]
    caps: Annotated[tuple[PurseCap, ...], Meta(max_length=64)]


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


RULES: Table[None, VoucherRules] = Table("vouchers/rules", 90, VoucherRules, key=no_key, show_key=show_no_key)
PURSES: Table[bytes, Purse] = Table("vouchers/purses", 91, Purse, show_key=_show_name)
PAYERS: Table[bytes, Payer] = Table("vouchers/payers", 92, Payer, show_key=show_account_key)
