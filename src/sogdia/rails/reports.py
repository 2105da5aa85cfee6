"""pain.002: what became of a payer's file, payment by payment, with the reason of each refusal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from sogdia.rails.importing import DONE, PENDING, REFUSED, WOULD_DO
from sogdia.rails.initiation import KIND
from sogdia.rails.parts import NOT_PROVIDED, message_id, reason
from sogdia.rails.spelling import write_moment
from sogdia.rails.xml import Part, part, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sogdia.rails.importing import Outcome
    from sogdia.rails.initiation import Initiation
    from sogdia.rails.reasons import MessageRefused, Reason

REPORT: Final = "pain.002.001.10"
PARTLY: Final = "PART"


def group_status(outcomes: Iterable[Outcome]) -> str:
    """Give the status of all payments together."""
    statuses = {each.answer.status for each in outcomes}
    return statuses.pop() if len(statuses) == 1 else PARTLY


def report_message(
    found: Initiation, outcomes: Sequence[Outcome], now: int, *, refusal: tuple[Reason, str] | None = None
) -> bytes:
    """Write the report about a file; `refusal` is what is wrong with it as a whole."""
    status = REFUSED if refusal is not None else group_status(outcomes)
    head = _head(message_id(REPORT, (found.message, found.created, status, str(now))), now)
    group = part(
        "OrgnlGrpInfAndSts",
        part("OrgnlMsgId", found.message),
        part("OrgnlMsgNmId", KIND),
        part("OrgnlCreDtTm", found.created),
        part("OrgnlNbOfTxs", found.announced),
        None if found.control_sum is None else part("OrgnlCtrlSum", found.control_sum),
        part("GrpSts", status),
        None if refusal is None else reason(*refusal),
    )
    batches = [
        part("OrgnlPmtInfAndSts", part("OrgnlPmtInfId", name), *(_one(each) for each in of_batch))
        for name, of_batch in groupby(outcomes, key=_batch)
    ]
    return write(REPORT, part("CstmrPmtStsRpt", head, group, *batches))


def unreadable_message(refused: MessageRefused, about: str, now: int) -> bytes:
    """Write the report about a file that could not be read: which message it was, nobody knows."""
    group = part(
        "OrgnlGrpInfAndSts",
        part("OrgnlMsgId", NOT_PROVIDED),
        part("OrgnlMsgNmId", KIND),
        part("GrpSts", REFUSED),
        reason(refused.reason, refused.sentence),
    )
    return write(REPORT, part("CstmrPmtStsRpt", _head(message_id(REPORT, (about, str(now))), now), group))


def _head(identity: str, now: int) -> Part | None:
    return part("GrpHdr", part("MsgId", identity), part("CreDtTm", write_moment(now)))


def _batch(outcome: Outcome) -> str:
    return outcome.item.batch


def _one(outcome: Outcome) -> Part | None:
    item, answer = outcome
    return part(
        "TxInfAndSts",
        None if item.instruction is None else part("OrgnlInstrId", item.instruction),
        part("OrgnlEndToEndId", item.end_to_end),
        None if item.uetr is None else part("OrgnlUETR", item.uetr),
        part("TxSts", answer.status),
        None if answer.refusal is None else reason(*answer.refusal),
        None if answer.time is None else part("AccptncDtTm", write_moment(answer.time)),
        None if answer.uetr is None else part("AcctSvcrRef", answer.uetr.replace("-", "")),
    )


WORDS: Final = {
    DONE: "paid",
    WOULD_DO: "can be paid",
    PENDING: "not yet known",
    REFUSED: "refused",
    PARTLY: "paid in part",
}
"""What each status means, for people."""
