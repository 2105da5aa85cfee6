"""The search: ids, heights and codes lead straight to what they name, everything else is looked for as words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sogdia.client.codes import account_code, name_code
from sogdia.index.reading.chain import BLOCK_BY_HASH, BLOCK_BY_HEIGHT, RESULT_BY_ID
from sogdia.index.reading.trade import LISTING_BY_NAME, ORDER_BY_NAME, PARTY_BY_ACCOUNT
from sogdia.kernel.values import ACCOUNT_BYTES, NO_ACCOUNT, account_of, name_of
from sogdia.web.explorer.limits import QUESTION_MAX
from sogdia.web.explorer.pages.asking import NAME_HEX, PageError
from sogdia.web.explorer.pages.trade import found_by_words
from sogdia.web.explorer.parts import Page
from sogdia.web.explorer.texts import say

if TYPE_CHECKING:
    from sogdia.web.explorer.pages.asking import Asked

_CODE = re.compile(r"(acct|name)[\s-]", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_CALLED = re.compile(r"(@[0-9A-Za-z._-]{1,16})((?:/[0-9A-Za-z._-]{1,16}){0,4})")
HEIGHT_DIGITS = 15


def find(asked: Asked) -> Page | str:
    """Give the page of hits, or the path to the one thing that is meant."""
    question = asked.request.query_params.get("q", "").strip()
    if len(question) > QUESTION_MAX:
        raise PageError(400, say("error.413.way_out"))
    if not question:
        return Page("found", say("search.title"), template="home.html", more={"question": ""})
    return _one_thing(asked, question) or found_by_words(asked, question)


def _one_thing(asked: Asked, question: str) -> str | None:
    """Give the path to what an id, a height or a code names."""
    if question.isascii() and question.isdigit() and len(question) <= HEIGHT_DIGITS:
        return _block_path(asked, int(question))
    if _CODE.match(question):
        if question[:4].lower() == "acct":
            return f"/parties/{account_code(asked.account(question))}"
        return _object_path(asked, asked.name(question))
    called = _CALLED.fullmatch(question)
    if called is not None:
        return _called_path(asked, called[1][1:], called[2].split("/")[1:])
    return _by_hex(asked, bytes.fromhex(question)) if _HEX.fullmatch(question) else None


def _block_path(asked: Asked, height: int) -> str | None:
    return None if BLOCK_BY_HEIGHT.read(asked.index, height) is None else f"/blocks/{height}"


def _by_hex(asked: Asked, raw: bytes) -> str | None:
    if RESULT_BY_ID.read(asked.index, raw) is not None:
        return f"/transactions/{raw.hex()}"
    block = BLOCK_BY_HASH.read(asked.index, raw)
    if block is not None:
        return f"/blocks/{block.height}"
    if len(raw) == ACCOUNT_BYTES:
        return f"/parties/{account_code(raw)}" if PARTY_BY_ACCOUNT.read(asked.index, raw) is not None else None
    return _object_path(asked, raw) if 2 * len(raw) in NAME_HEX else None


def _object_path(asked: Asked, name: bytes) -> str | None:
    if ORDER_BY_NAME.read(asked.index, name) is not None:
        return f"/orders/{name_code(name)}"
    if LISTING_BY_NAME.read(asked.index, name) is not None:
        return f"/listings/{name_code(name)}"
    return None


def _called_path(asked: Asked, first: str, others: list[str]) -> str | None:
    """Follow @registrar/reference as far as there are parties; what is left is an object's reference."""
    network = asked.stand.network
    account = account_of(network, NO_ACCOUNT, first)
    for each in others[:-1]:
        account = account_of(network, account, each)
    if not others:
        return f"/parties/{account_code(account)}" if PARTY_BY_ACCOUNT.read(asked.index, account) is not None else None
    below = account_of(network, account, others[-1])
    if PARTY_BY_ACCOUNT.read(asked.index, below) is not None:
        return f"/parties/{account_code(below)}"
    return _object_path(asked, name_of(account, others[-1]))
