"""The first page, blocks, and transactions with their receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.client.declared import refusal_codes
from sogdia.index.reading.chain import (
    BLOCK_BY_HEIGHT,
    BLOCK_PAGES,
    RESULT_BY_ID,
    RESULT_PAGES,
    RESULTS_OF_BLOCK_MAX,
    results_of_block,
)
from sogdia.index.schema import PLACE_BITS
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.parameters import Limits
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.market.orders import PlaceOrder
from sogdia.web.explorer.entitlement import asker_of
from sogdia.web.explorer.limits import ROWS, STEPS_MAX
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.pages.health import health_line
from sogdia.web.explorer.parts import (
    Badge,
    Digest,
    Facts,
    Link,
    Page,
    Paragraph,
    Step,
    Steps,
    Table,
    Words,
)
from sogdia.web.explorer.texts import say
from sogdia.web.explorer.values import count, operation_words, outcome_badge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.index.reading.chain import Block, Result
    from sogdia.kernel.envelope import Body
    from sogdia.kernel.receipt import Receipt
    from sogdia.web.explorer.pages.asking import Asked
    from sogdia.web.explorer.parts import Cell, Section

HOME_RESULTS = 12
HEIGHT_MAX = 2**48
POSITION_MAX = 2**63 - 1
decode_receipt = receipt_decoder(ALL).decode


# ------------------------------------------------------------------------------------------------------------- lists


def home(asked: Asked) -> Page:
    """The first page: how the network is, a search, and what happened last."""
    found = RESULT_PAGES.read(asked.index, limit=HOME_RESULTS)
    results = _results_table(asked, found.rows, say("home.results"), with_block=True)
    sections: list[Section] = [
        Paragraph((health_line(asked), Link("/health", say("menu.health")))),
        results,
        Paragraph((Link("/blocks", say("home.results.all")),)),
    ]
    lead = (Words(say("home.lead", network=asked.stand.name)),)
    return Page("home", say("home.title"), lead, sections, template="home.html")


def blocks(asked: Asked) -> Page:
    """All blocks, the newest first."""
    page = BLOCK_PAGES.read(asked.index, cursor=asked.cursor, limit=ROWS)
    columns = [say(f"column.{name}") for name in ("height", "time", "envelopes", "exits", "refused")]
    rows = [
        (
            Link(f"/blocks/{each.height}", str(each.height)),
            asked.values.moment(each.time),
            count(each.envelopes),
            count(each.exits),
            count(each.refused),
        )
        for each in page.rows
    ]
    following = None if page.next is None else f"/blocks?cursor={page.next}"
    first = None if asked.cursor is None else "/blocks"
    table = Table("", columns, rows, following=following, first=first, numbers=frozenset({2, 3, 4}))
    return Page("blocks", say("blocks.title"), (Words(say("blocks.lead")),), [table])


def block(asked: Asked) -> Page:
    """A block and what was decided in it."""
    height = _height(asked.given("height"))
    found: Block | None = BLOCK_BY_HEIGHT.read(asked.index, height)
    if found is None:
        raise PageError(404, say("error.no_block", height=height, last=asked.stand.height))
    first = asked.whole_number("from", most=2**PLACE_BITS - 1)
    results = results_of_block(asked.index, height, from_place=first)
    shown = results[:ROWS]
    table = _results_table(asked, shown, say("block.results"), with_block=False)
    more = first + len(shown)
    if len(results) > ROWS or len(results) == RESULTS_OF_BLOCK_MAX:
        sections: list[Section] = [table, Paragraph((Link(f"/blocks/{height}?from={more}", say("block.more")),))]
    else:
        sections = [table]
    around: list[Cell] = []
    if height > 1:
        around.append(Link(f"/blocks/{height - 1}", say("block.previous")))
    if height < asked.stand.height:
        around.append(Link(f"/blocks/{height + 1}", say("block.next")))
    facts = Facts(
        "",
        [
            (say("column.time"), asked.values.moment(found.time)),
            (say("block.size"), Words(say("bytes", count=count(found.size).text))),
            (say("block.hash"), Digest(found.hash.hex())),
        ],
    )
    lead = Words(say("block.lead", envelopes=_many("envelopes", found.envelopes), exits=_many("exits", found.exits)))
    refused = (Badge(say("block.refused", count=found.refused), "bad"),) if found.refused else ()
    title = say("block.title", height=height)
    return Page("block", title, (lead, *refused), [*sections, facts, Paragraph(tuple(around))])


def _height(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(HEIGHT_MAX))):
        raise PageError(404, say("error.404.way_out"))
    return int(text)


def _many(what: str, number: int) -> str:
    return say(f"block.{what}.one") if number == 1 else say(f"block.{what}.many", count=number)


def _results_table(asked: Asked, results: Sequence[Result], title: str, *, with_block: bool) -> Table:
    columns = [say("column.what"), say("column.outcome")]
    columns += [say("column.time"), say("column.height")] if with_block else []
    rows = []
    for each in results:
        words = say("transaction.exit") if each.exit else operation_words(each.operations)
        row: list[Cell] = [Link(f"/transactions/{each.id.hex()}", words), _outcome(each)]
        if with_block:
            row += [asked.values.moment(each.time), Link(f"/blocks/{each.height}", str(each.height))]
        rows.append(row)
    return Table(title, columns, rows, say("block.empty"))


def _outcome(result: Result) -> Cell:
    return outcome_badge(result.code)


# ------------------------------------------------------------------------------------------------------- a transaction


def transaction(asked: Asked) -> Page:
    """A transaction, or what a deadline did: what was asked, by whom, and how it ended."""
    identity = asked.digest(asked.given("id"))
    found = asked.node.result(identity)
    if found is None:
        raise PageError(404, say("error.no_transaction"))
    known: Result | None = RESULT_BY_ID.read(asked.index, identity)
    block = asked.node.block(found.height)
    receipt: Receipt = decode_receipt(found.receipt)
    body = _body(asked, block.envelopes[found.place]) if found.place < len(block.envelopes) else None
    time = block.header.header.time
    whole = asked.entitled.sees_whole(body, receipt)
    title = say("transaction.exit") if body is None else operation_words(" ".join(_names(body)))
    if known is None and body is None and not receipt.events:
        title = say("transaction.exit")
    lead = (
        outcome_badge(receipt.code),
        Link(f"/blocks/{found.height}", say("block.title", height=found.height)),
        asked.values.moment(time),
    )
    sections: list[Section] = []
    if not whole:
        sections.append(
            Paragraph(
                (
                    Words(say("transaction.hidden")),
                    Link(f"/enter?to=/transactions/{identity.hex()}", say("transaction.enter")),
                )
            )
        )
    sections += [_refusal(asked, receipt, shown=whole)] if receipt.code else []
    if not receipt.code:
        sections.append(_happened(asked, receipt, POSITION_MAX if known is None else known.position))
    sections.append(Paragraph((Words(say("transaction.deadline")),)) if body is None else _asked_for(asked, body))
    rows: list[tuple[str, Cell]] = [(say("id"), Digest(identity.hex()))]
    if body is not None:
        rows.append((say("transaction.expiry"), asked.values.moment(body.expiry)))
    if whole:
        rows.append((say("proof"), Link(f"/check/transaction/{identity.hex()}", say("proof.link"))))
    sections.append(Facts(say("proof"), rows))
    above = say("transaction.above")
    return Page("transaction", title, lead, sections, above=above)


def _body(asked: Asked, raw: bytes) -> Body:
    return asked.network.codec.open(raw, Limits()).body


def _names(body: Body) -> list[str]:
    return [type(each).__name__ for each in body.operations]


def _asked_for(asked: Asked, body: Body) -> Steps:
    steps = []
    for each in body.operations:
        words = operation_words(type(each).__name__)
        if asked.entitled.sees_operation(body, each):
            who = asked.values.account(body.signers[each.signer].account, whole=True)
            asset = asked.asset_about(_order_of(body, each), getattr(each, "hold", None), POSITION_MAX)
            rows = [(say("transaction.by"), who), *asked.values.rows(each, asset)]
            steps.append(Step(words, rows=rows, tables=asked.values.tables(each, asset)))
        else:
            steps.append(Step(words, rows=[(say("transaction.by"), Words(say("private")))]))
    return Steps(say("transaction.asked"), steps)


def _order_of(body: Body, operation: Any) -> bytes | None:  # noqa: ANN401 - any operation
    """Give the order that an operation is about, if it is about one."""
    if isinstance(operation, PlaceOrder):
        return name_of(asker_of(body, operation), operation.reference)
    order = getattr(operation, "order", None)
    return order if isinstance(order, bytes) else None


def _happened(asked: Asked, receipt: Receipt, position: int) -> Section:
    steps = [_event_step(asked, each, position) for each in receipt.events[:STEPS_MAX]]
    if not steps:
        return Paragraph((Words(say("transaction.nothing")),), say("transaction.happened"))
    return Steps(say("transaction.happened"), steps)


def _event_step(asked: Asked, event: Any, position: int) -> Step:  # noqa: ANN401 - any fact
    """State a fact, with its values for whom they are."""
    words = asked.values.event_words(event)
    if asked.entitled.sees_event(event):
        asset = asked.asset_about(getattr(event, "order", None), getattr(event, "hold", None), position)
        return Step(words, rows=asked.values.rows(event, asset), tables=asked.values.tables(event, asset))
    order = getattr(event, "order", None)
    rows = [] if order is None else [(say("order.above"), asked.values.object(order, "order"))]
    return Step(words, rows=rows)


def _refusal(asked: Asked, receipt: Receipt, *, shown: bool) -> Facts:
    code = refusal_codes().get(receipt.code)
    number = Link(f"/refusals/{receipt.code}", f"{receipt.code} {'' if code is None else code.name}".rstrip())
    rows: list[tuple[str, Cell]] = [
        (say("refusal.rule"), Words(say("refusal.later") if code is None else code.rule)),
    ]
    if shown:
        rows += [(name.replace("_", " ").capitalize(), asked.values.told(value)) for name, value in receipt.facts]
    if code is not None:
        rows.append((say("refusal.way_out"), Words(code.way_out)))
    rows.append((say("refusal.number"), number))
    if receipt.operation:
        rows.append((say("refusal.operation"), Words(say("refusal.operation.number", number=receipt.operation + 1))))
    return Facts(say("transaction.refusal"), rows)
