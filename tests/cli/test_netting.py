"""`sogdia netting` against a running node: what is shown, what is sent, and that a failure lets the pool go."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from sogdia.clearing.graph import Graph, Solution
from sogdia.clearing.parts import parts_of
from sogdia.clearing.solving import SolvingError
from sogdia.cli import netting_work
from sogdia.cli.exits import Exit
from sogdia.cli.sending import send_applied
from sogdia.modules.netting.batches import OpenBatch

if TYPE_CHECKING:
    from sogdia.cli.sending import Signatory
    from sogdia.cli.sessions import Session
    from sogdia.kernel.operation import Operation

pytestmark = pytest.mark.real("ortools")
DAYS = count(1)


@pytest.fixture
def owed(sogdia, house):
    """Let Nairobi and Bukhara owe each other, on a date of this test's own; gives the date."""
    pytest.importorskip("ortools")
    number = next(DAYS)
    due = f"2023-11-{number:02}"
    for creditor, debtor, units in (("nairobi", "bukhara", "5.00"), ("bukhara", "nairobi", "3.00")):
        fields = [
            "--reference",
            f"net{number}",
            "--debtor",
            debtor,
            "--asset",
            "USD@bank",
            "--units",
            units,
            "--due",
            due,
        ]
        stated = sogdia(
            *house.words("tx", "state-obligation", "--from", creditor, *fields),
            *("--coordinator", "@bank", "--end-to-end", "INV"),
        )
        named = ["--obligation", f"{creditor}/net{number}", "--netting", "yes"]
        accepted = sogdia(*house.words("tx", "accept-obligation", "--from", debtor, *named))
        assert (stated.status, accepted.status) == (Exit.DONE, Exit.DONE), (stated.err, accepted.err)
    return due


def clearing(house, due, *more: str):
    words = (
        "netting",
        "clear",
        "--from",
        "bank",
        "--asset",
        "USD@bank",
        "--due",
        due,
        "--batch",
        f"b{due[-2:]}",
        *more,
    )
    return house.words(*words)


def batch(sogdia, house, due):
    return sogdia(*house.words("query", "netting-batch", f"@bank/b{due[-2:]}", "--json"))


def test_what_could_be_cleared_is_shown_and_nothing_is_sent(sogdia, house, owed):
    asked = ("--asset", "USD@bank", "--due", owed, "--json")
    solved = sogdia(*house.words("netting", "solve", "--coordinator", "@bank", *asked))
    tried = sogdia(*clearing(house, owed, "--dry-run", "--json"))

    assert solved.document == tried.document
    assert (solved.document["gross"], solved.document["cleared"], solved.document["reduced"]) == ("800", "600", 2)
    assert batch(sogdia, house, owed).status == Exit.NOT_FOUND


def test_a_pool_is_cleared_and_what_remains_is_paid_once(sogdia, house, owed):
    cleared = sogdia(*clearing(house, owed, "--json"))
    assert (cleared.status, cleared.document["cleared"]) == (Exit.DONE, "600"), cleared.err
    minted = sogdia(
        *house.words("tx", "mint", "--from", "bank", "--currency", "USD", "--to", "bukhara", "--units", "20.00")
    )
    paying = house.words("netting", "pay", "--from", "bukhara", "--asset", "USD@bank", "--due", owed, "--json")

    tried = sogdia(*paying, "--dry-run")
    paid = sogdia(*paying)
    again = sogdia(*paying)

    assert minted.status == Exit.DONE
    assert int(tried.document["units"]) % 500 == 200, "the rest, and what other tests have left"
    assert paid.document["payments"] == tried.document["payments"]
    assert again.document["payments"] == []


def test_nothing_to_net_is_said(sogdia, house):
    asked = ("--asset", "USD@bank", "--due", "2020-02-29")
    said = sogdia(*house.words("netting", "solve", "--coordinator", "@bank", *asked))

    assert said.status == Exit.NOT_FOUND
    assert "nothing to net" in said.err


def test_a_solution_that_is_not_right_is_never_sent(sogdia, house, owed, monkeypatch):
    monkeypatch.setattr(netting_work, "solve", lambda _graph: Solution([299, 299], [0, 0]))

    said = sogdia(*clearing(house, owed))

    assert said.status == Exit.DAMAGED
    assert batch(sogdia, house, owed).status == Exit.NOT_FOUND


def test_without_the_solver_the_pool_is_not_held(sogdia, house, owed, monkeypatch):
    def missing(_graph: Graph) -> Solution:
        raise SolvingError("OR-Tools is not installed here.")

    monkeypatch.setattr(netting_work, "solve", missing)

    said = sogdia(*clearing(house, owed))

    assert said.status == Exit.USAGE
    assert "OR-Tools is not installed" in said.err
    assert batch(sogdia, house, owed).status == Exit.NOT_FOUND


def test_a_batch_that_the_ledger_refuses_lets_the_pool_go(sogdia, house, owed, monkeypatch):
    right = parts_of

    def wrong(reference: str, graph: Graph, solution: Solution) -> list[Operation]:
        return right(reference, graph, Solution([flow + 1 for flow in solution.flows], solution.potentials))

    monkeypatch.setattr(netting_work, "parts_of", wrong)

    said = sogdia(*clearing(house, owed))

    assert said.status == Exit.REFUSED
    assert "Name at most what is left" in said.err
    assert batch(sogdia, house, owed).document["answer"]["stage"] in (3, "3")


def test_what_changes_before_the_pool_is_held_is_solved_anew(sogdia, house, owed, monkeypatch):
    send = send_applied

    def meddled(operations: list[Operation], by: Signatory, session: Session) -> bytes:
        if isinstance(operations[0], OpenBatch):
            named = ("--obligation", f"net{next(DAYS) - 1}", "--units", "2.00")
            assert sogdia(*house.words("tx", "forgive-obligation", "--from", "bukhara", *named)).status == Exit.DONE
        return send(operations, by, session)

    monkeypatch.setattr(netting_work, "send_applied", meddled)

    cleared = sogdia(*clearing(house, owed, "--json"))

    assert (cleared.document["gross"], cleared.document["cleared"]) == ("600", "200")
