"""Facts of netting. Numbers 800 to 899, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, Name, Seconds, Units
from sogdia.modules.money import Asset
from sogdia.modules.netting.records import Count


class ObligationStated(Event, tag=800):
    """A creditor says that it is owed something; it counts once the debtor accepts it."""

    obligation: Name
    debtor: Account
    asset: Asset
    units: Units
    due: Seconds


class ObligationAccepted(Event, tag=801):
    """A debtor accepted an obligation, perhaps for netting."""

    obligation: Name
    debtor: Account
    netting: bool


class ObligationDeclined(Event, tag=802):
    """A debtor does not accept an obligation, or its creditor took it back before."""

    obligation: Name
    debtor: Account


class ObligationPaid(Event, tag=803):
    """A debtor paid an obligation, or a part of it."""

    obligation: Name
    debtor: Account
    asset: Asset
    units: Units
    left: Units


class ObligationForgiven(Event, tag=804):
    """A creditor let its debtor off an obligation, or a part of it."""

    obligation: Name
    debtor: Account
    asset: Asset
    units: Units
    left: Units


class PoolLeft(Event, tag=805):
    """An obligation will not be netted: one of its parties, or the coordinator, took it out of the pool."""

    obligation: Name
    debtor: Account
    by: Account


class BatchOpened(Event, tag=806):
    """A coordinator began to net its pools of some dates: until the deadline they stay as they are."""

    batch: Name
    asset: Asset
    dues: tuple[Seconds, ...]
    obligations: Count
    deadline: Seconds


class BatchCommitted(Event, tag=807):
    """A batch was complete and right: every obligation in it is reduced by its flow."""

    batch: Name
    asset: Asset
    obligations: Count
    cleared: Units


class BatchLapsed(Event, tag=808):
    """A batch ended without being committed; nothing has changed."""

    batch: Name


class ObligationNetted(Event, tag=809):
    """An obligation was reduced by a batch."""

    obligation: Name
    debtor: Account
    batch: Name
    asset: Asset
    units: Units
    left: Units
