"""Sending from JavaScript to a ledger behind HTTP, and the guide: its example runs as it stands."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sogdia.client.codes import account_code
from sogdia.client.envelopes import Signed
from sogdia.client.proofs import proof_bytes
from sogdia.kernel.parameters import Limits
from sogdia.kernel.refusal import Refused
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.records import BALANCES
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import keys_of
from tests.clients import node_js
from tests.clients.node_js import Wrong, given
from tools.vector_ledger import SealedLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.real("Node.js")

GUIDE = node_js.ROOT / "docs" / "guides" / "javascript.md"


class Door(BaseHTTPRequestHandler):
    """Takes envelopes over HTTP for a ledger in memory, and puts the proof of each receipt into a folder."""

    sealed: SealedLedger
    folder: Path

    def do_POST(self) -> None:
        """Apply the envelope, or say why not."""
        raw_envelope = self.rfile.read(int(self.headers["content-length"]))
        ledger = self.sealed.ledger
        if self.path != "/v1/envelopes":
            self._answer(404, "application/problem+json", {"title": f"There is nothing at {self.path}"})
            return
        try:
            opened = ledger.maker.codec.open(raw_envelope, Limits())
            self.sealed.block(Signed(opened.raw, opened.id, opened.body.expiry))
        except (Refused, ValueError) as refused:
            self._answer(422, "application/problem+json", {"title": "Not admissible", "detail": str(refused)})
            return
        height = len(self.sealed.blocks)
        self.sealed.block()
        proof = self.sealed.prove_receipt(height, 0, whole=True)
        (self.folder / "payment.proof").write_bytes(proof_bytes(proof))
        self._answer(200, "application/json", {"id": opened.id.hex(), "height": height, "units": 2**53 + 1})

    def _answer(self, status: int, kind: str, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing: the test looks at the answers."""


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[SealedLedger, str]]:
    """A ledger behind HTTP in which Nairobi has money, by today's clock; and its address."""
    sealed = SealedLedger()
    ledger = sealed.ledger
    ledger.time = int(time.time())
    sealed.block(ledger.sign("bank", Mint(currency="USD", to=ledger.account("nairobi"), units=90_000)))
    handler = type("ThisDoor", (Door,), {"sealed": sealed, "folder": tmp_path})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield sealed, f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            serving.join()


def blocks_of_the_guide() -> list[str]:
    return re.findall(r"^```js\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_guide_s_example_pays_and_checks_the_proof(node, door, tmp_path):
    sealed, address = door
    example = blocks_of_the_guide()[0]
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "sogdia").symlink_to(node_js.FOLDER)
    (tmp_path / "pay.mjs").write_text(example, "utf-8")
    (tmp_path / "genesis.json").write_bytes(msgspec.json.encode(sealed.ledger.genesis))
    (tmp_path / "payer.seed").write_text(keys_of("nairobi").seed.hex() + "\n", "utf-8")
    for name, party in (("payee", "bukhara"), ("issuer", "bank")):
        (tmp_path / f"{name}.txt").write_text(account_code(sealed.ledger.account(party)) + "\n", "utf-8")

    answer = subprocess.run(
        [node, "pay.mjs", address], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )

    assert answer.returncode == 0, answer.stderr
    signed, ended = answer.stdout.splitlines()
    identity = signed.removeprefix("signed ")
    assert ended == f"{identity} ended with code 0 at height 2"
    assert (
        BALANCES.must(sealed.ledger.state, (sealed.ledger.account("bukhara"), sealed.ledger.asset())).available
        == 12_500
    )


def test_what_a_node_answers_comes_with_whole_numbers_or_as_an_error(judge, door):
    sealed, address = door
    ledger = sealed.ledger
    asked = Transfer(to=ledger.account("bukhara"), asset=ledger.asset(), units=5, purpose="GDDS", end_to_end="x")
    signed = ledger.sign("nairobi", asked)

    taken = given(judge.ask("send", address=address, raw=signed.raw.hex()))

    assert taken == {"id": signed.id.hex(), "height": 2, "units": 2**53 + 1}
    with pytest.raises(Wrong, match=r"^NotTaken: The node answered 422: .*not admissible"):
        judge.ask("send", address=address, raw=signed.raw.hex())
    with pytest.raises(Wrong, match="NotTaken: The node answered 404: There is nothing at /elsewhere"):
        judge.ask("send", address=address, raw=signed.raw.hex(), path="elsewhere")


def test_the_guide_names_only_what_the_module_offers():
    offered = set(re.findall(r"\w+", (node_js.FOLDER / "src" / "sogdia.js").read_text("utf-8")))
    text = GUIDE.read_text("utf-8")
    named = {
        name
        for names in re.findall(r'import \{([^}]*)\} from "(?:sogdia|\./sogdia\.min\.js)"', text)
        for name in re.findall(r"\w+", names)
    }
    called = set(re.findall(r"`(?:await )?(\w+)\(", text))

    assert named | called <= offered
    assert len(named | called) > 12
