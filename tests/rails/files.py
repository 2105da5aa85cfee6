"""Files of payments as payers write them, on the test ledger's parties, and reports as their programs read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pyiso20022.pain.pain_002_001_10 import Document as Report
from xsdata.formats.dataclass.parsers import XmlParser

from sogdia.rails import xml
from sogdia.rails.spelling import spell_account

if TYPE_CHECKING:
    from sogdia.testing.ledger import Ledger

SPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"


def transaction(ledger: Ledger, **changes: Any) -> str:  # noqa: ANN401 - any part of it
    """One transaction; `more` stands before the purpose, where most other elements stand."""
    given: dict[str, Any] = {
        "end_to_end": "silk-17",
        "uetr": "",
        "amount": "12.50",
        "currency": "USD",
        "creditor": spell_account(ledger.account("bukhara")),
        "agent": "",
        "purpose": "<Purp><Cd>GDDS</Cd></Purp>",
        "before": "",
        "more": "",
        "after": "",
    }
    given |= changes
    uetr = f"<UETR>{given['uetr']}</UETR>" if given["uetr"] else ""
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{given['end_to_end']}</EndToEndId>{uetr}</PmtId>"
        f'<Amt><InstdAmt Ccy="{given["currency"]}">{given["amount"]}</InstdAmt></Amt>{given["before"]}{given["agent"]}'
        f"<CdtrAcct><Id><Othr><Id>{given['creditor']}</Id></Othr></Id></CdtrAcct>{given['more']}{given['purpose']}"
        f"{given['after']}</CdtTrfTxInf>"
    )


def file_of(ledger: Ledger, *transactions: str, **changes: Any) -> bytes:  # noqa: ANN401 - any part of it
    """A file of one batch by nairobi, in money of bank, for the ledger's present day."""
    inside = transactions or (transaction(ledger),)
    given: dict[str, Any] = {
        "space": SPACE,
        "message": "m1",
        "count": len(inside),
        "sum": "",
        "method": "TRF",
        "day": datetime.fromtimestamp(ledger.time, UTC).strftime("%Y-%m-%d"),
        "debtor": spell_account(ledger.account("nairobi")),
        "issuer": spell_account(ledger.account("bank")),
        "scheme": "",
        "account": "",
        "batch": "",
        "encoding": "UTF-8",
        "before": "",
    }
    given |= changes
    total = f"<CtrlSum>{given['sum']}</CtrlSum>" if given["sum"] else ""
    text = (
        f'<?xml version="1.0" encoding="{given["encoding"]}"?>{given["before"]}'
        f'<Document xmlns="{given["space"]}"><CstmrCdtTrfInitn><GrpHdr><MsgId>{given["message"]}</MsgId>'
        f"<CreDtTm>2023-11-14T10:00:00Z</CreDtTm><NbOfTxs>{given['count']}</NbOfTxs>{total}<InitgPty/></GrpHdr>"
        f"<PmtInf><PmtInfId>b1</PmtInfId><PmtMtd>{given['method']}</PmtMtd>{given['batch']}"
        f"<ReqdExctnDt><Dt>{given['day']}</Dt></ReqdExctnDt><Dbtr/>"
        f"<DbtrAcct><Id><Othr><Id>{given['debtor']}</Id>{given['scheme']}</Othr></Id>{given['account']}</DbtrAcct>"
        f"<DbtrAgt><FinInstnId><Othr><Id>{given['issuer']}</Id></Othr></FinInstnId></DbtrAgt>"
        f"{''.join(inside)}</PmtInf></CstmrCdtTrfInitn></Document>"
    )
    return text.encode("latin-1" if given["encoding"] == "ISO-8859-1" else "utf-8")


def codes_in(report: bytes) -> list[str]:
    """Read a report as somebody else's program does, and give all its reason codes."""
    xml.read(report, "pain.002.001.10")
    body = XmlParser().from_bytes(report, Report).cstmr_pmt_sts_rpt
    reasons = list(body.orgnl_grp_inf_and_sts.sts_rsn_inf)
    for batch in body.orgnl_pmt_inf_and_sts:
        for each in batch.tx_inf_and_sts:
            reasons += each.sts_rsn_inf
    assert all(each.addtl_inf for each in reasons), "a code without a sentence"
    return [each.rsn.cd for each in reasons]
