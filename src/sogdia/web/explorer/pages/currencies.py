"""A currency: how much there is, what its issuer has bound itself to, what vouches for it, and how it has redeemed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.client.codes import account_code
from sogdia.modules.money import Asset
from sogdia.modules.money.issuer_queries import Issuance, IssuanceQuery
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.parts import Badge, Facts, Link, Page, Paragraph, Several, Table, Words
from sogdia.web.explorer.sources import ask
from sogdia.web.explorer.texts import say
from sogdia.web.explorer.values import amount, count, most

if TYPE_CHECKING:
    from sogdia.web.explorer.pages.asking import Asked
    from sogdia.web.explorer.parts import Cell, Section

REDEMPTIONS = ("asked", "paid", "declined", "missed")


def currency(asked: Asked) -> Page:
    """One currency of one issuer."""
    code, issuer = asked.given("currency"), asked.account(asked.given("code"))
    found = issuance_of(asked, Asset(code, issuer))
    sections: list[Section] = [_about(asked, code, issuer, found)]
    if found.policy.auditors:
        sections += _reserve(asked, code, found)
    sections.append(_limits(code, found))
    sections.append(_redeemed(code, found))
    lead = (Words(say("currency.lead")),)
    return Page(
        "currency", f"{code}@{asked.values.call(issuer).removeprefix('@')}", lead, sections, above=say("currency.above")
    )


def issuance_of(asked: Asked, asset: Asset) -> Issuance:
    """Ask for a currency of an issuer, which has to be there."""
    code = asset.currency
    found: Issuance | None = None
    if len(code) == 3 and code.isascii() and code.isalpha() and code.isupper():  # noqa: PLR2004 - a code of ISO 4217
        found = ask(asked.node, IssuanceQuery(currency=code, issuer=asset.issuer, at=asked.now))
    if found is None:
        raise PageError(404, say("error.no_currency"))
    return found


def _about(asked: Asked, code: str, issuer: bytes, found: Issuance) -> Facts:
    policy = found.policy
    rows: list[tuple[str, Cell]] = [
        (say("column.issuer"), asked.values.account(issuer)),
        (say("column.supply"), amount(found.supply, code)),
        (say("column.most"), most(found.supply_max, code)),
        (say("currency.holder_most"), most(found.holder_max, code)),
        (say("currency.listed"), Words(say("yes" if found.by_authorisation else "no"))),
        (say("currency.panel"), _bodies(asked, policy.panel, policy.panel_needed)),
        (
            say("currency.reference_from"),
            amount(policy.reference_from, code) if policy.reference_from else Words(say("none")),
        ),
        (say("proof"), _proof("currency", code, issuer)),
        (say("currency.proof.conduct"), _proof("conduct", code, issuer)),
    ]
    return Facts("", rows)


def _proof(kind: str, code: str, issuer: bytes) -> Link:
    return Link(f"/check/{kind}/{code}:{account_code(issuer)}", say("proof.link"))


def _bodies(asked: Asked, accounts: tuple[bytes, ...], needed: int) -> Cell:
    if not accounts:
        return Words(say("none"))
    named = tuple(asked.values.account(each) for each in accounts)
    return Several((Words(say("currency.needed", needed=needed)), Several(named, ", ")))


def _reserve(asked: Asked, code: str, found: Issuance) -> list[Section]:
    covered = found.vouched_for is not None and found.vouched_for >= found.supply
    word = Badge(say("currency.vouched"), "good") if covered else Badge(say("currency.not_vouched"), "bad")
    much = Words(say("currency.nothing_vouched"))
    if found.vouched_for is not None:
        much = Words(say("currency.vouched_for", units=amount(found.vouched_for, code).text))
    auditors = _bodies(asked, found.policy.auditors, found.policy.auditors_needed)
    columns = [say(f"currency.{name}") for name in ("auditor", "reserve", "as_of", "valid_until")]
    rows = [
        (
            asked.values.account(each.auditor),
            amount(each.units, code),
            asked.values.moment(each.as_of),
            asked.values.moment(each.valid_until),
        )
        for each in found.statements
    ]
    return [
        Paragraph((word, much, auditors), title=say("currency.reserves"), warning=not covered),
        Table("", columns, rows, say("currency.no_statement"), numbers=frozenset({1})),
    ]


def _limits(code: str, found: Issuance) -> Table:
    columns = [say(f"currency.{name}") for name in ("tier", "payment_most", "day_most")]
    rows = [
        (Words(say(f"currency.tier.{tier}")), most(each.payment_most, code), most(each.day_most, code))
        for tier, each in enumerate(found.policy.limits)
    ]
    return Table(say("currency.limits"), columns, rows, say("currency.no_limits"), numbers=frozenset({1, 2}))


def _redeemed(code: str, found: Issuance) -> Table:
    columns = [say("currency.redemption"), say("currency.times"), say("currency.units")]
    told = [(name, getattr(found, name)) for name in REDEMPTIONS]
    rows = [
        (Words(say(f"currency.redeemed.{name}")), count(each.times), amount(each.units, code)) for name, each in told
    ]
    return Table(say("currency.redemptions"), columns, rows, numbers=frozenset({1, 2}))
