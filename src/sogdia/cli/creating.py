"""Making a node's folder: its ledger from a genesis, its keys, and a genesis for one organisation to begin with."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sogdia import node
from sogdia.cli import options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.sessions import GENESIS_BYTES_MAX, read_genesis, read_limited
from sogdia.client import keys as key_files
from sogdia.kernel.blinding import NO_SECRET, SECRET_BYTES, commitment_to, is_secret_of
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.refusal import Broken
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules import ALL
from sogdia.modules.identity import COUNTRIES, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.cli.keyring import Keyring
    from sogdia.kernel.genesis import GenesisBase

NODE_KEY = "node"
GENESIS_FILE = "genesis.json"
SECRET_FILE_BYTES_MAX = 256
ROLES = ("registrar", "issuer", "operator")


class Wanted(NamedTuple):
    """What somebody wants to begin with when they have no genesis."""

    name: str
    organisation: str
    country: str
    currency: str
    clock: str
    unprotected: bool
    passkey_sites: tuple[str, ...] = ()
    """Origins on which people use passkeys; the domain of the first is theirs for as long as the network lives."""


class Created(NamedTuple):
    """A new folder: the network, and the key that has to sign its first header."""

    network: bytes
    genesis: Any
    node_key: bytes
    has_key: bool


def require_free(folder: Path) -> None:
    """Refuse a folder in which there is something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise usage(f"{folder} is not empty, and nothing is ever overwritten.", "Choose another folder.")


def create_for(folder: Path, wanted: Wanted, ring: Keyring) -> Created:
    """Make a folder for one organisation, with a new key for it among one's own and one for the node in the folder."""
    require_free(folder)
    path = ring.new_path(wanted.organisation)
    if path.exists():
        raise usage(
            f"There is a key {wanted.organisation!r} in {path.parent} already.",
            "Call the organisation otherwise with --organisation, or keep its keys elsewhere with --keys.",
        )
    organisation, signing = key_files.generate(), key_files.generate()
    secret = secrets.token_bytes(SECRET_BYTES)
    genesis = _convert(_one_organisation(wanted, organisation.public, signing.public, secret))
    passphrase = "" if wanted.unprotected else options.new_passphrase(wanted.organisation)
    if not passphrase and not wanted.unprotected:
        raise key_files.PassphraseMissing
    _make(folder, genesis, secret)
    account = account_of(network_of(genesis), NO_ACCOUNT, wanted.organisation)
    key_files.save(path, organisation, passphrase, account=account, unprotected=not passphrase)
    key_files.save(_node_key_path(folder), signing, passphrase, label="signs headers", unprotected=not passphrase)
    return Created(network_of(genesis), genesis, signing.public, has_key=True)


def create_from(folder: Path, genesis_file: Path, node_key: Path | None, secret_file: Path | None) -> Created:
    """Make a folder from a genesis and its secret; the file of the key that signs its headers is copied into it."""
    require_free(folder)
    genesis = read_genesis(read_limited(genesis_file, GENESIS_BYTES_MAX), str(genesis_file))
    public = bytes.fromhex(genesis.validators[0].public)
    if node_key is not None and key_files.describe(node_key).public != public:
        raise usage(
            f"{node_key} is not the key that the genesis names, {public.hex()}.", "Give that one with --node-key."
        )
    _make(folder, genesis, _secret_of(genesis, secret_file))
    if node_key is not None:
        content = read_limited(node_key, key_files.FILE_BYTES_MAX)
        path = _node_key_path(folder)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(content)
    return Created(network_of(genesis), genesis, public, has_key=node_key is not None)


def new_secret(path: Path) -> str:
    """Write a new blinding secret into a new file that only its owner can read; give what the genesis says of it."""
    secret = secrets.token_bytes(SECRET_BYTES)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(secret.hex() + "\n", encoding="ascii")
    return commitment_to(secret)


def _secret_of(genesis: GenesisBase, file: Path | None) -> bytes:
    """Give the blinding secret to which a genesis is committed."""
    secret = NO_SECRET
    if file is not None:
        text = read_limited(file, SECRET_FILE_BYTES_MAX).strip()
        if not re.fullmatch(rb"[0-9a-f]{64}", text):
            raise usage(f"{file} holds no blinding secret.", "'sogdia node secret' makes one.")
        secret = bytes.fromhex(text.decode("ascii"))
    if is_secret_of(secret, genesis.blinding):
        return secret
    if genesis.blinding is None:
        raise usage("The genesis names no blinding secret.", "Leave --secret out, or name it there as 'blinding'.")
    if file is None:
        raise usage("The genesis is committed to a blinding secret.", "Give the file that holds it with --secret.")
    raise usage(f"{file} does not hold the secret to which the genesis is committed.", "Give the one that does.")


def _one_organisation(wanted: Wanted, organisation: bytes, signing: bytes, secret: bytes) -> dict[str, Any]:
    """Describe a network of one organisation that registers parties, issues money and runs the node."""
    if wanted.country.upper() not in COUNTRIES:
        raise usage(
            f"{wanted.country!r} is no country of ISO 3166.", "Write two letters such as KZ, or ZZ for unknown."
        )
    party = {
        "reference": wanted.organisation,
        "kind": int(Kind.ENTERPRISE),
        "country": wanted.country.upper(),
        "public": organisation.hex(),
        "roles": ROLES,
        "quota": {},
    }
    sites = wanted.passkey_sites
    return {
        "name": wanted.name,
        "time": int(time.time()),
        "clock": wanted.clock,
        "passkeys": {"rp_id": _domain_of(sites[0]), "origins": sites} if sites else None,
        "validators": [[signing.hex(), 1]],
        "blinding": commitment_to(secret),
        "identity": {"parties": [party], "registrars": [{"reference": wanted.organisation}]},
        "money": {"currencies": [{"currency": wanted.currency.upper(), "issuer": wanted.organisation}]},
    }


def _domain_of(origin: str) -> str:
    """Give the domain of a site, under which its passkeys are made."""
    found = re.fullmatch(r"https?://([a-z0-9.-]+)(?::[0-9]{1,5})?", origin)
    if found is None:
        raise usage(f"{origin!r} is no site.", "Write it as browsers do: https://ledger.example.")
    return found[1]


def _convert(content: dict[str, Any]) -> Any:  # noqa: ANN401 - its type depends on the modules
    try:
        return msgspec.convert(content, genesis_type(ALL))
    except msgspec.ValidationError as error:
        raise usage(f"This makes no genesis: {error}.", "Correct what the message names.") from error


def _make(folder: Path, genesis: GenesisBase, secret: bytes) -> None:
    try:
        node.create(folder, genesis, secret=secret)
    except Broken as error:
        shutil.rmtree(folder)  # it was free before, and holds nothing but the beginning of this
        raise Stopped(Exit.USAGE, f"This genesis cannot begin a network: {error}.", "Correct it.") from error
    with (folder / GENESIS_FILE).open("xb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(genesis), indent=2) + b"\n")


def _node_key_path(folder: Path) -> Path:
    keys = folder / node.KEYS
    keys.mkdir(exist_ok=True, mode=0o700)
    return keys / f"{NODE_KEY}{node.KEY_SUFFIX}"
