"""The state over HTTP: every declared query, every table by its typed keys, proofs, and what the network is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta
from starlette.responses import Response

from sogdia.api.envelopes import decode_receipt
from sogdia.api.problems import Problem, refusal
from sogdia.api.routing import JSON, PROOF, Call, Route, answer
from sogdia.api.visibility import OF_THE_ASKED, Class, class_of_query, class_of_record, record_of_query, require
from sogdia.client import questions
from sogdia.client.declared import (
    answer_type,
    events,
    key_parts,
    lay_out_key,
    operations,
    queries,
    refusal_codes,
    tables,
)
from sogdia.client.logins import LINE_CHARACTERS_MAX, Shown
from sogdia.client.questions import RequestWrongError
from sogdia.client.shapes import summary
from sogdia.client.who_sees import accounts_in, has_public_part, public_part
from sogdia.kernel.codec import encode
from sogdia.kernel.passkey import EXTRA_BYTES_MAX
from sogdia.kernel.proof import face_proof, height_of, whole
from sogdia.kernel.signature import SIGNATURE_BYTES
from sogdia.kernel.values import ACCOUNT_BYTES, NO_ACCOUNT, Account, CurrencyCode, Hash, Name
from sogdia.modules.market.queries import OrderAnswer
from sogdia.modules.market.records import ORDERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sogdia.api.network import Network
    from sogdia.api.readers import Readers
    from sogdia.api.visibility import Visibility
    from sogdia.client.who_sees import Reader
    from sogdia.kernel.operation import Query
    from sogdia.kernel.state import Table

PARTS: dict[str, Any] = {
    "account": Account,
    "name": Name,
    "number": Annotated[int, Meta(ge=0, le=2**16 - 1)],
    "currency": CurrencyCode,
    "issuer": Account,
}
"""Parts of keys that stand in addresses by their types; tables that go by others are asked by the bytes of the key."""

ENDING_IN_AN_ACCOUNT = (("account",), ("guardian",), ("issuer",))
"""Last parts of keys by which a record is about a second account."""

RAW_KEY = Annotated[bytes, Meta(min_length=1, max_length=200)]


class Proving(msgspec.Struct, frozen=True):
    """Whether to add a proof: of the record, or of its whole life."""

    prove: Literal["0", "1", "life"] = "0"
    receipt: Hash | None = None
    """An envelope whose facts name the record and who asks: for whoever had a part in what may be gone."""


class ForAccount(msgspec.Struct, frozen=True):
    """For whom a line is."""

    account: Account


class SignedLine(msgspec.Struct, frozen=True):
    """A line that a party has signed; `extra` is what a passkey's signature brings with it, as in an envelope."""

    line: Annotated[str, Meta(min_length=1, max_length=LINE_CHARACTERS_MAX)]
    signature: Annotated[bytes, Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]
    extra: Annotated[bytes, Meta(max_length=EXTRA_BYTES_MAX)] | None = None


class Challenge(msgspec.Struct, frozen=True):
    """The line that is to be signed for a token."""

    line: str
    expires: int


class Token(msgspec.Struct, frozen=True):
    """A token, and until when it is good."""

    token: str
    expires: int


class NetworkAnswer(msgspec.Struct, frozen=True):
    """Which network it is, and how far it is."""

    network: Hash
    name: str
    clock: str
    height: int
    time: int
    release: str


class StateRoutes:
    """The routes of the state."""

    def __init__(self, network: Network, visibility: Visibility, readers: Readers) -> None:
        """Ask the node of `network`."""
        self._network = network
        self._visibility = visibility
        self._readers = readers

    # ------------------------------------------------------------------------------------------------------ queries

    def _query_handler(self, declared: type[Query]) -> Callable[[Call], Awaitable[Response]]:
        name = str(declared.__struct_config__.tag)
        kind = class_of_query(declared)
        partly = _partly_shown(record_of_query(declared))

        async def ask(call: Call) -> Response:
            if name in OF_THE_ASKED or kind is Class.NODES:
                require(call.reader, entitled=_is_asked_about(call.reader, name, call.query))
            height, found = await self._network.query(_asked_by(call.reader, declared, call.query))
            if found is None:
                require(call.reader, entitled=await self._may_know_of(call, kind, public=partly))
                raise Problem(404, f"At height {height} there is no such {name}.", height=str(height))
            if not await self._sees_answer(call, kind, found):
                require(call.reader, entitled=partly)
                found = _reduced(found)
            return answer({"height": height, "answer": found})

        return ask

    async def _may_know_of(self, call: Call, kind: Class, *, public: bool) -> bool:
        """Whether a reader may learn that there is no answer: unless it is public, whoever stands in the question."""
        if public or kind is Class.PUBLIC or call.reader.sees_all:
            return True
        if kind is Class.ORDER:
            return await self._visibility.sees_order(call.reader, call.query.name)
        return kind is Class.PARTIES and call.reader.account in set(accounts_in(call.query))

    async def _sees_answer(self, call: Call, kind: Class, found: Any) -> bool:  # noqa: ANN401 - an answer
        if kind is Class.PUBLIC or call.reader.sees_all or call.query.__struct_config__.tag in OF_THE_ASKED:
            return True  # of what is of the asked alone, it was looked who asks before the node was
        if kind is Class.ORDER and await self._visibility.sees_order(call.reader, call.query.name):
            return True
        named = {*accounts_in(call.query), *accounts_in(found)}
        return kind in {Class.PARTIES, Class.ORDER} and call.reader.account in named

    # ------------------------------------------------------------------------------------------------------ records

    def _record_handler(self, table: Table[Any, Any]) -> Callable[[Call], Awaitable[Response]]:
        async def ask(call: Call) -> Response:
            given = {name: getattr(call.path, name) for name in call.path.__struct_fields__}
            key = given["key"] if list(given) == ["key"] else lay_out_key(given)
            full_key = table.prefix + key
            wants_bytes = PROOF in call.request.headers.get("accept", "")
            if call.query.prove == "0" and not wants_bytes:
                found = await self._network.ask(questions.record(full_key))
                return await self._told(call, table, key, found.height, found.value)
            return await self._proved(call, table, full_key, as_bytes=wants_bytes)

        return ask

    async def _proved(self, call: Call, table: Table[Any, Any], full_key: bytes, *, as_bytes: bool) -> Response:
        if call.query.prove == "life":
            if not table.life:
                raise Problem(404, f"Records of {table.name} have no life.", "Ask with prove=1.")
            try:
                history = await self._network.ask(questions.prove_life(full_key))
            except RequestWrongError:  # what is not there has no life
                require(call.reader, entitled=await self._may_know_absence(call, table, full_key[1:]))
                raise
            proof, state = encode(history), whole(history)
        else:
            state = await self._network.ask(questions.prove(full_key))
            proof = encode(state)
        if state.value is None:
            require(call.reader, entitled=await self._may_know_absence(call, table, full_key[1:]))
        elif not await self._sees(call, table, full_key[1:], table.codec.decode(state.value)):
            face = None if call.query.prove == "life" else face_proof(state)
            require(call.reader, entitled=face is not None)
            proof = encode(face)
        if as_bytes:
            return Response(proof, media_type=PROOF)
        height = height_of(state.anchor) - 1
        return await self._told(call, table, full_key[1:], height, state.value, proof)

    async def _told(  # noqa: PLR0913 - what there is to tell
        self, call: Call, table: Table[Any, Any], key: bytes, height: int, raw: bytes | None, proof: bytes | None = None
    ) -> Response:
        told: dict[str, Any] = {"height": height, "table": table.name} | ({} if proof is None else {"proof": proof})
        if raw is None:
            require(call.reader, entitled=await self._may_know_absence(call, table, key))
            if proof is None:
                raise Problem(404, f"At height {height} {table.name} has no such record.", height=str(height))
            return answer({**told, "whole": True, "record": None})
        record = table.codec.decode(raw)
        if await self._sees(call, table, key, record):
            return answer({**told, "whole": True, "record": record})
        require(call.reader, entitled=has_public_part(type(record)))
        return answer({**told, "whole": False, "record": public_part(record)})

    async def _sees(self, call: Call, table: Table[Any, Any], key: bytes, record: msgspec.Struct) -> bool:
        match class_of_record(type(record)):
            case Class.PUBLIC:
                return True
            case Class.OPERATORS:
                return call.reader.sees_all
            case Class.ORDER:
                name = key[:-2] if "number" in key_parts(table) else key
                if await self._visibility.sees_order(call.reader, name):
                    return True
        about = {*accounts_in(record), *_accounts_of_key(table, key)}
        return call.reader.sees_all or call.reader.account in about

    async def _may_know_absence(self, call: Call, table: Table[Any, Any], key: bytes) -> bool:
        """Whether a reader may learn that a record is not there.

        Where nothing of a table is public, a stranger is answered alike whether the record is there or not. The true
        answer is for those about whom its key is, and for whoever names a receipt that speaks of both: the payee of a
        hold that has ended stands in no key.
        """
        kind = class_of_record(table.codec.shape)
        if has_public_part(table.codec.shape) or call.reader.sees_all:
            return True
        if call.reader.account is None or kind is Class.OPERATORS:
            return False
        parts, stem = key_parts(table), _stem(table, key)
        if kind is Class.ORDER:
            return await self._visibility.sees_order(call.reader, stem)
        if (
            parts[:1] == ("about",)
            and key[0] == ORDERS.number
            and await self._visibility.sees_order(call.reader, stem[1:])
        ):
            return True
        if call.reader.account in _accounts_of_key(table, key):
            return True
        return call.query.receipt is not None and await self._speaks_of_both(call.query.receipt, call.reader, stem)

    async def _speaks_of_both(self, receipt: bytes, reader: Reader, name: bytes) -> bool:
        """Whether an envelope stated a fact that names both an object and a reader."""
        found = await self._network.ask(questions.result(receipt))
        events = () if found is None else decode_receipt(found.receipt).events
        return any(
            name in [getattr(each, field) for field in each.__struct_fields__]
            and reader.account in set(accounts_in(each))
            for each in events
        )

    # ------------------------------------------------------------------------------------------------- the network

    async def status(self, _call: Call) -> Response:
        """Say which network it is and how far it is."""
        found = await self._network.ask(questions.status())
        now = max(found.now, found.time)
        told = NetworkAnswer(found.network, found.name, found.clock, found.durable_height, now, found.release)
        return answer(told)

    async def genesis(self, _call: Call) -> Response:
        """Give the genesis as the network has it."""
        return Response(self._network.genesis_raw, media_type=JSON, headers={"cache-control": "public, max-age=86400"})

    async def refusals(self, _call: Call) -> Response:
        """List every refusal."""
        listed = [refusal(number, ()) for number in sorted(refusal_codes())]
        return answer({"refusals": listed})

    async def declarations(self, _call: Call) -> Response:
        """List what the ledger knows: operations, events, queries, tables."""
        return answer(
            {
                "operations": {name: each.__struct_config__.tag for name, each in operations().items()},
                "events": {name: each.__struct_config__.tag for name, each in events().items()},
                "queries": list(queries()),
                "tables": {table.name: number for number, table in tables().items()},
            }
        )

    async def challenge(self, call: Call) -> Response:
        """Give the line to sign."""
        line, until = self._readers.line(_host(call), call.body.account)
        return answer(Challenge(line, until), 201)

    async def token(self, call: Call) -> Response:
        """Give a token for a signed line."""
        asked = call.body
        token, until = await self._readers.token(_host(call), asked.line, Shown(asked.signature, asked.extra))
        return answer(Token(token, until), 201, cache_control="no-store")

    # ------------------------------------------------------------------------------------------------------- routes

    def routes(self) -> list[Route]:
        """Declare the routes."""
        plain = {"type": "object"}
        fixed = [
            Route(method="GET", path="/v1/status", name="status", handler=self.status,
                  summary="Say which network this is and how far it is", answers={200: NetworkAnswer}),
            Route(method="GET", path="/v1/genesis", name="genesis", handler=self.genesis,
                  summary="Give the genesis, with the keys that proofs are checked with", answers={200: plain}),
            Route(method="GET", path="/v1/refusals", name="refusals", handler=self.refusals,
                  summary="List every refusal with its rule and way out", answers={200: plain}),
            Route(method="GET", path="/v1/declarations", name="declarations", handler=self.declarations,
                  summary="List operations, events, queries and tables with their numbers", answers={200: plain}),
            Route(method="POST", path="/v1/challenges", name="challenge", handler=self.challenge,
                  summary="Get the line to sign for a token", body_type=ForAccount, answers={201: Challenge}),
            Route(method="POST", path="/v1/tokens", name="token", handler=self.token,
                  summary="Get a token for a signed line", body_type=SignedLine, answers={201: Token}),
        ]  # fmt: skip
        return [*fixed, *map(self._query_route, queries().values()), *map(self._record_route, tables().values())]

    def _query_route(self, declared: type[Query]) -> Route:
        name = str(declared.__struct_config__.tag)
        return Route(
            method="GET", path=f"/v1/queries/{name}", name=f"query_{name.replace('-', '_')}",
            summary=summary(declared), handler=self._query_handler(declared), query_type=_parameters_of(declared),
            answers={200: _answered("answer", answer_type(declared), reduced=_partly_shown(record_of_query(declared)))},
        )  # fmt: skip

    def _record_route(self, table: Table[Any, Any]) -> Route:
        parts = key_parts(table)
        typed = {part: PARTS[part] for part in parts} if set(parts) <= set(PARTS) else {"key": RAW_KEY}
        name = table.name.replace("/", "_").replace("-", "_")
        shape = table.codec.shape
        return Route(
            method="GET",
            path=f"/v1/records/{table.name}" + "".join(f"/{{{part}}}" for part in typed),
            name=f"record_{name}",
            summary=summary(shape) or f"A record of {table.name}",
            handler=self._record_handler(table),
            path_type=msgspec.defstruct(f"KeyOf_{name}", list(typed.items()), frozen=True),
            query_type=Proving,
            answers={200: _answered("record", shape, reduced=_partly_shown(shape), nullable=True)},
            other_forms=(PROOF,),
        )


def _parameters_of(declared: type[Query]) -> type[msgspec.Struct]:
    """Give what stands in the address of a question: all but who asks, and for which time it is asked.

    The door knows the one and the node the other. By trying times anybody could find out until when others' offers
    stand, which is theirs to know.
    """
    known = {declared.asker, declared.moment} - {""}
    if not known:
        return declared
    fields = [each for each in msgspec.structs.fields(declared) if each.name not in known]
    listed = [(each.name, each.type) if each.required else (each.name, each.type, each.default) for each in fields]
    return msgspec.defstruct(f"{declared.__name__}Parameters", listed, frozen=True, kw_only=True)


def _asked_by(reader: Reader, declared: type[Query], given: msgspec.Struct) -> Query:
    """Give a question as its reader asks it: one who has not shown who it is asks for nobody in particular."""
    if isinstance(given, declared):
        return given
    fields = {name: getattr(given, name) for name in given.__struct_fields__}
    asker = {declared.asker: reader.account or NO_ACCOUNT} if declared.asker else {}
    return declared(**fields, **asker)


def _is_asked_about(reader: Reader, name: str, asked: msgspec.Struct) -> bool:
    """Whether a reader runs a node, or is the account that a question is about."""
    field = OF_THE_ASKED.get(name)
    return reader.sees_all or (field is not None and reader.account == getattr(asked, field))


def _accounts_of_key(table: Table[Any, Any], key: bytes) -> set[bytes]:
    """Give the accounts that a record is about by its key: whose it is, and perhaps a second one at the end."""
    parts = key_parts(table)
    start = 1 if parts[:1] == ("about",) else 0  # before the key of what documents are about stands its table's number
    about = {key[start : start + ACCOUNT_BYTES]}
    return about | {key[-ACCOUNT_BYTES:]} if parts[-1:] in ENDING_IN_AN_ACCOUNT else about


def _stem(table: Table[Any, Any], key: bytes) -> bytes:
    """Give the name of the object that a record belongs to: its key without a number or a second account behind it."""
    parts = key_parts(table)
    if parts[-1:] == ("number",):
        return key[:-2]
    return key[:-ACCOUNT_BYTES] if len(parts) > 1 and parts[-1:] in ENDING_IN_AN_ACCOUNT else key


def _partly_shown(record: type[msgspec.Struct] | None) -> bool:
    """Tell whether others than those who may see a record whole are shown a part of it."""
    return record is not None and has_public_part(record) and class_of_record(record) is not Class.PUBLIC


def _reduced(found: Any) -> Any:  # noqa: ANN401 - an answer
    """Give what anybody may see of an answer."""
    if not isinstance(found, OrderAnswer):
        return public_part(found)
    return {
        "open": None if found.open is None else public_part(found.open),
        "closed": None if found.closed is None else public_part(found.closed),
    }


def _host(call: Call) -> str:
    return call.request.headers.get("host", "")


def _answered(word: str, shape: Any, *, reduced: bool, nullable: bool = False) -> Any:  # noqa: ANN401 - a type
    """Describe an answer from the state: with its height, and perhaps only the part for everybody."""

    def described(schemas: Any) -> dict[str, Any]:  # noqa: ANN401 - see openapi
        inner = schemas.of(shape)
        forms = [inner, *([{"type": "object"}] if reduced else []), *([{"type": "null"}] if nullable else [])]
        told = inner if len(forms) == 1 else {"anyOf": forms}
        properties = {
            "height": {"type": "string"}, "table": {"type": "string"}, "whole": {"type": "boolean"},
            "proof": {"type": "string"}, word: told,
        }  # fmt: skip
        return {"type": "object", "required": ["height", word], "properties": properties}

    return described
