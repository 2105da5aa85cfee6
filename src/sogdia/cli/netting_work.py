"""Netting at the command line: reading pools, solving them, and sending a batch part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sogdia.clearing.graph import doubt_about, graph_of
from sogdia.clearing.parts import PoolsOf, parts_of, read_pools
from sogdia.clearing.solving import SolvingError, solve
from sogdia.cli import options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.moments import read_moment
from sogdia.cli.progress import progress
from sogdia.cli.sending import send_applied, signatory
from sogdia.cli.sessions import Session, keys_of
from sogdia.cli.tables import table_words
from sogdia.client.wording import amount_words, moment_words
from sogdia.kernel.envelope import OPERATIONS_MAX
from sogdia.kernel.values import owner_of
from sogdia.modules.netting.batches import DropBatch, OpenBatch
from sogdia.modules.netting.obligations import DAY, PAYMENTS_MAX, Payment, PayObligations
from sogdia.modules.netting.queries import PAGE_MAX, ObligationsQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.clearing.graph import Graph, Solution
    from sogdia.cli.options import Way
    from sogdia.cli.sending import Signatory
    from sogdia.modules.money import Asset
    from sogdia.modules.netting.queries import NamedObligation


class Solved(NamedTuple):
    """Pools as they were read, with what clears most of them."""

    graph: Graph
    solution: Solution


def show_solved(who: str, asset: str, dues: Sequence[str], way: Way, *, by_key: bool = False) -> None:
    """Show how much of a coordinator's pools could be cleared; `who` is its account, or the key that signs for it."""
    with _session(way) as session:
        coordinator = signatory(who, session).account if by_key else session.naming.account(who)
        pools = PoolsOf(coordinator, session.naming.asset(asset), _dates(dues, session))
        solved = _solved(pools, session)
    _show(pools, solved, way, "could be", "Nothing was signed or sent.")


def clear(who: str, asset: str, dues: Sequence[str], batch: str, way: Way) -> None:
    """Net pools: solve once before they are held, so that they are held no longer than needed."""
    with _session(way) as session:
        by = signatory(who, session)
        pools = PoolsOf(by.account, session.naming.asset(asset), _dates(dues, session))
        solved = _solved(pools, session)
        send_applied([OpenBatch(batch=batch, asset=pools.asset, dues=pools.dues)], by, session)
        try:
            held = graph_of(read_pools(pools, session.ask))
            if held != solved.graph:
                solved = _solve(held)
            parts = parts_of(batch, *solved)
            with progress(len(parts), "Declaring") as advance:
                for done, part in enumerate(parts, start=1):
                    send_applied([part], by, session)
                    advance(done)
        except BaseException:
            _let_go(batch, by, session)
            raise
    _show(pools, solved, way, "was", "What remains is to be paid: sogdia netting pay.")


def pay(who: str, asset: str, due: str, way: Way, *, dry_run: bool) -> None:
    """Pay all that a party owes in one money until a date."""
    with _session(way) as session:
        by = signatory(who, session)
        money, until = session.naming.asset(asset), _date(due, session)
        owed = [each for each in _owed(by.account, money, session) if each.obligation.due <= until]
        payments = [Payment(each.name, each.obligation.left) for each in owed]
        most = PAYMENTS_MAX * OPERATIONS_MAX
        if len(payments) > most:
            raise usage(f"{len(payments)} obligations are due; {most} can be paid at once.", "Choose an earlier date.")
        parts = [payments[at : at + PAYMENTS_MAX] for at in range(0, len(payments), PAYMENTS_MAX)]
        if parts and not dry_run:
            send_applied([PayObligations(asset=money, payments=tuple(part)) for part in parts], by, session)
        called = [session.naming.call(owner_of(each.obligation)) for each in payments]
        named = [session.naming.call_object(each.obligation) for each in payments]
    total = sum(each.units for each in payments)
    rows = [
        (name, creditor, amount_words(each.units, money.currency))
        for name, creditor, each in zip(named, called, payments, strict=True)
    ]
    verb = "would be paid" if dry_run else "paid"
    words = table_words(("obligation", "creditor", "amount"), rows, frozenset({2})) + "\n" if rows else ""
    words += f"Obligations {verb}: {len(payments)}, {amount_words(total, money.currency)} in all."
    document = {
        "dry_run": dry_run,
        "asset": {"currency": money.currency, "issuer": money.issuer.hex()},
        "units": str(total),
        "payments": [{"obligation": each.obligation.hex(), "units": str(each.units)} for each in payments],
    }
    options.show(words, document, as_json=way.as_json)


# ------------------------------------------------------------------------------------------------------------ reading


def _session(way: Way) -> Session:
    return Session(way.node_folder, keys_of(way.node_folder, way.keys_folder))


def _dates(texts: Sequence[str], session: Session) -> tuple[int, ...]:
    return tuple(sorted({_date(text, session) for text in texts}))


def _date(text: str, session: Session) -> int:
    """Read a due date: the first second of the day."""
    moment = read_moment(text, session.now)
    return moment - moment % DAY


def _solved(pools: PoolsOf, session: Session) -> Solved:
    graph = graph_of(read_pools(pools, session.ask))
    if not graph.names:
        raise Stopped(Exit.NOT_FOUND, "There is nothing to net.", "'sogdia query netting-pools' lists the pools.")
    return _solve(graph)


def _solve(graph: Graph) -> Solved:
    """Solve a graph, and check the solution by the ledger's own lines."""
    try:
        solution = solve(graph)
    except SolvingError as error:
        raise usage(str(error)) from error
    doubt = doubt_about(graph, solution)
    if doubt is not None:
        raise Stopped(Exit.DAMAGED, f"The solution is not right: {doubt}.", "Report this; nothing was sent.")
    return Solved(graph, solution)


def _owed(account: bytes, asset: Asset, session: Session) -> list[NamedObligation]:
    """Give what a party owes in a money, by name, with what a batch that is being carried out has done to it."""
    found: list[NamedObligation] = []
    after: bytes | None = None
    while True:
        page: list[NamedObligation] = session.ask(ObligationsQuery(account=account, after=after))
        found += page
        if len(page) < PAGE_MAX:
            break
        after = page[-1].name
    return [
        each
        for each in found
        if each.obligation.debtor == account and each.obligation.asset == asset and each.obligation.accepted
    ]


# ------------------------------------------------------------------------------------------------------------- telling


def _let_go(batch: str, by: Signatory, session: Session) -> None:
    """Drop a batch that cannot be completed; if that fails as well, it lapses by itself."""
    try:
        send_applied([DropBatch(batch=batch)], by, session)
    except Exception as error:  # noqa: BLE001 - what went wrong before is what has to be told
        import click  # noqa: PLC0415 - only here

        click.echo(f"The batch {batch!r} could not be dropped ({error}); it lapses by itself.", err=True)


def _show(pools: PoolsOf, solved: Solved, way: Way, verb: str, then: str) -> None:
    gross, cleared = sum(solved.graph.amounts), solved.solution.cleared
    points = cleared * 10_000 // gross if gross else 0
    reduced = sum(flow > 0 for flow in solved.solution.flows)
    currency = pools.asset.currency
    dates = ", ".join(moment_words(due)[:10] for due in pools.dues)
    counted = f"{len(solved.graph.names)} obligations of {len(solved.graph.accounts)} parties, due {dates}"
    share = f"{points // 100}.{points % 100:02} %"
    words = (
        f"{counted}: {amount_words(gross, currency)}.\n"
        f"{amount_words(cleared, currency)} of it {verb} cleared without money ({share}), in {reduced} obligations; "
        f"no more can be.\n{then}"
    )
    document: dict[str, Any] = {
        "asset": {"currency": currency, "issuer": pools.asset.issuer.hex()},
        "dues": list(pools.dues),
        "parties": len(solved.graph.accounts),
        "obligations": len(solved.graph.names),
        "gross": str(gross),
        "cleared": str(cleared),
        "reduced": reduced,
    }
    options.show(words, document, as_json=way.as_json)
