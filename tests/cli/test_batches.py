"""Envelopes of several operations: all are applied, or none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sogdia.cli.exits import Exit
from sogdia.kernel.envelope import OPERATIONS_MAX

if TYPE_CHECKING:
    from tests.cli.conftest import Said


@pytest.fixture
def batch(sogdia, house, tmp_path):
    """Give what writes operations to a file and asks for them."""

    def ask(operations, *words: str, by: str = "nairobi") -> Said:
        (tmp_path / "batch.json").write_text(json.dumps(operations))
        asked = house.words("tx", "batch", str(tmp_path / "batch.json"), "--from", by, *words, "--json")
        said: Said = sogdia(*asked)
        return said

    return ask


def pay(units, to="bukhara", **more: str):
    """A payment, as it stands in a batch."""
    fields = {"to": to, "asset": "USD@bank", "units": units, "purpose": "GDDS"}
    return {"operation": "transfer", "fields": fields, **more}


def money_of(sogdia, house, who):
    """What somebody has available."""
    found = sogdia(*house.words("query", "balance", who, "USD", "bank", "--json")).document
    return found["answer"]["available"]


def test_all_operations_of_a_batch_are_applied_in_one_envelope(sogdia, house, batch):
    before = money_of(sogdia, house, "nairobi")

    said = batch([pay("1.00 USD"), pay("2.50 USD"), pay(7, to="bank")])

    assert (said.status, said.document["outcome"]) == (Exit.DONE, "applied")
    assert [each["units"] for each in said.document["events"]] == [100, 250, 7]
    assert money_of(sogdia, house, "nairobi") == before - 357


def test_one_refused_operation_takes_the_others_with_it_and_is_named(sogdia, house, batch):
    before = money_of(sogdia, house, "nairobi")

    said = batch([pay("1.00"), pay("99999.00"), pay("1.00")])

    assert (said.status, said.document["refusal"]["name"]) == (Exit.REFUSED, "FUNDS_INSUFFICIENT")
    assert said.document["refusal"]["operation"] == 1
    assert money_of(sogdia, house, "nairobi") == before


def test_a_batch_that_is_tried_changes_nothing(sogdia, house, batch):
    before = money_of(sogdia, house, "nairobi")

    said = batch([pay("1.00"), pay("2.00")], "--dry-run")

    assert (said.document["dry_run"], said.document["outcome"]) == (True, "applied")
    assert money_of(sogdia, house, "nairobi") == before


@pytest.mark.usefixtures("shop")
def test_a_later_operation_builds_on_an_earlier_one(batch):
    listing = {"reference": "jade", "terms": "t", "title": "Jade", "language": "en", "unit": "C62"}
    variant = {"listing": "jade", "variant": 0, "offer": {"price": 1_250}, "stock": 10}

    said = batch(
        [{"operation": "open-listing", "fields": listing}, {"operation": "add-variant", "fields": variant}],
        by="bukhara",
    )

    assert [each["event"] for each in said.document["events"]] == ["ListingOpened", "VariantAdded"]


def test_each_signer_asks_for_its_own(batch):
    theirs = pay("0.40", to="nairobi", by="bukhara")

    said = batch([pay("1.00"), theirs], "--also-signed-by", "bukhara")

    payers = [each["payer"]["hex"] for each in said.document["events"]]
    assert len(set(payers)) == 2
    assert said.document["events"][1]["payee"]["hex"] == payers[0]


def test_an_agent_asks_in_the_name_of_its_grantor(sogdia, house, batch):
    grant = [
        "grant-mandate", "--from", "nairobi", "--reference", "batch", "--agent", "bukhara", "--operations", "transfer",
        "--caps", "USD@bank:500:500", "--period", "30d", "--valid-from", "+0s", "--valid-until", "+30d",
        "--consent-needed", "no",
    ]  # fmt: skip
    assert sogdia(*house.words("tx", *grant)).status == Exit.DONE

    own = batch([pay("1.00")]).document["events"][0]
    said = batch([pay("1.00", mandate="nairobi/batch")], by="bukhara")

    assert said.document["events"] == [own]


def test_a_batch_can_be_written_and_sent_later(sogdia, house, batch, tmp_path):
    written = batch([pay("1.00"), pay("1.00")], "--out", str(tmp_path / "envelope"))

    sent = sogdia(*house.words("tx", "send", str(tmp_path / "envelope"), "--json"))

    assert (written.status, sent.status) == (Exit.DONE, Exit.DONE)
    assert sent.document["id"] == written.document["id"]


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ([], "1 to 16"),
        ({}, "1 to 16"),
        ([pay(1)] * (OPERATIONS_MAX + 1), "1 to 16"),
        (["transfer"], "Operation 1 of the batch is none"),
        ([pay(1), {"operation": "transfer", "fields": {}, "to": "bukhara"}], "Operation 2 of the batch is none"),
        ([pay(1), {"operation": "steal"}], "Operation 2 of the batch: there is no operation 'steal'"),
        ([pay(1), {"operation": "transfer"}], "Operation 2 of the batch: --to is missing"),
        ([pay(1) | {"fields": []}], "Operation 1 of the batch is none"),
        ([pay(1, by="bukhara")], "Operation 1 of the batch is asked by 'bukhara', which does not sign"),
        ([pay(1) | {"by": 1}], "Operation 1 of the batch is none"),
        ([pay(1), pay("1.00 EUR")], "Operation 2 of the batch: --units"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(batch, operations, words):
    said = batch(operations)

    assert said.status == Exit.USAGE
    assert words in said.document["error"]["message"]


def test_as_many_operations_as_an_envelope_holds_can_be_asked_for(batch):
    assert len(batch([pay(1)] * OPERATIONS_MAX).document["events"]) == OPERATIONS_MAX
