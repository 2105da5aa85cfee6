"""The trade rules, one folder a module, lowest first: a module may call those before it, never those after it."""

from __future__ import annotations

from sogdia.modules import book, documents, exchange, governance, identity, market, money, netting, reference, vouchers

ALL = (
    identity.MODULE,
    governance.MODULE,
    money.MODULE,
    documents.MODULE,
    reference.MODULE,
    netting.MODULE,
    exchange.MODULE,
    book.MODULE,
    vouchers.MODULE,
    market.MODULE,
)
