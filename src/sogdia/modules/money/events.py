"""Facts about money. Numbers 300 to 399, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, Hash, Name, Seconds, Units
from sogdia.modules.money.records import Asset, EndToEnd, Purpose, TierLimit


class CurrencyOpened(Event, tag=300):
    """An issuer began to issue a currency."""

    asset: Asset
    digits: int


class Minted(Event, tag=301):
    """An issuer created money for a holder."""

    asset: Asset
    to: Account
    units: Units


class Burned(Event, tag=302):
    """An issuer destroyed money that it held."""

    asset: Asset
    units: Units


class Transferred(Event, tag=303):
    """A holder paid another."""

    asset: Asset
    payer: Account
    payee: Account
    units: Units
    purpose: Purpose
    end_to_end: EndToEnd


class HolderFrozen(Event, tag=304):
    """An issuer froze a holder's money."""

    asset: Asset
    account: Account
    reason: str


class HolderUnfrozen(Event, tag=305):
    """An issuer unfroze a holder's money."""

    asset: Asset
    account: Account


class HolderAuthorised(Event, tag=306):
    """An issuer let a party hold its money."""

    asset: Asset
    account: Account


class AuthorisationRevoked(Event, tag=307):
    """An issuer took a holder off its list."""

    asset: Asset
    account: Account


class CapsSet(Event, tag=308):
    """An issuer set how much may exist and how much one holder may have."""

    asset: Asset
    supply_max: Units
    holder_max: Units


class HoldPlaced(Event, tag=309):
    """A payer set money aside for a payee."""

    hold: Name
    payee: Account
    asset: Asset
    units: Units
    deadline: Seconds


class HoldEnded(Event, tag=310):
    """A hold was captured, released or ran out: `captured` went to the payee, the rest back to the payer."""

    hold: Name
    captured: Units
    returned: Units


class ReserveAttested(Event, tag=311):
    """An auditor vouched for an issuer's reserve."""

    asset: Asset
    auditor: Account
    units: Units
    as_of: Seconds
    valid_until: Seconds


class LimitsSet(Event, tag=312):
    """An issuer widened what holders may pay, or said from which amount on a payment needs a reference."""

    asset: Asset
    limits: tuple[TierLimit, ...]
    reference_from: Units


class StandingShown(Event, tag=313):
    """A party said by which attestation it is known."""

    account: Account
    attestation: Name
    tier: int


class ReferenceGiven(Event, tag=314):
    """A payer said where its own and the payee's names stand: a salted hash of a travel-rule document."""

    payer: Account
    payee: Account
    asset: Asset
    units: Units
    travel_reference: Hash


class FreezeLapsed(Event, tag=315):
    """A freeze ran out: the holder may pay again."""

    asset: Asset
    account: Account


class FreezeMadeLonger(Event, tag=316):
    """A panel agreed that a holder stays frozen."""

    measure: Name
    asset: Asset
    account: Account
    until: Seconds
    panel: tuple[Account, ...]


class MeasureProposed(Event, tag=317):
    """An issuer proposed a step against a holder to the panel of its currency."""

    measure: Name
    measure_kind: int
    asset: Asset
    account: Account
    units: Units
    to: Account
    court_order: Hash
    panel: tuple[Account, ...]
    deadline: Seconds
    reason: str


class MeasureApproved(Event, tag=318):
    """A member of a panel agreed to a measure."""

    measure: Name
    by: Account
    account: Account
    panel: tuple[Account, ...]


class MeasureDropped(Event, tag=319):
    """A measure was withdrawn, or ran out without enough agreement."""

    measure: Name
    account: Account
    panel: tuple[Account, ...]
    lapsed: bool


class ClawedBack(Event, tag=320):
    """What a holder had available went to another, as a panel agreed."""

    measure: Name
    asset: Asset
    account: Account
    to: Account
    units: Units
    panel: tuple[Account, ...]


class RedemptionRequested(Event, tag=321):
    """A holder asked an issuer to redeem, and set the units aside."""

    redemption: Name
    asset: Asset
    units: Units
    payout: EndToEnd
    deadline: Seconds


class RedemptionPaid(Event, tag=322):
    """An issuer redeemed: the units are no more."""

    redemption: Name
    asset: Asset
    units: Units


class RedemptionDeclined(Event, tag=323):
    """An issuer declined to redeem; the units are the holder's to spend again."""

    redemption: Name
    asset: Asset
    units: Units
    reason: str


class RedemptionMissed(Event, tag=324):
    """An issuer let the time to redeem pass; the units are the holder's to spend again."""

    redemption: Name
    asset: Asset
    units: Units
