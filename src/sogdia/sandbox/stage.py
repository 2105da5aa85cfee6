"""The stage of a sandbox: its genesis, the keys of those who are there from the start, and what they offer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sogdia.client import keys as key_files
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.client.keys import KeyPair
from sogdia.demo.stage import Stage, people_keys
from sogdia.kernel.genesis import SANDBOX, genesis_type, is_sandbox, network_of
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.identity import Kind
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.queries import ListingQuery
from sogdia.modules.market.records import Offer
from sogdia.modules.money import Asset
from sogdia.node import create

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.kernel.genesis import GenesisBase

PEOPLE: Final[dict[str, tuple[Kind, str, tuple[str, ...]]]] = {
    "registrar": (Kind.REGISTRAR, "KZ", ("registrar", "operator")),
    "sponsor": (Kind.ENTERPRISE, "KZ", ()),
    "bank": (Kind.PAYMENT_INSTITUTION, "KZ", ("issuer",)),
    "carrier": (Kind.CARRIER, "CN", ("carrier",)),
    "platform": (Kind.PLATFORM, "KZ", ("platform",)),
    "bukhara": (Kind.ENTERPRISE, "UZ", ()),
}
"""Who is there from the start. Bukhara is the merchant whose listings can be ordered at once."""

CURRENCIES: Final = ("EUR", "JPY", "KWD", "USD")
"""What the bank issues: with two minor digits, with none, and with three, so that nobody takes two for granted."""

PARTIES_A_DAY: Final = 1_000
"""How many parties the registrar may admit in a day of the sandbox's own time; the ledger itself counts them."""

FUNDS_MAX: Final = 100_000_000
"""How many minor units of each currency the bank gives an account for nothing."""

GENESIS_FILE: Final = "genesis.json"
NODE_KEY: Final = "node"
GENESIS_BYTES_MAX: Final = 2**20
VALIDITY_SECONDS: Final = 300

_decode_receipt = receipt_decoder(ALL).decode


class SandboxFolderError(Exception):
    """A folder that holds something else than a sandbox, or a sandbox that cannot be what it was."""


def make_genesis(public_keys: dict[str, str], node_key: str) -> GenesisBase:
    """Make the genesis of a sandbox: who is there, one bank with its currencies, a clock that is moved by hand."""
    parties: list[dict[str, Any]] = [
        {
            "reference": name,
            "kind": int(kind),
            "country": country,
            "public": public_keys[name],
            "roles": roles,
            "sponsor": "sponsor",
            "quota": {} if name == "sponsor" else None,
        }
        for name, (kind, country, roles) in PEOPLE.items()
    ]
    content: dict[str, Any] = {
        "name": SANDBOX,
        "time": int(time.time()),
        "clock": "manual",
        "validators": [[node_key, 1]],
        "identity": {"parties": parties, "registrars": [{"reference": "registrar", "parties": PARTIES_A_DAY}]},
        "money": {"currencies": [{"currency": each, "issuer": "bank"} for each in CURRENCIES]},
    }
    made: GenesisBase = msgspec.convert(content, genesis_type(ALL))
    return made


def open_stage(folder: Path) -> Stage:
    """Make a sandbox in a new or empty folder, or take up the one that is in it."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return _make(folder)
    place = folder / GENESIS_FILE
    if not place.is_file():
        raise SandboxFolderError(f"{folder} is not empty, and what is in it is no whole sandbox")
    with place.open("rb") as stream:
        raw = stream.read(GENESIS_BYTES_MAX)
    try:
        genesis = msgspec.json.decode(raw, type=genesis_type(ALL))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SandboxFolderError(f"{place} cannot be read: {error}") from error
    if not is_sandbox(genesis.name):
        # What a sandbox does, to sign for everybody who asks, must never happen on a network that means it.
        raise SandboxFolderError(f"the network {genesis.name!r} in {folder} is no sandbox")
    return Stage(folder, network_of(genesis), {name: _load(folder, name) for name in PEOPLE})


def _load(folder: Path, name: str) -> KeyPair:
    """Load the key of somebody who is there from the start."""
    path = people_keys(folder) / f"{name}.key"
    pair = key_files.load(path, "").keypair
    if not isinstance(pair, KeyPair):
        raise SandboxFolderError(f"{path} is not the key that the sandbox began with")
    return pair


def _make(folder: Path) -> Stage:
    """Make the ledger, then the keys, then the genesis file, which says that all is there."""
    keys = {name: key_files.generate() for name in PEOPLE}
    node_key = key_files.generate()
    genesis = make_genesis({name: pair.public.hex() for name, pair in keys.items()}, node_key.public.hex())
    create(folder, genesis)
    stage = Stage(folder, network_of(genesis), keys)
    people_keys(folder).mkdir()
    for name, pair in keys.items():
        path = people_keys(folder) / f"{name}.key"
        key_files.save(path, pair, "", account=stage.account(name), label=name, unprotected=True)
    (folder / "keys").mkdir(exist_ok=True)
    key_files.save(folder / "keys" / f"{NODE_KEY}.key", node_key, "", label=NODE_KEY, unprotected=True)
    with (folder / GENESIS_FILE).open("xb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(genesis), indent=2) + b"\n")
    return stage


def seed(stage: Stage) -> None:
    """Let the merchant of a running sandbox open its shop, unless it has."""
    merchant = stage.account("bukhara")
    with stage.connect() as connection:
        _height, known = connection.query(ListingQuery(name=name_of(merchant, "ikat")))
        if known is not None:
            return
        status = connection.status()
        terms = PublishTerms(
            reference="export",
            asset=Asset("USD", stage.account("bank")),
            carrier=stage.account("carrier"),
            freight_per_order=1_200,
            tax_collector=None,
            platform=stage.account("platform"),
            platform_fee=250,
        )
        scarf = OpenListing(
            reference="ikat", terms="export", title="Ikat scarf, hand-woven silk", language="en", unit="C62",
            hs_code="621410", origin="UZ",
        )  # fmt: skip
        apricots = OpenListing(
            reference="apricots", terms="export", title="Dried apricots", language="en", unit="KGM",
            hs_code="081310", origin="UZ",
        )  # fmt: skip
        variants = (
            AddVariant(listing="ikat", variant=0, offer=Offer(price=3_850), stock=1_000),
            AddVariant(listing="apricots", variant=0, offer=Offer(price=640), stock=1_000_000),
        )
        signed = EnvelopeMaker(stage.network).make(
            [Sender(merchant, stage.keys["bukhara"])],
            (terms, scarf, apricots, *variants),
            expiry=max(status.now, status.time) + VALIDITY_SECONDS,
        )
        receipt = _decode_receipt(connection.submit(signed.raw).receipt)
    if receipt.code:
        raise SandboxFolderError(f"the merchant's shop was refused: {receipt.code} {receipt.facts}")
