"""Making a passkey: the device makes it, and the page says how it comes to act for somebody on the ledger.

The page hands out what the browser's script needs and takes nothing back: whoever has made a passkey enters it with a
key that acts for the account already, or gives its public half to a registrar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.client.codes import account_code
from sogdia.kernel.module import tag_of
from sogdia.kernel.signature import WEBAUTHN
from sogdia.modules.identity.keys import ChangeKeys
from sogdia.modules.identity.queries import PartyQuery, PasskeysQuery
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.pages.entering import own_origins
from sogdia.web.explorer.parts import SCRIPT, Called, Cell, Facts, Page, Paragraph, Words
from sogdia.web.explorer.sources import ask
from sogdia.web.explorer.texts import say

if TYPE_CHECKING:
    from sogdia.kernel.accounts import Party
    from sogdia.kernel.passkey import Passkeys
    from sogdia.web.explorer.pages.asking import Asked

ENVELOPE_FILE = "passkey.envelope"
CHANGE = "sogdia tx change-keys --from KEY --add passkey:{public}:{proof}:{extra}"
REGISTER = (
    "sogdia tx register-party --from REGISTRAR --reference NAME --kind person --country ZZ --sponsor SPONSOR"
    " --scheme passkey --public {public}"
)


def passkey(asked: Asked) -> Page:
    """The page on which somebody makes a passkey, for an account or before there is one."""
    rules: Passkeys | None = ask(asked.node, PasskeysQuery())
    lead = (Words(say("passkey.lead")),)
    if rules is None:
        return Page("passkey", say("passkey.title"), lead, [Paragraph((Words(say("passkey.none")),))])
    if own_origins(asked).isdisjoint(rules.origins):
        sites = tuple(Words(each) for each in (say("passkey.elsewhere"), *rules.origins))
        return Page("passkey", say("passkey.title"), lead, [Paragraph(sites)])
    text = asked.request.query_params.get("account")
    more: dict[str, object] = {"asks": text is None, "data": {"domain": rules.rp_id}, "account": "", "holds": []}
    if text is None:
        return Page("passkey", say("passkey.title"), lead, template="passkey.html", more=more)
    if not text.strip():
        more["data"] = {"domain": rules.rp_id, "command": REGISTER}
        return Page("passkey", say("passkey.title"), lead, template="passkey.html", more=more, policy=SCRIPT)
    return _for_party(asked, text.strip(), rules, more)


def _for_party(asked: Asked, text: str, rules: Passkeys, more: dict[str, object]) -> Page:
    """Give the page for somebody who takes part: what is shown is proven to be held, for this account and number."""
    account = asked.account(text)
    party: Party | None = ask(asked.node, PartyQuery(account=account))
    if party is None:
        raise PageError(404, say("enter.wrong.account"))
    called = account_code(account)
    more["account"] = called
    more["holds"] = [(key.number, key.public.hex()) for key in party.keys if key.scheme == WEBAUTHN]
    more["data"] = {
        "domain": rules.rp_id,
        "network": asked.network.hash.hex(),
        "account": account.hex(),
        "code": called,
        "number": party.next_key,
        "command": CHANGE,
        "tag": tag_of(ChangeKeys),
        "time": asked.now,
        "file": ENVELOPE_FILE,
    }
    rows: list[tuple[str, Cell]] = [
        (say("passkey.for"), Called(asked.values.call(account), called, f"/parties/{called}", whole=True)),
        (say("passkey.number"), Words(str(party.next_key))),
    ]
    return Page(
        "passkey", say("passkey.title"), (Words(say("passkey.lead")),), [Facts("", rows)], template="passkey.html",
        more=more, policy=SCRIPT,
    )  # fmt: skip
