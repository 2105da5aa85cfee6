"""What the bank of a sandbox has given away, by account and currency, so that each has its quota and no more."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """
create table if not exists given (
    account blob not null,
    currency text not null,
    units integer not null check (units >= 0),
    primary key (account, currency)
) without rowid
"""


class Funds:
    """How much of its quota each account has had; kept in a file, since the sandbox may be stopped and taken up."""

    def __init__(self, path: Path, units_max: int) -> None:
        """Keep it in a file."""
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute(TABLE)
        self.units_max = units_max

    def given(self, account: bytes, currency: str) -> int:
        """Say how much an account has had."""
        words = "select units from given where account = ? and currency = ?"
        found = self._file.execute(words, (account, currency)).fetchone()
        return 0 if found is None else int(found[0])

    def take(self, account: bytes, currency: str, units: int) -> bool:
        """Take units of an account's quota, or say that there are not as many left."""
        if self.given(account, currency) + units > self.units_max:
            return False
        self._file.execute(
            "insert into given values (?, ?, ?) on conflict do update set units = units + excluded.units",
            (account, currency, units),
        )
        return True

    def give_back(self, account: bytes, currency: str, units: int) -> None:
        """Give back what was taken for money that the ledger then refused to make."""
        words = "update given set units = units - ? where account = ? and currency = ?"
        self._file.execute(words, (units, account, currency))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
