"""The door of a sandbox: the way to its node, which can be told to turn somebody's next envelope down."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sogdia.api.network import Network
from sogdia.api.problems import Problem
from sogdia.client import questions
from sogdia.client.questions import RefusedByNodeError
from sogdia.kernel.dry_run import NotAdmissible
from sogdia.kernel.parameters import Limits
from sogdia.kernel.refusal import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.client.questions import Outcome, Question
    from sogdia.kernel.dry_run import Facts
    from sogdia.kernel.envelope import Envelope

FORCED: Final[Facts] = (("forced", "by the sandbox's door; no rule of the ledger was tried, and no block has it"),)
"""Said with every refusal that was ordered, so that nobody looks for its cause on the ledger."""

ACCOUNTS_MAX: Final = 1_000
REFUSALS_OF_AN_ACCOUNT_MAX: Final = 16

T = TypeVar("T")


class Door(Network):
    """A network whose door refuses what it was told to refuse, says so, and lets all else through to the node."""

    def __init__(self, folder: Path) -> None:
        """Stand before the node of a data folder."""
        super().__init__(folder)
        self._ordered: OrderedDict[bytes, deque[int]] = OrderedDict()

    def order_refusal(self, account: bytes, number: int) -> None:
        """Have the next envelope of an account refused, after those that were ordered before."""
        waiting = self._ordered.setdefault(account, deque())
        if len(waiting) >= REFUSALS_OF_AN_ACCOUNT_MAX or len(self._ordered) > ACCOUNTS_MAX:
            if not waiting:
                del self._ordered[account]
            raise Problem(409, "As many refusals wait as may be.", "Send the envelopes that they wait for.")
        waiting.append(number)

    def ordered_refusals(self) -> dict[bytes, list[int]]:
        """List what is to be refused, by account."""
        return {account: list(waiting) for account, waiting in self._ordered.items()}

    async def ask(self, question: Question[T]) -> T:
        """Ask the node, unless it is an envelope that is to be refused."""
        if self._ordered and question.kind == "submit":
            number = await self._refusal_for(_bytes(question.payload))
            if number is not None:
                raise RefusedByNodeError(number, FORCED)
        if self._ordered and question.kind == "submit_many" and isinstance(question.payload, list):
            outcomes: Any = await self._each(question.payload)
            told: T = outcomes
            return told
        return await super().ask(question)

    async def ask_unhindered(self, question: Question[T]) -> T:
        """Ask the node for the sandbox itself."""
        return await super().ask(question)

    async def _each(self, raws: list[bytes]) -> list[Outcome]:
        """Send many envelopes but those that are to be refused; gives what became of each, in their order."""
        numbers = [await self._refusal_for(raw) for raw in raws]
        let_in = [raw for raw, number in zip(raws, numbers, strict=True) if number is None]
        outcomes: list[Outcome] = await super().ask(questions.submit_many(let_in)) if let_in else []
        sent = iter(outcomes)
        return [next(sent) if number is None else NotAdmissible(number, FORCED) for number in numbers]

    async def _refusal_for(self, raw: bytes) -> int | None:
        """Take the refusal that waits for an envelope, if one does; what is in a block already is never refused."""
        envelope = self._read(raw)
        if envelope is None:
            return None
        account = next((each.account for each in envelope.body.signers if each.account in self._ordered), None)
        if account is None or await super().ask(questions.result(envelope.id)) is not None:
            return None
        waiting = self._ordered.get(account)
        if waiting is None:
            return None
        number = waiting.popleft()
        if not waiting:
            del self._ordered[account]
        return number

    def _read(self, raw: bytes) -> Envelope | None:
        try:
            return self.maker.codec.open(raw, Limits())
        except Refused:
            return None  # the node says better what is wrong with it


def _bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else b""
