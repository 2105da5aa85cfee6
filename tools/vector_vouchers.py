"""The vectors of vouchers: texts that are read, looks of a payee, and pairs that prove fraud against their payer.

Two purses lie on the small ledger of the other vectors, each with a key of its own, Ed25519 and P-256. Each text is
judged by our own reader, each look by what `sogdia voucher check` asks, and each pair by the ledger itself.
"""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.client.codes import ALPHABET
from sogdia.client.keys import derive
from sogdia.client.p256_keys import P256KeyPair, twin_of
from sogdia.client.proofs import proof_bytes
from sogdia.client.voucher_text import BEGINNING, VoucherTextWrong, read_voucher, voucher_text
from sogdia.client.vouchers import KnownPurse, NotAcceptable, look
from sogdia.kernel.codec import encode
from sogdia.kernel.values import UNITS_MAX, name_of
from sogdia.modules.money.currencies import Mint
from sogdia.modules.vouchers.purses import OpenPurse
from sogdia.modules.vouchers.records import PURSES, Share
from sogdia.modules.vouchers.redeeming import RedeemVouchers, ReportFraud
from sogdia.modules.vouchers.signed import SignedVoucher, Voucher, voucher_message
from sogdia.testing.ledger import SEED
from tools.vector_ledger import SealedLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.client.keys import AnyKeyPair

VOUCHERS_FILE = "vouchers.json"
DAY = 86_400
BUKHARA, LANZHOU, ANYBODY = 0, 1, 2
PHONE, OTHER, CHIP = derive(SEED, "nairobi/phone"), derive(SEED, "another/phone"), P256KeyPair(SEED)
RFC_4648 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.upper())
ORDER = 2**252 + 27_742_317_777_372_353_535_851_937_790_883_648_493

Vector = dict[str, Any]


class Unexpected(Exception):  # noqa: N818 - reads as what it says
    """Our own client or ledger judges a vector otherwise than it was made."""


class Stall:
    """A payer with two purses, of whose vouchers two have been paid, as their proofs say it."""

    def __init__(self, engine: str = "solo") -> None:
        """Play it."""
        self.sealed = SealedLedger(engine)
        self.ledger = ledger = self.sealed.ledger
        shares = (Share(ledger.account("bukhara"), 500), Share(ledger.account("lanzhou"), 300), Share(None, 200))
        opened = [
            OpenPurse(
                reference=reference, asset=ledger.asset(), scheme=keys.scheme, public=keys.public, shares=shares,
                ends_at=ledger.time + 10 * DAY,
            )
            for reference, keys in (("trip", PHONE), ("chip", CHIP))
        ]  # fmt: skip
        self.sealed.block(
            ledger.sign("bank", Mint(currency="USD", to=ledger.account("nairobi"), units=10_000)),
            ledger.sign("nairobi", *opened),
        )
        paid = [self.signed(BUKHARA, 9, 120), self.signed(ANYBODY, 0, 60)]
        self.sealed.block(*(ledger.sign("carrier", RedeemVouchers(vouchers=(each,))) for each in paid))
        names = {reference: name_of(ledger.account("nairobi"), reference) for reference in ("trip", "chip")}
        proofs = self.sealed.prove(*(PURSES.full_key(name) for name in names.values()))
        self.proofs = dict(zip(names, proofs, strict=True))
        self.known = {
            reference: KnownPurse(ledger.network, name, PURSES.must(ledger.state, name))
            for reference, name in names.items()
        }

    def signed(
        self,
        share: int,
        sequence: int,
        units: int,
        reference: str = "trip",
        keys: AnyKeyPair | None = None,
        **changes: Any,  # noqa: ANN401 - any field
    ) -> SignedVoucher:
        """Sign a voucher for a week."""
        ledger = self.ledger
        name = name_of(ledger.account("nairobi"), reference)
        fields: dict[str, Any] = {
            "network": ledger.network[:8],
            "purse": name,
            "share": share,
            "sequence": sequence,
            "payee": ledger.account("bukhara" if share == BUKHARA else "lanzhou" if share == LANZHOU else "carrier"),
            "units": units,
            "expiry": ledger.time + 7 * DAY,
        }
        said = Voucher(**(fields | changes))
        own = CHIP if reference == "chip" else PHONE
        message = voucher_message(ledger.network, PURSES.must(ledger.state, name).promised, said)
        return SignedVoucher(said, (keys or own).sign(message))


# -------------------------------------------------------------------------------------------------------------- texts


def text_vectors(stall: Stall) -> Iterator[Vector]:
    """Give texts as they are written, as they arrive, and damaged."""
    usual = stall.signed(BUKHARA, 0, 125)
    text = voucher_text(usual)
    longest = SignedVoucher(
        Voucher(
            network=b"\xff" * 8, purse=b"\xff" * 20 + b"reference-of-16.", share=15, sequence=255, payee=b"\xff" * 20,
            units=UNITS_MAX, expiry=2**32 - 1,
        ),
        b"\xff" * 64,
    )  # fmt: skip
    yield {"name": "a voucher", "text": text}
    yield {"name": "the longest voucher", "text": voucher_text(longest)}
    spelled = {
        "in small letters": text.lower(),
        "with line breaks and spaces": "\r\n".join(text[at : at + 40] for at in range(0, len(text), 40)) + " \n",
        "in groups with dashes": "-".join(text[at : at + 4] for at in range(0, len(text), 4)),
        "with dashes of word processors": text[:20] + "\u2011" + text[20:30] + "\u2014" + text[30:] + "\u00a0",
        "with a byte order mark": "\ufeff" + text,
        "with O, I and l": text[:4] + text[4:].replace("0", "O").replace("1", "I", 1).replace("1", "l"),
    }
    for name, other in spelled.items():
        yield {"name": f"a voucher, {name}", "text": other}
    wrong = {
        "nothing": "",
        "white space alone": " \n\t-",
        "another beginning": "acct" + text[4:],
        "the beginning alone": BEGINNING,
        "a wrong character": text[:60] + ("7" if text[60] != "7" else "8") + text[61:],
        "two characters swapped": _swapped(text),
        "a character of no voucher": text[:60] + "U" + text[61:],
        "a character that looks like one": text[:60] + "\u0410" + text[61:],
        "the sign for kelvin, whose small letter is k": text[:60] + "\u212a" + text[61:],
        "a character missing": text[:60] + text[61:],
        "the last character missing": text[:-1],
        "the last eight characters missing": text[:-8],
        "eight characters more": text + "0" * 8,
        "two vouchers at once": text + text,
        "more text than is looked at": text + " " * (2_001 - len(text)),
        "other check digits": with_check(encode(usual), b"\0\0\0\0"),
    }
    for what, other in wrong.items():
        yield {"name": "a voucher", "damage": what, "text": other}
    said = list(encode_parts(usual))
    for what, raw in {
        "a value of another form": encode(["a", "list"]),
        "a field missing": encode([said[:-1], usual.signature]),
        "a field more": encode([[*said, 0], usual.signature]),
        "no units": encode([[*said[:5], 0, said[6]], usual.signature]),
        "more units than an amount can be": encode([[*said[:5], UNITS_MAX + 1, said[6]], usual.signature]),
        "the share 16": encode([[*said[:2], 16, *said[3:]], usual.signature]),
        "the number 256": encode([[*said[:3], 256, *said[4:]], usual.signature]),
        "a payee of 19 bytes": encode([[*said[:4], said[4][1:], *said[5:]], usual.signature]),
        "a signature of 63 bytes": encode([said, usual.signature[1:]]),
        "a byte behind": encode(usual) + b"\0",
        "a number spelled long": encode(usual).replace(b"\x7d", b"\xcc\x7d", 1),
    }.items():
        yield {"name": "a voucher with the right check digits", "damage": what, "text": with_check(raw)}
    yield {"name": "a voucher", "damage": "bits that mean nothing are set", "text": _other_spelling(stall)}


def encode_parts(signed: SignedVoucher) -> tuple[Any, ...]:
    """Give the parts of a voucher in their order."""
    return structs.astuple(signed.voucher)


def with_check(raw: bytes, check: bytes | None = None) -> str:
    """Write any bytes as the text of a voucher, with the check that is right, or another."""
    whole = raw + (sha256(raw).digest()[:4] if check is None else check)
    return BEGINNING + b32encode(whole).decode("ascii").rstrip("=").translate(RFC_4648)


def _swapped(text: str) -> str:
    at = next(each for each in range(60, len(text) - 1) if text[each] != text[each + 1])
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _other_spelling(stall: Stall) -> str:
    """Find a voucher whose last character has bits to spare, and set one."""
    for units in range(1, 10_000):
        text = voucher_text(stall.signed(BUKHARA, 0, units))
        if (len(text) - len(BEGINNING)) % 8:
            last = ALPHABET.index(text[-1].lower())
            return text[:-1] + ALPHABET[last ^ 1].upper()
    message = "no voucher has bits to spare"
    raise Unexpected(message)


def judge_text(text: str) -> Vector:
    """Let our own reader judge a text."""
    try:
        found = read_voucher(text)
    except VoucherTextWrong as wrong:
        return {"expected": "refuse", "fault": str(wrong.fault)}
    said = {
        name: each.hex() if isinstance(each, bytes) else each for name, each in structs.asdict(found.voucher).items()
    }
    units = str(found.voucher.units)
    return {"expected": "accept", "proves": {**said, "units": units, "signature": found.signature.hex()}}


# -------------------------------------------------------------------------------------------------------------- looks


def look_vectors(stall: Stall) -> Iterator[Vector]:
    """Give vouchers as a payee looks at them: good ones, and each field altered in every way that matters."""
    time, account = stall.ledger.time, stall.ledger.account
    usual = stall.signed(BUKHARA, 0, 125)

    def asked(signed: SignedVoucher, name: str, damage: str | None = None, **more: Any) -> Vector:  # noqa: ANN401
        of = "chip" if signed.voucher.purse.endswith(b"chip") else "trip"
        told: Vector = {"purse": of, "now": time, "payee": None, "book": []} | more
        return {"name": name} | ({} if damage is None else {"damage": damage}) | {"text": voucher_text(signed), **told}

    bukhara, carrier = account("bukhara").hex(), account("carrier").hex()
    yield asked(usual, "of one's own share", payee=bukhara)
    yield asked(usual, "of one's own share, by one who does not say who it is")
    yield asked(stall.signed(ANYBODY, 1, 140), "of anybody's share", payee=carrier)
    yield asked(stall.signed(BUKHARA, 0, 380), "of all that a share has left", payee=bukhara)
    chip = stall.signed(LANZHOU, 255, 300, "chip")
    yield asked(chip, "signed by a key of P-256")
    yield asked(structs.replace(chip, signature=twin_of(chip.signature)), "the same with the other signature there is")
    second = stall.signed(BUKHARA, 1, 255)
    yield asked(second, "beside another that leaves just enough", book=[voucher_text(usual)])
    paid = voucher_text(stall.signed(BUKHARA, 9, 120))
    rest = stall.signed(BUKHARA, 0, 380)
    yield asked(rest, "beside one that has been paid, and is no more to be counted", book=[paid])
    yield asked(usual, "in the last second", now=usual.voucher.expiry)
    late = stall.signed(BUKHARA, 0, 5, expiry=time + 60 * DAY)
    yield asked(late, "that outlives its purse: it is redeemed by the purse's deadline")
    yield asked(late, "in the last second in which its purse's are taken", now=time + 10 * DAY)

    for field, other in {
        "network": bytes(8),
        "purse": name_of(account("nairobi"), "trap"),
        "share": ANYBODY,
        "sequence": 1,
        "payee": account("carrier"),
        "units": 126,
        "expiry": usual.voucher.expiry + 1,
    }.items():
        altered = structs.replace(usual, voucher=structs.replace(usual.voucher, **{field: other}))
        yield asked(altered, "of one's own share", f"the field {field} is altered")
    yield asked(stall.signed(3, 0, 125), "of a purse", "it has no share 3")
    r, s = usual.signature[:32], int.from_bytes(usual.signature[32:], "little")
    for what, signature in {
        "a bit of the signature": bytes((r[0] ^ 1,)) + usual.signature[1:],
        "the last bit of the signature": usual.signature[:-1] + bytes((usual.signature[-1] ^ 1,)),
        "the signature is all zeros": bytes(64),
        "the signature is spelled with a larger s": r + (s + ORDER).to_bytes(32, "little"),
    }.items():
        yield asked(structs.replace(usual, signature=signature), "of one's own share", what)
    other_keys: dict[str, AnyKeyPair] = {"another phone signed it": OTHER, "a key of another scheme signed it": CHIP}
    for what, keys in other_keys.items():
        yield asked(stall.signed(BUKHARA, 0, 125, keys=keys), "of one's own share", what)
    yield asked(usual, "of Bukhara's share", "none: the carrier looks", payee=carrier)
    yield asked(stall.signed(BUKHARA, 0, 5, payee=account("carrier")), "of Bukhara's share", "it names the carrier")
    yield asked(usual, "of one's own share", "none: it has expired", now=usual.voucher.expiry + 1)
    yield asked(late, "of one's own share", "none: its purse has ended", now=time + 10 * DAY + 1)
    other = stall.signed(BUKHARA, 0, 124)
    yield asked(usual, "of one's own share", "none: it was taken before", book=[voucher_text(usual)])
    yield asked(usual, "of one's own share", "none: its number is on another", book=[voucher_text(other)])
    yield asked(stall.signed(BUKHARA, 9, 120), "of one's own share", "none: it has been paid")
    yield asked(stall.signed(BUKHARA, 0, 381), "of one's own share", "it says one cent more than is left")
    more = stall.signed(BUKHARA, 1, 256)
    yield asked(more, "beside another", "it says one cent more than that leaves", book=[voucher_text(usual)])


def judge_look(stall: Stall, vector: Vector) -> Vector:
    """Let our own client judge a look."""
    book = [read_voucher(text) for text in vector["book"]]
    payee = None if vector["payee"] is None else bytes.fromhex(vector["payee"])
    try:
        verdict = look(read_voucher(vector["text"]), stall.known[vector["purse"]], vector["now"], book, payee)
    except NotAcceptable as wrong:
        return {"expected": "refuse", "fault": str(wrong.fault)}
    return {"expected": "accept", "proves": verdict._asdict()}


# -------------------------------------------------------------------------------------------------------------- fraud


def fraud_vectors(stall: Stall) -> Iterator[Vector]:
    """Give pairs of vouchers; the ones that prove nothing come first, as a purse is caught once."""
    one, other = stall.signed(BUKHARA, 3, 40), stall.signed(BUKHARA, 3, 41)
    others = stall.signed(BUKHARA, 3, 41, keys=OTHER)
    unsigned = structs.replace(other, signature=bytes(64))
    chip = [stall.signed(ANYBODY, 7, units, "chip") for units in (5, 6)]
    twin = structs.replace(chip[0], signature=twin_of(chip[0].signature))
    for name, damage, pair in (
        ("one number on two vouchers", "none: it is the same voucher twice", (one, one)),
        ("one number on two vouchers", "none: it is one voucher with two signatures", (chip[0], twin)),
        ("one number on two vouchers", "the numbers differ", (one, stall.signed(BUKHARA, 4, 41))),
        ("one number on two vouchers", "the shares differ", (one, stall.signed(LANZHOU, 3, 41))),
        ("one number on two vouchers", "one of them is not signed", (one, unsigned)),
        ("one number on two vouchers", "another phone signed one of them", (one, others)),
        ("one number on two vouchers", None, (one, other)),
        ("one number on two vouchers, by a key of P-256", None, (chip[1], chip[0])),
    ):  # fmt: skip
        of = "chip" if pair[0].voucher.purse.endswith(b"chip") else "trip"
        told = {"name": name} | ({} if damage is None else {"damage": damage})
        yield {**told, "purse": of, "texts": [voucher_text(each) for each in pair]}


def judge_fraud(stall: Stall, vector: Vector) -> Vector:
    """Let the ledger judge a report: what is accepted, it writes down."""
    pair = tuple(read_voucher(text) for text in vector["texts"])
    one, other = pair
    same_text = one.voucher == other.voucher  # which no block takes
    reported = ReportFraud(vouchers=pair)
    receipt = None if same_text or one.voucher.share != other.voucher.share else stall.ledger.send("carrier", reported)
    return {"expected": "accept" if receipt is not None and receipt.code == 0 else "refuse"}


# --------------------------------------------------------------------------------------------------------------- file


def voucher_vectors() -> dict[str, Any]:
    """Give the content of the file."""
    stall = Stall()
    trusted = stall.sealed.trusted
    purses = {
        reference: {
            "name": known.name.hex(),
            "record": encode(known.purse).hex(),
            "proof": proof_bytes(stall.proofs[reference]).hex(),
        }
        for reference, known in stall.known.items()
    }
    texts = [_checked(each, judge_text(each["text"])) for each in text_vectors(stall)]
    looks = [_checked(each, judge_look(stall, each)) for each in look_vectors(stall)]
    frauds = [_checked(each, judge_fraud(stall, each)) for each in fraud_vectors(stall)]
    return {
        "about": "Vouchers: their texts, what a payee can know of them without a connection, and proofs of fraud.",
        "trusted": {
            "network": trusted.network.hex(),
            "validators": [[each.public.hex(), each.power] for each in trusted.validators],
            "since": trusted.since,
        },
        "purses": purses,
        "texts": texts,
        "looks": looks,
        "frauds": frauds,
    }


def _checked(vector: Vector, judged: Vector) -> Vector:
    """Put a judgement beside a vector: what is damaged is refused, and nothing else."""
    if (judged["expected"] == "refuse") != ("damage" in vector):
        raise Unexpected(f"{vector}: {judged}")
    return vector | judged
