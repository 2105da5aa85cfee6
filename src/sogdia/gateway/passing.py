"""One pass of a gateway: everything that can be done now, in an order that leaves nothing behind after a crash.

    the ledger's blocks ─▶ envelopes that stand noted ─▶ documents of the rails ─▶ mint ─▶ redeem ─▶ send back

A pass that dies anywhere, or finds the ledger silent, is simply followed by another.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.gateway.acts import finish_all
from sogdia.gateway.following import follow
from sogdia.gateway.intake import take
from sogdia.gateway.minting import claim, mint_due
from sogdia.gateway.paying_out import redeem, send_back_overdue

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.gateway.desk import Desk

IN: Final = "in"
DONE: Final = "done"
REFUSED: Final = "refused"
DOCUMENT_BYTES_MAX: Final = 16 * 2**20 + 1


class Refusal(NamedTuple):
    """A document that was not taken."""

    rail: str
    name: str
    why: str


def run(desk: Desk) -> list[Refusal]:
    """Do all that can be done now; gives the documents that were refused."""
    follow(desk)
    finish_all(desk)
    refused = take_in(desk)
    mint_due(desk)
    claim(desk)
    redeem(desk)
    send_back_overdue(desk)
    follow(desk)
    return refused


def take_in(desk: Desk, *, keep: bool = False) -> list[Refusal]:
    """Take in what lies in the rails' folders, by name, and put it away unless it is to be kept there.

    Names that begin with a point are being written.
    """
    refused = []
    for rail in desk.rails:
        folder = desk.folder / rail / IN
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.startswith(".") or not path.is_file():
                continue
            with path.open("rb") as stream:
                raw = stream.read(DOCUMENT_BYTES_MAX)
            why = take(desk, rail, path.name, raw)
            if why is not None:
                refused.append(Refusal(rail, path.name, why))
            if not keep:
                _put_away(path, DONE if why is None else REFUSED)
    return refused


def _put_away(path: Path, where: str) -> None:
    """Move a document; one that lies there under the same name is not written over."""
    folder = path.parent.parent / where
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    for number in count(2):
        if not target.exists():
            break
        target = folder / f"{path.name}.{number}"
    path.replace(target)
