"""Envelopes over HTTP: sent singly or together, built from JSON, sealed, tried, and asked about."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta
from starlette.responses import Response

from sogdia.api.forms import FormWrong, Schemas, read, read_structure
from sogdia.api.problems import Problem, refusal, refused
from sogdia.api.routing import ENVELOPE, MESSAGE_PACK, OCTETS, PROOF, Call, Route, answer, preferences
from sogdia.api.visibility import require
from sogdia.client import questions
from sogdia.client.declared import operations
from sogdia.client.questions import (
    Durable,
    NodeNotRunningError,
    Postponed,
    RefusedByNodeError,
    RequestWrongError,
    TryLaterError,
)
from sogdia.kernel.codec import NOT_DECODABLE, encode
from sogdia.kernel.dry_run import NotAdmissible
from sogdia.kernel.envelope import DOMAIN, NETWORK_BYTES, Body, Predecessor, Signature, Signer
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import Hash, Seconds
from sogdia.modules import ALL

if TYPE_CHECKING:
    from sogdia.api.network import Network
    from sogdia.api.visibility import Visibility
    from sogdia.client.questions import Outcome
    from sogdia.client.who_sees import Reader
    from sogdia.kernel.operation import Operation
    from sogdia.settings.sections import ApiSettings


class _Framed(msgspec.Struct, frozen=True, array_like=True):
    """As much of a signed envelope as says who signs."""

    body: Body


decode_receipt = receipt_decoder(ALL).decode
_split = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw]).decode
_framed = msgspec.msgpack.Decoder(_Framed).decode
_list_of_bytes = msgspec.msgpack.Decoder(list[bytes]).decode
UNDER_WAY_MAX = 2_000
"""Half of what may be under way to the node, so that whoever waits for an answer always finds room."""

LEAVING_BYTES_MAX = 2**20
TURNED_DOWN_MAX = 2_000
WITHOUT_WAITING = "respond-async"
"""The preference (RFC 7240) of whoever asks for the receipt later: 202 says that the API has taken the envelope and
hands it to the node. Nothing of it has been checked but that it is one, and it is in no block yet."""

YesNo = Literal["0", "1"]


class ById(msgspec.Struct, frozen=True):
    """An id, of an envelope or of a deadline's exit."""

    id: Hash


class Proving(msgspec.Struct, frozen=True):
    """Whether to add the proof."""

    prove: YesNo = "0"


class Trying(msgspec.Struct, frozen=True):
    """Whether the signatures count."""

    signed: YesNo = "1"


class ToSeal(msgspec.Struct, frozen=True):
    """A body that was built, and its signatures in the order of its signers."""

    body: Annotated[bytes, Meta(min_length=1, max_length=65_536)]
    signatures: Annotated[tuple[Signature, ...], Meta(min_length=1, max_length=16)]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What an envelope says around its operations."""

    expiry: Seconds
    signers: Annotated[tuple[Signer, ...], Meta(min_length=1, max_length=16)]
    not_before: Seconds | None = None
    after: Annotated[tuple[Predecessor, ...], Meta(max_length=4)] = ()
    salt: Annotated[bytes, Meta(min_length=8, max_length=8)] | None = None


class EnvelopeRoutes:
    """The routes of envelopes."""

    def __init__(self, network: Network, visibility: Visibility, settings: ApiSettings) -> None:
        """Send to the node of `network`."""
        self._network = network
        self._visibility = visibility
        self._settings = settings
        self._under_way: set[bytes] = set()
        self._leaving: list[tuple[bytes, bytes]] = []
        self._leaving_bytes = 0
        self._handing_over: set[asyncio.Task[None]] = set()
        self._turned_down: OrderedDict[bytes, Problem] = OrderedDict()

    def id_of(self, raw: bytes) -> bytes:
        """Give the id of a signed envelope."""
        try:
            body, _signatures = _split(raw)
        except NOT_DECODABLE as error:
            raise refused(KernelRefusal.ENVELOPE_MALFORMED, (("reason", str(error)),)) from error
        return sha256(DOMAIN + self._network.hash + bytes(body)).digest()

    async def submit(self, call: Call) -> Response:
        """Send an envelope; the same bytes again get the same receipt. Who prefers it is answered without waiting."""
        raw: bytes = call.body
        identity = self.id_of(raw)
        place = f"/v1/envelopes/{identity.hex()}"
        if WITHOUT_WAITING in preferences(call.request):
            self._begin(raw, identity)
            under_way = {"id": identity, "status": "under way"}
            return answer(under_way, 202, location=place, preference_applied=WITHOUT_WAITING)
        try:
            sent = await self._outcome(raw, identity)
        except RefusedByNodeError as error:
            raise refused(error.code, error.facts, id=identity.hex()) from error
        return answer(_told(identity, sent), 200, location=place)

    async def _outcome(self, raw: bytes, identity: bytes) -> Durable:
        try:
            return await self._network.ask(questions.submit(raw))
        except RefusedByNodeError as error:
            if error.code == KernelRefusal.ENVELOPE_REPLAYED:
                known = await self._network.ask(questions.result(identity))
                if known is not None:
                    return known
            raise

    def _begin(self, raw: bytes, identity: bytes) -> None:
        """Take an envelope for which nobody waits; what becomes of it is asked by its id."""
        if identity in self._under_way:
            return
        if len(self._under_way) >= UNDER_WAY_MAX:
            raise Problem(503, "Too many envelopes are under way.", "Try again.", headers={"retry-after": "1"})
        self._under_way.add(identity)
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._leave)
        self._leaving.append((identity, raw))
        self._leaving_bytes += len(raw)
        if self._leaving_bytes > LEAVING_BYTES_MAX:
            self._leave()

    def _leave(self) -> None:
        """Hand the node what has come in this turn of the loop, together."""
        leaving, self._leaving, self._leaving_bytes = self._leaving, [], 0
        if leaving:
            task = asyncio.get_running_loop().create_task(self._hand_over(leaving))
            self._handing_over.add(task)
            task.add_done_callback(self._handing_over.discard)

    async def _hand_over(self, leaving: list[tuple[bytes, bytes]]) -> None:
        ids = [identity for identity, _raw in leaving]
        outcomes: list[Outcome]
        try:
            outcomes = await self._network.ask(questions.submit_many([raw for _identity, raw in leaving]))
        except (NodeNotRunningError, RequestWrongError, TryLaterError) as error:
            outcomes = [Postponed(str(error))] * len(ids)
        finally:
            self._under_way.difference_update(ids)
        for identity, outcome in zip(ids, outcomes, strict=True):
            self._remember(identity, outcome)

    def _remember(self, identity: bytes, outcome: Outcome) -> None:
        """Remember for a while why an envelope that nobody waited for is in no block."""
        match outcome:
            case Postponed():
                self._turned_down[identity] = Problem(503, f"It was not taken: {outcome.reason}.", "Send it again.")
            case NotAdmissible() if outcome.code != KernelRefusal.ENVELOPE_REPLAYED:
                self._turned_down[identity] = refused(outcome.code, outcome.facts, id=identity.hex())
        while len(self._turned_down) > TURNED_DOWN_MAX:
            self._turned_down.popitem(last=False)

    async def submit_batch(self, call: Call) -> Response:
        """Send up to so many envelopes together: a MessagePack list of their bytes."""
        try:
            raws = _list_of_bytes(call.body)
        except NOT_DECODABLE as error:
            raise refused(KernelRefusal.ENVELOPE_MALFORMED, (("reason", str(error)),)) from error
        if not 1 <= len(raws) <= self._settings.batch_max:
            raise Problem(413, f"{len(raws)} envelopes, not 1 to {self._settings.batch_max}.")
        ids = [self.id_of(raw) for raw in raws]
        outcomes = await self._network.ask(questions.submit_many(raws))
        told = [await self._told_of(identity, each) for identity, each in zip(ids, outcomes, strict=True)]
        return answer({"results": told})

    async def _told_of(self, identity: bytes, outcome: Any) -> dict[str, Any]:  # noqa: ANN401 - an outcome
        if isinstance(outcome, NotAdmissible) and outcome.code == KernelRefusal.ENVELOPE_REPLAYED:
            outcome = await self._network.ask(questions.result(identity)) or outcome
        match outcome:
            case Durable():
                status = "applied" if _code_of(outcome.receipt) == 0 else "refused"
                place = {"height": outcome.height, "place": outcome.place, "receipt": outcome.receipt}
                return {"id": identity, "status": status, **place}
            case NotAdmissible():
                return {"id": identity, "status": "not admissible", "refusal": refusal(outcome.code, outcome.facts)}
        return {"id": identity, "status": "later", "reason": outcome.reason}

    async def receipt(self, call: Call) -> Response:
        """Give what became of an envelope or of a deadline's exit."""
        found = await self._network.ask(questions.result(call.path.id))
        if found is None and call.path.id in self._under_way:
            return answer({"id": call.path.id, "status": "under way"}, 202, retry_after="1")
        if found is None:
            if call.path.id in self._turned_down:
                raise self._turned_down[call.path.id]
            raise Problem(404, "No block has it.", "If it was sent a moment ago, ask again; else compare the id.")
        receipt = decode_receipt(found.receipt)
        seen = [await self._visibility.sees_event(call.reader, each) for each in receipt.events]
        if receipt.code:
            seen = [await self._has_asked(call.reader, found)]
        wants_bytes = PROOF in call.request.headers.get("accept", "")
        if call.query.prove == "1" or wants_bytes:
            require(call.reader, entitled=all(seen))
            proof = encode(await self._network.ask(questions.prove_result(call.path.id)))
            if wants_bytes:
                return Response(proof, media_type=PROOF)
            return answer({**_told(call.path.id, found), "proof": proof})
        told = _told(call.path.id, found)
        if not all(seen):
            told["receipt"] = None
            if receipt.code:
                told["refusal"] = refusal(receipt.code, (), receipt.operation)
            told["events"] = [await self._visibility.event(call.reader, each) for each in receipt.events]
        return answer(told)

    async def _has_asked(self, reader: Reader, found: Durable) -> bool:
        """Whether a reader signed a refused envelope: the values of a refusal can be what its signer alone may see."""
        if reader.account is None or reader.sees_all:
            return reader.sees_all
        block = await self._network.ask(questions.block(found.height))
        return reader.account in signers_of(block.envelopes[found.place])

    async def build(self, call: Call) -> Response:
        """Lay out what is to be signed, from JSON."""
        frame, asked = call.body
        body = Body(
            network=self._network.hash[:NETWORK_BYTES],
            expiry=frame.expiry,
            not_before=frame.not_before,
            after=frame.after,
            salt=secrets.token_bytes(8) if frame.salt is None else frame.salt,
            signers=frame.signers,
            operations=asked,
        )
        raw, identity = self._network.maker.codec.build(body)
        try:
            for each in asked:
                each.check()
        except Refused as error:
            raise refused(int(error.code), error.facts) from error
        return answer({"body": raw, "id": identity, "sign": identity, "expiry": frame.expiry})

    async def seal(self, call: Call) -> Response:
        """Join a body and its signatures into the bytes that are sent."""
        raw = self._network.maker.codec.seal(call.body.body, call.body.signatures)
        self.id_of(raw)
        return Response(raw, media_type=ENVELOPE)

    async def try_out(self, call: Call) -> Response:
        """Say what would become of an envelope now, without applying it."""
        if call.query.signed == "0":
            # What would become of it tells what somebody has, so without signatures one can try one's own alone.
            reader = call.reader
            own = reader.account is not None and set(signers_of(call.body)) == {reader.account}
            require(reader, entitled=reader.sees_all or own)
        tried = await self._network.ask(questions.dry_run(call.body, signed=call.query.signed == "1"))
        told: dict[str, Any] = {"id": tried.id, "height": tried.height, "time": tried.time}
        if tried.not_admissible is not None:
            refusal_told = refusal(tried.not_admissible.code, tried.not_admissible.facts)
            return answer({**told, "status": "not admissible", "refusal": refusal_told})
        return answer({**told, **_ending(tried.receipt or b""), "deadlines": tried.scheduled})

    def routes(self) -> list[Route]:
        """Declare the routes."""
        receipt = {"type": "object", "required": ["id", "status"], "properties": RECEIPT_PROPERTIES}
        raw = (OCTETS, ENVELOPE)
        return [
            Route(method="POST", path="/v1/envelopes", name="submit_envelope", handler=self.submit,
                  summary="Send a signed envelope and wait for its receipt; not so with Prefer: respond-async",
                  raw_bodies=raw, answers={200: receipt, 202: receipt}),
            Route(method="POST", path="/v1/envelopes/batch", name="submit_envelopes", handler=self.submit_batch,
                  summary="Send many envelopes, as a MessagePack list of their bytes, and wait for all receipts",
                  raw_bodies=(OCTETS, MESSAGE_PACK), answers={200: {"type": "object", "required": ["results"]}}),
            Route(method="POST", path="/v1/envelopes/build", name="build_envelope", handler=self.build,
                  summary="Lay out operations as the exact bytes of a body, and the id that each signer signs",
                  body_form=(_build_schema, _read_build), answers={200: BUILT}),
            Route(method="POST", path="/v1/envelopes/seal", name="seal_envelope", handler=self.seal,
                  summary="Join a body and its signatures into the bytes that are sent",
                  body_type=ToSeal, answers={200: None}, other_forms=(ENVELOPE,)),
            Route(method="POST", path="/v1/envelopes/dry-run", name="try_envelope", handler=self.try_out,
                  summary="Say what would become of an envelope now; signed=0 tries one whose signatures are not right",
                  query_type=Trying, raw_bodies=raw, answers={200: receipt}),
            Route(method="GET", path="/v1/envelopes/{id}", name="envelope", handler=self.receipt,
                  summary="Give what became of an envelope or a deadline's exit, with its proof if wanted",
                  path_type=ById, query_type=Proving, answers={200: receipt, 202: receipt}, other_forms=(PROOF,)),
        ]  # fmt: skip


RECEIPT_PROPERTIES: dict[str, Any] = {
    "id": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "status": {"type": "string", "enum": ["applied", "refused", "not admissible", "under way", "later"]},
    "height": {"type": "string"},
    "place": {"type": "string"},
    "receipt": {"type": ["string", "null"]},
    "events": {"type": "array", "items": {"type": "object"}},
    "refusal": {"anyOf": [{"$ref": "#/components/schemas/Refusal"}, {"type": "null"}]},
    "proof": {"type": "string"},
}
BUILT: dict[str, Any] = {
    "type": "object",
    "required": ["body", "id", "sign", "expiry"],
    "properties": {name: {"type": "string"} for name in ("body", "id", "sign", "expiry")},
}


def signers_of(raw: bytes) -> list[bytes]:
    """Give the accounts that an envelope says sign it; nobody when it is none."""
    try:
        return [each.account for each in _framed(raw).body.signers]
    except NOT_DECODABLE:
        return []


def _code_of(receipt: bytes) -> int:
    code: int = decode_receipt(receipt).code
    return code


def _told(identity: bytes, found: Durable) -> dict[str, Any]:
    place = {"height": found.height, "place": found.place, "receipt": found.receipt}
    return {"id": identity, **place, **_ending(found.receipt)}


def _ending(raw: bytes) -> dict[str, Any]:
    receipt = decode_receipt(raw)
    if receipt.code:
        told = refusal(receipt.code, receipt.facts, receipt.operation)
        return {"status": "refused", "refusal": told, "events": []}
    events = [
        {"event": type(each).__name__, "number": each.__struct_config__.tag, "whole": True, "fields": each}
        for each in receipt.events
    ]
    return {"status": "applied", "refusal": None, "events": events}


def _read_build(document: Any) -> tuple[Frame, tuple[Operation, ...]]:  # noqa: ANN401 - JSON
    """Read the body of a request to build."""
    if not isinstance(document, dict) or not isinstance(document.get("operations"), list):
        raise FormWrong("operations", "there is no list of operations")
    rest = {name: value for name, value in document.items() if name != "operations"}
    asked = document["operations"]
    if not 1 <= len(asked) <= 16:  # noqa: PLR2004 - the envelope's own limit
        raise FormWrong("operations", "1 to 16 operations make an envelope")
    read_all = tuple(_read_operation(each, f"operations[{at}]") for at, each in enumerate(asked))
    return read_structure(rest, Frame), read_all


def _read_operation(value: Any, where: str) -> Operation:  # noqa: ANN401 - JSON
    name = value.get("operation") if isinstance(value, dict) else None
    declared = operations().get(name) if isinstance(name, str) else None
    if declared is None:
        raise FormWrong(f"{where}.operation", f"there is no such operation; there are {', '.join(operations())}")
    rest = {field: each for field, each in value.items() if field != "operation"}
    made: Operation = read(rest, msgspec.inspect.type_info(declared), where)
    return made


def _build_schema(schemas: Schemas) -> dict[str, Any]:
    """Describe the body of a request to build."""
    options = []
    for name, declared in operations().items():
        told = schemas.structure(declared)
        told["properties"] = {"operation": {"const": name, "type": "string"}, **told["properties"]}
        told["required"] = ["operation", *told["required"]]
        schemas.components[declared.__name__] = told
        options.append({"$ref": f"#/components/schemas/{declared.__name__}"})
    mapping = {name: f"#/components/schemas/{each.__name__}" for name, each in operations().items()}
    schemas.components["AnyOperation"] = {
        "oneOf": options, "discriminator": {"propertyName": "operation", "mapping": mapping},
    }  # fmt: skip
    frame = schemas.structure(Frame)
    frame["properties"]["operations"] = {
        "type": "array", "minItems": 1, "maxItems": 16, "items": {"$ref": "#/components/schemas/AnyOperation"},
    }  # fmt: skip
    frame["required"] = [*frame["required"], "operations"]
    return frame
