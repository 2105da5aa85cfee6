"""Vouchers at the command line: texts and files in, one function called, words or JSON out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

from sogdia.cli import options
from sogdia.cli.amounts import read_amount, units_of
from sogdia.cli.documents import structure
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.failures import refused
from sogdia.cli.moments import read_moment
from sogdia.cli.naming import Naming, Network
from sogdia.cli.proving import trusted
from sogdia.cli.sending import Signatory, send_applied, signatory
from sogdia.cli.sessions import GENESIS_BYTES_MAX, Session, keys_of, read_genesis, read_limited
from sogdia.client import checking, proofs, vouchers
from sogdia.client.proofs import Trusted
from sogdia.client.voucher_books import Book
from sogdia.client.voucher_text import read_voucher, sms_parts, voucher_text
from sogdia.client.vouchers import KnownPurse
from sogdia.client.wording import amount_words, moment_words
from sogdia.kernel.proof import ProvenRecord
from sogdia.modules.vouchers.queries import PurseQuery
from sogdia.modules.vouchers.records import PURSES
from sogdia.modules.vouchers.redeeming import TOGETHER_MAX, RedeemVouchers, ReportFraud
from sogdia.modules.vouchers.refusals import VoucherRefusal
from sogdia.modules.vouchers.signed import is_used

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sogdia.cli.options import Way
    from sogdia.modules.vouchers.records import Purse
    from sogdia.modules.vouchers.signed import SignedVoucher, Voucher

VOUCHERS_MAX = 1_000
"""So many vouchers are redeemed with one command."""


@dataclass(frozen=True, kw_only=True)
class OfPurse:
    """Which purse, by whose word, at what moment."""

    proof: Path
    genesis: Path | None
    trust: str | None
    network: str | None
    sandbox: bool
    moment: str | None
    keys_folder: Path | None
    as_json: bool

    @property
    def now(self) -> int:
        """The moment that counts."""
        return int(time.time()) if self.moment is None else read_moment(self.moment, int(time.time()))


@dataclass(frozen=True, kw_only=True)
class Signing(OfPurse):
    """What was said of a voucher to be signed."""

    key: str
    to: str
    amount: str
    expires: str
    share: int | None
    book: Path | None
    qr: bool
    svg: Path | None


@dataclass(frozen=True, kw_only=True)
class Checking(OfPurse):
    """What was said of a voucher to be checked."""

    payee: str | None
    book: Path | None


# ---------------------------------------------------------------------------------------------------- without a node


def sign(asked: Signing) -> None:
    """Sign the next voucher of a purse, write it into the book, and show it."""
    known = _purse(asked)
    promised, naming = known.purse.promised, _naming(asked, known.network)
    payee = naming.account(asked.to)
    amount = read_amount(asked.amount)
    if amount.currency not in (None, promised.asset.currency):
        raise usage(f"The purse holds {promised.asset.currency}, not {amount.currency}.", "Name that money, or none.")
    units = units_of(amount, promised.asset.currency)
    if units < 1:
        raise usage("A voucher for nothing cannot be signed.", "Give an amount.")
    if asked.now > promised.ends_at:
        raise usage("The purse has ended: no payee takes its vouchers any more.", "Open another purse.")
    share = vouchers.share_for(promised.shares, payee) if asked.share is None else asked.share
    if share is None:
        raise usage(f"The purse has no share for {naming.call(payee)}, and none for anybody.", "Pay by another purse.")
    expiry = read_moment(asked.expires, asked.now)
    if expiry < asked.now:
        raise usage("The voucher would have expired already.", "Choose a later moment.")
    keys = options.keyring(asked.keys_folder).open(asked.key, options.ask_passphrase)
    path = asked.proof.with_name(f"{asked.proof.name}.book") if asked.book is None else asked.book
    with Book(path) as book:
        made = vouchers.sign(known, share, payee, units, expiry, keys, book.vouchers)
        book.add(made)
        left = vouchers.left_to_sign(known, share, [each for each in book.vouchers if _of(each, known, share)])
    certain = promised.shares[share].payee is not None
    lines = [
        *_words(made.voucher, known.purse, naming),
        _worth(certain=certain),
        f"left    {_money(left, known.purse)}",
    ]
    _show(made, lines, {"certain": certain, "left": left}, asked)


def check(text: str, asked: Checking) -> None:
    """Look at a voucher as its payee does, and write it into the book when it is good."""
    found, known = read_voucher(text), _purse(asked)
    naming = _naming(asked, known.network)
    payee = None if asked.payee is None else naming.account(asked.payee)
    if asked.book is None:
        verdict = vouchers.look(found, known, asked.now, (), payee)
    else:
        with Book(asked.book) as book:
            verdict = vouchers.look(found, known, asked.now, book.vouchers, payee)
            book.add(found)
    lines = [*_words(found.voucher, known.purse, naming), _worth(certain=verdict.certain)]
    if asked.book is None:
        lines.append("No book was given: all this holds only if you took no other voucher of this share (see --keep).")
    if known.purse.fraud_at is not None:
        lines.append("Beware: the key of this purse was caught signing what cannot all be paid.")
    lines.append(f"Redeem it by {moment_words(verdict.redeem_by)}, on the ledger.")
    document = {
        "valid": True,
        "certain": verdict.certain,
        "book": asked.book is not None,
        "redeem_by": verdict.redeem_by,
        "left": verdict.left,
        "fraud_at": known.purse.fraud_at,
        "voucher": structure(found.voucher),
    }
    options.show("\n".join(lines), document, as_json=asked.as_json)


def show(text: str, keys_folder: Path | None, svg: Path | None, *, qr: bool, as_json: bool) -> None:
    """Say what a voucher says, and draw it."""
    found = read_voucher(text)
    naming = Naming(options.keyring(keys_folder), lambda: Network(b""))
    lines = [*_words(found.voucher, None, naming), "Nothing of it has been checked."]
    _draw(voucher_text(found), lines, svg, qr=qr and not as_json)
    document = {"text": voucher_text(found), "voucher": structure(found.voucher), "checked": False}
    options.show("\n".join(lines), document, as_json=as_json)


def _purse(asked: OfPurse) -> KnownPurse:
    """Read the proof of a purse, checked against whom the reader trusts."""
    trust = trusted(asked.genesis, asked.trust, asked.network, sandbox=asked.sandbox)
    proven = checking.check(proofs.load_proof(asked.proof), trust, time.time_ns()).proven
    if not isinstance(proven, ProvenRecord) or proven.table != PURSES.number or proven.value is None:
        raise usage(
            f"{asked.proof} proves no purse.", "Make it with 'sogdia prove record vouchers/purses NAME --out FILE'."
        )
    network = trust.network if isinstance(trust, Trusted) else trust.root.network
    return KnownPurse(network, proven.key, PURSES.codec.decode(proven.value))


def _naming(asked: OfPurse, network: bytes) -> Naming:
    """Read and write names of a network that cannot be asked."""
    references: frozenset[str] = frozenset()
    if asked.genesis is not None:
        genesis = read_genesis(read_limited(asked.genesis, GENESIS_BYTES_MAX), str(asked.genesis))
        references = frozenset(party.reference for party in genesis.identity.parties)
    return Naming(options.keyring(asked.keys_folder), lambda: Network(network, references))


def _of(signed: SignedVoucher, known: KnownPurse, share: int) -> bool:
    return (signed.voucher.purse, signed.voucher.share) == (known.name, share)


def _words(said: Voucher, purse: Purse | None, naming: Naming) -> list[str]:
    """Say what a voucher says."""
    return [
        f"pays    {naming.call(said.payee)} {_money(said.units, purse)}",
        f"from    {naming.call_object(said.purse)}, share {said.share}, number {said.sequence}",
        f"until   {moment_words(said.expiry)}",
    ]


def _money(units: int, purse: Purse | None) -> str:
    return amount_words(units, None if purse is None else purse.promised.asset.currency)


def _worth(*, certain: bool) -> str:
    """Say loudly what a payee can rely on."""
    if certain:
        return "CERTAIN: this share is the payee's own; nothing that the payer signs to others can use it up."
    return (
        "RISK: this share is for anybody. Others may hold vouchers for the same money, and who comes first is paid. "
        "Take it only from somebody whom you would give credit."
    )


def _show(made: SignedVoucher, lines: list[str], more: dict[str, Any], asked: Signing) -> None:
    """Show a voucher that was signed: its text last, so that it can be copied."""
    text = voucher_text(made)
    lines.append(f"{len(text)} characters, {sms_parts(text)} parts of SMS")
    _draw(text, lines, asked.svg, qr=asked.qr and not asked.as_json)
    lines.append(text)
    document = {
        "text": text,
        "characters": len(text),
        "sms_parts": sms_parts(text),
        "voucher": structure(made.voucher),
        **more,
    }
    options.show("\n".join(lines), document, as_json=asked.as_json)


def _draw(text: str, lines: list[str], svg: Path | None, *, qr: bool) -> None:
    """Draw a text as a QR code: into a file, among the lines, or not at all."""
    if svg is None and not qr:
        return
    try:
        import segno  # noqa: PLC0415 - only who draws needs it
    except ImportError as missing:
        raise usage("Drawing needs the library segno.", "Install it: pip install 'sogdia[qr]'.") from missing
    code = segno.make_qr(text, error="m", boost_error=False)
    if svg is not None:
        with svg.open("xb") as stream:
            code.save(stream, kind="svg", scale=4)
        lines.append(f"The QR code (version {code.designator}) stands in {svg}.")
    if qr:
        drawn = StringIO()
        code.terminal(drawn, compact=True)
        lines.append(drawn.getvalue().rstrip("\n"))


# ------------------------------------------------------------------------------------------------------- with a node


def redeem(texts: Sequence[str], book: Path | None, from_: str, way: Way) -> None:
    """Have vouchers paid, share by share; those that were paid before are passed over."""
    found = _read(texts, book)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        by = signatory(from_, session)
        lines: list[str] = []
        paid: list[Voucher] = []
        passed, stopped = 0, list[Stopped]()
        for together in _by_share(found):
            first = together[0].voucher
            purse: Purse | None = session.ask(PurseQuery(name=first.purse))
            if purse is None:
                stopped.append(refused(VoucherRefusal.PURSE_UNKNOWN, (("purse", first.purse),)))
                continue
            drawn = purse.drawn[first.share] if first.share < len(purse.drawn) else None
            waiting = [each for each in together if drawn is None or not is_used(drawn.used, each.voucher.sequence)]
            passed += len(together) - len(waiting)
            done, refusals = _pay(waiting, by, session)
            paid += done
            stopped += refusals
            lines += [f"paid    {session.naming.call(each.payee)} {_money(each.units, purse)}" for each in done]
    if passed:
        lines.append(f"{passed} paid before, or their numbers were: compare these if you did not redeem them.")
    if stopped:
        raise Stopped(
            stopped[0].status, "\n".join([*lines, *(each.message for each in stopped)]), stopped[0].way_out,
            {**stopped[0].detail, "paid": [structure(each) for each in paid]},
        )  # fmt: skip
    document = {"paid": [structure(each) for each in paid], "passed_over": passed}
    options.show("\n".join(lines), document, as_json=way.as_json)


def _pay(waiting: Sequence[SignedVoucher], by: Signatory, session: Session) -> tuple[list[Voucher], list[Stopped]]:
    """Have vouchers of one share paid, several with one envelope; where one of them is refused, each by itself."""
    paid: list[Voucher] = []
    refusals: list[Stopped] = []
    parts = [tuple(waiting[at : at + TOGETHER_MAX]) for at in range(0, len(waiting), TOGETHER_MAX)]
    while parts:
        part = parts.pop(0)
        try:
            send_applied((RedeemVouchers(vouchers=part),), by, session)
        except Stopped as refusal:
            if refusal.status != Exit.REFUSED or len(part) == 1:
                refusals.append(refusal)
            else:
                parts = [*((each,) for each in part), *parts]
            continue
        paid += [each.voucher for each in part]
    return paid, refusals


def report(texts: Sequence[str], from_: str, way: Way) -> None:
    """Show vouchers that cannot all be paid."""
    found = tuple(_read(texts, None))
    if len(found) > TOGETHER_MAX:
        raise usage(f"A report holds at most {TOGETHER_MAX} vouchers.", "Two of one number suffice, or one unpaid one.")
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        identity = send_applied((ReportFraud(vouchers=found),), signatory(from_, session), session)
    words = f"It is proven, and stands against the payer for ever. Envelope {identity.hex()}."
    options.show(words, {"id": identity.hex()}, as_json=way.as_json)


def _read(texts: Sequence[str], book: Path | None) -> list[SignedVoucher]:
    """Read vouchers from texts and a book, each once."""
    found = [read_voucher(text) for text in texts]
    if book is not None:
        if not book.exists():
            raise Stopped(Exit.NOT_FOUND, f"There is no book {book}.", "Compare the path.")
        with Book(book) as opened:
            found += opened.vouchers
    found = list(dict.fromkeys(found))
    if not found:
        raise usage("There is no voucher.", "Give its text, or a book with --book.")
    if len(found) > VOUCHERS_MAX:
        raise usage(f"These are {len(found)} vouchers; at most {VOUCHERS_MAX} go together.", "Divide the book.")
    return found


def _by_share(found: Iterable[SignedVoucher]) -> list[list[SignedVoucher]]:
    """Put vouchers of one purse and one share together."""
    groups: dict[tuple[bytes, int], list[SignedVoucher]] = {}
    for each in found:
        groups.setdefault((each.voucher.purse, each.voucher.share), []).append(each)
    return list(groups.values())
