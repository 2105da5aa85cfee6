"""Asking the declared queries, and showing their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.cli import options
from sogdia.cli.documents import document
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.fields import Reading, read_text
from sogdia.cli.operations import may_be_left_out, option_of
from sogdia.cli.quoting import quote_words
from sogdia.cli.sending import signing_for
from sogdia.cli.sessions import Session, keys_of
from sogdia.cli.tables import table_words
from sogdia.client.declared import answer_type
from sogdia.client.shapes import fields_of
from sogdia.client.wording import amount_words
from sogdia.modules.market.quotes import Quotes
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.queries import PAGE_MAX, BalancesQuery, Owned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sogdia.cli.options import Way
    from sogdia.cli.show import Showing
    from sogdia.kernel.operation import Query

MOMENT_ASKED = "at"
"""The field of queries whose answer depends on the time: what is not said means now."""

TRIES = 5
"""How often all pages are fetched anew because the ledger moved on between two of them."""


def show_answer(declared: type[Query], texts: Mapping[str, str | None], way: Way) -> int:
    """Ask a declared query and show the answer; gives the exit status."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        query = read_query(declared, texts, session)
        height, raw = session.node.query(query)
        answer = msgspec.convert(raw, answer_type(declared), strict=True)
        asked = str(declared.__struct_config__.tag)
        if _is_nothing(answer):
            raise Stopped(
                Exit.NOT_FOUND,
                f"At height {height} there is no such {asked.replace('-', ' ')}.",
                "Correct the name; 'sogdia query events' shows what has happened.",
                {"query": asked, "height": height},
            )
        words = "" if way.as_json else _words(query, answer, session.showing())
    options.show(words, {"query": asked, "height": height, "answer": document(answer)}, as_json=way.as_json)
    return Exit.DONE


def filled(declared: type[Query], words: Sequence[str], texts: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """Put the words that stand without an option into the needed fields that have none yet, in order."""
    needed = [each.name for each in fields_of(declared) if each.required and texts.get(each.name) is None]
    if len(words) > len(needed):
        surplus = ", ".join(repr(word) for word in words[len(needed) :])
        raise usage(f"There is no place for {surplus}.", "The command's --help says what it needs.")
    return {**texts, **dict(zip(needed, words, strict=False))}


def read_query(declared: type[Query], texts: Mapping[str, str | None], session: Session) -> Query:
    """Read a query from its texts; who asks is whoever the key of that name signs for."""
    reading = Reading(session.naming, session.ring, lambda: session.now)
    values: dict[str, Any] = {}
    for each in fields_of(declared):
        text = texts.get(each.name)
        if text is None and each.name == MOMENT_ASKED:
            values[each.name] = session.now or each.default
            continue
        if text is None:
            if not may_be_left_out(each):
                raise usage(f"{option_of(each)} is missing.", "The command's --help says what it needs.")
            values[each.name] = each.default
            continue
        try:
            values[each.name] = (
                signing_for(text, session, 0).account
                if each.name == declared.asker
                else read_text(text, each.shape, reading)
            )
        except Stopped as stopped:
            raise Stopped(stopped.status, f"{option_of(each)}: {stopped.message}", stopped.way_out) from stopped
    return declared(**values)


def _is_nothing(answer: object) -> bool:
    """Tell whether an answer says that there is no such thing: nothing, or a value of nothing else."""
    if isinstance(answer, msgspec.Struct):
        fields = [getattr(answer, each.name) for each in fields_of(type(answer))]
        return bool(fields) and all(each is None for each in fields)
    return answer is None


def _words(query: Query, answer: Any, showing: Showing) -> str:  # noqa: ANN401 - each query has its own answer
    if isinstance(answer, Quotes):
        return quote_words(answer, showing)
    asset = showing.asset_in(query) or showing.named_asset(query)
    if isinstance(answer, list):
        lines = [showing.one_line(each, None, asset) for each in answer]
        return "\n".join(lines) or "None."
    return "\n".join(showing.fields(answer, asset, indent=""))


# ----------------------------------------------------------------------------------------------------------- balances


def show_balances(account: str | None, way: Way) -> None:
    """Show all balances, page by page from one and the same height."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        whose = None if account is None else session.naming.account(account)
        height, found = all_balances(whose, session.node.query)
        words = "" if way.as_json else _balance_words(found, session.showing())
    options.show(words, {"height": height, "balances": [document(each) for each in found]}, as_json=way.as_json)


def all_balances(account: bytes | None, ask: Callable[[Query], tuple[int, Any]]) -> tuple[int, list[Owned]]:
    """Fetch all balances as they are at one height, which is given with them."""
    for _try in range(TRIES):
        heights: set[int] = set()
        found: list[Owned] = []
        after = b""
        while True:
            height, raw = ask(BalancesQuery(account=account, after=after))
            page = msgspec.convert(raw, list[Owned], strict=True)
            heights.add(height)
            found += page
            if len(page) < PAGE_MAX:
                break
            last = page[-1]
            after = last.account + asset_key(Asset(last.currency, last.issuer))
        if len(heights) == 1:
            return height, found
    raise Stopped(
        Exit.UNREACHABLE,
        f"The ledger moved on between the pages of its balances, {TRIES} times in a row.",
        "Ask when less is going on, or for one --account.",
    )


def _balance_words(found: list[Owned], showing: Showing) -> str:
    rows = []
    for each in found:
        marks = [name for name in ("frozen", "authorised") if getattr(each, name)]
        asset = Asset(each.currency, each.issuer)
        rows.append(
            (
                showing.naming.call(each.account),
                amount_words(each.available, each.currency),
                amount_words(each.held, each.currency),
                showing.naming.call_asset(asset),
                ", ".join(marks),
            )
        )
    return (
        table_words(("account", "available", "set aside", "money", ""), rows, frozenset({1, 2})) or "Nobody has money."
    )
