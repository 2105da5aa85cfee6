"""Vouchers: values that a payer's key signs without a connection, and that a payee carries to the ledger later.

    signed voucher = [voucher, 64 bytes]
    voucher        = [network, purse, share, sequence, payee, units, expiry]

    signature over SHA-256("sogdia/voucher" ‖ genesis hash ‖ digest of the purse's terms ‖ voucher)
    digest         = SHA-256("sogdia/purse" ‖ [purse, terms])

It says how much to whom, and by the digest from which money, by which key and until when, so that nobody can pass off
one purse for another, or a later one under the same name for an earlier one.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import Codec, encode
from sogdia.kernel.envelope import NETWORK_BYTES
from sogdia.kernel.signature import SIGNATURE_BYTES, verify
from sogdia.kernel.values import Account, Name, PositiveUnits, Seconds
from sogdia.modules.vouchers.records import PurseTerms, Sequence, ShareNumber

VOUCHER_DOMAIN: Final = b"sogdia/voucher"
PURSE_DOMAIN: Final = b"sogdia/purse"


class Voucher(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """So many units for a payee, out of a share of a purse."""

    network: Annotated[bytes, Meta(min_length=NETWORK_BYTES, max_length=NETWORK_BYTES)]
    purse: Name
    share: ShareNumber
    sequence: Sequence
    payee: Account
    units: PositiveUnits
    expiry: Seconds
    """The last second in which it is paid."""


class SignedVoucher(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A voucher with the signature of its purse's key."""

    voucher: Voucher
    signature: Annotated[bytes, Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]


VOUCHERS: Final[Codec[SignedVoucher]] = Codec(SignedVoucher)
"""Reads and refuses the bytes that travel; there is one spelling of each."""


def terms_digest(purse: bytes, promised: PurseTerms) -> bytes:
    """Give the hash that stands for a purse: its name and all that it promises."""
    return sha256(PURSE_DOMAIN + encode((purse, promised))).digest()


def voucher_message(network: bytes, promised: PurseTerms, voucher: Voucher) -> bytes:
    """Give what is signed: 32 bytes, of which no envelope's id and no proof of a key can be made."""
    bound = terms_digest(voucher.purse, promised)
    return sha256(VOUCHER_DOMAIN + network + bound + encode(voucher)).digest()


def is_signed(network: bytes, promised: PurseTerms, signed: SignedVoucher) -> bool:
    """Whether a voucher bears the signature of the key that its purse's terms name."""
    message = voucher_message(network, promised, signed.voucher)
    return verify(promised.scheme, promised.public, message, signed.signature)


def is_used(used: bytes, sequence: int) -> bool:
    """Whether a sequence number is among those that have been paid."""
    return sequence // 8 < len(used) and bool(used[sequence // 8] >> sequence % 8 & 1)


def with_used(used: bytes, sequence: int) -> bytes:
    """Add a sequence number to those that have been paid."""
    long = bytearray(used.ljust(sequence // 8 + 1, b"\0"))
    long[sequence // 8] |= 1 << sequence % 8
    return bytes(long)
