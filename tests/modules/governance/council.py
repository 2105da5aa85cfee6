"""A network that several organisations run: Almaty, Bishkek, Dushanbe and Tashkent, with a validator of 10 each.

Almaty is also the registrar, and pays for everybody but Bishkek, which is its own sponsor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.keys import derive
from sogdia.kernel.comet import address_of
from sogdia.kernel.header import validators_at
from sogdia.kernel.members import member_of, members_of
from sogdia.kernel.values import name_of
from sogdia.modules.governance.proposing import ProposeAdmission, ProposePower, ProposeRemoval
from sogdia.modules.governance.records import PROPOSALS
from sogdia.modules.governance.voting import CastBallot
from sogdia.modules.identity import possession_message
from sogdia.testing.ledger import SEED, Ledger, genesis, keys_of

if TYPE_CHECKING:
    from sogdia.client.keys import KeyPair
    from sogdia.kernel.members import Member
    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.governance.proposing import Proposing

DAY = 86_400
ORGANISATIONS = ("almaty", "bishkek", "dushanbe", "tashkent")
VOTING_PERIOD = 14 * DAY


def node_keys(name: str) -> KeyPair:
    """Give the key of somebody's node."""
    return derive(SEED, f"node of {name}")


def council(*powers: int, organisations: tuple[str, ...] = ORGANISATIONS, **changes: Any) -> Ledger:  # noqa: ANN401 - sections
    """Open the ledger; `powers` are those of the organisations, in their order."""
    weights = powers or (10,) * len(organisations)
    parties = msgspec.to_builtins(genesis().identity)["parties"]
    registrar = next(each for each in parties if each["reference"] == "registrar")
    others = [each | {"sponsor": "almaty"} for each in parties if each is not registrar]
    for name in organisations:
        quota: dict[str, Any] | None = {} if name in {"almaty", "bishkek"} else None
        made = registrar | {
            "reference": name,
            "roles": ["registrar", "operator"] if name == "almaty" else ["operator"],
            "sponsor": name if quota is not None else "almaty",
            "quota": quota,
            "public": keys_of(name).public.hex(),
        }
        others.append(made)
    content: dict[str, Any] = {
        "identity": {"parties": others, "registrars": [{"reference": "almaty"}]},
        "validators": [
            [node_keys(name).public.hex(), power] for name, power in zip(organisations, weights, strict=True)
        ],
        "governance": {
            "members": [{"reference": name, "public": node_keys(name).public.hex()} for name in organisations]
        },
    }
    return Ledger(**(content | changes))


def member(ledger: Ledger, name: str) -> Member:
    """Give somebody as a member."""
    found = member_of(ledger.state, ledger.account(name))
    assert found is not None
    return found


def names_of_members(ledger: Ledger) -> list[str]:
    """Give the members' names, in the order in which they joined."""
    names = {ledger.account(name): name for name in (*ORGANISATIONS, "carrier", "platform", "bank", "nairobi")}
    return [names[each.account] for each in members_of(ledger.state)]


def signing(ledger: Ledger, height: int) -> dict[bytes, int]:
    """Give the keys and powers that sign at a height, as far as the state knows."""
    return {each.public: each.power for each in validators_at(ledger.state, height)}


def proposal(ledger: Ledger, reference: str = "p1", by: str = "almaty") -> Any:  # noqa: ANN401 - a proposal, or nothing
    """Give somebody's proposal, or nothing."""
    return PROPOSALS.find(ledger.state, name_of(ledger.account(by), reference))


def ballot(ledger: Ledger, reference: str = "p1", *, by: str = "almaty", yes: bool = True) -> CastBallot:
    """A vote on somebody's proposal."""
    return CastBallot(proposal=name_of(ledger.account(by), reference), yes=yes)


def admission(ledger: Ledger, name: str = "carrier", **changes: Any) -> ProposeAdmission:  # noqa: ANN401 - any field
    """A proposal that somebody joins with a node of its own and a power of 10."""
    account = ledger.account(name)
    keys = node_keys(name)
    fields: dict[str, Any] = {
        "reference": "p1",
        "height": 0,
        "account": account,
        "public": keys.public,
        "power": 10,
        "possession": keys.sign(possession_message(ledger.network, account, keys.public)),
    }
    return ProposeAdmission(**(fields | changes))


def removal(ledger: Ledger, name: str = "tashkent", **changes: Any) -> ProposeRemoval:  # noqa: ANN401 - any field
    """A proposal that somebody goes."""
    fields: dict[str, Any] = {"reference": "p1", "height": 0, "account": ledger.account(name)}
    return ProposeRemoval(**(fields | changes))


def power(ledger: Ledger, to: int = 11, name: str = "tashkent", **changes: Any) -> ProposePower:  # noqa: ANN401 - any field
    """A proposal that somebody has another power."""
    fields: dict[str, Any] = {"reference": "p1", "height": 0, "account": ledger.account(name), "power": to}
    return ProposePower(**(fields | changes))


def pass_it(ledger: Ledger, asked: Proposing, *also: str, by: str = "almaty", yes: tuple[str, ...] = ()) -> Receipt:
    """Let a proposal pass, with the yes of two others; give the receipt of the vote that decided."""
    ledger.must((by, *also), asked)
    voters = yes or tuple(name for name in ORGANISATIONS if name != by)[:2]
    receipts = [ledger.must(voter, ballot(ledger, asked.reference, by=by)) for voter in voters]
    return receipts[-1]


def carry_through(
    ledger: Ledger, asked: Proposing, *also: str, by: str = "almaty", yes: tuple[str, ...] = ()
) -> Receipt:
    """Let a proposal pass and take effect as early as it can; give the receipt of what it did."""
    pass_it(ledger, asked, *also, by=by, yes=yes)
    ledger.block()
    return ledger.exit_receipts()[-1]


def jail(ledger: Ledger, *names: str) -> None:
    """Make a block with evidence against somebody's node."""
    ledger.evidence = tuple(address_of(node_keys(name).public) for name in names)
    ledger.block()
