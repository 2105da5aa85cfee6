"""Brings the golden files up to date: new permanent numbers are appended, and the script is played anew.

python -m tests.golden           appends; refuses when a number that is there already has changed or gone
python -m tests.golden --anew    writes everything anew; only for as long as nothing has been released
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from sogdia.testing.ledger import Ledger
from tests.golden.permanent import refusal_lines, tag_lines
from tests.golden.places import REFUSALS, REFUSED, SCRIPT, TAGS
from tests.golden.script import play
from tests.modules.identity.test_refusals import TABLES as IDENTITY
from tests.modules.identity.town import town
from tests.modules.money.test_refusals import TABLES as MONEY
from tests.refused import assert_refused, told

if TYPE_CHECKING:
    from pathlib import Path


def append(path: Path, current: list[str]) -> None:
    """Append the lines that a file of permanent numbers lacks."""
    known = path.read_text("utf-8").splitlines()
    gone = [line for line in known if line not in current]
    if gone:
        sys.exit(f"{path.name}: these lines are permanent and have changed or gone:\n" + "\n".join(gone))
    path.write_text("\n".join([*known, *(line for line in current if line not in known)]) + "\n", "utf-8")


def refused_lines() -> list[str]:
    """Give what each row of the refusal tables says."""
    lines = []
    for tables, new_ledger in ((IDENTITY, town), (MONEY, Ledger)):
        for operation, rows in tables.items():
            for row in rows:
                ledger = new_ledger()
                lines.append(told(ledger, operation, row, assert_refused(ledger, row)))
    return lines


def main(arguments: list[str]) -> None:
    """Bring the files up to date."""
    if "--anew" in arguments:
        for path in (REFUSALS, TAGS):
            path.write_text("", "utf-8")
    append(REFUSALS, refusal_lines())
    append(TAGS, tag_lines())
    REFUSED.write_text("\n".join(refused_lines()) + "\n", "utf-8")
    SCRIPT.write_text(json.dumps(play(), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
