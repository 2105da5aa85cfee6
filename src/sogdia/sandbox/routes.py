"""What only a sandbox does for everybody who asks: admit, fund, move time, and force failures.

Failures are the ledger's own wherever the ledger can make them: the bank freezes, the clock lets a deadline pass. Only
a refusal by its number is made at the door, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from sogdia.api.problems import Problem, refused
from sogdia.api.routing import Call, Route, answer
from sogdia.client import questions
from sogdia.client.declared import refusal_codes
from sogdia.client.envelopes import Sender
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.signature import ED25519, P256
from sogdia.kernel.values import (
    Account,
    CountryCode,
    CurrencyCode,
    Name,
    PositiveUnits,
    PublicKey,
    Reference,
    Seconds,
    account_of,
)
from sogdia.modules import ALL
from sogdia.modules.identity import Kind, Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.queries import OrderQuery
from sogdia.modules.money.currencies import FreezeHolder, Mint, UnfreezeHolder
from sogdia.sandbox.stage import PARTIES_A_DAY, PEOPLE, VALIDITY_SECONDS

if TYPE_CHECKING:
    from starlette.responses import Response

    from sogdia.demo.stage import Stage
    from sogdia.kernel.operation import Operation
    from sogdia.sandbox.door import Door
    from sogdia.sandbox.funds import Funds
    from sogdia.sandbox.kept_clock import KeptClock

SCHEMES: Final = {"ed25519": ED25519, "p256": P256}
NUMBER_MAX: Final = 65_535
REASON: Final = "A trial in the sandbox"

_decode_receipt = receipt_decoder(ALL).decode


class ToAdmit(msgspec.Struct, frozen=True):
    """A party that wants to take part: under which reference, as what, from where, by which key."""

    reference: Reference
    public: PublicKey
    kind: Literal["person", "enterprise", "platform", "carrier"] = "enterprise"
    country: CountryCode = "ZZ"
    scheme: Literal["ed25519", "p256"] = "ed25519"


class ToFund(msgspec.Struct, frozen=True):
    """How much money of the bank's an account wants, in minor units."""

    account: Account
    currency: CurrencyCode
    units: PositiveUnits


class ToMove(msgspec.Struct, frozen=True):
    """How far the clock goes: by so many seconds from now, or from a moment that is named."""

    advance: Seconds = 0
    to: Seconds | None = None


class OfHolder(msgspec.Struct, frozen=True):
    """An account, and a currency of the bank's."""

    account: Account
    currency: CurrencyCode


class OfOrder(msgspec.Struct, frozen=True):
    """An order."""

    order: Name


class ToRefuse(msgspec.Struct, frozen=True):
    """Whose next envelope is to be refused, and with which number."""

    account: Account
    number: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]


class SandboxRoutes:
    """The routes that only a sandbox has."""

    def __init__(self, stage: Stage, door: Door, funds: Funds, clock: KeptClock) -> None:
        """Sign for the people of `stage`, and send through `door`."""
        self._stage = stage
        self._door = door
        self._funds = funds
        self._clock = clock

    async def overview(self, _call: Call) -> Response:
        """Say who is there, what there is for everybody, and what is ordered."""
        ordered = {account.hex(): numbers for account, numbers in self._door.ordered_refusals().items()}
        people = {name: self._stage.account(name) for name in PEOPLE}
        quotas = {"parties_a_day": PARTIES_A_DAY, "units_of_each_currency": self._funds.units_max}
        told = {"sandbox": True, "time": await self._now(), "accounts": people, "quotas": quotas}
        return answer({**told, "refusals_ordered": ordered})

    async def admit(self, call: Call) -> Response:
        """Let the registrar enter a party at the sponsor's expense."""
        asked: ToAdmit = call.body
        roles = int(Role[asked.kind.upper()]) if asked.kind in ("carrier", "platform") else 0
        registration = RegisterParty(
            reference=asked.reference,
            kind=int(Kind[asked.kind.upper()]),
            country=asked.country,
            roles=roles,
            sponsor=self._stage.account("sponsor"),
            scheme=SCHEMES[asked.scheme],
            public=asked.public,
        )
        done = await self._do(("registrar", "sponsor"), registration)
        account = account_of(self._stage.network, self._stage.account("registrar"), asked.reference)
        return answer({"account": account, **done}, 201)

    async def fund(self, call: Call) -> Response:
        """Let the bank make money for an account, up to its quota."""
        asked: ToFund = call.body
        if not self._funds.take(asked.account, asked.currency, asked.units):
            left = self._funds.units_max - self._funds.given(asked.account, asked.currency)
            raise Problem(
                409, f"Of {asked.currency} this account may have {left} more minor units for nothing.",
                "Ask for less, or fund another account and pay from there.", left=str(left),
            )  # fmt: skip
        try:
            done = await self._do(("bank",), Mint(currency=asked.currency, to=asked.account, units=asked.units))
        except BaseException:
            self._funds.give_back(asked.account, asked.currency, asked.units)
            raise
        return answer({"issuer": self._stage.account("bank"), **done})

    async def move_time(self, call: Call) -> Response:
        """Put the clock forward; whatever is due until then happens."""
        asked: ToMove = call.body
        begin = await self._now() if asked.to is None else asked.to
        return answer(await self._advance(begin + asked.advance))

    async def freeze(self, call: Call) -> Response:
        """Let the bank freeze what an account has of a currency."""
        asked: OfHolder = call.body
        freezing = FreezeHolder(currency=asked.currency, account=asked.account, reason=REASON)
        return answer(await self._do(("bank",), freezing))

    async def unfreeze(self, call: Call) -> Response:
        """Let the bank take that back."""
        asked: OfHolder = call.body
        return answer(await self._do(("bank",), UnfreezeHolder(currency=asked.currency, account=asked.account)))

    async def expire(self, call: Call) -> Response:
        """Let the deadline of an open order pass, by moving the clock beyond it."""
        _height, found = await self._door.query(OrderQuery(name=call.body.order))
        if found.open is None:
            raise Problem(
                404, "There is no open order of this name.", "Its name is the buyer's account, then its reference."
            )
        deadline = found.open.deadline
        now = await self._now()
        return answer({"deadline": deadline, **await self._advance(max(now, deadline + 1))})

    async def refuse(self, call: Call) -> Response:
        """Have the next envelope of an account refused at the door."""
        asked: ToRefuse = call.body
        if asked.number not in refusal_codes():
            raise Problem(404, f"There is no refusal {asked.number}.", "See /v1/refusals.")
        self._door.order_refusal(asked.account, asked.number)
        return answer({"account": asked.account, "refusals_ordered": self._door.ordered_refusals()[asked.account]})

    async def _now(self) -> int:
        status = await self._door.ask_unhindered(questions.status())
        return max(status.now, status.time)

    async def _advance(self, to: int) -> dict[str, Any]:
        now = await self._now()
        if to < now:
            raise Problem(409, f"The clock stands at {now}, and time does not go back.", "Name a later moment.")
        if to >= 2**32:
            raise Problem(409, "Time ends in 2106 on the ledger.", "Name an earlier moment.")
        height = await self._door.ask_unhindered(questions.advance(to))
        self._clock.keep(to)
        return {"time": to, "height": height}

    async def _do(self, names: tuple[str, ...], operation: Operation) -> dict[str, Any]:
        """Let people of the sandbox sign an operation, and send it; gives where it stands."""
        senders = [Sender(self._stage.account(name), self._stage.keys[name]) for name in names]
        signed = self._door.maker.make(senders, [operation], expiry=await self._now() + VALIDITY_SECONDS)
        sent = await self._door.ask_unhindered(questions.submit(signed.raw))
        receipt = _decode_receipt(sent.receipt)
        if receipt.code:
            raise refused(receipt.code, receipt.facts, id=signed.id.hex())
        return {"id": signed.id, "height": sent.height}

    def routes(self) -> list[Route]:
        """Declare the routes."""
        plain = {200: {"type": "object"}}
        return [
            Route(method="GET", path="/sandbox/v1", name="sandbox", handler=self.overview,
                  summary="Say who is there, what there is for everybody, and which refusals wait", answers=plain),
            Route(method="POST", path="/sandbox/v1/admit", name="sandbox_admit", handler=self.admit,
                  summary="Be entered as a party", body_type=ToAdmit, answers={201: {"type": "object"}}),
            Route(method="POST", path="/sandbox/v1/fund", name="sandbox_fund", handler=self.fund,
                  summary="Be given money of the bank's, up to the quota", body_type=ToFund, answers=plain),
            Route(method="POST", path="/sandbox/v1/time", name="sandbox_time", handler=self.move_time,
                  summary="Put the clock forward; whatever is due happens", body_type=ToMove, answers=plain),
            Route(method="POST", path="/sandbox/v1/failures/freeze", name="sandbox_freeze", handler=self.freeze,
                  summary="Have the bank freeze an account's money", body_type=OfHolder, answers=plain),
            Route(method="POST", path="/sandbox/v1/failures/unfreeze", name="sandbox_unfreeze", handler=self.unfreeze,
                  summary="Have the bank take that back", body_type=OfHolder, answers=plain),
            Route(method="POST", path="/sandbox/v1/failures/expire", name="sandbox_expire", handler=self.expire,
                  summary="Let the deadline of an order pass", body_type=OfOrder, answers=plain),
            Route(method="POST", path="/sandbox/v1/failures/refuse", name="sandbox_refuse", handler=self.refuse,
                  summary="Have the next envelope of an account refused with a number", body_type=ToRefuse,
                  answers=plain),
        ]  # fmt: skip
