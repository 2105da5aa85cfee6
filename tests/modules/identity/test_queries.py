"""Questions about who takes part."""

from __future__ import annotations

from sogdia.modules.identity.queries import PartyQuery, QuotaQuery
from tests.modules.identity.town import NOBODY, party, quota


def test_a_party_and_a_quota_can_be_asked_for(ledger):
    registrar = ledger.account("registrar")

    assert PartyQuery(account=registrar).answer(ledger.state) == party(ledger, "registrar")
    assert QuotaQuery(account=registrar).answer(ledger.state) == quota(ledger, "registrar")


def test_who_is_unknown_has_neither(ledger):
    assert PartyQuery(account=NOBODY).answer(ledger.state) is None
    assert QuotaQuery(account=NOBODY).answer(ledger.state) is None
    assert QuotaQuery(account=ledger.account("nairobi")).answer(ledger.state) is None
