"""Signing in: the line to sign, and what comes of its signature."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sogdia.client.logins import is_site
from sogdia.index.reading.trade import PARTY_BY_ACCOUNT
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.parts import Link, Page, Paragraph, Words
from sogdia.web.explorer.readers import NotEnteredError
from sogdia.web.explorer.texts import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sogdia.web.explorer.pages.asking import Asked

_OWN_PATH: Final = re.compile(r"/(?:orders|transactions|check|parties)/[0-9A-Za-z/._-]{1,200}")
SAME_SITE: Final = frozenset({"same-origin", "none"})


def page_after(text: str) -> str:
    """Give where a reader goes on: a page of ours that it came from, or the first page."""
    return text if _OWN_PATH.fullmatch(text) else "/"


def enter(asked: Asked) -> Page:
    """The form that asks for an account, and then the line to sign."""
    to = page_after(asked.request.query_params.get("to", ""))
    text = asked.request.query_params.get("account", "").strip()
    more: dict[str, object] = {"to": to, "challenge": None}
    if text:
        account = asked.account(text)
        if PARTY_BY_ACCOUNT.read(asked.index, account) is None:
            raise PageError(404, say("enter.wrong.account"))
        more["challenge"] = asked.readers.challenge(_site(asked), asked.network.hash, account)
    return Page("enter", say("enter.title"), (Words(say("enter.lead")),), template="enter.html", more=more)


def _site(asked: Asked) -> str:
    site = asked.request.headers.get("host", "")
    if not is_site(site):
        raise PageError(400, say("enter.wrong.site"))
    return site


def entered(asked: Asked, form: Mapping[str, str]) -> tuple[str, str] | Page:
    """Let a reader in: its ticket and where it goes on; or a page that says why not."""
    to = page_after(form.get("to", ""))
    try:
        require_own_form(asked)
        line, signature = form.get("challenge", ""), form.get("signature", "").strip()
        ticket = asked.readers.enter(asked.node, _site(asked), asked.network.hash, line, signature)
    except NotEnteredError as error:
        again = Paragraph((Link(f"/enter?to={to}" if to != "/" else "/enter", say("enter.again")),))
        return Page("refused-entry", say("enter.wrong"), (Words(str(error)),), [again], status=403)
    return ticket, to


def require_own_form(asked: Asked) -> None:
    """Refuse a form that another site has sent in the reader's name. Programs that say nothing of it have no cookie."""
    headers = asked.request.headers
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    own = f"{asked.request.url.scheme}://{headers.get('host', '')}"
    if (origin is not None and origin != own) or (site is not None and site not in SAME_SITE):
        raise NotEnteredError(say("enter.wrong.site"))
