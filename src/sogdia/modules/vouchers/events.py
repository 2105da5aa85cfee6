"""Facts of vouchers. Numbers 900 to 999, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, Name, Seconds, Units
from sogdia.modules.money import Asset
from sogdia.modules.vouchers.records import Sequence, Share, ShareNumber


class PurseOpened(Event, tag=900):
    """A payer set money aside for vouchers."""

    purse: Name
    asset: Asset
    shares: tuple[Share, ...]
    ends_at: Seconds
    deadline: Seconds


class ShareReturned(Event, tag=901):
    """A payee gave back what was left of its share."""

    purse: Name
    share: ShareNumber
    payee: Account
    asset: Asset
    units: Units


class VoucherRedeemed(Event, tag=902):
    """A voucher was paid, as much as it says."""

    purse: Name
    share: ShareNumber
    sequence: Sequence
    payee: Account
    asset: Asset
    units: Units


class FraudProven(Event, tag=903):
    """A purse's key has signed what cannot all be paid: one number twice, or more than was set aside."""

    purse: Name
    payer: Account
    share: ShareNumber
    number_signed_twice: bool
    """Whether one number stands on two texts; otherwise more was promised than was set aside."""


class PurseEnded(Event, tag=904):
    """A purse's time is over; what was left is the payer's to spend again."""

    purse: Name
    asset: Asset
    returned: Units
