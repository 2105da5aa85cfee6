"""Sealed blobs and wrapped keys: they open for whom they were made, in the place they were made for, and not else."""

from __future__ import annotations

from functools import partial
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import structs

from sogdia.kernel.refusal import Refused
from sogdia.modules.documents import DocumentClass
from sogdia.modules.documents.records import BLOB_BYTES_MAX
from sogdia.vault.faults import VaultRefusal as Refuse
from sogdia.vault.sealing import CHUNK_BYTES, CONTENT_BYTES_MAX, Header, commitment_of, open_blob, read_header, seal
from sogdia.vault.wrapping import SUITE, Wrap, bound_to, encryption_key, unwrap, wrap
from tests.vault.room import code_of

READER = X25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = READER.public_key().public_bytes_raw()
OTHER = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ACCOUNT = bytes(range(20))
HEADER = Header(1, bytes(32), b"\x2c" + ACCOUNT + b"o1", int(DocumentClass.ADDRESS), ACCOUNT + b"address", 1)
TEXT = "Улица Навои 7, Бухара".encode()


def flipped(blob: bytes, place: int) -> bytes:
    """Change one bit."""
    return blob[:place] + bytes((blob[place] ^ 1,)) + blob[place + 1 :]


def wrapped_for_reader(sealed):
    return wrap(sealed.content_key, HEADER, sealed.address, ACCOUNT, 0, PUBLIC)


@pytest.mark.parametrize(
    "size", [0, 1, 255, 256, CHUNK_BYTES - 300, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 1_000_000]
)
def test_what_was_sealed_is_opened_again_whatever_its_size(size):
    content = bytes(number % 251 for number in range(size))

    sealed = seal(HEADER, content, media_type="image/png", title="Invoice 17")
    opened = open_blob(sealed.blob, unwrap(wrapped_for_reader(sealed), HEADER, sealed.address, READER))

    assert opened.content == content
    assert (opened.particulars.media_type, opened.particulars.title) == ("image/png", "Invoice 17")
    assert opened.commitment == sealed.commitment
    assert sealed.address == sha256(sealed.blob).digest()


def test_the_largest_document_fits_and_one_byte_more_does_not():
    largest = seal(HEADER, bytes(CONTENT_BYTES_MAX), media_type="x" * 100, title="ю" * 200)

    assert len(largest.blob) <= BLOB_BYTES_MAX
    assert len(open_blob(largest.blob, largest.content_key).content) == CONTENT_BYTES_MAX
    assert code_of(lambda: seal(HEADER, bytes(CONTENT_BYTES_MAX + 1))) == Refuse.CONTENT_TOO_LARGE


def test_short_answers_have_one_length():
    assert len(seal(HEADER, b"yes").blob) == len(seal(HEADER, b"no, never").blob)


def test_the_same_content_sealed_twice_has_nothing_in_common():
    first, second = seal(HEADER, TEXT), seal(HEADER, TEXT)

    assert first.content_key != second.content_key
    assert first.address != second.address
    assert first.commitment != second.commitment


def test_a_guessed_content_cannot_be_tried_against_commitment_or_address():
    sealed = seal(HEADER, b"+254 700 000 007")
    guesses = [f"+254 700 {number:03} 007".encode() for number in range(1_000)]

    known = {commitment_of(bytes(32), sealed.address, sha256(guess).digest()) for guess in guesses}
    known |= {sha256(guess).digest() for guess in guesses}
    known |= {sha256(sealed.address + sha256(guess).digest()).digest() for guess in guesses}

    assert sealed.commitment not in known
    assert all(guess not in sealed.blob and sha256(guess).digest() not in sealed.blob for guess in guesses)


def test_one_changed_bit_anywhere_is_noticed():
    sealed = seal(HEADER, TEXT * 20)

    for place in range(len(sealed.blob)):
        altered = flipped(sealed.blob, place)
        assert code_of(partial(open_blob, altered, sealed.content_key)) in (
            Refuse.SEAL_WRONG,
            Refuse.BLOB_MALFORMED,
        )


@pytest.mark.parametrize("kept", [0, 3, 6, 50, 200, 700, -1, -16, -17])
def test_a_blob_cut_short_is_noticed(kept):
    sealed = seal(HEADER, TEXT * 20)
    cut = sealed.blob[:kept]

    assert code_of(lambda: open_blob(cut, sealed.content_key)) in (Refuse.SEAL_WRONG, Refuse.BLOB_MALFORMED)


def test_whole_chunks_cut_off_exchanged_or_added_are_noticed():
    sealed = seal(HEADER, bytes(3 * CHUNK_BYTES))
    _header, front = read_header(sealed.blob)
    size = CHUNK_BYTES + 16
    first, second, third = (sealed.blob[len(front) + each * size :][:size] for each in range(3))

    for chunks in ((first,), (first, second), (first, second, third), (second, first, third), (first, first, second)):
        altered = front + b"".join(chunks)
        assert code_of(partial(open_blob, altered, sealed.content_key)) == Refuse.SEAL_WRONG
    longer = sealed.blob + bytes(300)
    assert code_of(lambda: open_blob(longer, sealed.content_key)) == Refuse.SEAL_WRONG


@pytest.mark.parametrize(
    "changes",
    [
        {"network": bytes(31) + b"\x01"},
        {"about": b"\x2c" + ACCOUNT + b"o2"},
        {"document_class": int(DocumentClass.MESSAGE)},
        {"document": ACCOUNT + b"other"},
        {"epoch": 2},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_blob_and_its_wrap_open_in_no_other_place(changes):
    sealed = seal(HEADER, TEXT)
    elsewhere = structs.replace(HEADER, **changes)
    moved = seal(elsewhere, TEXT)
    _header, front = read_header(sealed.blob)
    _other, other_front = read_header(moved.blob)
    under_another_header = other_front + sealed.blob[len(front) :]

    mine = wrapped_for_reader(sealed)

    assert code_of(lambda: open_blob(under_another_header, sealed.content_key)) == Refuse.SEAL_WRONG
    assert code_of(lambda: unwrap(mine, elsewhere, sealed.address, READER)) == Refuse.WRAP_WRONG


def test_a_wrap_opens_for_its_reader_its_key_and_its_blob_alone():
    sealed, other = seal(HEADER, TEXT), seal(HEADER, TEXT)
    mine = wrapped_for_reader(sealed)

    assert unwrap(mine, HEADER, sealed.address, READER) == sealed.content_key
    assert code_of(lambda: unwrap(mine, HEADER, sealed.address, OTHER)) == Refuse.WRAP_WRONG
    assert code_of(lambda: unwrap(mine, HEADER, other.address, READER)) == Refuse.WRAP_WRONG
    renumbered = structs.replace(mine, number=1)
    assert code_of(lambda: unwrap(renumbered, HEADER, sealed.address, READER)) == Refuse.WRAP_WRONG
    another_s = structs.replace(mine, account=bytes(20))
    assert code_of(lambda: unwrap(another_s, HEADER, sealed.address, READER)) == Refuse.WRAP_WRONG


def test_every_changed_bit_of_a_wrap_is_noticed():
    sealed = seal(HEADER, TEXT)
    mine = wrapped_for_reader(sealed)

    for place in range(len(mine.wrapped)):
        altered = structs.replace(mine, wrapped=flipped(mine.wrapped, place))
        assert code_of(partial(unwrap, altered, HEADER, sealed.address, READER)) == Refuse.WRAP_WRONG


def test_a_wrapped_key_of_another_length_is_refused():
    sealed = seal(HEADER, TEXT)
    info = bound_to(HEADER, sealed.address, ACCOUNT, 0)
    short = SUITE.encrypt(bytes(31), READER.public_key(), info=info)

    assert code_of(lambda: unwrap(Wrap(ACCOUNT, 0, short), HEADER, sealed.address, READER)) == Refuse.WRAP_WRONG


def test_encryption_keys_are_derived_by_number_and_never_the_signing_key():
    seed = bytes(range(32))

    keys = {encryption_key(seed, number).private_bytes_raw() for number in range(5)}

    assert len(keys) == 5
    assert seed not in keys
    assert encryption_key(seed, 3).private_bytes_raw() in keys


def test_a_second_spelling_of_a_header_is_refused():
    sealed = seal(HEADER, TEXT)
    longer = sealed.blob[:4] + (int.from_bytes(sealed.blob[4:6], "big") + 1).to_bytes(2, "big") + sealed.blob[6:]

    with pytest.raises(Refused):
        read_header(longer)
    assert code_of(lambda: read_header(b"SGV2" + sealed.blob[4:])) == Refuse.BLOB_MALFORMED
    assert code_of(lambda: read_header(bytes(BLOB_BYTES_MAX + 1))) == Refuse.BLOB_TOO_LARGE
