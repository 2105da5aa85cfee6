"""Every operation of the ledger can be given completely on the command line, and comes out as it was meant."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec import inspect as types

from sogdia.cli.exits import Exit
from sogdia.client.declared import operations
from sogdia.client.envelopes import EnvelopeMaker
from sogdia.client.keys import derive, save
from sogdia.client.shapes import Shape, fields_of
from sogdia.kernel.genesis import network_of
from sogdia.kernel.parameters import BOUNDS, Limits
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.testing.ledger import genesis, keys_of

TIME = 1_795_000_000
KEY = derive(b"complete", "key").public
OTHER_KEY = derive(b"complete", "other").public

PLAIN: dict[str, Any] = {
    "Account": bytes(range(20)),
    "CountryCode": "KE",
    "CountryOrNone": "UZ",
    "CurrencyCode": "USD",
    "Digits": "",
    "EncryptionPublic": KEY,
    "EndToEnd": "invoice 7",
    "Handle": "silk-road",
    "Kind": 2,
    "Language": "en",
    "Name": bytes(range(20)) + b"o1",
    "ConsentCode": bytes(range(10)),
    "NodeKey": KEY,
    "OperationNumber": 303,
    "Period": 86_400,
    "Proof": bytes(range(64)),
    "PublicKey": KEY,
    "Purpose": "GDDS",
    "Reference": "r1",
    "Roles": 8,
    "Scheme": 1,
    "Title": "Ikat scarf",
    "Unit": "C62",
}
"""A value for each word that not every text or number can stand for."""


def sample(shape: Shape, count: int = 1) -> Any:  # noqa: ANN401, C901, PLR0911 - a value of any shape
    """Make a value of a shape, as plain JSON but for bytes; all that may be there is there."""
    if shape.items is not None and shape.items.word == "Account":
        return [PLAIN["Account"], bytes(range(1, 21))]
    if shape.items is not None and shape.items.word == "TierLimit":
        return [sample(shape.items, count + each) for each in range(4)]
    if shape.items is not None:
        return [in_order(sample(shape.items, count + each), shape.items, each) for each in range(2)]
    if shape.word == "Asset":
        return {"currency": "USD", "issuer": PLAIN["Account"]}
    if shape.struct is not None:
        return {each.name: sample(each.shape, count) for each in fields_of(shape.struct)} | tiers(shape.struct)
    if shape.word in PLAIN:
        return PLAIN[shape.word]
    match shape.kind:
        case types.IntType():
            return min(max(count, shape.kind.ge or 0), shape.kind.le or count)
        case types.StrType():
            return "some text"
        case types.BoolType():
            return True
        case types.BytesType():
            return bytes(shape.kind.max_length or 1)
    raise AssertionError(shape)


def in_order(value: Any, shape: Shape, place: int) -> Any:  # noqa: ANN401 - as above
    """Make the second entry of a list follow the first, where the ledger asks for an order."""
    if place and shape.word == "OperationNumber":
        return value + 1
    if place and shape.word in FOLLOWS:
        return FOLLOWS[shape.word]
    if place and shape.struct is not None:
        return value | {name: other for name, other in LATER.items() if name in value and name == SORTED[shape.word]}
    return value


FOLLOWS = {
    "Account": b"\xff" * 20,
    "Asset": {"currency": "UZS", "issuer": PLAIN["Account"]},
    "CountryCode": "UZ",
    "Name": b"\xff" * 21,
}
SORTED = {
    "NewKey": "public",
    "Cap": "asset",
    "HighValueLimit": "asset",
    "PartyPotential": "account",
    "Payment": "obligation",
    "Shares": "account",
}
LATER = {"public": OTHER_KEY, "asset": b"\xff" * 23, "account": b"\xff" * 20, "obligation": b"\xff" * 21}
"""What stands in the second entry of a list where no two may be the same."""


NAMED: dict[str, Any] = {
    "old": bytes(32),
    "due": 86_400,
    "quote": FOLLOWS["Asset"],
    "takes": {"currency": "KES", "issuer": PLAIN["Account"]},
} | {name: least for name, (least, _most) in BOUNDS.items()}
"""What stands in a field of that name: a key that is not the new one, a payee who does not pay, money that is not
given, a date, limits to be voted."""


def samples_of(declared: type) -> dict[str, Any]:
    """Make a value for every field of an operation; two keys of one operation are two."""
    shapes = {each.name: each.shape for each in fields_of(declared)}
    samples = {name: sample(shape) for name, shape in shapes.items()}
    if "to" in shapes and shapes["to"].word == "Account":
        samples["to"] = FOLLOWS["Account"]
    if declared is PlaceLimitOffer:
        samples |= {"units": 1_000, "price": {"digits": 1, "places": 0}}
    if "cards" in shapes:
        samples["cards"] = samples["cards"][:1]  # of a path of two monies, which has one step
    samples |= {name: value for name, value in NAMED.items() if name in samples}
    if "quote" in shapes and shapes["quote"].word == "CurrencyCode":
        samples["quote"] = "KES"
    return samples


def tiers(struct: type) -> dict[str, Any]:
    """Give prices that fall as quantities rise, where there are any, and vouchers of one share."""
    if struct.__name__ == "Voucher":
        return {"share": 1}
    if struct.__name__ == "RateTerms":
        rate = {"taken": 2_589, "given": 20}
        return {"most": 9, "tiers": [{"units": 1, "rate": rate}, {"units": 2, "rate": rate}]}
    if "carrier_stakes" in {each.name for each in fields_of(struct)}:
        return {"carrier_stakes": 0}
    if struct.__name__ == "Policy":
        return {"panel_needed": 2}
    if struct.__name__ != "Offer":
        return {}
    return {"price": 9, "minimum": 1, "tiers": [{"quantity": 5, "price": 8}, {"quantity": 6, "price": 7}]}


def text_of(value: object) -> str:
    """Write a value as it can be typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, default=bytes.hex) if isinstance(value, dict | list) else json_text(value)


def json_text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def built(shape: Shape, value: Any) -> Any:  # noqa: ANN401 - as above
    """Turn a sample into what the operation holds."""
    if shape.items is not None:
        return tuple(built(shape.items, each) for each in value)
    if shape.struct is not None:
        return shape.struct(**{each.name: built(each.shape, value[each.name]) for each in fields_of(shape.struct)})
    return value


@pytest.fixture
def genesis_file(tmp_path):
    path = tmp_path / "genesis.json"
    path.write_bytes(msgspec.json.encode(genesis()))
    return path


@pytest.fixture
def ring(sogdia, tmp_path):
    sogdia("keys", "new", "someone", "--unprotected", "--keys", tmp_path / "keys")
    return tmp_path / "keys"


def envelope_of(document):
    codec = EnvelopeMaker(network_of(genesis())).codec
    return codec.open(bytes.fromhex(document["envelope"]), Limits())


@pytest.mark.parametrize("name", list(operations()))
def test_an_operation_is_complete_on_the_command_line(sogdia, genesis_file, ring, name):
    declared = operations()[name]
    samples = samples_of(declared)
    options = [word for field, value in samples.items() for word in ("--" + field.replace("_", "-"), text_of(value))]

    said = sogdia(
        "tx", name, "--from", f"someone={bytes(range(20)).hex()}", *options, "--print", "--genesis", genesis_file,
        "--time", TIME, "--expires", "90s", "--key-number", "3", "--keys", ring, "--json",
    )  # fmt: skip

    assert said.status == Exit.DONE, said.err
    envelope = envelope_of(said.document)
    wanted = declared(**{each.name: built(each.shape, samples[each.name]) for each in fields_of(declared)})
    assert envelope.body.operations == (wanted,)
    assert envelope.body.expiry == TIME + 90
    assert envelope.body.signers[0].key == 3
    assert said.document["id"] == envelope.id.hex()


@pytest.mark.parametrize("name", list(operations()))
def test_an_operation_is_complete_in_a_file_of_fields(sogdia, genesis_file, ring, tmp_path, name):
    declared = operations()[name]
    samples = samples_of(declared)
    (tmp_path / "fields.json").write_text(json.dumps(samples, default=bytes.hex), "utf-8")

    said = sogdia(
        "tx", name, "--from", f"someone={bytes(range(20)).hex()}", "--fields", tmp_path / "fields.json", "--print",
        "--genesis", genesis_file, "--time", TIME, "--keys", ring, "--json",
    )  # fmt: skip

    assert said.status == Exit.DONE, said.err
    wanted = declared(**{each.name: built(each.shape, samples[each.name]) for each in fields_of(declared)})
    assert envelope_of(said.document).body.operations == (wanted,)


@pytest.mark.parametrize("name", list(operations()))
@pytest.mark.parametrize("garbage", ["\u202e", "-1", "9" * 30, "[[[[", '{"a": 1}', "@x:::"])
def test_garbage_in_any_field_is_explained_and_never_crashes(sogdia, genesis_file, ring, name, garbage):
    declared = operations()[name]
    for each in fields_of(declared):
        option = f"--{each.name.replace('_', '-')}"

        said = sogdia(
            "tx", name, "--from", f"someone={bytes(range(20)).hex()}", f"{option}={garbage}", "--print",
            "--genesis", genesis_file, "--time", TIME, "--keys", ring,
        )  # fmt: skip

        assert said.status in (Exit.USAGE, Exit.NOT_FOUND, Exit.REFUSED, Exit.DONE)
        assert said.err == "" or said.err.startswith(("sogdia: ", "id "))


def test_no_field_takes_the_name_of_a_common_option():
    for name, declared in operations().items():
        assert {each.name for each in fields_of(declared)}.isdisjoint(
            {"from", "fields", "after", "expires", "out", "genesis", "time", "node", "keys", "json", "print"}
        ), name


def transfer(*words: object) -> list[str]:
    return [
        "tx", "transfer", "--from", f"someone={bytes(range(20)).hex()}", "--to", "@bukhara", "--asset", "USD@bank",
        "--units", "12.50", "--purpose", "gdds", *map(str, words),
    ]  # fmt: skip


def test_an_envelope_can_be_written_for_later(sogdia, genesis_file, ring, tmp_path):
    offline = ["--genesis", genesis_file, "--time", TIME, "--keys", ring]

    as_hex = sogdia(*transfer("--print", *offline))
    as_base64 = sogdia(*transfer("--print", "base64", *offline))
    as_file = sogdia(*transfer("--out", tmp_path / "envelope", *offline))
    again = sogdia(*transfer("--out", tmp_path / "envelope", *offline))

    assert bytes.fromhex(as_hex.out.strip())[0] == 0x92
    assert as_base64.out.strip().startswith("k")
    assert as_file.out == ""
    assert bytes.fromhex((tmp_path / "envelope").read_text("ascii"))[0] == 0x92
    assert again.status == Exit.USAGE


def test_several_sign_one_envelope(sogdia, genesis_file, ring):
    sogdia("keys", "new", "sponsor", "--unprotected", "--keys", ring)

    said = sogdia(
        *transfer("--also-signed-by", "sponsor=@bank", "--print", "--json", "--genesis", genesis_file),
        "--time", TIME, "--keys", ring,
    )  # fmt: skip

    envelope = envelope_of(said.document)
    assert [signer.account for signer in envelope.body.signers] == [bytes(range(20)), account("bank")]
    assert len(envelope.signatures) == 2


def account(reference):
    return account_of(network_of(genesis()), NO_ACCOUNT, reference)


def test_predecessors_and_a_beginning_are_taken_over(sogdia, genesis_file, ring):
    said = sogdia(
        *transfer("--after", f"{'ab' * 32}:{TIME + 9}", "--not-before", "+5m", "--print", "--json"),
        "--genesis", genesis_file, "--time", TIME, "--keys", ring,
    )  # fmt: skip

    body = envelope_of(said.document).body
    assert (body.after[0].id, body.after[0].expiry) == (bytes.fromhex("ab" * 32), TIME + 9)
    assert body.not_before == TIME + 300


@pytest.mark.parametrize(
    ("words", "said_about"),
    [
        (("--dry-run", "--print"), "--dry-run signs nothing"),
        (("--dry-run",), "--genesis works without a node"),
        ((), "--genesis works without a node"),
        (("--print", "--after", "ab"), "is no id"),
        (("--print", "--after", "ab" * 32), "no block has that envelope"),
        (("--print", *(["--after", f"{'ab' * 32}:9"] * 5)), "At most 4"),
        (("--print", "--expires", "soon"), "no length of time"),
        (("--print", "--expires", "99999999999"), "no length of time"),
        (("--print", "--expires", "9999999999"), "ends after 2106"),
        (("--print", "--not-before", "later"), "no moment"),
        (("--print", "--fields", "/nowhere"), "/nowhere"),
        (("--print", "--end-to-end", "x" * 36), "0 to 35"),
        (("--print", "--also-signed-by", "nobody"), "no key 'nobody'"),
        (("--print", "--units", "0"), "runs from 1"),
    ],
)
def test_what_contradicts_itself_or_passes_a_limit_is_explained(sogdia, genesis_file, ring, words, said_about):
    said = sogdia(*transfer(*words), "--genesis", genesis_file, "--time", TIME, "--keys", ring)

    assert said.status in (Exit.USAGE, Exit.NOT_FOUND)
    assert said_about in said.err


def test_a_rule_of_the_fields_refuses_with_its_number_before_anything_is_signed(sogdia, genesis_file, ring):
    said = sogdia(
        *transfer("--end-to-end", "a\u202eb", "--print", "--json"), "--genesis", genesis_file, "--time", TIME,
        "--keys", ring,
    )  # fmt: skip

    assert said.status == Exit.REFUSED
    assert said.document["error"]["refusal"]["number"] == 322


def test_whose_key_it_is_must_be_known(sogdia, genesis_file, ring):
    words = [word if not word.startswith("someone=") else "someone" for word in transfer("--print")]

    said = sogdia(*words, "--genesis", genesis_file, "--time", TIME, "--keys", ring)

    assert said.status == Exit.USAGE
    assert "sogdia keys assign someone ACCOUNT" in said.err


def test_a_key_called_like_a_party_of_the_genesis_signs_for_it_when_it_is_its_key(sogdia, genesis_file, ring):
    save(ring / "bukhara.key", keys_of("bukhara"), "", unprotected=True)
    words = [word if not word.startswith("someone=") else "bukhara" for word in transfer("--print", "--json")]

    said = sogdia(*words, "--genesis", genesis_file, "--time", TIME, "--keys", ring)

    assert envelope_of(said.document).body.signers[0].account == account("bukhara")


def test_without_a_moment_a_clock_moved_by_hand_is_not_guessed(sogdia, genesis_file, ring):
    said = sogdia(*transfer("--print"), "--genesis", genesis_file, "--keys", ring)

    assert said.status == Exit.USAGE
    assert "--time" in said.err


def test_a_key_with_a_passphrase_signs_when_it_is_given(sogdia, genesis_file, ring, monkeypatch):
    monkeypatch.setenv("SOGDIA_PASSPHRASE", "silk")
    sogdia("keys", "new", "kept", "--keys", ring)
    words = [word.replace("someone", "kept") for word in transfer("--print")]
    offline = ["--genesis", genesis_file, "--time", TIME, "--keys", ring]

    right = sogdia(*words, *offline)
    monkeypatch.setenv("SOGDIA_PASSPHRASE", "paper")
    wrong = sogdia(*words, *offline)
    monkeypatch.delenv("SOGDIA_PASSPHRASE")
    missing = sogdia(*words, *offline)

    assert right.status == Exit.DONE
    assert wrong.status == Exit.USAGE
    assert "passphrase" in wrong.err
    assert "SOGDIA_PASSPHRASE" in missing.err
