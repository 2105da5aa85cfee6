"""The page about the vault's bytes suffices: a second implementation made from it opens what the first has sealed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sogdia.vault.sealing import Header, open_blob, read_header, seal
from sogdia.vault.wrapping import Wrap, bound_to, encryption_key, unwrap, wrap
from tests.vault.second import open_document

VECTOR = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "vault-example.json").read_text(encoding="utf-8")
)
PRIVATE = X25519PrivateKey.from_private_bytes(bytes(range(32)))
ACCOUNT = bytes(range(20))
HEADER = Header(1, bytes(32), b"\x2c" + ACCOUNT + b"o1", 5, ACCOUNT + b"invoice", 7)


@pytest.mark.parametrize("size", [0, 1, 65_000, 200_000])
def test_the_second_implementation_opens_what_the_first_has_sealed(size):
    sealed = seal(HEADER, bytes(range(256)) * (size // 256) + bytes(size % 256))
    mine = wrap(sealed.content_key, HEADER, sealed.address, ACCOUNT, 3, PRIVATE.public_key().public_bytes_raw())

    content, commitment = open_document(sealed.blob, ACCOUNT, 3, mine.wrapped, PRIVATE.private_bytes_raw())

    assert content == open_blob(sealed.blob, sealed.content_key).content
    assert commitment == sealed.commitment


def test_both_open_the_worked_example_of_the_page():
    blob, wrapped = bytes.fromhex(VECTOR["blob"]), bytes.fromhex(VECTOR["wrapped"])
    account, number = bytes.fromhex(VECTOR["reader"]), VECTOR["key_number"]
    private = encryption_key(bytes.fromhex(VECTOR["reader_seed"]), number)
    header, _front = read_header(blob)
    address = bytes.fromhex(VECTOR["address"])

    content, commitment = open_document(blob, account, number, wrapped, private.private_bytes_raw())
    opened = open_blob(blob, unwrap(Wrap(account, number, wrapped), header, address, private))

    assert content == opened.content == VECTOR["content"].encode()
    assert commitment == opened.commitment == bytes.fromhex(VECTOR["commitment"])
    assert private.private_bytes_raw().hex() == VECTOR["reader_private_key"]
    assert bound_to(header, address, account, number).hex() == VECTOR["info"]
