"""Who is served an obligation: its sides and its coordinator; a pool is for the coordinator alone."""

from __future__ import annotations

import pytest

from sogdia.kernel.values import name_of
from sogdia.modules.money import Asset
from sogdia.modules.netting.obligations import AcceptObligation, LeavePool, StateObligation

DAY = 86_400


@pytest.fixture(scope="module")
def owed(town):
    """Two obligations of which Bukhara and Samarkand are the debtors; a coordinator may net both. Their names."""
    town.register("samarkand")
    town.register("clearing")
    names = []
    for number, debtor in enumerate(("bukhara", "samarkand")):
        stated = StateObligation(
            reference=f"owed{number}", debtor=town.account(debtor), asset=Asset("USD", town.account("bank")), units=70,
            due=town.now // DAY * DAY, coordinator=town.account("clearing"), end_to_end="INV-1",
        )  # fmt: skip
        town.send("nairobi", stated)
        names.append(name_of(town.account("nairobi"), f"owed{number}"))
        town.send(debtor, AcceptObligation(obligation=names[-1], netting=True))
    return names


def test_an_obligation_is_for_its_sides_and_its_coordinator(town, owed):
    for address in (f"/v1/queries/obligation?name={owed[0].hex()}", f"/v1/records/netting/obligations/{owed[0].hex()}"):
        for who in ("nairobi", "bukhara", "clearing"):
            assert town.ask(address, authorization=town.token(who)).status == 200
        for who in ("samarkand", "stranger"):
            assert town.ask(address, authorization=town.token(who)).status == 403
        assert town.ask(address).status == 401


def test_a_pool_is_for_its_coordinator_and_for_no_other_who_stands_in_it(town, owed):
    clearing, asset = town.account("clearing").hex(), (b"USD" + town.account("bank")).hex()
    pool = f"/v1/queries/netting-pool?coordinator={clearing}&asset={asset}&due={town.now // DAY * DAY}"

    for address in (pool, f"/v1/queries/netting-pools?coordinator={clearing}"):
        assert len(town.ask(address, authorization=town.token("clearing")).document["answer"]) >= 1
        for who in ("nairobi", "bukhara", "samarkand", "stranger"):
            assert town.ask(address, authorization=town.token(who)).status == 403
        assert town.ask(address).status == 401
    assert {each["name"] for each in town.ask(pool, authorization=town.token("clearing")).document["answer"]} == {
        name.hex() for name in owed
    }


def test_what_somebody_owes_and_is_owed_in_all_is_for_that_party(town, owed):
    address = f"/v1/queries/obligations?account={town.account('nairobi').hex()}"

    assert len(town.ask(address, authorization=town.token("nairobi")).document["answer"]) == len(owed)
    for who in ("bukhara", "clearing", "stranger"):
        assert town.ask(address, authorization=town.token(who)).status == 403


def test_naming_oneself_elsewhere_in_the_question_shows_nothing_of_others(town):
    address = f"/v1/queries/obligations?account={town.account('nairobi').hex()}"

    for who in ("bukhara", "clearing", "stranger"):
        after = name_of(town.account(who), "a").hex()
        assert town.ask(f"{address}&after={after}", authorization=town.token(who)).status == 403
    assert town.ask(f"{address}&after={name_of(town.account('nairobi'), 'a').hex()}").status == 401


def test_who_has_left_a_pool_is_seen_by_the_coordinator_no_more(town, owed):
    address = f"/v1/queries/obligation?name={owed[1].hex()}"
    assert town.ask(address, authorization=town.token("clearing")).status == 200

    town.send("samarkand", LeavePool(obligations=(owed[1],)))

    assert town.ask(address, authorization=town.token("clearing")).status == 403
    assert town.ask(address, authorization=town.token("samarkand")).status == 200
