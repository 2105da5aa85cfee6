"""One rule for signatures: the pinned answers hold, odd input is refused quietly, and a wrong library is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add, crypto_sign, crypto_sign_seed_keypair

from sogdia.kernel import signature as signatures
from sogdia.kernel.refusal import Broken
from sogdia.kernel.signature import ED25519, P256, SCHEMES, WEBAUTHN, known_answers, known_keys, verify, weak_key

PUBLIC, SECRET = crypto_sign_seed_keypair(bytes(range(32)))
MESSAGE = b"12 bales of cotton to Nairobi"
SIGNATURE = crypto_sign(MESSAGE, SECRET)[:64]

# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def test_a_key_s_own_signature_is_accepted():
    assert verify(ED25519, PUBLIC, MESSAGE, SIGNATURE)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_the_standard_are_accepted(public, message, signature):
    assert verify(ED25519, bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@pytest.mark.parametrize("place", range(0, 512, 7))
def test_a_signature_with_one_bit_flipped_is_refused(place):
    flipped = (int.from_bytes(SIGNATURE, "big") ^ 1 << place).to_bytes(64, "big")

    assert not verify(ED25519, PUBLIC, MESSAGE, flipped)


def test_another_message_or_another_key_is_refused():
    other, _ = crypto_sign_seed_keypair(bytes(32))

    assert not verify(ED25519, PUBLIC, MESSAGE + b".", SIGNATURE)
    assert not verify(ED25519, PUBLIC, b"", SIGNATURE)
    assert not verify(ED25519, other, MESSAGE, SIGNATURE)


@pytest.mark.parametrize("size", [0, 1, 31, 33, 64])
def test_a_key_of_another_length_is_refused(size):
    assert not verify(ED25519, (PUBLIC * 2)[:size], MESSAGE, SIGNATURE)
    assert weak_key(ED25519, (PUBLIC * 2)[:size])


@pytest.mark.parametrize("size", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(size):
    # With 63 bytes the message would lend the signature its first byte, with 65 the signature the message its last.
    assert not verify(ED25519, PUBLIC, MESSAGE, (SIGNATURE * 2)[:size])


def test_a_byte_moved_between_signature_and_message_is_refused():
    assert not verify(ED25519, PUBLIC, SIGNATURE[63:] + MESSAGE, SIGNATURE[:63])
    assert not verify(ED25519, PUBLIC, MESSAGE[1:], SIGNATURE + MESSAGE[:1])


@pytest.mark.parametrize("scheme", [-1, 0, P256, WEBAUTHN, 4, 2**64])
def test_under_another_scheme_the_signature_is_refused_and_the_key_is_none(scheme):
    assert not verify(scheme, PUBLIC, MESSAGE, SIGNATURE)
    assert weak_key(scheme, PUBLIC)


def test_three_schemes_have_names():
    assert tuple(SCHEMES) == (ED25519, P256, WEBAUTHN)


@given(st.integers(-5, 5), st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80))
def test_bad_input_is_refused_and_never_raises(scheme, public, message, signature):
    assert not verify(scheme, public, message, signature)


@pytest.mark.parametrize("answer", known_answers(), ids=lambda answer: answer.name)
def test_each_pinned_signature_gets_its_answer(answer):
    assert verify(answer.scheme, answer.public_key, answer.message, answer.signature) == answer.accepted


def test_the_edge_cases_that_are_accepted_are_these_two():
    ed25519 = [answer for answer in known_answers() if answer.scheme == ED25519]
    assert [answer.name for answer in ed25519 if answer.accepted] == [
        "normal",
        "mixed-order A: valid both ways",
    ]
    assert len(ed25519) == 9


@pytest.mark.parametrize("key", known_keys(), ids=lambda key: key.name)
def test_each_pinned_key_gets_its_answer(key):
    assert weak_key(key.scheme, key.public_key) == key.weak


def test_every_accepted_edge_case_but_the_normal_one_has_a_key_that_cannot_be_registered():
    answers = [answer for answer in known_answers() if answer.scheme == ED25519]
    odd = [answer for answer in answers if answer.accepted and answer.name != "normal"]

    assert all(weak_key(ED25519, answer.public_key) for answer in odd)


def test_an_ordinary_key_is_fit_and_becomes_weak_with_a_small_order_part():
    small = [key.public_key for key in known_keys() if key.name.startswith("order ") and "spelled" not in key.name]

    assert not weak_key(ED25519, PUBLIC)
    assert len(small) == 7
    assert all(weak_key(ED25519, crypto_core_ed25519_add(PUBLIC, point)) for point in small)


def test_the_self_test_passes_with_our_library():
    signatures.self_test()


@pytest.mark.parametrize("lenient", [True, False])
def test_the_self_test_stops_a_node_whose_library_judges_signatures_otherwise(monkeypatch, lenient):
    monkeypatch.setattr(signatures, "verify", lambda *_: lenient)

    with pytest.raises(Broken, match="pinned signature"):
        signatures.self_test()


@pytest.mark.parametrize("weak", [True, False])
def test_the_self_test_stops_a_node_whose_library_judges_keys_otherwise(monkeypatch, weak):
    monkeypatch.setattr(signatures, "weak_key", lambda *_: weak)

    with pytest.raises(Broken, match="pinned key"):
        signatures.self_test()


@pytest.mark.parametrize("turned", [answer.name for answer in known_answers()])
def test_the_self_test_looks_at_every_signature(monkeypatch, turned):
    wrong = next(answer for answer in known_answers() if answer.name == turned)

    def turned_verify(scheme: int, public: bytes, message: bytes, signature: bytes) -> bool:
        accepted = verify(scheme, public, message, signature)
        asked = (public, message, signature)
        return not accepted if asked == (wrong.public_key, wrong.message, wrong.signature) else accepted

    monkeypatch.setattr(signatures, "verify", turned_verify)

    with pytest.raises(Broken) as broken:
        signatures.self_test()
    assert turned in str(broken.value)
