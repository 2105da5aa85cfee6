"""The parties of a genesis: a network with a wrong one does not start."""

from __future__ import annotations

import msgspec
import pytest

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.refusal import Broken
from sogdia.modules.identity import Role
from sogdia.modules.identity.records import RULES
from sogdia.modules.identity.registry_records import REGISTRARS, Registrar
from sogdia.testing.ledger import Ledger, keys_of
from tests.modules.identity.town import WEAK_KEY, party, quota

GOOD = {
    "reference": "registrar",
    "kind": 7,
    "country": "KZ",
    "public": keys_of("registrar").public.hex(),
    "roles": ["registrar", "issuer"],
    "quota": {},
}


ADMITTED = {"reference": "registrar"}


def opened(*parties: dict[str, object], registrars=(ADMITTED,), **changes: object):
    """Start a ledger with these parties and registrars."""
    return Ledger(identity={"parties": list(parties), "registrars": list(registrars), **changes}, money={})


def test_a_genesis_may_name_nobody():
    ledger = opened(registrars=())

    assert list(PARTIES.items(ledger.state)) == []


def test_a_party_of_the_genesis_has_no_registrar_and_the_roles_that_were_decided():
    ledger = opened(GOOD)

    assert party(ledger, "registrar").registrar == bytes(20)
    assert party(ledger, "registrar").roles == Role.REGISTRAR | Role.ISSUER
    assert (quota(ledger, "registrar").operations_max, quota(ledger, "registrar").operations_used) == (100_000, 0)


@pytest.mark.parametrize(
    ("parties", "what"),
    [
        ([GOOD, GOOD], "names a party twice"),
        ([GOOD | {"quota": None}], "the sponsor of registrar has no quota"),
        ([GOOD, GOOD | {"reference": "b", "quota": None}], "the sponsor of b has no quota"),
        ([GOOD, GOOD | {"reference": "b", "quota": None, "sponsor": "c"}], "the sponsor of b has no quota"),
        ([GOOD | {"public": WEAK_KEY.hex()}], "the key of registrar is not sound"),
        ([GOOD | {"roles": ["king"]}], "unknown role, king"),
        ([GOOD | {"quota": {"stored_bytes": 299}}], "storage beyond the quota"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_genesis_that_contradicts_itself_is_not_loaded(parties, what):
    with pytest.raises(Broken, match=what):
        opened(*parties)


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": ""},
        {"reference": "seventeen-letters"},
        {"kind": 9},
        {"country": "kz"},
        {"public": "00" * 31},
        {"public": keys_of("registrar").public.hex().upper()},
        {"quota": {"operations": -1}},
        {"quota": {"operations": 2**53 + 1}},
        {"quota": {"operation": 1}},
        {"surname": "unknown"},
    ],
    ids=repr,
)
def test_a_party_of_a_wrong_form_is_not_read(changes):
    with pytest.raises(msgspec.ValidationError):
        opened(GOOD | changes)


@pytest.mark.parametrize(
    ("registrars", "what"),
    [
        ([], "the registrar registrar is not admitted"),
        ([ADMITTED, ADMITTED], "admits registrar twice"),
        ([ADMITTED, {"reference": "ministry"}], "admits ministry as a registrar, which no party of that role is"),
        ([{"reference": "registrar", "countries": ["KZ", "KZ"]}], "for a country twice"),
        ([{"reference": "registrar", "countries": ["QQ"]}], "that ISO 3166 lacks"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_genesis_admits_each_registrar_once_for_countries_that_exist(registrars, what):
    with pytest.raises(Broken, match=what):
        opened(GOOD, registrars=registrars)


def test_whoever_lacks_the_role_is_not_admitted():
    with pytest.raises(Broken, match="which no party of that role is"):
        opened(GOOD | {"roles": ["issuer"]})


def test_a_genesis_says_for_what_a_registrar_is_admitted():
    admitted = {"reference": "registrar", "countries": ["UZ", "KZ"], "parties": 7, "attestations": 0, "period": 60}

    ledger = opened(GOOD, registrars=(admitted,), appeal_period=5)

    assert REGISTRARS.must(ledger.state, ledger.account("registrar")) == Registrar(
        countries=("KZ", "UZ"), parties_max=7, attestations_max=0, period=60
    )
    assert RULES.must(ledger.state, None).appeal_period == 5
