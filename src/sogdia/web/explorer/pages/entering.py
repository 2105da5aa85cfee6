"""Signing in: the line to sign, and what comes of its signature."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sogdia.client.codes import account_code
from sogdia.kernel.signature import WEBAUTHN
from sogdia.modules.identity.queries import PartyQuery, PasskeysQuery
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.parts import SCRIPT, Link, Page, Paragraph, Words
from sogdia.web.explorer.readers import NotEnteredError, read_shown
from sogdia.web.explorer.sources import ask
from sogdia.web.explorer.texts import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sogdia.kernel.accounts import Party
    from sogdia.kernel.passkey import Passkeys
    from sogdia.web.explorer.pages.asking import Asked

_OWN_PATH: Final = re.compile(r"/(?:orders|transactions|check|parties)/[0-9A-Za-z/._-]{1,200}")
SAME_SITE: Final = frozenset({"same-origin", "none"})


def page_after(text: str) -> str:
    """Give where a reader goes on: a page of ours that it came from, or the first page."""
    return text if _OWN_PATH.fullmatch(text) else "/"


def enter(asked: Asked) -> Page:
    """The form that asks for an account, and then the line to sign, with a passkey if the party has one."""
    to = page_after(asked.request.query_params.get("to", ""))
    text = asked.request.query_params.get("account", "").strip()
    more: dict[str, object] = {"to": to, "challenge": None}
    if text:
        account = asked.account(text)
        party: Party | None = ask(asked.node, PartyQuery(account=account))
        if party is None:
            raise PageError(404, say("enter.wrong.account"))
        more["challenge"] = asked.readers.challenge(asked.host, asked.network.hash, account)
        more["account"] = account_code(account)
        rules = passkeys_here(asked)
        has_one = any(key.scheme == WEBAUTHN for key in party.keys)
        more["domain"] = None if rules is None or not has_one else rules.rp_id
        more["make"] = None if rules is None or has_one else f"/passkey?account={account_code(account)}"
    return Page(
        "enter",
        say("enter.title"),
        (Words(say("enter.lead")),),
        template="enter.html",
        more=more,
        policy=SCRIPT if more.get("domain") else "",
    )


def passkeys_here(asked: Asked) -> Passkeys | None:
    """Give the rules of the network's passkeys, if they can be used on this site."""
    rules: Passkeys | None = ask(asked.node, PasskeysQuery())
    return rules if rules is not None and not own_origins(asked).isdisjoint(rules.origins) else None


def own_origins(asked: Asked) -> frozenset[str]:
    """Give the origins that pages of this site may have in a browser.

    A web server in front speaks HTTPS and passes plain HTTP on, so what is seen here may be the lesser scheme.
    """
    schemes = ("https",) if asked.request.url.scheme == "https" else ("http", "https")
    return frozenset(f"{scheme}://{asked.request.headers.get('host', '').lower()}" for scheme in schemes)


def entered(asked: Asked, form: Mapping[str, str]) -> tuple[str, str] | Page:
    """Let a reader in: its ticket and where it goes on; or a page that says why not."""
    to = page_after(form.get("to", ""))
    try:
        require_own_form(asked)
        shown = read_shown(form.get("signature", "").strip(), form.get("extra", ""))
        ticket = asked.readers.enter(asked.node, asked.host, asked.network.hash, form.get("challenge", ""), shown)
    except NotEnteredError as error:
        again = Paragraph((Link(f"/enter?to={to}" if to != "/" else "/enter", say("enter.again")),))
        return Page("refused-entry", say("enter.wrong"), (Words(str(error)),), [again], status=403)
    return ticket, to


def require_own_form(asked: Asked) -> None:
    """Refuse a form that another site has sent in the reader's name. Programs that say nothing of it have no cookie."""
    headers = asked.request.headers
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if (origin is not None and origin not in own_origins(asked)) or (site is not None and site not in SAME_SITE):
        raise NotEnteredError(say("enter.wrong.site"))
