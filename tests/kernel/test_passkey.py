"""Passkeys: which assertions are accepted, part by part, and the strict reader of what a browser says."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.kernel.client_data import ClientDataWrong, read_client_data
from sogdia.kernel.envelope import Signature, Signer
from sogdia.kernel.passkey import EXTRA_BYTES_MAX, challenge_of
from sogdia.kernel.receipt import Receipt
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.signature import verify
from sogdia.testing.ledger import Ledger
from sogdia.testing.passkeys import GENESIS_PASSKEYS, Passkey
from tests.kernel.wire import body_of, pay, seal
from tests.modules.identity.town import key
from tools import vectors
from tools.vector_signatures import MESSAGE, SEED, assertions_of

PHONE = Passkey(SEED)
GOOD = frozenset(
    "plain|the twin of its signature|the app|a counter that counts|extensions|backed up|no crossOrigin|unknown members|"
    "an old token binding|white space|escaped slashes|escaped letters|crossOrigin null|a fraction|a smile".split("|")
)
"""The assertions that are accepted; every other one is refused."""

PROBLEMS = {
    "another rp id": "rp id",
    "user not present": "user not present",
    "user not verified": "user not verified",
    "made, not asserted": "type",
    "another origin": "origin",
    "the origin with a path": "origin",
    "within another site": "cross origin",
    "crossOrigin as text": "cross origin",
    "crossOrigin as a number": "cross origin",
    "another message": "challenge",
    "a challenge with padding": "challenge",
    "nothing": "authenticator data too short",
    "authenticator data cut short": "authenticator data too short",
    "a length beyond the end": "authenticator data too short",
    "too long": "too long",
    "type twice": "client data: a member stands twice",
    "type twice, once escaped": "client data: a member stands twice",
    "cut short": "client data: , is missing",
    "something behind": "client data: something stands behind the end",
    "half a character": "client data: \\ is missing",
    "objects two deep": "client data: objects stand too deep within each other",
}
"""What the refusal says of them."""


@pytest.fixture(scope="module")
def ledger():
    """Give a ledger on which Nairobi signs with a passkey."""
    made = Ledger(passkeys=GENESIS_PASSKEYS)
    made.must("nairobi", key(made, "nairobi", 1, PHONE))
    made.fund("nairobi", 1_000)
    return made


NAMES = [name for name, _signature in assertions_of(MESSAGE)]


@pytest.mark.parametrize("name", NAMES)
def test_an_assertion_is_accepted_only_if_all_of_it_is_right(ledger, name):
    body = body_of(ledger, pay(ledger), signers=(Signer(ledger.account("nairobi"), 1),))

    answer = ledger.block(seal(ledger, body, signatures=lambda identity: [dict(assertions_of(identity))[name]]))[0]

    assert isinstance(answer, Receipt) == (name in GOOD), answer
    if not isinstance(answer, Receipt):
        assert answer.code in (Refuse.PASSKEY_WRONG, Refuse.SIGNATURE_WRONG, Refuse.ENVELOPE_MALFORMED)
        assert (
            name not in PROBLEMS
            or answer.code != Refuse.PASSKEY_WRONG
            or dict(answer.facts) == {"problem": PROBLEMS[name]}
        )


def test_every_named_problem_is_that_of_an_assertion():
    assert set(PROBLEMS) <= set(NAMES)
    assert set(NAMES) >= GOOD


def test_without_passkeys_in_genesis_nobody_can_use_one():
    ledger = Ledger()
    body = body_of(ledger, pay(ledger))

    answer = ledger.block(seal(ledger, body, signatures=lambda identity: [PHONE.signature(identity)]))[0]

    assert answer.code == Refuse.SCHEME_WRONG


@pytest.mark.parametrize(("surplus", "accepted"), [(0, True), (1, False)])
def test_an_assertion_has_up_to_1024_bytes(ledger, surplus, accepted):
    body = body_of(ledger, pay(ledger), signers=(Signer(ledger.account("nairobi"), 1),))

    def padded(identity: bytes) -> list[Signature]:
        size = len(PHONE.signature(identity).extra or b"")
        spare = EXTRA_BYTES_MAX + surplus - size - len(',"n":""')
        return [Passkey(SEED, client_data={"n": "x" * spare}).signature(identity)]

    answer = ledger.block(seal(ledger, body, signatures=padded))[0]

    assert isinstance(answer, Receipt) == accepted


def test_a_challenge_is_base64url_without_padding():
    assert challenge_of(bytes(range(32))) == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert challenge_of(b"\xff" * 32) == "_" * 42 + "8"
    assert challenge_of(b"\xfb\xef\xbe") == "----"


def test_the_vectors_of_signatures_are_judged_as_they_say():
    p256, passkeys = (
        json.loads((vectors.FOLDER / "signatures" / name).read_text("utf-8")) for name in ("p256.json", "passkeys.json")
    )

    for each in p256["signatures"]:
        accepted = verify(2, *(bytes.fromhex(each[part]) for part in ("key", "message", "value")))
        assert accepted == (each["expected"] == "accept"), each["name"]
    assert {each["name"] for each in passkeys["assertions"] if each["expected"] == "accept"} == GOOD


# ----------------------------------------------------------------------------------------------------- the client data

SCALARS = st.text() | st.booleans() | st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
OBJECTS = st.dictionaries(st.text(), SCALARS | st.dictionaries(st.text(), SCALARS, max_size=3), max_size=6)


@given(OBJECTS, st.booleans(), st.sampled_from([None, 1]))
def test_whatever_json_writes_of_such_objects_is_read_alike(said, ascii_only, indent):
    try:
        raw = json.dumps(said, ensure_ascii=ascii_only, indent=indent).encode()
    except UnicodeEncodeError:
        return
    if len(raw) > 1_024:
        return

    read = read_client_data(raw)

    assert list(read) == list(said)
    for name, value in said.items():
        assert read[name] == (value if isinstance(value, str | bool) or value is None else "")


@given(st.binary(max_size=60) | st.text('{}":,\\u0dn1e-.tfls[] ', max_size=60).map(str.encode))
def test_other_bytes_are_refused_or_are_json_too(raw):
    try:
        read = read_client_data(raw)
    except ClientDataWrong:
        return

    assert list(json.loads(raw)) == list(read)


@pytest.mark.parametrize("at", range(0, 130, 1))
def test_client_data_cut_anywhere_is_refused(at):
    raw = PHONE.client_data(sha256(b"cotton").digest())

    with pytest.raises(ClientDataWrong):
        read_client_data(raw[: min(at, len(raw) - 1)])
