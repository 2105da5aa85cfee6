"""What notices watch: for every exit that a module declares, how its objects are asked for and whom they concern.

A test compares this table with the declared exits and the states of orders, so that no new way out stays unwatched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sogdia.client.codes import account_code, name_code
from sogdia.client.connection import Status, TryLaterError
from sogdia.kernel.codec import encode
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.values import ACCOUNT_BYTES, owner_of
from sogdia.modules import ALL
from sogdia.modules.book.events import LimitOfferEnded, LimitOfferFilled, LimitOfferPlaced
from sogdia.modules.book.queries import LimitOfferQuery
from sogdia.modules.book.records import OFFERS, LimitOffer
from sogdia.modules.governance.queries import ProposalQuery
from sogdia.modules.governance.records import PROPOSALS, Proposal
from sogdia.modules.identity import events
from sogdia.modules.identity.queries import RecoveryQuery
from sogdia.modules.identity.records import RECOVERIES, Recovery
from sogdia.modules.identity.registry_queries import AppealQuery, AttestationQuery
from sogdia.modules.identity.registry_records import APPEALS, ATTESTATIONS, Appeal, Attestation
from sogdia.modules.market.queries import OrderAnswer, OrderQuery
from sogdia.modules.market.records import ORDERS, Order, OrderState
from sogdia.modules.money import events as money_events
from sogdia.modules.money.issuer_queries import FreezeQuery, MeasureQuery, RedemptionQuery
from sogdia.modules.money.issuer_records import FREEZES, MEASURES, REDEMPTIONS, Freeze, Measure, Redemption
from sogdia.modules.money.queries import HoldQuery
from sogdia.modules.money.records import HOLDS, Hold, asset_key, asset_of
from sogdia.modules.netting.queries import BatchQuery
from sogdia.modules.netting.records import BATCHES, Batch, Stage
from sogdia.modules.vouchers.queries import PurseQuery
from sogdia.modules.vouchers.records import PURSES, Purse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sogdia.client.connection import Connection
    from sogdia.kernel.codec import Event
    from sogdia.kernel.operation import Exit, Query
    from sogdia.kernel.stored_block import StoredBlock

UNDER_WAY_MAX = 1_000

_decode_receipt = receipt_decoder(ALL).decode

EXITS: dict[int, Exit] = {each.table.number: each for module in ALL for each in module.exits}
"""Every declared exit, by the number of its table."""


class Stand(NamedTuple):
    """How an object stands: its deadline (without one it has ended), whom it concerns, whom its deadline concerns."""

    deadline: int | None
    parties: tuple[bytes, ...]
    warned: tuple[bytes, ...]


class Watched(NamedTuple):
    """How the objects of one table are watched: which texts speak of them, and the key that an event names, if any."""

    called: str
    named_by: Callable[[Event], bytes | None]
    query: Callable[[bytes], Query]
    read: Callable[[bytes, Any], Stand]


TOLD_OF_APPEALS = (
    events.SuspensionAppealed,
    events.SuspensionUpheld,
    events.SuspensionEnded,
    events.PartyReinstated,
    events.AppealResumed,
    events.AppealForgotten,
    events.PartyReinstated,
    events.PartySuspended,
)
"""Events that begin, move or end an appeal; each names the account, under which the appeal stands."""

TOLD_OF_OFFERS = (LimitOfferPlaced, LimitOfferFilled, LimitOfferEnded)
TOLD_OF_FREEZES = (
    money_events.HolderFrozen,
    money_events.HolderUnfrozen,
    money_events.FreezeLapsed,
    money_events.FreezeMadeLonger,
)
"""Events that begin, move or end a freeze; each names the holder and the asset, under which the freeze stands."""

WARNED_BESIDE_THE_CARRIER: dict[OrderState, bool] = {
    OrderState.PLACED: True,
    OrderState.ACCEPTED: True,
    OrderState.SHIPPED: True,
    OrderState.DELIVERED: True,
    OrderState.RETURNING: True,
    OrderState.CONTESTED: True,
    OrderState.CLOSING: False,
    OrderState.REFUNDING: False,
    OrderState.COLLECTED: True,
}
"""Whether buyer and merchant are warned of a state's deadline. Two states go on by themselves: nobody has to act.

A refund that waits for a rate is the exception: the merchant can find somebody who exchanges, the buyer can end the
wait, and they are warned of the end of the wait, not of every try.
"""

WARNED_CARRIER = frozenset({OrderState.SHIPPED, OrderState.COLLECTED})
"""States whose deadline is also the carrier's: it may confirm the delivery, and has to hand over cash."""


def _order(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - an answer that is about to be typed
    answer = msgspec.convert(raw, OrderAnswer, strict=True)
    if answer.open is None:
        found = answer.closed
        return Stand(None, () if found is None else (owner_of(name), found.merchant), ())
    return order_stand(name, answer.open)


def order_stand(name: bytes, order: Order) -> Stand:
    """Say whom an open order, and its deadline, concern."""
    state = OrderState(order.state)
    sides = (owner_of(name), order.merchant)
    carrier = () if order.carrier is None else (order.carrier,)
    waits = order.tries_at > 0
    warned = sides if waits or WARNED_BESIDE_THE_CARRIER[state] else ()
    return Stand(
        order.deadline if waits else EXITS[ORDERS.number].deadline_of(order),
        _once(sides + carrier),
        _once(warned + carrier if state in WARNED_CARRIER else warned),
    )


def _hold(_name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    hold = msgspec.convert(raw, Hold | None, strict=True)
    if hold is None:
        return Stand(None, (), ())
    sides = (hold.payer, hold.payee)
    return Stand(EXITS[HOLDS.number].deadline_of(hold), sides, sides)


def _offer(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    """An offer that stands concerns its owner, whose money is set aside for it."""
    found = msgspec.convert(raw, LimitOffer | None, strict=True)
    owner = (owner_of(name),)
    return Stand(None if found is None else EXITS[OFFERS.number].deadline_of(found), owner, owner if found else ())


def _batch(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    """A batch concerns its coordinator, who has to commit it while it is open; what comes after goes on by itself."""
    found = msgspec.convert(raw, Batch | None, strict=True)
    owner = (owner_of(name),)
    if found is None:
        return Stand(None, owner, ())
    return Stand(EXITS[BATCHES.number].deadline_of(found), owner, owner if found.stage == Stage.OPEN else ())


def _purse(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    """Whoever has a share has to bring its vouchers before the deadline; the texts are those of money set aside."""
    found = msgspec.convert(raw, Purse | None, strict=True)
    if found is None:
        return Stand(None, (owner_of(name),), ())
    payees = tuple(share.payee for share in found.promised.shares if share.payee is not None)
    concerned = _once((owner_of(name), *payees))
    return Stand(EXITS[PURSES.number].deadline_of(found), concerned, concerned)


def _ask_freeze(key: bytes) -> Query:
    asset = asset_of(key[ACCOUNT_BYTES:])
    return FreezeQuery(account=key[:ACCOUNT_BYTES], currency=asset.currency, issuer=asset.issuer)


def _freeze(key: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    """A freeze ends by itself; its issuer is warned, who may ask the panel for more. That it rests concerns nobody."""
    found = msgspec.convert(raw, Freeze | None, strict=True)
    holder, issuer = key[:ACCOUNT_BYTES], asset_of(key[ACCOUNT_BYTES:]).issuer
    if found is None:
        return Stand(None, (holder, issuer), ())
    return Stand(EXITS[FREEZES.number].deadline_of(found), _once((holder, issuer)), () if found.over else (issuer,))


def _measure(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    """A measure concerns the issuer, the holder and the panel; those of the panel who have not agreed are warned."""
    found = msgspec.convert(raw, Measure | None, strict=True)
    if found is None:
        return Stand(None, (owner_of(name),), ())
    concerned = _once((owner_of(name), found.account, *found.panel))
    asked = tuple(each for each in found.panel if each not in found.approvals)
    return Stand(EXITS[MEASURES.number].deadline_of(found), concerned, asked)


def _redemption(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    """A redemption concerns holder and issuer; the issuer alone can answer it."""
    found = msgspec.convert(raw, Redemption | None, strict=True)
    if found is None:
        return Stand(None, (owner_of(name),), ())
    issuer = found.asset.issuer
    return Stand(EXITS[REDEMPTIONS.number].deadline_of(found), _once((owner_of(name), issuer)), (issuer,))


def _ask_recovery(key: bytes) -> Query:
    return RecoveryQuery(account=key[:ACCOUNT_BYTES], guardian=key[ACCOUNT_BYTES:])


def _recovery(key: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    """A party has to hear that others propose keys for it: within the deadline it can stop them."""
    found = msgspec.convert(raw, Recovery | None, strict=True)
    party, guardian = key[:ACCOUNT_BYTES], key[ACCOUNT_BYTES:]
    if found is None:
        return Stand(None, (party, guardian), ())
    concerned = _once((party, guardian, *found.approvals))
    return Stand(EXITS[RECOVERIES.number].deadline_of(found), concerned, concerned)


def _attested(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    found = msgspec.convert(raw, Attestation | None, strict=True)
    if found is None:
        return Stand(None, (), ())
    sides = _once((owner_of(name), found.subject))
    return Stand(EXITS[ATTESTATIONS.number].deadline_of(found), sides, sides)


def _appeal(account: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    found = msgspec.convert(raw, Appeal | None, strict=True)
    running = found is not None and found.left is None
    deadline = EXITS[APPEALS.number].deadline_of(found) if running else None
    return Stand(deadline, (account,), (account,))


def _proposal(name: bytes, raw: Any) -> Stand:  # noqa: ANN401 - as above
    """The proposer and those who have voted hear how a proposal goes."""
    found = msgspec.convert(raw, Proposal | None, strict=True)
    if found is None:
        return Stand(None, (owner_of(name),), ())
    concerned = _once((owner_of(name), *(each.member for each in found.ballots)))
    return Stand(EXITS[PROPOSALS.number].deadline_of(found), concerned, concerned)


def _named(field: str) -> Callable[[Event], bytes | None]:
    """Give what finds the object's name in an event's field, where there is one."""
    return lambda event: getattr(event, field, None)


def _recovery_key(event: Event) -> bytes | None:
    guardian = getattr(event, "guardian", None)
    return None if guardian is None else bytes(getattr(event, "account", b"")) + guardian


def _offer_key(event: Event) -> bytes | None:
    return event.offer if isinstance(event, TOLD_OF_OFFERS) else None


def _freeze_key(event: Event) -> bytes | None:
    return event.account + asset_key(event.asset) if isinstance(event, TOLD_OF_FREEZES) else None


def _appeal_key(event: Event) -> bytes | None:
    return getattr(event, "account", None) if isinstance(event, TOLD_OF_APPEALS) else None


def _once(accounts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(accounts))


WATCHED: dict[int, Watched] = {
    ORDERS.number: Watched("order", _named("order"), lambda name: OrderQuery(name=name), _order),
    HOLDS.number: Watched("hold", _named("hold"), lambda name: HoldQuery(name=name), _hold),
    PURSES.number: Watched("hold", _named("purse"), lambda name: PurseQuery(name=name), _purse),
    OFFERS.number: Watched("hold", _offer_key, lambda name: LimitOfferQuery(name=name), _offer),
    BATCHES.number: Watched("account", _named("batch"), lambda name: BatchQuery(name=name), _batch),
    FREEZES.number: Watched("account", _freeze_key, _ask_freeze, _freeze),
    MEASURES.number: Watched("account", _named("measure"), lambda name: MeasureQuery(name=name), _measure),
    REDEMPTIONS.number: Watched("account", _named("redemption"), lambda name: RedemptionQuery(name=name), _redemption),
    RECOVERIES.number: Watched("account", _recovery_key, _ask_recovery, _recovery),
    ATTESTATIONS.number: Watched("account", _named("attestation"), lambda name: AttestationQuery(name=name), _attested),
    PROPOSALS.number: Watched("account", _named("proposal"), lambda name: ProposalQuery(name=name), _proposal),
    APPEALS.number: Watched("account", _appeal_key, lambda account: AppealQuery(account=account), _appeal),
}
"""By the number of the table; the number is the first byte of an object's full key."""


def objects_of(block: StoredBlock) -> Iterator[tuple[int, bytes]]:
    """Give the watched objects that a block touched, each with the number of the result that did it.

    An object that goes leaves no step behind, but an event that names it; one that stays leaves a step in any case.
    What is tried again by rule, in vain, leaves a step and no event: nobody needs to hear of that.
    """
    receipts = [_decode_receipt(result.receipt) for result in block.all_results()]
    for step in block.steps:
        in_vain = step.result >= len(block.results) and not receipts[step.result].events
        if step.object[0] in WATCHED and not in_vain:
            yield step.result, step.object
    for number, receipt in enumerate(receipts):
        for event in receipt.events:
            for table, watched in WATCHED.items():
                key = watched.named_by(event)
                if isinstance(key, bytes):
                    yield number, bytes((table,)) + key


def stands_of(node: Connection, full_keys: Sequence[bytes]) -> dict[bytes, Stand]:
    """Ask how objects stand, all at once: a busy node answers between two blocks, one by one would take too long."""
    asked = [("query", encode(WATCHED[key[0]].query(key[1:]))) for key in full_keys]
    answers = ask_all(node, asked)
    return {key: WATCHED[key[0]].read(key[1:], answer[1]) for key, answer in zip(full_keys, answers, strict=True)}


def ask_all(node: Connection, asked: Sequence[tuple[str, object]]) -> list[Any]:
    """Ask a node many things with all of them under way; gives the payloads in the order of asking."""
    found: list[Any] = []
    for first in range(0, len(asked), UNDER_WAY_MAX):
        numbers = [node.send(kind, payload) for kind, payload in asked[first : first + UNDER_WAY_MAX]]
        answers = {answer.number: answer for answer in (node.receive() for _ in numbers)}
        for number in numbers:
            answer = answers[number]
            if answer.status != Status.DONE:
                raise TryLaterError(str(answer.payload))
            found.append(answer.payload)
    return found


def code_of(full_key: bytes) -> str:
    """Give the code by which people know an object: its name's, or the account's that it is about."""
    key = full_key[1:]
    return account_code(key[:ACCOUNT_BYTES]) if WATCHED[full_key[0]].called == "account" else name_code(key)
