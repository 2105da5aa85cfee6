"""Building, trying, signing and sending an envelope, and showing what became of it."""

from __future__ import annotations

import base64
import binascii
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from msgspec import structs

from sogdia.cli import options
from sogdia.cli.batches import Asked, placed, read_batch
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.failures import refused
from sogdia.cli.fields import Reading, parse_json
from sogdia.cli.final_lines import with_final_line
from sogdia.cli.moments import MOMENT_MAX, read_length, read_moment
from sogdia.cli.operations import Given, Meaning, read_operation
from sogdia.cli.outcomes import Outcome, decode_receipt, show_dry_run, show_outcome
from sogdia.cli.sessions import Session, keys_of, read_id, read_limited
from sogdia.client.connection import RefusedByNodeError
from sogdia.client.envelopes import EnvelopeMaker, Sender, Signed
from sogdia.client.keys import SEED_BYTES, AnyKeyPair, KeyPair
from sogdia.client.wording import TAKEN, money_beside
from sogdia.kernel.parameters import Limits
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import account_of, name_of, owner_of
from sogdia.modules.identity import key_message
from sogdia.modules.identity.keys import ChangeKeys
from sogdia.modules.identity.node_keys import possession_message, rotation_message
from sogdia.modules.identity.parties import RegisterParty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sogdia.cli.keyring import Keyring
    from sogdia.cli.options import Way
    from sogdia.client.connection import Durable
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.money import Asset

ENVELOPE_FILE_BYTES_MAX = 1 << 20
FIELDS_BYTES_MAX = 4 << 20
PREDECESSORS_MAX = 4
SOON_SECONDS = 3_600
"""How long an envelope is valid that a command sends at once."""

THROWAWAY = KeyPair(bytes(SEED_BYTES))
"""Signs what is only tried: nobody looks at that signature, and no key has to be opened for it."""


@dataclass(frozen=True)
class Choices:
    """What was said beside the operation's fields."""

    from_: str
    also_signed_by: Sequence[str]
    mandate: str | None
    fields: Path | None
    after: Sequence[str]
    expires: str
    not_before: str | None
    dry_run: bool
    print_as: str | None
    out: Path | None
    genesis: Path | None
    time_: str | None
    key_number: int
    node_folder: Path | None
    keys_folder: Path | None
    as_json: bool

    @property
    def only_signs(self) -> bool:
        """Whether the envelope is to be written instead of sent."""
        return self.print_as is not None or self.out is not None


class Signing(NamedTuple):
    """A key by its name, the account that it signs for, and which of the account's keys it is."""

    key: str
    account: bytes
    number: int


def run_operation(declared: type[Operation], texts: Mapping[str, Sequence[str]], choices: Choices) -> int:
    """Do what a sub-command of `tx` asks for; gives the exit status."""
    return _run([Asked(declared, Given(texts, _fields_file(choices.fields)), 0, choices.mandate)], choices)


def run_batch(file: Path, choices: Choices) -> int:
    """Do what a file of several operations asks for, all or nothing; gives the exit status."""
    found = parse_json(_input(file, FIELDS_BYTES_MAX).decode("utf-8", "replace"))
    return _run(read_batch(found, (choices.from_, *choices.also_signed_by)), choices)


def _run(asked: Sequence[Asked], choices: Choices) -> int:
    check_choices(choices)
    ring = keys_of(choices.node_folder, choices.keys_folder, offline=choices.genesis is not None)
    with Session(choices.node_folder, ring, genesis=choices.genesis, moment=choices.time_) as session:
        signers = [signing_for(text, session, choices.key_number) for text in (choices.from_, *choices.also_signed_by)]
        operations = [_operation(each, at, len(asked), session, signers) for at, each in enumerate(asked, start=1)]
        envelope = _envelope(session, operations, signers, choices)
        if choices.dry_run:
            tried = session.node.dry_run(envelope.raw, signed=False)
            return show_dry_run(tried, envelope.expiry, session, as_json=choices.as_json)
        if choices.only_signs:
            return _write(envelope, choices)
        status = _send(envelope, session, as_json=choices.as_json)
        if status == Exit.DONE:
            for each, operation in zip(asked, operations, strict=True):
                _note_account(operation, each.given, session, signers[each.signer])
        return status


def send_file(file: Path, way: Way) -> int:
    """Send an envelope that was written before; gives the exit status."""
    raw = _envelope_bytes(_input(file, ENVELOPE_FILE_BYTES_MAX))
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        opened = EnvelopeMaker(session.naming.network.hash).codec.open(raw, Limits())
        return _send(Signed(raw, opened.id, opened.body.expiry), session, as_json=way.as_json)


def check_choices(choices: Choices) -> None:
    """Refuse what contradicts itself."""
    if choices.dry_run and choices.only_signs:
        raise usage("--dry-run signs nothing, so there is nothing to write.", "Leave out one of the two.")
    if choices.genesis is not None and not choices.only_signs:
        raise usage("--genesis works without a node, so nothing can be sent.", "Add --print or --out FILE.")
    if choices.time_ is not None and choices.genesis is None:
        raise usage("The node says what time it is.", "--time goes with --genesis only.")


# ------------------------------------------------------------------------------------------------------------ signers


def signing_for(text: str, session: Session, key_number: int) -> Signing:
    """Find out for whom a key signs, and which of that account's keys it is."""
    key, _, account_text = text.partition("=")
    listed = session.ring.listed(key)
    account = session.naming.account(account_text) if account_text else listed.account
    if account is None:
        account = _account_by_reference(key, listed.public, session)
    if account is None:
        raise usage(
            f"It is not known for which account the key {key!r} signs.",
            f"Say it: --from {key}=ACCOUNT, or once for all: sogdia keys assign {key} ACCOUNT.",
        )
    party = session.party(account)
    if party is None:
        return Signing(key, account, key_number)
    for known in party.keys:
        if known.public == listed.public:
            return Signing(key, account, known.number)
    called = session.naming.call(account)
    known_keys = ", ".join(f"number {known.number} {known.public.hex()}" for known in party.keys)
    raise usage(
        f"{key!r} is no key of {called} now. It has {known_keys}.",
        "Sign with one of them, or correct the account.",
    )


def _account_by_reference(key: str, public: bytes, session: Session) -> bytes | None:
    """Give the account of the genesis's party of this name, if it has this very key."""
    for party in session.genesis.identity.parties:
        if party.reference == key and party.public == public.hex():
            return session.naming.account(f"@{key}")
    return None


# ------------------------------------------------------------------------------------------------------------- reading


def _operation(asked: Asked, place: int, of: int, session: Session, signers: Sequence[Signing]) -> Operation:
    """Read an operation of an envelope; of several, a fault says in which it is."""
    try:
        mandate = None if asked.mandate is None else session.naming.name(asked.mandate)
        signer = signers[asked.signer]
        asker = signer if mandate is None else signer._replace(account=owner_of(mandate))
        operation = _read(asked.declared, with_final_line(asked.declared, asked.given, session), session, asker)
    except Stopped as stopped:
        raise stopped if of == 1 else placed(stopped, place) from stopped
    return structs.replace(operation, signer=asked.signer, mandate=mandate)


def _read(declared: type[Operation], given: Given, session: Session, sender: Signing) -> Operation:
    reading = Reading(session.naming, session.ring, lambda: session.now)

    def currency(values: Mapping[str, Any], field: str) -> Asset | str | None:
        return _currency(values, field, session, sender.account)

    def sign(field: str, key: str, place: int, values: Mapping[str, Any]) -> bytes:
        return _sign_field(field, key, place, values, session, sender)

    return read_operation(declared, given, reading, Meaning(currency, sign))


def _currency(values: Mapping[str, Any], field: str, session: Session, sender: bytes) -> Asset | str | None:
    """Say in which money an operation's field is: by what it says itself, or by the object that it is about."""
    if "gives" in values or "card" in values:
        return _exchanged(values, field, session, sender)
    beside = money_beside(values.get, field)
    if beside is not None:
        return beside
    if "asset" in values:
        asset: Asset = values["asset"]
        return asset
    if "currency" in values:
        return str(values["currency"])
    return _about(values, session, sender)


def _about(values: Mapping[str, Any], session: Session, sender: bytes) -> Asset | None:
    """Say in which money the object is that an operation is about: one that is named, or one of the sender's own."""
    if "merchant" in values and values.get("lines"):
        return session.asset_of("listing", name_of(values["merchant"], values["lines"][0].listing))
    for about in ("order", "hold", "obligation", "listing"):
        named = values.get(about)
        if isinstance(named, bytes | str):
            return session.asset_of(about, named if isinstance(named, bytes) else name_of(sender, named))
    return None


def _exchanged(values: Mapping[str, Any], field: str, session: Session, sender: bytes) -> Asset | None:
    """Say which of the two monies of a card, which is posted or named, a field counts."""
    if "gives" in values:
        asset: Asset = values["takes" if field in TAKEN else "gives"]
        return asset
    card = values["card"]
    name = card if isinstance(card, bytes) else name_of(sender, card)
    return session.asset_of("taken by card" if field in TAKEN else "card", name)


def _sign_field(  # noqa: PLR0913 - everything that a proof is about
    field: str, key: str, place: int, values: Mapping[str, Any], session: Session, sender: Signing
) -> bytes:
    """Sign what a field calls for: a new key shows that somebody holds it; a node's two keys agree to a change."""
    network = session.naming.network.hash
    pair = open_key(key, session.ring)
    if field in ("endorsement", "acceptance"):
        return pair.sign(rotation_message(network, values["old"], values["new"]))
    if field == "possession":
        return pair.sign(possession_message(network, values["account"], values["public"]))
    # A key that joins is proven for its number: the first free one of the account, and so on along the list.
    account = values.get("account", sender.account)
    party = session.party(account)
    number = (sender.number + 1 if party is None else party.next_key) + place
    return pair.sign(key_message(network, account, number, pair.scheme, pair.public))


def open_key(key: str, ring: Keyring) -> AnyKeyPair:
    """Open a key, asking for its passphrase where it has one."""
    return ring.open(key, options.ask_passphrase)


def _fields_file(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    found = parse_json(_input(path, FIELDS_BYTES_MAX).decode("utf-8", "replace"))
    if not isinstance(found, dict):
        raise usage(f"{path} holds no JSON object.", 'Write the fields by name: {"reference": "o1", …}.')
    return found


def _input(path: Path, size: int) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read(size + 1)[:size]
    return read_limited(path, size)


# --------------------------------------------------------------------------------------------------------- the envelope


def _envelope(
    session: Session, operations: Sequence[Operation], signers: Sequence[Signing], choices: Choices
) -> Signed:
    """Build the envelope, and sign it unless it is only tried."""
    maker = EnvelopeMaker(session.naming.network.hash)
    expiry = session.now + read_length(choices.expires)
    if expiry > MOMENT_MAX:
        raise usage(f"--expires {choices.expires!r} ends after 2106.", "Choose a shorter time.")
    not_before = None if choices.not_before is None else read_moment(choices.not_before, session.now)
    after = [_predecessor(text, session, maker) for text in choices.after]
    if len(after) > PREDECESSORS_MAX:
        raise usage(f"{len(after)} envelopes are to go before.", f"At most {PREDECESSORS_MAX} can be named.")
    senders = [
        Sender(each.account, THROWAWAY if choices.dry_run else open_key(each.key, session.ring), each.number)
        for each in signers
    ]
    made = maker.make(senders, operations, expiry=expiry, not_before=not_before, after=after)
    maker.codec.open(made.raw, Limits())
    return made


def _predecessor(text: str, session: Session, maker: EnvelopeMaker) -> Signed:
    """Read an envelope that must go before: its id, and its expiry if the node cannot say it."""
    identity, _, expiry = text.partition(":")
    raw_id = read_id(identity)
    if expiry:
        return Signed(b"", raw_id, read_moment(expiry, None))
    found = None if session.is_offline else session.node.result(raw_id)
    if found is None:
        raise usage(
            f"--after {identity}: no block has that envelope yet, so its expiry is not known.",
            "Write ID:EXPIRY; 'sogdia tx' shows both when it signs.",
        )
    envelopes = session.node.block(found.height).envelopes
    if found.place >= len(envelopes):
        raise usage(f"--after {identity} is a deadline's exit, not an envelope.", "Name an envelope.")
    return Signed(b"", raw_id, maker.codec.open(envelopes[found.place], Limits()).body.expiry)


def _write(envelope: Signed, choices: Choices) -> int:
    """Write a signed envelope for later."""
    text = base64.b64encode(envelope.raw).decode() if choices.print_as == "base64" else envelope.raw.hex()
    if choices.out is not None:
        with choices.out.open("x", encoding="ascii") as stream:
            stream.write(text + "\n")
    document = {"id": envelope.id.hex(), "expiry": envelope.expiry, "envelope": text}
    if choices.as_json:
        options.show("", document, as_json=True)
    else:
        if choices.out is None:
            click.echo(text)
        click.echo(f"id {envelope.id.hex()}, expiry {envelope.expiry}", err=True)
    return Exit.DONE


def _envelope_bytes(content: bytes) -> bytes:
    """Read an envelope as hexadecimal, as base64, as the JSON of --print --json, or as it is."""
    try:
        text = content.decode("ascii").strip()
    except UnicodeDecodeError:
        return content
    if text.startswith("{"):
        text = str(parse_json(text).get("envelope"))
    try:
        return bytes.fromhex(text)
    except ValueError:
        pass
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise usage("This is no envelope.", "Give what 'sogdia tx … --print' or --out has written.") from error


def _send(envelope: Signed, session: Session, *, as_json: bool) -> int:
    """Send an envelope and wait until its receipt is durable."""
    try:
        sent = _submit(envelope, session)
    except (OSError, TimeoutError) as error:
        raise Stopped(
            Exit.UNREACHABLE,
            f"The node fell silent before the receipt of {envelope.id.hex()} came: {error}.",
            f"It may have been applied. Ask with 'sogdia query tx {envelope.id.hex()}' before you sign anew.",
        ) from error
    outcome = Outcome(envelope.id, envelope.expiry, sent.height, sent.receipt)
    return show_outcome(outcome, session, as_json=as_json)


class Signatory(NamedTuple):
    """Somebody who signs several envelopes in one command: its account, and its opened key."""

    account: bytes
    number: int
    keys: AnyKeyPair


def signatory(text: str, session: Session) -> Signatory:
    """Open the key that signs for an account."""
    found = signing_for(text, session, 0)
    return Signatory(found.account, found.number, open_key(found.key, session.ring))


def send_applied(operations: Sequence[Operation], by: Signatory, session: Session) -> bytes:
    """Send operations that have to be applied; gives the envelope's id, and stops with the refusal otherwise."""
    for operation in operations:
        operation.check()
    maker = EnvelopeMaker(session.naming.network.hash)
    sender = Sender(by.account, by.keys, by.number)
    envelope = maker.make([sender], operations, expiry=session.now + SOON_SECONDS)
    receipt: Receipt = decode_receipt(_submit(envelope, session).receipt)
    if receipt.code:
        raise refused(receipt.code, receipt.facts)
    return envelope.id


def _submit(envelope: Signed, session: Session) -> Durable:
    """Submit an envelope; of one that is in a block already, give what became of it."""
    try:
        return session.node.submit(envelope.raw)
    except RefusedByNodeError as refused:
        if refused.code != KernelRefusal.ENVELOPE_REPLAYED:
            raise
        known = session.node.result(envelope.id)
        if known is None:
            raise
        return known


def _note_account(operation: Operation, given: Given, session: Session, sender: Signing) -> None:
    """Remember for which account a key of one's own signs, once it has been registered or put in another's place."""
    if isinstance(operation, RegisterParty):
        key = str((given.texts.get("public") or (given.values.get("public"),))[-1])
        if session.ring.has(key):
            account = account_of(session.naming.network.hash, sender.account, operation.reference)
            session.ring.note_account(key, account)
    elif isinstance(operation, ChangeKeys):
        added = {each.public for each in operation.add}
        for name in session.ring.names():
            if session.ring.listed(name).public in added:
                session.ring.note_account(name, sender.account)
