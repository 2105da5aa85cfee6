"""Vouchers without a connection: what a payer may sign, and what a payee can know of a voucher that it is shown.

Both go by the purse's terms, as a proof of its record says them, and by a *book*: every voucher that the payer's phone
signed, or that the payee took. What nobody can know without a connection is said as a risk, not passed over.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.envelope import NETWORK_BYTES
from sogdia.modules.vouchers.records import VOUCHERS_MAX, Purse, Share
from sogdia.modules.vouchers.signed import SignedVoucher, Voucher, is_signed, is_used, voucher_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.client.keys import AnyKeyPair


class KnownPurse(NamedTuple):
    """A purse as a checked proof says it, and the network that it is on."""

    network: bytes
    name: bytes
    purse: Purse


class Verdict(NamedTuple):
    """What a payee can know of a voucher that it may take."""

    certain: bool
    """Whether nothing that the payer does can keep it from being paid until `redeem_by`."""
    redeem_by: int
    """The last second in which it is paid."""
    left: int
    """What the share has left after it, as far as this payee can know."""


class LookFault(StrEnum):
    """Why a voucher is not to be taken."""

    NETWORK = "network"
    PURSE = "purse"
    SHARE = "share"
    SIGNATURE = "signature"
    PAYEE = "payee"
    ENDED = "ended"
    EXPIRED = "expired"
    TWICE = "twice"
    """Another voucher bears its number: both together are proof of fraud."""
    TAKEN = "taken"
    PAID = "paid"
    LEFT = "left"


class NotAcceptable(Exception):  # noqa: N818 - reads as what it says
    """A voucher that is not to be taken: why, and what to do."""

    def __init__(self, fault: LookFault, message: str) -> None:
        """Remember the fault."""
        super().__init__(message)
        self.fault = fault


class NotToBeSigned(Exception):  # noqa: N818 - reads as what it says
    """A voucher that an honest payer does not sign: why, and what to do."""


def look(
    signed: SignedVoucher, known: KnownPurse, now: int, book: Sequence[SignedVoucher], payee: bytes | None = None
) -> Verdict:
    """Say what a voucher is worth to its payee at a moment, or raise `NotAcceptable`.

    `payee` is who looks, where that is known. A share that names its payee is certain under three conditions, at which
    this function cannot look: `book` holds every voucher that the payee took from the share at any of its tills, the
    voucher reaches the ledger by `redeem_by`, and the purse was proven by the network that the payee trusts.
    """
    said, promised = signed.voucher, known.purse.promised
    ours = said.network == known.network[:NETWORK_BYTES]
    _must(ours, LookFault.NETWORK, "it is for another network", "Take none of that network.")
    _must(
        said.purse == known.name,
        LookFault.PURSE,
        "it is of another purse",
        "Ask the payer for the proof of that purse.",
    )
    there = said.share < len(promised.shares)
    _must(there, LookFault.SHARE, "its purse has no such share", "Ask for one of a share that is there.")
    right = is_signed(known.network, promised, signed)
    altered = "Read it in again; it may have been altered."
    _must(right, LookFault.SIGNATURE, "it is not signed by its purse's key as it reads", altered)
    share, drawn = promised.shares[said.share], known.purse.drawn[said.share]
    _must(payee in (None, said.payee), LookFault.PAYEE, "it is for another payee", "Ask for one that names you.")
    mine = share.payee in (None, said.payee)
    _must(mine, LookFault.PAYEE, "its share is for another payee", "Ask for one of the right share.")
    _must(now <= promised.ends_at, LookFault.ENDED, "its purse has ended", "Ask for one of another purse.")
    _must(now <= said.expiry, LookFault.EXPIRED, "it has expired", "Ask for another one.")
    taken = [each for each in book if (each.voucher.purse, each.voucher.share) == (known.name, said.share)]
    same = next((each for each in taken if each.voucher.sequence == said.sequence), None)
    if same is not None:
        twice, why = same.voucher != said, "its number stands on another voucher that you took"
        _must(not twice, LookFault.TWICE, why, "Report both: that is proof of fraud.")
        _must(twice, LookFault.TAKEN, "you took it already", "Ask for another one.")
    paid = is_used(drawn.used, said.sequence)
    read_otherwise = "If it read differently, report both as fraud."
    _must(not paid, LookFault.PAID, "a voucher with its number has been paid", read_otherwise)
    waiting = sum(each.voucher.units for each in taken if not is_used(drawn.used, each.voucher.sequence))
    left = drawn.left - waiting - said.units
    short = f"its share has {drawn.left - waiting} left, and it says {said.units}"
    _must(left >= 0, LookFault.LEFT, short, "Ask for a smaller one.")
    return Verdict(share.payee is not None, min(said.expiry, promised.deadline), left)


def sign(  # noqa: PLR0913 - what a voucher says
    known: KnownPurse,
    share: int,
    payee: bytes,
    units: int,
    expiry: int,
    keys: AnyKeyPair,
    book: Sequence[SignedVoucher],
) -> SignedVoucher:
    """Sign the next voucher of a share, or raise `NotToBeSigned`. `book` holds all that this key signed before.

    It signs no number twice and never more than was set aside, expired vouchers included: whether those were paid in
    time cannot be known here, and what cannot all be paid is proof of fraud against the payer, for ever.
    """
    promised = known.purse.promised
    if keys.public != promised.public:
        raise NotToBeSigned("This is not the key that the purse names. Give the one it was opened with.")
    signed = [each for each in book if (each.voucher.purse, each.voucher.share) == (known.name, share)]
    if share >= len(promised.shares) or promised.shares[share].payee not in (None, payee):
        raise NotToBeSigned(f"Share {share} is not for this payee. Choose a share that is.")
    if not expiry <= promised.deadline:
        raise NotToBeSigned(
            f"It would outlive its purse, whose deadline is {promised.deadline}. Choose an earlier end."
        )
    drawn = known.purse.drawn[share]
    numbers = {each.voucher.sequence for each in signed}
    free = [each for each in range(VOUCHERS_MAX) if each not in numbers and not is_used(drawn.used, each)]
    if not free:
        raise NotToBeSigned(f"All {VOUCHERS_MAX} vouchers of this share are signed. Open another purse.")
    left = left_to_sign(known, share, signed)
    if units > left:
        raise NotToBeSigned(f"The share has {left} units left that are not signed away, and this would be {units}.")
    said = Voucher(
        network=known.network[:NETWORK_BYTES],
        purse=known.name,
        share=share,
        sequence=free[0],
        payee=payee,
        units=units,
        expiry=expiry,
    )
    return SignedVoucher(said, keys.sign(voucher_message(known.network, promised, said)))


def left_to_sign(known: KnownPurse, share: int, signed: Sequence[SignedVoucher]) -> int:
    """Give what of a share is not signed away: by the book, and by the ledger as the proof says it."""
    drawn = known.purse.drawn[share]
    waiting = sum(each.voucher.units for each in signed if not is_used(drawn.used, each.voucher.sequence))
    return drawn.left - waiting


def share_for(shares: Sequence[Share], payee: bytes) -> int | None:
    """Give the share from which a payee is best paid: its own, or else one for anybody; nothing when there is none."""
    for wanted in (payee, None):
        for at, share in enumerate(shares):
            if share.payee == wanted:
                return at
    return None


def _must(condition: object, fault: LookFault, why: str, way_out: str) -> None:
    """Turn a voucher down unless a condition holds."""
    if not condition:
        message = f"{why}. {way_out}"
        raise NotAcceptable(fault, message)
