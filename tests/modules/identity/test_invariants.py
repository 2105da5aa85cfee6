"""What is always true of parties: each breach is noticed, so that the invariants are not empty words."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.accounts import PARTIES, Key
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusal import Broken
from tests.modules.identity.town import WEAK_KEY, party, quota
from tests.refused import poke


def test_a_sound_ledger_passes(ledger):
    ledger.machine.check_invariants(ledger.state)


def test_a_sponsor_without_a_quota_is_noticed(ledger):
    poke(ledger, QUOTAS, ledger.account("bank"), None)

    with pytest.raises(Broken, match="the sponsor of bank has no quota"):
        ledger.machine.check_invariants(ledger.state)


def test_a_key_for_which_anybody_could_sign_is_noticed(ledger):
    weak = structs.replace(party(ledger, "nairobi"), keys=(Key(0, 1, WEAK_KEY),))
    poke(ledger, PARTIES, ledger.account("nairobi"), weak)

    with pytest.raises(Broken, match="a key of nairobi is not sound"):
        ledger.machine.check_invariants(ledger.state)


@pytest.mark.parametrize(
    ("used", "most", "what"),
    [
        ("operations_used", "operations_max", "operations beyond"),
        ("bytes_used", "bytes_max", "bytes beyond"),
        ("reserved_operations_used", "reserved_operations_max", "reserved operations beyond"),
        ("stored_bytes", "stored_bytes_max", "storage beyond"),
    ],
)
def test_a_quota_used_beyond_its_end_is_noticed(ledger, used, most, what):
    known = quota(ledger, "registrar")
    poke(ledger, QUOTAS, ledger.account("registrar"), structs.replace(known, **{used: getattr(known, most)}))
    ledger.machine.check_invariants(ledger.state)
    poke(ledger, QUOTAS, ledger.account("registrar"), structs.replace(known, **{used: getattr(known, most) + 1}))

    with pytest.raises(Broken, match=what):
        ledger.machine.check_invariants(ledger.state)


def test_reserved_bytes_beyond_what_the_network_allows_are_noticed(ledger):
    known = quota(ledger, "registrar")
    poke(ledger, QUOTAS, ledger.account("registrar"), structs.replace(known, reserved_bytes_used=10_000_000))
    ledger.machine.check_invariants(ledger.state)
    poke(ledger, QUOTAS, ledger.account("registrar"), structs.replace(known, reserved_bytes_used=10_000_001))

    with pytest.raises(Broken, match="reserved bytes beyond"):
        ledger.machine.check_invariants(ledger.state)
