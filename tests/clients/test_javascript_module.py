"""What the JavaScript module does beside the vectors: keys, passkeys, trust; and how big it is."""

from __future__ import annotations

import json
import re
import subprocess
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from sogdia.client.proofs import SandboxRefused, Trusted, trusted_by_genesis, trusted_to_json
from sogdia.kernel.header import Validator
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import Ledger, genesis
from tests.clients import node_js
from tests.clients.node_js import Wrong, given
from tools import javascript_bundle

pytestmark = pytest.mark.real("Node.js")

NETWORK = bytes(range(32))

# RFC 6979, A.2.5: the key and the signature with SHA-256 over the message "sample".
P256_KEY = "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
P256_R = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
P256_S = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def der(*numbers: int) -> bytes:
    """Write an ECDSA signature as passkeys do."""
    row = b""
    for number in numbers:
        content = number.to_bytes(number.bit_length() // 8 + 1, "big")
        row += b"\x02" + bytes((len(content),)) + content
    return b"\x30" + bytes((len(row),)) + row


def raw(*numbers: int) -> bytes:
    """Write an ECDSA signature as it stands on the wire."""
    return b"".join(number.to_bytes(32, "big") for number in numbers)


# -------------------------------------------------------------------------------------------------------------- size


def test_the_made_files_are_what_the_tool_writes():
    for path, text in javascript_bundle.build().items():
        assert path.read_text("utf-8") == text, "run `python -m tools.javascript_bundle`"


def test_the_one_file_is_smaller_than_twelve_thousand_bytes_when_compressed():
    answer = subprocess.run(["gzip", "-9", "-c", javascript_bundle.BUNDLE], capture_output=True, check=True)

    assert 5_000 < len(answer.stdout) < javascript_bundle.COMPRESSED_BYTES_MAX == 12_000


def test_the_page_is_smaller_than_thirteen_thousand_bytes_when_compressed():
    assert javascript_bundle.compressed_bytes(javascript_bundle.page()) < javascript_bundle.PAGE_BYTES_MAX == 13_000


def test_the_module_depends_on_nothing():
    package = json.loads((node_js.FOLDER / "package.json").read_text("utf-8"))
    imported = [
        name
        for path in (node_js.FOLDER / "src").glob("*.js")
        for name in re.findall(r'(?:from|import\()\s*"([^"]+)"', path.read_text("utf-8"))
    ]

    assert "dependencies" not in package
    assert all(name.startswith("./") for name in imported)


def test_squeezing_leaves_texts_and_patterns_as_they_are():
    text = 'const a = "b  // c", // d\n  e = /[/"]  x/u.test(`f  ${a} /* g */`), h = [1, 2,\n];\nreturn a + +e;\n'

    assert javascript_bundle.squeezed(text) == (
        'const a="b  // c",e=/[/"]  x/u.test(`f  ${a} /* g */`),h=[1,2];return a+ +e;'
    )


# -------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 512, 70_000])
def test_sha_256_is_that_of_the_standard(judge, size):
    row = bytes(count * 7 % 256 for count in range(size))

    assert judge.ask("sha256", rows=[row[:40].hex(), row[40:].hex()]) == sha256(row).hexdigest()


@pytest.mark.parametrize("s", [P256_S, P256_ORDER - P256_S], ids=["high", "low"])
def test_a_p256_signature_is_accepted_with_either_s(judge, s):
    parts = {"scheme": "2", "key": P256_KEY, "message": b"sample".hex()}

    assert judge.ask("verify", **parts, signature=raw(P256_R, s).hex())
    assert not judge.ask("verify", **parts, signature=raw(P256_R, s ^ 1).hex())
    assert not judge.ask("verify", **{**parts, "message": b"Sample".hex()}, signature=raw(P256_R, s).hex())


@pytest.mark.parametrize(
    "key",
    [
        "02" + P256_KEY[2:],  # the other point with this x
        "04" + P256_KEY[2:],
        P256_KEY[:-2],
        P256_KEY + "00",
        "03" + "ff" * 32,
        "03" + (0).to_bytes(31, "big").hex() + "01",
    ],
)
def test_another_spelling_of_a_p256_key_is_no_key_of_the_signature(judge, key):
    assert not judge.ask("verify", scheme="2", key=key, message=b"sample".hex(), signature=raw(P256_R, P256_S).hex())


def test_an_envelope_signed_with_a_new_p256_key_holds_under_it(judge):
    sender = {"account": bytes(20).hex(), "key_number": "3"}
    operation = [{"number": "303"}, {"number": "0"}, None, {"number": "1"}]

    made = given(
        judge.ask(
            "make",
            network=NETWORK.hex(),
            senders=[sender],
            operations=[operation],
            expiry="1700003600",
            not_before=None,
            after=[],
            salt=None,
        )
    )

    (key,) = made["keys"]
    parts = {"raw": made["raw"].hex(), "network": NETWORK.hex()}
    body, ((scheme, _value, extra),) = msgspec.msgpack.decode(made["raw"])
    assert (scheme, extra, len(key), body[5]) == (2, None, 33, [[bytes(20), 3]])
    assert given(judge.ask("envelope", **parts, keys=[key.hex()])) == {"id": made["id"]}
    with pytest.raises(Wrong, match="not by the key"):
        judge.ask("envelope", **parts, keys=[P256_KEY])


@pytest.mark.parametrize("numbers", [(P256_R, P256_S), (1, 2), (2**255, 127), (128, 2**248 - 1)])
def test_a_passkey_s_answer_becomes_a_signature_of_the_wire(judge, numbers):
    shown, said = bytes(37), b'{"type":"webauthn.get"}'

    signed = given(
        judge.ask("passkey", authenticator_data=shown.hex(), client_data=said.hex(), signature=der(*numbers).hex())
    )

    assert signed == {"value": raw(*numbers), "extra": (37).to_bytes(2, "big") + shown + said}


@pytest.mark.parametrize(
    "signature",
    [b"", der(1, 2)[:-1], der(1, 2) + b"\x00", der(1), der(1, 2, 3), der(2**256, 1), b"\x31" + der(1, 2)[1:]],
)
def test_a_passkey_s_answer_that_is_no_signature_is_refused(judge, signature):
    with pytest.raises(Wrong, match="no ECDSA signature"):
        judge.ask("passkey", authenticator_data="00" * 37, client_data="7b7d", signature=signature.hex())


def test_a_passkey_s_answer_may_have_1024_bytes_with_its_length_and_no_more(judge):
    def answer(size: int) -> dict[str, str]:
        return {"authenticator_data": "00" * 37, "client_data": "20" * (size - 39), "signature": der(1, 2).hex()}

    assert len(given(judge.ask("passkey", **answer(1_024)))["extra"]) == 1_024
    with pytest.raises(Wrong, match="has 1025 bytes; the ledger takes at most 1024"):
        judge.ask("passkey", **answer(1_025))


def test_the_message_that_proves_a_new_key_names_network_account_number_scheme_and_key(judge):
    account, key = b"\x07" * 20, b"\x09" * 33

    message = judge.ask(
        "key_proof", network=NETWORK.hex(), account=account.hex(), key_number="258", scheme="2", key=key.hex()
    )

    assert message == sha256(b"sogdia/key" + NETWORK + account + b"\x01\x02" + b"\x02" + key).hexdigest()


def test_an_account_is_derived_as_the_ledger_does(judge):
    for registrar in (NO_ACCOUNT, b"\x05" * 20):
        found = judge.ask("account", network=NETWORK.hex(), registrar=registrar.hex(), reference="nairobi")

        assert found == account_of(NETWORK, registrar, "nairobi").hex()


# ------------------------------------------------------------------------------------------------------------- trust


def trust_of(answer: Any) -> Trusted:  # noqa: ANN401 - as it comes from the module
    told = given(answer)
    validators = tuple(Validator(each["publicKey"], each["weight"]) for each in told["validators"])
    return Trusted(network=told["network"], validators=validators, since=told["since"])


@pytest.mark.parametrize("indent", [False, True])
def test_a_genesis_is_trusted_as_by_the_python_client(judge, indent):
    made = genesis()
    text = msgspec.json.encode(made)

    found = judge.ask("genesis", text=(msgspec.json.format(text) if indent else text).decode())

    assert trust_of(found) == trusted_by_genesis(made)
    assert (given(found)["time"], found["engine"]) == (made.time, made.engine)


@pytest.mark.parametrize("name", ["sandbox", "Sandbox of Almaty", "SANDBOX-2"])
def test_the_genesis_of_a_sandbox_is_trusted_only_by_who_means_a_trial_as_by_the_python_client(judge, name):
    made = msgspec.structs.replace(genesis(), name=name)
    text = msgspec.json.encode(made).decode()

    with pytest.raises(Wrong, match="SandboxRefused: "):
        judge.ask("genesis", text=text)
    with pytest.raises(SandboxRefused):
        trusted_by_genesis(made)

    assert trust_of(judge.ask("genesis", text=text, sandbox=True)) == trusted_by_genesis(made, sandbox=True)


@pytest.mark.parametrize("name", ["sandbo", "a sandbox", "sand box"])
def test_a_network_that_is_not_called_a_sandbox_is_trusted_by_both(judge, name):
    made = msgspec.structs.replace(genesis(), name=name)

    assert trust_of(judge.ask("genesis", text=msgspec.json.encode(made).decode())) == trusted_by_genesis(made)


def test_a_genesis_with_an_amount_beyond_53_bits_is_another_network_with_one_unit_more(judge):
    def network(amount: int) -> bytes:
        text = f'{{"name":"\\"n12\\"","validators":[["{"ab" * 32}",1]],"a":[true,null,-1],"b":{{"units":{amount}}}}}'
        built = msgspec.json.decode(text)
        found: bytes = given(judge.ask("genesis", text=text))["network"]
        spelled = msgspec.msgpack.Encoder(order="deterministic").encode(built)
        assert found == sha256(b"sogdia/genesis" + spelled).digest()
        return found

    assert network(2**53) != network(2**53 + 1) != network(2**62 - 1)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"validators":[]}', '{"validators":[["00",1]]}', '{"validators":[1]}', "1.5", "1e3", "01"],
)
def test_a_text_that_is_no_genesis_says_so(judge, text):
    with pytest.raises(Wrong, match="Malformed: "):
        judge.ask("genesis", text=text)


def test_a_file_of_trusted_keys_is_read_as_by_the_python_client(judge):
    trusted = Trusted(network=NETWORK, validators=(Validator(b"\x01" * 32, 1), Validator(b"\x02" * 32, 5)), since=77)

    assert trust_of(judge.ask("trust_file", text=trusted_to_json(trusted))) == trusted
    with pytest.raises(Wrong, match="Malformed: "):
        judge.ask("trust_file", text=trusted_to_json(trusted).replace("77", "0"))


def test_a_receipt_is_read(judge):
    ledger = Ledger()
    asked = Transfer(to=ledger.account("bukhara"), asset=ledger.asset(), units=5, purpose="GDDS", end_to_end="x")
    ledger.block(ledger.sign("nairobi", asked))
    (result,) = ledger.last_block.all_results()
    receipt = msgspec.msgpack.decode(result.receipt)

    told = given(judge.ask("receipt", raw=result.receipt.hex()))

    assert (told["code"], told["operation"], told["events"]) == (receipt[0], receipt[1], receipt[3])
    assert [[fact["name"], fact["value"]] for fact in told["facts"]] == receipt[2]
    assert receipt[0] != 0


# ------------------------------------------------------------------------------------------------------------ limits


@pytest.mark.parametrize(("size", "fault"), [(65_536, "ENVELOPE_MALFORMED"), (65_537, "ENVELOPE_TOO_LARGE")])
def test_an_envelope_may_have_65536_bytes_and_no_more(judge, size, fault):
    with pytest.raises(Wrong) as wrong:
        judge.ask("envelope", raw="00" * size, network=NETWORK.hex(), keys=[])

    assert wrong.value.fault == fault


@pytest.mark.parametrize(("size", "words"), [(4 * 2**20, "Not the canonical form"), (4 * 2**20 + 1, "at most 4194304")])
def test_a_proof_may_have_four_mebibytes_and_no_more(judge, size, words):
    trusted = {"network": NETWORK.hex(), "validators": [["00" * 32, 1]], "since": 1}

    with pytest.raises(Wrong, match=words) as wrong:
        judge.ask("proof", raw="00" * size, trusted=trusted)

    assert wrong.value.fault == "form"


def test_values_are_nested_32_deep_and_no_deeper(judge):
    assert judge.ask("decode", raw="91" * 31 + "c0")["again"] == "91" * 31 + "c0"

    with pytest.raises(Wrong, match="nested more than 32 deep"):
        judge.ask("decode", raw="91" * 32 + "c0")
    with pytest.raises(Wrong, match="nested more than 32 deep"):
        judge.ask("decode", raw="91" * 1_000_000)
