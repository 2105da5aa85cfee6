"""Proofs of every kind from networks on CometBFT, by the Python client: as published, and altered in every byte."""

import pytest

from tests.clients.network_judging import VECTORS, WHOLE, by_python, said, title


@pytest.mark.parametrize("vector", VECTORS, ids=title)
def test_a_published_proof_is_judged_as_it_says(vector):
    assert by_python(vector, bytes.fromhex(vector["bytes"])) == said(vector)


@pytest.mark.parametrize("vector", [each for each in WHOLE if "every_byte" in each], ids=title)
def test_no_byte_of_a_proof_can_be_altered(vector, rotation):
    raw = bytes.fromhex(vector["bytes"])
    bits = 1 << rotation % 8

    held = [
        place
        for place in range(len(raw))
        if by_python(vector, raw[:place] + bytes((raw[place] ^ bits,)) + raw[place + 1 :])["expected"] == "accept"
    ]

    assert held == []


def test_every_kind_of_proof_is_among_those_of_which_no_byte_can_be_altered():
    kinds = {each["name"].partition(":")[0] for each in WHOLE if "every_byte" in each}

    assert kinds >= {"state", "face", "receipt", "history"}


def test_a_proof_of_absence_with_another_byte_proves_nothing_but_the_absence_of_another_key():
    (vector,) = (each for each in WHOLE if each["name"] == "state: a balance that is not there")
    raw = bytes.fromhex(vector["bytes"])

    judged = [by_python(vector, raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]) for at in range(len(raw))]

    held = [each["proves"] for each in judged if each["expected"] == "accept"]
    claim = vector["proves"]["table"], vector["proves"]["key"]
    assert all(each["value"] is None and (each["table"], each["key"]) != claim for each in held)
    assert 0 < len(held) <= 1 + len(bytes.fromhex(claim[1]))
