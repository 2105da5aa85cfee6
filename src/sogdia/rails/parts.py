"""Parts that several messages share: who an account is, who keeps it, what an amount is, why something was refused."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sogdia.kernel.envelope import NETWORK_BYTES
from sogdia.rails.reasons import lines_of
from sogdia.rails.spelling import SCHEME, spell_account, write_amount
from sogdia.rails.xml import Part, part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.modules.money import Asset
    from sogdia.rails.reasons import Reason

NOT_PROVIDED: Final = "NOTPROVIDED"
"""What banks write where a payer gave no reference."""

MESSAGE_ID_CHARACTERS: Final = 32


def network_text(network: bytes) -> str:
    """Name a network as envelopes do: the first eight bytes of its genesis hash, in hexadecimal."""
    return network[:NETWORK_BYTES].hex()


def other(account: bytes, network: bytes) -> Part | None:
    """Identify an account, of a customer or an institution, by the ledger's own spelling."""
    return part(
        "Othr",
        part("Id", spell_account(account)),
        part("SchmeNm", part("Prtry", SCHEME)),
        part("Issr", network_text(network)),
    )


def account(name: str, whose: bytes, network: bytes, *more: Part | None) -> Part | None:
    """Name an account."""
    return part(name, part("Id", other(whose, network)), *more)


def agent(name: str, institution: bytes, network: bytes) -> Part | None:
    """Name an institution: of an account's agent it is the issuer of the money."""
    return part(name, part("FinInstnId", other(institution, network)))


def party(name: str, whose: bytes, network: bytes) -> Part | None:
    """Name a customer by its account alone; who that is, the ledger does not say."""
    return part(name, part("Id", part("OrgId", other(whose, network))))


def amount(name: str, units: int, asset: Asset) -> Part | None:
    """State an amount without a sign."""
    return part(name, write_amount(abs(units), asset.currency), Ccy=asset.currency)


def direction(units: int) -> Part | None:
    """Say whether something was gained or lost; nothing is a gain."""
    return part("CdtDbtInd", "DBIT" if units < 0 else "CRDT")


def reason(code: Reason, sentence: str, name: str = "StsRsnInf") -> Part | None:
    """Say why something was refused: the code, and the sentence in lines."""
    return part(name, part("Rsn", part("Cd", code.value)), *(part("AddtlInf", line) for line in lines_of(sentence)))


def message_id(kind: str, about: Iterable[str]) -> str:
    """Make the id of a message from what it is about, so that the same message always has the same id."""
    return sha256("\n".join((kind, *about)).encode()).hexdigest()[:MESSAGE_ID_CHARACTERS]


def clearing() -> Part | None:
    """Say that the ledger itself settles."""
    return part("SttlmInf", part("SttlmMtd", "CLRG"), part("ClrSys", part("Prtry", SCHEME)))
