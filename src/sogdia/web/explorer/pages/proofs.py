"""Proofs: as files to take away, and the page on which a browser checks one."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sogdia.client.codes import account_code, name_code
from sogdia.client.light.roots import first_trust, root_by_genesis
from sogdia.client.light.verify import Bounds
from sogdia.client.proofs import proof_bytes
from sogdia.client.questions import RequestWrongError
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.comet import NANOSECONDS
from sogdia.kernel.parameters import Limits
from sogdia.kernel.proof import face_proof
from sogdia.modules.market.queries import OrderQuery
from sogdia.modules.market.records import CLOSED_ORDERS, LISTINGS, ORDERS, OrderState, Outcome
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.issuer_records import CONDUCT
from sogdia.modules.money.records import CURRENCIES
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.pages.chain import decode_receipt
from sogdia.web.explorer.pages.currencies import issuance_of
from sogdia.web.explorer.parts import SCRIPT, Cell, Link, Page, Words
from sogdia.web.explorer.sources import NodeAwayError, ask
from sogdia.web.explorer.texts import TEXTS, say

if TYPE_CHECKING:
    from sogdia.kernel.state import Table
    from sogdia.modules.market.queries import OrderAnswer
    from sogdia.web.explorer.pages.asking import Asked

TOLD = (
    "holds rows fails other missing pin.other header.wrong begun away applied refused record absent face face.open"
    " face.closed life at before"
).split()
"""What the script on the page may have to say."""

PAGES = {
    "transaction": "transactions",
    "order": "orders",
    "party": "parties",
    "listing": "listings",
    "currency": "currencies",
    "conduct": "currencies",
}

OF_A_CURRENCY: Final[dict[str, Table[Asset, Any]]] = {"currency": CURRENCIES, "conduct": CONDUCT}
"""What its issuer has bound itself to, with the supply; and what its auditors state and how it has redeemed."""


class Proved(NamedTuple):
    """What a proof is about: its page, its file, what the proof must name, and how to have it made."""

    path: str
    called: str
    file: str
    expected: str


class Voted(NamedTuple):
    """What a reader of a network on CometBFT is told: its genesis' validators, and until when these are trusted."""

    network: str
    validators: str
    until: str


def check(asked: Asked) -> Page:
    """The page on which a proof is checked by the reader's own browser, against a genesis of the reader's own."""
    voted: Voted | None = None
    with suppress(NodeAwayError):
        voted = _voted(asked)
    data = {name.replace(".", "-"): TEXTS[f"check.{name}"] for name in TOLD}
    data["genesis"] = asked.at("/genesis.json")
    data["states"] = "|".join(TEXTS[f"state.{each.name.lower()}"] for each in OrderState)
    data["outcomes"] = "|".join(TEXTS[f"outcome.{each.name.lower()}"] for each in Outcome)
    more: dict[str, object] = {
        "data": data,
        "voted": voted,
        "file": "FILE.proof",
        "proof_label": say("check.proof"),
        "download": None,
    }
    if "kind" not in asked.request.path_params:
        return _page(say("check.title"), (Words(say("check.lead")),), more)
    about = _about(asked)
    path = f"/proofs{about.path}"
    data |= {"proof": asked.at(path), "expected": about.expected}
    more |= {"file": about.file, "proof_label": say("check.proof.other"), "download": path}
    lead = (Words(say("check.about")), Link(_page_of(about.path), about.called, foreign=True), Words(say("check.lead")))
    return _page(say("check.title.of"), lead, more)


def _voted(asked: Asked) -> Voted | None:
    """Say with whom trust begins on a network that several organisations run; elsewhere nothing."""
    network = asked.network
    if network.genesis.engine != "cometbft":
        return None
    trust = first_trust(root_by_genesis(network.genesis, sandbox=True))
    until = (trust.time + Bounds().trusting_period) // NANOSECONDS
    return Voted(network.hash.hex(), trust.next_validators_hash.hex(), f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d}")


def _page(title: str, lead: tuple[Cell, ...], more: dict[str, object]) -> Page:
    return Page("check", title, lead, template="check.html", more=more, policy=f"{SCRIPT}; connect-src 'self'")


def _page_of(path: str) -> str:
    _empty, kind, code = path.split("/")
    return f"/{PAGES[kind]}/{code.replace(':', '/')}"


def _about(asked: Asked) -> Proved:
    """Say what is to be proved; refuse what the reader is not entitled to."""
    kind, key = asked.given("kind"), asked.given("key")
    match kind:
        case "transaction":
            identity = asked.digest(key)
            _must_see_transaction(asked, identity)
            text = identity.hex()
            return Proved(f"/transaction/{text}", f"{text[:16]}…", f"{text[:16]}.proof", f"receipt:{text}")
        case "order":
            name = asked.name(key)
            table = _order_table(asked, name)
            code = name_code(name)
            expected = f"record:{table.number}:{name.hex()}"
            return Proved(f"/order/{code}", asked.values.object_called(name), f"{code}.proof", expected)
        case "party":
            account = asked.account(key)
            code = account_code(account)
            return Proved(
                f"/party/{code}",
                asked.values.call(account),
                f"{code}.proof",
                f"record:{PARTIES.number}:{account.hex()}",
            )
        case "listing":
            name = asked.name(key)
            code = name_code(name)
            return Proved(
                f"/listing/{code}",
                asked.values.object_called(name),
                f"{code}.proof",
                f"record:{LISTINGS.number}:{name.hex()}",
            )
        case "currency" | "conduct":
            asset = _asset(asked, key)
            expected = f"record:{OF_A_CURRENCY[kind].number}:{asset_key(asset).hex()}"
            path = f"/{kind}/{asset.currency}:{account_code(asset.issuer)}"
            return Proved(
                path,
                f"{asset.currency}@{asked.values.call(asset.issuer).removeprefix('@')}",
                f"{asset.currency}-{kind}.proof",
                expected,
            )
    raise PageError(404, say("error.404.way_out"))


def _asset(asked: Asked, key: str) -> Asset:
    """Read which money is meant: its currency and, after a colon, its issuer; there has to be such money."""
    currency, _colon, code = key.partition(":")
    asset = Asset(currency, asked.account(code))
    issuance_of(asked, asset)
    return asset


def _must_see_transaction(asked: Asked, identity: bytes) -> None:
    found = asked.node.result(identity)
    if found is None:
        raise PageError(404, say("error.no_transaction"))
    block = asked.node.block(found.height)
    body = None
    if found.place < len(block.envelopes):
        body = asked.network.codec.open(block.envelopes[found.place], Limits()).body
    if not asked.entitled.sees_whole(body, decode_receipt(found.receipt)):
        raise PageError(403, say("transaction.hidden"))


def _order_table(asked: Asked, name: bytes) -> Table[bytes, Any]:
    answer: OrderAnswer = ask(asked.node, OrderQuery(name=name))
    if answer.open is None and answer.closed is None:
        raise PageError(404, say("error.no_order"))
    return ORDERS if answer.open is not None else CLOSED_ORDERS


def _order_proof(asked: Asked, name: bytes) -> bytes:
    """Prove an order's whole life to those who may see it, and to others that it is there and its state."""
    full_key = _order_table(asked, name).full_key(name)
    if asked.entitled.sees_order(name):
        return proof_bytes(asked.node.prove_life(full_key))
    face = face_proof(asked.node.prove(full_key))
    if face is None:
        raise PageError(503, say("error.order_closed"))
    return proof_bytes(face)


def proof_file(asked: Asked) -> tuple[bytes, str]:
    """Give the bytes of a proof, and what the file is called."""
    about = _about(asked)
    kind, key = asked.given("kind"), asked.given("key")
    try:
        if kind == "transaction":
            return proof_bytes(asked.node.prove_result(asked.digest(key))), about.file
        if kind == "order":
            return _order_proof(asked, asked.name(key)), about.file
        if kind in OF_A_CURRENCY:
            full_key = OF_A_CURRENCY[kind].full_key(_asset(asked, key))
        else:
            full_key = PARTIES.full_key(asked.account(key)) if kind == "party" else LISTINGS.full_key(asked.name(key))
        return proof_bytes(asked.node.prove(full_key)), about.file
    except RequestWrongError as error:
        raise PageError(503, str(error)) from error
