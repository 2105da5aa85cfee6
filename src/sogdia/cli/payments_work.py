"""What `sogdia payments` does: importing files, looking payments up by UETR, writing messages."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sogdia.cli import documents, options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.finding import find_node
from sogdia.cli.outcomes import decode_receipt, receipt_document
from sogdia.cli.progress import progress
from sogdia.cli.sending import THROWAWAY, Signing, open_key, signing_for
from sogdia.cli.sessions import Session, keys_of
from sogdia.cli.show import paragraphs
from sogdia.cli.tables import table_words
from sogdia.client.codes import account_code
from sogdia.client.connection import Durable, NotAdmissible
from sogdia.client.envelopes import EnvelopeMaker, Sender, Signed
from sogdia.client.wording import amount_words, moment_words
from sogdia.index.sources import NodeSource
from sogdia.kernel.parameters import Limits
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.modules.money.events import Transferred
from sogdia.modules.money.queries import BalanceQuery
from sogdia.rails import clearing, importing, reports, uetr, xml
from sogdia.rails.books import LEGS_MAX, Book
from sogdia.rails.importing import Answer, Outcome
from sogdia.rails.initiation import read_initiation
from sogdia.rails.journal import Journal
from sogdia.rails.looking_up import INFORMATION, SETTLED, Found, fact_of, height_in, status_of
from sogdia.rails.parts import network_text
from sogdia.rails.payments import payments_in
from sogdia.rails.reasons import MessageRefused, Reason, reason_of
from sogdia.rails.spelling import AccountWrong, read_account, spell_account
from sogdia.rails.uetr import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sogdia.cli.options import Way
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.money import Asset
    from sogdia.modules.money.transfers import Transfer
    from sogdia.rails.initiation import Initiation, Wish
    from sogdia.rails.payments import Payment

STATUS_WORDS = {importing.REFUSED: "Refused", SETTLED: "Paid, and final", INFORMATION: "Set aside or freed"}
FOLDER = Path("~/.sogdia/payments")


class Choices(NamedTuple):
    """What was said beside the file."""

    from_: Sequence[str]
    report: Path | None
    journal: Path | None
    dry_run: bool
    yes: bool


# ------------------------------------------------------------------------------------------------------------- import


def run_import(file: Path, choices: Choices, way: Way) -> int:
    """Import a file of payments; gives the exit status."""
    xml.library()
    with file.open("rb") as stream:
        raw = stream.read(xml.BYTES_MAX + 1)
    if choices.report is not None and choices.report.exists():
        raise usage(f"{choices.report} is there already.", "Name a new file for the report.")
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        network = session.naming.network.hash
        try:
            found = read_initiation(raw, network)
        except MessageRefused as refused:
            _write_report(choices, reports.unreadable_message(refused, sha256(raw).hexdigest(), session.now))
            raise _stopped(refused) from refused
        ledger = NodeLedger(session, choices.from_)
        with Journal(_journal_path(choices.journal, network)) as journal:
            return _import(found, ledger, journal, choices, way)


def _import(found: Initiation, ledger: NodeLedger, journal: Journal, choices: Choices, way: Way) -> int:
    with progress(len(found.items), "Trying") as ledger.advance:
        outcomes = importing.tried(found, ledger, journal)
    faultless = importing.is_faultless(found, outcomes)
    if not faultless:
        outcomes = importing.rejected(outcomes)
    elif not choices.dry_run:
        _confirm(found, choices)
        outcomes = _pay(found, ledger, journal)
    message = reports.report_message(found, outcomes, ledger.now, refusal=found.refusal)
    _write_report(choices, message)
    words = "" if way.as_json else _report_words(found, outcomes, ledger.session, choices)
    options.show(words, _report_document(found, outcomes, choices), as_json=way.as_json)
    refused = any(each.answer.status == importing.REFUSED for each in outcomes)
    return Exit.REFUSED if refused or found.refusal is not None else Exit.DONE


def _pay(found: Initiation, ledger: NodeLedger, journal: Journal) -> list[Outcome]:
    try:
        return importing.paid(found, ledger, journal)
    except (OSError, TimeoutError) as error:
        raise Stopped(
            Exit.UNREACHABLE,
            f"The node fell silent before it was known what became of all payments: {error}.",
            "Import the same file again: what has been paid is not paid again.",
        ) from error


def _confirm(found: Initiation, choices: Choices) -> None:
    """Ask before anything is paid, where somebody is there to be asked."""
    if choices.yes:
        return
    if not sys.stdin.isatty():
        raise usage("Nobody is there to be asked.", "Say --yes to pay, or --dry-run to try it.")
    click.confirm(f"Pay {_sums(found)}?", abort=True, err=True)


def _sums(found: Initiation) -> str:
    totals: Counter[str] = Counter()
    for item in found.items:
        if item.wish is not None:
            totals[item.wish.asset.currency] += item.wish.units
    sums = [amount_words(units, currency) for currency, units in sorted(totals.items())]
    return f"{', '.join(sums)} in {len(found.items)} payment{'s' if len(found.items) > 1 else ''}"


def _write_report(choices: Choices, message: bytes) -> None:
    if choices.report is not None:
        with choices.report.open("xb") as stream:
            stream.write(message)


def _stopped(refused: MessageRefused) -> Stopped:
    detail = {"reason": refused.reason.value, "title": refused.reason.called}
    return Stopped(Exit.REFUSED, f"{refused.reason} {refused.reason.called}: {refused.sentence}", "", detail)


def _journal_path(given: Path | None, network: bytes) -> Path:
    return FOLDER.expanduser() / f"{network_text(network)}.jsonl" if given is None else given


class NodeLedger:
    """The ledger as an import needs it: a node, and the payers' keys."""

    def __init__(self, session: Session, keys: Sequence[str]) -> None:
        """Pay by the keys of these names."""
        self.session = session
        signings = [signing_for(text, session, 0) for text in keys]
        self._signings: dict[bytes, Signing] = {each.account: each for each in signings}
        self._opened: dict[bytes, Any] = {}
        self._maker = EnvelopeMaker(session.naming.network.hash)
        self._tried = 0
        self.advance: Callable[[int], None] | None = None
        """Told how many payments have been tried."""

    @cached_property
    def now(self) -> int:
        """The ledger's time, as it was when the work began."""
        return self.session.now

    def may_sign(self, account: bytes) -> bool:
        """Tell whether a key was named that signs for an account."""
        return account in self._signings

    def available(self, account: bytes, asset: Asset) -> int:
        """Say what an account can spend."""
        found = self.session.ask(BalanceQuery(account=account, currency=asset.currency, issuer=asset.issuer))
        return int(found.available)

    def why_not(self, wish: Wish, transfer: Transfer, *, salt: bytes, expiry: int) -> tuple[Reason, str] | None:
        """Try a transfer on the node's throw-away copy."""
        self._tried += 1
        if self.advance is not None:
            self.advance(self._tried)
        signing = self._signings[wish.debtor]
        sender = Sender(signing.account, THROWAWAY, signing.number)
        try:
            made = self._maker.make([sender], [transfer], expiry=expiry, salt=salt)
            self._maker.codec.open(made.raw, Limits())
        except Refused as refused:
            return reason_of(int(refused.code))
        dry = self.session.node.dry_run(made.raw, signed=False)
        if dry.not_admissible is not None:
            return reason_of(dry.not_admissible.code)
        receipt: Receipt | None = None if dry.receipt is None else decode_receipt(dry.receipt)
        return reason_of(receipt.code) if receipt is not None and receipt.code else None

    def sign(self, wish: Wish, transfer: Operation, *, salt: bytes, expiry: int) -> Signed:
        """Sign a transfer with the payer's key, which is opened once."""
        signing = self._signings[wish.debtor]
        if wish.debtor not in self._opened:
            self._opened[wish.debtor] = open_key(signing.key, self.session.ring)
        sender = Sender(signing.account, self._opened[wish.debtor], signing.number)
        return self._maker.make([sender], [transfer], expiry=expiry, salt=salt)

    def send(self, envelopes: list[bytes]) -> Iterator[Answer]:
        """Send envelopes, and say of each what became of it."""
        with progress(len(envelopes), "Paying") as advance:
            sent = list(zip(envelopes, self.session.node.submit_many(envelopes), strict=True))
            for done, (raw, outcome) in enumerate(sent, start=1):
                yield self._answer(self._maker.codec.open(raw, Limits()).id, outcome)
                advance(done)

    def _answer(self, identity: bytes, outcome: object) -> Answer:
        if isinstance(outcome, NotAdmissible):
            known = self.session.node.result(identity) if outcome.code == KernelRefusal.ENVELOPE_REPLAYED else None
            if known is None:
                return Answer(importing.REFUSED, refusal=reason_of(outcome.code))
            outcome = known
        if not isinstance(outcome, Durable):
            told = Reason.MS03, f"The node cannot take it now: {getattr(outcome, 'reason', '')}. Import the file again."
            return Answer(importing.PENDING, refusal=told)
        return self.answer_of(identity, outcome)

    def answer_of(self, identity: bytes, found: Durable) -> Answer:
        """Say what became of a transfer that is in a block."""
        receipt: Receipt = decode_receipt(found.receipt)
        if receipt.code:
            return Answer(importing.REFUSED, refusal=reason_of(receipt.code))
        number = next(at for at, fact in enumerate(receipt.events) if isinstance(fact, Transferred))
        network = self.session.naming.network.hash
        reference = uetr.uetr_of(network, identity, Position(found.height, found.place, number * LEGS_MAX))
        return Answer(importing.DONE, uetr=reference, time=self.session.node.header(found.height).header.time)


def _report_words(found: Initiation, outcomes: Sequence[Outcome], session: Session, choices: Choices) -> str:
    status = importing.REFUSED if found.refusal is not None else reports.group_status(outcomes)
    head = f"Message {found.message}: {len(outcomes)} payments, {reports.WORDS.get(status, status)}."
    lines = [head]
    if found.refusal is not None:
        code, sentence = found.refusal
        lines.append(f"{code} {code.called}: {sentence}")
    rows = []
    for item, answer in outcomes:
        whom = "" if item.wish is None else session.naming.call(item.wish.creditor)
        told = answer.uetr or ""
        if answer.refusal is not None:
            told = f"{answer.refusal[0]} {answer.refusal[1]}"
        rows.append((item.end_to_end, whom, f"{item.amount} {item.currency}", reports.WORDS[answer.status], told))
    table = table_words(("end to end", "to", "amount", "", "UETR, or why not"), rows, frozenset({2}))
    dropped = sorted({name for item in found.items for name in item.not_carried})
    notes = [f"The ledger does not carry {', '.join(dropped)}: tell the payees by another way."] if dropped else []
    if choices.dry_run:
        notes.append("Nothing was signed or sent.")
    elif status == importing.REFUSED:
        notes.append("Nothing of it was paid.")
    return paragraphs([lines, table.splitlines(), notes])


def _report_document(found: Initiation, outcomes: Sequence[Outcome], choices: Choices) -> dict[str, Any]:
    whole = found.refusal
    return {
        "message": found.message,
        "dry_run": choices.dry_run,
        "status": importing.REFUSED if whole is not None else reports.group_status(outcomes),
        "refusal": None if whole is None else _refusal_document(whole),
        "payments": [
            {
                "batch": item.batch,
                "end_to_end": item.end_to_end,
                "given_uetr": item.uetr,
                "amount": item.amount,
                "currency": item.currency,
                "to": None if item.wish is None else documents.account(item.wish.creditor),
                "status": answer.status,
                "uetr": answer.uetr,
                "time": answer.time,
                "refusal": None if answer.refusal is None else _refusal_document(answer.refusal),
                "not_carried": list(item.not_carried),
            }
            for item, answer in outcomes
        ],
    }


def _refusal_document(told: tuple[Reason, str]) -> dict[str, str]:
    return {"code": told[0].value, "title": told[0].called, "sentence": told[1]}


# ------------------------------------------------------------------------------------------------------------- by UETR


def show_status(text: str, journal: Path | None, way: Way) -> int:
    """Say what became of a payment; gives the exit status."""
    _check_uetr(text)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        found = _look_up(text, session) or _imported(text, journal, session)
        if found is None:
            raise Stopped(
                Exit.NOT_FOUND,
                f"No payment of this network has the UETR {text}.",
                "Compare it. One that came with a file is known where the file was imported: name its --journal.",
            )
        refused = bool(found.receipt.code)
        status = importing.REFUSED if refused else status_of(found.receipt.events[found.number])
        words = ""
        if not way.as_json:
            head = f"{STATUS_WORDS[status]}, in block {found.height} at {moment_words(found.time)}."
            facts = () if refused else (found.receipt.events[found.number],)
            lines = [line for fact in facts for line in session.showing().event(fact)]
            words = paragraphs([[head, f"id {found.result.hex()}"], lines or session.showing().receipt(found.receipt)])
    shown = {"uetr": text, "status": status, "id": found.result.hex(), "height": found.height, "time": found.time}
    options.show(words, {**shown, **receipt_document(found.receipt)}, as_json=way.as_json)
    return Exit.REFUSED if refused else Exit.DONE


def _check_uetr(text: str) -> None:
    if not uetr.is_uetr(text):
        raise usage(f"{text!r} is no UETR.", "It looks like 6f1c2d9e-8a41-4b0e-9c55-0d2f6b7a1e33, in small letters.")


def _look_up(text: str, session: Session) -> Found | None:
    """Follow a UETR of the ledger's own to the fact that it stands for."""
    network = session.naming.network.hash
    height = height_in(network, text)
    if not 1 <= height <= session.node.status().durable_height:
        return None
    return fact_of(session.node.block(height), network, text)


def _imported(text: str, journal: Path | None, session: Session) -> Found | None:
    """Find a payment by the UETR that came with its file, in the journal of the import."""
    path = _journal_path(journal, session.naming.network.hash)
    if not path.exists():
        return None
    with Journal(path) as opened:
        noted = opened.by_uetr(text)
    found = None if noted is None else session.node.result(noted.id)
    if noted is None or found is None:
        return None
    time = session.node.header(found.height).header.time
    return Found(noted.id, found.height, found.place, time, decode_receipt(found.receipt), 0)


def write_messages(text: str, out: Path, way: Way) -> None:
    """Write all payments of a UETR's result as messages."""
    xml.library()
    _check_uetr(text)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        network = session.naming.network.hash
        looked = _look_up(text, session)
        if looked is None:
            raise Stopped(
                Exit.NOT_FOUND,
                f"No payment of this network has the UETR {text}.",
                "Give one of the ledger's own: a report (pain.002) tells it as AcctSvcrRef.",
            )
        paid = _payments_of(looked, network, find_node(way.node_folder))
    out.mkdir(parents=True, exist_ok=True)
    written = [_write(out, *clearing.message_of(list(of_way), network)) for _way, of_way in groupby(paid, key=_way_of)]
    if paid:
        written.append(_write(out, clearing.STATUS, clearing.status_message(paid)))
    document = {"uetr": text, "payments": [each.uetr for each in paid], "files": [str(each) for each in written]}
    options.show("\n".join(map(str, written)) or "Nothing was paid by it.", document, as_json=way.as_json)


def _payments_of(looked: Found, network: bytes, folder: Path) -> list[Payment]:
    """Read the ledger up to a result's block, and give the payments of that result, by their ways."""
    book = Book(network)
    source = NodeSource(folder)
    try:
        with progress(looked.height, "Reading blocks") as advance:

            def told() -> Iterator[Any]:
                for raw in source.blocks(1, looked.height):
                    yield from book.read((raw,))
                    advance(book.height)

            # UETRs say of which result a payment is; the reader needs all that was told before.
            mine = {uetr.uetr_of(network, looked.result, position) for position in _positions(looked)}
            found = [each for each in payments_in(told(), book.fold) if each.uetr in mine]
    finally:
        source.close()
    return sorted(found, key=_way_of)


def _positions(looked: Found) -> Iterator[Position]:
    for number in range(len(looked.receipt.events) * LEGS_MAX):
        yield Position(looked.height, looked.place, number)


def _way_of(payment: Payment) -> str:
    return payment.way.value


def _write(folder: Path, kind: str, message: bytes) -> Path:
    path = folder / f"{kind}.xml"
    with path.open("xb") as stream:
        stream.write(message)
    return path


def show_account(text: str, way: Way) -> None:
    """Say how an account is spelt in messages."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        account = None
        with suppress(AccountWrong):
            account = read_account(text)
        account = session.naming.account(text) if account is None else account
        network = network_text(session.naming.network.hash)
    spelt = spell_account(account)
    lines = [f"in messages   {spelt}", f"its code      {account_code(account)}", f"network       {network}"]
    document = {"account": documents.account(account), "in_messages": spelt, "network": network}
    options.show("\n".join(lines), document, as_json=way.as_json)
