"""Registrars: for which countries they are admitted, and how much they may write in a period."""

from __future__ import annotations

import pytest

from sogdia.modules.identity.attestations import WithdrawAttestation
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_queries import RegistrarQuery
from tests.modules.identity.town import DAY, attestation_name, offer, registration

BOTH = ("customs", "registrar")


def customs(ledger):
    """The registrar of two countries, as a stranger can ask for it."""
    return RegistrarQuery(account=ledger.account("customs")).answer(ledger.state)


@pytest.mark.parametrize(
    ("who", "country", "code"),
    [
        (BOTH, "UZ", 0),
        (BOTH, "KE", 0),
        (BOTH, "KZ", Refuse.COUNTRY_NOT_OF_REGISTRAR),
        (BOTH, "ZZ", Refuse.COUNTRY_NOT_OF_REGISTRAR),
        ("registrar", "ZZ", 0),
    ],
)
def test_a_registrar_enters_parties_of_its_countries(ledger, who, country, code):
    assert ledger.send(who, registration(ledger, country=country)).code == code


def test_a_registrar_at_its_quota_of_parties_waits_for_the_next_period(ledger):
    codes = [ledger.send(BOTH, registration(ledger, reference)).code for reference in ("khiva", "termez", "nukus")]
    used = customs(ledger).parties_used
    last_second = ledger.time - ledger.time % DAY + DAY - 1
    last = ledger.send(BOTH, registration(ledger, "nukus"), at=last_second)
    first = ledger.send(BOTH, registration(ledger, "nukus"), at=last_second + 1)

    assert codes == [0, 0, Refuse.REGISTRAR_PARTIES_SPENT]
    assert used == 2
    assert last.code == Refuse.REGISTRAR_PARTIES_SPENT
    assert dict(last.facts) == {"allowed": 2, "opens_at": last_second + 1}
    assert first.code == 0
    assert (customs(ledger).parties_used, customs(ledger).period_start) == (1, last_second + 1)


def test_a_registrar_at_its_quota_of_attestations_waits_for_the_next_period(ledger):
    codes = [ledger.send("customs", offer(ledger, reference)).code for reference in ("one", "two", "three")]
    tomorrow = ledger.time - ledger.time % DAY + DAY
    before = ledger.send("customs", offer(ledger, "three"), at=tomorrow - 1)
    after = ledger.send("customs", offer(ledger, "three"), at=tomorrow)

    assert codes == [0, 0, Refuse.REGISTRAR_ATTESTATIONS_SPENT]
    assert (before.code, after.code) == (Refuse.REGISTRAR_ATTESTATIONS_SPENT, 0)


def test_what_was_withdrawn_has_been_used_all_the_same(ledger):
    for reference in ("one", "two"):
        ledger.must("customs", offer(ledger, reference))
    ledger.must("customs", WithdrawAttestation(attestation=attestation_name(ledger, "one", "customs")))

    receipt = ledger.send("customs", offer(ledger, "three"))

    assert receipt.code == Refuse.REGISTRAR_ATTESTATIONS_SPENT


def test_parties_and_attestations_are_counted_apart(ledger):
    ledger.must("customs", offer(ledger, "one"))
    ledger.must(BOTH, registration(ledger))

    assert (customs(ledger).parties_used, customs(ledger).attestations_used) == (1, 1)


def test_one_envelope_cannot_step_over_the_quota(ledger):
    before = ledger.snapshot()

    receipt = ledger.send("customs", *(offer(ledger, reference) for reference in ("one", "two", "three")))

    assert (receipt.code, receipt.operation) == (Refuse.REGISTRAR_ATTESTATIONS_SPENT, 2)
    assert ledger.snapshot() == before


def test_who_is_no_registrar_has_no_record(ledger):
    assert RegistrarQuery(account=ledger.account("nairobi")).answer(ledger.state) is None
