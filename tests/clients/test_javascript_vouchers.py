"""Vouchers in JavaScript: texts, looks and proofs of fraud are judged as the published vectors and Python say."""

from __future__ import annotations

import json
import random
from hashlib import sha512
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.client.keys import KeyPair
from sogdia.client.locales import amount_for_people, read_locale
from sogdia.client.voucher_text import read_voucher, voucher_text
from sogdia.kernel.codec import encode
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.vouchers.records import PURSES
from tests.clients import node_js
from tests.clients.node_js import Judge, Wrong
from tools import vector_vouchers, vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.real("Node.js")

FILE = json.loads((vectors.FOLDER / vector_vouchers.VOUCHERS_FILE).read_text("utf-8"))
SIGNATURES = json.loads((vectors.FOLDER / "signatures.json").read_text("utf-8"))
CASES, CASES_FULL = 60, 6_000


@pytest.fixture(scope="module", params=["WebCrypto", "own"])
def judge(request: pytest.FixtureRequest, node: str) -> Iterator[Judge]:
    """Node.js with the module for vouchers: once with the browser's signatures, once with the module's own."""
    with Judge(node, node_js.VOUCHER_SOURCE, node_js.VOUCHER_JUDGE, request.param) as running:
        yield running


def title(vector: dict[str, Any]) -> str:
    return f"{vector['name']}: {vector.get('damage', 'whole')}"


def judged(judge: Judge, question: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - of many shapes
    """Say whether the module accepts, and what it then says, or its fault; what else it throws is a stumble."""
    try:
        return {"expected": "accept", "proves": judge.ask(question, **parts)}
    except Wrong as wrong:
        if wrong.name != "VoucherWrong":
            raise
        return {"expected": "refuse", "fault": wrong.fault}


def said(vector: dict[str, Any]) -> dict[str, Any]:
    return {name: vector[name] for name in ("expected", "proves", "fault") if name in vector}


def purse_of(vector: dict[str, Any]) -> dict[str, str]:
    return {"network": FILE["trusted"]["network"], **FILE["purses"][vector["purse"]]}


@pytest.mark.parametrize("vector", FILE["texts"], ids=title)
def test_a_text_is_read_as_its_vector_says(judge, vector):
    found = judged(judge, "read", text=vector["text"])

    again = found["proves"].pop("again") if found["expected"] == "accept" else None
    if again is not None:
        found["proves"] = found["proves"]["said"]
        assert again == voucher_text(read_voucher(vector["text"]))
    assert found == said(vector)


@pytest.mark.parametrize("vector", FILE["looks"], ids=title)
def test_a_payee_is_told_what_the_vector_says(judge, vector):
    asked = {name: vector[name] for name in ("text", "now", "book", "payee")}

    assert judged(judge, "look", purse=purse_of(vector), **asked) == said(vector)


@pytest.mark.parametrize("vector", FILE["frauds"], ids=title)
def test_a_pair_proves_fraud_when_the_ledger_says_so(judge, vector):
    proves = judge.ask("fraud", texts=vector["texts"], purse=purse_of(vector))

    assert proves is (vector["expected"] == "accept")


@pytest.mark.parametrize("purse", FILE["purses"].values(), ids=list(FILE["purses"]))
def test_the_proof_of_a_purse_proves_the_record_that_is_looked_at(judge, purse):
    found = judge.ask("prove", proof=purse["proof"], trusted=FILE["trusted"])

    assert found == {"table": PURSES.number, "name": purse["name"], "record": purse["record"]}


def test_texts_damaged_at_random_are_judged_alike(judge, rotation, full_run):
    chance = random.Random(rotation)
    texts = [vector["text"] for vector in FILE["texts"] if vector["expected"] == "accept"]

    for _ in range(CASES_FULL if full_run else CASES):
        text = list(chance.choice(texts))
        for _damage in range(chance.randrange(3)):
            at = chance.randrange(len(text))
            text[at : at + chance.randrange(2)] = chance.choice(["", "7", "o", "U", " ", "ж", "\u017f", "\u0130", "😀"])
        ours = vector_vouchers.judge_text("".join(text))
        theirs = judged(judge, "read", text="".join(text))
        if theirs["expected"] == "accept":
            theirs["proves"] = theirs["proves"]["said"]
        assert theirs == ours, (rotation, "".join(text))


def test_vouchers_with_any_bytes_under_the_right_check_are_judged_alike(judge, rotation, full_run):
    chance = random.Random(rotation)
    raw = encode(read_voucher(FILE["texts"][0]["text"]))

    for _ in range(CASES_FULL if full_run else CASES):
        damaged = bytearray(raw)
        damaged[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        text = vector_vouchers.with_check(bytes(damaged))
        ours, theirs = vector_vouchers.judge_text(text), judged(judge, "read", text=text)
        if theirs["expected"] == "accept":
            theirs["proves"] = theirs["proves"]["said"]
        assert theirs == ours, (rotation, text)


# --------------------------------------------------------------------------------------------------- own arithmetic


@pytest.mark.parametrize("vector", SIGNATURES["vectors"], ids=lambda vector: vector["name"])
def test_signatures_on_which_libraries_differ_are_judged_alike_by_both(judge, vector):
    parts = {"scheme": vector["scheme"], "key": vector["key"], "message": vector["message"]}

    assert judge.ask("verify", **parts, signature=vector["signature"]) is (vector["expected"] == "accept")


def test_signatures_of_any_key_hold_and_none_with_another_bit(judge, rotation, full_run):
    chance = random.Random(rotation)

    for _ in range(200 if full_run else 8):
        keys, message = KeyPair(chance.randbytes(32)), chance.randbytes(32)
        signature, other = keys.sign(message), bytearray(keys.sign(message))
        other[chance.randrange(64)] ^= 1 << chance.randrange(8)
        parts = {"scheme": "1", "key": keys.public.hex(), "message": message.hex()}
        assert judge.ask("verify", **parts, signature=signature.hex()) is True
        assert judge.ask("verify", **parts, signature=other.hex()) is False
        assert judge.ask("verify", **{**parts, "message": bytes(32).hex()}, signature=signature.hex()) is False


@pytest.mark.parametrize("size", [0, 1, 95, 96, 110, 111, 112, 127, 128, 129, 239, 240, 1_000])
def test_sha_512_is_that_of_the_standard(judge, size):
    row = bytes(count * 7 % 256 for count in range(size))

    assert judge.ask("sha512", row=row.hex()) == sha512(row).hexdigest()


@pytest.mark.parametrize("units", [0, 1, 99, 100, 12_345, 123_456_789, UNITS_MAX])
def test_amounts_of_every_currency_are_written_alike(judge, units):
    for currency in MINOR_DIGITS:
        shown = judge.ask("amount", units=str(units), currency=currency, language="en")
        assert shown == f"{amount_for_people(units, currency, read_locale('en'))} {currency}"


@pytest.mark.parametrize(
    "language", "ru kk ky uz tg az ka mn tr ar-EG fa ur hi bn ne my th vi id ms sw am fr zh".split()
)
def test_amounts_are_written_as_the_other_reading_of_cldr_writes_them(judge, language):
    for units in (0, 1, 12_345, 123_456_789, UNITS_MAX):
        shown = judge.ask("amount", units=str(units), currency="IQD", language=language)
        assert shown == f"{amount_for_people(units, 'IQD', read_locale(language))} IQD"


@pytest.mark.parametrize("vector", FILE["texts"], ids=title)
def test_python_reads_the_published_texts_as_they_say(vector):
    assert vector_vouchers.judge_text(vector["text"]) == said(vector)
