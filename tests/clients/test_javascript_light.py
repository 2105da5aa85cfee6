"""The JavaScript light client judges as the Python one does: cases, published vectors, damaged light blocks."""

from __future__ import annotations

import json
import random
import re
import subprocess
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from sogdia.client.light.anchor import check_anchor, read_anchor
from sogdia.client.light.store import LightStore, save_store
from sogdia.client.light.verify import Bounds, LightWrong, reach, read_light_block, trust_in, verify_next
from sogdia.kernel.codec import encode
from sogdia.kernel.comet import app_hash
from sogdia.kernel.proof import StateProof
from tests.clients import node_js
from tests.clients.node_js import Judge, Wrong
from tools import javascript_bundle, light_vectors, vectors
from tools.light_anchors import GENESIS, NETWORK, ROOT, STATE, anchor, anchor_cases, block
from tools.light_cases import BOUNDS, NOW, Case, cases
from tools.light_made import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.light_anchors import AnchorCase

pytestmark = pytest.mark.real("Node.js")

FILE = json.loads((vectors.FOLDER / light_vectors.LIGHT_FILE).read_text("utf-8"))
CASES = cases()
ALTERED, ALTERED_FULL = 300, 20_000


@pytest.fixture(scope="module", params=[node_js.LIGHT_SOURCE, node_js.LIGHT_BUNDLE], ids=["sources", "one file"])
def light(request: pytest.FixtureRequest, node: str) -> Iterator[Judge]:
    """Node.js with the light client: once with its sources, once with all of it in one file."""
    with Judge(node, request.param, node_js.LIGHT_JUDGE) as running:
        yield running


def bounds(given: Bounds) -> dict[str, str]:
    return {"trusting_period": str(given.trusting_period), "clock_drift": str(given.clock_drift)}


def judged(light: Judge, question: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - of any question
    try:
        return {"expected": "accept", "proves": light.ask(question, **parts)}
    except Wrong as wrong:
        if wrong.name != "LightWrong":
            raise  # the module stumbled, which is not the same as refusing
        return {"expected": "refuse", "fault": wrong.fault}


def step(light: Judge, case: Case, raw: bytes | None = None) -> dict[str, Any]:
    parts = {"trusted": encode(case.trusted).hex(), "raw": (raw or encode(case.new)).hex(), "now": str(case.now)}
    return judged(light, "step", **parts, **bounds(case.bounds))


def test_every_step_is_judged_as_by_the_python_client(light):
    for case in CASES:
        assert step(light, case) == light_vectors.judge_step(case), case.name


def test_the_published_steps_are_judged_as_they_say(light):
    for vector in FILE["steps"]:
        trusted, raw = FILE["blocks"][vector["trusted"]], FILE["blocks"][vector["new"]]
        names = ("now", "trusting_period", "clock_drift")
        found = judged(light, "step", trusted=trusted, raw=raw, **{name: vector[name] for name in names})

        assert found == {name: vector[name] for name in ("expected", "proves", "fault") if name in vector}, vector
        assert vector["cometbft"] == "accept" or vector["expected"] == "refuse"


def named(proves: dict[str, Any]) -> dict[str, Any]:
    names = {"stateRoot": "state_root", "resultsHeight": "results_height", "resultsRoot": "results_root"}
    return {names.get(name, name): value for name, value in proves["roots"].items()}


def test_the_published_anchors_are_judged_as_they_say(light):
    for vector in FILE["anchors"]:
        names = ("root", "now", "trusting_period", "clock_drift")
        found = judged(light, "anchor", raw=vector["bytes"], **{name: vector[name] for name in names})
        if "proves" in found:
            found["proves"] = named(found["proves"])

        assert found == {name: vector[name] for name in ("expected", "proves", "fault") if name in vector}, vector


def altered(raw: bytes, chance: random.Random) -> bytes:
    """Alter, take out or put in one to three bytes."""
    row = bytearray(raw)
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(row))
        kind = chance.randrange(10)
        if kind == 0:
            del row[place]
        elif kind == 1:
            row.insert(place, chance.randrange(256))
        else:
            row[place] = chance.choice((row[place] ^ 1, row[place] ^ 0x80, chance.randrange(256)))
    return bytes(row)


def ours(case: Case, raw: bytes) -> dict[str, Any]:
    try:
        trust = verify_next(trust_in(case.trusted), read_light_block(raw), case.now, case.bounds)
    except LightWrong as wrong:
        return {"expected": "refuse", "fault": str(wrong.fault)}
    return {"expected": "accept", "proves": {"height": trust.height, "hash": trust.hash.hex()}}


def test_a_damaged_light_block_is_judged_alike_by_both(light, rotation, full_run):
    chance = random.Random(rotation)
    kept = [case for case in CASES if case.fault is None]

    for _ in range(ALTERED_FULL if full_run else ALTERED):
        case = chance.choice(kept)
        raw = altered(encode(case.new), chance)
        assert step(light, case, raw) == ours(case, raw), raw.hex()


def test_no_byte_of_a_recorded_light_block_can_be_altered(light, rotation):
    blocks = recorded("v0.40")
    case = Case("whole", blocks[44], blocks[47], now=blocks[47].header.time + 10**9, bounds=Bounds())
    raw = encode(case.new)
    assert step(light, case)["expected"] == "accept"

    for place in range(rotation % 3, len(raw), 3):
        other = raw[:place] + bytes((raw[place] ^ 1 << rotation % 8,)) + raw[place + 1 :]
        assert step(light, case, other)["expected"] == "refuse", place


def test_a_damaged_anchor_is_judged_alike_by_both(light, rotation, full_run):
    chance = random.Random(rotation)
    kept = [case for case in anchor_cases() if case.fault is None]

    for _ in range((ALTERED_FULL if full_run else ALTERED) // 5):
        case = chance.choice(kept)
        case = case._replace(raw=altered(case.raw, chance))
        found = judged_anchor(light, case)
        assert found == light_vectors.judge_anchor(case), case.raw.hex()


def judged_anchor(light: Judge, case: AnchorCase) -> dict[str, Any]:
    parts = {"root": light_vectors.root_entry(case.root), "raw": case.raw.hex(), "now": str(case.now)}
    found = judged(light, "anchor", **parts, **bounds(BOUNDS))
    return found | ({"proves": named(found["proves"])} if "proves" in found else {})


def test_both_go_the_same_way_over_a_chain_whose_validators_all_change(light):
    blocks = recorded("v0.40")
    now = blocks[44].header.time + 10**9

    ways = light.ask(
        "reach",
        trusted=encode(blocks[1]).hex(),
        blocks={str(height): encode(each).hex() for height, each in blocks.items()},
        target="44",
        now=str(now),
        **bounds(Bounds()),
    )

    found = reach(trust_in(blocks[1]), blocks[44], now, Bounds(), lambda height, /: blocks[height])
    assert ways == [each.header.height for each in found]


def test_both_write_and_read_the_same_store(light, tmp_path: Path):
    root = light_vectors.root_entry(ROOT)
    store = LightStore(root=ROOT)
    stored = light.ask("root", root=root)
    for height in (5, 9):
        raw = encode(anchor(block(height)))
        store = check_anchor(read_anchor(raw), store, NOW, BOUNDS).store
        stored = light.ask("anchor", root=root, stored=stored, raw=raw.hex(), now=str(NOW), **bounds(BOUNDS))["stored"]

        save_store(tmp_path / "light", store)
        assert (tmp_path / "light").read_bytes().hex() == stored

    forked = encode(anchor(block(9, data_hash=bytes(32)))).hex()
    asked = {"root": root, "raw": forked, "now": str(NOW), **bounds(BOUNDS)}
    assert judged(light, "anchor", stored=stored, **asked) == {"expected": "refuse", "fault": "conflict"}
    for other in (stored[:-2], stored[:-2] + "00", "ff" + stored[2:]):
        assert judged(light, "anchor", stored=other, **asked) == {"expected": "refuse", "fault": "form"}
    elsewhere = light_vectors.root_entry(replace(ROOT, network=NETWORK[::-1]))
    asked["root"] = elsewhere
    assert judged(light, "anchor", stored=stored, **asked) == {"expected": "refuse", "fault": "form"}


def absence(height: int) -> bytes:
    """Prove that an empty ledger holds no record, by a header of the network with the genesis of the tests."""
    state = replace(STATE, state_root=bytes(32))
    target = block(height, app_hash=app_hash(state))
    return encode(StateProof(anchor=anchor(target, state=state), table=1, key=b"", stored=None, entries=b"", levels=()))


def test_the_guide_s_example_checks_a_proof_and_then_starts_from_there(node, tmp_path: Path):
    guide = (node_js.ROOT / "docs" / "guides" / "javascript.md").read_text("utf-8")
    (example,) = re.findall(r"^```js\n([^`]*?sogdia/light.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    imports, rest = example.split("\n\n", 1)
    given = f"""
const genesis = {json.dumps(msgspec.json.encode(GENESIS).decode())};
Date.now = () => {NOW // 10**6};
let kept;
for (const text of {json.dumps([absence(height).hex() for height in (5, 9)])}) {{
  const proof = Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  {rest}
  console.log(found.store.blocks.length);
}}
"""
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "sogdia").symlink_to(node_js.FOLDER)
    (tmp_path / "check.mjs").write_text(imports + given, "utf-8")

    answer = subprocess.run([node, "check.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert re.findall(r"\bheight: (\d+)n|^(\d)$", answer.stdout, re.MULTILINE) == [
        ("4", ""), ("", "1"), ("8", ""), ("", "2"),
    ]  # fmt: skip


def test_the_light_client_is_smaller_than_five_thousand_bytes_when_compressed_and_comes_beside_the_module():
    answer = subprocess.run(["gzip", "-9", "-c", javascript_bundle.LIGHT_BUNDLE], capture_output=True, check=True)
    text = javascript_bundle.LIGHT_BUNDLE.read_text("utf-8")

    assert 3_000 < len(answer.stdout) < javascript_bundle.LIGHT_BYTES_MAX == 5_000
    assert re.findall(r'from"([^"]*)"', text) == ["./sogdia.min.js"]
