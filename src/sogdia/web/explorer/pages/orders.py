"""An order: to everybody that it exists, its state and its deadline; its whole history to those who are entitled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.client.codes import name_code
from sogdia.client.questions import RequestWrongError
from sogdia.client.wording import AT_THE_DEADLINE
from sogdia.index.reading.chain import RESULT_BY_ID
from sogdia.kernel.values import owner_of
from sogdia.modules.market.events import OrderDelivered, OrderPlaced
from sogdia.modules.market.queries import OrderLinesQuery, OrderQuery
from sogdia.modules.market.records import CLOSED_ORDERS, ORDERS, Order, OrderState, Outcome
from sogdia.web.explorer.limits import LINES_MAX, STEPS_MAX
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.pages.chain import decode_receipt
from sogdia.web.explorer.parts import Badge, Digest, Facts, Link, Page, Paragraph, Step, Steps, Table, Words
from sogdia.web.explorer.sources import ask
from sogdia.web.explorer.texts import say
from sogdia.web.explorer.values import amount, count, parts_words, share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.proof import LifeStep
    from sogdia.modules.market.queries import NumberedLine, OrderAnswer
    from sogdia.modules.market.records import ClosedOrder
    from sogdia.web.explorer.pages.asking import Asked
    from sogdia.web.explorer.parts import Cell, Section

STEPS_OF_A_LIFE_MAX = 2**20
REPEATED = frozenset({"order", "asset", "lines"})
"""Fields of facts that the page of the order says once."""


def order(asked: Asked) -> Page:
    """An order."""
    name = asked.name(asked.given("code"))
    answer: OrderAnswer = ask(asked.node, OrderQuery(name=name))
    record = answer.open or answer.closed
    if record is None:
        raise PageError(404, say("error.no_order"))
    code = name_code(name)
    whole = asked.entitled.sees_order(name)
    rows: list[tuple[str, Cell]] = _public_rows(asked, record)
    if whole:
        rows = [*_party_rows(asked, name, record), *rows, *_money_rows(record)]
    rows.append((say("proof"), Link(f"/check/order/{code}", say("proof.link"))))
    rows.append((say("code"), Digest(code)))
    sections: list[Section] = [Facts("", rows)]
    if whole:
        sections += _history(asked, name, record)
    else:
        sections.append(Paragraph((Words(say("order.public")), Link(f"/enter?to=/orders/{code}", say("reader.enter")))))
        sections.append(Paragraph((Words(say("order.public.proof")),)))
    title = asked.values.object_called(name)
    return Page("order", title, (Words(say("order.exists")), _state(record)), sections, above=say("order.above"))


def _state(record: Order | ClosedOrder) -> Badge:
    if isinstance(record, Order):
        return Badge(say(f"state.{OrderState(record.state).name.lower()}"))
    outcome = Outcome(record.outcome)
    return Badge(say(f"outcome.{outcome.name.lower()}"), "good" if outcome is Outcome.SETTLED else "calm")


def _public_rows(asked: Asked, record: Order | ClosedOrder) -> list[tuple[str, Cell]]:
    if not isinstance(record, Order):
        return [(say("order.closed"), asked.values.moment(record.closed_at))]
    return [
        (say("order.deadline"), asked.values.moment(record.deadline)),
        (say("order.then"), Words(f"{AT_THE_DEADLINE[OrderState(record.state)].capitalize()}.")),
    ]


def _party_rows(asked: Asked, name: bytes, record: Order | ClosedOrder) -> list[tuple[str, Cell]]:
    values = asked.values
    rows = [
        (say("order.buyer"), values.account(owner_of(name), whole=True)),
        (say("order.merchant"), values.account(record.merchant, whole=True)),
    ]
    if isinstance(record, Order):
        others = (
            (say("order.carrier"), record.carrier),
            (say("order.collector"), record.tax_collector),
            (say("order.platform"), record.platform),
            *((say("order.share"), each.account) for each in record.shares),
        )
        rows += [(label, values.account(account)) for label, account in others if account is not None]
    return rows


def _money_rows(record: Order | ClosedOrder) -> list[tuple[str, Cell]]:
    rows = [(say("order.paid"), parts_words(record.paid, record.asset))]
    if record.refunded.total():
        rows.append((say("order.refunded"), parts_words(record.refunded, record.asset)))
    if isinstance(record, Order) and record.balance_due:
        rows.append((say("order.due"), amount(record.balance_due, record.asset.currency)))
    if isinstance(record, Order) and record.released:
        rows.append((say("order.released"), share(record.released)))
    return rows


# ------------------------------------------------------------------------------------------------------------- history


def _history(asked: Asked, name: bytes, record: Order | ClosedOrder) -> list[Section]:
    steps = _life(asked, name, record)
    first = asked.whole_number("from", most=STEPS_OF_A_LIFE_MAX)
    shown = [_step(asked, name, each, record) for each in steps[first : first + STEPS_MAX]]
    after = first + len(shown)
    following = f"/orders/{name_code(name)}?from={after}" if after < len(steps) else None
    lines = [_lines(asked, name, record, steps)] if not first else []
    return [*lines, Steps(say("order.history"), shown, following=following)]


def _life(asked: Asked, name: bytes, record: Order | ClosedOrder) -> tuple[LifeStep, ...]:
    table = ORDERS if isinstance(record, Order) else CLOSED_ORDERS
    try:
        return asked.node.prove_life(table.full_key(name)).steps
    except RequestWrongError:
        # It was closed between the two questions.
        return asked.node.prove_life(CLOSED_ORDERS.full_key(name)).steps


def _events(asked: Asked, name: bytes, step: LifeStep) -> list[Any]:
    found = asked.node.result(step.id)
    receipt = None if found is None else decode_receipt(found.receipt)
    return [] if receipt is None else [each for each in receipt.events if getattr(each, "order", None) == name]


def _step(asked: Asked, name: bytes, step: LifeStep, record: Order | ClosedOrder) -> Step:
    events = _events(asked, name, step)
    known = RESULT_BY_ID.read(asked.index, step.id)
    by: Cell = Words(say("order.step.deadline"))
    if known is not None and known.sender is not None:
        by = asked.values.account(known.sender)
    words = ". ".join(asked.values.event_words(each) for each in events)
    rows: list[tuple[str, Cell]] = []
    tables: list[Table] = []
    for each in events:
        rows += _event_rows(asked, each, record)
        if not isinstance(each, OrderPlaced):
            tables += asked.values.tables(each, record.asset)
    about = (asked.values.moment(step.time), by)
    return Step(words, about, rows, tables, proof=f"/transactions/{step.id.hex()}")


def _event_rows(asked: Asked, event: Any, record: Order | ClosedOrder) -> Iterable[tuple[str, Cell]]:  # noqa: ANN401
    if isinstance(event, OrderDelivered):
        confirmed = event.confirmed_by
        who = Words(say("order.unconfirmed")) if confirmed is None else asked.values.account(confirmed)
        yield say("order.confirmed"), who
        yield from asked.values.rows(event, record.asset, without=REPEATED | {"confirmed_by"})
        return
    yield from asked.values.rows(event, record.asset, without=REPEATED)


def _lines(asked: Asked, name: bytes, record: Order | ClosedOrder, steps: tuple[LifeStep, ...]) -> Table:
    """Show the order's lines: as they were placed, and of an open order what has come back."""
    placed = [each for each in _events(asked, name, steps[0]) if isinstance(each, OrderPlaced)] if steps else []
    returned: dict[int, int] = {}
    if isinstance(record, Order):
        left: list[NumberedLine] = ask(asked.node, OrderLinesQuery(name=name, first=1, limit=LINES_MAX))
        returned = {each.number: each.line.returned for each in left}
    names = ["line", "goods", "variant", "quantity", "paid"] + (["returned"] if returned else [])
    rows = []
    lines = placed[0].lines if placed else ()
    for each in lines[:LINES_MAX]:
        row = [
            Words(str(each.number)),
            asked.values.object(each.listing, "listing"),
            Words(str(each.variant)),
            count(each.quantity),
            parts_words(each.parts, record.asset),
        ]
        rows.append([*row, count(returned.get(each.number, 0))] if returned else row)
    left_out = len(lines) - LINES_MAX
    title = say("order.lines")
    if left_out > 0:
        title = f"{title} ({say('more.lines', count=left_out)})"
    return Table(title, [say(f"column.{each}") for each in names], rows, numbers=frozenset({3, 5}))
