"""The vectors of signatures: the pinned answers of P-256, and assertions of a passkey with every part of them wrong."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sogdia.client.p256_keys import twin_of
from sogdia.kernel.envelope import Signature
from sogdia.kernel.passkey import PASSKEYS, Passkeys, signed_bytes
from sogdia.kernel.refusal import Refused
from sogdia.kernel.signature import P256, WEBAUTHN, known_answers, known_keys, verify
from sogdia.kernel.state import State
from sogdia.testing.ledger import MemoryBase
from sogdia.testing.passkeys import GENESIS_PASSKEYS, ORIGIN, RP_ID, Passkey

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = bytes(range(32))
MESSAGE = sha256(b"12 bales of cotton to Nairobi").digest()


def p256_answers() -> dict[str, Any]:
    """Give the pinned signatures and keys of P-256."""
    signatures = [
        {
            "name": each.name,
            "key": each.public_key.hex(),
            "message": each.message.hex(),
            "value": each.signature.hex(),
            "expected": "accept" if each.accepted else "refuse",
        }
        for each in known_answers()
        if each.scheme == P256
    ]
    keys = [
        {"name": each.name, "key": each.public_key.hex(), "expected": "refuse" if each.weak else "accept"}
        for each in known_keys()
        if each.scheme == P256
    ]
    about = "P-256 (scheme 2): which signatures and which public keys are accepted."
    return {"about": about, "scheme": P256, "signatures": signatures, "keys": keys}


def passkey_answers() -> dict[str, Any]:
    """Give assertions with the answer of this version."""
    public = Passkey(SEED).public
    assertions = []
    for name, signature in assertions_of(MESSAGE):
        accepted = accepts(public, MESSAGE, signature)
        assertions.append(
            {
                "name": name,
                "value": signature.value.hex(),
                "extra": (signature.extra or b"").hex(),
                "expected": "accept" if accepted else "refuse",
            }
        )
    return {
        "about": "Assertions of passkeys (scheme 3) that are to cover one message.",
        "scheme": WEBAUTHN,
        "rp_id": RP_ID,
        "origins": GENESIS_PASSKEYS["origins"],
        "key": public.hex(),
        "message": MESSAGE.hex(),
        "assertions": assertions,
    }


def accepts(public: bytes, message: bytes, signature: Signature) -> bool:
    """Let the ledger judge an assertion."""
    state = State(MemoryBase())
    PASSKEYS.put(state, None, Passkeys(rp_id=RP_ID, origins=tuple(GENESIS_PASSKEYS["origins"])))
    try:
        signed = signed_bytes(state, message, signature.extra)
    except Refused:
        return False
    return verify(WEBAUTHN, public, signed, signature.value)


def assertions_of(message: bytes) -> Iterator[tuple[str, Signature]]:
    """Give good assertions, and such with one part wrong, each with its name."""
    plain = Passkey(SEED).signature(message)
    yield "plain", plain
    yield "the twin of its signature", Signature(WEBAUTHN, twin_of(plain.value), plain.extra)
    for name, changes in CHANGED.items():
        yield name, Passkey(SEED, **changes).signature(message)
    said = Passkey(SEED).client_data(message).decode()
    for name, text in rewritten(said).items():
        yield name, Passkey(SEED, raw_client_data=text.encode("utf-8", "surrogatepass")).signature(message)
    yield "another message", Passkey(SEED).signature(sha256(message).digest())
    yield "another key", Passkey(bytes(32)).signature(message)
    extra = plain.extra or b""
    for name, damaged in {
        "nothing": b"",
        "a length alone": extra[:2],
        "authenticator data cut short": (36).to_bytes(2, "big") + extra[2:38] + extra[39:],
        "a length beyond the end": (len(extra)).to_bytes(2, "big") + extra[2:],
        "a length that ends in the client data": (38).to_bytes(2, "big") + extra[2:],
        "a byte more behind": extra + b" ",
        "a counter changed": extra[:36] + bytes((extra[36] ^ 1,)) + extra[37:],
    }.items():
        yield name, Signature(WEBAUTHN, plain.value, damaged)


CHANGED: dict[str, dict[str, Any]] = {
    "the app": {"client_data": {"origin": GENESIS_PASSKEYS["origins"][1]}},
    "a counter that counts": {"counter": 7},
    "extensions": {"flags": 0x85, "extensions": bytes.fromhex("a1616101")},
    "backed up": {"flags": 0x1D},
    "no crossOrigin": {"client_data": {"crossOrigin": None}},
    "unknown members": {"client_data": {"other_keys_can_be_added_here": "do not compare", "n": -1, "ok": True}},
    "an old token binding": {"client_data": {"tokenBinding": {"status": "supported"}}},
    "another rp id": {"rp_id": "elsewhere.example"},
    "a rp id below it": {"rp_id": "trade.sogdia.example"},
    "user not present": {"flags": 0x04},
    "user not verified": {"flags": 0x01},
    "no flags": {"flags": 0},
    "made, not asserted": {"client_data": {"type": "webauthn.create"}},
    "a payment's type": {"client_data": {"type": "payment.get"}},
    "no type": {"client_data": {"type": None}},
    "no challenge": {"client_data": {"challenge": None}},
    "an empty challenge": {"client_data": {"challenge": ""}},
    "a challenge as a number": {"client_data": {"challenge": 7}},
    "no origin": {"client_data": {"origin": None}},
    "another origin": {"client_data": {"origin": "https://elsewhere.example"}},
    "the origin without its s": {"client_data": {"origin": ORIGIN.replace("https", "http")}},
    "the origin with a path": {"client_data": {"origin": ORIGIN + "/"}},
    "the origin in capitals": {"client_data": {"origin": ORIGIN.upper()}},
    "within another site": {"client_data": {"crossOrigin": True}},
    "crossOrigin as text": {"client_data": {"crossOrigin": "false"}},
    "crossOrigin as a number": {"client_data": {"crossOrigin": 0}},
    "objects two deep": {"client_data": {"a": {"b": {}}}},
    "a list": {"client_data": {"a": []}},
}


def rewritten(said: str) -> dict[str, str]:
    """Spell the same client data in other ways, good and bad."""
    kind = '"type":"webauthn.get"'
    return {
        "white space": said.replace(",", " ,\n\t").replace(":", " :\r ").replace(" :\r //", "://"),
        "escaped slashes": said.replace("/", "\\/"),
        "escaped letters": said.replace("webauthn", "web\\u0061uthn"),
        "crossOrigin null": said.replace("false", "null"),
        "a fraction": said[:-1] + ',"n":-0.5e+10}',
        "a smile": said[:-1] + ',"n":"\\ud83d\\ude00"}',
        "type twice": said.replace(kind, f"{kind},{kind}"),
        "type twice, once escaped": said.replace(kind, f'{kind},"t\\u0079pe":"webauthn.get"'),
        "cut short": said[:-1],
        "cut within a text": said[: said.index("origin") + 12],
        "something behind": said + "{}",
        "a comma at the end": said[:-1] + ",}",
        "no object": f"[{said}]",
        "a text": '"webauthn.get"',
        "empty": "",
        "an empty object": "{}",
        "a byte order mark": "\ufeff" + said,
        "half a character": said[:-1] + ',"n":"\\ud83d"}',
        "the other half": said[:-1] + ',"n":"\\ude00"}',
        "half a character as bytes": said[:-1] + ',"n":"\ud83d"}',
        "a line break in a text": said[:-1] + ',"n":"\n"}',
        "an unknown escape": said[:-1] + ',"n":"\\x41"}',
        "a number with a leading zero": said[:-1] + ',"n":01}',
        "a number without digits": said[:-1] + ',"n":-}',
        "not a number": said[:-1] + ',"n":NaN}',
        "single quotes": said.replace('"', "'"),
        "a comment": said[:-1] + "/**/}",
        "a challenge with padding": said.replace('","origin"', '=","origin"'),
        "too long": said[:-1] + f',"n":"{"x" * 1_000}"}}',
    }
