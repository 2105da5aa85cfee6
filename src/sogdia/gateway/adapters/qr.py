"""The QR code by which a payer's wallet pays the issuer: EMVCo's merchant-presented form, with the funding reference.

    00 02 01 | 01 02 11 | 26 … | 52 04 6012 | 53 03 404 | 54 … | 58 02 KE | 59 … | 60 … | 62 … | 63 04 CRC

Each object is its number, its length in two digits, and its content; the last is a check over all before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sogdia.gateway.settings import QrSettings

CRC_START: Final = 0xFFFF
CRC_POLYNOMIAL: Final = 0x1021
LENGTH_MAX: Final = 99


def payload(qr: QrSettings, account: str, reference: str, amount: str = "") -> str:
    """Give the text of a QR code that pays an account with a funding reference; without an amount the payer chooses."""
    merchant = _object("00", qr.scheme) + _object("01", account)
    objects = [
        ("00", "01"),
        ("01", "12" if amount else "11"),
        ("26", merchant),
        ("52", qr.category),
        ("53", qr.currency),
        *((("54", amount),) if amount else ()),
        ("58", qr.country),
        ("59", qr.name),
        ("60", qr.city),
        ("62", _object("05", reference)),
    ]
    text = "".join(_object(number, content) for number, content in objects) + "6304"
    return f"{text}{crc(text.encode('ascii')):04X}"


def crc(raw: bytes) -> int:
    """Give the check of EMVCo's QR codes: CRC-16 with the polynomial 0x1021, begun with 0xFFFF (ISO/IEC 13239)."""
    register = CRC_START
    for byte in raw:
        register ^= byte << 8
        for _ in range(8):
            register = register << 1 ^ (CRC_POLYNOMIAL if register & 0x8000 else 0)
            register &= 0xFFFF
    return register


def _object(number: str, content: str) -> str:
    if not 0 < len(content) <= LENGTH_MAX:
        raise ValueError(f"object {number} has {len(content)} characters; a QR code holds 1 to {LENGTH_MAX}")
    return f"{number}{len(content):02}{content}"
