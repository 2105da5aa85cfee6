"""Our client and a checker written from the reference alone judge alike: the vectors, and damage at random."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sogdia.client.proofs import check, proof_bytes
from sogdia.kernel import merkle
from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.kernel.parameters import Limits
from sogdia.kernel.proof import PROOF_BYTES_MAX, ProofFault, ProofWrong, decode_proof
from sogdia.modules import ALL
from tests.independent import checker
from tools import vectors

CHECKER = Path(checker.__file__)
WIRE = vectors.WIRE.read_text("utf-8")
NAMES = ("envelopes.json", "face-proofs.json", "history-proofs.json", "receipt-proofs.json", "state-proofs.json")
FILES = {name: json.loads((vectors.FOLDER / name).read_text("utf-8")) for name in NAMES}
CASES = [(name, vector) for name, file in FILES.items() for vector in file["vectors"]]
LINES_MAX = 200
FLIPS, FLIPS_FULL = 100, 5_000


def title(case: dict[str, str] | str) -> str:
    return f"{case['name']}: {case.get('damage', 'whole')}" if isinstance(case, dict) else case


def judged_by_us(file: str, vector: dict[str, Any], raw: bytes) -> dict[str, Any]:
    content = FILES[file]
    if "keys" in vector:
        keys = [bytes.fromhex(key) for key in vector["keys"]]
        judged = vectors.judge_envelope(raw, bytes.fromhex(content["network"]), keys)
    else:
        judged = vectors.judge_proof(raw, vectors.trusted_of(content["trusted"][vector["trusted"]]))
    judged.pop("fault", None)
    return judged


def checker_validators(file: str, vector: dict[str, Any]) -> Any:  # noqa: ANN401 - the checker has no types
    pairs = FILES[file]["trusted"][vector["trusted"]]["validators"]
    raw = msgspec.msgpack.encode([(bytes.fromhex(key), weight) for key, weight in pairs])
    return checker.decode(raw, checker.VALIDATORS)


def judged_by_checker(file: str, vector: dict[str, Any], raw: bytes) -> dict[str, Any]:
    content = FILES[file]
    try:
        if "keys" in vector:
            keys = [bytes.fromhex(key) for key in vector["keys"]]
            return {
                "expected": "accept",
                "proves": checker.check_envelope(raw, bytes.fromhex(content["network"]), keys),
            }
        trust = content["trusted"][vector["trusted"]]
        validators = checker_validators(file, vector)
        proves = checker.check_proof(raw, bytes.fromhex(trust["network"]), validators, trust["since"])
    except checker.REFUSALS:
        return {"expected": "refuse"}
    return {"expected": "accept", "proves": proves}


def damaged_at_random(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw))
    match chance.randrange(6):
        case 0 | 1:
            return raw[:at] + bytes((raw[at] ^ 1 << chance.randrange(8),)) + raw[at + 1 :]
        case 2:
            return raw[:at] + chance.randbytes(1) + raw[at + 1 :]
        case 3:
            return raw[:at] + raw[at + 1 :]
        case 4:
            return raw[:at] + chance.randbytes(1) + raw[at:]
        case _:
            end = min(len(raw), at + 32)
            return raw[:at] + raw[end : end + 32] + raw[at:end] + raw[end + 32 :]


@pytest.mark.parametrize(("file", "vector"), CASES, ids=title)
def test_client_and_checker_judge_a_vector_as_it_says(file, vector):
    raw = bytes.fromhex(vector["bytes"])
    expected = {name: vector[name] for name in ("expected", "proves") if name in vector}

    assert judged_by_us(file, vector, raw) == expected
    assert judged_by_checker(file, vector, raw) == expected


@pytest.mark.parametrize("file", FILES)
def test_client_and_checker_judge_random_damage_alike(file, rotation, full_run):
    chance = random.Random(f"{rotation} {file}")
    whole = [vector for vector in FILES[file]["vectors"] if vector["expected"] == "accept"]

    for vector in whole:
        for _ in range(FLIPS_FULL if full_run else FLIPS):
            raw = damaged_at_random(bytes.fromhex(vector["bytes"]), chance)
            ours, theirs = judged_by_us(file, vector, raw), judged_by_checker(file, vector, raw)

            assert ours == theirs, f"{title(vector)}, seed {rotation}: {raw.hex()}"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("envelopes.json", "a payment"),
        ("state-proofs.json", "a balance"),
        ("receipt-proofs.json", "a payment, by its receipt alone"),
        ("history-proofs.json", "a hold"),
        ("history-proofs.json", "an order that is under way, by its face"),
        ("state-proofs.json", "an order that was settled, whole"),
        ("face-proofs.json", "an order that was settled"),
    ],
)
def test_no_flipped_bit_makes_a_proof_of_something_else(file, name):
    (vector,) = (each for each in FILES[file]["vectors"] if each["name"] == name and each["expected"] == "accept")
    whole = bytes.fromhex(vector["bytes"])

    for at in range(len(whole)):
        raw = whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :]
        ours, theirs = judged_by_us(file, vector, raw), judged_by_checker(file, vector, raw)

        assert ours == theirs
        # Index and size of a place lay its neighbours out and prove nothing; all else is bound by a hash.
        assert ours["expected"] == "refuse" or ours["proves"] == vector["proves"], f"byte {at}"


def test_client_and_checker_find_the_same_root_of_any_list(rotation):
    chance = random.Random(rotation)
    for _ in range(400):
        leaves = [chance.randbytes(64) for _ in range(chance.randint(1, 40))]
        index = chance.randrange(len(leaves))
        path = merkle.path(leaves, index)
        shown = chance.choice([(index, len(leaves)), (chance.randrange(50), chance.randint(1, 50))])

        ours = merkle.root_from_path(leaves[index], *shown, path)
        try:
            theirs = checker.root_of(leaves[index], (*shown, path))
        except checker.Wrong:
            theirs = None

        assert ours == theirs
        assert shown != (index, len(leaves)) or ours == merkle.root(leaves)


def test_a_proof_that_is_too_long_is_refused_for_that():
    file = "receipt-proofs.json"
    (short,) = (each for each in FILES[file]["vectors"] if each["name"] == "a payment, by its receipt alone")
    proof = decode_proof(bytes.fromhex(short["bytes"]))
    head = len(proof_bytes(msgspec.structs.replace(proof, receipt=bytes(2**16)))) - 2**16
    trusted = vectors.trusted_of(FILES[file]["trusted"]["genesis"])

    def fault(size: int) -> tuple[str, str]:
        raw = proof_bytes(msgspec.structs.replace(proof, receipt=bytes(size - head)))
        with pytest.raises(ProofWrong) as ours:
            check(raw, trusted)
        with pytest.raises(checker.Wrong) as theirs:
            checker.check_proof(raw, trusted.network, checker_validators(file, short), 1)
        return str(ours.value.fault), str(theirs.value)

    assert fault(PROOF_BYTES_MAX) == ("results root", "another results root")
    assert fault(PROOF_BYTES_MAX + 1) == ("form", "too long")


@pytest.mark.parametrize("size", [1, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 62, 63])
def test_both_spell_numbers_texts_and_lists_alike(size):
    edge = 2**size
    value = [edge - 1, edge, -edge, -edge - 1 if size < 63 else 0, [0] * size, "Ж" * size, b"\x00" * size, None, True]

    found, _end = checker.read(msgspec.msgpack.encode(value), 0)

    assert found == value


def test_the_checker_knows_nothing_of_our_code_and_is_short():
    source = CHECKER.read_text("utf-8")
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name for node in imports if isinstance(node, ast.Import) for name in node.names}
    names |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}

    assert names <= {"hashlib", "struct", "typing", "nacl.exceptions", "nacl.signing"}
    assert len(source.splitlines()) < LINES_MAX


def test_every_part_of_a_proof_is_damaged_in_some_vector():
    faults = {vector["fault"] for name, vector in CASES if name != "envelopes.json" and vector["expected"] == "refuse"}

    assert faults == {str(fault) for fault in ProofFault}


def test_the_vectors_and_the_worked_example_are_what_the_tool_writes():
    for path, text in vectors.build().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `python -m tools.vectors`"


def test_the_worked_example_is_made_of_vectors():
    blocks = [block.partition("\n```")[0] for block in WIRE.split("```text\n")[1:]]
    envelope, _stored, bucket, proof = (
        "".join(line.partition("#")[0].strip() for line in b.splitlines()) for b in blocks
    )
    by_name = {vector["name"]: vector["bytes"] for _file, vector in CASES if vector["expected"] == "accept"}

    assert envelope == by_name["a payment"]
    assert proof == by_name["a balance"]
    assert bucket in proof


def test_the_reference_lists_every_table():
    rows = [line.split("|") for line in WIRE.split("| Table | Name | Key |")[1].split("\n\n")[0].splitlines()[2:]]
    listed = {(int(row[1]), row[2].strip()) for row in rows}

    tables = (*KERNEL_TABLES, *(table for module in ALL for table in module.tables))
    assert listed == {(table.number, table.name) for table in tables}


def test_the_reference_gives_the_limits_that_hold_by_default():
    rows = [line.split("|") for line in WIRE.split("| Limit | Value |")[1].split("\n\n")[0].splitlines()[2:]]
    given = [int(row[2].replace(",", "").replace(" s", "")) for row in rows]

    assert given == list(msgspec.to_builtins(Limits()).values())
