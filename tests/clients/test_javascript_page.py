"""The JavaScript module in a real browser: it judges the vectors as they say, and the page says what a proof proves."""

from __future__ import annotations

import base64
import html
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sogdia.kernel.blinding import commitment_to
from sogdia.testing.ledger import genesis
from tests.clients.test_javascript_vectors import FILES
from tools import javascript_bundle, light_vectors, vectors
from tools.vector_ledger import SECRET

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real("Chromium")

JUDGE = """
const trusts = ({ network, validators, since }) => ({
  network: fromHex(network), since: BigInt(since),
  validators: validators.map(([key, weight]) => ({ publicKey: fromHex(key), weight: BigInt(weight) })),
});
const wrong = [];
let count = 0;
for (const [name, { vectors, trusted, network }] of Object.entries(FILES)) {
  for (const vector of vectors) {
    const raw = fromHex(vector.bytes);
    const judged = await (vector.keys
      ? checkEnvelope(raw, fromHex(network), vector.keys.map(fromHex))
      : checkProof(raw, trusts(trusted[vector.trusted]))
    ).then(() => "accept", (error) => (error.fault ? "refuse" : String(error)));
    count++;
    if (judged !== vector.expected) wrong.push([name, vector.name, vector.damage, judged]);
  }
}
document.body.innerHTML = `<pre id="told"></pre>`;
document.getElementById("told").textContent = JSON.stringify({ count, wrong });
"""

LIGHT_JUDGE = """
const { blocks, steps, anchors } = LIGHT;
const { wrong, asked } = { wrong: [], asked: [...steps, ...anchors] };
for (const vector of asked) {
  const now = BigInt(vector.now);
  const bounds = { trustingPeriod: BigInt(vector.trusting_period), clockDrift: BigInt(vector.clock_drift) };
  const begin = ({ network, time, validators, height, hash }) => validators
    ? rootByGenesis({
        network: fromHex(network),
        validators: validators.map(([key, weight]) => ({ publicKey: fromHex(key), weight: BigInt(weight) })),
        since: 1n, time: BigInt(time), engine: "cometbft",
      })
    : rootByHeader(fromHex(network), BigInt(height), fromHex(hash));
  const judged = await (vector.root
    ? checkAnchor(fromHex(vector.bytes), { root: begin(vector.root), blocks: [] }, now, bounds)
    : Promise.resolve().then(() => verifyNext(
        trustIn(readLightBlock(fromHex(blocks[vector.trusted]))),
        readLightBlock(fromHex(blocks[vector.new])), now, bounds))
  ).then(() => undefined, (error) => error.fault ?? String(error));
  if (judged !== vector.fault) wrong.push([vector.name, judged]);
}
document.body.innerHTML = `<pre id="told"></pre>`;
document.getElementById("told").textContent = JSON.stringify({ count: asked.length, wrong });
"""

GENESIS = msgspec.json.encode(genesis(blinding=commitment_to(SECRET)))
CHOOSE = """
<script type="module">
  for (const [id, content] of Object.entries(FILES)) {
    const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    const chosen = new DataTransfer();
    chosen.items.add(new File([bytes], id));
    document.getElementById(id).files = chosen.files;
    document.getElementById(id).dispatchEvent(new Event("change"));
  }
</script>
"""


def seen(chromium: str, folder: Path, page: str, language: str = "en-US") -> str:
    """Open a page from the disk, without a network, and give what it has become."""
    path = folder / "page.html"
    path.write_text(page, "utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom"]
    options += [
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=20000",
        f"--accept-lang={language}",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ]
    answer = subprocess.run(
        [chromium, *options, path.as_uri()], capture_output=True, text=True, check=False, timeout=120
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def said(chromium: str, folder: Path, files: dict[str, bytes]) -> str:
    """Choose files in the page that checks proofs, and give what it says."""
    chosen = json.dumps({name: base64.b64encode(content).decode() for name, content in files.items()})
    page = javascript_bundle.PAGE.read_text("utf-8") + CHOOSE.replace("FILES", chosen)
    (found,) = re.findall(r'<output id="said"[^>]*>(.*?)</output>', seen(chromium, folder, page), re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", found))


def vector_of(file: str, name: str) -> bytes:
    (found,) = (each for each in FILES[file]["vectors"] if each["name"] == name and each["expected"] == "accept")
    return bytes.fromhex(found["bytes"])


def test_the_browser_judges_every_vector_as_it_says(chromium, tmp_path):
    script = javascript_bundle.joined()[0] + JUDGE.replace("FILES", json.dumps(FILES))

    page = seen(chromium, tmp_path, f'<body><script type="module">{script}</script></body>')

    told: dict[str, Any] = json.loads(html.unescape(re.findall(r'<pre id="told">(.*?)</pre>', page)[0]))
    assert told == {"count": sum(len(file["vectors"]) for file in FILES.values()), "wrong": []}


def test_the_browser_judges_every_light_block_and_anchor_as_it_says(chromium, tmp_path):
    light = (vectors.FOLDER / light_vectors.LIGHT_FILE).read_text("utf-8")
    code = javascript_bundle.joined(javascript_bundle.LIGHT_ENTRY)[0]

    page = seen(
        chromium,
        tmp_path,
        f'<body><script type="module">{code}{LIGHT_JUDGE.replace("LIGHT", light, 1)}</script></body>',
    )

    told: dict[str, Any] = json.loads(html.unescape(re.findall(r'<pre id="told">(.*?)</pre>', page)[0]))
    content = json.loads(light)
    assert told == {"count": len(content["steps"]) + len(content["anchors"]), "wrong": []}


@pytest.mark.parametrize(
    ("file", "name", "words"),
    [
        (
            "receipt-proofs",
            "a payment that was applied",
            "It holds. The envelope or exit was applied, at 2023-11",
        ),
        ("receipt-proofs", "a payment that was refused", "was refused with number 310, by its operation 0, at 2023"),
        ("state-proofs", "a balance that is not there", "It holds. There was no record under this key."),
        ("face-proofs", "an order that was settled", "It holds. There was this record. This was still so at 2023"),
        ("history-proofs", "an order that was settled", "These are all 5 steps of its life, and no others."),
    ],
)
def test_the_page_says_in_words_what_is_proved(chromium, tmp_path, file, name, words):
    files = {"trust": GENESIS, "proof": vector_of(file, name)}

    assert words in said(chromium, tmp_path, files)


def test_the_page_says_that_a_damaged_proof_proves_nothing(chromium, tmp_path):
    proof = bytearray(vector_of("state-proofs", "a balance"))
    proof[-1] ^= 1

    told = said(chromium, tmp_path, {"trust": GENESIS, "proof": bytes(proof)})

    assert told.startswith("It does NOT hold: it proves nothing.")
    assert "state root" in told
