"""Who sees what: every field of every record and event on the ledger, and every class in the vault, as plain data.

Whoever runs a node holds the whole ledger and sees every field below; `VALIDATOR` marks what no door serves to anybody
else. The doors (the HTTP interface, the explorer) ask here; a test holds the rows against the declarations, so a new
field without a row fails it. A state proof holds its whole record, so it is for those who may see every field. A record
whose proof everybody needs (a party with its keys, a listing) has no field that is not public, or has its public ones
in a face (an order), which is proved without the rest.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from sogdia.client.shapes import fields_of
from sogdia.kernel.values import NO_ACCOUNT, owner_of
from sogdia.modules.identity import Kind, Role

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from sogdia.kernel.accounts import Party
    from sogdia.modules.market.records import ClosedOrder, Order


class Sees(Enum):
    """To whom a field is served."""

    PUBLIC = "public"
    """Anybody who asks."""
    PARTY = "party"
    """Those with a part in the object; of an order also the authorities of the buyer's and the merchant's country."""
    AUTHORITY = "authority"
    """The authority that it concerns, whoever supervises it, and the party that it is about; no other party."""
    VALIDATOR = "validator"
    """Whoever runs a node, and nobody else."""


class Reader(NamedTuple):
    """Who asks: an account and what the ledger says it is; or nobody in particular."""

    account: bytes | None = None
    kind: int = 0
    country: str = ""
    roles: int = 0
    key: int | None = None
    """The number of the key by which it has shown who it is."""

    @property
    def sees_all(self) -> bool:
        """Whether it runs a node, where everything stands anyway."""
        return bool(self.roles & Role.OPERATOR)

    @property
    def is_authority(self) -> bool:
        """Whether it is an authority of its country."""
        return self.kind == Kind.AUTHORITY

    @classmethod
    def of(cls, account: bytes, party: Party | None, key: int | None = None) -> Reader:
        """Say what an account is when it reads. A suspended party sees what is its own, and no more by what it is.

        Only genesis names authorities: a registrar may enter a party of that kind, but not let it oversee anybody.
        """
        if party is None or party.suspended:
            return cls(account, key=key)
        kind = party.kind if party.kind != Kind.AUTHORITY or party.registrar == NO_ACCOUNT else 0
        return cls(account, kind, party.country, party.roles, key)


ANYBODY: Final = Reader()


KEY: Final = "record"
"""Stands for the key of a record: that it is there at all."""

_P, _O, _A, _V = Sees.PUBLIC, Sees.PARTY, Sees.AUTHORITY, Sees.VALIDATOR

RECORDS: Final[dict[str, dict[Sees, str]]] = {
    "Parameters": {_P: "record limits"},
    "Party": {
        _P: "record registrar reference kind country roles suspended keys thresholds next_key recovers_at recoveries "
        "sponsor high_value",
    },
    "Passkeys": {_P: "record rp_id origins"},
    "Mandate": {
        _O: "record agent operations caps period valid_from valid_until consent_needed consent_given recoveries "
        "sponsor period_number spent"
    },
    "GuardianSet": {_O: "record guardians needed"},
    "Recovery": {_O: "record keys thresholds approvals deadline begun sponsor"},
    "Consents": {_O: "record end"},
    "IdentityRules": {_P: "record recovery appeal_period"},
    "Registrar": {
        _P: "record countries parties_max attestations_max period",
        _O: "period_start parties_used attestations_used",
    },
    "Attestation": {
        _P: "record subject attests level country expiry accepted",
        _O: "commitment tag accept_by sponsor",
    },
    "Tag": {_V: "record subject attestations"},
    "HandleRecord": {_P: "record account handle sponsor"},
    "HandleOwner": {_P: "record skeleton"},
    "Appeal": {_O: "record deadline grounds upheld_by left"},
    "DigitMap": {_V: "record present"},
    "DuePage": {_V: "record objects"},
    "SpentPage": {_V: "record rows"},
    "SpentSlot": {_V: "record count"},
    "SpentTotal": {_V: "record live first_slot last_slot"},
    "Quota": {
        _O: "record operations_max bytes_max reserved_operations_max stored_bytes_max period_start operations_used "
        "bytes_used reserved_operations_used reserved_bytes_used stored_bytes"
    },
    "ValidatorSets": {_P: "record sets"},
    "Members": {_P: "record members"},
    "NodeKeyOwner": {_P: "record account"},
    "Protocol": {_P: "record version next_version next_height"},
    "DueHeight": {_V: "record objects"},
    "Proposal": {_P: "record action height deadline ballots effect_at sponsor"},
    "Agenda": {_P: "record open waiting"},
    "GovernanceRules": {_P: "record voting_period"},
    "Currency": {_P: "record digits supply supply_max holder_max by_authorisation policy"},
    "Balance": {_O: "record available held frozen authorised"},
    "Hold": {_O: "record payer payee asset units deadline purpose sponsor history"},
    "MoneyRules": {_P: "record freeze_term freeze_rest measure_period redemption_period"},
    "Conduct": {_P: "record statements asked paid declined missed freezes"},
    "Standing": {_P: "record attestation"},
    "Freeze": {_O: "record until rests_until spells over"},
    "Spending": {_O: "record day units"},
    "Measure": {
        _O: "record measure_kind currency account units to court_order panel needed approvals deadline sponsor"
    },
    "Redemption": {_O: "record asset units payout deadline sponsor"},
    "EncryptionKey": {_P: "record number public recoveries sponsor"},
    "Authorities": {_P: "record accounts"},
    "File": {_O: "record participants documents sponsor"},
    "Entry": {_O: "record document"},
    "Document": {_O: "record about document_class commitment size epoch readers authorities committed_at sponsor"},
    "Erased": {_O: "record about document_class commitment authorities committed_at erased_at sponsor"},
    "Reading": {_A: "record purpose case epoch recorded_at times"},
    "MarketRules": {_P: "record windows"},
    "Terms": {_P: "record asset carrier freight_per_order tax_collector platform platform_fee bond shares payment"},
    "Listing": {_P: "record terms title language unit hs_code origin open variants sponsor"},
    "Variant": {_P: "record offer stock"},
    "Order": {
        _P: "record state deadline history",
        _O: "merchant asset carrier tax_collector platform platform_fee shares payment balance_due released "
        "door_record lines paid refunded commitment "
        "sponsor delivery_confirmed return_until requested return_cause tries_at split closing due",
    },
    "CashRecord": {_P: "record collected remitted kept", _O: "as_buyer"},
    "Line": {_O: "record listing variant quantity paid promotion returned"},
    "NettingRules": {_P: "record batch_period rest_period pool_max"},
    "Obligation": {
        _O: "record debtor asset due units left accepted coordinator slot batch flow end_to_end sponsor",
    },
    "Pool": {_O: "record count batch resting_until"},
    "Place": {_O: "record obligation"},
    "Batch": {
        _O: "record asset dues sizes stage deadline freezes covered cleared parties unbalanced last_party sponsor",
    },
    "Position": {_O: "record potential frozen net before"},
    "ReferenceRules": {
        _P: "record organisations_min age_max clock_margin jump_max cool_down collar hours",
    },
    "ReferenceRate": {_P: "record reports median fresh_until opens_at"},
    "ExchangeRules": {_P: "record age_max lock_margin"},
    "RateCard": {_P: "record takes gives rates next_rates left closing sponsor"},
    "PairCards": {_P: "record cards"},
    "Partners": {_P: "record monies"},
    "Lock": {
        _O: "record card takes gives payment premium units undone opened_at premiums cover cover_premium merchant bond "
        "sponsor",
    },
    "Swapped": {_O: "record card takes gives paid units back cover cover_used merchant bond bond_used sponsor"},
    "Bond": {_O: "record free bound sponsor"},
    "BookRules": {_P: "record lifetime_max"},
    "LimitOffer": {_O: "record base quote side price left valid_until before behind sponsor"},
    "Queue": {_V: "record first last units price"},
    "Best": {_P: "record rank"},
    "Neighbours": {_P: "record monies"},
    "VoucherRules": {_P: "record life_max grace purses_max caps"},
    "Purse": {_O: "record promised drawn fraud_at sponsor"},
    "Payer": {_P: "record purses frauds last_fraud_at"},
    "ClosedOrder": {_P: "record outcome closed_at history", _O: "merchant asset paid refunded lines lines_root"},
}

EVENTS: Final[dict[str, dict[Sees, str]]] = {
    "PartyRegistered": {_P: "account registrar kind country sponsor"},
    "KeysChanged": {_P: "account removed added thresholds"},
    "HighValueLimitsSet": {_P: "account limits"},
    "GuardiansSet": {_O: "account guardians needed"},
    "RecoveryProposed": {_O: "account guardian digest until"},
    "RecoveryApproved": {_O: "account guardian approved_by digest"},
    "RecoveryBegun": {_O: "account guardian digest stoppable_until"},
    "RecoveryVetoed": {_O: "account guardian"},
    "RecoveryLapsed": {_O: "account guardian"},
    "KeysRecovered": {_P: "account keys thresholds", _O: "guardian"},
    "MandateGranted": {_O: "mandate agent valid_until"},
    "MandateRevoked": {_O: "mandate"},
    "ConsentsRenewed": {_O: "mandate"},
    "ConsentGiven": {_O: "mandate"},
    "AttestationOffered": {_O: "attestation subject attests level country expiry"},
    "AttestationAccepted": {_P: "attestation subject"},
    "AttestationWithdrawn": {_P: "attestation subject", _O: "by"},
    "AttestationLapsed": {_O: "attestation subject"},
    "AttestationExpired": {_P: "attestation subject"},
    "SuspensionAppealed": {_O: "account grounds deadline"},
    "SuspensionUpheld": {_O: "account by"},
    "SuspensionEnded": {_P: "account"},
    "AppealResumed": {_O: "account deadline"},
    "AppealForgotten": {_O: "account"},
    "HandleClaimed": {_P: "account handle"},
    "HandleReleased": {_P: "account handle"},
    "PartySuspended": {_P: "account reason"},
    "PartyReinstated": {_P: "account"},
    "SponsorChanged": {_P: "account sponsor"},
    "NodeKeyRotated": {_P: "account old new from_height"},
    "ProposalMade": {_P: "proposal action_kind about height deadline"},
    "BallotCast": {_P: "proposal member yes"},
    "ProposalPassed": {_P: "proposal effect_at"},
    "ProposalEnded": {_P: "proposal ended refusal"},
    "MemberAdmitted": {_P: "account public power from_height"},
    "MemberRemoved": {_P: "account public from_height"},
    "PowerChanged": {_P: "account power from_height"},
    "MemberJailed": {_P: "account public from_height"},
    "MemberReleased": {_P: "account public from_height"},
    "LimitsChanged": {_P: "limits"},
    "QuotaSet": {_P: "account operations bytes reserved_operations stored_bytes"},
    "RegistrarAdmitted": {_P: "account countries parties attestations period"},
    "RegistrarDismissed": {_P: "account"},
    "UpgradeScheduled": {_P: "version from_height"},
    "UpgradeInForce": {_P: "version from_height"},
    "CurrencyOpened": {_P: "asset digits"},
    "Minted": {_P: "asset units", _O: "to"},
    "Burned": {_P: "asset units"},
    "Transferred": {_O: "asset payer payee units purpose end_to_end"},
    "HolderFrozen": {_O: "asset account", _A: "reason"},
    "HolderUnfrozen": {_O: "asset account"},
    "HolderAuthorised": {_O: "asset account"},
    "AuthorisationRevoked": {_O: "asset account"},
    "CapsSet": {_P: "asset supply_max holder_max"},
    "HoldPlaced": {_O: "hold payee asset units deadline"},
    "HoldEnded": {_O: "hold captured returned"},
    "ReserveAttested": {_P: "asset auditor units as_of valid_until"},
    "LimitsSet": {_P: "asset limits reference_from"},
    "StandingShown": {_P: "account attestation tier"},
    "ReferenceGiven": {_O: "payer payee asset units travel_reference"},
    "FreezeLapsed": {_O: "asset account"},
    "FreezeMadeLonger": {_O: "measure asset account until panel"},
    "MeasureProposed": {_O: "measure measure_kind asset account units to court_order panel deadline", _A: "reason"},
    "MeasureApproved": {_O: "measure by account panel"},
    "MeasureDropped": {_O: "measure account panel lapsed"},
    "ClawedBack": {_P: "asset units", _O: "measure account to panel"},
    "RedemptionRequested": {_P: "asset units", _O: "redemption payout deadline"},
    "RedemptionPaid": {_P: "asset units", _O: "redemption"},
    "RedemptionDeclined": {_P: "asset units", _O: "redemption reason"},
    "RedemptionMissed": {_P: "asset units", _O: "redemption"},
    "EncryptionKeySet": {_P: "account number public"},
    "FileOpened": {_O: "about participants"},
    "DocumentCommitted": {_O: "document about number document_class commitment size readers"},
    "ReadingGranted": {_O: "document reader epoch"},
    "ReadingRevoked": {_O: "document reader epoch commitment size"},
    "DocumentErased": {_O: "document"},
    "ReadingRecorded": {_A: "document authority purpose case epoch"},
    "RateReported": {_P: "base quote organisation reporter ratio as_of median"},
    "ReportWithdrawn": {_P: "base quote organisation median"},
    "ReferenceHalted": {_P: "base quote before after opens_at"},
    "ObligationStated": {_O: "obligation debtor asset units due"},
    "ObligationAccepted": {_O: "obligation debtor netting"},
    "ObligationDeclined": {_O: "obligation debtor"},
    "ObligationPaid": {_O: "obligation debtor asset units left"},
    "ObligationForgiven": {_O: "obligation debtor asset units left"},
    "PoolLeft": {_O: "obligation debtor by"},
    "BatchOpened": {_O: "batch asset dues obligations deadline"},
    "BatchCommitted": {_O: "batch asset obligations cleared"},
    "BatchLapsed": {_O: "batch"},
    "ObligationNetted": {_O: "obligation debtor batch asset units left"},
    "CardPosted": {_P: "card takes gives rates capacity digest"},
    "CardChanged": {_P: "card rates digest"},
    "CardFunded": {_P: "card units"},
    "CardClosed": {_P: "card returned"},
    "Converted": {_P: "card", _O: "account takes payment gives units"},
    "RateLocked": {_P: "order", _O: "card takes payment premium cover_premium gives units bond"},
    "LockUndone": {_P: "order", _O: "card takes payment_back owed gives units merchant from_bond"},
    "MoneySwapped": {_P: "order", _O: "card takes payment premium cover_premium cover gives units"},
    "BondPosted": {_O: "account asset units"},
    "BondWithdrawn": {_O: "account asset units"},
    "RefundedAtRate": {
        _P: "order",
        _O: "provider takes owed gives escrow to_merchant merchant from_bond from_cover exchanged",
    },
    "SwapEnded": {_P: "order", _O: "merchant gives bond provider takes cover"},
    "LimitOfferPlaced": {_P: "base quote side price units", _O: "offer valid_until"},
    "LimitOfferFilled": {_P: "base base_units quote quote_units", _O: "offer taker left returned returned_in"},
    "LimitOfferEnded": {_O: "offer returned returned_in cause"},
    "PaidAcross": {_O: "payer payee sent sent_units received received_units purpose end_to_end travel_reference"},
    "PurseOpened": {_O: "purse asset shares ends_at deadline"},
    "ShareReturned": {_O: "purse share payee asset units"},
    "VoucherRedeemed": {_O: "purse share sequence payee asset units"},
    "FraudProven": {_P: "purse payer share number_signed_twice"},
    "PurseEnded": {_O: "purse asset returned"},
    "TermsPublished": {_P: "terms asset"},
    "ListingOpened": {_P: "listing title"},
    "VariantAdded": {_P: "listing variant offer stock"},
    "OfferChanged": {_P: "listing variant offer"},
    "StockChanged": {_P: "listing variant stock"},
    "ListingClosed": {_P: "listing"},
    "OrderPlaced": {_P: "order", _O: "merchant asset paid balance_due deadline lines"},
    "OrderAccepted": {_P: "order", _O: "deadline"},
    "LinesRefunded": {_P: "order", _O: "late return_cause to_buyer lines"},
    "OrderShipped": {_P: "order", _O: "deadline commitment"},
    "OrderDelivered": {_P: "order", _O: "confirmed_by return_until"},
    "ReturnRequested": {_P: "order", _O: "lines return_cause deadline"},
    "ReturnRefused": {_P: "order", _O: "deadline reason"},
    "ReturnDropped": {_P: "order", _O: "lines"},
    "RefundWaits": {_P: "order", _O: "return_cause until"},
    "SplitProposed": {_P: "order", _O: "proposer to_buyer"},
    "OrderClosed": {_P: "order outcome", _O: "paid refunded payouts"},
    "BalancePaid": {_P: "order", _O: "asset units deadline"},
    "PartReleased": {_P: "order", _O: "released payouts"},
    "SplitAwarded": {_P: "order", _O: "arbitrator to_buyer"},
    "ReturnAwarded": {_P: "order", _O: "arbitrator return_cause"},
    "DeadlinePutOff": {_O: "order deadline"},
    "CashCollected": {_P: "order", _O: "carrier asset units staked deadline"},
    "CashRemitted": {_P: "order", _O: "carrier asset units staked"},
    "CashKept": {_P: "order", _O: "carrier asset units staked"},
    "ParcelRefused": {_P: "order", _O: "carrier reason"},
    "RefusalContested": {_P: "order", _O: "reason"},
    "OrderDigested": {_P: "order", _O: "lines_root"},
}

BLOB: Final[dict[Sees, str]] = {
    _V: "format network about document_class document epoch",
    _O: "salt content_hash length media_type title content",
}
"""A blob's header stands in the open for whoever keeps the vault; what is sealed is for those with a wrapped key."""


OPERATIONS_OF_ALL: Final = frozenset(
    "RegisterParty ChangeKeys SuspendParty ReinstateParty ChangeSponsor RotateNodeKey SetHighValueLimits ClaimHandle "
    "ReleaseHandle OpenCurrency OpenRegulatedCurrency SetCaps SetLimits AttestReserve ShowStanding SetEncryptionKey "
    "ReportRate WithdrawReport PostCard ChangeCard FundCard CloseCard PublishTerms OpenListing AddVariant ChangeOffer "
    "ChangeStock CloseListing "
    "ProposeAdmission ProposeRemoval ProposePower ProposeRelease ProposeLimits ProposeQuota ProposeRegistrar "
    "ProposeDismissal ProposeUpgrade ProposeCancellation CastBallot WithdrawProposal".split()
)
"""What was asked is shown to anybody: these bring about public facts, and say no more than those do."""


def fields_named(rows: dict[Sees, str]) -> list[str]:
    """Give the fields that a row names, in no particular order, each as often as it is named."""
    return [field for names in rows.values() for field in names.split()]


def sees(declared: str, field: str) -> Sees:
    """Say to whom a field of a record or an event is served."""
    return next(who for who, names in _rows(declared).items() if field in names.split())


def open_to_all(declared: type) -> bool:
    """Tell whether every field of a record or an event is public, and with it its proof."""
    return set(_rows(declared.__name__)) == {Sees.PUBLIC}


def for_operators_alone(declared: type) -> bool:
    """Tell whether a record or an event has nothing for anybody but those who run a node."""
    return set(_rows(declared.__name__)) == {Sees.VALIDATOR}


def public_part(value: msgspec.Struct) -> dict[str, Any]:
    """Give the fields of a record or an event that anybody may see."""
    shown = _rows(type(value).__name__).get(Sees.PUBLIC, "").split()
    return {name: getattr(value, name) for name in value.__struct_fields__ if name in shown}


def has_public_part(declared: type) -> bool:
    """Tell whether anybody may learn that such a record or event is there, and perhaps more."""
    return Sees.PUBLIC in _rows(declared.__name__)


def accounts_in(value: Any, only: Container[str] | None = None) -> Iterator[bytes]:  # noqa: ANN401 - any value of the ledger
    """Give every account that a value, or some of its fields, names: as an account, or as the owner of an object."""
    match value:
        case msgspec.Struct():
            for each in fields_of(type(value)):
                if only is not None and each.name not in only:
                    continue
                held = getattr(value, each.name)
                if each.shape.word == "Account" and isinstance(held, bytes):
                    yield held
                elif each.shape.word == "Name" and isinstance(held, bytes):
                    yield owner_of(held)
                else:
                    yield from accounts_in(held)
        case tuple() | list():
            for each in value:
                yield from accounts_in(each)


def parties_of_order(name: bytes, record: Order | ClosedOrder | None) -> frozenset[bytes]:
    """Give those with a part in an order; of a closed one the ledger keeps buyer, merchant and issuer."""
    return frozenset((owner_of(name), *accounts_in(record)))


def ends_of_order(name: bytes, record: Order | ClosedOrder) -> tuple[bytes, bytes]:
    """Give buyer and merchant: an authority oversees the trade where the goods come from, and where they go."""
    return owner_of(name), record.merchant


def _rows(declared: str) -> dict[Sees, str]:
    return RECORDS.get(declared) or EVENTS[declared]
