"""What `sogdia gateway` does: passes, lists, decisions of people, and the reconciliation."""

from __future__ import annotations

import secrets
import sys
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sogdia.cli import documents, options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.gateway_ledger import IssuerLedger, Signer
from sogdia.cli.sending import signing_for
from sogdia.cli.sessions import Session, keys_of
from sogdia.cli.show import paragraphs
from sogdia.cli.tables import table_words
from sogdia.client.codes import account_code, read_account
from sogdia.client.keys import generate
from sogdia.client.wording import amount_words, moment_words
from sogdia.gateway import deciding, passing, reconciling, references, telling
from sogdia.gateway.adapters import SECRETS, qr, rails_of
from sogdia.gateway.desk import Desk, LedgerSilentError
from sogdia.gateway.following import follow
from sogdia.gateway.journal import FILE as JOURNAL
from sogdia.gateway.journal import Journal
from sogdia.gateway.minting import due
from sogdia.gateway.paying_out import overdue
from sogdia.gateway.records import SUSPENDED, Credit, Payee, Stage
from sogdia.gateway.settings import FILE as SETTINGS
from sogdia.gateway.settings import read_settings
from sogdia.kernel.text import text_problem
from sogdia.rails import xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sogdia.cli.options import Way
    from sogdia.gateway.records import Payout

SECRET_BYTES = 32
EMULATED = ".emulated"
"""Beside the public half of a key: the other side's secret half, where it is only played."""


class Gateway(NamedTuple):
    """An open gateway."""

    desk: Desk
    session: Session

    def words(self, units: int) -> str:
        """Write an amount."""
        return amount_words(units, self.desk.settings.currency)


@contextmanager
def opened(folder: Path, way: Way, signer: Signer | None = None, *, aside: bool = False) -> Iterator[Gateway]:
    """Open a gateway; `aside` works on a copy of its journal that is thrown away."""
    xml.library()
    settings = read_settings(folder)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        if session.naming.network.hash.hex() != settings.network:
            raise usage("This gateway belongs to another network than the node.", "Name its node with --node.")
        session.showing()
        ledger = IssuerLedger(session, read_account(settings.issuer), way.node_folder, signer)
        with Journal(folder / JOURNAL) as journal:
            copy = journal.copy() if aside else journal
            yield Gateway(Desk(folder, settings, copy, rails_of(folder, settings), ledger, []), session)


# ------------------------------------------------------------------------------------------------------------ creating


class NewRail(NamedTuple):
    """A rail as it is named on the command line: NAME=KIND:ACCOUNT[:OPENING]."""

    name: str
    kind: str
    account: str
    opening: str


def read_rail(text: str) -> NewRail:
    """Read a rail."""
    name, _, rest = text.partition("=")
    kind, _, rest = rest.partition(":")
    account, _, opening = rest.partition(":")
    if not (name and account) or kind not in ("bank", "card", "wallet", "agent"):
        raise usage(
            f"{text!r} is no rail.",
            "Write NAME=KIND:ACCOUNT or NAME=KIND:ACCOUNT:OPENING, KIND being bank, card, wallet or agent.",
        )
    return NewRail(name, kind, account, opening or "0")


def create(  # noqa: PLR0913 - what a gateway is made of
    folder: Path, key: str, currency: str, owner: str, rails: Sequence[str], way: Way, *, emulated: bool
) -> None:
    """Make the folder of a gateway, with settings to go on from."""
    made = [read_rail(each) for each in rails]
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        issuer = signing_for(key, session, 0).account
        network = session.naming.network.hash.hex()
        now, block = session.now, session.node.height()
    folder.mkdir(parents=True)
    (folder / SECRETS).mkdir(mode=0o700)
    lines = [
        f'network = "{network}"',
        f'issuer = "{account_code(issuer)}"',
        f'currency = "{currency}"',
        f'owner = "{owner}"',
        f"since = {now}",
        f"block = {block}",
    ]
    for rail in made:
        for inner in ("in", "out"):
            (folder / rail.name / inner).mkdir(parents=True)
        lines += ["", "[[rails]]", f'name = "{rail.name}"', f'kind = "{rail.kind}"', f'account = "{rail.account}"']
        lines += [f'opening = "{rail.opening}"', *_keys_of(folder, rail, emulated=emulated)]
    (folder / SETTINGS).write_text("\n".join(lines) + "\n", "utf-8")
    read_settings(folder)
    words = f"{folder / SETTINGS} says how the gateway works: read it, and complete it."
    options.show(words, {"folder": str(folder), "settings": str(folder / SETTINGS)}, as_json=way.as_json)


def _keys_of(folder: Path, rail: NewRail, *, emulated: bool) -> list[str]:
    """Make the secret that is shared with an acquirer; keys of wallets and agents only where they are played."""
    if rail.kind == "card":
        _write_secret(folder / SECRETS / rail.name, secrets.token_hex(SECRET_BYTES))
    if rail.kind in ("wallet", "agent"):
        if not emulated:
            return ["keys = []  # of the wallet or the agents: Ed25519, in hexadecimal"]
        pair = generate()
        _write_secret(folder / SECRETS / f"{rail.name}{EMULATED}", pair.seed.hex())
        return [f'keys = ["{pair.public.hex()}"]']
    return []


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, "ascii")


# ----------------------------------------------------------------------------------------------------- people of theirs


def show_reference(folder: Path, account: str, way: Way) -> None:
    """Give an account its funding reference, and say under which rules money comes in by it."""
    with opened(folder, way) as gateway:
        desk = gateway.desk
        whose = gateway.session.naming.account(account)
        if gateway.session.party(whose) is None:
            raise Stopped(Exit.NOT_FOUND, f"{account} is no party of the network.", "Register it first.")
        reference = references.reference_of(desk.ledger.network, desk.ledger.issuer, desk.settings.currency, whose)
        with desk.journal.step():
            desk.journal.give_reference(reference, whose)
        rails = [_terms(each) for each in desk.settings.rails]
        called = gateway.session.naming.call(whose)
        codes = {
            each.name: qr.payload(each.qr, each.account, reference)
            for each in desk.settings.rails
            if each.qr is not None
        }
    lines = [f"{called} funds its account with the reference", f"  {references.in_groups(reference)}"]
    words = paragraphs([lines, rails, [f"QR code for {name}: {text}" for name, text in codes.items()]])
    document = {"account": documents.account(whose), "reference": reference, "terms": rails, "qr": codes}
    options.show(words, document, as_json=way.as_json)


def _terms(rail: Any) -> str:  # noqa: ANN401 - the settings of a rail
    """Say how money comes in by a rail, and who bears what is taken back."""
    when = f"minted {rail.hold_hours} hours after it is booked" if rail.hold_hours else "minted when it is booked"
    bears = "the issuer bears what is taken back later"
    if rail.chargebacks == "holder":
        bears = "what is taken back later is claimed from you, by the currency's panel and from what is available alone"
    return f"{rail.name}: {rail.account}, {when}; {bears}."


def add_payee(folder: Path, payee: Sequence[str], way: Way) -> None:
    """Note where a holder wants to be paid."""
    holder, payout, rail, destination, called = payee
    with opened(folder, way) as gateway:
        desk = gateway.desk
        if rail not in desk.rails:
            raise usage(f"{rail!r} is no rail of this gateway.", f"It has {', '.join(desk.rails)}.")
        account = gateway.session.naming.account(holder)
        with desk.journal.step():
            desk.journal.put_payee(Payee(account, payout, rail, destination, called))
    words = f"Redemptions by {holder} with the payout {payout!r} are paid by {rail} to {destination}."
    options.show(words, {"account": documents.account(account), "payout": payout, "rail": rail}, as_json=way.as_json)


# --------------------------------------------------------------------------------------------------------------- passes


def run_pass(folder: Path, signer: Signer, every: int | None, way: Way, *, dry_run: bool) -> int:
    """Do all that can be done now, once or again and again; gives the exit status."""
    if every is None:
        return _try(folder, way) if dry_run else _pass(folder, signer, way)
    if dry_run:
        raise usage("--dry-run tries once.", "Leave out --every.")
    while True:
        try:
            _pass(folder, signer, way)
        except Stopped as stopped:
            if stopped.status != Exit.UNREACHABLE:
                raise
            click.echo(f"sogdia: {stopped}", err=True)
        time.sleep(every)


def _pass(folder: Path, signer: Signer, way: Way) -> int:
    with opened(folder, way, signer) as gateway:
        try:
            refused = passing.run(gateway.desk)
        except LedgerSilentError as silent:
            raise Stopped(
                Exit.UNREACHABLE,
                f"The node did not say what became of an envelope: {silent}.",
                "Run again: what was sent is not sent anew, and nothing is minted twice.",
            ) from silent
        told = telling.notices(gateway.desk)
        words, document = _summary(gateway, told)
        document["refused"] = [each._asdict() for each in refused]
        options.show(words, document, as_json=way.as_json)
    return Exit.REFUSED if refused else Exit.DONE


def _try(folder: Path, way: Way) -> int:
    """Say what a pass would do: it reads everything, into a copy of the journal, and moves nothing."""
    with opened(folder, way, aside=True) as gateway:
        desk = gateway.desk
        follow(desk)
        refused = passing.take_in(desk, keep=True)
        back = [each for each in overdue(desk) if each.payer]
        lists: list[tuple[str, list[str]]] = [
            ("Would be minted", [_credit_line(gateway, each) for each in due(desk)]),
            ("Would be sent back", [_credit_line(gateway, each) for each in back]),
            ("Redemptions under way", [_payout_line(gateway, each) for each in desk.journal.payouts(settled=False)]),
            ("Would be refused", [shown(f"{each.rail}/{each.name}: {each.why}") for each in refused]),
        ]
        document = {
            "mint": [_credit_document(each) for each in due(desk)],
            "send_back": [_credit_document(each) for each in back],
            "payouts": [_payout_document(each) for each in desk.journal.payouts(settled=False)],
            "refused": [each._asdict() for each in refused],
        }
        parts = [[f"{title}:", *(f"  {line}" for line in lines)] for title, lines in lists if lines]
        words = paragraphs([*parts, ["Nothing was signed, sent, moved or noted."]])
    options.show(words, document, as_json=way.as_json)
    return Exit.REFUSED if refused else Exit.DONE


def _summary(gateway: Gateway, told: Sequence[str]) -> tuple[str, dict[str, Any]]:
    desk = gateway.desk
    credits_ = desk.journal.credits(*Stage)
    stages = Counter(str(each.stage) for each in credits_)
    figures = reconciling.figures_of(desk)
    counted = ", ".join(f"{count} {stage}" for stage, count in sorted(stages.items())) or "none"
    head = [
        f"Block {desk.ledger.height}. Credits: {counted}.",
        f"Circulating {gateway.words(figures.circulating)}, in suspense {gateway.words(figures.suspense)}.",
    ]
    did = [f"{each.about}  {gateway.words(each.units)}  {each.what}  {shown(each.told)}".rstrip() for each in desk.did]
    words = paragraphs([did, head, [f"! {shown(each)}" for each in told]])
    done = [each._asdict() | {"units": documents.number(each.units)} for each in desk.did]
    figured = _figures_document(figures)
    return words, {"did": done, "credits": dict(stages), "figures": figured, "notices": list(told)}


# ---------------------------------------------------------------------------------------------------------------- lists


def show_suspense(folder: Path, way: Way) -> None:
    """List what waits."""
    with opened(folder, way) as gateway:
        found = gateway.desk.journal.credits(*SUSPENDED)
        head = ("credit", "amount", "stage", "why", "owner", "until", "from")
        rows = [_row(gateway, each) for each in found]
        words = table_words(head, rows, frozenset({1})) or "Nothing waits."
    options.show(words, {"credits": [_credit_document(each) for each in found]}, as_json=way.as_json)


def _row(gateway: Gateway, credit: Credit) -> tuple[str, ...]:
    until = credit.deadline if credit.stage == Stage.WAITING else credit.due
    return (
        credit.name,
        gateway.words(credit.left),
        str(credit.stage),
        shown(credit.why),
        shown(credit.owner),
        moment_words(until),
        shown(credit.payer) or "unknown",
    )


def shown(text: str) -> str:
    """Write a stranger's text so that it cannot deceive whoever reads it at a terminal."""
    return text if text_problem(text) is None else ascii(text)


def show_payouts(folder: Path, way: Way) -> None:
    """List the pay-outs that are under way."""
    with opened(folder, way) as gateway:
        found = gateway.desk.journal.payouts(settled=False)
        words = "\n".join(_payout_line(gateway, each) for each in found) or "Nothing is to be paid out."
    options.show(words, {"payouts": [_payout_document(each) for each in found]}, as_json=way.as_json)


def _credit_line(gateway: Gateway, credit: Credit) -> str:
    whom = gateway.session.naming.call(credit.account) if credit.account else shown(credit.payer)
    return f"{credit.name}  {gateway.words(credit.left)}  {whom}"


def _payout_line(gateway: Gateway, payout: Payout) -> str:
    what = f"credit {payout.rail}/{payout.credit}"
    if payout.redemption:
        what = f"redemption {gateway.session.naming.call_object(payout.redemption)}, {payout.inside} on the ledger"
    outside = f"{payout.outside} at {payout.rail}" if payout.rail else "no rail yet"
    until = moment_words(payout.deadline)
    return f"{payout.id}  {gateway.words(payout.units)}  {what}, {outside}, until {until}  {shown(payout.why)}".rstrip()


def _credit_document(credit: Credit) -> dict[str, Any]:
    whose = documents.account(credit.account) if credit.account else None
    told = credit._asdict() | {"stage": str(credit.stage), "account": whose, "name": credit.name}
    return told | {"units": documents.number(credit.units), "taken": documents.number(credit.taken)}


def _payout_document(payout: Payout) -> dict[str, Any]:
    redemption = documents.name(payout.redemption) if payout.redemption else None
    told = payout._asdict() | {"inside": str(payout.inside), "outside": str(payout.outside), "redemption": redemption}
    return told | {"units": documents.number(payout.units)}


# ------------------------------------------------------------------------------------------------------------ decisions


def decide(folder: Path, question: str, does: Callable[[Gateway], str], way: Way, *, yes: bool) -> None:
    """Do what a person has decided, once it is sure of it."""
    if not yes:
        if not sys.stdin.isatty():
            raise usage("Nobody is there to be asked.", "Say --yes.")
        click.confirm(question, abort=True, err=True)
    with opened(folder, way) as gateway:
        try:
            words = does(gateway)
        except deciding.NotNowError as not_now:
            raise Stopped(Exit.REFUSED, str(not_now)) from not_now
    options.show(words, {"done": words}, as_json=way.as_json)


def assign(gateway: Gateway, item: str, account: str, because: str) -> str:
    """Assign a credit."""
    whose = gateway.session.naming.account(account)
    if gateway.session.party(whose) is None:
        raise Stopped(Exit.NOT_FOUND, f"{account} is no party of the network.", "Compare it; the ledger would refuse.")
    credit = deciding.assign(gateway.desk, item, whose, because)
    return f"{gateway.words(credit.left)} are minted for {account} by the next run."


def send_back(gateway: Gateway, item: str, because: str, destination: str) -> str:
    """Send a credit back."""
    credit = deciding.send_back(gateway.desk, item, because, destination)
    return f"{gateway.words(credit.left)} go back to {shown(credit.payer)} by {credit.rail} with the next run."


# ------------------------------------------------------------------------------------------------------- reconciliation


def run_reconcile(folder: Path, way: Way) -> int:
    """Compare everything; gives the exit status."""
    with opened(folder, way) as gateway:
        desk = gateway.desk
        height, supply = desk.ledger.supply(desk.settings.currency)
        follow(desk, height)
        report = reconciling.reconcile(desk, supply)
        told = telling.notices(desk)
        words = "" if way.as_json else _report_words(gateway, report, told)
        document = _report_document(report, told, desk.journal.own_rows())
    options.show(words, document, as_json=way.as_json)
    return Exit.DONE if report.adds_up else Exit.DAMAGED


def _report_words(gateway: Gateway, report: reconciling.Report, told: Sequence[str]) -> str:
    figures = report.figures
    named = [
        ("at the rails", figures.at_rails),
        ("circulating", figures.circulating),
        ("in suspense", figures.suspense),
        ("in flight", figures.in_flight),
        ("the issuer's own", figures.own),
        ("unexplained", figures.unexplained),
        ("difference", figures.difference),
    ]
    table = table_words(("", ""), [(name, gateway.words(units)) for name, units in named], frozenset({1}))
    rails = [_rail_words(gateway, each) for each in report.rails]
    own = [
        f"{place}/{reference}  {gateway.words(units)}  {shown(why)}"
        for place, reference, units, why in gateway.desk.journal.own_rows()
    ]
    end = ["It adds up." if report.adds_up else "It does not add up."]
    if figures.short:
        end.append(
            f"The reserve is short by {gateway.words(figures.short)}: pay it in with the issuer's own reference."
        )
    if report.supply != figures.circulating:
        end.append(f"The ledger says that {gateway.words(report.supply)} circulate: the journal is damaged.")
    return paragraphs(
        [
            table.splitlines()[1:],
            rails,
            ["Borne and got by the issuer:", *own] if own else [],
            [f"! {shown(each)}" for each in told],
            end,
        ]
    )


def _rail_words(gateway: Gateway, rail: reconciling.AtRail) -> str:
    if rail.closing is None:
        return f"{rail.rail}: it has sent no statement; told of {gateway.words(rail.told)}."
    until = moment_words(rail.until)
    late = " That is not yesterday's." if rail.late else ""
    if rail.agrees:
        return f"{rail.rail}: {gateway.words(rail.closing)} by its statement until {until}, as told.{late}"
    differs = gateway.words(abs(rail.closing - rail.told))
    way = "more" if rail.closing > rail.told else "less"
    return (
        f"{rail.rail}: {gateway.words(rail.closing)} by its statement until {until}, {differs} {way} than told.{late}"
    )


def _figures_document(figures: reconciling.Figures) -> dict[str, Any]:
    told = {name: documents.number(value) for name, value in figures._asdict().items()}
    return told | {"difference": documents.number(figures.difference), "short": documents.number(figures.short)}


def _report_document(
    report: reconciling.Report, told: Sequence[str], own: Sequence[tuple[str, str, int, str]]
) -> dict[str, Any]:
    return {
        "adds_up": report.adds_up,
        "figures": _figures_document(report.figures),
        "supply": documents.number(report.supply),
        "rails": [each._asdict() | {"agrees": each.agrees} for each in report.rails],
        "own": [{"rail": place, "reference": about, "units": units, "why": why} for place, about, units, why in own],
        "notices": list(told),
    }
