"""Writes docs/reference/vectors, and the worked example in docs/reference/wire.md: the same bytes every time.

    python -m tools.vectors            write them
    python -m tools.vectors --check    say which of them are not what this version would write

Whoever writes a second implementation must accept each vector that says so and refuse every other. What was damaged
stands beside it; which part our own client complained of does too, but another may complain of another part.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from sogdia.client.keys import derive
from sogdia.client.proofs import Trusted, check, own_anchor, proof_bytes, trusted_by_key
from sogdia.kernel.envelope import EnvelopeCodec
from sogdia.kernel.header import Validator
from sogdia.kernel.parameters import Limits
from sogdia.kernel.proof import ProofWrong
from sogdia.kernel.refusal import Refused
from sogdia.kernel.signature import verify
from sogdia.modules import ALL
from sogdia.testing.ledger import SEED, keys_of
from tools import vector_client as client
from tools import vector_damage as damage
from tools import vector_envelopes as envelopes
from tools.light_vectors import LIGHT_FILE, light_text
from tools.network_vectors import NETWORK_FILE, network_text
from tools.vector_example import example, with_example
from tools.vector_signatures import p256_answers, passkey_answers
from tools.vector_story import Story
from tools.vector_verdicts import proves
from tools.vector_vouchers import VOUCHERS_FILE, voucher_vectors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.proof import Proof
    from tools.vector_damage import Damaged

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference" / "vectors"
WIRE = ROOT / "docs" / "reference" / "wire.md"

Vector = dict[str, Any]


class Unexpected(Exception):  # noqa: N818 - reads as what it says
    """Our own client judges a vector otherwise than it was made."""


# ----------------------------------------------------------------------------------------------------------- verdicts


def judge_proof(raw: bytes, trusted: Trusted) -> dict[str, Any]:
    """Let the client judge a proof."""
    try:
        return {"expected": "accept", "proves": proves(check(raw, trusted))}
    except ProofWrong as wrong:
        return {"expected": "refuse", "fault": str(wrong.fault)}


def judge_envelope(raw: bytes, network: bytes, keys: list[bytes]) -> dict[str, Any]:
    """Let the ledger's own reader judge an envelope, and check its signatures with the signers' public keys."""
    codec = EnvelopeCodec(network, tuple(each for module in ALL for each in module.operations))
    try:
        envelope = codec.open(raw, Limits())
    except Refused as refused:
        return {"expected": "refuse", "fault": refused.code.name}
    signed = zip(envelope.signatures, keys, strict=False)
    if len(keys) != len(envelope.signatures) or not all(
        verify(signature.scheme, key, envelope.id, signature.value) for signature, key in signed
    ):
        return {"expected": "refuse", "fault": "SIGNATURE_WRONG"}
    return {"expected": "accept", "proves": {"id": envelope.id.hex()}}


def trusted_of(entry: dict[str, Any]) -> Trusted:
    """Read whom a vector trusts."""
    validators = tuple(Validator(bytes.fromhex(public), power) for public, power in entry["validators"])
    return Trusted(network=bytes.fromhex(entry["network"]), validators=validators, since=entry["since"])


# -------------------------------------------------------------------------------------------------------------- files


class ProofFile:
    """Collects the vectors of one kind of proof."""

    def __init__(self, about: str, trusted: dict[str, Trusted]) -> None:
        """Begin with nothing; `trusted` says by name whom a vector may trust."""
        self._about = about
        self._trusted = trusted
        self._vectors: list[Vector] = []

    def accept(self, name: str, proof: Proof, trusted: str = "genesis") -> None:
        """Add a proof that holds."""
        self._add({"name": name}, proof_bytes(proof), trusted, "accept")

    def refuse(self, name: str, damaged: Iterable[Damaged], trusted: str = "genesis") -> None:
        """Add proofs that do not hold, each with its damage."""
        for what, raw in damaged:
            self._add({"name": name, "damage": what}, raw, trusted, "refuse")

    def _add(self, vector: Vector, raw: bytes, trusted: str, expected: str) -> None:
        judged = judge_proof(raw, self._trusted[trusted])
        if judged["expected"] != expected:
            raise Unexpected(f"{vector}: {judged}")
        self._vectors.append({**vector, "trusted": trusted, "bytes": raw.hex(), **judged})

    def text(self) -> str:
        """Give the file."""
        trusted = {
            name: {
                "network": each.network.hex(),
                "validators": [[validator.public.hex(), validator.power] for validator in each.validators],
                "since": each.since,
            }
            for name, each in self._trusted.items()
        }
        return _text({"about": self._about, "trusted": trusted, "vectors": self._vectors})


def state_file(story: Story) -> str:
    """Write the vectors of state proofs."""
    trusted = story.sealed.trusted
    deep = story.states["a balance below two nodes"]
    moved = story.states["a balance after the node's key changed twice"]
    last = own_anchor(moved).handovers[-1]
    since = own_anchor(deep).header.header.height
    trusts = {
        "genesis": trusted,
        "another network": structs.replace(trusted, network=damage.flipped(trusted.network)),
        "another key": trusted_by_key(trusted.network, keys_of("bank").public),
        "another weight": structs.replace(trusted, validators=(Validator(trusted.validators[0].public, 2),)),
        "two keys": structs.replace(trusted, validators=trusted.validators * 2),
        "the genesis keys from the header's height on": structs.replace(trusted, since=since),
        "the genesis keys from one height later on": structs.replace(trusted, since=since + 1),
        "the genesis keys from the first handover's height on": structs.replace(
            trusted, since=own_anchor(moved).handovers[0].header.header.height
        ),
        "the third key": trusted_by_key(
            trusted.network, last.validators[0].public, since=last.header.header.height + 1
        ),
    }
    file = ProofFile("State proofs: presence and absence of records.", trusts)
    for name, proof in story.states.items():
        file.accept(name, proof)
    file.accept(
        "a balance below two nodes, by the newest trust that fits", deep, "the genesis keys from the header's height on"
    )
    name = "a balance, by one who trusts the first keys for their last header only"
    file.accept(name, moved, "the genesis keys from the first handover's height on")
    file.accept("a balance, by one who has moved on with the keys", moved, "the third key")
    name = "a balance below two nodes"
    whole = [("none: it is the trust that does not fit", proof_bytes(deep))]
    for other in (*list(trusts)[1:5], "the genesis keys from one height later on", "the third key"):
        file.refuse(name, whole, other)
    absent = story.states["no balance in a bucket of others"]
    nothing = "a balance that is not there"
    file.refuse(nothing, damage.damaged_form(proof_bytes(story.states[nothing])))
    file.refuse(nothing, damage.damaged_anchor(story.states[nothing], story.sealed.blocks[0].header))
    file.refuse(name, damage.damaged_state(deep, absent, story.sealed.resign))
    file.refuse(
        "a balance after the node's key changed twice",
        damage.damaged_handovers(moved, keys_of("bank"), derive(SEED, "node", "third")),
    )
    faced = "an order that was settled, whole"
    file.refuse(faced, damage.damaged_faced(story.states[faced], story.sealed.resign))
    return file.text()


def face_file(story: Story) -> str:
    """Write the vectors of face proofs."""
    file = ProofFile("Face proofs: what anybody may see of a record.", {"genesis": story.sealed.trusted})
    for name, proof in story.faces.items():
        file.accept(name, proof)
    ended, open_ = story.faces["an order that was settled"], story.faces["an order that is under way"]
    name = "an order that was settled"
    file.refuse(name, damage.damaged_form(proof_bytes(ended)))
    file.refuse(name, damage.damaged_anchor(ended, story.sealed.blocks[0].header))
    file.refuse(name, damage.damaged_face(ended, open_))
    return file.text()


def receipt_file(story: Story) -> str:
    """Write the vectors of receipt proofs."""
    file = ProofFile("Receipt proofs: how envelopes and exits ended.", {"genesis": story.sealed.trusted})
    for name, proof in story.receipts.items():
        file.accept(name, proof)
    whole = story.receipts["a payment that was applied"]
    refused = story.receipts["a payment that was refused"]
    unsigned = structs.replace(whole, included=None, envelope=_with_other_signature(whole.envelope or b""))
    file.accept("an envelope whose signature nothing proves, since its place in the block is not shown", unsigned)
    alike = structs.replace(refused, place=structs.replace(refused.place, index=6, size=7))
    file.accept("another index and size that lay the neighbours out alike", alike)
    name = "a payment that was applied"
    file.refuse(name, damage.damaged_form(proof_bytes(whole)))
    file.refuse(name, damage.damaged_anchor(whole, story.sealed.blocks[0].header))
    file.refuse(name, damage.damaged_receipt(whole, refused))
    return file.text()


def history_file(story: Story) -> str:
    """Write the vectors of history proofs."""
    file = ProofFile("History proofs: the whole life of a record.", {"genesis": story.sealed.trusted})
    for name, proof in story.histories.items():
        file.accept(name, proof)
    ended, open_ = story.histories["an order that was settled"], story.histories["an order that is under way"]
    name = "an order that was settled"
    file.refuse(name, damage.damaged_form(proof_bytes(ended)))
    file.refuse(name, damage.damaged_history(ended, open_, story.states["no balance in a bucket of others"]))
    return file.text()


def envelope_file(story: Story) -> str:
    """Write the vectors of envelopes."""
    network = story.ledger.network
    names = {story.ledger.account(name): name for name in ("nairobi", "bukhara")}
    vectors: list[Vector] = []

    def add(vector: Vector, raw: bytes, keys: list[bytes], expected: str) -> None:
        judged = judge_envelope(raw, network, keys)
        if judged["expected"] != expected:
            raise Unexpected(f"{vector}: {judged}")
        vectors.append({**vector, "keys": [key.hex() for key in keys], "bytes": raw.hex(), **judged})

    keys_by_name = {}
    for name, signed in story.envelopes.items():
        body, _signatures = msgspec.msgpack.decode(signed.raw)
        keys_by_name[name] = [keys_of(names[account]).public for account, _number in body[5]]
        add({"name": name}, signed.raw, keys_by_name[name], "accept")
    name, two = "a payment", "two signers, an operation each"
    raw = story.envelopes[name].raw
    for what, damaged in envelopes.damaged_on_the_way(raw):
        add({"name": name, "damage": what}, damaged, keys_by_name[name], "refuse")
    for what, damaged in envelopes.damaged_by_two(story.envelopes[two].raw):
        add({"name": two, "damage": what}, damaged, keys_by_name[two], "refuse")
    for what, damaged in envelopes.spelled_longer(
        story.envelopes["a stock counted down"].raw, network, keys_of("bukhara")
    ):
        add({"name": "a stock counted down", "damage": what}, damaged, keys_by_name["a stock counted down"], "refuse")
    for what, damaged in envelopes.damaged_by_the_signer(raw, network, keys_of("nairobi")):
        add({"name": name, "damage": what}, damaged, keys_by_name[name], "refuse")
    add({"name": name, "damage": "none: it is the key that does not fit"}, raw, keys_by_name[two][1:], "refuse")
    add({"name": name, "damage": "none: it is a key too many"}, raw, keys_by_name[name] * 2, "refuse")
    add({"name": name, "damage": "none: it is a key too few"}, raw, [], "refuse")
    about = "Envelopes: their form, their ids, and their signatures under the signers' public keys."
    return _text({"about": about, "network": network.hex(), "vectors": vectors})


def client_files(story: Story) -> dict[str, str]:
    """Write the vectors for clients that build."""
    network = story.ledger.network.hex()
    codec, codes = list(client.codec_vectors()), list(client.code_vectors())
    for vector in codec:
        if client.judge_value(bytes.fromhex(vector["bytes"]))["expected"] != vector["expected"]:
            raise Unexpected(f"{vector}")
    if any(client.judge_code(each["kind"], each["code"])["expected"] != each["expected"] for each in codes):
        raise Unexpected("a code is not read as it was made")
    building, signatures = list(client.building_vectors(story)), list(client.signature_vectors())
    return {
        "codec.json": _text({"about": "Values: their one spelling, and others.", "vectors": codec}),
        "codes.json": _text({"about": "Codes for people, as written and as typed.", "vectors": codes}),
        "building.json": _text(
            {"about": "Envelopes beside all that goes into them.", "network": network, "vectors": building}
        ),
        "signatures.json": _text({"about": "Signatures on which libraries differ.", "vectors": signatures}),
    }


def _with_other_signature(envelope: bytes) -> bytes:
    return envelope[:-2] + bytes((envelope[-2] ^ 1,)) + envelope[-1:]


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1) + "\n"


def build() -> dict[Path, str]:
    """Make all files anew."""
    story = Story()
    return {
        FOLDER / "envelopes.json": envelope_file(story),
        FOLDER / "state-proofs.json": state_file(story),
        FOLDER / "face-proofs.json": face_file(story),
        FOLDER / "receipt-proofs.json": receipt_file(story),
        FOLDER / "history-proofs.json": history_file(story),
        **{FOLDER / name: text for name, text in client_files(story).items()},
        FOLDER / "signatures" / "p256.json": _text(p256_answers()),
        FOLDER / "signatures" / "passkeys.json": _text(passkey_answers()),
        FOLDER / VOUCHERS_FILE: _text(voucher_vectors()),
        FOLDER / LIGHT_FILE: light_text(),
        FOLDER / NETWORK_FILE: network_text(story),
        WIRE: with_example(WIRE.read_text("utf-8"), example(story)),
    }


def main(arguments: list[str]) -> int:
    """Write the files, or say which of them are not up to date."""
    stale = {path: text for path, text in build().items() if not path.is_file() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is not what `python -m tools.vectors` writes")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
