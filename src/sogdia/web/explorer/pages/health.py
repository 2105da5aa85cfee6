"""How the node and the index are, in words and numbers, and which rules have turned things down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sogdia.client.declared import refusal_codes
from sogdia.client.wording import length_words
from sogdia.index.errors import IndexAwayError
from sogdia.index.reading.chain import REFUSAL_PAGES
from sogdia.index.reading.series import lag, totals
from sogdia.web.explorer.limits import ROWS
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.parts import Badge, Digest, Facts, Link, Page, Table, Words
from sogdia.web.explorer.sources import NodeAwayError
from sogdia.web.explorer.texts import say, say_if_known
from sogdia.web.explorer.values import count, operation_words

if TYPE_CHECKING:
    from sogdia.client.connection import NodeStatus
    from sogdia.web.explorer.pages.asking import Asked
    from sogdia.web.explorer.parts import Cell, Section

BEHIND_MAX = 5
"""So many blocks the index may be behind before a page says so; it looks five times a second."""

GIBIBYTE = 2**30


def health_line(asked: Asked) -> Cell:
    """Say in one sentence how the network is, as seen from here."""
    try:
        status = asked.sources_status()
    except NodeAwayError:
        return Badge(say("health.node.away"), "bad")
    behind = status.durable_height - asked.stand.height
    if status.waits_for is not None and status.overdue:
        return Badge(say("health.overdue", what=status.waits_for), "bad")
    if behind > BEHIND_MAX:
        return Badge(say("health.behind", blocks=behind), "bad")
    return Badge(say("health.good"), "good")


def health(asked: Asked) -> Page:
    """How the node and these pages are; shown also when one of them is away."""
    status: NodeStatus | None = None
    try:
        status = asked.sources_status()
    except NodeAwayError:
        node: Section = Facts(say("health.node"), [(say("health.state"), Badge(say("health.silent"), "bad"))])
    else:
        node = _node(status)
    try:
        sections: list[Section] = [node, _index(asked, status)]
        lead: Cell = health_line(asked)
    except IndexAwayError:
        sections = [node, Facts(say("health.index"), [(say("health.state"), Badge(say("health.silent"), "bad"))])]
        lead = Badge(say("health.index.away"), "bad")
    return Page("health", say("health.title"), (lead,), sections)


def _node(status: NodeStatus) -> Facts:
    return Facts(
        say("health.node"),
        [
            (say("health.state"), Badge(say("health.answers"), "good")),
            (say("health.height"), count(status.durable_height)),
            (say("health.backlog"), count(status.backlog)),
            (say("health.uptime"), Words(length_words(status.uptime_seconds))),
            (say("health.disk"), Words(say("health.gibibytes", count=count(status.disk_free_bytes // GIBIBYTE).text))),
            (say("health.records"), count(status.records)),
            (say("health.clock"), Words(say_if_known(f"health.clock.{status.clock}", status.clock))),
            (say("health.release"), Words(status.release)),
        ],
    )


def _index(asked: Asked, status: NodeStatus | None) -> Facts:
    at = asked.stand
    rows: list[tuple[str, Cell]] = [
        (say("health.state"), Badge(say("health.answers"), "good")),
        (say("health.known"), Link(f"/blocks/{at.height}", say("block.title", height=at.height))),
    ]
    if at.height == 0:
        rows[1] = (say("health.known"), Words(say("none")))
    if status is not None:
        behind = max(0, status.durable_height - at.height)
        rows.append(
            (say("health.lag"), Words(say("health.block") if behind == 1 else say("health.blocks", count=behind)))
        )
    # How late the index was is counted by the computer's clock.
    most = max(lag(asked.index, until=int(time.time()), buckets=24).units, default=0)
    rows += [
        (say("health.most"), Words(say("health.seconds", count=count(most).text))),
        (say("health.network"), Words(at.name, foreign=True)),
        (say("block.hash"), Digest(at.network.hex())),
    ]
    return Facts(say("health.index"), rows)


def refusals(asked: Asked) -> Page:
    """The rules that have turned something down, and how often."""
    columns = [say("column.number"), say("column.rule"), say("column.count")]
    found = sorted((int(subject), number) for subject, number in totals(asked.index, "refusals"))
    rows = []
    for code, number in found:
        known = refusal_codes().get(code)
        rule = say("refusal.later") if known is None else known.rule
        rows.append((Link(f"/refusals/{code}", str(code)), Words(rule), count(number)))
    table = Table("", columns, rows, say("refusals.empty"), numbers=frozenset({2}))
    return Page("refusals", say("refusals.title"), (Words(say("refusals.lead")),), [table])


def refusal(asked: Asked) -> Page:
    """One rule: what it says, the way out, and the last transactions that it turned down."""
    text = asked.given("number")
    known = refusal_codes().get(int(text)) if text.isascii() and text.isdigit() and len(text) <= len("65535") else None
    if known is None:
        raise PageError(404, say("error.no_refusal"))
    code = int(known)
    page = REFUSAL_PAGES.read(asked.index, cursor=asked.cursor, limit=ROWS, code=code)
    rows = [
        (
            Link(f"/transactions/{each.id.hex()}", operation_words(each.operations) or say("transaction.exit")),
            asked.values.moment(each.time),
            Link(f"/blocks/{each.height}", str(each.height)),
        )
        for each in page.rows
    ]
    following = None if page.next is None else f"/refusals/{code}?cursor={page.next}"
    columns = [say("column.what"), say("column.time"), say("column.height")]
    first = None if asked.cursor is None else f"/refusals/{code}"
    last = Table(say("refusals.last"), columns, rows, say("refusals.empty"), following=following, first=first)
    way_out = Facts("", [(say("refusal.way_out"), Words(known.way_out)), (say("refusal.number"), Words(str(code)))])
    title = known.name.replace("_", " ").capitalize()
    return Page("refusal", title, (Words(known.rule),), [way_out, last], above=f"{say('refusal.above')} {code}")
